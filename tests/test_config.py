"""Settings: precedence, errors that name origin and remedy, and a template that cannot drift."""

from __future__ import annotations

import re
import tomllib

import pytest

from engine import config, config_file
from engine.errors import ConfigError


def test_flag_beats_environment_beats_file_beats_default(tmp_path):
    file = tmp_path / "kindred.toml"
    file.write_text("[graph]\nwindow_days = 10\ntop = 5\nhalf_life_days = 7\n")
    found = config_file.load(
        file,
        environment={"KINDRED_GRAPH_WINDOW_DAYS": "20", "KINDRED_GRAPH_TOP": "6"},
        flags={"graph.window_days": 30, "graph.top": None},
    )
    assert (found.graph.window_days, found.graph.top, found.graph.half_life_days) == (30, 6, 7.0)
    assert found.graph.damping == config.Graph().damping


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[graph]\nwindow_dys = 3", "Did you mean 'graph.window_days'"),
        ("[graph]\nwindow_days = 'ten'", "should be a whole number"),
        ("[graph]\nwindow_days = 2.5", "should be a whole number"),
        ("[graph]\nwindow_days = true", "should be a whole number"),
        ("[graph]\nwindow_days = 0", "should lie between 1"),
        ("[graph]\ndamping = nan", "should lie between"),
        ("[graph]\ndefinition = 'guess'", "is not one of tie_reach"),
        ("[faces]\nexclude_same_person = 'perhaps'", "should be true or false"),
        ("window_days = 3", "outside a \\[section\\]"),
        ("[graph", "cannot be read"),
    ],
)
def test_bad_settings_say_where_and_what(tmp_path, text, message):
    file = tmp_path / "kindred.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=message) as caught:
        config_file.load(file, environment={})
    assert str(file) in str(caught.value)


def test_an_environment_variable_is_named_in_the_error():
    with pytest.raises(ConfigError, match="KINDRED_RUN_SEED"):
        config_file.load(environment={"KINDRED_RUN_SEED": "x"})


def test_the_template_is_the_defaults(tmp_path):
    text = config_file.template(ads__campaign="spring")
    assert tomllib.loads(text)["ads"] == {"campaign": "spring"}
    active = re.sub(r"^#(?=\w+ = )", "", text, flags=re.M)
    file = tmp_path / "kindred.toml"
    file.write_text(active.replace('campaign = "spring"\n', 'campaign = "campaign"\n'))
    assert config_file.load(file, environment={}) == config.Config()


def test_settings_that_decide_results_are_given_by_section_and_by_name():
    found = config.results(config.Config(), ["graph", "run", "faces.margin"])
    assert found["graph.window_days"] == 90 and found["run.seed"] == 7 and "run.threads" not in found
    assert [name for name in found if name.startswith("faces.")] == ["faces.margin"]


def test_setting_one_value_leaves_every_other_line(tmp_path):
    file = tmp_path / "kindred.toml"
    file.write_text(config_file.template(ads__campaign="spring"))
    before = file.read_text().splitlines()
    config_file.set_value(file, "faces.weights", "vggface2")
    after = file.read_text().splitlines()
    assert [line for line, old in zip(after, before, strict=True) if line != old] == ['weights = "vggface2"']
    config_file.set_value(file, "ads.campaign", "summer")
    found = config_file.load(file, environment={})
    assert (found.faces.weights, found.ads.campaign) == ("vggface2", "summer")


def test_a_value_that_does_not_fit_leaves_the_file_as_it_was(tmp_path):
    file = tmp_path / "kindred.toml"
    file.write_text("[graph]\ntop = 5\n")
    with pytest.raises(ConfigError, match="whole number"):
        config_file.set_value(file, "graph.top", "many")
    with pytest.raises(ConfigError, match=r"Did you mean 'graph\.top'"):
        config_file.set_value(file, "graph.tops", 3)
    assert file.read_text() == "[graph]\ntop = 5\n"

"""The summary says what the reports say, and nothing that they withhold."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from cli.main import app
from engine.report import summary as words
from engine.usecases import reporting, summary

NUMBER = st.one_of(st.none(), st.floats(-1e6, 1e6))
COUNT = st.one_of(st.none(), st.integers(0, 10**7))
FIGURES = ("difference", "decided_low", "decided_high")


def row(optional=None, **fields):
    """Rows with these fields, each a strategy or a fixed value."""
    made = {name: value if isinstance(value, st.SearchStrategy) else st.just(value) for name, value in fields.items()}
    return st.fixed_dictionaries(made, optional=optional)


SPAN = row(value=NUMBER, low=NUMBER, high=NUMBER, policy="personalised", best="x")
EFFECT = row(
    arm="own_face",
    versus="no_face",
    verdict=st.sampled_from(["better", "worse", "not shown to differ", "broken"]),
    **dict.fromkeys(FIGURES, NUMBER),
)
OFFERS = row(
    {"beats": SPAN},
    measured=st.lists(SPAN, max_size=1),
    policy_said=[],
    customers=COUNT,
    given=st.lists(row(offer_id=st.sampled_from(["a", "no offer"]), n=COUNT), max_size=2),
    chosen_value=NUMBER,
    best_single_value=NUMBER,
)
ARM = row(arm="own_face", matched=COUNT, customers=COUNT)
FACTS = row(
    offers=OFFERS,
    faces=row({"arms": st.lists(ARM)}),
    experiments=st.lists(row(name="spring", status="running", plan=row(kind="sum"), effects=st.lists(EFFECT))),
    coverage=row(
        first_day=st.one_of(st.none(), st.just("2025-01-01")),
        last_day="2025-02-01",
        calls=COUNT,
        texts=COUNT,
        customers=COUNT,
    ),
    warnings=st.lists(row(text="Not computed yet: ads."), max_size=1),
)


@given(facts=FACTS, warnings=st.lists(st.just("a check"), max_size=2))
def test_whatever_is_withheld_every_part_has_sentences_of_shown_figures_only(facts, warnings):
    found = words.summary(facts, warnings=warnings, steps=["`kindred run`"] * 5)
    assert list(found) == list(words.HEADINGS) and all(found.values()) and len(found["next"]) == 3
    text = words.markdown(found, workspace="w", as_of=None, mode="public")
    assert "None" not in text and "nan" not in text
    for effect in (effect for trial in facts["experiments"] for effect in trial["effects"]):
        shown = effect["verdict"] != "broken" and None not in (
            effect["difference"],
            effect["decided_low"],
            effect["decided_high"],
        )
        assert not shown or f"{effect['difference']:+.4g}" in text
    beats = facts["offers"].get("beats")
    if beats and None not in (beats["low"], beats["high"]):
        verdict = "better" if beats["low"] > 0 else "worse" if beats["high"] < 0 else "not shown to differ"
        assert f"customer, {verdict}." in text


def test_a_public_summary_has_no_number_that_the_public_report_has_not(small):
    found = summary.summary(small)
    assert found["mode"] == "public" and "May be passed on" in found["markdown"]
    told = reporting.facts(small, "all")
    shown = {f"{value:,}" for value in _numbers(told)} | {f"{value:,.0f}" for value in _numbers(told)}
    said = " ".join([*found["sections"]["reach"], *found["sections"]["data"]])
    said = re.sub(r"\d{4}-\d\d-\d\d|\d+ checks?", "", said)
    numbers = re.findall(r"\b\d[\d,]*\b", said)
    assert numbers and set(numbers) <= shown


def _numbers(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [number for item in value for number in _numbers(item)]
    return [value] if isinstance(value, (int, float)) and not isinstance(value, bool) else []


def test_the_command_writes_markdown_and_says_so_of_an_empty_workspace(small, empty_space, tmp_path):
    done = CliRunner().invoke(app, ["summary", "--to", str(tmp_path / "s.md"), "-w", str(small.path)])
    assert done.exit_code == 0, done.stderr
    assert done.stdout == (tmp_path / "s.md").read_text() and done.stdout.count("\n## ") == len(words.HEADINGS)
    empty = CliRunner().invoke(app, ["summary", "--internal", "-w", str(empty_space.path)])
    assert empty.exit_code == 0, empty.stderr
    assert (
        "Nobody yet" in empty.stdout and "kindred import logs FILE" in empty.stdout and "Do not pass on" in empty.stdout
    )

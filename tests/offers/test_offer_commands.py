"""Train to files, judge, score from files and report loyalty, on a workspace."""

from __future__ import annotations

import json

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from typer.testing import CliRunner

from cli.main import app
from engine import runner, workspace
from engine.errors import ModelError
from engine.offers import wording
from engine.usecases import retention, uplift


@pytest.fixture(scope="module")
def _keys(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KINDRED_KEYS", str(tmp_path_factory.mktemp("keys")))
        yield


@pytest.fixture(scope="module")
def space(tmp_path_factory, _keys, town):
    path = tmp_path_factory.mktemp("town") / "space"
    preset = {"offers__bases": "logistic", "offers__bootstrap": 20, "run__today": "2024-03-01"}
    made = workspace.create(path, preset=preset)
    with made.writing("test") as store:
        town(500, store=store)
    return made


def test_what_is_trained_scores_as_the_stage_does(space):
    rows = uplift.train(space)
    assert [r["offer_id"] for r in rows] == ["apple", "sam"] and all(r["reason"] is None for r in rows)
    scored = uplift.score(space)
    runner.run(space, until="choices")
    with space.warehouse(read_only=True) as store:
        assert_frame_equal(store.read("uplift"), scored)
    again = uplift.train(space)
    assert [r["file"] for r in again] == [r["file"] for r in rows]


def test_scoring_in_batches_is_the_same(space, monkeypatch):
    uplift.train(space)
    whole = uplift.score(space)
    monkeypatch.setattr(uplift.models, "BATCH", 64)
    assert_frame_equal(whole, uplift.score(space).sort("customer_id", "offer_id"))


def test_evaluation_has_every_measure_the_graphs_part_and_the_policies(space):
    found = uplift.evaluate(space, learner_names=["t"], bases=["logistic"])
    kinds = set(found["kind"])
    assert {"qini_added", "qini_placebo", "policy_value", "policy_value_weighted"} <= kinds
    added = found.filter(pl.col("kind") == "qini_added")
    assert added.height == 2 and (added["low"] <= added["value"]).all() and (added["value"] <= added["high"]).all()


def test_models_must_be_there_and_fit(space, tmp_path):
    with pytest.raises(ModelError, match="holds no trained models"):
        uplift.score(space, folder=tmp_path / "nothing")
    rows = uplift.train(space, folder=tmp_path)
    current = json.loads((tmp_path / uplift.CURRENT).read_text())
    assert set(current) == {"apple", "sam"}
    (tmp_path / current["sam"]).write_bytes(b"")
    with pytest.raises(ModelError, match="is not an offer model"):
        uplift.score(space, folder=tmp_path)
    assert rows[0]["file"].startswith(str(tmp_path))


def test_loyalty_of_a_workspace(space):
    found = retention.loyalty(space, by=["residence"])
    assert found.facts["customers"] == 499 and found.facts["changes"] == 0
    assert found.rows.height == 0 and found.survival.height == 0


def test_what_the_evaluation_decides_comes_first_and_fits_a_terminal(space):
    call = ["offers", "evaluate", "-w", str(space.path), "--learner", "t", "--base", "logistic"]
    lines = CliRunner().invoke(app, call).stdout.splitlines()
    every = json.loads(CliRunner().invoke(app, [*call, "-o", "json"]).stdout)
    assert max(map(len, lines)) <= 100 and lines.index("Learners") < lines.index("Rules")
    gain = next(row for row in every if row["kind"] == "policy_gain")
    [said] = [line for line in lines[: lines.index("Learners")] if line.startswith("Personalising ")]
    assert f"{gain['value']:+.2f} a customer" in said
    assert ("does not beat" in said) == any(row["kind"] == "policy_no_gain" for row in every)
    for offer in ("apple", "sam"):
        best = next(r for r in every if r["offer_id"] == offer and r["kind"] == "qini" and r["chosen"])
        [said] = [line for line in lines if line.startswith(f"{offer}: ")]
        assert f"t with logistic, Qini {best['value']:+.2f}" in said
        random = any(r["offer_id"] == offer and r["kind"] == "like_random" for r in every)
        assert ("no learner beats random" in said) == random
        [row] = [line.split() for line in lines if line.startswith(f"{offer} ")]
        assert row[-1] == "yes" and f"{round(best['value'], 3):.6g}" in row


def test_an_offer_without_a_model_says_why():
    rows = [wording.row("flip", "none", "none", "no_model", why="it was in no past campaign")]
    assert wording.decisions(pl.DataFrame(rows)) == ["flip: no model: it was in no past campaign."]

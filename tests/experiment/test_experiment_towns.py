"""Invented towns with planted effects through the whole product: workspace, assignment, files, analysis."""

from __future__ import annotations

from datetime import timedelta
from itertools import chain

import polars as pl
import pytest

import engine
from engine.usecases import experiment_analysis, experiment_design, experiment_events
from tests.experiment import trial_towns as trial
from tests.experiment import trials


def fill(space, town: trial.TrialTown) -> None:
    """A workspace that knows the town's people, ties, influencers and an offer for everybody."""
    ids = town.customers["customer_id"]
    node = pl.DataFrame({"party_id": ids}).with_row_index("node")
    subjects = ids.to_frame().join(town.subjects, on="customer_id", how="left", maintain_order="left")
    matches = [
        pl.DataFrame({"customer_id": ids, "arm": arm, "status": "matched", "photo_id": "m"}).with_columns(
            subject_id=subjects["subject_id"].fill_null("somebody") if arm == "influencer_face" else
            ids if arm == "own_face" else pl.lit(None, pl.String)
        )
        for arm in trials.ARMS
    ]  # fmt: skip
    holders = pl.concat([ids, pl.Series("customer_id", ["somebody"])])
    consents = [
        pl.DataFrame({"customer_id": holders, "purpose": p, "granted_at": trials.START - timedelta(days=9)})
        for p in ("own_face", "likeness_for_contacts", "offers")
    ]
    ends = town.ties.join(node.rename({"party_id": "a", "node": "x"}), on="a").join(
        node.rename({"party_id": "b", "node": "y"}), on="b"
    )  # fmt: skip
    ties = ends.select(
        pl.min_horizontal("x", "y").alias("a"), pl.max_horizontal("x", "y").alias("b"), "weight", reciprocity=1.0,
        overlap=0.0, active_days=9, gated_because=pl.lit(None, pl.String),
    )  # fmt: skip
    with space.writing("test") as store:
        store.write("customers", town.customers.with_columns(pl.col("age").clip(18)))
        store.write("parties", node.with_columns(is_customer=True, opted_out=False))
        store.write("ties", ties)
        store.write("matches", pl.concat(matches))
        store.write("consents", pl.concat(consents))
        store.write("choices", pl.DataFrame({"customer_id": ids, "offer_id": "o"}).with_columns(
            expected_value=1.0, reason=pl.lit("")))  # fmt: skip


@pytest.mark.parametrize("unit", ["customer", "cluster"])
def test_what_the_workspace_says_is_what_two_hundred_towns_were_judged_by(unit, tmp_path, monkeypatch):
    """The same numbers from the commands' functions as from the statistics alone; the truth within 4 errors."""
    monkeypatch.setenv("KINDRED_KEYS", str(tmp_path / "keys"))
    town = trial.town(11)
    space = engine.create(tmp_path / "w", run__today=f"{trials.START:%Y-%m-%d}", ids__pseudonymise="none",
                          people__unknown_age_is_adult=True)  # fmt: skip
    fill(space, town)
    plan, _ = experiment_design.design(space, "spring", arms=trials.ARMS, unit=unit, cluster_cap=40, horizon_days=30)
    assert experiment_design.assign(space, "spring").added == 1000
    with space.warehouse(read_only=True) as store:
        people = store.query("experiment/assigned", experiment_id="spring").drop("version")
    if unit == "cluster":
        mine = trials.assigned(town, plan, plan.salt)
        assert mine.sort("customer_id").select(people.columns).equals(people)
    else:
        people = people.drop("cluster_id")
    seen, bought = trial.respond(
        town, people, direct=trials.DIRECT, spillover=trials.SPILLOVER, lending=0.06, seed=100_011
    )  # fmt: skip
    for target, frame in (("exposures", seen), ("outcomes", bought)):
        frame.write_csv(tmp_path / f"{target}.csv", datetime_format="%Y-%m-%d %H:%M:%S")
        done = experiment_events.import_events(space, "spring", target, tmp_path / f"{target}.csv")
        assert done.rows_kept == frame.height
    found = experiment_analysis.analyse(space, "spring", interference=True, by=["residence", "age_band"])
    assert 0 < found["exposure_balance_p"] <= 1 and len(found["segments"]) == 6
    said = trials.of_town(town, plan, people, 11, lending=0.06)
    pairs = chain(said.spillover, said.likeness)
    for ours, theirs in zip(pairs, chain(found["spillover"], found["likeness"]), strict=True):
        estimates = theirs.get("estimates") or [theirs["estimate"]]
        for one, other in zip(getattr(ours, "estimates", None) or [ours.estimate], estimates, strict=True):
            assert (other["effect"], other["method"]) == one[:2]
            assert [other[name] for name in one._fields[2:]] == pytest.approx(one[2:], rel=1e-6, abs=1e-9)
            truth = 0.06 if one.effect == "likeness" else trials.truths(ours.arm, ours.versus)[one.effect]
            assert abs(one.value - truth) < 4 * one.se
    for line in found["hajek"]:
        assert "note" in line or line["low"] < line["value"] < line["high"]

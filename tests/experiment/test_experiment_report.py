"""A whole experiment on invented towns: the truth within the intervals as often as they say, the plan kept."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from engine.errors import InputError
from engine.experiment.clusters import partitions
from engine.experiment.findings import analyse, plain
from engine.experiment.plan import design
from engine.synth.people import befriend, populate
from tests.experiment.trials import drawn_arms as assign

DIRECT, SPILL = 0.05, 0.06
PLAN = design("spring", arms={"own_face": 0.5, "influencer_face": 0.5}, unit="cluster", cluster_cap=40)


@pytest.fixture(scope="module")
def town() -> tuple[pl.DataFrame, np.ndarray, np.ndarray, np.ndarray]:
    """Customers of an invented town with their clusters, and the ties among them."""
    people = populate(np.random.default_rng(3), 1500)
    ties = befriend(np.random.default_rng(4), people)
    inside = ties.b < people.n
    a, b, weight = ties.a[inside], ties.b[inside], (ties.rate_ab + ties.rate_ba)[inside]
    cluster = partitions(a, b, weight, people.n, cap=40, resolutions=(4.0,))[0].cluster
    ids = [f"c{i:05d}" for i in range(people.n)]
    frame = pl.DataFrame({"customer_id": ids, "cluster_id": [f"k{k}" for k in cluster]})
    return frame, cluster, a, b


def experiment(town, seed: int, *, plan=PLAN, direct: float = DIRECT, spill: float = SPILL) -> pl.DataFrame:
    """Assigned by the plan under a salt of its own; outcomes with the planted effects."""
    frame, _, a, b = town
    rng = np.random.default_rng(seed)
    units = frame["cluster_id"] if plan.unit == "cluster" else frame["customer_id"]
    arm = assign(units, plan.arms, f"{plan.salt}/{seed}")
    z = (arm == list(plan.arms)[1]).to_numpy().astype(float)
    total, friends = np.zeros(len(z)), np.zeros(len(z))
    for one, other in ((a, b), (b, a)):
        np.add.at(total, one, z[other])
        np.add.at(friends, one, 1)
    f = total / np.maximum(friends, 1)
    value = (rng.random(len(z)) < 0.15 + direct * z + spill * f).astype(float)
    return frame.with_columns(arm=arm, value=value, exposed=pl.lit(True))


def tie_frame(town) -> pl.DataFrame:
    frame, _, a, b = town
    ids = frame["customer_id"]
    return pl.DataFrame({"a": ids.gather(a), "b": ids.gather(b)})


def test_a_report_is_plain_json_and_says_what_it_found(town):
    report = analyse(experiment(town, 1, direct=0.2), PLAN, ties=tie_frame(town))
    printed = json.loads(json.dumps(plain(report)))
    assert printed["effects"][0]["decision"].startswith("better, +")
    pair = printed["spillover"][0]
    assert sum(pair["histogram"]) == pair["customers"] == 1500
    assert 0 < pair["cut"] < 1
    assert [e["effect"] for e in pair["estimates"]] == ["direct", "spillover", "total"]
    effect = printed["effects"][0]
    assert effect["always_valid_low"] < effect["low"] < effect["high"] < effect["always_valid_high"]


def test_customers_assigned_one_by_one_have_no_clusters(town):
    plan = design("single", arms={"own_face": 0.4, "influencer_face": 0.4, "random_face": 0.2})
    data = experiment(town, 2, plan=plan)
    report = analyse(data, plan, ties=tie_frame(town))
    assert len(report.effects) == len(report.spillover) == 3
    assert all(pair.cut is None for pair in report.spillover)
    assert report.exposed == {"own_face": 1.0, "influencer_face": 1.0, "random_face": 1.0}
    assert all("Welch" in e.method for e in report.effects)


def test_lost_clusters_alarm_and_missing_pieces_are_refused(town):
    data = experiment(town, 5)
    lost = data.filter((pl.col("arm") == "own_face") | (pl.col("cluster_id").str.slice(1).cast(pl.Int64) % 3 == 0))
    report = analyse(lost, PLAN)
    assert report.ratio.alarm
    assert report.decisions[0].startswith("broken")
    with pytest.raises(InputError, match="no cluster"):
        analyse(data.drop("cluster_id"), PLAN)
    with pytest.raises(InputError, match="twice"):
        analyse(pl.concat([data, data[:1]]), PLAN)
    with pytest.raises(InputError, match="not in the plan"):
        analyse(data.with_columns(arm=pl.lit("no_ad")), PLAN)
    with pytest.raises(InputError, match="missing or infinite"):
        analyse(data.with_columns(value=pl.when(pl.col("customer_id") == "c00007").then(None).otherwise("value")), PLAN)


def test_when_nothing_crosses_the_clusters_the_report_says_so(town):
    """Ties inside clusters only: exposure is the arm, direct and spillover cannot be told apart."""
    frame = town[0]
    pairs = frame.join(frame, on="cluster_id").filter(pl.col("customer_id") < pl.col("customer_id_right"))
    alone = frame.filter(pl.len().over("cluster_id") > 1)
    data = experiment(town, 3).join(alone.select("customer_id"), on="customer_id", how="semi")
    report = analyse(data, PLAN, ties=pairs.select(a="customer_id", b="customer_id_right"))
    assert report.spillover[0].estimates == []
    assert "cannot be separated" in report.spillover[0].note

"""Towns with and without influence are told apart by the stratified test, homophily is not taken for influence."""

from __future__ import annotations

import polars as pl
import pytest

from engine.graph.prediction import validate
from tests.synth.spread import KINDS, small_town

TOWNS = 25


@pytest.fixture(scope="module")
def judged() -> pl.DataFrame:
    """One line per town: kind, p value and lift of the planted influencers, lift of random contacts."""
    lines = []
    for number, kind in enumerate(KINDS):
        for seed in range(TOWNS):
            town = small_town(kind, seed=1000 * number + seed)
            found = validate(
                town.changes, town.tops, town.strata, town.as_of, horizons=(30,), permutations=199, resamples=10
            )
            p, lift = found.filter(pl.col("definition") == "planted").select("p_value", "lift").row(0)
            other = found.filter(pl.col("definition") == "random")["lift"].item()
            lines.append((kind, p, lift, other))
    return pl.DataFrame(lines, schema=["kind", "p", "lift", "random"], orient="row")


def rejected(judged: pl.DataFrame, kind: str) -> float:
    return judged.filter(pl.col("kind") == kind).select((pl.col("p") <= 0.05).mean()).item()


@pytest.mark.parametrize("kind", ["nothing", "homophily"])
def test_without_influence_the_test_holds_its_level(judged, kind):
    assert rejected(judged, kind) <= 0.16  # 4 of 25: above that with probability .03 at a true 5 %


@pytest.mark.parametrize("kind", ["influence", "both"])
def test_influence_is_seen(judged, kind):
    assert rejected(judged, kind) >= 0.88


def test_homophily_alone_lifts_too(judged):
    """What makes the unstratified reading wrong: friends of changers change more often without any influence."""
    lift = dict(judged.group_by("kind").agg(pl.col("lift").mean()).iter_rows())
    assert lift["homophily"] > 1.25
    assert abs(lift["nothing"] - 1) < 0.15


def test_the_planted_contact_beats_a_random_one_only_with_influence(judged):
    gain = dict(judged.group_by("kind").agg((pl.col("lift") - pl.col("random")).mean()).iter_rows())
    assert gain["influence"] > 0.5
    assert gain["both"] > 0.5
    assert abs(gain["nothing"]) < 0.3
    assert abs(gain["homophily"]) < 0.3


def test_frames_fit_together():
    town = small_town("both", seed=1, people=300)
    customers = set(town.strata["customer_id"])
    assert set(town.tops["customer_id"]) <= customers
    assert set(town.changes["party_id"]) <= set(town.ties["customer_id"]) | customers
    pairs = set(town.ties.select("customer_id", "contact_id").iter_rows())
    assert all(pair in pairs for pair in town.tops.select("customer_id", "contact_id").iter_rows())
    assert town.strata["handset_age_days"].drop_nulls().min() >= 1
    again = small_town("both", seed=1, people=300)
    assert again.changes.equals(town.changes)
    assert again.tops.equals(town.tops)

"""Assignment by hash: the published algorithm, the shares, stability."""

from __future__ import annotations

import hashlib

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import InputError
from engine.experiment.assignment import drawing
from engine.warehouse.duckdb import DuckDBWarehouse
from tests.experiment.trials import drawn_arms as assign

ARMS = {"own_face": 0.4, "influencer_face": 0.4, "random_face": 0.2}


def reference(unit: str, arms: dict[str, float], salt: str) -> str:
    """hashlib, one unit at a time."""
    digest = hashlib.sha256(f"{salt}:{unit}".encode()).digest()
    draw = (int.from_bytes(digest[:8], "big") >> 11) / 2**53
    end = 0.0
    for arm, share in arms.items():
        end += share
        if draw < end:
            return arm
    return arm


@settings(max_examples=60, deadline=None)
@given(st.text(min_size=1, max_size=70), st.lists(st.text(max_size=90), min_size=1, max_size=8))
def test_draws_are_sha256(salt, texts):
    expected = [int.from_bytes(hashlib.sha256(f"{salt}:{t}".encode()).digest()[:8], "big") >> 11 for t in texts]
    draw = drawing(DuckDBWarehouse(contracts=False), pl.Series(texts, dtype=pl.String))
    assert draw(salt).to_list() == expected
    assert draw(salt + "2").to_list() != expected


def test_nobody_gets_no_draw():
    assert drawing(DuckDBWarehouse(contracts=False), pl.Series([], dtype=pl.String))("s").to_list() == []


def test_arms_are_the_reference_s_and_stay_when_customers_come():
    units = pl.Series([f"customer-{i}" for i in range(3000)])
    arms = assign(units, ARMS, "spring:1")
    assert arms.to_list() == [reference(u, ARMS, "spring:1") for u in units]
    grown = pl.concat([pl.Series(["new-1", "new-2"]), units])
    assert assign(grown, ARMS, "spring:1").to_list()[2:] == arms.to_list()


def test_shares_hold_and_salts_are_independent():
    """Chi-square of shares and of two salts' cross table, both far from significant for this fixed input."""
    from scipy import stats

    units = pl.Series(np.arange(120_000)).cast(pl.String)
    one, two = assign(units, ARMS, "a"), assign(units, ARMS, "b")
    counts = dict(one.value_counts().iter_rows())
    assert stats.chisquare([counts[a] for a in ARMS], [s * len(units) for s in ARMS.values()]).pvalue > 0.001
    table = pl.DataFrame({"one": one, "two": two}).group_by("one", "two").len().pivot("two", index="one", values="len")
    assert stats.chi2_contingency(table.drop("one").to_numpy()).pvalue > 0.001


@pytest.mark.parametrize(
    ("arms", "word"),
    [
        ({"a": 1.0}, "two arms"),
        ({"a": 0.5, "b": 0.6}, "add up"),
        ({"a": 1.2, "b": -0.2}, "share"),
        ({"": 0.5, "b": 0.5}, "arm"),
    ],
)
def test_bad_arms_are_refused(arms, word):
    with pytest.raises(InputError, match=word):
        assign(pl.Series(["x"]), arms, "s")


def test_units_without_id_and_empty_salts_are_refused():
    with pytest.raises(InputError, match="no id"):
        assign(pl.Series(["x", None]), ARMS, "s")
    with pytest.raises(InputError, match="salt"):
        assign(pl.Series(["x"]), ARMS, "")

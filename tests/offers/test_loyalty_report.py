"""The loyalty report against statsmodels, closed forms and planted towns."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from statsmodels.stats.contingency_tables import SquareTable, Table

from engine.errors import InputError
from engine.handsets import loyalty, loyalty_report
from engine.offers import owning
from engine.segments import with_age_band
from engine.tables import check, empty

START = date(2024, 1, 1)


def spells(rows: list[tuple[str, str, int, int]]) -> pl.DataFrame:
    """(customer, maker, first day, last day) in order."""
    seen: dict[str, int] = {}
    out = []
    for customer, maker, first, last in rows:
        seen[customer] = seen.get(customer, 0) + 1
        out.append(
            {
                "customer_id": customer,
                "spell": seen[customer],
                "tac": "1",
                "manufacturer": maker,
                "model": "m",
                "first_at": START + timedelta(days=first),
                "last_at": START + timedelta(days=last),
                "n_events": 9,
            }
        )
    return check(pl.DataFrame(out), "handsets") if out else empty("handsets")


def town(n: int = 3000, seed: int = 2) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Young owners of Apple stay in 8 of 10 cases, the others in 5; Samsung is taken by chance."""
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 70, size=n)
    first = rng.choice(["Apple", "Samsung"], size=n)
    stay = np.where(first == "Apple", np.where(age < 45, 0.8, 0.5), 0.5)
    same = rng.random(n) < stay
    then = np.where(same, first, np.where(first == "Apple", "Samsung", "Apple"))
    rows = []
    for i in range(n):
        rows += [(f"c{i:05d}", first[i], 0, 99), (f"c{i:05d}", then[i], 100, 200)]
    people = check(pl.DataFrame({"customer_id": [f"c{i:05d}" for i in range(n)], "age": age}), "customers")
    return spells(rows), people


COUNTS = np.array([[30.0, 10, 5], [12, 40, 9], [3, 8, 20]])


def test_agreement_symmetry_and_residuals_are_statsmodels():
    theirs = SquareTable(COUNTS, shift_zeros=False).symmetry(method="bowker")
    ours = loyalty_report.bowker(COUNTS)
    assert (ours["statistic"], ours["df"], ours["p"]) == pytest.approx((theirs.statistic, theirs.df, theirs.pvalue))
    table = loyalty_report.transition_table(["a", "b", "c"], COUNTS)
    residuals = Table(COUNTS, shift_zeros=False).standardized_resids
    assert table["residual"].to_numpy() == pytest.approx(residuals.ravel())
    observed, chance = np.trace(COUNTS) / COUNTS.sum(), (COUNTS.sum(0) @ COUNTS.sum(1)) / COUNTS.sum() ** 2
    found = loyalty_report.kappa(COUNTS)
    assert found["value"] == pytest.approx((observed - chance) / (1 - chance))
    assert found["low"] < found["value"] < found["high"]


def test_the_long_run_is_a_fixed_point_and_silent_where_there_is_none():
    shares = loyalty_report.stationary(["a", "b", "c"], COUNTS)
    pi = np.array(list(shares.values()))
    assert pi @ (COUNTS / COUNTS.sum(1, keepdims=True)) == pytest.approx(pi) and pi.sum() == pytest.approx(1)
    two = loyalty_report.stationary(["a", "b"], np.array([[8.0, 2], [3, 7]]))
    assert two["a"] == pytest.approx(0.6)
    assert loyalty_report.stationary(["a", "b"], np.array([[8.0, 2], [0, 7]])) == {}
    assert loyalty_report.stationary(["a", "b"], np.array([[8.0, 2], [0, 0]])) == {}


def test_time_to_change_by_hand():
    table = spells(
        [
            ("p", "Apple", 0, 29), ("p", "Apple", 30, 130),
            ("q", "Apple", 0, 20), ("q", "Samsung", 60, 70),
            ("r", "Apple", 0, 40),
        ]
    )  # fmt: skip
    found = loyalty_report.survival(table)
    apple = {r["days"]: r for r in found.filter(pl.col("manufacturer") == "Apple").to_dicts()}
    # Followed 30 (changed), 100 (not), 60 (changed), 40 (not): 3/4 after 30 days, x 1/2 after 60.
    assert apple[30]["unchanged"] == pytest.approx(0.75) and apple[30]["at_risk"] == 4
    assert apple[90]["unchanged"] == pytest.approx(0.375) and apple[90]["at_risk"] == 1
    assert 180 not in apple
    assert set(found["manufacturer"]) == {"", "Apple"}


def test_the_effect_of_owning_is_found_overall_and_by_segment():
    handsets, people = town()
    found = owning.effects(loyalty.transitions(handsets), with_age_band(people), by=["age_band"])
    rows = {(r["segment"], r["manufacturer"]): r for r in found.to_dicts()}
    # Owners of Apple take it with .8 or .5, the others with .5: the effect is .3 for the young, 0 for the old.
    for segment, truth in (("18-24", 0.3), ("25-34", 0.3), ("45-54", 0.0), ("55-64", 0.0)):
        row = rows[segment, "Apple"]
        assert row["low"] - 0.03 < truth < row["high"] + 0.03
    share = ((people["age"] < 45).sum() / people.height) * 0.3
    assert rows["", "Apple"]["low"] - 0.02 < share < rows["", "Apple"]["high"] + 0.02


def test_the_whole_report():
    handsets, people = town(600)
    found = loyalty_report.report(handsets, people, by=["age_band"], effects=owning.effects)
    assert found.facts["changes"] == 600 and found.facts["unknown"] == 0 and "Association" in found.facts["note"]
    row = found.rows.row(0, named=True)
    assert row["excess"] == pytest.approx((row["retention"] - row["share"]) / (1 - row["share"]))
    assert row["handsets"] == pytest.approx(1 / (1 - row["retention"]))
    assert found.transitions["n"].sum() == 600
    with pytest.raises(InputError, match="customers have no column 'shoe'"):
        loyalty_report.report(handsets, people, by=["shoe"], effects=owning.effects)


def test_unknown_handsets_are_counted_and_nothing_is_no_crash():
    table = spells([("p", "Apple", 0, 9), ("p", "unknown", 10, 20), ("q", "Apple", 0, 9)])
    found = loyalty_report.report(table, empty("customers"), effects=owning.effects)
    assert found.facts["unknown"] == 1 and found.facts["changes"] == 0 and found.rows.height == 0
    assert found.facts["kappa"]["value"] is None and found.facts["bowker"]["p"] is None
    bare = loyalty_report.report(empty("handsets"), empty("customers"), effects=owning.effects)
    assert bare.transitions.height == bare.survival.height == bare.effects.height == 0

"""Loyalty against hand counts and closed forms."""

from __future__ import annotations

from datetime import date, timedelta
from math import log, sqrt

import polars as pl
import pytest

from engine.handsets import loyalty
from engine.tables import check, empty


def handsets(histories: dict[str, list[str]]) -> pl.DataFrame:
    rows = [
        {
            "customer_id": customer,
            "spell": i + 1,
            "tac": "00000001",
            "manufacturer": maker,
            "model": "m",
            "first_at": date(2024, 1, 1) + timedelta(days=100 * i),
            "last_at": date(2024, 1, 1) + timedelta(days=100 * i + 99),
            "n_events": 9,
        }
        for customer, makers in histories.items()
        for i, maker in enumerate(makers)
    ]
    return check(pl.DataFrame(rows), "handsets") if rows else empty("handsets")


def customers(**columns) -> pl.DataFrame:
    return check(pl.DataFrame(columns), "customers")


def wilson(k: int, n: int) -> tuple[float, float]:
    z = 1.959963984540054
    p, d = k / n, 1 + z * z / n
    half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / d
    centre = (p + z * z / (2 * n)) / d
    return centre - half, centre + half


HISTORIES = {
    **{f"stay{i}": ["Apple", "Apple"] for i in range(8)},
    **{f"leave{i}": ["Apple", "Samsung"] for i in range(2)},
    **{f"sam{i}": ["Samsung", "Samsung"] for i in range(3)},
    **{f"move{i}": ["Samsung", "Apple"] for i in range(3)},
    "never": ["Apple"],
    "odd": ["Apple", "unknown", "Apple"],
}


def test_retention_share_lift_and_log_odds_by_hand():
    table = check(loyalty.table(handsets(HISTORIES), empty("customers")), "loyalty")
    apple, samsung = table.to_dicts()
    assert (apple["n"], apple["retained"], samsung["n"], samsung["retained"]) == (10, 8, 6, 3)
    assert (apple["low"], apple["high"]) == pytest.approx(wilson(8, 10), abs=1e-12)
    assert apple["share"] == pytest.approx(11 / 16)
    assert apple["lift"] == pytest.approx(0.8 / (11 / 16))
    assert apple["log_odds"] == pytest.approx(log(4) - log(11 / 5))
    assert samsung["lift"] == pytest.approx(0.5 / (5 / 16))


def test_segments_follow_the_overall_rows_and_add_up():
    people = customers(
        customer_id=[*HISTORIES], age=[17, 18, 24, 25, 65, 90] * 3, residence=["city", "village", None] * 6
    )
    table = loyalty.table(handsets(HISTORIES), people)
    assert table["segment_by"].unique(maintain_order=True).to_list() == ["", "residence", "age_band"]
    by_age = table.filter(pl.col("segment_by") == "age_band")
    assert by_age["n"].sum() == 16
    assert set(by_age["segment"]) <= {"0-17", "18-24", "25-34", "65+"}
    changers = [c for c, makers in HISTORIES.items() if len(makers) == 2]
    placed = people.filter(pl.col("customer_id").is_in(changers) & pl.col("residence").is_not_null())
    assert table.filter(pl.col("segment_by") == "residence")["n"].sum() == placed.height


def test_all_retained_has_no_log_odds():
    table = loyalty.table(handsets({"a": ["Apple", "Apple"]}), empty("customers"))
    assert table.row(0, named=True)["log_odds"] is None
    assert table.row(0, named=True)["lift"] == 1


def test_nobody_changed():
    assert loyalty.table(handsets({"a": ["Apple"]}), empty("customers")).height == 0
    assert loyalty.table(handsets({}), empty("customers")).height == 0

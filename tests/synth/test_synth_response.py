"""Simulated answers carry the planted effect, and only through the ad that was seen."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl
import pytest

from engine.synth import response

AT = datetime(2025, 6, 5)
CHANCES = {"own_face": 0.4, "influencer_face": 0.75}


@pytest.fixture(scope="module")
def assigned() -> pl.DataFrame:
    arms = ["own_face", "influencer_face"]
    rows = [{"customer_id": f"c{i:05d}", "arm": arms[i % 2], "assigned_at": AT} for i in range(20_000)]
    return pl.DataFrame(rows)


def test_rates_are_those_planted_by_arm_and_exposure(assigned):
    shown, bought = response.responses(assigned, CHANCES, seed=3)
    rows = assigned.with_columns(
        seen=pl.col("customer_id").is_in(shown["customer_id"].implode()),
        bought=pl.col("customer_id").is_in(bought["customer_id"].implode()),
    )
    assert rows["seen"].mean() == pytest.approx(response.SEEN, abs=0.01)
    for arm, chance in CHANCES.items():
        mine = rows.filter(pl.col("arm") == arm)
        assert mine.filter("seen")["bought"].mean() == pytest.approx(chance, abs=0.02)
        assert mine.filter(~pl.col("seen"))["bought"].mean() == pytest.approx(response.WITHOUT_AD, abs=0.06)


def test_rows_lie_in_the_weeks_after_assignment_and_repeat(assigned):
    few = assigned.head(200)
    shown, bought = response.responses(few, CHANCES, seed=3)
    again = response.responses(few.reverse(), CHANCES, seed=3)
    assert shown.equals(again[0]) and bought.equals(again[1])
    assert shown.join(few, on=["customer_id", "arm"]).height == shown.height
    assert bought["at"].min() > AT and bought["at"].max() < AT + timedelta(days=30)
    assert bought["value"].min() > 0

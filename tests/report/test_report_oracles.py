"""Figures of the reports against other libraries, and their downloads."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.report.loyalty_figures import survival
from engine.report.offers_figures import curves, wilson
from engine.report.page import csv_link


def test_downloads_are_no_formulas():
    import base64

    link = csv_link([{"name": "=cmd()", "n": -5}, {"name": "ő", "n": None}])
    assert base64.b64decode(link.split(",")[1]).decode() == "name,n\n'=cmd(),-5\nő,\n"


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(1, 300), st.booleans()), min_size=40, max_size=200), st.integers(1, 5))
def test_survival_agrees_with_statsmodels(spells, least):
    from statsmodels.duration.survfunc import SurvfuncRight

    days, ended = np.array([d for d, _ in spells]), np.array([e for _, e in spells])
    found = survival(days, ended, np.ones(len(days), dtype=int), least=least)
    if not ended.any():
        assert found == []
        return
    oracle = SurvfuncRight(days, ended.astype(int))
    for day, still in found:
        before = oracle.surv_prob[oracle.surv_times <= day]
        assert still == pytest.approx(before[-1] if len(before) else 1.0, abs=1e-9)
        assert day % 30 == 0


@given(st.integers(0, 200), st.integers(1, 200))
def test_wilson_agrees_with_statsmodels(count, n):
    from statsmodels.stats.proportion import proportion_confint

    count = min(count, n)
    assert wilson(count, n) == pytest.approx(proportion_confint(count, n, method="wilson"), abs=1e-9)


def test_gain_curve_agrees_with_counting():
    import polars as pl

    rng = np.random.default_rng(3)
    rows, people = [], []
    for tile in range(1, 51):
        for treated in (True, False):
            n = int(rng.integers(5, 20))
            accepted = int(rng.binomial(n, 0.5 - tile / 150 if treated else 0.2))
            rows.append({"offer_id": "o", "tile": tile, "treated": treated, "n": n, "accepted": accepted})
            people += [(tile, treated, k < accepted) for k in range(n)]
    points = curves(pl.DataFrame(rows), least=15, draws=50, seed=1)
    for point in points:
        first = [p for p in people if p[0] <= round(point["share"] * 50)]
        rate = [np.mean([a for _, t, a in first if t is side]) for side in (True, False)]
        assert point["gain"] == pytest.approx((rate[0] - rate[1]) * len(first) / len(people))
        assert point["low"] <= point["gain"] <= point["high"]
    assert points[-1]["share"] == 1.0 and points[-1]["end"] == pytest.approx(points[-1]["gain"])

"""Effects by segment: the planted difference, the level of the test, small segments kept out."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.formula.api as smf

from engine.errors import InputError
from engine.experiment.segments import SMALL, by_segment


def draw(seed: int, extra: float, n: int = 900):
    rng = np.random.default_rng(seed)
    arms, place = rng.choice(["own", "lead"], n), rng.choice(["east", "north", "west"], n)
    value = rng.normal(0, 1, n) + (arms == "lead") * (0.2 + extra * (place == "west"))
    return value, arms, place


def test_segments_are_differences_of_their_own_means():
    value, arms, place = draw(1, 0.5)
    found = by_segment(value, arms, place, arm="lead", versus="own")
    assert [s.segment for s in found.segments] == ["east", "north", "west"]
    for s in found.segments:
        rows = place == s.segment
        assert s.difference == pytest.approx(
            value[rows & (arms == "lead")].mean() - value[rows & (arms == "own")].mean()
        )
        assert s.low < s.difference < s.high


def test_the_interaction_test_is_statsmodels_formula_s():
    import pandas as pd

    value, arms, place = draw(2, 0.3)
    frame = pd.DataFrame({"y": value, "z": (arms == "lead").astype(float), "s": place})
    fit = smf.ols("y ~ C(s) * z", frame).fit(cov_type="HC1", use_t=True)
    terms = [name for name in fit.params.index if ":" in name]
    expected = float(fit.f_test(", ".join(f"{t} = 0" for t in terms)).pvalue)
    assert by_segment(value, arms, place, arm="lead", versus="own").p == pytest.approx(expected)


def test_a_planted_difference_is_seen():
    assert by_segment(*draw(3, 1.0), arm="lead", versus="own").p < 1e-4


def test_small_segments_are_left_out():
    value, arms, place = draw(4, 0.0)
    place = place.astype("U12")
    place[np.flatnonzero(arms == "own")[: SMALL - 1]] = "hamlet"
    place[np.flatnonzero(arms == "lead")[:200]] = "hamlet"
    found = by_segment(value, arms, place, arm="lead", versus="own")
    assert "hamlet" not in [s.segment for s in found.segments]
    assert found.left_out == 1
    alone = by_segment(value, arms, np.full(len(value), "all"), arm="lead", versus="own")
    assert alone.p is None
    with pytest.raises(InputError, match="no segment"):
        by_segment(value, arms, np.arange(len(value)).astype(str), arm="lead", versus="own")


def test_clusters_widen_the_intervals():
    rng = np.random.default_rng(6)
    group = np.repeat(np.arange(80), 10)
    arms = np.where(rng.permutation(80) < 40, "own", "lead")[group]
    value = rng.normal(0, 1, 80)[group] + rng.normal(0, 0.5, 800)
    place = np.array(["east", "west"])[rng.integers(0, 2, 800)]
    plain = by_segment(value, arms, place, arm="lead", versus="own")
    robust = by_segment(value, arms, place, arm="lead", versus="own", clusters=group)
    for one, other in zip(plain.segments, robust.segments, strict=True):
        assert other.high - other.low > 1.3 * (one.high - one.low)

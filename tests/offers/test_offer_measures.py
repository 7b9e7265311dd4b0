"""Our measures against scikit-uplift's own, and the bootstrap against drawing rows for real."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklift.metrics import qini_auc_score, uplift_at_k, uplift_auc_score

from engine.offers import measures

pytestmark = pytest.mark.filterwarnings("ignore:Function stable_cumsum:FutureWarning")


def sample(seed: int, n: int = 300, values: int = 50):
    rng = np.random.default_rng(seed)
    treatment = rng.integers(2, size=n)
    score = rng.integers(values, size=n) / values
    outcome = (rng.random(n) < 0.2 + 0.3 * treatment * score).astype(int)
    return outcome, score, treatment


THEIRS = [
    (measures.qini_measure, qini_auc_score),
    (measures.auuc_measure, uplift_auc_score),
    (measures.top_measure(0.3), lambda y, s, t: uplift_at_k(y, s, t, "by_group", 0.3)),
    (measures.top_measure(0.1), lambda y, s, t: uplift_at_k(y, s, t, "by_group", 0.1)),
]


@pytest.mark.parametrize(("ours", "theirs"), THEIRS)
@given(st.integers(0, 10_000), st.integers(80, 400), st.integers(2, 400))
def test_measures_are_scikit_uplifts(ours, theirs, seed, n, values):
    outcome, score, treatment = sample(seed, n, values)
    expected = theirs(outcome, score, treatment)
    assert measures.value(ours, outcome, score, treatment) == pytest.approx(expected, abs=1e-9, nan_ok=True)


@pytest.mark.parametrize(("ours", "theirs"), THEIRS)
def test_a_sample_counts_rows_as_if_they_were_repeated(ours, theirs):
    outcome, score, treatment = sample(5)
    weights = measures.resample(300, 3, np.random.default_rng(9))
    assert (weights.sum(axis=1) == 300).all()
    for w in weights:
        again = np.repeat(np.arange(300), w)
        expected = theirs(outcome[again], score[again], treatment[again])
        assert ours(outcome, score, treatment, w[None])[0] == pytest.approx(expected, abs=1e-9)


def test_every_row_twice_changes_no_decile():
    measure = measures.decile_measure(2)
    outcome, score, treatment = sample(5, 400, 10_000)
    twice = np.full((1, 400), 2)
    once = measures.value(measure, outcome, score, treatment)
    assert measure(outcome, score, treatment, twice)[0] == pytest.approx(once, abs=1e-9)


def test_interval_holds_the_value_and_repeats():
    outcome, score, treatment = sample(2, 2000)
    low, high = measures.interval(measures.qini_measure, outcome, score, treatment, draws=200, seed=1)
    assert low < measures.qini(outcome, score, treatment) < high
    again = measures.interval(measures.qini_measure, outcome, score, treatment, draws=200, seed=1)
    assert (low, high) == again


def test_memory_limit_changes_no_draw(monkeypatch):
    outcome, score, treatment = sample(2, 200)
    whole = measures.interval(measures.qini_measure, outcome, score, treatment, draws=50, seed=1)
    monkeypatch.setattr(measures, "CELLS", 1000)
    assert measures.interval(measures.qini_measure, outcome, score, treatment, draws=50, seed=1) == whole


def test_slope_is_one_for_the_truth_and_zero_for_noise():
    rng = np.random.default_rng(0)
    n = 60_000
    effect, treatment = rng.random(n) * 0.4, rng.integers(2, size=n)
    outcome = (rng.random(n) < 0.2 + treatment * effect).astype(int)
    for score, slope in ((effect, 1.0), (2 * effect, 0.5), (rng.random(n), 0.0)):
        mean, found, error = measures.best_linear_predictor(outcome, score, treatment)
        assert mean == pytest.approx(effect.mean(), abs=0.01)
        assert abs(found - slope) < 3 * error < 0.15
    assert measures.best_linear_predictor(outcome, np.zeros(n), treatment)[1:] == (0.0, float("inf"))


def test_slope_is_an_ordinary_regressions():
    import statsmodels.api as sm

    outcome, score, treatment = sample(4, 500)
    t, s = treatment - treatment.mean(), score - score.mean()
    theirs = sm.OLS(outcome, np.stack([np.ones(500), s, t, t * s], axis=1)).fit(cov_type="HC0")
    mean, slope, error = measures.best_linear_predictor(outcome, score, treatment)
    assert (mean, slope, error) == pytest.approx((theirs.params[2], theirs.params[3], theirs.bse[3]))


def test_deciles_average_to_the_whole_effect():
    rng = np.random.default_rng(0)
    n = 20_000
    score, treatment = rng.random(n), rng.integers(2, size=n)
    outcome = (rng.random(n) < 0.2 + treatment * score * 0.4).astype(int)
    found = [measures.value(measures.decile_measure(d), outcome, score, treatment) for d in range(1, 11)]
    assert np.mean(found) == pytest.approx(0.2, abs=0.02)
    assert found[0] > found[9] + 0.2

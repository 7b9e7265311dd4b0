"""Our Qini against scikit-uplift's own, and its bootstrap against drawing rows for real."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklift.metrics import qini_auc_score

from engine.offers import measures


pytestmark = pytest.mark.filterwarnings("ignore:Function stable_cumsum:FutureWarning")


def sample(seed: int, n: int = 300, values: int = 50):
    rng = np.random.default_rng(seed)
    treatment = rng.integers(2, size=n)
    score = rng.integers(values, size=n) / values
    outcome = (rng.random(n) < 0.2 + 0.3 * treatment * score).astype(int)
    return outcome, score, treatment


@given(st.integers(0, 10_000), st.integers(20, 400), st.integers(2, 400))
def test_qini_is_scikit_uplifts(seed, n, values):
    outcome, score, treatment = sample(seed, n, values)
    if len(set(treatment)) == 2 and len(set(outcome)) == 2:
        assert measures.qini(outcome, score, treatment) == pytest.approx(
            qini_auc_score(outcome, score, treatment), abs=1e-9, nan_ok=True
        )


def test_bootstrap_counts_rows_as_if_they_were_repeated():
    outcome, score, treatment = sample(5)
    weights = measures.bootstrap_weights(300, 3, 9)
    assert (weights.sum(axis=1) == 300).all()
    for w in weights:
        again = np.repeat(np.arange(300), w)
        expected = qini_auc_score(outcome[again], score[again], treatment[again])
        assert measures._qini(outcome, score, treatment, w[None])[0] == pytest.approx(expected, abs=1e-9)


def test_interval_holds_the_value_and_repeats():
    outcome, score, treatment = sample(2, 2000)
    low, high = measures.qini_interval(outcome, score, treatment, draws=200, seed=1)
    assert low < measures.qini(outcome, score, treatment) < high
    assert (low, high) == measures.qini_interval(outcome, score, treatment, draws=200, seed=1)

"""Outcomes under arms that were not given: doubly robust scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

SMALLEST = 0.01  # propensities below count as this, and are reported


def arm_scores(outcome: np.ndarray, given: np.ndarray, propensity: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Doubly robust scores: expected + 1[given = arm] / propensity x (outcome - expected) (Dudík et al. 2014).

    Args:
        outcome: 0 or 1 [rows].
        given: arm of each row, 0 = nothing [rows].
        propensity: of the arm each row was given [rows].
        expected: predicted outcome under each arm, from models that did not see the row [rows, arms]; zeros make it
            inverse propensity weighting.

    Returns:
        [rows, arms]; each column's mean estimates the outcome if everybody got that arm.
    """
    import numpy as np

    scores = expected.copy()
    rows = np.arange(len(outcome))
    scores[rows, given] += (outcome - expected[rows, given]) / propensity
    return scores

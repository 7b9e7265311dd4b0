"""How well uplift scores order customers: Qini by scikit-uplift's definition, with bootstrap intervals.

Definitions differ between libraries (the same scores gave .0816 and .2175), so the name says whose it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

QINI = "qini (scikit-uplift, normalised)"


def qini(outcome: np.ndarray, score: np.ndarray, treatment: np.ndarray) -> float:
    """Area between the Qini curve and the diagonal over that of the perfect curve (Radcliffe 2007, scikit-uplift).

    Args:
        outcome: 0 or 1 [rows].
        score: predicted uplift [rows].
        treatment: 0 or 1 [rows].
    """
    import numpy as np

    return float(_qini(outcome, score, treatment, np.ones((1, len(outcome)), dtype=np.int64))[0])


def bootstrap_weights(rows: int, draws: int, seed: int) -> np.ndarray:
    """How often each row stands in each bootstrap sample, int64 [draws, rows]."""
    import numpy as np

    rng = np.random.default_rng(seed)
    return np.stack([np.bincount(rng.integers(rows, size=rows), minlength=rows) for _ in range(draws)])


def qini_interval(
    outcome: np.ndarray, score: np.ndarray, treatment: np.ndarray, *, draws: int, seed: int
) -> tuple[float, float]:
    """Percentile bootstrap 95 % interval of `qini` over the rows, the model held fixed."""
    import numpy as np

    values = _qini(outcome, score, treatment, bootstrap_weights(len(outcome), draws, seed))
    low, high = np.nanquantile(values, [0.025, 0.975])
    return float(low), float(high)


def _qini(outcome: np.ndarray, score: np.ndarray, treatment: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Qini for each row of `weights` [draws, rows] (how often each row counts)."""
    import numpy as np

    perfect = outcome * treatment - outcome * (1 - treatment)
    actual_area, end = _area(outcome, score, treatment, weights)
    perfect_area, _ = _area(outcome, perfect, treatment, weights)
    with np.errstate(divide="ignore", invalid="ignore"):
        return (actual_area - end) / (perfect_area - end)


def _area(outcome: np.ndarray, score: np.ndarray, treatment: np.ndarray, weights: np.ndarray) -> tuple:
    """Area under the Qini curve, and under its diagonal, per draw."""
    import numpy as np

    order = np.argsort(-score, kind="stable")
    y, t, w = outcome[order], treatment[order], weights[:, order]
    ends = np.r_[np.flatnonzero(np.diff(score[order])), len(y) - 1]
    treated = np.cumsum(w * t, axis=1)[:, ends].astype(float)
    control = np.cumsum(w * (1 - t), axis=1)[:, ends].astype(float)
    gained = np.cumsum(w * (t * y), axis=1)[:, ends]
    lost = np.cumsum(w * ((1 - t) * y), axis=1)[:, ends]
    ratio = np.divide(treated, control, out=np.zeros_like(treated), where=control > 0)
    curve = np.pad(gained - lost * ratio, ((0, 0), (1, 0)))
    x = np.pad(treated + control, ((0, 0), (1, 0)))
    area = np.sum(np.diff(x, axis=1) * (curve[:, 1:] + curve[:, :-1]) / 2, axis=1)
    return area, x[:, -1] * curve[:, -1] / 2

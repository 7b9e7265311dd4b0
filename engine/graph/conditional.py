"""Conditional logistic regression of sets that have one case each and mostly rows that are not exposed.

Why our own: statsmodels walks through the sets in Python and holds every row; here a row without exposure is a number
of its set, so that a million customers fit. Tested against statsmodels' ConditionalLogit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

_STEPS = 100
_STEEP = 30.0  # largest log-odds looked at: exp stays finite


@dataclass(frozen=True)
class Sets:
    """Sets of people of whom one, the case, acted.

    Args:
        size: int64[s], people in each set, the case included.
        unit: int64[s], what errors are clustered by.
        row_set: int64[r], the set of each exposed person; whoever is not exposed has no row.
        case: bool[r], whether that person is the case.
    """

    size: np.ndarray
    unit: np.ndarray
    row_set: np.ndarray
    case: np.ndarray


@dataclass(frozen=True)
class Fit:
    """What a regression found.

    Args:
        coefficients: float64[p], log-odds.
        covariance: float64[p, p], robust within units.
    """

    coefficients: np.ndarray
    covariance: np.ndarray

    def error(self, contrast: np.ndarray) -> float:
        """Standard error of a contrast float64[p] of the coefficients."""
        import numpy as np

        return float(np.sqrt(max(contrast @ self.covariance @ contrast, 0.0)))


def fit(sets: Sets, x: np.ndarray, penalty: np.ndarray) -> Fit:
    """Fit by Newton's method; the errors are Liang and Zeger's, the units being independent.

    Args:
        sets: who is in which set.
        x: float64[r, p], of the exposed; of everybody else it is 0.
        penalty: float64[p], ridge: each square of a coefficient costs half of it. 0 = none.

    Returns:
        Coefficients and covariance; a coefficient that nothing speaks about is 0 with an infinite error where it has no
        penalty.
    """
    import numpy as np

    beta = np.zeros(x.shape[1])
    value, gradient, hessian, _ = _parts(sets, x, beta, penalty)
    for _ in range(_STEPS):
        step = np.linalg.lstsq(hessian, gradient, rcond=1e-12)[0]
        size = 1.0
        while True:
            found = _parts(sets, x, beta + size * step, penalty)
            if found[0] >= value - 1e-12 * abs(value) or size < 1e-6:
                break
            size /= 2
        beta = beta + size * step
        done = found[0] - value <= 1e-13 * max(abs(value), 1.0) and np.abs(size * step).max(initial=0.0) < 1e-9
        value, gradient, hessian = found[:3]
        if done:
            break
    return Fit(beta, _covariance(sets, _parts(sets, x, beta, penalty)[3], hessian))


def log_likelihood(sets: Sets, x: np.ndarray, beta: np.ndarray) -> np.ndarray:
    """float64[s]: log-likelihood of each set; arguments as of `fit`."""
    import numpy as np

    eta = np.clip(x @ beta, -_STEEP, _STEEP)
    exposed = np.bincount(sets.row_set, minlength=len(sets.size))
    total = sets.size - exposed + np.bincount(sets.row_set, weights=np.exp(eta), minlength=len(sets.size))
    return np.bincount(sets.row_set, weights=eta * sets.case, minlength=len(sets.size)) - np.log(total)


def _parts(
    sets: Sets, x: np.ndarray, beta: np.ndarray, penalty: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray, np.ndarray]:
    """Penalised log-likelihood, its gradient, minus its second derivative, and each set's score [s, p]."""
    import numpy as np

    n = len(sets.size)
    eta = np.clip(x @ beta, -_STEEP, _STEEP)
    odds = np.exp(eta)
    exposed = np.bincount(sets.row_set, minlength=n)
    total = sets.size - exposed + np.bincount(sets.row_set, weights=odds, minlength=n)
    chance = odds / total[sets.row_set]
    value = float((eta * sets.case).sum() - np.log(total).sum() - 0.5 * (penalty * beta**2).sum())
    mean, score = np.empty((n, x.shape[1])), np.empty((n, x.shape[1]))
    for k in range(x.shape[1]):
        mean[:, k] = np.bincount(sets.row_set, weights=chance * x[:, k], minlength=n)
        score[:, k] = np.bincount(sets.row_set, weights=sets.case * x[:, k], minlength=n) - mean[:, k]
    hessian = (x * chance[:, None]).T @ x - mean.T @ mean + np.diag(penalty)
    return value, score.sum(0) - penalty * beta, hessian, score


def _covariance(sets: Sets, score: np.ndarray, hessian: np.ndarray) -> np.ndarray:
    import numpy as np

    _, unit = np.unique(sets.unit, return_inverse=True)
    units = int(unit.max(initial=0)) + 1
    summed = np.column_stack([np.bincount(unit, weights=column, minlength=units) for column in score.T])
    inverse = np.linalg.pinv(hessian, hermitian=True)
    known = np.abs(hessian).sum(0) > 0
    covariance = inverse @ (summed.T @ summed) @ inverse * (units / max(units - 1, 1))
    covariance[~known, ~known] = np.inf
    return covariance

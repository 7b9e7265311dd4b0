"""How well uplift scores order customers: the definitions of scikit-uplift, with bootstrap intervals.

Definitions differ between libraries (the same scores gave .0816 and .2175), so each name says whose it is. All weigh
rows by how often they stand in a sample, so that a bootstrap sorts once.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import numpy as np

    # outcome, score, treatment [rows] and weights [draws, rows] -> value [draws]
    Measure = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], np.ndarray]

Name = TypeVar("Name", bound=Hashable)
CELLS = 4_000_000  # draws x rows held at once


def qini(outcome: np.ndarray, score: np.ndarray, treatment: np.ndarray) -> float:
    """Area between the Qini curve and its diagonal over that of the perfect curve (Radcliffe 2007, scikit-uplift).

    Args:
        outcome: 0 or 1 [rows].
        score: predicted uplift [rows].
        treatment: 0 or 1 [rows].
    """
    return value(qini_measure, outcome, score, treatment)


def value(measure: Measure, outcome: np.ndarray, score: np.ndarray, treatment: np.ndarray) -> float:
    """A measure of the rows as they are; nan where it is not defined."""
    import numpy as np

    return float(measure(outcome, score, treatment, np.ones((1, len(outcome)), dtype=np.int64))[0])


def interval(
    measure: Measure, outcome: np.ndarray, score: np.ndarray, treatment: np.ndarray, *, draws: int, seed: int
) -> tuple[float, float]:
    """See `intervals`; one measure's."""
    return intervals({"": measure}, outcome, score, treatment, draws=draws, seed=seed)[""]


def intervals(
    wanted: Mapping[Name, Measure], outcome: np.ndarray, score: np.ndarray, treatment: np.ndarray, *, draws: int,
    seed: int,
) -> dict[Name, tuple[float, float]]:  # fmt: skip
    """Percentile bootstrap 95 % intervals of measures over the rows, the scores held fixed.

    Args:
        wanted: name -> one of this module's measures; all look at the same samples.
        outcome, score, treatment: [rows].
        draws: number of samples.
        seed: of the samples: the same for every learner, so that their intervals compare.

    Returns:
        name -> (low, high); nan where no sample gave a value.
    """
    import numpy as np

    rows = len(outcome)
    rng = np.random.default_rng(seed)
    step = max(1, CELLS // max(rows, 1))
    found: dict[Name, list[np.ndarray]] = {name: [] for name in wanted}
    for start in range(0, draws, step):
        weights = resample(rows, min(step, draws - start), rng)
        for name, measure in wanted.items():
            found[name].append(measure(outcome, score, treatment, weights))
    result = {}
    for name, parts in found.items():
        values = np.concatenate(parts)
        values = values[np.isfinite(values)]
        low, high = np.quantile(values, [0.025, 0.975]) if len(values) else (np.nan, np.nan)
        result[name] = (float(low), float(high))
    return result


def resample(rows: int, draws: int, rng: np.random.Generator) -> np.ndarray:
    """How often each row stands in each bootstrap sample, int32 [draws, rows]."""
    import numpy as np

    weights = np.empty((draws, rows), dtype=np.int32)
    for draw in range(draws):
        weights[draw] = np.bincount(rng.integers(rows, size=rows), minlength=rows)
    return weights


def qini_measure(outcome: np.ndarray, score: np.ndarray, treatment: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """See `qini`."""
    perfect = outcome * treatment - outcome * (1 - treatment)
    return _normalised(_qini_curve, outcome, score, treatment, weights, perfect)


def auuc_measure(outcome: np.ndarray, score: np.ndarray, treatment: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Area between the uplift curve and its diagonal over that of the perfect curve (Devriendt et al. 2020)."""
    # scikit-uplift breaks the perfect order's ties by whichever of the two kinds of certain rows is the rarer.
    responders = (weights * (outcome * (1 - treatment))).sum(axis=1)
    others = (weights * ((1 - outcome) * treatment)).sum(axis=1)
    by_outcome = _normalised(_uplift_curve, outcome, score, treatment, weights, 2 * (outcome == treatment) + outcome)
    by_treatment = _normalised(
        _uplift_curve, outcome, score, treatment, weights, 2 * (outcome == treatment) + treatment
    )
    import numpy as np

    return np.where(responders > others, by_outcome, by_treatment)


def top_measure(share: float) -> Measure:
    """Difference of acceptance between the treated and the controls with the highest scores, `share` of each arm."""

    def measure(outcome: np.ndarray, score: np.ndarray, treatment: np.ndarray, weights: np.ndarray) -> np.ndarray:
        import numpy as np

        # The last of equals first, as scikit-uplift's reversed sort has it.
        order = np.argsort(score, kind="stable")[::-1]
        rates = []
        for arm in (1, 0):
            rows = order[treatment[order] == arm]
            w = weights[:, rows]
            size = np.floor(w.sum(axis=1) * share)
            before = np.cumsum(w, axis=1) - w
            used = np.clip(size[:, None] - before, 0, w)
            with np.errstate(divide="ignore", invalid="ignore"):
                rates.append((used * outcome[rows]).sum(axis=1) / size)
        return rates[0] - rates[1]

    return measure


def decile_measure(decile: int) -> Measure:
    """Difference of acceptance between treated and controls within the decile-th tenth by score, 1 the highest."""

    def measure(outcome: np.ndarray, score: np.ndarray, treatment: np.ndarray, weights: np.ndarray) -> np.ndarray:
        import numpy as np

        place = np.empty(len(score), dtype=np.int64)
        place[np.argsort(-score, kind="stable")] = np.arange(len(score))
        inside = place * 10 // max(len(score), 1) == decile - 1
        y, t, w = outcome[inside], treatment[inside], weights[:, inside]
        with np.errstate(divide="ignore", invalid="ignore"):
            treated = (w * (t * y)).sum(axis=1) / (w * t).sum(axis=1)
            return treated - (w * ((1 - t) * y)).sum(axis=1) / (w * (1 - t)).sum(axis=1)

    return measure


def best_linear_predictor(outcome: np.ndarray, score: np.ndarray, treatment: np.ndarray) -> tuple[float, float, float]:
    """Mean effect, how much of a difference in score is a difference in effect, and the latter's standard error.

    The coefficients of t - e and (t - e)(score - mean) in the regression of the outcome on 1, score and these two, with
    errors robust to unequal variance (HC0); e = share treated (Chernozhukov et al. 2018). A slope of 1 is calibrated,
    of 0 says that the score tells nothing of the effect.

    Args:
        outcome, score, treatment: [rows]; the score from models that did not see the row.

    Returns:
        mean effect, slope, standard error of the slope; slope 0 with an infinite error where all scores are equal.
    """
    import numpy as np

    t, s = treatment - treatment.mean(), score - score.mean()
    if np.ptp(score) < 1e-12:
        return float(outcome[treatment == 1].mean() - outcome[treatment == 0].mean()), 0.0, float("inf")
    x = np.stack([np.ones(len(s)), s, t, t * s], axis=1)
    # einsum, unlike a matrix product, sums in the same order on any number of threads.
    bread = np.linalg.pinv(np.einsum("ij,ik->jk", x, x))
    beta = bread @ np.einsum("ij,i->j", x, outcome.astype(float))
    left = x * (outcome - (x * beta).sum(axis=1))[:, None]
    variance = bread @ np.einsum("ij,ik->jk", left, left) @ bread
    return float(beta[2]), float(beta[3]), float(np.sqrt(variance[3, 3]))


def _normalised(
    curve: Callable, outcome: np.ndarray, score: np.ndarray, treatment: np.ndarray, weights: np.ndarray,
    perfect: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Area over the diagonal of `score` over that of `perfect`, per draw."""
    import numpy as np

    areas = []
    for by in (score, perfect):
        x, y = curve(outcome, by, treatment, weights)
        area = np.sum(np.diff(x, axis=1) * (y[:, 1:] + y[:, :-1]) / 2, axis=1)
        areas.append(area - x[:, -1] * y[:, -1] / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        return areas[0] / areas[1]


def _counts(outcome: np.ndarray, score: np.ndarray, treatment: np.ndarray, weights: np.ndarray) -> tuple:
    """Treated, controls, and acceptances of each at the end of every run of equal scores, from the highest down."""
    import numpy as np

    order = np.argsort(-score, kind="stable")
    y, t, w = outcome[order], treatment[order], weights[:, order]
    starts = np.r_[0, np.flatnonzero(np.diff(score[order])) + 1]
    # Runs are summed before they are cumulated: a perfect order has four.
    return tuple(
        np.pad(
            np.cumsum(np.add.reduceat(w * part.astype(np.int32), starts, axis=1), axis=1, dtype=float), ((0, 0), (1, 0))
        )
        for part in (t, 1 - t, t * y, (1 - t) * y)
    )


def _qini_curve(outcome: np.ndarray, score: np.ndarray, treatment: np.ndarray, weights: np.ndarray) -> tuple:
    import numpy as np

    treated, control, gained, lost = _counts(outcome, score, treatment, weights)
    ratio = np.divide(treated, control, out=np.zeros_like(treated), where=control > 0)
    return treated + control, gained - lost * ratio


def _uplift_curve(outcome: np.ndarray, score: np.ndarray, treatment: np.ndarray, weights: np.ndarray) -> tuple:
    import numpy as np

    treated, control, gained, lost = _counts(outcome, score, treatment, weights)
    rate = np.divide(gained, treated, out=np.zeros_like(treated), where=treated > 0)
    rate = rate - np.divide(lost, control, out=np.zeros_like(treated), where=control > 0)
    return treated + control, rate * (treated + control)

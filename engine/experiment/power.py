"""The smallest effect an experiment can see, by customers and by clusters, before it is run (METHODS section 7)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from engine.errors import InputError

if TYPE_CHECKING:
    import numpy as np


TYPICAL_CORRELATION = 0.01  # within clusters, where nothing was measured: the median of Adams et al. 2004
LOOKS = 12


class Detectable(NamedTuple):
    """Smallest detectable difference between two arms.

    Args:
        unit: customer or cluster.
        n_arm: customers in one arm.
        n_versus: customers in the other.
        design_effect: variance under cluster assignment over that under customer assignment; 1 for customers.
        base: mean of the metric without any effect.
        relative: smallest true difference found with the wanted power, over the base; None where that is 0.
        effect: the same as a difference.
    """

    unit: str
    n_arm: float
    n_versus: float
    design_effect: float
    base: float
    relative: float | None
    effect: float


def smallest_effect(
    n_arm: float, n_versus: float, *, mean: float, sd: float, alpha: float = 0.05, power: float = 0.8,
    design_effect: float = 1.0,
) -> Detectable:  # fmt: skip
    """Two-sided normal approximation (statsmodels), for arms of given sizes.

    Args:
        n_arm: customers in one arm.
        n_versus: customers in the other.
        mean: of the metric without any effect (the base rate).
        sd: of the metric; sqrt(p (1 - p)) for a rate.
        alpha: 1 - confidence; divide by the number of pairs for several arms.
        power: wanted probability of seeing it.
        design_effect: see `design_effect`.

    Raises:
        InputError: an arm with fewer than two customers, or alpha or power outside 0..1.
    """
    from statsmodels.stats.power import NormalIndPower

    if min(n_arm, n_versus) < 2:
        raise InputError(f"arms of {n_arm:g} and {n_versus:g} customers.", fix="Give each arm two customers or more.")
    if not (0 < alpha < 1 and alpha < power < 1):
        raise InputError(f"alpha {alpha} and power {power} cannot both be met.", fix="Use for example .05 and .8.")
    if sd < 0 or design_effect <= 0:
        raise InputError(f"standard deviation {sd}, design effect {design_effect}.", fix="Both must be positive.")
    unit = NormalIndPower().solve_power(
        effect_size=None, nobs1=n_arm / design_effect, alpha=alpha, power=power, ratio=n_versus / n_arm
    )
    effect = float(unit) * sd
    label = "customer" if design_effect == 1.0 else "cluster"
    return Detectable(label, n_arm, n_versus, design_effect, mean, effect / mean if mean else None, effect)


def look_days(horizon: int) -> list[int]:
    """Days of an experiment to look at, at most `LOOKS`, evenly spread, the last being the horizon."""
    return sorted({round(1 + (horizon - 1) * k / max(LOOKS - 1, 1)) for k in range(LOOKS)})


def curve(
    customers: Sequence[int], shares: tuple[float, float], *, mean: float, sd: float, sizes: np.ndarray,
    correlation: float, alpha: float = 0.05, power: float = 0.8,
) -> list[Detectable]:  # fmt: skip
    """Smallest effects against the number of customers, assigned one by one and by clusters.

    Args:
        customers: numbers to look at, all arms together.
        shares: of the two arms compared.
        mean: of the metric without any effect.
        sd: of the metric.
        sizes: customers per cluster, as they are [k].
        correlation: from `intracluster_correlation`.
        alpha: as in `smallest_effect`.
        power: as in `smallest_effect`.

    Returns:
        Two entries per number, customer first.
    """
    factors = (1.0, design_effect(sizes, correlation))
    found = []
    for n in customers:
        for unit, factor in zip(("customer", "cluster"), factors, strict=True):
            line = smallest_effect(
                n * shares[0], n * shares[1], mean=mean, sd=sd, alpha=alpha, power=power, design_effect=factor
            )
            found.append(line._replace(unit=unit))
    return found


def intracluster_correlation(values: np.ndarray, clusters: np.ndarray) -> float:
    """ANOVA estimate of the intraclass correlation of clusters (Donner 1986), 0..1.

    Args:
        values: a metric from before the experiment [n].
        clusters: cluster of each customer, int [n].

    Raises:
        InputError: fewer than two clusters, or no cluster with two customers.
    """
    import numpy as np

    _, code = np.unique(clusters, return_inverse=True)
    size = np.bincount(code)
    k, n = len(size), len(values)
    if k < 2 or n <= k:
        raise InputError(f"{n} customers in {k} clusters are too few for an intraclass correlation.",
                         fix="Give clusters with several customers each.")  # fmt: skip
    means = np.bincount(code, weights=values) / size
    between = float((size * (means - np.mean(values)) ** 2).sum() / (k - 1))
    within = float(((values - means[code]) ** 2).sum() / (n - k))
    typical = (n - (size**2).sum() / n) / (k - 1)
    total = between + (typical - 1) * within
    return float(np.clip((between - within) / total, 0.0, 1.0)) if total > 0 else 0.0


def design_effect(sizes: np.ndarray, correlation: float) -> float:
    """1 + ((cv^2 + 1) mean - 1) rho for clusters of unequal sizes (Eldridge et al. 2006); sizes: customers [k]."""
    import numpy as np

    mean = float(np.mean(sizes))
    cv2 = float(np.var(sizes)) / mean**2
    return 1 + ((cv2 + 1) * mean - 1) * correlation

"""Differences between arms with honest errors: CUPED, clusters, ratios, Holm (METHODS section 7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from engine.errors import InputError
from engine.learning.fit import least_squares

if TYPE_CHECKING:
    import numpy as np

ALARM = 0.001  # a sample-ratio p below this says that the data are not the experiment's
MIN_CLUSTERS = 2  # per arm, for an error that can be computed at all


class SampleRatio(NamedTuple):
    """Whether the arms have the sizes that were assigned.

    Args:
        p: chi-square p value of the counts against the shares.
        alarm: p < .001: something lost units of one arm more often than of another.
        expected: units each arm should have.
    """

    p: float
    alarm: bool
    expected: dict[str, float]


class Effect(NamedTuple):
    """One arm against another on one metric.

    Args:
        arm: compared arm.
        versus: the arm it is compared with.
        n_arm: units of the arm.
        n_versus: units of the other.
        mean_arm: mean of the metric (of the ratio for ratio metrics), unadjusted.
        mean_versus: likewise.
        difference: estimated effect, arm minus versus; adjusted when a covariate was given.
        se: its standard error.
        low: lower end of its confidence interval.
        high: upper end.
        p: two-sided; None where nothing varies.
        p_holm: p adjusted over all pairs (Holm 1979).
        relative: difference / mean_versus; None where that is 0.
        relative_low: by the delta method.
        relative_high: by the delta method.
        method: how the error was computed.
        degrees: of freedom of its t distribution.
    """

    arm: str
    versus: str
    n_arm: int
    n_versus: int
    mean_arm: float
    mean_versus: float
    difference: float
    se: float
    low: float
    high: float
    p: float | None
    p_holm: float | None
    relative: float | None
    relative_low: float | None
    relative_high: float | None
    method: str
    degrees: float


def sample_ratio(counts: Mapping[str, int], shares: Mapping[str, float]) -> SampleRatio:
    """Test the arms' sizes against their shares (Pearson's chi-square).

    Args:
        counts: units seen per arm; an arm without units counts 0.
        shares: planned share per arm, adding up to 1.

    Raises:
        InputError: an arm that was not planned, or nobody at all.
    """
    from scipy import stats

    unknown = sorted(set(counts) - set(shares))
    if unknown:
        raise InputError(f"the arms {', '.join(unknown)} are not in the plan.", fix=f"It has {', '.join(shares)}.")
    total = sum(counts.values())
    if total == 0:
        raise InputError("there is nobody in any arm.", fix="Check that the assignments belong to these outcomes.")
    expected = {arm: share * total for arm, share in shares.items()}
    p = float(stats.chisquare([counts.get(arm, 0) for arm in shares], list(expected.values())).pvalue)
    return SampleRatio(p, p < ALARM, expected)


def exposure_balance(exposed: np.ndarray, arms: np.ndarray, clusters: np.ndarray | None = None) -> float | None:
    """p that the same share of every arm saw an ad; robust to clusters where they were assigned.

    Args:
        exposed: whether each unit saw one, bool [n].
        arms: arm of each unit, text [n].
        clusters: cluster of each unit, int [n], or None.

    Returns:
        Pearson's chi-square, with clusters a Wald test; None where nobody or everybody saw one, or there is one arm.
    """
    import numpy as np
    from scipy import stats

    names, code = np.unique(arms, return_inverse=True)
    if len(names) < 2 or exposed.all() or not exposed.any():
        return None
    if clusters is None:
        cells = np.bincount(2 * code + exposed, minlength=2 * len(names)).reshape(-1, 2)
        return float(stats.chi2_contingency(cells, correction=False).pvalue)
    design = np.eye(len(names))[code]
    design[:, 0] = 1.0
    p = float(least_squares(exposed.astype(float), design, clusters).f_test(np.eye(len(names))[1:]).pvalue)
    return p if np.isfinite(p) else None


def effects(
    values: np.ndarray,
    arms: np.ndarray,
    *,
    order: Sequence[str],
    control: str | None = None,
    denominator: np.ndarray | None = None,
    covariate: np.ndarray | None = None,
    clusters: np.ndarray | None = None,
    alpha: float = 0.05,
    name: str = "metric",
) -> list[Effect]:
    """Compare arms on one metric.

    Binary, count and continuous metrics are compared by their means (Welch); a ratio metric by the ratio of sums,
    linearised (delta method, Deng et al. 2018); with a covariate measured before assignment the metric (linearised
    where it is a ratio) is first adjusted by CUPED (Deng et al. 2013), its slope pooled within arms; with clusters the
    errors are those of a least squares fit robust to dependence within clusters (`fit.least_squares`, t with
    clusters - 1 degrees of freedom).

    Args:
        values: the metric of each unit, 0/1 for binary [n].
        arms: arm of each unit, text [n].
        order: arms to compare; every pair, the later against the earlier.
        control: compare each other arm with this one only.
        denominator: makes it a ratio metric: sum of values / sum of denominators [n].
        covariate: CUPED covariate from before assignment [n].
        clusters: cluster of each unit, any hashable kind [n].
        alpha: 1 - confidence.
        name: of the metric, for messages.

    Returns:
        One Effect per pair.

    Raises:
        InputError: a value is missing or infinite, an arm has fewer than two units or clusters, or a ratio's
            denominators add up to 0.
    """
    import numpy as np

    values = _finite(values, name)
    arms = np.asarray(arms)
    columns = {"denominator": denominator, "covariate": covariate}
    extra = {k: _finite(v, f"{name}'s {k}") for k, v in columns.items() if v is not None}
    members = {arm: np.flatnonzero(arms == arm) for arm in order}
    for arm, rows in members.items():
        if len(rows) < 2:
            raise InputError(f"arm {arm!r} has {len(rows)} units for {name}.", fix="Wait for more, or drop the arm.")
    pairs = [(a, control) for a in order if a != control] if control else [(b, a) for a, b in combinations(order, 2)]
    within = list(members.values())
    plain = values if denominator is None else _linear_within(values, extra["denominator"], within, name)
    slope = _cuped_slope(plain, extra["covariate"], within) if "covariate" in extra else 0.0
    adjusted = plain
    if slope:
        adjusted = plain - slope * (extra["covariate"] - extra["covariate"][np.concatenate(within)].mean())
    found = []
    for arm, versus in pairs:
        rows_a, rows_b = members[arm], members[versus]
        one, other = adjusted[rows_a], adjusted[rows_b]
        means = (plain[rows_a].mean(), plain[rows_b].mean())
        groups = None if clusters is None else (np.asarray(clusters)[rows_a], np.asarray(clusters)[rows_b])
        found.append(_effect(arm, versus, one, other, means, groups, alpha, bool(slope), denominator is not None))
    return _holm(found)


def _effect(arm, versus, one, other, means, groups, alpha: float, cuped: bool, ratio: bool) -> Effect:
    """The comparison of two samples, by Welch or robust to clusters."""
    import numpy as np
    from scipy import stats

    variances = [one.var(ddof=1) / len(one), other.var(ddof=1) / len(other)]
    if groups is None:
        difference, se = float(one.mean() - other.mean()), float(np.sqrt(sum(variances)))
        degrees = sum(variances) ** 2 / sum(v**2 / (len(s) - 1) for v, s in zip(variances, (one, other), strict=True)) \
            if se > 0 else 1.0  # fmt: skip
        method = "Welch"
    else:
        difference, se, degrees = _clustered(one, other, groups, (arm, versus))
        method = f"cluster-robust, {int(degrees) + 1} clusters"
    method += ", CUPED" if cuped else ""
    method += ", ratio by the delta method" if ratio else ""
    half = float(stats.t.ppf(1 - alpha / 2, degrees)) * se
    p = float(2 * stats.t.sf(abs(difference) / se, degrees)) if se > 0 else None
    relative = low = high = None
    base = float(means[1])
    if base != 0:
        relative = difference / base
        # Delta method for a ratio of means; under clusters the base's share of the variance is taken by its size.
        base_variance = variances[1] / max(sum(variances), 1e-300) * se**2
        spread = np.sqrt(max(se**2 / base**2 + relative**2 * base_variance / base**2
                             + 2 * relative * base_variance / base**2, 0.0))  # fmt: skip
        low, high = (float(relative + sign * stats.t.ppf(1 - alpha / 2, degrees) * spread) for sign in (-1, 1))
    return Effect(arm, versus, len(one), len(other), float(means[0]), base, difference, se,
                  difference - half, difference + half, p, p, relative, low, high, method, degrees)  # fmt: skip


def _clustered(one, other, groups, arms) -> tuple[float, float, float]:
    """Difference, standard error and degrees of freedom of a least squares fit robust to clusters."""
    import numpy as np

    for arm, group in zip(arms, groups, strict=True):
        if len(set(group.tolist())) < MIN_CLUSTERS:
            raise InputError(f"arm {arm!r} has one cluster only.", fix="Assign more clusters, or customers.")
    _, codes = np.unique(np.concatenate(groups), return_inverse=True)
    treated = np.r_[np.ones(len(one)), np.zeros(len(other))]
    fit = least_squares(np.r_[one, other], np.column_stack([np.ones(len(treated)), treated]), codes)
    return float(fit.params[1]), float(fit.bse[1]), float(codes.max())


def linearised(values: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """A ratio of sums as one value per unit whose mean is the ratio and whose spread is the ratio's error.

    Args:
        values: numerator of each unit [n].
        denominator: of each unit [n]; their sum is not 0.
    """
    total = denominator.mean()
    ratio = values.mean() / total
    return ratio + (values - ratio * denominator) / total


def _linear_within(values, denominator, within, name: str):
    """Each arm linearised about its own ratio; units of no arm keep 0."""
    import numpy as np

    out = np.zeros_like(values)
    for rows in within:
        if denominator[rows].sum() == 0:
            raise InputError(f"{name}: the denominators of an arm add up to 0.", fix="Choose another denominator.")
        out[rows] = linearised(values[rows], denominator[rows])
    return out


def _cuped_slope(values, covariate, within) -> float:
    """Slope of the metric on the covariate, both taken as deviations from their arm's mean."""
    covered = sum(float(((values[r] - values[r].mean()) * (covariate[r] - covariate[r].mean())).sum()) for r in within)
    spread = sum(float(((covariate[r] - covariate[r].mean()) ** 2).sum()) for r in within)
    return covered / spread if spread > 0 else 0.0


def _holm(found: list[Effect]) -> list[Effect]:
    """Holm's adjustment over the pairs that have a p value."""
    from statsmodels.stats.multitest import multipletests

    tested = [i for i, effect in enumerate(found) if effect.p is not None]
    if len(tested) < 2:  # nothing to adjust
        return found
    adjusted = multipletests([found[i].p for i in tested], method="holm")[1]
    for i, p in zip(tested, adjusted, strict=True):
        found[i] = found[i]._replace(p_holm=float(p))
    return found


def _finite(values, name: str):
    import numpy as np

    array = np.asarray(values, dtype=np.float64)
    bad = np.flatnonzero(~np.isfinite(array))
    if len(bad):
        raise InputError(
            f"{name}: {len(bad)} values are missing or infinite.", row=int(bad[0]) + 1, fix="Fill or drop them."
        )
    return array

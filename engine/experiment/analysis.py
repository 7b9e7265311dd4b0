"""Differences between arms with correct standard errors: CUPED, clusters, ratios, Holm (METHODS section 7)."""

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
        relative: difference over the other arm's mean, with a covariate its adjusted mean; None where that is 0.
        relative_low: by the delta method, for that difference and that mean together.
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
        raise InputError("no customer is in any arm.", fix="Check that the assignments belong to these outcomes.")
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
    shared = np.zeros(len(plain))  # what the covariate takes off each unit's value
    if "covariate" in extra:
        shared = _cuped_slope(plain, extra["covariate"], within) * (
            extra["covariate"] - _mean(extra["covariate"], within)
        )
    method = (", CUPED" if shared.any() else "") + ("" if denominator is None else ", ratio by the delta method")
    codes = None if clusters is None else np.unique(np.asarray(clusters), return_inverse=True)[1]
    found = []
    for arm, versus in pairs:
        both = members[arm], members[versus]
        one, other = (_Sample(name, plain[r], shared[r], None if codes is None else codes[r])
                      for name, r in zip((arm, versus), both, strict=True))  # fmt: skip
        found.append(_effect(one, other, sum(map(len, within)), alpha, method))
    return _holm(found)


class _Sample(NamedTuple):
    """One arm: its name, values [n], what the covariate takes off them [n], and clusters as int [n] or None."""

    arm: str
    values: np.ndarray
    shared: np.ndarray
    clusters: np.ndarray | None


class _Spread(NamedTuple):
    """A difference of two means with its error."""

    difference: float
    se: float
    degrees: float
    method: str


def _effect(one: _Sample, other: _Sample, units: int, alpha: float, method: str) -> Effect:
    """The comparison of two arms; units: of all arms together, over which the covariate was centred."""
    from scipy import stats

    a, b = one.values - one.shared, other.values - other.shared
    found = _spread(one, other, a, b)
    half = float(stats.t.ppf(1 - alpha / 2, found.degrees)) * found.se
    p = float(2 * stats.t.sf(abs(found.difference) / found.se, found.degrees)) if found.se > 0 else None
    relative = low = high = None
    base = float(b.mean())
    if base != 0:
        relative = found.difference / base
        # Delta method: the ratio of the adjusted means moves as a difference of these means does. Both hold the
        # covariate's mean over everybody, whose error they share.
        slope = -relative / base
        linear = _spread(
            one, other, a / base + slope * len(a) / units * one.shared,
            (1 + relative) * b / base - slope * len(b) / units * other.shared,
        )  # fmt: skip
        width = float(stats.t.ppf(1 - alpha / 2, linear.degrees)) * linear.se
        low, high = relative - width, relative + width
    return Effect(
        one.arm, other.arm, len(a), len(b), float(one.values.mean()), float(other.values.mean()), found.difference,
        found.se, found.difference - half, found.difference + half, p, p, relative, low, high, found.method + method,
        found.degrees,
    )  # fmt: skip


def _spread(one: _Sample, other: _Sample, a: np.ndarray, b: np.ndarray) -> _Spread:
    """Mean of `a` minus mean of `b`, values of these arms' units: by Welch, or robust to clusters."""
    import numpy as np

    if one.clusters is not None and other.clusters is not None:
        difference, se, degrees = _clustered(a, b, (one.clusters, other.clusters), (one.arm, other.arm))
        return _Spread(difference, se, degrees, f"cluster-robust, {int(degrees) + 1} clusters")
    parts = [values.var(ddof=1) / len(values) for values in (a, b)]
    se = float(np.sqrt(sum(parts)))
    degrees = 1.0
    if se > 0:
        degrees = float(sum(parts) ** 2 / sum(v**2 / (len(x) - 1) for v, x in zip(parts, (a, b), strict=True)))
    return _Spread(float(a.mean() - b.mean()), se, degrees, "Welch")


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


def _mean(values, within) -> float:
    """The mean over the units of all arms."""
    import numpy as np

    return float(values[np.concatenate(within)].mean())


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

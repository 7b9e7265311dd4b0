"""Does an effect differ between segments of customers? One test per segmentation, adjusted for their number."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from engine.errors import InputError
from engine.experiment.analysis import effects
from engine.learning.fit import least_squares

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

SMALL = 15  # units per arm below which a segment is not shown (METHODS section 8)


CUT = {"influence": 10, "tie_strength": 4, "similarity": 4}  # numbers become this many equal groups
OTHERS, MANY = 4, 8  # so many, where a column of customers has more different numbers than `MANY`


def labels(known: pl.DataFrame, name: str) -> pl.Series:
    """The segment of each customer by one column; numbers become equal groups, no value is `unknown`.

    Args:
        known: a column `name` among others [n].
        name: of the segmentation.
    """
    import polars as pl

    column = pl.col(name)
    many = known[name].dtype.is_numeric() and known[name].n_unique() > MANY
    if groups := CUT.get(name, OTHERS if many else 0):
        column = ((column.rank("min") - 1) * groups // column.count() + 1).cast(pl.Int64)
        column = column.cast(pl.String).str.zfill(2)
    return known.select(column.cast(pl.String).fill_null("unknown"))[name]


class Segment(NamedTuple):
    """The effect within one segment.

    Args:
        segment: its name.
        n_arm: units of the arm in it.
        n_versus: units of the other.
        difference: arm minus versus.
        low: lower end of its own interval, not adjusted.
        high: upper end.
        p_holm: p of its effect, Holm-adjusted over the segments shown; None where nothing varies.
    """

    segment: str
    n_arm: int
    n_versus: int
    difference: float
    low: float
    high: float
    p_holm: float | None


class Heterogeneity(NamedTuple):
    """One segmentation.

    Args:
        segments: in order of their names; those with fewer than `SMALL` units in an arm are left out.
        left_out: how many were.
        p: that the effect is the same in all of them (Wald test of the interactions); None with one segment.
    """

    segments: list[Segment]
    left_out: int
    p: float | None


def by_segment(
    values: np.ndarray, arms: np.ndarray, segments: np.ndarray, *, arm: str, versus: str,
    clusters: np.ndarray | None = None, alpha: float = 0.05,
) -> Heterogeneity:  # fmt: skip
    """The effect of one arm against another in every segment, and whether it differs.

    Args:
        values: the metric [n].
        arms: arm of each unit, text [n].
        segments: segment of each unit, known before assignment: residence, age band, influence decile ..., text [n].
        arm: compared arm.
        versus: the arm it is compared with.
        clusters: assigned clusters [n], or None.
        alpha: 1 - confidence.

    Raises:
        InputError: no segment has `SMALL` units in both arms, or a value is missing.
    """
    import numpy as np
    from statsmodels.stats.multitest import multipletests

    segments, arms = np.asarray(segments), np.asarray(arms)
    names = sorted(set(segments[(arms == arm) | (arms == versus)].tolist()))
    large = [s for s in names if min(((segments == s) & (arms == a)).sum() for a in (arm, versus)) >= SMALL]
    if not large:
        raise InputError(f"no segment has {SMALL} units in both arms.", fix="Use fewer, larger segments.")
    found = []
    for name in large:
        rows = segments == name
        within = None if clusters is None else np.asarray(clusters)[rows]
        found.append(
            effects(
                values[rows], arms[rows], order=[versus, arm], clusters=within, alpha=alpha, name=f"segment {name}"
            )[0]
        )
    tested = [i for i, effect in enumerate(found) if effect.p is not None]
    adjusted: list[float | None] = [None] * len(found)
    if tested:
        for i, p in zip(tested, multipletests([found[i].p for i in tested], method="holm")[1], strict=True):
            adjusted[i] = float(p)
    shown = [
        Segment(name, e.n_arm, e.n_versus, e.difference, e.low, e.high, p)
        for name, e, p in zip(large, found, adjusted, strict=True)
    ]
    if len(large) == 1:
        return Heterogeneity(shown, len(names) - 1, None)
    rows = np.isin(segments, large) & ((arms == arm) | (arms == versus))
    member = (segments[rows][:, None] == np.array(large)).astype(float)
    treated = (arms[rows] == arm).astype(float)
    design = np.column_stack([member, treated, member[:, 1:] * treated[:, None]])
    fit = least_squares(values[rows].astype(float), design, None if clusters is None else np.asarray(clusters)[rows])
    terms = len(large) - 1
    restriction = np.eye(design.shape[1])[-terms:]
    p = float(fit.f_test(restriction).pvalue) if fit.ssr > 0 else None
    return Heterogeneity(shown, len(names) - len(large), p)

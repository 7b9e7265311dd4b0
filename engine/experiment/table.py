"""A/B results in a plain table, without graph or workspace: rows of units, a column with the arm, metric columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.errors import InputError
from engine.experiment.analysis import ALARM, Effect, SampleRatio, effects, sample_ratio
from engine.experiment.decision import Decision, broken, decide
from engine.forms import truths

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

ERROR, DROP, ZERO = "error", "drop", "zero"
MISSING = (ERROR, DROP, ZERO)  # what becomes of values that are missing
CROSSED = 0.01  # share of the units seen in two arms above which nothing is decided
_EMPTY = ("", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "-", ".")


class Comparison(NamedTuple):
    """What a plain table says.

    Args:
        control: the arm the others are compared with.
        counts: units per arm.
        ratio: sample-ratio check.
        effects: by metric, one Effect per other arm; None where the metric cannot be judged.
        decisions: by metric, one sentence per other arm.
        notes: what was left out or filled in, and what the errors rest on, in words.
    """

    control: str
    counts: dict[str, int]
    ratio: SampleRatio
    effects: dict[str, list[Effect | None]]
    decisions: dict[str, list[Decision]]
    notes: list[str]


class _Units(NamedTuple):
    """Who is compared: their rows, units per arm, what the sample ratio counts, clusters, and what is to be said."""

    data: pl.DataFrame
    counts: dict[str, int]
    assigned: dict[str, int]
    clusters: np.ndarray | None
    crossed: str | None
    notes: list[str]


def compare(
    data: pl.DataFrame, *, arm: str, control: str, metrics: Sequence[str], shares: Mapping[str, float] | None = None,
    covariate: str | None = None, cluster: str | None = None, unit: str | None = None, missing: str = ERROR,
    alpha: float = 0.05,
) -> Comparison:  # fmt: skip
    """Compare every arm with the control on every metric.

    Values that are missing or infinite, arms of one unit, single clusters and too many units in two arms break the
    decision on their metric, in words; they do not hide the others.

    Args:
        data: one row per unit; with `unit` or `cluster` several.
        arm: column with the arm.
        control: its value for the control.
        metrics: columns of numbers or of yes and no, or NUMERATOR/DENOMINATOR for the ratio of two columns' sums.
        shares: planned share per arm, adding up to 1; None = equal shares.
        covariate: column from before the experiment, for CUPED.
        cluster: column with the assigned cluster.
        unit: column that says who a row is of: whoever is in two arms is left out, and who has several rows is one.
        missing: what becomes of a metric's missing values: error breaks the decision, drop leaves their rows out, zero
            takes them as 0. Rows are dropped from both arms alike, or the decision is broken.
        alpha: 1 - confidence.

    Raises:
        InputError: a column is missing or not a number, rows without arm, no control, one arm only.
    """
    if not metrics:
        raise InputError("no metric was named.", fix="Give at least one with --metric.")
    if missing not in MISSING:
        raise InputError(f"--missing {missing}: there is no such choice.", fix=f"Use {', '.join(MISSING)}.")
    parts = {metric: [metric] if metric in data.columns else metric.split("/") for metric in metrics}
    for name in (arm, *(part for pair in parts.values() for part in pair), covariate, cluster, unit):
        if name is not None and name not in data.columns:
            raise InputError(f"there is no column {name!r}.", fix=f"The columns are {', '.join(data.columns)}.")
    units = _units(data, arm, control, cluster, unit)
    ratio = sample_ratio(units.assigned, shares or dict.fromkeys(units.counts, 1 / len(units.counts)))
    columns = {name: _numbers(units.data, name) for pair in parts.values() for name in pair}
    before = None if covariate is None else _numbers(units.data, covariate)
    found: dict[str, list[Effect | None]] = {}
    decisions: dict[str, list[Decision]] = {}
    notes = list(units.notes)
    for metric, names in parts.items():
        try:
            if units.crossed:
                raise InputError(units.crossed)
            values, kept, note = _filled([columns[name] for name in names], before, units, arm, metric, missing)
            notes += [note] if note else []
            effects_ = effects(
                values[0][kept],
                units.data[arm].to_numpy()[kept],
                order=list(units.counts),
                control=control,
                denominator=values[1][kept] if len(values) > 1 else None,
                covariate=None if before is None else before[kept],
                clusters=None if units.clusters is None else units.clusters[kept],
                alpha=alpha,
                name=metric,
            )
        except InputError as error:
            others = [a for a in units.counts if a != control]
            found[metric] = [None] * len(others)
            decisions[metric] = [broken(f"{a} against {control} on {metric}", error.message) for a in others]
        else:
            found[metric] = list(effects_)
            percent = len(names) == 1 and set(values[0][kept].tolist()) <= {0.0, 1.0}
            decisions[metric] = decide(effects_, ratio, metric=metric, alpha=alpha, percent=percent)
    return Comparison(control, units.counts, ratio, found, decisions, notes)


def rows(comparison: Comparison) -> list[dict[str, Any]]:
    """One plain object per metric and arm, as `kindred experiment compare -o json` prints them."""
    others = [arm for arm in comparison.counts if arm != comparison.control]
    nothing = dict.fromkeys(Effect._fields)
    return [
        {
            "metric": metric,
            **nothing,
            "arm": arm,
            "versus": comparison.control,
            "n_arm": comparison.counts[arm],
            "n_versus": comparison.counts[comparison.control],
            **(effect._asdict() if effect else {}),
            "sample_ratio_p": comparison.ratio.p,
            **decision.fields(),
        }
        for metric, found in comparison.effects.items()
        for arm, effect, decision in zip(others, found, comparison.decisions[metric], strict=True)
    ]


def _units(data: pl.DataFrame, arm: str, control: str, cluster: str | None, unit: str | None) -> _Units:
    """Who is compared, by unit and cluster where these are told."""
    import polars as pl

    for name, what in ((arm, "arm"), (cluster, "cluster"), (unit, "unit")):
        if name is not None and (lost := data[name].null_count()):
            raise InputError(f"{lost} rows have no {what}.", column=name, fix=f"Leave them out or name their {what}.")
    data = data.with_columns(pl.col(name).cast(pl.String) for name in dict.fromkeys((arm, cluster, unit)) if name)
    notes, crossed = [], None
    if unit is not None:
        two = data.filter(pl.col(arm).n_unique().over(unit) > 1)[unit].n_unique()
        everybody = data[unit].n_unique()
        if two:
            notes.append(f"{two:,} of {everybody:,} units are in two arms and are left out.")
            data = data.filter(pl.col(arm).n_unique().over(unit) == 1)
        if two > CROSSED * everybody:
            crossed = f"{two:,} of {everybody:,} units are in two arms"
        if cluster is None and data[unit].is_duplicated().any():
            notes.append(
                f"{data.height:,} rows are of {data[unit].n_unique():,} units: a unit's rows count as one cluster."
            )
            cluster = unit
    counts = _counts(data, arm, unit)
    if control not in counts:
        raise InputError(f"no row has the control {control!r}.", column=arm, fix=f"The arms are {', '.join(counts)}.")
    if len(counts) < 2:
        raise InputError("there is one arm only.", column=arm, fix="An experiment needs two.")
    assigned = counts
    if cluster is not None and cluster != unit:
        split = data.filter(pl.col(arm).n_unique().over(cluster) > 1)[cluster].n_unique()
        if split:
            notes.append(
                f"{split:,} of {data[cluster].n_unique():,} clusters are split over arms: they were not assigned "
                "whole, so the sample ratio counts rows; intervals still treat a cluster's rows together."
            )
        else:
            assigned = _counts(data, arm, cluster)
    return _Units(data, counts, assigned, None if cluster is None else data[cluster].to_numpy(), crossed, notes)


def _counts(data: pl.DataFrame, arm: str, by: str | None) -> dict[str, int]:
    """Rows per arm, or how many different `by` they are of."""
    import polars as pl

    size = pl.len() if by is None else pl.col(by).n_unique()
    return dict(data.group_by(arm).agg(size.alias("n")).sort(arm).iter_rows())


def _filled(
    values: list[np.ndarray], before: np.ndarray | None, units: _Units, arm: str, metric: str, missing: str
) -> tuple[list[np.ndarray], np.ndarray, str | None]:
    """A metric's one or two columns without missing values, which rows are kept [rows], and what is to be said."""
    import numpy as np
    from scipy import stats

    holes = np.isnan(np.stack(values)).any(axis=0)
    kept = np.ones(len(holes), dtype=bool)
    if missing == ZERO and holes.any():
        return [np.nan_to_num(v, nan=0.0, posinf=np.inf, neginf=-np.inf) for v in values], kept, (
            f"{metric}: {holes.sum():,} missing values count as 0."
        )  # fmt: skip
    if missing != DROP:
        return values, kept, None
    if before is not None:
        holes |= np.isnan(before)
    if not holes.any():
        return values, kept, None
    arms = units.data[arm].to_numpy()
    lost = {name: [int((holes & (arms == name)).sum()), int((~holes & (arms == name)).sum())] for name in units.counts}
    told = ", ".join(f"{name} {out:,} of {out + left:,}" for name, (out, left) in lost.items())
    if not (~holes).any() or stats.chi2_contingency(list(lost.values()), correction=False).pvalue < ALARM:
        raise InputError(f"values are missing more often in one arm than in another ({told})")
    return values, ~holes, f"{metric}: rows without a value are left out: {told}."


def _numbers(data: pl.DataFrame, name: str):
    """A column as numbers, yes as 1 and no as 0; of texts most must be numbers, the others are holes (inf, n/a ...)."""
    import polars as pl

    column = data[name]
    if column.dtype == pl.String:
        column = column.set(column.str.strip_chars().str.to_lowercase().is_in(_EMPTY), None)
        said = truths.truths(column)
        read = column.str.strip_chars().cast(pl.Float64, strict=False)
        if said is not None and column.count():
            column = said
        elif 2 * read.count() > column.count() or not column.count():
            column = read
    if not (column.dtype.is_numeric() or column.dtype == pl.Boolean):
        raise InputError(
            f"the column holds {column.dtype}, neither numbers nor yes and no.",
            column=name,
            fix="Choose another metric.",
        )
    return column.cast(pl.Float64).fill_null(float("nan")).to_numpy()

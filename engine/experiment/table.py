"""A/B results in a plain table, without graph or workspace: one row per unit, a column with the arm, metric columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.errors import InputError
from engine.experiment.analysis import Effect, SampleRatio, effects, sample_ratio
from engine.experiment.decision import Decision, broken, decide

if TYPE_CHECKING:
    import polars as pl


class Comparison(NamedTuple):
    """What a plain table says.

    Args:
        control: the arm the others are compared with.
        counts: units per arm.
        ratio: sample-ratio check.
        effects: by metric, one Effect per other arm; None where the metric cannot be judged.
        decisions: by metric, one sentence per other arm.
    """

    control: str
    counts: dict[str, int]
    ratio: SampleRatio
    effects: dict[str, list[Effect | None]]
    decisions: dict[str, list[Decision]]


def compare(
    data: pl.DataFrame, *, arm: str, control: str, metrics: Sequence[str], shares: Mapping[str, float] | None = None,
    covariate: str | None = None, cluster: str | None = None, alpha: float = 0.05,
) -> Comparison:  # fmt: skip
    """Compare every arm with the control on every metric.

    Values that are missing or infinite, arms of one unit and single clusters break the decision on their metric, in
    words; they do not hide the others.

    Args:
        data: one row per unit.
        arm: column with the arm.
        control: its value for the control.
        metrics: numeric or true/false columns, or NUMERATOR/DENOMINATOR for the ratio of two columns' sums.
        shares: planned share per arm, adding up to 1; None = equal shares.
        covariate: column from before the experiment, for CUPED.
        cluster: column with the assigned cluster.
        alpha: 1 - confidence.

    Raises:
        InputError: a column is missing or not a number, rows without arm, no control, one arm only.
    """
    import numpy as np
    import polars as pl

    if not metrics:
        raise InputError("no metric was named.", fix="Give at least one with --metric.")
    parts = {metric: [metric] if metric in data.columns else metric.split("/") for metric in metrics}
    for name in (arm, *(part for pair in parts.values() for part in pair), covariate, cluster):
        if name is not None and name not in data.columns:
            raise InputError(f"there is no column {name!r}.", fix=f"The columns are {', '.join(data.columns)}.")
    lost = data[arm].null_count()
    if lost:
        raise InputError(f"{lost} rows have no arm.", column=arm, fix="Leave them out or name their arm.")
    names = data[arm].cast(pl.String)
    counts = dict(sorted(names.value_counts().iter_rows()))
    if control not in counts:
        raise InputError(f"no row has the control {control!r}.", column=arm, fix=f"The arms are {', '.join(counts)}.")
    if len(counts) < 2:
        raise InputError("there is one arm only.", column=arm, fix="An experiment needs two.")
    ratio = sample_ratio(counts, shares or dict.fromkeys(counts, 1 / len(counts)))
    columns = {name: _numbers(data, name) for pair in parts.values() for name in pair}
    before = None if covariate is None else _numbers(data, covariate)
    clusters = None if cluster is None else data[cluster].cast(pl.String)
    if clusters is not None and clusters.null_count():
        raise InputError(f"{clusters.null_count()} rows have no cluster.", column=cluster, fix="Name their cluster.")
    found: dict[str, list[Effect | None]] = {}
    decisions: dict[str, list[Decision]] = {}
    for metric, (value, *below) in parts.items():
        try:
            rows = effects(
                columns[value],
                names.to_numpy(),
                order=list(counts),
                control=control,
                denominator=columns[below[0]] if below else None,
                covariate=before,
                clusters=None if clusters is None else clusters.to_numpy(),
                alpha=alpha,
                name=metric,
            )
        except InputError as error:
            others = [a for a in counts if a != control]
            found[metric] = [None] * len(others)
            decisions[metric] = [broken(f"{a} against {control} on {metric}", error.message) for a in others]
        else:
            found[metric] = list(rows)
            percent = not below and columns[value].size > 0 and set(np.unique(columns[value])) <= {0.0, 1.0}
            decisions[metric] = decide(rows, ratio, metric=metric, alpha=alpha, percent=percent)
    return Comparison(control, counts, ratio, found, decisions)


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


def _numbers(data: pl.DataFrame, name: str):
    """A column as numbers; a text column of which most cells are numbers is one with holes (nan, inf, n/a ...)."""
    import polars as pl

    column = data[name]
    if column.dtype == pl.String:
        read = column.str.strip_chars().cast(pl.Float64, strict=False)
        if 2 * read.count() > column.count():
            column = read
    if not (column.dtype.is_numeric() or column.dtype == pl.Boolean):
        raise InputError(f"the column holds {column.dtype}, not numbers.", column=name, fix="Choose another metric.")
    return column.cast(pl.Float64).fill_null(float("nan")).to_numpy()

"""A/B results in a plain table, without graph or workspace: one row per unit, a column with the arm, metric columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.errors import InputError
from engine.experiment.analysis import Effect, SampleRatio, effects, sample_ratio
from engine.experiment.decision import decide

if TYPE_CHECKING:
    import polars as pl


class Comparison(NamedTuple):
    """What a plain table says.

    Args:
        control: the arm the others are compared with.
        counts: units per arm.
        ratio: sample-ratio check.
        effects: by metric, one Effect per other arm.
        decisions: by metric, one sentence per other arm.
    """

    control: str
    counts: dict[str, int]
    ratio: SampleRatio
    effects: dict[str, list[Effect]]
    decisions: dict[str, list[str]]


def compare(
    data: pl.DataFrame, *, arm: str, control: str, metrics: Sequence[str], shares: Mapping[str, float] | None = None,
    covariate: str | None = None, cluster: str | None = None, alpha: float = 0.05,
) -> Comparison:  # fmt: skip
    """Compare every arm with the control on every metric.

    Args:
        data: one row per unit.
        arm: column with the arm.
        control: its value for the control.
        metrics: numeric or true/false columns.
        shares: planned share per arm, adding up to 1; None = equal shares.
        covariate: column from before the experiment, for CUPED.
        cluster: column with the assigned cluster.
        alpha: 1 - confidence.

    Raises:
        InputError: a column is missing or not a number, rows without arm, no control, one arm only.
    """
    import polars as pl

    wanted = [arm, *metrics, *(name for name in (covariate, cluster) if name)]
    for name in wanted:
        if name not in data.columns:
            raise InputError(f"there is no column {name!r}.", fix=f"The columns are {', '.join(data.columns)}.")
    if not metrics:
        raise InputError("no metric was named.", fix="Give at least one with --metric.")
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
    found = {
        metric: effects(
            _numbers(data, metric),
            names.to_numpy(),
            order=list(counts),
            control=control,
            covariate=None if covariate is None else _numbers(data, covariate),
            clusters=None if cluster is None else data[cluster].cast(pl.String).to_numpy(),
            alpha=alpha,
            name=metric,
        )
        for metric in metrics
    }
    decisions = {metric: [decide(e, ratio, metric=metric, alpha=alpha) for e in rows] for metric, rows in found.items()}
    return Comparison(control, counts, ratio, found, decisions)


def rows(comparison: Comparison) -> list[dict[str, Any]]:
    """One plain object per metric and arm, as `kindred experiment compare -o json` prints them."""
    return [
        {
            "metric": metric,
            **effect._asdict(),
            "sample_ratio_p": comparison.ratio.p,
            "decision": comparison.decisions[metric][i],
        }
        for metric, found in comparison.effects.items()
        for i, effect in enumerate(found)
    ]


def _numbers(data: pl.DataFrame, name: str):
    import polars as pl

    column = data[name]
    if not (column.dtype.is_numeric() or column.dtype == pl.Boolean):
        raise InputError(f"the column holds {column.dtype}, not numbers.", column=name, fix="Choose another metric.")
    return column.cast(pl.Float64).fill_null(float("nan")).to_numpy()

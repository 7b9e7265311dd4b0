"""How loyal each manufacturer's customers are, overall and by segment (METHODS section 4).

Only customers who changed their handset enter: what is said about retention holds for changers, and is association.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.segments import SEGMENTS, UNKNOWN, with_age_band

if TYPE_CHECKING:
    import polars as pl


def transitions(handsets: pl.DataFrame) -> pl.DataFrame:
    """One row per change of handset.

    Args:
        handsets: table `handsets`.

    Returns:
        customer_id, manufacturer (left), next_manufacturer, changed_at (first day of the next handset), held_days;
        changes from or to a handset whose manufacturer is unknown are left out, since nothing can be said about them.
    """
    import polars as pl

    known = (pl.col("manufacturer") != UNKNOWN) & (pl.col("next_manufacturer") != UNKNOWN)
    return (
        handsets.sort("customer_id", "spell")
        .with_columns(
            pl.col("manufacturer").shift(-1).over("customer_id").alias("next_manufacturer"),
            pl.col("first_at").shift(-1).over("customer_id").alias("changed_at"),
        )
        .filter(pl.col("next_manufacturer").is_not_null())
        .filter(known)
        .select(
            "customer_id",
            "manufacturer",
            "next_manufacturer",
            "changed_at",
            (pl.col("changed_at") - pl.col("first_at")).dt.total_days().alias("held_days"),
        )
    )


def table(handsets: pl.DataFrame, customers: pl.DataFrame, *, by: Sequence[str] = SEGMENTS) -> pl.DataFrame:
    """Table `loyalty`: retention with Wilson interval, share, lift and log-odds per manufacturer and segment.

    Args:
        handsets: table `handsets`.
        customers: table `customers`; segments come from its columns, and `age_band` from its age.
        by: columns to cut by; those the customers do not have are skipped.

    Returns:
        The contract's rows; overall (`segment_by` = '') first, then each column of `by` in order. Log-odds are null
        where retention or share is 0 or 1.
    """
    import polars as pl

    changes = transitions(handsets)
    parts = [_segment(changes.with_columns(segment=pl.lit("")), "")]
    people = with_age_band(customers)
    for column in by:
        if column in people.columns:
            segment = people.select("customer_id", pl.col(column).cast(pl.String).alias("segment")).drop_nulls()
            parts.append(_segment(changes.join(segment, on="customer_id"), column))
    return pl.concat(parts)


def _segment(changes: pl.DataFrame, name: str) -> pl.DataFrame:
    """Rows of table `loyalty` for changes with a column `segment`."""
    import polars as pl
    from statsmodels.stats.proportion import proportion_confint

    stays = pl.col("manufacturer") == pl.col("next_manufacturer")
    left = changes.group_by("segment", "manufacturer").agg(pl.len().alias("n"), stays.sum().alias("retained"))
    taken = changes.group_by("segment", manufacturer=pl.col("next_manufacturer")).agg(pl.len().alias("taken"))
    total = changes.group_by("segment").agg(pl.len().alias("total"))
    rows = (
        left.join(taken, on=["segment", "manufacturer"], how="left")
        .join(total, on="segment")
        .sort("segment", "manufacturer")
    )
    if rows.height:
        low, high = proportion_confint(rows["retained"].to_numpy(), rows["n"].to_numpy(), method="wilson")
    else:
        low, high = [], []
    p, s = pl.col("retention"), pl.col("share")
    inner = (p > 0) & (p < 1) & (s > 0) & (s < 1)
    return (
        rows.with_columns(
            pl.lit(name).alias("segment_by"),
            (pl.col("retained") / pl.col("n")).alias("retention"),
            pl.Series("low", low, dtype=pl.Float64),
            pl.Series("high", high, dtype=pl.Float64),
            (pl.col("taken").fill_null(0) / pl.col("total")).alias("share"),
        )
        .with_columns(
            pl.when(s > 0).then(p / s).alias("lift"),
            pl.when(inner).then((p / (1 - p)).log() - (s / (1 - s)).log()).alias("log_odds"),
        )
        .select(
            "segment_by", "segment", "manufacturer", pl.col("n").cast(pl.Int64), pl.col("retained").cast(pl.Int64),
            "retention", "low", "high", "share", "lift", "log_odds",
        )
    )  # fmt: skip

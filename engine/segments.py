"""Segments of customers that several parts of the engine cut by."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

UNKNOWN = "unknown"  # the manufacturer of a handset that no table of devices knows
SEGMENTS = ("residence", "age_band", "gender")
AGE_BANDS = (18, 25, 35, 45, 55, 65)


def with_age_band(customers: pl.DataFrame) -> pl.DataFrame:
    """`customers` with a text column `age_band` ('18-24', '65+'; null where the age is unknown)."""
    import polars as pl

    bounds = (0, *AGE_BANDS)
    names = [f"{low}-{high - 1}" for low, high in zip(bounds, AGE_BANDS, strict=False)] + [f"{AGE_BANDS[-1]}+"]
    below = [pl.when(pl.col("age") < edge).then(pl.lit(name)) for edge, name in zip(AGE_BANDS, names, strict=False)]
    above = pl.when(pl.col("age") >= AGE_BANDS[-1]).then(pl.lit(names[-1]))
    return customers.with_columns(pl.coalesce(*below, above).alias("age_band"))

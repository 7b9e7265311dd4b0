"""Where an offer was never tried: uplift is not extrapolated to segments in which one arm is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.segments import with_age_band

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

FEW = 30  # smaller segments prove nothing by having no treated customer


@dataclass(frozen=True)
class Gap:
    """A segment (column = value) in which one arm is missing: `treated` or `control`."""

    column: str
    value: str
    arm: str


def gaps(rows: pl.DataFrame, columns: Sequence[str]) -> list[Gap]:
    """Segments of at least `FEW` past rows in which nobody was treated, or nobody was a control.

    Args:
        rows: treatment (1 or 0) and the columns.
        columns: text columns to cut by; age bands are looked at where there is an age.
    """
    import polars as pl

    found = []
    table, names = _banded(rows, columns)
    for name in names:
        counts = (
            table.filter(pl.col(name).is_not_null())
            .group_by(pl.col(name).cast(pl.String).alias("value"))
            .agg(pl.len().alias("n"), pl.col("treatment").sum().alias("treated"))
            .filter((pl.col("n") >= FEW) & ((pl.col("treated") == 0) | (pl.col("treated") == pl.col("n"))))
            .sort("value")
        )
        found += [Gap(name, v, "treated" if t == 0 else "control") for v, t in counts.select("value", "treated").rows()]
    return found


def supported(features: pl.DataFrame, found: Sequence[Gap]) -> np.ndarray:
    """Whether a customer is outside all gaps, bool [rows of features]."""
    import numpy as np
    import polars as pl

    table, _ = _banded(features, [g.column for g in found if g.column != "age_band"])
    inside = np.zeros(features.height, dtype=bool)
    for gap in found:
        if gap.column in table.columns:
            inside |= (table[gap.column].cast(pl.String) == gap.value).fill_null(False).to_numpy()
    return ~inside


def _banded(frame: pl.DataFrame, columns: Sequence[str]) -> tuple[pl.DataFrame, list[str]]:
    names = [c for c in dict.fromkeys(columns) if c in frame.columns]
    if "age" in frame.columns and "age_band" not in frame.columns:
        return with_age_band(frame), [*names, "age_band"]
    return frame, names

"""Rejected rows of tables: the number of each, and why, as names whose words stand in `engine.sources.reasons`.

Frames hold the why in one column of three fields, null where nothing is wrong: `column` (ours, null = the whole row),
`reason` (a name) and `detail` (what else is known, in words).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from engine.sources import reasons

if TYPE_CHECKING:
    import polars as pl

    from engine.warehouse import Warehouse

ROW, WHY = "__row", "__why"
Why = Mapping[str, str | None]


def fields() -> pl.Struct:
    """The type of `WHY`."""
    import polars as pl

    return pl.Struct(dict.fromkeys(("column", "reason", "detail"), pl.String))


def why(column: str | None, reason: str, detail: str | None = None) -> pl.Expr:
    """One why, for every row."""
    import polars as pl

    values = {"column": column, "reason": reason, "detail": detail}
    return pl.struct(pl.lit(value, pl.String).alias(name) for name, value in values.items())


def one(column: str | None, reason: str, detail: str | None = None) -> Why:
    """One why, as a value."""
    return {"column": column, "reason": reason, "detail": detail}


def given(frame: pl.DataFrame) -> pl.Expr:
    """What is wrong with rows already."""
    import polars as pl

    return pl.col(WHY) if WHY in frame.columns else pl.lit(None, fields())


def none() -> pl.DataFrame:
    """No rejected row."""
    import polars as pl

    return pl.DataFrame(schema={ROW: pl.Int64, WHY: fields()})


def words(found: Why) -> str:
    """A why in words, as in an error: `birth_year: not a whole number`."""
    about = f"{found['column']}: " if found["column"] else ""
    detail = f" ({found['detail']})" if found["detail"] else ""
    return f"{about}{reasons.meaning(str(found['reason']))}{detail}"


def details(rejects: pl.DataFrame) -> dict[str, int]:
    """How many rows were rejected, by `rejected_<column>_<reason>`, for a summary."""
    counted: dict[str, int] = {}
    for found in rejects[WHY].to_list():
        name = "_".join(part for part in ("rejected", found["column"], found["reason"]) if part)
        counted[name] = counted.get(name, 0) + 1
    return dict(sorted(counted.items()))


def record(store: Warehouse, source: str, rejects: pl.DataFrame, files: pl.DataFrame | None = None) -> None:
    """Keep numbers and whys of rejected rows; other values may name people and stay in the user's file.

    Args:
        store: the warehouse, inside the import's transaction.
        source: the file's id.
        rejects: `__row` and `__why`.
        files: of photos, `__row` and `raw`: the photo's file as it may be told.
    """
    import polars as pl

    raw = pl.lit("").alias("raw") if files is None else pl.col("raw").fill_null("")
    rows = rejects if files is None else rejects.join(files, on=ROW, how="left", maintain_order="left")
    store.append(
        "rejects",
        rows.unnest(WHY).select(
            pl.lit(source).alias("source_id"), pl.col(ROW).alias("row_number"), "reason", raw,
            pl.col("column").alias("column_name"), "detail",
        ),
    )  # fmt: skip

"""Rows of the contract tables as Spark has them: names, types, frames on their way in, parts written."""

from __future__ import annotations

import re
import uuid
from functools import reduce
from typing import TYPE_CHECKING, Any

from engine.errors import BackendError
from engine.tables import SQL_TYPES, TABLES
from engine.warehouse.catalogue import BLOCK, NUMBERED
from engine.warehouse.statements import Sql

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa
    from pyspark.sql import DataFrame

_TYPES = {"u32": "BIGINT", "texts": "ARRAY<STRING>", "text": "STRING", "time": "TIMESTAMP_NTZ"}


def quote(name: str) -> Sql:
    """`name` as Spark quotes it."""
    return Sql("`" + name.replace("`", "``") + "`")


def literal_path(path: str) -> str:
    """A path that Spark reads as it stands: what it would take for a pattern is marked."""
    return re.sub(r"[\\*?\[\]{}]", r"\\\g<0>", path)


def type_of(kind: str) -> str:
    """Spark's type for a type of the contracts."""
    return "ARRAY<FLOAT>" if kind.startswith("f32[") else _TYPES.get(kind, SQL_TYPES[kind])


def schema(table: str) -> str:
    """The columns of a contract table as Spark declares them."""
    columns = [f"{quote(c.name)} {type_of(c.type)}" for c in TABLES[table].columns]
    return ", ".join(columns + (["row_id BIGINT"] if table in NUMBERED else []))


def any_null(columns: list[str]) -> Any:
    """Whether one of a row's columns is null."""
    from pyspark.sql import functions as f

    return reduce(lambda a, b: a | b, (f.col(c).isNull() for c in columns))


def written(rows: DataFrame, table: str, folder: str, first: int | None) -> dict[str, Any]:
    """Write rows as a new part of a large table.

    Args:
        rows: of Spark; what the contract has beyond their columns is null.
        table: its name.
        folder: where large tables lie.
        first: number of the first row that has none yet; None where rows have no numbers.

    Returns:
        The part's entry in the catalogue.

    Raises:
        BackendError: a value is null that must not be.
    """
    from pyspark.sql import Observation
    from pyspark.sql import functions as f

    contract = TABLES[table]
    missing = [c.name for c in contract.columns if c.name not in rows.columns]
    picks = [
        (f.lit(None) if c.name in missing else f.col(c.name)).cast(type_of(c.type)).alias(c.name)
        for c in contract.columns
    ]
    if first is not None:
        own = f.monotonically_increasing_id() + f.lit(first)
        picks.append((f.col("row_id") if "row_id" in rows.columns else own).alias("row_id"))
    seen = Observation()
    full = [c.name for c in contract.columns if not c.nullable]
    counted = rows.select(*picks).observe(
        seen,
        f.count(f.lit(1)).alias("rows"),
        f.sum(f.when(any_null(full), 1).otherwise(0)).alias("holes"),
        *([f.max("row_id").alias("last")] if first is not None else []),
    )
    part = f"{table}/{uuid.uuid4().hex}"
    counted.write.parquet(f"{folder}/{part}")
    found = seen.get
    if found.get("holes"):
        raise BackendError(f"Table {table}: {found['holes']} rows lack a value that they must have.")
    blocks = {} if first is None else {"block": int(found.get("last") or 0) >> BLOCK}
    return {"path": part, "rows": int(found["rows"]), **blocks}


def arrow(frame: pl.DataFrame) -> pa.Table:
    """A frame in types that Spark takes: signed whole numbers, lists, texts."""
    import polars as pl
    import polars.selectors as cs

    narrow = frame.with_columns(
        cs.by_dtype(pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64).cast(pl.Int64),
        *(pl.col(n).cast(pl.List(t.inner)) for n, t in frame.schema.items() if isinstance(t, pl.Array)),
        cs.categorical().cast(pl.String),
        cs.by_dtype(pl.Enum).cast(pl.String),
    )
    return narrow.to_arrow(compat_level=pl.CompatLevel.oldest())

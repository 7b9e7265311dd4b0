"""Rows of the contract tables as Spark has them: names, types, frames on their way in, parts written."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any

from engine.tables import SQL_TYPES, TABLES, Column
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


def a_task_each(rows: DataFrame, number: str, n: int) -> DataFrame:
    """Rows of which each is a task of its own, whatever Spark thinks of their size.

    Args:
        rows: of Spark.
        number: their column that counts from 0.
        n: how many there are.
    """
    task = "__task"
    return rows.selectExpr("*", f"CAST({number} AS INT) AS {task}").repartitionById(max(n, 1), task).drop(task)


def written(rows: DataFrame, table: str, folder: str, first: int | None) -> dict[str, Any]:
    """Write rows as a new part of a large table; a value that is null and must not be fails the writing.

    Args:
        rows: of Spark; what the contract has beyond their columns is null.
        table: its name.
        folder: where large tables lie.
        first: number of the first row that has none yet; None where rows have no numbers.

    Returns:
        The part's entry in the catalogue.
    """
    have = set(rows.columns)
    picks = [_pick(column, table, column.name in have) for column in TABLES[table].columns]
    if first is not None:
        own = f"monotonically_increasing_id() + {first}"
        picks.append("row_id" if "row_id" in have else f"{own} AS row_id")
    part = f"{table}/{uuid.uuid4().hex}"
    rows.selectExpr(*picks).write.parquet(f"{folder}/{part}")
    stored = rows.sparkSession.read.schema(schema(table)).parquet(literal_path(f"{folder}/{part}"))
    n, last = stored.selectExpr("count(1)", "0" if first is None else "coalesce(max(row_id), 0)").first()
    return {"path": part, "rows": int(n), **({} if first is None else {"block": int(last) >> BLOCK})}


def _pick(column: Column, table: str, have: bool) -> str:
    """A column of a contract table from rows that have it or not, in the contract's type."""
    name, kind = quote(column.name), type_of(column.type)
    value = f"CAST({name if have else 'NULL'} AS {kind})"
    if not column.nullable:
        value = f"coalesce({value}, raise_error('table {table} has a row without {column.name}, which it must have'))"
    return f"{value} AS {name}"


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

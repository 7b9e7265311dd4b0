"""Rows of the contract tables as Spark has them: names, types, frames on their way in."""

from __future__ import annotations

import re
from functools import reduce
from typing import TYPE_CHECKING, Any

from engine.tables import SQL_TYPES, TABLES
from engine.warehouse.catalogue import NUMBERED
from engine.warehouse.statements import Sql

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

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

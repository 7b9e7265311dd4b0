"""A table as Parquet, CSV or JSON lines, in batches of fixed size so that the same rows give the same bytes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any

from engine.tables import TABLES

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

    from engine.warehouse.duckdb import DuckDBWarehouse

FORMATS = ("parquet", "csv", "jsonl")
_BATCH, _BATCH_WIDE = 100_000, 10_000
# A spreadsheet runs a cell that begins so as a formula; an apostrophe before it makes it text.
_FORMULA = r"^[=+\-@\t\r]"


def columns_of(store: DuckDBWarehouse, table: str) -> list[dict[str, Any]]:
    """A table's columns as the manifest names them: name, type, nullable, note; features beyond the contract too."""
    contract = {c.name: c for c in TABLES[table].columns}
    columns = []
    for name in store.columns(table):
        known = contract.get(name)
        if known is not None:
            columns.append({"name": name, "type": known.type, "nullable": known.nullable, "note": known.note})
        else:
            columns.append({"name": name, "type": "any", "nullable": True, "note": "beyond the contract"})
    return columns


def read(store: DuckDBWarehouse, table: str) -> Iterator[pa.Table]:
    """A table's rows ordered by its keys, in Arrow tables of a fixed number of rows (at least one, maybe empty)."""
    order = ", ".join(f'"{key}"' for key in TABLES[table].keys)
    wide = any(c.type == "f32[512]" for c in TABLES[table].columns)
    query = f'SELECT * FROM "{table}" ORDER BY {order}'  # noqa: S608
    return batches(store.connection.sql(query), _BATCH_WIDE if wide else _BATCH)


def batches(relation: Any, size: int) -> Iterator[pa.Table]:
    """Re-cut a relation's batches to `size` rows each; one empty table where there are no rows."""
    import pyarrow as pa

    reader = relation.to_arrow_reader(size)
    held: list[pa.RecordBatch] = []
    count, given = 0, False
    for batch in reader:
        held.append(batch)
        count += batch.num_rows
        while count >= size:
            table = pa.Table.from_batches(held, reader.schema)
            yield table.slice(0, size).combine_chunks()
            given = True
            held, count = table.slice(size).to_batches(), count - size
    if count or not given:
        yield pa.Table.from_batches(held, reader.schema).combine_chunks()


def write(file: IO[bytes], tables: Iterator[pa.Table], format: str) -> int:
    """Write Arrow tables of one schema to a file.

    Args:
        file: opened for writing.
        tables: at least one, for the columns.
        format: one of `FORMATS`.

    Returns:
        Rows written.
    """
    return {"parquet": _parquet, "csv": _csv, "jsonl": _jsonl}[format](file, tables)


def _parquet(file: IO[bytes], tables: Iterator[pa.Table]) -> int:
    import pyarrow.parquet as pq

    rows, writer = 0, None
    for table in tables:
        table = _with_zone(table)
        if writer is None:
            writer = pq.ParquetWriter(file, table.schema, compression="zstd", store_schema=False)
        writer.write_table(table, row_group_size=max(table.num_rows, 1))
        rows += table.num_rows
    writer.close()
    return rows


def _with_zone(table: pa.Table) -> pa.Table:
    """Timestamps marked as UTC."""
    import pyarrow as pa

    fields = [
        pa.field(f.name, pa.timestamp("us", tz="UTC")) if pa.types.is_timestamp(f.type) else f for f in table.schema
    ]
    return table.cast(pa.schema(fields))


def _csv(file: IO[bytes], tables: Iterator[pa.Table]) -> int:
    import polars as pl

    rows = 0
    for number, table in enumerate(tables):
        frame = _plain(pl.from_arrow(table), lists_as_text=True)
        texts = [pl.col(name) for name, kind in frame.schema.items() if kind == pl.String]
        frame = frame.with_columns(
            pl.when(text.str.contains(_FORMULA)).then("'" + text).otherwise(text).alias(text.meta.output_name())
            for text in texts
        )
        file.write(frame.write_csv(include_header=number == 0).encode())
        rows += frame.height
    return rows


def _jsonl(file: IO[bytes], tables: Iterator[pa.Table]) -> int:
    import polars as pl

    rows = 0
    for table in tables:
        frame = _plain(pl.from_arrow(table), lists_as_text=False)
        if frame.height:
            file.write(frame.write_ndjson().encode())
        rows += frame.height
    return rows


def _plain(frame: pl.DataFrame, *, lists_as_text: bool) -> pl.DataFrame:
    """Times and dates as ISO text (times with Z), no NaN, lists as JSON text where wanted."""
    import polars as pl

    changed = []
    for name, kind in frame.schema.items():
        column = pl.col(name)
        if kind == pl.Datetime:
            changed.append(column.dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ"))
        elif kind == pl.Date:
            changed.append(column.dt.strftime("%Y-%m-%d"))
        elif kind.is_float():
            changed.append(column.fill_nan(None))
        elif lists_as_text and isinstance(kind, (pl.List, pl.Array)):
            changed.append(_as_json(column, kind))
    return frame.with_columns(changed)


def _as_json(column: pl.Expr, kind: Any) -> pl.Expr:
    """A list column as JSON text, without a Python object per row."""
    import polars as pl

    boxed = pl.struct(column.alias("v")).struct.json_encode()
    inner = boxed.str.slice(5).str.strip_suffix("}")
    return pl.when(column.is_null()).then(None).otherwise(inner).alias(column.meta.output_name())

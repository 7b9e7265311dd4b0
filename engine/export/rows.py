"""A table as a file of any form, in batches of fixed size so that the same rows give the same bytes."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from typing import IO, TYPE_CHECKING, Any, cast

from engine.export.form import Form
from engine.tables import Table

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

    from engine.trust.folder import Draft
    from engine.warehouse import Warehouse

_BATCH, _BATCH_WIDE = 100_000, 10_000


def columns_of(table: Table, found: list[str]) -> list[dict[str, Any]]:
    """Columns as the manifest names them: name, type, nullable, note; features beyond the contract too.

    Args:
        table: the contract.
        found: columns there are, in order.
    """
    contract = {c.name: c for c in table.columns}
    columns = []
    for name in found:
        known = contract.get(name)
        if known is not None:
            columns.append({"name": name, "type": known.type, "nullable": known.nullable, "note": known.note})
        else:
            columns.append({"name": name, "type": "any", "nullable": True, "note": "beyond the contract"})
    return columns


def read(store: Warehouse, table: Table) -> Iterator[pa.Table]:
    """A table's rows ordered by its keys, in Arrow tables of a fixed number of rows (at least one, maybe empty)."""
    from engine.export.views import JOINED
    from engine.warehouse import sql, sql_text

    if table.name in JOINED:
        text = sql_text(f"export/{table.name}")
    else:
        as_text = {column.name for column in table.columns if column.words}
        chosen = [sql("{c}::VARCHAR AS {c}", c=c) if c in as_text else c for c in store.columns(table.name)]
        text = sql("SELECT {chosen} FROM {table} ORDER BY {keys}", chosen=chosen, table=table.name, keys=table.keys)
    size = batch_rows(table)
    return batches(store.batches(text, {}, rows=size, name=f"export {table.name}"), size)


def batch_rows(table: Table) -> int:
    """Rows held in memory at once: fewer where each carries a face's embedding."""
    return _BATCH_WIDE if any(c.type == "f32[512]" for c in table.columns) else _BATCH


def batches(rows: Iterator[pa.RecordBatch], size: int) -> Iterator[pa.Table]:
    """Re-cut batches, at least one, to `size` rows each; one empty table where there are no rows."""
    import pyarrow as pa

    held: list[pa.RecordBatch] = []
    count, given = 0, False
    for batch in rows:
        held.append(batch)
        count += batch.num_rows
        while count >= size:
            table = pa.Table.from_batches(held, batch.schema)
            yield table.slice(0, size).combine_chunks()
            given = True
            held, count = table.slice(size).to_batches(), count - size
    if count or not given:
        yield pa.Table.from_batches(held, batch.schema).combine_chunks()


def write_files(draft: Draft, name: str, tables: Iterator[pa.Table], form: Form) -> int:
    """Write one table as one file, or as shards `name-00000.…` of `form.shard_rows` rows.

    Args:
        draft: the folder being filled.
        name: of the table.
        tables: at least one, for the columns.
        form: how.

    Returns:
        Rows written.
    """
    ending = f"{form.format}.gz" if form.compress and form.format in ("csv", "jsonl") else form.format
    if not form.shard_rows:
        with _opened(draft, f"{name}.{ending}", name, ending) as file:
            count = write(file, tables, form)
        draft.files[-1]["rows"] = count
        return count
    total = 0
    for number, shard in enumerate(_shards(tables, form.shard_rows)):
        with _opened(draft, f"{name}-{number:05}.{ending}", name, ending) as file:
            count = write(file, shard, form)
        draft.files[-1]["rows"] = count
        total += count
    return total


@contextmanager
def _opened(draft: Draft, path: str, table: str, ending: str) -> Iterator[IO[bytes]]:
    with draft.file(path, table=table, rows=0) as raw:
        if not ending.endswith(".gz"):
            yield raw
            return
        # No name and no time in the header: the same rows give the same bytes.
        with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0, compresslevel=6) as packed:
            yield cast(IO[bytes], packed)  # it has all that is asked of a file


def _shards(tables: Iterator[pa.Table], size: int) -> Iterator[Iterator[pa.Table]]:
    """Cut a stream of tables after every `size` rows; each shard must be used up before the next is asked for."""
    held = next(tables)

    def fill() -> Iterator[pa.Table]:
        nonlocal held
        left = size
        while held is not None and left:
            part = held.slice(0, left)
            left -= part.num_rows
            rest = held.slice(part.num_rows)
            held = rest if rest.num_rows else next(tables, None)
            yield part

    yield fill()
    while held is not None and held.num_rows:
        yield fill()


def write(file: IO[bytes], tables: Iterator[pa.Table], form: Form) -> int:
    """Write Arrow tables of one schema to a file.

    Args:
        file: opened for writing.
        tables: at least one, for the columns.
        form: how.

    Returns:
        Rows written.

    Raises:
        InputError: the form renames a column that there is not; a workbook cannot hold the rows.
    """
    from engine.export import workbook

    if form.rename:
        tables = (table.rename_columns(form.named(table.column_names)) for table in tables)
    if form.format == "csv":
        return _csv(file, tables, form)
    if form.format == "xlsx":
        return workbook.write(file, (plain(table, lists_as_text=True) for table in tables))
    return {"parquet": _parquet, "arrow": _arrow, "jsonl": _jsonl}[form.format](file, tables)


def _parquet(file: IO[bytes], tables: Iterator[pa.Table]) -> int:
    import pyarrow.parquet as pq

    first = _with_zone(next(tables))
    rows = 0
    with pq.ParquetWriter(file, first.schema, compression="zstd", store_schema=False) as writer:
        for table in chain([first], map(_with_zone, tables)):
            writer.write_table(table, row_group_size=max(table.num_rows, 1))
            rows += table.num_rows
    return rows


def _arrow(file: IO[bytes], tables: Iterator[pa.Table]) -> int:
    import pyarrow as pa

    first = _with_zone(next(tables))
    rows = 0
    with pa.ipc.new_file(file, first.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        for table in chain([first], map(_with_zone, tables)):
            writer.write_table(table)
            rows += table.num_rows
    return rows


def _with_zone(table: pa.Table) -> pa.Table:
    """Timestamps marked as UTC, texts and lists in the one Arrow type that every reader knows."""
    import pyarrow as pa

    fields = []
    for field in table.schema:
        kind = field.type
        if pa.types.is_timestamp(kind):
            kind = pa.timestamp("us", tz="UTC")
        elif pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
            kind = pa.string()
        elif pa.types.is_large_list(kind):
            value = kind.value_type
            kind = pa.list_(pa.string() if pa.types.is_large_string(value) or pa.types.is_string_view(value) else value)
        fields.append(pa.field(field.name, kind))
    return table.cast(pa.schema(fields))


def _csv(file: IO[bytes], tables: Iterator[pa.Table], form: Form) -> int:
    import polars as pl
    import polars.selectors as cs

    from engine import formulas

    rows = 0
    for number, table in enumerate(tables):
        frame = plain(table, lists_as_text=True)
        if not form.raw:
            texts = frame.select(cs.string()).columns
            frame = frame.with_columns(formulas.defused(pl.col(name)) for name in texts)
            frame = frame.rename({name: formulas.defuse(name) for name in frame.columns})
        first = number == 0
        comma = form.decimal == ","
        text = frame.write_csv(
            include_bom=form.bom and first, include_header=first, separator=form.delimiter, decimal_comma=comma
        )
        file.write(text.encode())
        rows += frame.height
    return rows


def _jsonl(file: IO[bytes], tables: Iterator[pa.Table]) -> int:
    rows = 0
    for table in tables:
        frame = plain(table, lists_as_text=False)
        if frame.height:
            file.write(frame.write_ndjson().encode())
        rows += frame.height
    return rows


def plain(table: pa.Table, *, lists_as_text: bool) -> pl.DataFrame:
    """A table as a frame: times and dates as ISO text (times with Z), no NaN, lists as JSON text where wanted."""
    import polars as pl

    frame = pl.from_arrow(table)
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
            changed.append(_as_json(column))
    return frame.with_columns(changed)


def _as_json(column: pl.Expr) -> pl.Expr:
    """A list column as JSON text, without a Python object per row."""
    import polars as pl

    boxed = pl.struct(column.alias("v")).struct.json_encode()
    inner = boxed.str.slice(len('{"v":')).str.strip_suffix("}")
    return pl.when(column.is_null()).then(None).otherwise(inner).alias(column.meta.output_name())

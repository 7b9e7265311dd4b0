"""What runs inside Spark's Python workers: a job over one partition, Arrow in and out.

`Partition` gives its job a DuckDB of its own, `Pieces` hands it frames.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.errors import BackendError, EngineError
from engine.version import VERSION
from engine.warehouse import sparkrows
from engine.warehouse.contract import Job, Warehouse
from engine.warehouse.statements import Sql, sql

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

NOTE, PIECE, PLACE = "__note", "__piece", "__place"
_MEMORY = "512MB"
MADE = "place BIGINT, rows BINARY, message STRING, fix STRING"
PER_CORE = 4  # tasks begun together, so that a slow one is not waited for alone
_WAVE = 64_000_000  # bytes: they pass through the memory of Spark's driver


@dataclass(frozen=True)
class Partition:
    """`job(store)` reads temporary table `over` and leaves temporary table `name`; it may return counts.

    Args:
        job: a function of a module (workers import it by name), its settings bound with functools.partial.
        over: name of the table it reads.
        name: of the table it leaves.
        version: of Kindred where the command runs.
    """

    job: Job
    over: str
    name: str
    version: str = VERSION

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """One partition: its rows, then one row that holds the counts."""
        import pyarrow as pa

        _same_version(self.version)
        given = list(batches)
        if not given:
            return
        for piece, rows in _of_one_piece(pa.Table.from_batches(given)):
            found, notes, _ = self._run(rows)
            yield from self._marked(found, piece)
            yield self._note(found.schema, piece, notes)

    def trial(self, nothing: pa.Table) -> tuple[pa.Schema, list[Sql]]:
        """The columns the job gives, from a run over no rows: for Arrow, and as DuckDB declares them."""
        found, _, columns = self._run(nothing)
        return found.schema, columns

    def _run(self, rows: pa.Table) -> tuple[pa.Table, dict[str, int], list[Sql]]:
        from engine.warehouse.duckdb import DuckDBWarehouse

        store = DuckDBWarehouse(threads=1, memory=_MEMORY, contracts=False)
        try:
            with store.registered("_given", rows):
                store.execute_text(sql("CREATE TEMP TABLE {over} AS SELECT * FROM _given", over=self.over))
            notes = self.job(store) or {}
            kinds = store.query_text(sql("DESCRIBE {name}", name=self.name)).select("column_name", "column_type").rows()
            declared = [sql("{name} {kind}", name=name, kind=Sql(kind)) for name, kind in kinds]
            return _plain(store, self.name, kinds), notes, declared
        finally:
            store.close()

    def _marked(self, found: pa.Table, piece: int) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        place = 0
        for batch in found.to_batches(max_chunksize=1 << 16):
            n = batch.num_rows
            columns = [*batch.columns, pa.nulls(n, pa.string()), pa.array([piece] * n, pa.int64())]
            columns.append(pa.array(range(place, place + n), pa.int64()))
            place += n
            yield pa.RecordBatch.from_arrays(columns, names=[*found.schema.names, NOTE, PIECE, PLACE])

    @staticmethod
    def _note(schema: pa.Schema, piece: int, notes: dict[str, int]) -> pa.RecordBatch:
        import pyarrow as pa

        columns = [pa.nulls(1, field.type) for field in schema]
        columns += [pa.array([json.dumps(notes)]), pa.array([piece], pa.int64()), pa.nulls(1, pa.int64())]
        return pa.RecordBatch.from_arrays(columns, names=[*schema.names, NOTE, PIECE, PLACE])


def _of_one_piece(rows: pa.Table) -> Iterator[tuple[int, pa.Table]]:
    """Rows by their pieces, of which each is one row: whoever spreads them may put several together."""
    if "piece" not in rows.column_names:
        yield 0, rows
        return
    for at, piece in enumerate(rows["piece"].to_pylist()):
        yield piece, rows.slice(at, 1)


def _plain(store: Warehouse, name: str, kinds: list[tuple[str, str]]) -> pa.Table:
    """A temporary table in types that Spark has: enumerations as text, signed whole numbers."""
    import pyarrow as pa

    known = {"ENUM": "VARCHAR", "UINT": "BIGINT", "UBIG": "BIGINT"}
    picks = [sql("{c}::{kind} AS {c}", c=c, kind=Sql(known.get(kind[:4], kind))) for c, kind in kinds]
    text = sql("SELECT {picks} FROM {name}", picks=picks, name=name)
    return pa.Table.from_batches(store.batches(text, {}, rows=1 << 16, name=name))


def notes(table: str) -> Sql:
    """What the jobs counted, as rows of Spark."""
    return sql("SELECT {note} AS note FROM {table} WHERE {note} IS NOT NULL", note=Sql(NOTE), table=Sql(table))


def numbered(table: str, names: list[str]) -> Sql:
    """Rows of mapped partitions with `row_id`, their number over all pieces in the pieces' order, in Spark's words."""
    return sql(
        "SELECT {chosen}, s.{place} + o.offset AS row_id FROM {table} AS s INNER JOIN ("
        "SELECT {piece}, coalesce(sum(n) OVER (ORDER BY {piece} ROWS BETWEEN UNBOUNDED PRECEDING "
        "AND 1 PRECEDING), 0) AS offset FROM (SELECT {piece}, count({place}) AS n FROM {table} "
        "GROUP BY {piece}) AS c) AS o ON s.{piece} = o.{piece} "
        "WHERE s.{note} IS NULL",
        chosen=[sql("s.{name}", name=sparkrows.quote(name)) for name in names],
        table=Sql(table),
        place=Sql(PLACE),
        piece=Sql(PIECE),
        note=Sql(NOTE),
    )


def ddl(schema: pa.Schema) -> str:
    """The columns of a job's result as Spark writes them."""
    import pyarrow as pa

    names = {
        pa.int64(): "BIGINT", pa.int32(): "INT", pa.float64(): "DOUBLE", pa.bool_(): "BOOLEAN",
        pa.timestamp("us"): "TIMESTAMP_NTZ", pa.date32(): "DATE", pa.string(): "STRING",
    }  # fmt: skip
    columns = [f"`{field.name}` {names.get(field.type, 'STRING')}" for field in schema]
    return ", ".join([*columns, f"`{NOTE}` STRING", f"`{PIECE}` BIGINT", f"`{PLACE}` BIGINT"])


@dataclass(frozen=True)
class Pieces:
    """`job(rows, threads=1)` over pieces of a frame, each as an Arrow stream: what types they have, they keep.

    Args:
        job: a function of a module (workers import it by name), its settings bound with functools.partial.
        version: of Kindred where the command runs.
    """

    job: Callable[..., Iterator[pl.DataFrame]]
    version: str = VERSION

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """One partition: rows of `MADE` for rows of a `wave`."""
        import pyarrow as pa

        for batch in batches:
            for place, rows in zip(*batch.to_pydict().values(), strict=True):
                columns = [[place], *([value] for value in self._done(rows))]
                kinds = (pa.int64(), pa.binary(), pa.string(), pa.string())
                arrays = [pa.array(column, kind) for column, kind in zip(columns, kinds, strict=True)]
                yield pa.RecordBatch.from_arrays(arrays, names=["place", "rows", "message", "fix"])

    def _done(self, rows: bytes) -> tuple[bytes | None, str | None, str | None]:
        """What the job made of a piece, or the error it raised on purpose, which no second attempt would mend."""
        import polars as pl

        try:
            _same_version(self.version)
            made = list(self.job(pl.read_ipc_stream(rows), threads=1))
        except EngineError as error:
            return None, error.message, error.fix
        return (_packed(pl.concat(made)) if made else None), None, None


def wave(rows: pl.DataFrame, size: int, most: int) -> tuple[pa.Table, int]:
    """The first pieces of a frame as rows (place, rows: an Arrow stream), and how many of the frame's they hold.

    Args:
        rows: the frame, not empty.
        size: rows of a piece.
        most: pieces.
    """
    import pyarrow as pa

    pieces: list[bytes] = []
    total = 0
    for piece in rows.head(size * most).iter_slices(size):
        packed = _packed(piece)
        total += len(packed)
        if pieces and total > _WAVE:
            break
        pieces.append(packed)
    sent = pa.table({"place": pa.array(range(len(pieces)), pa.int64()), "rows": pa.array(pieces, pa.binary())})
    return sent, min(size * len(pieces), rows.height)


def unpacked(made: pa.Table) -> Iterator[pl.DataFrame]:
    """The frames of rows of `MADE` in their order; raises EngineError where one of the jobs did."""
    import polars as pl

    for row in made.sort_by("place").to_pylist():
        if row["message"] is not None:
            raise EngineError(row["message"], fix=row["fix"])
        if row["rows"] is not None:
            yield pl.read_ipc_stream(row["rows"])


def _same_version(driver: str) -> None:
    """Raise BackendError where the worker's Kindred is another one: its results may differ."""
    if driver != VERSION:
        raise BackendError(
            f"the workers have Kindred {VERSION}, this command is {driver}.", fix="Install the same version there."
        )


def _packed(frame: pl.DataFrame) -> bytes:
    import io

    stream = io.BytesIO()
    frame.write_ipc_stream(stream)
    return stream.getvalue()

"""The embedded warehouse: one DuckDB file."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from engine.progress import SILENT, Progress
from engine.tables import SQL_TYPES, TABLES, Column, Table, check
from engine.warehouse.contract import Job, Warehouse
from engine.warehouse.faults import explained, handed_on
from engine.warehouse.file import DatabaseFile
from engine.warehouse.statements import Sql, joined, literal, sql, sql_text

if TYPE_CHECKING:
    import duckdb
    import polars as pl
    import pyarrow as pa

_INSERT = re.compile(r'^INSERT INTO "?(\w+)"?', re.MULTILINE)
_SOME_VALUES = {
    "text": "''",
    "bool": "false",
    "date": "DATE '1970-01-01'",
    "time": "TIMESTAMP '1970-01-01'",
    "texts": "[]",
}


class _Stream:
    """A result as Arrow's stream, which needs neither pyarrow nor numpy (.1 s of every command to load).

    polars remembers the type of what it is given until the process ends, and DuckDB complains on stderr of types of its
    own that are remembered so long: hence a type of ours.
    """

    def __init__(self, relation: duckdb.DuckDBPyRelation) -> None:
        self._relation = relation

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._relation.__arrow_c_stream__(requested_schema)


class DuckDBWarehouse(DatabaseFile, Warehouse):
    """Runs statements in one DuckDB database; see `Warehouse` for the methods, `DatabaseFile` for the arguments."""

    spreads = False

    def __init__(self, *args: Any, **options: Any) -> None:
        self.touched: set[str] = set()
        self._overlay: set[str] | None = None  # tables in front of the stored ones, where there is an overlay
        super().__init__(*args, **options)

    # ---- rows out

    def query(self, statement: str, /, **params: Any) -> pl.DataFrame:
        """See `Warehouse.query`."""
        return self.query_text(sql_text(statement), params, name=statement)

    def query_text(self, text: str, params: dict[str, Any] | None = None, *, name: str = "") -> pl.DataFrame:
        """See `Warehouse.query_text`."""
        import polars as pl
        import polars.selectors as cs

        with explained(name or text), handed_on(pl.exceptions.ComputeError):
            frame = pl.DataFrame(_Stream(self.connection.sql(text, params=params or None)))
        return frame.with_columns(cs.categorical().cast(str))  # one of few words is a text to whoever reads it

    def batches(
        self, text: str, params: dict[str, Any], /, *, rows: int, name: str, ahead: int = 1_000_000
    ) -> Iterator[pa.RecordBatch]:
        """See `Warehouse.batches`."""
        import pyarrow as pa

        with explained(name), handed_on(OSError):
            self.connection.execute(sql("SET streaming_buffer_size = {size}", size=literal(f"{ahead} bytes")))
            found = self.connection.sql(text, params=params or None).to_arrow_reader(rows)
            # Arrow makes arrays of Python's lists with pandas at hand, a third of a second to load.
            none = pa.RecordBatch.from_arrays([pa.nulls(0, field.type) for field in found.schema], schema=found.schema)
            yield next(found, none)
            yield from found

    def read(self, table: str, /, columns: list[str] | None = None) -> pl.DataFrame:
        """See `Warehouse.read`."""
        return self.query_text(ordered(table, columns or self.columns(table)), name=f"read {table}")

    def count(self, table: str, /) -> int:
        """See `Warehouse.count`."""
        return self.connection.execute(sql("SELECT count(*) FROM {table}", table=table)).fetchall()[0][0]

    def counts(self) -> dict[str, int]:
        """See `Warehouse.counts`; in one statement: every command that writes asks twice."""
        parts = (sql("SELECT {name}, count(*) FROM {table}", name=literal(table), table=table) for table in TABLES)
        found = dict(self.connection.execute(joined(" UNION ALL ", parts)).fetchall())
        return {table: found[table] for table in TABLES}

    def columns(self, table: str, /) -> list[str]:
        """See `Warehouse.columns`."""
        found = [row[0] for row in self.connection.execute(sql("DESCRIBE {table}", table=table)).fetchall()]
        own = TABLES[table].names if table in TABLES else []
        return [c for c in own if c in found] + [c for c in found if c not in own]

    # ---- rows in

    def create(self, table: str, statement: str, /, **params: Any) -> int:
        """See `Warehouse.create`."""
        self.touched.add(table)
        self._recreate(table)
        self.ensure_columns(table, TABLES[table].names)
        text = sql("INSERT INTO {table} BY NAME {rows}", table=table, rows=sql_text(statement))
        self._run(text, params, statement)
        return self.count(table)

    def write(self, table: str, frame: pl.DataFrame, /) -> int:
        """See `Warehouse.write`."""
        frame = check(frame, table)
        self._recreate(table)
        return self._insert(table, frame)

    def append(self, table: str, frame: pl.DataFrame, /, *, unique: bool = True) -> int:
        """See `Warehouse.append`."""
        return self._insert(table, check(frame, table, unique=unique))

    def ensure_columns(self, table: str, columns: Collection[str], /) -> list[str]:
        """See `Warehouse.ensure_columns`."""
        absent: set[str] = set()
        if TABLES[table].sparse:
            told = self.connection.execute(sql("PRAGMA table_info({table})", table=table)).fetchall()
            absent = {name for _, name, _, _, computed, _ in told if computed is not None}
        for name in sorted(absent & set(columns)):
            made = Sql(TABLES[table].column(name).ddl())
            with explained(f"make room in {table}"):
                self.connection.execute(sql("ALTER TABLE {table} DROP COLUMN {name}", table=table, name=name))
                self.connection.execute(sql("ALTER TABLE {table} ADD COLUMN {made}", table=table, made=made))
        return [c for c in self.columns(table) if c not in absent or c in columns]

    def execute(self, statement: str, /, **params: Any) -> None:
        """See `Warehouse.execute`."""
        self._run(sql_text(statement), params, statement)

    def execute_text(self, text: str, params: dict[str, Any] | None = None, *, name: str = "") -> None:
        """See `Warehouse.execute_text`."""
        self._run(text, params or {}, name or text)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """See `Warehouse.transaction`; a transaction inside a transaction joins it."""
        if self._inside:
            yield
            return
        self.connection.execute("BEGIN")
        self._inside = True
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK")
            self._read_clock()
            raise
        finally:
            self._inside = False
        with explained("COMMIT"):
            self.connection.execute("COMMIT")

    # ---- rows for a while

    def temp(self, name: str, statement: str, /, **params: Any) -> None:
        """See `Warehouse.temp`."""
        self._run(kept_as(name, sql_text(statement)), params, statement)

    def keep(self, name: str, frame: pl.DataFrame, /) -> None:
        """See `Warehouse.keep`."""
        with self.registered("_incoming", frame):
            self._run(kept_as(name, Sql("SELECT * FROM _incoming")), {}, f"keep {name}")

    def drop(self, *names: str) -> None:
        """See `Warehouse.drop`."""
        for name in names:
            self.execute_text(sql("DROP TABLE IF EXISTS temp.{name}", name=name))

    def register(self, name: str, rows: pl.DataFrame | pa.Table, /) -> None:
        """See `Warehouse.register`."""
        self.connection.register(name, rows.to_arrow() if hasattr(rows, "to_arrow") else rows)

    def unregister(self, name: str, /) -> None:
        """See `Warehouse.unregister`."""
        self.connection.unregister(name)

    @contextmanager
    def overlay(self) -> Iterator[Warehouse]:
        """See `Warehouse.overlay`: temporary tables in front of the stored ones."""
        self._overlay = set()
        try:
            with self._nothing_touched():
                yield self
        finally:
            made, self._overlay = self._overlay, None
            self.drop(*sorted(made))

    @contextmanager
    def sandbox(self, tables: Sequence[str]) -> Iterator[None]:
        """See `Warehouse.sandbox`: a database of its own in memory, with views of the stored tables."""
        home = self.database_name()
        self.execute_text("ATTACH ':memory:' AS sandbox (READ_WRITE)")
        try:
            self.execute_text("USE sandbox")
            for table in TABLES.values():
                if table.name not in tables:
                    self.execute_text(table.ddl())
            for name in tables:
                self.execute_text(sql("CREATE VIEW {name} AS SELECT * FROM {home}.main.{name}", name=name, home=home))
            with self._nothing_touched():
                yield
        finally:
            self.execute_text(sql("USE {home}", home=home))
            self.execute_text("DETACH sandbox")

    @contextmanager
    def _nothing_touched(self) -> Iterator[None]:
        """What is written inside the `with` is not stored."""
        before = set(self.touched)
        try:
            yield
        finally:
            self.touched = before

    # ---- work on rows

    def map_partitions(self, name: str, job: Job, over: str) -> dict[str, int]:
        """See `Warehouse.map_partitions`: here it is one job."""
        return job(self) or {}

    def map_rows(
        self,
        rows: pl.DataFrame,
        job: Callable[..., Iterator[pl.DataFrame]],
        /,
        *,
        size: int,
        name: str,
        threads: int = 0,
        progress: Progress = SILENT,
    ) -> Iterator[pl.DataFrame]:
        """See `Warehouse.map_rows`: here it is one job, which draws its own bar."""
        return job(rows, threads=threads, progress=progress)

    # ---- inside

    def _recreate(self, table: str) -> None:
        """Put an empty table in the place of the stored one, or in front of it."""
        if self._overlay is None:
            self.connection.execute(sql("DROP TABLE IF EXISTS {table}", table=table))
            self.connection.execute(TABLES[table].ddl())
        else:
            self._overlay.add(table)
            front = TABLES[table].ddl().replace("CREATE TABLE IF NOT EXISTS", "CREATE OR REPLACE TEMP TABLE", 1)
            self.connection.execute(front)

    def _insert(self, table: str, frame: pl.DataFrame) -> int:
        self.touched.add(table)
        known = set(self.columns(table))
        for column in frame.columns:
            if column not in known:
                kind = Sql("DOUBLE" if frame[column].dtype.is_numeric() else "VARCHAR")
                text = sql("ALTER TABLE {table} ADD COLUMN {column} {kind}", table=table, column=column, kind=kind)
                self.connection.execute(text)
        if not frame.height:
            return 0
        room = self.ensure_columns(table, [c for c in frame.columns if frame[c].null_count() < frame.height])
        chosen = [c for c in frame.columns if c in room]
        with self.registered("_incoming", frame):
            text = sql("INSERT INTO {table} BY NAME SELECT {chosen} FROM _incoming", table=table, chosen=chosen)
            self._run(text, {}, f"insert {table}")
        return frame.height

    def _run(self, text: str, params: dict[str, Any], name: str) -> None:
        with explained(name):
            done = self.connection.execute(text, params or None)
            into = _INSERT.search(text) if self._inside else None
            if into and into[1] in TABLES and done.fetchone() == (0,):
                self._insert_and_delete(TABLES[into[1]])

    def _insert_and_delete(self, table: Table) -> None:
        """Insert a row and delete it.

        Within a transaction DuckDB 2.0.0 does not see rows that follow an insert of none, where they are 122,880 or
        more at once, until the file is opened again. With a row in between it does.
        """
        needed = [column for column in table.columns if not column.nullable]
        row = {"table": table.name, "names": [c.name for c in needed], "values": [_some_value(c) for c in needed]}
        self.connection.execute(sql("INSERT INTO {table} ({names}) VALUES ({values})", **row))
        self.connection.execute(sql("DELETE FROM {table} WHERE ({names}) = ({values})", **row))


def kept_as(name: str, rows: Sql) -> Sql:
    """The statement that keeps rows as a temporary table."""
    return sql("CREATE OR REPLACE TEMP TABLE {name} AS {rows}", name=name, rows=rows)


def ordered(table: str, columns: Sequence[str]) -> Sql:
    """The statement that reads a contract table in the order of its keys."""
    keys = TABLES[table].keys
    return sql("SELECT {columns} FROM {table} ORDER BY {keys}", columns=columns, table=table, keys=keys)


def cast(column: str, kind: str) -> Sql:
    """A column, in another type and by its own name."""
    return sql("CAST({column} AS {kind}) AS {column}", column=column, kind=Sql(kind))


def _some_value(column: Column) -> Sql:
    """Some value of a column."""
    value = literal(column.words[0]) if column.words else Sql(_SOME_VALUES.get(column.type, "0"))
    return sql("CAST({value} AS {kind})", value=value, kind=Sql(SQL_TYPES[column.type]))

"""The warehouse on Apache Spark: DuckDB keeps the catalogue and small tables, Spark computes and keeps the large ones.

Contract (what both engines promise is `engine.warehouse.Warehouse`; this is how it is kept here):

- A large table (`LARGE`: whatever grows with calls or subscribers) is a list of Parquet folders below
  `warehouse.folder`, each written once. The list stands in the catalogue, which is the workspace's DuckDB file: the
  stage's line in `runs`, the line in `sources` and the lists of all tables written appear in one transaction. A killed
  driver leaves folders that nobody names, swept by a later run.
- Small tables (customers, devices, offers, ..., sources, runs, meta) live in the DuckDB file and are handed to Spark
  when a statement asks for them. Temporary tables of Spark are Parquet below `_scratch/`, gone with the connection.
- A statement runs on Spark if it reads or writes a large table or a temporary one of Spark's, else in DuckDB.
- In front of the file's empty tables lie temporary views of the Parquet, with the contract's types: whatever only reads
  (exports, reports' pages, `status`) works as before, without a Java machine.
- A DuckDB in memory, whose tables are empty, tells the types: each result has the columns and types DuckDB would give.
"""

from __future__ import annotations

import io
import json
import logging
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.clock import UTC, Clock
from engine.errors import EngineError
from engine.progress import SILENT, Progress
from engine.tables import TABLES, check
from engine.warehouse import session, sparkrows, workers
from engine.warehouse.catalogue import BLOCK, LARGE, NUMBERED, SCRATCH, Catalogue
from engine.warehouse.contract import Job
from engine.warehouse.dialect import SET, Statement, function, split, translated
from engine.warehouse.duckdb import DuckDBWarehouse, kept_as, ordered
from engine.warehouse.faults import title_of
from engine.warehouse.statements import Sql, sql, sql_text

if TYPE_CHECKING:
    import polars as pl
    from pyspark.sql import DataFrame, SparkSession

_log = logging.getLogger(__name__)


class SparkWarehouse(Catalogue):
    """See `engine.warehouse.Warehouse` for the methods' contracts, and the module for how they are kept.

    Args:
        path: the catalogue, the workspace's DuckDB file.
        master: Spark's, see `engine.warehouse.session.start`.
        folder: where large tables lie, a folder or a URL that the driver and all workers reach.
        memory: of the driver's Java machine and of the catalogue's DuckDB.
        options: as for `DuckDBWarehouse`.
    """

    spreads = True

    def __init__(self, path: Path, *, master: str = "", folder: str, memory: str = "", **options: Any) -> None:
        self._master, self._memory = master, memory
        reads = options.get("read_only", False)
        self._scratch = f"{folder.rstrip('/')}/{SCRATCH}/{'r' if reads else 'w'}-{uuid.uuid4().hex}"
        self._temps: dict[str, int | None] = {}  # temporary tables of Spark with their rows, once counted
        self._paths: dict[str, str] = {}
        self._typing = DuckDBWarehouse()
        super().__init__(path, folder=folder, memory=memory, **options)

    @cached_property
    def spark(self) -> SparkSession:
        """The session; started when the first statement needs it."""
        started = session.start(self._master, memory=self._memory)
        _log.info("Spark %s", started.version)
        return started

    def _tell(self, clock: Clock) -> None:
        super()._tell(clock)
        self._knows_clock = clock == UTC  # UTC's days need no function

    def close(self) -> None:
        """See `DuckDBWarehouse.close`; temporary tables go."""
        if "spark" in self.__dict__:
            # A cluster that is gone shall not hide why.
            with suppress(Exception):
                self._remove(self._scratch)
            session.end(self.spark, self._known)
        self._typing.close()
        super().close()

    def _remove(self, folder: str) -> None:
        """Delete rows that were kept for a while; of a folder that only Spark reaches, what is left has no rows."""
        if self._local:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            self.spark.sql("SELECT 1 AS nothing WHERE false").write.mode("overwrite").parquet(folder)

    # ---- statements

    def query_text(self, text: str, params: dict[str, Any] | None = None, *, name: str = "") -> pl.DataFrame:
        """See `DuckDBWarehouse.query_text`."""
        statement = translated(text, self.clock)
        if statement.kind != "select" or not self._runs_on_spark(statement):
            return super().query_text(text, params, name=name)
        for table in sorted(statement.reads):
            self._make_known(table)
        typed = self._typing.query_text(_without_rows(Sql(text)), params, name=name)
        with self._named(name or text):
            frame = self._to_polars(self._rows(statement, params or {}, name).toArrow())
        return frame.select(typed.columns).cast(dict(typed.schema))

    def temp(self, name: str, statement: str, /, **params: Any) -> None:
        """See `Warehouse.temp`."""
        self.execute_text(kept_as(name, sql_text(statement)), params, name=statement)

    def create(self, table: str, statement: str, /, **params: Any) -> int:
        """See `Warehouse.create`."""
        read = translated(sql_text(statement), self.clock)
        if table not in LARGE:
            if self._runs_on_spark(read):
                return self.write(table, self.query(statement, **params))
            self._known.discard(table)
            return super().create(table, statement, **params)
        with self._named(statement):
            self._set_parts(table, [self._write_part(table, self._rows(read, params, statement))])
        return self.count(table)

    def execute(self, statement: str, /, **params: Any) -> None:
        """See `Warehouse.execute`."""
        self.execute_text(sql_text(statement), params, name=statement)

    def execute_text(self, text: str, params: dict[str, Any] | None = None, *, name: str = "") -> None:
        """See `DuckDBWarehouse.execute_text`."""
        statement = translated(text, self.clock)
        target = statement.target
        if statement.kind == "drop":
            self._forget(target)
            super().execute_text(text, params, name=name)
            self._typing.execute_text(text)
        elif statement.kind == "other" or not (
            self._runs_on_spark(statement) or target in LARGE or target in self._temps
        ):
            super().execute_text(text, params, name=name)
            # What DuckDB holds is handed to Spark anew when it is asked for next.
            self._known -= {*TABLES, target} - set(LARGE)
        else:
            with self._named(name or text):
                self._execute_on_spark(statement, text, params or {}, name)

    def _execute_on_spark(self, statement: Statement, text: str, params: dict[str, Any], name: str) -> None:
        """Run a statement that leaves something, on Spark."""
        target = statement.target
        if statement.kind in ("table", "view"):
            for table in sorted(statement.reads):
                self._make_known(table)
            head, body = split(text)
            self._typing.execute_text(sql("{head} {none}", head=head, none=_without_rows(body)), params, name=name)
            if statement.kind == "view":
                # As text, so that it follows its tables when they are replaced.
                view = {"target": sparkrows.quote(target), "rows": Sql(statement.sql)}
                self.spark.sql(sql("CREATE OR REPLACE TEMPORARY VIEW {target} AS {rows}", **view))
                self._known.add(target)
                self._temps[target] = None
            else:
                self._keep(target, self._rows(statement, params, name))
        elif statement.kind == "insert" and target in LARGE:
            part = self._write_part(target, self._rows(statement, params, name))
            self._set_parts(target, [*self._parts[target], *([part] if part["rows"] else [])])
        elif statement.kind == "insert":
            self.append(target, self._to_polars(self._rows(statement, params, name).toArrow()))
        elif target in LARGE:
            if self._parts[target]:
                rows = self._replaced(target, self._rows(statement, params, name))
                self._set_parts(target, [self._write_part(target, rows)])
        elif target in self._temps:
            self._keep(target, self._replaced(target, self._rows(statement, params, name)))
        else:
            # A small table changes by what a temporary one of Spark's says: the rows come to DuckDB.
            borrowed = [table for table in statement.reads if table in self._temps]
            for table in borrowed:
                with self.registered("_of_spark", self.spark.table(table).toArrow()):
                    super().execute_text(sql("CREATE TEMP TABLE {table} AS SELECT * FROM _of_spark", table=table))
            super().execute_text(text, params, name=name)
            for table in borrowed:
                super().execute_text(sql("DROP TABLE {table}", table=table))
            self._known -= set(TABLES) - set(LARGE)

    def _runs_on_spark(self, statement: Statement) -> bool:
        """Whether Spark runs a statement."""
        return any(name in LARGE or name in self._temps for name in statement.reads)

    def _rows(self, statement: Statement, params: dict[str, Any], name: str) -> DataFrame:
        """The rows of a statement, not computed yet."""
        for table in sorted(statement.reads):
            self._make_known(table)
        if not self._knows_clock:
            self.spark.sql(function(self.clock))
            self._knows_clock = True
        values = {key: value for key, value in params.items() if key in statement.parameters}
        rows = self.spark.sql(statement.sql, args=values or None)
        if _log.isEnabledFor(logging.INFO):
            _log.info("%s\n%s", name or statement.sql, _plan(rows))
        return rows

    def _make_known(self, table: str) -> None:
        """Make a table known to Spark under its name."""
        if table in self._known:
            return
        if table in LARGE:
            if self._parts[table]:
                paths = [sparkrows.literal_path(f"{self._folder}/{part['path']}") for part in self._parts[table]]
                rows = self.spark.read.schema(sparkrows.schema(table)).parquet(*paths)
            else:
                rows = self.spark.createDataFrame([], sparkrows.schema(table))
            rows.createOrReplaceTempView(table)
        else:
            frame = self.connection.sql(sql("SELECT * FROM {table}", table=table)).pl()
            self._to_spark(frame).createOrReplaceTempView(table)
            self._typing.keep(table, frame.clear())
        self._known.add(table)

    def _keep(self, name: str, rows: DataFrame) -> None:
        """Keep rows as a temporary table."""
        path = f"{self._scratch}/{name}-{uuid.uuid4().hex[:8]}"
        rows.write.parquet(path)
        if name in self._paths:
            self._remove(self._paths[name])
        self._paths[name] = path
        kept = self.spark.read.schema(rows.schema).parquet(sparkrows.literal_path(path))
        kept.createOrReplaceTempView(name)
        self._known.add(name)
        self._temps[name] = None

    def _forget(self, name: str) -> None:
        self._known.discard(name)
        if name in self._temps:
            del self._temps[name]
            self.spark.catalog.dropTempView(name)

    def _replaced(self, target: str, rows: DataFrame) -> DataFrame:
        """The columns of an update with their new values in their old places."""
        fresh = {column.removeprefix(SET) for column in rows.columns if column.startswith(SET)}
        old = [column for column in rows.columns if not column.startswith(SET)]
        return rows.select(*(rows[SET + c].alias(c) if c in fresh else rows[c] for c in old))

    # ---- rows in and out

    def _write_part(self, table: str, rows: DataFrame) -> dict[str, Any]:
        """Write rows as a new part of a large table; returns its entry in the catalogue."""
        first = self._next_block(table) << BLOCK if table in NUMBERED else None
        return sparkrows.written(rows, table, self._folder, first)

    def _next_block(self, table: str) -> int:
        """Above the numbers of all rows that are there: each insert numbers its rows within a block of its own.

        Blocks are not counted by the parts, for a deletion makes one part of all, and the numbers stay.
        """
        if any("block" not in part for part in self._parts[table]):  # of an older Kindred
            self._make_known(table)
            last = self.spark.table(table).selectExpr("max(row_id)").first()[0] or 0
            return (int(last) >> BLOCK) + 1
        return max((part["block"] + 1 for part in self._parts[table]), default=0)

    def write(self, table: str, frame: pl.DataFrame, /) -> int:
        """See `Warehouse.write`."""
        if table not in LARGE:
            self._known.discard(table)
            return super().write(table, frame)
        frame = check(frame, table)
        with self._named(f"write {table}"):
            self._set_parts(table, [self._part_of(table, frame)])
        return frame.height

    def append(self, table: str, frame: pl.DataFrame, /, *, unique: bool = True) -> int:
        """See `Warehouse.append`."""
        if table not in LARGE:
            self._known.discard(table)
            return super().append(table, frame, unique=unique)
        frame = check(frame, table, unique=unique)
        if frame.height:
            with self._named(f"append {table}"):
                self._set_parts(table, [*self._parts[table], self._part_of(table, frame)])
        return frame.height

    def read(self, table: str, /, columns: list[str] | None = None) -> pl.DataFrame:
        """See `Warehouse.read`."""
        text = ordered(table, columns or self.columns(table))
        # Where DuckDB reaches the files it reads them faster.
        run = super().query_text if self._local else self.query_text
        return run(text, name=f"read {table}")

    def count(self, table: str, /) -> int:
        """See `Warehouse.count`."""
        if table in LARGE:
            return sum(part["rows"] for part in self._parts[table])
        if table in self._temps:
            rows = self._temps[table]
            if rows is None:
                rows = self._temps[table] = int(self.spark.table(table).count())
            return rows
        return super().count(table)

    def map_partitions(self, name: str, job: Job, over: str) -> dict[str, int]:
        """See `Warehouse.map_partitions`."""
        with self._named(f"map partitions into {name}"):
            self._make_known(over)
            source = self.spark.table(over)
            part = workers.Partition(job, over, name)
            # What the job gives is learned from a run over no rows, here.
            given = self._typing if over in self._temps else self
            nothing = given.connection.sql(_without_rows(sql("SELECT * FROM {over}", over=over))).to_arrow_table()
            schema, columns = part.trial(nothing)
            if "piece" in source.columns:
                source = sparkrows.a_task_each(source, "piece", self.count(over))
            elif over not in self._temps:
                source = source.repartition(workers.PER_CORE * self._tasks_at_once())
            self._keep("_mapped", source.mapInArrow(lambda batches: part(batches), workers.ddl(schema)))
            notes: dict[str, int] = {}
            for row in self.spark.sql(workers.notes("_mapped")).collect():
                for key, value in json.loads(row["note"]).items():
                    notes[key] = notes.get(key, 0) + value
            self._keep(name, self.spark.sql(workers.numbered("_mapped", schema.names)))
            made = {"name": name, "columns": columns}
            self._typing.execute_text(sql("CREATE OR REPLACE TEMP TABLE {name} ({columns}, row_id BIGINT)", **made))
            self._forget("_mapped")
            if over not in self._temps:
                self._known.discard(over)
        return notes

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
        """See `Warehouse.map_rows`; a task a piece, on one thread each.

        Some tasks a core at a time: what they made is handed on, and can be kept, before the next begin.
        """
        pieces = workers.Pieces(job)
        with progress.task(name, rows.height) as bar:
            while rows.height:
                with self._named(name):
                    wave, done = workers.wave(rows, size, workers.PER_CORE * self._tasks_at_once())
                    sent = sparkrows.a_task_each(self.spark.createDataFrame(wave), "place", wave.num_rows)
                    made = sent.mapInArrow(lambda batches: pieces(batches), workers.MADE).toArrow()
                yield from workers.unpacked(made)
                bar.advance(done)
                rows = rows.slice(done)

    def _tasks_at_once(self) -> int:
        """How many tasks the cluster runs at once now: in so many parts it makes a range of numbers."""
        return self.spark.range(1_000_000).selectExpr("spark_partition_id()").distinct().count()

    def _part_of(self, table: str, frame: pl.DataFrame) -> dict[str, Any]:
        return self._write_part(table, self._to_spark(frame))

    def _to_spark(self, frame: pl.DataFrame) -> DataFrame:
        """A frame as rows of Spark."""
        if frame.is_empty():  # Spark Connect takes no table without rows
            return self.spark.createDataFrame(sparkrows.arrow(frame.clear(1))).where("false")
        return self.spark.createDataFrame(sparkrows.arrow(frame))

    @staticmethod
    def _to_polars(table: Any) -> pl.DataFrame:
        import polars as pl

        return pl.from_arrow(table)

    @contextmanager
    def _named(self, name: str) -> Iterator[None]:
        """Turn Spark's errors into a BackendError that says which statement failed and what to do."""
        try:
            yield
        except (EngineError, KeyboardInterrupt):
            raise
        except Exception as error:
            _log.info("%s", error)
            raise session.failed(title_of(name), error) from error


def _without_rows(rows: Sql) -> Sql:
    """A query's columns without its rows."""
    return sql("SELECT * FROM ({rows}) LIMIT 0", rows=rows)


def _plan(rows: DataFrame) -> str:
    """How Spark means to compute rows."""
    with redirect_stdout(io.StringIO()) as words:
        rows.explain()
    return words.getvalue()

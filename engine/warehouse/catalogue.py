"""The catalogue of a workspace that Spark computes for: which Parquet folders hold each large table, and since when.

The list of a table's parts stands in the DuckDB file, table `meta`, as `parts:<table>`, so that it changes in the same
transaction as everything else. A part is a folder `<table>/<random>/`, written once, never changed.
"""

from __future__ import annotations

import json
import re
import shutil
import uuid
from abc import abstractmethod
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import WorkspaceError
from engine.tables import SQL_TYPES, TABLES
from engine.warehouse import session
from engine.warehouse.contract import Warehouse
from engine.warehouse.duckdb import DuckDBWarehouse, cast
from engine.warehouse.statements import Sql, literal, sql

if TYPE_CHECKING:
    import polars as pl

LARGE = (
    "events", "repeats", "pair_days", "parties", "rejects", "edges", "hubs", "ties", "nodes", "influencers", "handsets",
)  # fmt: skip
BLOCK = 48  # bits of a row's number within the rows that one insert brought
NUMBERED = ("events",)  # large tables whose rows statements name by `rowid`; theirs is a column `row_id`
SCRATCH = "_scratch"
_KEY = "parts:"
_GLOB = re.compile(r"[*?\[{]")  # what DuckDB takes for patterns


class Catalogue(DuckDBWarehouse):
    """DuckDB's file, with views of the Parquet in front of its empty large tables; what writes parts is a subclass.

    Args:
        path: the DuckDB file.
        folder: where large tables lie, a folder or a URL.
        options: as for `DuckDBWarehouse`.
    """

    def __init__(self, path: Path, *, folder: str, **options: Any) -> None:
        self._folder = folder.rstrip("/")
        self._local = "://" not in self._folder
        self._parts: dict[str, list[dict[str, Any]]] = {}
        self._known: set[str] = set()  # names Spark has an up-to-date view of
        super().__init__(path, **options)

    @abstractmethod
    def _part_of(self, table: str, frame: pl.DataFrame) -> dict[str, Any]:
        """Write a frame as a new part; returns its entry in the catalogue."""

    def _open(self) -> None:
        super()._open()
        self._load()
        if not self._read_only:
            if self._local:
                # Nobody else writes: what a killed writer left may hold ids as they came in.
                for path in Path(self._folder).glob(f"{SCRATCH}/w-*"):
                    shutil.rmtree(path, ignore_errors=True)
            for table in LARGE:
                self._adopt(table)

    def _load(self) -> None:
        """The lists of parts as the catalogue has them."""
        found = {}
        if "meta" in {row[0] for row in self.connection.execute("SHOW TABLES").fetchall()}:
            rows = self.connection.execute("SELECT name, value FROM meta").fetchall()
            found = {name.removeprefix(_KEY): json.loads(value) for name, value in rows if name.startswith(_KEY)}
        self._parts = {table: found.get(table, []) for table in LARGE}
        self._known.clear()
        for table in LARGE:
            self._show(table)

    def _adopt(self, table: str) -> None:
        """Move the rows of a workspace that ran on DuckDB so far into Parquet."""
        # A view of the table's bare name lies in front of it.
        stored = sql("{home}.main.{table}", home=self.database_name(), table=table)
        rows = self.connection.execute(sql("SELECT count(*) FROM {stored}", stored=stored)).fetchall()[0][0]
        if not rows:
            return
        with self.transaction():
            if self._local:
                part = self._copied(table, stored, rows)
            else:
                part = self._part_of(table, self.connection.sql(sql("SELECT * FROM {stored}", stored=stored)).pl())
            self.connection.execute(sql("DELETE FROM {stored}", stored=stored))
            self._set_parts(table, [part])

    def _copied(self, table: str, stored: Sql, rows: int) -> dict[str, Any]:
        """A stored table as a part, written by DuckDB: as large as it may be, it is never in memory."""
        part = f"{table}/{uuid.uuid4().hex}"
        columns = [cast(c.name, "BIGINT" if c.type == "u32" else SQL_TYPES[c.type]) for c in TABLES[table].columns]
        columns += [Sql("rowid AS row_id")] if table in NUMBERED else []
        Path(self._folder, table).mkdir(mode=0o700, parents=True, exist_ok=True)
        text = sql(
            "COPY (SELECT {columns} FROM {stored}) TO {target} (FORMAT parquet, PER_THREAD_OUTPUT true)",
            columns=columns,
            stored=stored,
            target=literal(f"{self._folder}/{part}"),
        )
        self._run(text, {}, f"Moving {table} to Parquet")
        return {"path": part, "rows": rows, **({"block": 0} if table in NUMBERED else {})}

    def _set_parts(self, table: str, parts: list[dict[str, Any]]) -> None:
        self.touched.add(table)
        self._parts[table] = parts
        self._known.discard(table)
        if self._overlay is None:
            self.connection.execute("DELETE FROM meta WHERE name = $name", {"name": _KEY + table})
            self.connection.execute(
                "INSERT INTO meta VALUES ($name, $value)", {"name": _KEY + table, "value": json.dumps(parts)}
            )
        self._show(table)

    def _show(self, table: str) -> None:
        """DuckDB's view of a large table: for whoever only reads, and to tell the types of results."""
        parts = self._parts[table]
        if not parts:
            # Not dropped: a database open for reading only lets views be made, not dropped.
            columns, source = _columns(table, Sql("NULL")), Sql("range(0)")
        elif not self._local:
            why = literal(f"Table {table} lies in {self._folder}, which only Spark reads.")
            columns, source = _columns(table, sql("error({why})", why=why)), Sql("range(1)")
        try:
            if parts and self._local:
                columns, source = self._parquet(table)
            view = {"table": table, "columns": columns, "source": source}
            self.connection.execute(
                sql("CREATE OR REPLACE TEMP VIEW {table} AS SELECT {columns} FROM {source}", **view)
            )
        except Exception as error:
            raise WorkspaceError(
                f"Table {table} is not whole: {session.reason(error)}.",
                fix=f"Mount {self._folder} here, or bring back the state after the last run with `kindred restore`.",
            ) from error

    def _parquet(self, table: str) -> tuple[list[Sql], Sql]:
        """Columns and source of a large table's Parquet; a column that the contract got later is null in old files."""
        # The folder's own name is neither a pattern nor columns (`a[1]`, `kind=data`).
        folder = _GLOB.sub(r"[\g<0>]", self._folder)
        files = literal([f"{folder}/{part['path']}/*.parquet" for part in self._parts[table]])
        source = sql("read_parquet({files}, hive_partitioning=false)", files=files)
        have = set(self._columns_of(source))
        if not have >= set(TABLES[table].names):
            # The first part is the oldest. Later ones may have more: all files are asked, which takes longer.
            source = sql("read_parquet({files}, hive_partitioning=false, union_by_name=true)", files=files)
            have = set(self._columns_of(source))
        nulls = dict(zip(TABLES[table].names, _columns(table, Sql("NULL")), strict=True))
        kinds = {c.name: SQL_TYPES[c.type] for c in TABLES[table].columns}
        return [cast(name, kind) if name in have else nulls[name] for name, kind in kinds.items()], source

    def _columns_of(self, source: Sql) -> list[str]:
        return self.connection.sql(sql("SELECT * FROM {source}", source=source)).columns

    def rewrite(self, **cipher: Any) -> None:
        """See `DuckDBWarehouse.rewrite`; folders of rows that are no longer listed go with the old file."""
        super().rewrite(**cipher)
        self.sweep()

    def parts(self) -> dict[str, list[dict[str, Any]]]:
        """Per large table its parts: `path` below the folder, `rows`."""
        return {table: list(parts) for table, parts in self._parts.items()}

    def sweep(self) -> int:
        """Delete the folders that the catalogue does not name; returns how many. Only where the folder is mounted."""
        if not self._local:
            return 0
        kept = {part["path"] for parts in self._parts.values() for part in parts}
        loose = [
            path
            for table in LARGE
            for path in sorted((Path(self._folder) / table).glob("*"))
            if f"{table}/{path.name}" not in kept
        ]
        for path in loose:
            shutil.rmtree(path, ignore_errors=True)
        return len(loose)

    def ensure_columns(self, table: str, columns: Collection[str], /) -> list[str]:
        """See `Warehouse.ensure_columns`: in Parquet a column of nulls takes no place."""
        return TABLES[table].names if table in LARGE else super().ensure_columns(table, columns)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """See `Warehouse.transaction`."""
        try:
            with super().transaction():
                yield
        except BaseException:
            if not self._inside:
                self._load()
            raise

    @contextmanager
    def overlay(self) -> Iterator[Warehouse]:
        """See `Warehouse.overlay`."""
        stored = dict(self._parts)
        with super().overlay():
            try:
                yield self
            finally:
                for table, parts in stored.items():
                    if self._parts[table] is not parts:
                        self._parts[table] = parts
                        self._known.discard(table)
                        self._show(table)

    @contextmanager
    def sandbox(self, tables: Sequence[str]) -> Iterator[None]:
        """See `Warehouse.sandbox`."""
        with self.overlay():
            for table in LARGE:
                if table not in tables and self._parts[table]:
                    self._set_parts(table, [])
            yield


def _columns(table: str, value: Sql) -> list[Sql]:
    """A table's columns, all with one value."""
    return [
        sql("{value}::{kind} AS {name}", value=value, kind=Sql(SQL_TYPES[c.type]), name=c.name)
        for c in TABLES[table].columns
    ]

"""The embedded warehouse: one DuckDB file."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import ConfigError, WorkspaceError
from engine.progress import SILENT, Progress
from engine.tables import SQL_TYPES, TABLES, Column, Table, check
from engine.warehouse import sql_text
from engine.warehouse.clocked import Clocked
from engine.warehouse.faults import RESTORE, check_path, named, no_size, opening

if TYPE_CHECKING:
    import duckdb
    import polars as pl
    import pyarrow as pa

_INSERT = re.compile(r'^INSERT INTO "?(\w+)"?', re.MULTILINE)
# DuckDB fetches an extension from its makers as soon as something needs one, and puts it into the home folder.
OFFLINE = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
_NOTHING = {"text": "''", "bool": "false", "date": "DATE '1970-01-01'", "time": "TIMESTAMP '1970-01-01'", "texts": "[]"}


class DuckDBWarehouse(Clocked):
    """Runs statements in one DuckDB database; see `engine.warehouse.Warehouse` for the methods' contracts.

    Args:
        path: database file, or None for one in memory.
        threads: processor threads, 0 = all.
        memory: limit such as "2GB", empty = DuckDB's own (80 % of the machine).
        scratch: folder for what does not fit in memory.
        read_only: open without the right to write.
        key: encrypts the file (AES-256-GCM); None = not encrypted.
        contracts: make the contract tables that are absent.
        weak: with a key, write with DuckDB's built-in mbedTLS where its OpenSSL (the httpfs extension) is not
            installed; DuckDB does not vouch for the random numbers of that one.

    Raises:
        WorkspaceError: the file is not a database, is damaged, is in use or needs another key.
        ConfigError: encryption is asked for and DuckDB's OpenSSL is not installed.
    """

    spreads = False

    def __init__(
        self,
        path: Path | None = None,
        *,
        threads: int = 0,
        memory: str = "",
        scratch: Path | None = None,
        read_only: bool = False,
        key: bytes | None = None,
        weak: bool = False,
        contracts: bool = True,
    ) -> None:
        self.path, self.touched = path, set[str]()
        self._key, self._weak, self._read_only, self._contracts = key, weak, read_only, contracts
        # What is freed goes back to the system at once: the arrays of later stages have room.
        # Nodes are dense numbers: up to 4 million of them are grouped in an array instead of a hash table.
        # What spills is encrypted, from the start: that cannot be set while there are such files, of whomever.
        self._settings: dict[str, Any] = {
            "allocator_background_threads": True,
            "perfect_ht_threshold": 22,
            "temp_file_encryption": True,
            **OFFLINE,
        }
        if scratch is not None:
            self._settings["temp_directory"] = str(scratch)
        if threads:
            self._settings["threads"] = threads
        if memory:
            if memory.lstrip().startswith("-"):  # DuckDB takes it for no limit at all
                raise no_size(memory)
            self._settings["memory_limit"] = memory
        self._inside = False
        self._open()

    def _open(self) -> None:
        import duckdb

        if self.path is not None:
            check_path(self.path)
        try:
            if self._key is None or self.path is None:
                self.connection: duckdb.DuckDBPyConnection = duckdb.connect(
                    ":memory:" if self.path is None else str(self.path),
                    read_only=self._read_only,
                    config=self._settings,
                )
            else:
                self.connection = duckdb.connect(":memory:", config=self._settings)
                self._attach(self.path, "kindred")
                self.connection.execute("USE kindred")
            self._spill_cipher()
            if not self._read_only:
                self.connection.execute("SET TimeZone = 'UTC'")
                for table in TABLES.values() if self._contracts else ():
                    self.connection.execute(table.ddl())
            self._read_clock()
        except duckdb.Error as error:
            if hasattr(self, "connection"):
                self.connection.close()
            raise opening(self.path, self._settings.get("memory_limit", ""), error) from error

    def _spill_cipher(self) -> None:
        """Load what encrypts what does not fit in memory, by a key that only this process has: raw ids are in it, and a
        process that is killed leaves it behind. Where DuckDB's OpenSSL is not installed its own mbedTLS will do.
        """
        import duckdb

        try:
            self.connection.execute("LOAD httpfs")
        except duckdb.Error:
            self.connection.execute("SET force_mbedtls_unsafe = 'true'")

    def _attach(self, path: Path, name: str) -> None:
        options = ["READ_ONLY"] if self._read_only else []
        if self._key is not None:
            options.append(f"ENCRYPTION_KEY '{self._key.hex()}'")
            if not self._read_only:
                self._cipher()
        clause = f" ({', '.join(options)})" if options else ""
        self.connection.execute(f"ATTACH {literal(str(path))} AS {name}{clause}")

    def _cipher(self) -> None:
        """Load what writes encrypted files."""
        import duckdb

        try:
            self.connection.execute("LOAD httpfs")
        except duckdb.Error as error:
            if not self._weak:
                raise ConfigError(
                    "storage.encryption = 'on' needs DuckDB's OpenSSL, which is not installed.",
                    fix="Run `python -c \"import duckdb; duckdb.execute('INSTALL httpfs')\"` once, with a network.",
                ) from error
            self.connection.execute("SET force_mbedtls_unsafe = 'true'")

    def rewrite(self, **cipher: Any) -> None:
        """Write the database anew and put it in the old one's place: what was deleted is in no byte of the file.

        Killed anywhere, either the old or the new file is there, whole.

        Args:
            cipher: `key=` and `weak=` of the new file, as for the class; left out = as the old one.

        Raises:
            WorkspaceError: the new file cannot be written; the old one stays.
        """
        if self.path is None:
            return
        draft = _draft(self.path)
        remove_draft(self.path)
        with named("rewrite the database"):
            own = self.connection.execute("SELECT current_database()").fetchone()[0]
            self._key, self._weak = cipher.get("key", self._key), cipher.get("weak", self._weak)
            self._attach(draft, "rewritten")
            self.connection.execute(f"COPY FROM DATABASE {quote(own)} TO rewritten")
            self.connection.execute("CHECKPOINT rewritten")
            self.connection.execute("DETACH rewritten")
            self.connection.execute("CHECKPOINT")
        self.connection.close()
        os.chmod(draft, 0o600)
        with open(draft, "rb") as file:
            os.fsync(file.fileno())
        # After the checkpoint the old log is empty, but its bytes are not: it goes first, then the file.
        self.path.with_name(f"{self.path.name}.wal").unlink(missing_ok=True)
        os.replace(draft, self.path)
        self._open()

    def close(self) -> None:
        """Let go of the file."""
        self.connection.close()

    def query(self, statement: str, /, **params: Any) -> pl.DataFrame:
        """See `Warehouse.query`."""
        return self.query_text(sql_text(statement), params, name=statement)

    def query_text(self, text: str, params: dict[str, Any] | None = None, *, name: str = "") -> pl.DataFrame:
        """Rows of SQL given as text (built from checked identifiers only); name: for the error message."""
        import polars.selectors as cs

        with named(name or text):
            frame = self.connection.sql(text, params=params or None).pl()
        return frame.with_columns(cs.categorical().cast(str))  # one of few words is a text to whoever reads it

    def batches(
        self, text: str, params: dict[str, Any], /, *, rows: int, name: str, ahead: int = 1_000_000
    ) -> Iterator[pa.RecordBatch]:
        """Rows of SQL given as text (built from checked identifiers only), in order and as they come.

        Args:
            text: of the statement; the connection can do nothing else meanwhile.
            params: of the statement.
            rows: at once.
            name: for the error message.
            ahead: bytes that may wait while the last rows are worked on.

        Yields:
            At least once, maybe no rows.
        """
        import duckdb
        import pyarrow as pa

        with named(name):
            self.connection.execute(f"SET streaming_buffer_size = '{ahead} bytes'")
            try:
                found = self.connection.sql(text, params=params).to_arrow_reader(rows)
                yield next(found, pa.RecordBatch.from_pylist([], found.schema))
                yield from found
            except OSError as error:  # how Arrow hands on what DuckDB says in the middle
                memory = "Out of Memory" in str(error)
                raise (duckdb.OutOfMemoryException if memory else duckdb.Error)(str(error)) from error

    def create(self, table: str, statement: str, /, **params: Any) -> int:
        """See `Warehouse.create`."""
        self.touched.add(table)
        self.connection.execute(f'DROP TABLE IF EXISTS "{table}"')
        self.connection.execute(TABLES[table].ddl())
        self.hold(table, TABLES[table].names)
        self._run(f'INSERT INTO "{table}" BY NAME {sql_text(statement)}', params, statement)
        return self.count(table)

    def temp(self, name: str, statement: str, /, **params: Any) -> None:
        """See `Warehouse.temp`."""
        self._run(f'CREATE OR REPLACE TEMP TABLE "{name}" AS {sql_text(statement)}', params, statement)

    def keep(self, name: str, frame: pl.DataFrame, /) -> None:
        """See `Warehouse.keep`."""
        with self._incoming(frame):
            self._run(f"CREATE OR REPLACE TEMP TABLE {quote(name)} AS SELECT * FROM _incoming", {}, f"keep {name}")  # noqa: S608

    def drop(self, *names: str) -> None:
        """See `Warehouse.drop`."""
        for name in names:
            self.execute_text(f"DROP TABLE IF EXISTS temp.{quote(name)}")

    def release(self) -> None:
        """See `Warehouse.release`."""
        import duckdb

        limit = self._settings.get("memory_limit")
        # DuckDB keeps what it read and hands freed memory back in its own time; a low limit ends both at once. A
        # connection of its own: a statement that fails would spoil the transaction.
        with self.connection.cursor() as own:
            # Something is still needed, or there is no place to put it: then only the freed part goes.
            with suppress(duckdb.OutOfMemoryException, duckdb.IOException):
                own.execute("SET memory_limit = '64MB'")
            own.execute(f"SET memory_limit = {literal(limit)}" if limit else "RESET memory_limit")

    def flush(self) -> None:
        """Write what was committed from the log into the file.

        When the file is closed DuckDB would do it too, and would merge row groups that are not full (each large insert
        leaves two), which takes longer than all the rest of it and hardly makes a scan faster.
        """
        if self._inside:
            return
        with named("write the log into the file"):
            self.connection.execute("SET max_vacuum_tasks = 0")
            self.connection.execute("CHECKPOINT")
            self.connection.execute("RESET max_vacuum_tasks")

    def execute(self, statement: str, /, **params: Any) -> None:
        """See `Warehouse.execute`."""
        self._run(sql_text(statement), params, statement)

    def execute_text(self, text: str, params: dict[str, Any] | None = None, *, name: str = "") -> None:
        """Run SQL given as text (built from checked identifiers only)."""
        self._run(text, params or {}, name or text)

    def write(self, table: str, frame: pl.DataFrame, /) -> int:
        """See `Warehouse.write`."""
        frame = check(frame, table)
        self.connection.execute(f'DROP TABLE IF EXISTS "{table}"')
        self.connection.execute(TABLES[table].ddl())
        return self._insert(table, frame)

    def append(self, table: str, frame: pl.DataFrame, /, *, unique: bool = True) -> int:
        """See `Warehouse.append`."""
        return self._insert(table, check(frame, table, unique=unique))

    def read(self, table: str, /, columns: list[str] | None = None) -> pl.DataFrame:
        """See `Warehouse.read`."""
        chosen = ", ".join(quote(c) for c in columns or self.columns(table))
        order = ", ".join(f'"{k}"' for k in TABLES[table].keys)
        return self.query_text(f'SELECT {chosen} FROM "{table}" ORDER BY {order}', name=f"read {table}")  # noqa: S608

    def counts(self) -> dict[str, int]:
        """Number of rows of every contract table, in one statement (every command that writes asks twice)."""
        parts = [f"SELECT '{table}', count(*) FROM {quote(table)}" for table in TABLES]  # noqa: S608
        found = dict(self.connection.execute(" UNION ALL ".join(parts)).fetchall())
        return {table: found[table] for table in TABLES}

    def count(self, table: str, /) -> int:
        """See `Warehouse.count`."""
        return self.connection.execute(f'SELECT count(*) FROM "{table}"').fetchall()[0][0]  # noqa: S608

    def elsewhere(self) -> bool:
        """Whether another engine keeps this workspace's large tables outside the file."""
        here = ("meta",) in self.connection.execute("SHOW TABLES").fetchall()
        return here and bool(self.connection.execute("SELECT 1 FROM meta WHERE name LIKE 'parts:%'").fetchall())

    def columns(self, table: str, /) -> list[str]:
        """The columns table `table` has now: its contract's in order, then those that an open table has beyond it."""
        found = [row[0] for row in self.connection.execute(f'DESCRIBE "{table}"').fetchall()]
        own = TABLES[table].names if table in TABLES else []
        return [c for c in own if c in found] + [c for c in found if c not in own]

    def hold(self, table: str, columns: Collection[str], /) -> list[str]:
        """See `Warehouse.hold`."""
        absent: set[str] = set()
        if TABLES[table].sparse:
            told = self.connection.execute(f"PRAGMA table_info({quote(table)})").fetchall()
            absent = {name for _, name, _, _, computed, _ in told if computed is not None}
        for name in sorted(absent & set(columns)):
            with named(f"hold {table}"):
                self.connection.execute(f"ALTER TABLE {quote(table)} DROP COLUMN {quote(name)}")
                self.connection.execute(f"ALTER TABLE {quote(table)} ADD COLUMN {TABLES[table].column(name).ddl()}")
        return [c for c in self.columns(table) if c not in absent or c in columns]

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
        with named("COMMIT"):
            self.connection.execute("COMMIT")

    def scatter(self, name: str, job: Callable[[DuckDBWarehouse], dict[str, int] | None], over: str) -> dict[str, int]:
        """See `Warehouse.scatter`: here it is one job."""
        return job(self) or {}

    def spread(
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
        """See `Warehouse.spread`: here it is one job, which draws its own bar."""
        return job(rows, threads=threads, progress=progress)

    @contextmanager
    def shadow(self) -> Iterator[Any]:
        """See `Warehouse.shadow`."""
        shadow = _Shadow(self)
        try:
            yield shadow
        finally:
            self.drop(*sorted(shadow.made))

    @contextmanager
    def aside(self, tables: Sequence[str]) -> Iterator[None]:
        """See `Warehouse.aside`."""
        home = self.query_text("SELECT current_database() AS name")["name"].item()
        self.execute_text("ATTACH ':memory:' AS aside (READ_WRITE)")
        try:
            self.execute_text("USE aside")
            for table in TABLES.values():
                if table.name not in tables:
                    self.execute_text(table.ddl())
            for name in tables:
                self.execute_text(f"CREATE VIEW {quote(name)} AS SELECT * FROM {quote(home)}.main.{quote(name)}")  # noqa: S608
            yield
        finally:
            self.execute_text(f"USE {quote(home)}")
            self.execute_text("DETACH aside")

    def _insert(self, table: str, frame: pl.DataFrame) -> int:
        self.touched.add(table)
        known = set(self.columns(table))
        for column in frame.columns:
            if column not in known:
                kind = "DOUBLE" if frame[column].dtype.is_numeric() else "VARCHAR"
                self.connection.execute(f'ALTER TABLE "{table}" ADD COLUMN {quote(column)} {kind}')
        if not frame.height:
            return 0
        held = self.hold(table, [c for c in frame.columns if frame[c].null_count() < frame.height])
        chosen = ", ".join(quote(c) for c in frame.columns if c in held)
        with self._incoming(frame):
            self._run(f'INSERT INTO "{table}" BY NAME SELECT {chosen} FROM _incoming', {}, f"insert {table}")  # noqa: S608
        return frame.height

    @contextmanager
    def _incoming(self, frame: pl.DataFrame) -> Iterator[None]:
        self.connection.register("_incoming", frame.to_arrow())
        try:
            yield
        finally:
            self.connection.unregister("_incoming")

    def _run(self, text: str, params: dict[str, Any], name: str) -> None:
        with named(name):
            done = self.connection.execute(text, params or None)
            into = _INSERT.search(text) if self._inside else None
            if into and into[1] in TABLES and done.fetchone() == (0,):
                self._begin(TABLES[into[1]])

    def _begin(self, table: Table) -> None:
        """A row that comes and goes.

        Within a transaction DuckDB 2.0.0 does not see rows that follow an insert of none, where they are 122,880 or
        more at once, until the file is opened again. With a row in between it does.
        """
        needed = [column for column in table.columns if not column.nullable]
        names = ", ".join(quote(column.name) for column in needed)
        values = ", ".join(_nothing(column) for column in needed)
        self.connection.execute(f"INSERT INTO {quote(table.name)} ({names}) VALUES ({values})")  # noqa: S608
        self.connection.execute(f"DELETE FROM {quote(table.name)} WHERE ({names}) = ({values})")  # noqa: S608


class _Shadow:
    """The warehouse, but what is written are temporary tables in front of the stored ones."""

    def __init__(self, store: DuckDBWarehouse) -> None:
        self.store = store
        self.made: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def create(self, table: str, statement: str, /, **params: Any) -> int:
        """See `Warehouse.create`."""
        self._empty(table)
        self.store.hold(table, TABLES[table].names)
        self.store.execute_text(f"INSERT INTO {quote(table)} BY NAME {sql_text(statement)}", params, name=statement)
        return self.store.count(table)

    def write(self, table: str, frame: pl.DataFrame, /) -> int:
        """See `Warehouse.write`."""
        self._empty(table)
        return self.store.append(table, frame)

    def _empty(self, table: str) -> None:
        self.made.add(table)
        made = TABLES[table].ddl().replace("CREATE TABLE IF NOT EXISTS", "CREATE OR REPLACE TEMP TABLE")
        self.store.execute_text(made)


def is_encrypted(path: Path) -> bool:
    """Whether a DuckDB file is encrypted: the lowest bit of the flags in its header (checksum, "DUCK", version, flags).

    Raises:
        WorkspaceError: it is not a DuckDB file.
    """
    with open(path, "rb") as file:
        header = file.read(24)
    if len(header) < 24 or header[8:12] != b"DUCK":
        raise WorkspaceError(f"{path} is not a DuckDB file.", fix=RESTORE)
    return bool(header[20] & 1)


def quote(identifier: str) -> str:
    """`identifier` as a quoted SQL name; the one way a name from outside gets into a statement."""
    return '"' + identifier.replace('"', '""') + '"'


def _nothing(column: Column) -> str:
    """Some value of a column."""
    value = literal(column.words[0]) if column.words else _NOTHING.get(column.type, "0")
    return f"CAST({value} AS {SQL_TYPES[column.type]})"


def literal(text: str) -> str:
    """`text` as an SQL string, for the statements that take no bound values (ATTACH, COPY)."""
    return "'" + text.replace("'", "''") + "'"


def remove_draft(path: Path) -> None:
    """Delete what a killed `rewrite` of the database at `path` left beside it."""
    draft = _draft(path)
    for leftover in (draft, draft.with_name(f"{draft.name}.wal")):
        leftover.unlink(missing_ok=True)


def _draft(path: Path) -> Path:
    return path.with_name(f"{path.name}.new")

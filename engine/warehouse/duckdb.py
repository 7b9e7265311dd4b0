"""The embedded warehouse: one DuckDB file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import BackendError, ConfigError, EngineError, WorkspaceError
from engine.tables import TABLES, check
from engine.warehouse import sql_text

if TYPE_CHECKING:
    import duckdb
    import polars as pl


class DuckDBWarehouse:
    """Runs statements in one DuckDB database; see `engine.warehouse.Warehouse` for the methods' contracts.

    Args:
        path: database file, or None for one in memory.
        threads: processor threads, 0 = all.
        memory: limit such as "2GB", empty = DuckDB's own (80 % of the machine).
        scratch: folder for what does not fit in memory.
        read_only: open without the right to write.

    Raises:
        WorkspaceError: the file is not a database, is damaged or is in use.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        threads: int = 0,
        memory: str = "",
        scratch: Path | None = None,
        read_only: bool = False,
    ) -> None:
        import duckdb

        settings: dict[str, Any] = {}
        if scratch is not None:
            settings["temp_directory"] = str(scratch)
        if threads:
            settings["threads"] = threads
        if memory:
            settings["memory_limit"] = memory
        try:
            self.connection: duckdb.DuckDBPyConnection = duckdb.connect(
                ":memory:" if path is None else str(path), read_only=read_only, config=settings
            )
        except duckdb.Error as error:
            raise _opening(path, memory, error) from error
        self._inside = False
        if not read_only:
            self.connection.execute("SET TimeZone = 'UTC'")
            for table in TABLES.values():
                self.connection.execute(table.ddl())

    def close(self) -> None:
        """Let go of the file."""
        self.connection.close()

    def query(self, statement: str, /, **params: Any) -> pl.DataFrame:
        """See `Warehouse.query`."""
        return self.query_text(sql_text(statement), params, name=statement)

    def query_text(self, text: str, params: dict[str, Any] | None = None, *, name: str = "") -> pl.DataFrame:
        """Rows of SQL given as text (built from checked identifiers only); name: for the error message."""
        with _named(name or text):
            return self.connection.sql(text, params=params or None).pl()

    def create(self, table: str, statement: str, /, **params: Any) -> int:
        """See `Warehouse.create`."""
        self.connection.execute(f'DROP TABLE IF EXISTS "{table}"')
        self.connection.execute(TABLES[table].ddl())
        self._run(f'INSERT INTO "{table}" BY NAME {sql_text(statement)}', params, statement)
        return self.count(table)

    def temp(self, name: str, statement: str, /, **params: Any) -> None:
        """See `Warehouse.temp`."""
        self._run(f'CREATE OR REPLACE TEMP TABLE "{name}" AS {sql_text(statement)}', params, statement)

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

    def append(self, table: str, frame: pl.DataFrame, /) -> int:
        """See `Warehouse.append`."""
        return self._insert(table, check(frame, table))

    def read(self, table: str, /, columns: list[str] | None = None) -> pl.DataFrame:
        """See `Warehouse.read`."""
        chosen = "*" if columns is None else ", ".join(f'"{c}"' for c in columns)
        order = ", ".join(f'"{k}"' for k in TABLES[table].keys)
        return self.query_text(f'SELECT {chosen} FROM "{table}" ORDER BY {order}', name=f"read {table}")  # noqa: S608

    def count(self, table: str, /) -> int:
        """See `Warehouse.count`."""
        return self.connection.execute(f'SELECT count(*) FROM "{table}"').fetchall()[0][0]  # noqa: S608

    def columns(self, table: str, /) -> list[str]:
        """The columns table `table` has now (open tables may have more than their contract)."""
        return [row[0] for row in self.connection.execute(f'DESCRIBE "{table}"').fetchall()]

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
            self._inside = False
            self.connection.execute("ROLLBACK")
            raise
        self._inside = False
        with _named("COMMIT"):
            self.connection.execute("COMMIT")

    def _insert(self, table: str, frame: pl.DataFrame) -> int:
        for column in frame.columns:
            if column not in self.columns(table):
                kind = "DOUBLE" if frame[column].dtype.is_numeric() else "VARCHAR"
                self.connection.execute(f'ALTER TABLE "{table}" ADD COLUMN {quote(column)} {kind}')
        self.connection.register("_incoming", frame.to_arrow())
        try:
            self._run(f'INSERT INTO "{table}" BY NAME SELECT * FROM _incoming', {}, f"insert {table}")  # noqa: S608
        finally:
            self.connection.unregister("_incoming")
        return frame.height

    def _run(self, text: str, params: dict[str, Any], name: str) -> None:
        with _named(name):
            self.connection.execute(text, params or None)


def quote(identifier: str) -> str:
    """`identifier` as a quoted SQL name; the one way a name from outside gets into a statement."""
    return '"' + identifier.replace('"', '""') + '"'


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Turn DuckDB's errors into a BackendError that says which statement failed."""
    import duckdb

    try:
        yield
    except EngineError:
        raise
    except duckdb.OutOfMemoryException as error:
        raise BackendError(
            f"{_title(name)} needs more memory than it may use ({_first(error)}).", fix="Give --memory more, e.g. 4GB."
        ) from error
    except duckdb.Error as error:
        raise BackendError(f"{_title(name)} failed: {_first(error)}.") from error


def _title(name: str) -> str:
    return f"sql/{name}.sql" if "/" in name and " " not in name else " ".join(name.split())[:80]


def _first(error: Exception) -> str:
    return str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else type(error).__name__


def _opening(path: Path | None, memory: str, error: Exception) -> EngineError:
    text = _first(error)
    if "lock" in text.lower():
        return WorkspaceError(f"{path} is in use by another process.", fix="Wait for it to finish, then try again.")
    if memory and "memory" in text.lower():
        return ConfigError(f"--memory {memory} is not a size.", fix="Write it like 4GB.")
    return WorkspaceError(
        f"{path} cannot be opened: {text}.", fix="Restore the file from a backup, or `kindred init` anew."
    )

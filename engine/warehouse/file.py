"""The file of the embedded database: opened, encrypted, written anew, closed."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import ConfigError, WorkspaceError
from engine.tables import TABLES
from engine.warehouse.clocked import Clocked
from engine.warehouse.faults import RESTORE, check_path, explained, no_size, opening
from engine.warehouse.statements import Sql, literal, sql

if TYPE_CHECKING:
    import duckdb

# DuckDB fetches an extension from its makers as soon as something needs one, and puts it into the home folder.
OFFLINE = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}


class DatabaseFile(Clocked):
    """A connection to one DuckDB database.

    Args:
        path: database file, or None for one in memory.
        threads: processor threads, 0 = all.
        memory: limit such as "2GB", empty = DuckDB's own (80 % of the machine).
        scratch: folder for what does not fit in memory.
        read_only: open without the right to write.
        key: encrypts the file (AES-256-GCM); None = not encrypted.
        contracts: make the contract tables that are absent.
        closed: no statement reaches any file.
        weak: with a key, write with DuckDB's built-in mbedTLS where its OpenSSL (the httpfs extension) is not
            installed; DuckDB does not vouch for the random numbers of that one.

    Raises:
        WorkspaceError: the file is not a database, is damaged, is in use or needs another key.
        ConfigError: encryption is asked for and DuckDB's OpenSSL is not installed.
    """

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
        closed: bool = False,
    ) -> None:
        self.path = path
        self._contracts = contracts
        self._key, self._weak, self._read_only = key, weak, read_only
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
        if closed:
            self._settings["enable_external_access"] = False
        if threads:
            self._settings["threads"] = threads
        if memory:
            if memory.lstrip().startswith("-"):  # DuckDB takes it for no limit at all
                raise no_size(memory)
            self._settings["memory_limit"] = memory
        self._inside = False  # a transaction
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
        options = [Sql("READ_ONLY")] if self._read_only else []
        if self._key is not None:
            options.append(sql("ENCRYPTION_KEY {key}", key=literal(self._key.hex())))
            if not self._read_only:
                self._cipher()
        clause = sql("({options})", options=options) if options else Sql("")
        self.connection.execute(sql("ATTACH {path} AS {name} {clause}", path=literal(path), name=name, clause=clause))

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
        """See `Warehouse.rewrite`."""
        if self.path is None:
            return
        draft = _draft(self.path)
        remove_draft(self.path)
        with explained("rewrite the database"):
            own = self.database_name()
            self._key, self._weak = cipher.get("key", self._key), cipher.get("weak", self._weak)
            self._attach(draft, "rewritten")
            self.connection.execute(sql("COPY FROM DATABASE {own} TO rewritten", own=own))
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

    def database_name(self) -> str:
        """The name by which the connection knows the file."""
        return self.connection.execute("SELECT current_database()").fetchall()[0][0]

    def has_tables_elsewhere(self) -> bool:
        """Whether another engine keeps this workspace's large tables outside the file."""
        if "meta" not in {row[0] for row in self.connection.execute("SHOW TABLES").fetchall()}:
            return False
        return bool(self.connection.execute("SELECT count(*) FROM meta WHERE name LIKE 'parts:%'").fetchall()[0][0])

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
            own.execute(sql("SET memory_limit = {limit}", limit=literal(limit)) if limit else "RESET memory_limit")

    def flush(self) -> None:
        """See `Warehouse.flush`.

        When the file is closed DuckDB would do it too, and would merge row groups that are not full (each large insert
        leaves two), which takes longer than all the rest of it and hardly makes a scan faster.
        """
        if self._inside:
            return
        with explained("write the log into the file"):
            self.connection.execute("SET max_vacuum_tasks = 0")
            self.connection.execute("CHECKPOINT")
            self.connection.execute("RESET max_vacuum_tasks")

    def close(self) -> None:
        """Let go of the file."""
        self.connection.close()


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


def remove_draft(path: Path) -> None:
    """Delete what a killed `rewrite` of the database at `path` left beside it."""
    draft = _draft(path)
    for leftover in (draft, draft.with_name(f"{draft.name}.wal")):
        leftover.unlink(missing_ok=True)


def _draft(path: Path) -> Path:
    return path.with_name(f"{path.name}.new")

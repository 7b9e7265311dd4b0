"""An export's tables where companies keep tables: a folder of Delta tables, or a PostgreSQL.

The export is written whole on this machine first; then each of its tables takes the place of the one that was there.
PostgreSQL takes all of them in one transaction, Delta each in one. Only a table that Kindred made is ever replaced.
"""

from __future__ import annotations

import json
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import databases
from engine.errors import InputError, WorkspaceError
from engine.export.form import Form
from engine.trust.folder import MANIFEST
from engine.warehouse import Sql, literal, sql

if TYPE_CHECKING:
    import pyarrow as pa

_MARK = "Kindred: "  # begins what a table says of itself
_DELTA = "delta:"
_KEPT_HOURS = 7 * 24  # for which the files of replaced Delta tables stay, for who is reading them
_WITHDRAW = "withdraw.jsonl"


@dataclass(frozen=True)
class Given:
    """A table of a finished export: name, what a row is, keys, its columns as the manifest has them, rows, files."""

    name: str
    grain: str
    keys: tuple[str, ...]
    columns: dict[str, dict[str, Any]]
    rows: int
    files: tuple[Path, ...]

    @property
    def schema(self) -> pa.Schema:
        """The columns in types that other databases have: no unsigned numbers, moments in UTC, texts as they are."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        return pa.schema([field.with_type(_plain(field.type)) for field in pq.read_schema(self.files[0])])

    def reader(self) -> pa.RecordBatchReader:
        """The rows, in these types."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        schema = self.schema

        def rows() -> Iterator[pa.RecordBatch]:
            for path in self.files:
                with pq.ParquetFile(path) as file:
                    for batch in file.iter_batches(100_000):
                        yield from pa.Table.from_batches([batch]).cast(schema).to_batches()

        return pa.RecordBatchReader.from_batches(schema, rows())

    def check_keys(self) -> None:
        """Raise WorkspaceError where two rows have the same keys."""
        import polars as pl

        if not self.keys:
            return
        found = pl.scan_parquet(list(self.files)).group_by(self.keys).len().filter(pl.col("len") > 1)
        if found.limit(1).collect(engine="streaming").height:
            raise WorkspaceError(f"two rows of {self.name} have the same {', '.join(self.keys)}.", fix="Run it again.")


class Database(ABC):
    """Where the tables of an export go; see `engine.export.targets.Target` for folders.

    Args:
        name: as the user wrote it.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def check_form(self, form: Form, *, since_last: bool) -> None:
        """Raise InputError for options that only exports to files have."""
        if form.format != "parquet" or form.compress or form.shard_rows:
            raise InputError("a database has tables, no files.", fix="Leave out --format, --compress and --shard-rows.")
        if since_last:
            raise InputError(
                "a numbered delivery goes to a folder: the next one would take its place in a database.",
                fix="Leave out --since-last, or name a folder.",
            )

    @abstractmethod
    def check(self) -> None:
        """Raise InputError or WorkspaceError where nothing can be written there."""

    @abstractmethod
    def write(self, tables: list[Given]) -> None:
        """Replace tables, in this order."""

    def upload(self, folder: Path) -> list[dict[str, Any]]:
        """Put the tables of a finished export in the place of those that are there.

        Args:
            folder: the export.

        Returns:
            One entry per table: path (its name), table, rows, bytes (0).

        Raises:
            WorkspaceError: a table there is not Kindred's, two rows have the same keys, or it cannot be written.
        """
        tables = _tables(folder)
        for table in tables:
            table.check_keys()
        try:
            self.write(tables)
        except (InputError, WorkspaceError, MemoryError):
            raise
        except Exception as error:  # drivers have errors of their own kinds
            raise WorkspaceError(
                f"{self.name} cannot be written: {databases.told(error)}.", fix="Check the address and your rights."
            ) from error
        return [{"path": table.name, "table": table.name, "rows": table.rows, "bytes": 0} for table in tables]

    def _foreign(self, table: str) -> WorkspaceError:
        return WorkspaceError(
            f"{self.name} has a table {table} that Kindred did not make.", fix="Choose another place, or rename it."
        )


class Delta(Database):
    """A folder with a Delta table for each table of the export."""

    @property
    def _root(self) -> str:
        return self.name.removeprefix(_DELTA).rstrip("/")

    def check(self) -> None:
        """See `Database.check`."""
        try:
            import deltalake  # noqa: F401
        except ImportError:
            raise InputError(
                "the package that writes Delta tables is not installed.", fix="Run `pip install deltalake`."
            ) from None
        if not self._root:
            raise InputError("delta: names no folder.", fix="Write --to delta:DIR.")

    def write(self, tables: list[Given]) -> None:
        """See `Database.write`; each table is replaced in one commit."""
        from deltalake import DeltaTable, write_deltalake

        for table in tables:
            place = f"{self._root}/{table.name}"
            if DeltaTable.is_deltatable(place):
                if not (DeltaTable(place).metadata().description or "").startswith(_MARK):
                    raise self._foreign(place)
            elif "://" not in place and Path(place).exists() and any(Path(place).iterdir()):
                raise self._foreign(place)
        for table in tables:
            place = f"{self._root}/{table.name}"
            if "://" not in place:
                Path(place).mkdir(mode=0o700, parents=True, exist_ok=True)
            write_deltalake(
                place,
                table.reader(),
                mode="overwrite",
                schema_mode="overwrite",
                name=table.name,
                description=_MARK + table.grain,
            )
            DeltaTable(place).vacuum(retention_hours=_KEPT_HOURS, dry_run=False)


class Postgres(Database):
    """The schema of a PostgreSQL that a new table would be made in."""

    def check(self) -> None:
        """See `Database.check`."""
        kind, _ = databases.parts(self.name, "--to")
        with databases.connected(kind, self.name):
            pass

    def write(self, tables: list[Given]) -> None:
        """See `Database.write`; all in one transaction."""
        kind, _ = databases.parts(self.name, "--to")
        with databases.connected(kind, self.name) as connection, closing(connection.cursor()) as cursor:
            for table in tables:
                self._prepare(cursor, table)
                cursor.adbc_ingest(table.name, table.reader(), mode="append")
            connection.commit()

    def _prepare(self, cursor: Any, table: Given) -> None:
        """An empty table with these columns, in the place of the one that is there."""
        named = str(sql("{table}", table=table.name))
        cursor.execute("SELECT to_regclass($1)::text, obj_description(to_regclass($1), 'pg_class')", (named,))
        there, comment = cursor.fetchone()
        if there is not None:
            if not (comment or "").startswith(_MARK):
                raise self._foreign(table.name)
            cursor.execute(_COLUMNS, (named,))
            if [tuple(row) for row in cursor.fetchall()] == _typed(table):
                # Readers see the old rows until the end, and nobody's rights or views are lost.
                cursor.execute(str(sql("DELETE FROM {table}", table=table.name)))
                return
            cursor.execute(str(sql("DROP TABLE {table}", table=table.name)))
        columns = [sql("{name} {kind}", name=name, kind=Sql(kind)) for name, kind in _typed(table)]
        filled = all(not table.columns[key]["nullable"] for key in table.keys)
        keys = sql(", PRIMARY KEY ({keys})", keys=table.keys) if table.keys and filled else Sql("")
        cursor.execute(str(sql("CREATE TABLE {table} ({columns}{keys})", table=table.name, columns=columns, keys=keys)))
        self._describe(cursor, sql("TABLE {table}", table=table.name), _MARK + table.grain)
        for name, column in table.columns.items():
            if column["note"]:
                self._describe(cursor, sql("COLUMN {table}.{name}", table=table.name, name=name), column["note"])

    def _describe(self, cursor: Any, what: Sql, words: str) -> None:
        cursor.execute(str(sql("COMMENT ON {what} IS {words}", what=what, words=literal(words))))  # takes no parameter


_COLUMNS = (
    "SELECT attname::text, format_type(atttypid, atttypmod) FROM pg_attribute "
    "WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
)
_TYPES = {
    "string": "text", "int64": "bigint", "int32": "integer", "int16": "smallint", "double": "double precision",
    "float": "real", "bool": "boolean", "date32[day]": "date", "timestamp[us, tz=UTC]": "timestamp with time zone",
}  # fmt: skip


def is_database(place: Path | str) -> bool:
    """Whether an export's target has tables and no files."""
    return str(place).startswith((_DELTA, "postgresql://", "postgres://"))


def database_of(place: Path | str) -> Database:
    """The database that a target names."""
    return Delta(str(place)) if str(place).startswith(_DELTA) else Postgres(str(place))


def _typed(table: Given) -> list[tuple[str, str]]:
    """The columns with PostgreSQL's types."""
    import pyarrow as pa

    found = []
    for field in table.schema:
        inner = field.type.value_type if pa.types.is_list(field.type) else field.type
        found.append((field.name, _TYPES[str(inner)] + ("[]" if inner is not field.type else "")))
    return found


def _plain(kind: pa.DataType) -> pa.DataType:
    import pyarrow as pa

    types = pa.types
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return pa.list_(_plain(kind.value_type))
    if types.is_dictionary(kind) or types.is_large_string(kind) or types.is_string_view(kind):
        return pa.string()
    if types.is_timestamp(kind):
        return pa.timestamp("us", "UTC")
    if types.is_integer(kind) and kind not in (pa.int16(), pa.int32()):
        small = kind in (pa.int8(), pa.uint8(), pa.uint16())
        return pa.int32() if small else pa.int64()
    return kind


def _tables(folder: Path) -> list[Given]:
    """The tables of a finished export; what is called back is one of them."""
    document = json.loads((folder / MANIFEST).read_bytes())
    found = []
    for name, told in sorted(document["tables"].items()):
        own = (e["path"] for e in document["files"] if e.get("table") == name)
        files = tuple(folder / path for path in own if path.endswith(".parquet"))
        columns = {column["name"]: column for column in told["columns"]}
        found.append(Given(name, told["grain"], tuple(told["keys"]), columns, told["rows"], files))
    if (folder / _WITHDRAW).is_file():
        found.append(_called_back(folder))
    return found


def _called_back(folder: Path) -> Given:
    import polars as pl

    from engine.export.views import WITHDRAW

    types = {c.name: pl.List(pl.String) if c.type == "texts" else pl.String for c in WITHDRAW.columns}
    path = folder / _WITHDRAW
    rows = pl.read_ndjson(path, schema=types) if os.path.getsize(path) else pl.DataFrame(schema=types)
    rows.write_parquet(folder / "withdraw.parquet")
    columns = {c.name: {"nullable": c.nullable, "note": c.note} for c in WITHDRAW.columns}
    return Given(WITHDRAW.name, WITHDRAW.grain, WITHDRAW.keys, columns, rows.height, (folder / "withdraw.parquet",))

"""Tables straight from a database: what a query gives, as a Parquet file of texts that imports like any other.

The database is read through its ADBC driver (Arrow's interface to databases) in batches, so that memory stays bounded
whatever the query gives. PostgreSQL and SQLite write their values as text themselves; of other databases Arrow does.
A password never stands in the address: it would be seen in the list of processes and kept in the shell's history.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import databases
from engine.errors import InputError
from engine.forms import textfile
from engine.warehouse import Sql, sql

if TYPE_CHECKING:
    import pyarrow as pa

_QUERY = 1 << 16  # letters of a query at most


@contextmanager
def fetched(address: str, query: str, folder: Path) -> Iterator[Path]:
    """What a query gives as a Parquet file of texts, for as long as the `with` lasts.

    Args:
        address: of the database: `postgresql://host/name`, `postgresql://?service=billing`, `sqlite:///folder/file.db`,
            or that of another database whose ADBC driver is installed (`snowflake://...`).
        query: one SELECT statement in the database's own SQL.
        folder: where the file lies meanwhile, readable by its owner only; made where it is missing. That of a workspace
            is swept by who writes next: it is to be open for writing by then.

    Yields:
        The file, called after the database.

    Raises:
        InputError: the address holds a password, there is no driver, the database does not answer or lets nobody in,
            the query is refused, fails half-way or gives no row. Nothing is left behind then.
    """
    kind, name = databases.parts(address, "--from")
    draft = folder / f"{os.getpid()}.{kind}" / f"{name}.parquet"
    draft.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        _write(draft, kind, address, _one(query))
        yield draft
    finally:
        shutil.rmtree(draft.parent, ignore_errors=True)


def _one(query: str) -> str:
    """The statement without what ends it."""
    text = query.strip().rstrip(";").strip()
    if not text or len(text) > _QUERY:
        raise InputError("--sql holds no query." if not text else "the query is too long.", fix="Write one SELECT.")
    return text


def _write(path: Path, kind: str, address: str, query: str) -> None:
    import pyarrow.parquet as pq

    rows = 0
    with databases.connected(kind, address) as connection:
        try:
            batches = _texts(kind, connection, query)
            first = next(batches, None)
            if first is not None:
                textfile.check_names(first.schema.names, path)
                textfile.check_width(first.schema.names, path)
                with open(path, "xb", opener=_private) as file, pq.ParquetWriter(file, first.schema) as writer:
                    while first is not None:
                        writer.write_batch(first)
                        rows += first.num_rows
                        first = next(batches, None)
        except (InputError, MemoryError):
            raise
        except Exception as error:  # a driver's errors have no common class: OSError half-way, its own before
            raise InputError(
                f"{kind} failed after {rows:,} rows: {databases.told(error)}."
                if rows
                else f"{kind} says: {databases.told(error)}.",
                fix="Try the query with the database's own client. Nothing was stored.",
            ) from error
    if not rows:
        raise InputError("the query returns no rows.", fix="Check its conditions. Nothing was stored.")


def _texts(kind: str, connection: Any, query: str) -> Iterator[pa.RecordBatch]:
    """What the query gives, every value as text."""
    with closing(connection.cursor()) as cursor:
        if kind not in _AS_TEXT:
            cursor.execute(query)
            for batch in cursor.fetch_record_batch():
                yield _cast(batch)
            return
        if kind == "postgresql":
            cursor.execute("SET TRANSACTION READ ONLY")
            cursor.execute("SET LOCAL TIME ZONE 'UTC'")
        inner = sql("(\n{query}\n) AS given", query=Sql(query))  # the query is the user's own
        cursor.execute(str(sql("SELECT * FROM {inner} LIMIT 0", inner=inner)))  # drivers want a plain text
        picks = [sql(_AS_TEXT[kind], column=name) for name in cursor.fetch_record_batch().schema.names]
        cursor.execute(str(sql("SELECT {picks} FROM {inner}", picks=picks, inner=inner)))
        for batch in cursor.fetch_record_batch():
            yield _cast(batch)


_AS_TEXT = {"postgresql": "{column}::text AS {column}", "sqlite": "CAST({column} AS TEXT) AS {column}"}


def _cast(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Values as text, for the databases that do not write them so; whole numbers without a fraction."""
    import pyarrow as pa

    columns = []
    for field, column in zip(batch.schema, batch.columns, strict=True):
        plain = column.storage if isinstance(column, pa.ExtensionArray) else column
        try:
            columns.append(plain.cast(pa.string()))
        except pa.ArrowNotImplementedError:
            raise InputError(
                "its type cannot be written as text.", column=field.name, fix="Convert it in the query (CAST AS TEXT)."
            ) from None
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)

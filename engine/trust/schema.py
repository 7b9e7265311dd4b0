"""Migration of old workspaces: the stored tables are compared with the contracts and changed to match them.

`meta.schema_version` counts the changes that comparing cannot see (a column whose meaning changed); everything else
(new, dropped, retyped columns) follows from the contracts themselves.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.errors import WorkspaceError
from engine.tables import SQL_TYPES, TABLES, Table
from engine.warehouse import Sql, sql

if TYPE_CHECKING:
    from engine.warehouse import Warehouse

VERSION = 1
_KEY = "schema_version"


@dataclass(frozen=True)
class Drift:
    """What one stored table has that its contract has not, and the other way round.

    Args:
        table: its name.
        missing: contract columns not stored.
        extra: stored columns not in the contract (never of an open table).
        retyped: columns stored as another type.
    """

    table: str
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    retyped: tuple[str, ...]


def version(store: Warehouse) -> int:
    """The schema version of a database; 0 where none is written (a new one, or one older than versions)."""
    return _version(store, _stored(store))


def _version(store: Warehouse, stored: dict[str, dict[str, str]]) -> int:
    if "meta" not in stored:
        return 0
    found = store.query("trust/meta", name=_KEY)
    return int(found["value"][0]) if found.height else 0


def state(store: Warehouse) -> tuple[list[Drift], int]:
    """What differs from the contracts, in their order, and the schema version; see `version`.

    Raises:
        WorkspaceError: the database was written by a newer Kindred.
    """
    stored = _stored(store)
    return _drift(store, stored), _version(store, stored)


def _drift(store: Warehouse, stored: dict[str, dict[str, str]]) -> list[Drift]:
    stored_version = _version(store, stored)
    if stored_version > VERSION:
        raise WorkspaceError(
            f"The workspace was written by a newer Kindred (its schema is {stored_version}, this one knows {VERSION}).",
            fix="Install the newer Kindred: `pip install -U kindred-engine`.",
        )
    found = [_compare(table, stored[name]) for name, table in TABLES.items() if name in stored]
    return [d for d in found if d.missing or d.extra or d.retyped]


def is_current(store: Warehouse) -> bool:
    """Whether every contract table is there in its shape (reading another one's would fail in odd ways)."""
    stored = _stored(store)
    return not _drift(store, stored) and TABLES.keys() <= stored.keys()


def stamp(store: Warehouse) -> None:
    """Write this program's schema version."""
    with store.transaction():
        store.execute("trust/forget_meta", name=_KEY)
        store.execute("trust/set_meta", name=_KEY, value=str(VERSION))


def migrate(store: Warehouse, changes: list[Drift], rebuilt: dict[str, str]) -> dict[str, str]:
    """Bring stored tables into the shape of their contracts, all or none.

    Args:
        store: the database, open for writing.
        changes: what `state` found.
        rebuilt: which stage writes a table, for every computed table; where rows cannot be kept (a new column that may
            not be null), such a table is emptied and its stage is made to run again.

    Returns:
        Per table `kept` or `emptied`.

    Raises:
        WorkspaceError: rows that were imported cannot be kept; nothing is changed.
    """
    done = {}
    with store.transaction():
        for change in changes:
            table = TABLES[change.table]
            lost = [c for c in change.missing if not table.column(c).nullable]
            if lost and store.count(table.name) and table.name not in rebuilt:
                raise WorkspaceError(
                    f"Table {table.name} of this workspace has no {', '.join(lost)}, which this Kindred needs.",
                    fix="Make a new workspace and import its files again; this one is untouched.",
                )
            if lost:
                store.execute_text(sql("DROP TABLE {table}", table=table.name))
                store.execute_text(table.ddl())
                if table.name in rebuilt:
                    store.execute("trust/forget_run", stage=rebuilt[table.name])
            else:
                _reshape(store, table, change)
            done[table.name] = "emptied" if lost else "kept"
        stamp(store)
        store.execute("trust/forget_meta", name="migrated")
        store.execute("trust/set_meta", name="migrated", value=json.dumps(done, sort_keys=True))
    return done


def _stored(store: Warehouse) -> dict[str, dict[str, str]]:
    """Types of the columns of every stored table."""
    stored: dict[str, dict[str, str]] = {}
    for row in store.query("trust/columns").iter_rows(named=True):
        stored.setdefault(row["table_name"], {})[row["column_name"]] = row["data_type"]
    return stored


def _compare(table: Table, stored: dict[str, str]) -> Drift:
    # One of few words may also be stored as any text, as it used to be.
    wanted = {c.name: {c.stored, SQL_TYPES[c.type]} for c in table.columns}
    return Drift(
        table.name,
        tuple(c for c in wanted if c not in stored),
        () if table.open else tuple(c for c in stored if c not in wanted),
        tuple(c for c in wanted if c in stored and stored[c] not in wanted[c]),
    )


def _reshape(store: Warehouse, table: Table, change: Drift) -> None:
    """Copy the rows into a new table, columns in the contract's order, further columns of an open table after them."""
    own = [c.name for c in table.columns if c.name not in change.missing]
    further = [c for c in store.columns(table.name) if c not in own] if table.open else []
    store.execute_text(sql("ALTER TABLE {table} RENAME TO _old", table=table.name))
    store.execute_text(table.ddl())
    store.ensure_columns(table.name, own)
    kinds = dict(store.query("trust/columns").filter(_is("_old")).select("column_name", "data_type").iter_rows())
    for column in further:
        added = {"table": table.name, "column": column, "kind": Sql(kinds[column])}
        store.execute_text(sql("ALTER TABLE {table} ADD COLUMN {column} {kind}", **added))
    copied = {"table": table.name, "chosen": [*own, *further]}
    text = sql("INSERT INTO {table} BY NAME SELECT {chosen} FROM _old", **copied)
    store.execute_text(text, name=f"migrate {table.name}")
    store.execute_text("DROP TABLE _old")


def _is(name: str) -> object:
    import polars as pl

    return pl.col("table_name") == name

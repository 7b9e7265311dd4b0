"""Whose rows they are: what names a person follows from the contracts, so that a new table cannot be forgotten."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from engine.tables import TABLES

PERSONS = ("customer_id", "party_id", "contact_id", "subject_id")
NODES = ("node", "src", "dst", "a", "b", "caller", "callee")
# Kept without the person: an ad that was handed out must be called back by its id.
KEPT_UNNAMED = ("deliveries",)
# Of people who opted out stay: that they did, and their calls, which are recognised when the same rows come again.
KEPT_OF_OPTED_OUT = ("optouts", "parties", "events", "repeats", "deliveries")


def rows(store: Any, names: Sequence[str], *, keep: Collection[str], only: Collection[str] = TABLES) -> dict[str, int]:
    """Delete every row that names one of these people, and what was made after their photos.

    Args:
        store: the warehouse, inside a transaction.
        names: as inside the workspace.
        keep: tables that are left alone.
        only: tables to look at.

    Returns:
        Rows deleted per table.
    """
    store.temp("_erased", "trust/erased", names=list(names))
    deleted: dict[str, int] = {}
    for table in ("faces", "rejects"):
        if table in only:
            before = store.count(table)
            store.execute(f"trust/erase_{table}")
            deleted[table] = before - store.count(table)
    for table in only:
        people = [f"{_quoted(c)} IN (SELECT name FROM _erased)" for c in TABLES[table].names if c in PERSONS]  # noqa: S608
        parties = [f"{_quoted(c)} IN (SELECT node FROM _erased)" for c in TABLES[table].names if c in NODES]  # noqa: S608
        if table in keep or not people + parties:
            continue
        before = store.count(table)
        if not before:
            continue
        statement = f"DELETE FROM {_quoted(table)} WHERE {' OR '.join(people + parties)}"  # noqa: S608
        store.execute_text(statement, name=f"erase {table}")
        deleted[table] = deleted.get(table, 0) + before - store.count(table)
    return {table: n for table, n in deleted.items() if n}


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'

"""Deletes people's rows. Which columns name a person follows from the contracts, so that no new table is missed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from engine.tables import TABLES
from engine.warehouse import joined, sql

if TYPE_CHECKING:
    from engine.warehouse import Warehouse

PERSONS = ("customer_id", "party_id", "contact_id", "subject_id")
NODES = ("node", "src", "dst", "a", "b", "caller", "callee")
# Kept without the person: an ad that was handed out must be called back by its id.
KEPT_UNNAMED = ("deliveries",)
# Of people who opted out stay: that they did, and their calls, which are recognised when the same rows come again.
KEPT_OF_OPTED_OUT = ("optouts", "parties", "events", "repeats", "deliveries")


def rows(
    store: Warehouse, names: Sequence[str], *, keep: Collection[str], only: Collection[str] = TABLES
) -> dict[str, int]:
    """Delete every row that names one of these people, and what was made after their photos; earlier decisions about
    others stay without them.

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
    if "decisions" in only:
        store.execute("trust/unname_decisions")
    for table in only:
        people = [sql("{c} IN (SELECT name FROM _erased)", c=c) for c in TABLES[table].names if c in PERSONS]
        parties = [sql("{c} IN (SELECT node FROM _erased)", c=c) for c in TABLES[table].names if c in NODES]
        if table in keep or not people + parties:
            continue
        before = store.count(table)
        if not before:
            continue
        statement = sql("DELETE FROM {table} WHERE {any}", table=table, any=joined(" OR ", people + parties))
        store.execute_text(statement, name=f"erase {table}")
        deleted[table] = deleted.get(table, 0) + before - store.count(table)
    return {table: n for table, n in deleted.items() if n}

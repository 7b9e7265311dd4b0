"""Temporary tables as narrow as the file: absent columns cost no memory, and statements see them as null."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.sources import memory
from engine.warehouse import Sql, Warehouse, sql, sql_text

__all__ = ["OPTIONAL", "add", "forget", "gather", "make", "memory", "rows_at_once", "widen"]

OPTIONAL = {
    "volume_mb": "DOUBLE", "caller_tac": "VARCHAR", "callee_tac": "VARCHAR", "caller_imei": "VARCHAR",
    "callee_imei": "VARCHAR", "caller_cell": "VARCHAR", "callee_cell": "VARCHAR", "call_id": "VARCHAR",
    "caller_device": "VARCHAR", "callee_device": "VARCHAR", "n_calls": "BIGINT", "n_texts": "BIGINT",
}  # fmt: skip


_ROWS, _BYTES = 1_000_000, 400  # rows at once at most, and memory for each


def make(
    store: Warehouse,
    name: str,
    statement: str,
    columns: Iterable[str],
    *,
    numbered: bool,
    add: bool = False,
    **params: Any,
) -> None:
    """Keep some columns of a statement's rows as a temporary table.

    Args:
        store: the warehouse.
        name: of the table.
        statement: below sql/, which gives all columns.
        columns: the names to keep.
        numbered: whether to keep row_id too.
        add: to the rows of the table that is there.
        params: of the statement.
    """
    chosen = [*columns, *(["row_id"] if numbered else [])]
    into = sql("INSERT INTO {name}" if add else "CREATE OR REPLACE TEMP TABLE {name} AS", name=name)
    text = sql("{into} SELECT {chosen} FROM ({rows})", into=into, chosen=chosen, rows=sql_text(statement))
    store.execute_text(text, params, name=statement)


def add(store: Warehouse, table: str, statement: str, columns: Iterable[str], **params: Any) -> None:
    """Add some columns of a statement's rows to a contract table.

    Args:
        store: the warehouse.
        table: its name.
        statement: below sql/, which gives all columns.
        columns: the names to give values for; the others are null.
        params: of the statement.
    """
    text = "INSERT INTO {table} BY NAME SELECT {columns} FROM ({rows}) AS s"
    rows = sql_text(statement)
    store.execute_text(sql(text, table=table, columns=columns, rows=rows), params, name=statement)


def gather(store: Warehouse, name: str, statement: str, *, key: str = "", add: bool, **params: Any) -> None:
    """Keep a statement's rows as a temporary table, or add them to one.

    Args:
        store: the warehouse.
        name: of the table.
        statement: below sql/.
        key: the statement's one column, where rows that are there already shall not come again.
        add: whether there is such a table.
        params: of the statement.
    """
    if not add:
        store.temp(name, statement, **params)
        return
    new = "INSERT INTO {name} SELECT * FROM ({rows}) AS s"
    if key:
        new += " WHERE NOT EXISTS (SELECT 1 FROM {name} AS k WHERE k.{key} = s.{key})"
    store.execute_text(sql(new, name=name, rows=sql_text(statement), key=key), params, name=statement)


def widen(
    store: Warehouse,
    view: str,
    table: str,
    always: Iterable[str],
    optional: Iterable[str],
    have: set[str],
    row_id: Sql | str = "rowid",
) -> None:
    """A view of a temporary table with null for absent columns and `row_id`, the 0-based number of a file's row."""
    nulls = {c: sql("NULL::{kind} AS {c}", kind=Sql(OPTIONAL[c]), c=c) for c in optional if c not in have}
    picks = [sql("{row_id} AS row_id", row_id=row_id), *always, *(nulls.get(c, c) for c in optional)]
    text = "CREATE OR REPLACE TEMP VIEW {view} AS SELECT {picks} FROM {table}"
    store.execute_text(sql(text, view=view, picks=picks, table=table))


def rows_at_once(store: Warehouse) -> int:
    """How many rows to sum or to compare in one statement: few enough for the memory and for the processor's cache."""
    return max(1, min(_ROWS, memory(store) // _BYTES))


def forget(store: Warehouse, views: Iterable[str], tables: Iterable[str]) -> None:
    """Drop temporary views and tables, whether they are there or not."""
    for view in views:
        store.execute_text(sql("DROP VIEW IF EXISTS {view}", view=view))
    store.drop(*tables)

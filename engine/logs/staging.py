"""Temporary tables as narrow as the file: absent columns cost no memory, and statements see them as null."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.sources import Store
from engine.warehouse import sql_text

OPTIONAL = {
    "volume_mb": "DOUBLE", "caller_tac": "VARCHAR", "callee_tac": "VARCHAR", "caller_imei": "VARCHAR",
    "callee_imei": "VARCHAR", "caller_cell": "VARCHAR", "callee_cell": "VARCHAR", "call_id": "VARCHAR",
    "caller_device": "VARCHAR", "callee_device": "VARCHAR", "n_calls": "BIGINT", "n_texts": "BIGINT",
}  # fmt: skip


def make(store: Store, name: str, statement: str, columns: Iterable[str], **params: Any) -> None:
    """Keep some columns of a statement's rows, in their order, as a temporary table.

    Args:
        store: the warehouse.
        name: of the table.
        statement: below sql/, which gives all columns.
        columns: the names to keep.
        params: of the statement.
    """
    chosen = ", ".join([*columns, *(["row_id"] if store.spreads else [])])
    text = f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT {chosen} FROM ({sql_text(statement)})"  # noqa: S608
    store.execute_text(text, params, name=statement)


def widen(store: Store, view: str, table: str, always: Iterable[str], optional: Iterable[str], have: set[str]) -> None:
    """A view of a temporary table with `row_id` (0-based, in the order of insertion) and null for absent columns."""
    picks = [*always, *(c if c in have else f"NULL::{OPTIONAL[c]} AS {c}" for c in optional)]
    text = f"CREATE OR REPLACE TEMP VIEW {view} AS SELECT rowid AS row_id, {', '.join(picks)} FROM {table}"  # noqa: S608
    store.execute_text(text)


def forget(store: Store, views: Iterable[str], tables: Iterable[str]) -> None:
    """Drop temporary views and tables, whether they are there or not."""
    for view in views:
        store.execute_text(f"DROP VIEW IF EXISTS {view}")
    store.drop(*tables)

"""The data contracts: every table's grain, keys, columns and types, written once and checked at each border.

Types are a small vocabulary that maps to DuckDB and to polars; times are UTC without an offset, units stand
in the column names (`talk_s`, `volume_mb`). A table with `open=True` may carry further columns (features). How the
embedded database stores a table (few words as numbers, columns that take no place yet) is no part of the contract.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.contracts import SQL_TYPES, Column, Table, polars_type
from engine.tables import computed, imported, kept

if TYPE_CHECKING:
    import polars as pl

__all__ = ["BOOKKEEPING", "NOT_EXPORTED", "SQL_TYPES", "TABLES", "Column", "Table", "check", "empty", "polars_type"]

TABLES: dict[str, Table] = {contract.name: contract for part in (imported, computed, kept) for contract in part.ALL}

# What says when something ran, or what takes an import back, not what came out: left out of `export all` so that two
# runs give the same bytes.
BOOKKEEPING = (
    "sources", "readings", "repeats", "runs", "history", "decisions", "deliveries", "sendings", "policies", "rounds",
    "objections", "meta",
)  # fmt: skip

# Columns that the exported table does not have: whose face chose an ad's photo is nothing for whoever sends it.
NOT_EXPORTED = {"ads": ("subject_id", "offer_version")}


def empty(name: str) -> pl.DataFrame:
    """An empty frame with the columns of table `name`."""
    return TABLES[name].empty()


def check(frame: pl.DataFrame, name: str, *, unique: bool = True) -> pl.DataFrame:
    """Return `frame` in the shape of table `name`; see `Table.check`."""
    return TABLES[name].check(frame, unique=unique)

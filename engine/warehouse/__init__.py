"""Who runs the statements in sql/: one contract, DuckDB by default, Spark when one machine is outgrown.

Who calls it never asks which engine it is and imports none: `open_` and `in_memory` give one. `Warehouse.spreads` alone
is known: whether rows may be so many that they lie on several machines.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import WorkspaceError
from engine.warehouse.contract import Warehouse
from engine.warehouse.file import is_encrypted, remove_draft
from engine.warehouse.statements import Sql, joined, literal, quote, sql, sql_folder, sql_text

if TYPE_CHECKING:
    from engine import config

__all__ = [
    "Sql", "Warehouse", "in_memory", "is_encrypted", "joined", "literal", "open_", "quote", "remove_draft", "sql",
    "sql_folder", "sql_text",
]  # fmt: skip


def open_(path: Path, settings: config.Warehouse, folder: Path, options: dict[str, Any]) -> Warehouse:
    """The warehouse of a workspace by the engine its settings name.

    Args:
        path: the workspace's DuckDB file, which is the catalogue where Spark computes.
        settings: section `warehouse`.
        folder: where Spark keeps large tables, unless the settings say another place.
        options: further arguments of `engine.warehouse.duckdb.DuckDBWarehouse`.

    Raises:
        WorkspaceError: the large tables lie as Parquet and the engine is duckdb.
    """
    from engine.warehouse.duckdb import DuckDBWarehouse

    if settings.engine == "spark":
        from engine.warehouse.spark import SparkWarehouse

        return SparkWarehouse(path, master=settings.master, folder=settings.folder or str(folder), **options)
    store = DuckDBWarehouse(path, **options)
    if store.has_tables_elsewhere():
        store.close()
        raise WorkspaceError(
            "The large tables of this workspace lie as Parquet, made by Spark.",
            fix='Set warehouse.engine = "spark" in kindred.toml, or give --engine spark.',
        )
    return store


def in_memory(**options: Any) -> Warehouse:
    """A warehouse that lives in memory and is gone when it is closed; options: as for `open_`."""
    from engine.warehouse.duckdb import DuckDBWarehouse

    return DuckDBWarehouse(**options)

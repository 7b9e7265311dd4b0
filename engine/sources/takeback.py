"""Taking imports back: what is the same for every table. For call records `engine.logs.undo` runs before it."""

from __future__ import annotations

from collections.abc import Collection

from engine.sources import readings
from engine.warehouse import Warehouse


def tables(store: Warehouse, target: str, gone: Collection[str], key: bytes) -> None:
    """Take imports of one table back, inside a transaction. Who opted out stays opted out, withdrawn is withdrawn.

    Args:
        store: the warehouse.
        target: what they were imported as, but for call records.
        gone: ids of the imports.
        key: the workspace's.
    """
    if target in readings.TARGETS:
        readings.take_out(store, target, gone, key)
    forget(store, gone)
    if target == "customers":
        store.execute("intake/refresh_parties")


def forget(store: Warehouse, gone: Collection[str]) -> None:
    """Remove imports from the list of sources, and their rejected rows."""
    store.execute("intake/drop_rejects", gone=list(gone))
    store.execute("intake/drop_sources", gone=list(gone))

"""Faults planted in `kindred`, to see that the kills notice them; each function is called in the process that runs it.

A safeguard whose absence no kill notices is not tested.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def transactions_off() -> None:
    """Nothing is all or nothing: every statement is stored as soon as it is done."""
    from engine.warehouse.duckdb import DuckDBWarehouse

    @contextmanager
    def transaction(self: Any) -> Iterator[None]:
        yield

    DuckDBWarehouse.transaction = transaction


def replaced_in_place() -> None:
    """A new file is written where the old one stands."""
    from engine.trust import files

    @contextmanager
    def replacing(path: Path, *, scratch: Path) -> Iterator[Any]:
        scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(path, "wb", opener=files.private) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())

    files.replacing = replacing


def ads_noted_late() -> None:
    """Ads are noted in `deliveries` after the export has appeared, not before."""
    from engine import export, workspace
    from engine.trust import folder
    from engine.warehouse.duckdb import DuckDBWarehouse

    append, replacing, whole = DuckDBWarehouse.append, folder.replacing, export.export
    waiting: list[Any] = []
    spaces: list[workspace.Workspace] = []

    def later(self: Any, table: str, frame: Any, /, **options: Any) -> int:
        if table != "deliveries":
            return append(self, table, frame, **options)
        waiting.append(frame)
        return frame.height

    def exported(space: workspace.Workspace, *args: Any, **options: Any) -> Any:
        spaces.append(space)
        return whole(space, *args, **options)

    @contextmanager
    def appearing(target: Path) -> Iterator[Any]:
        with replacing(target) as draft:
            yield draft
        with spaces[-1].writing("export ads") as store, store.transaction():
            for frame in waiting:
                append(store, "deliveries", frame)

    DuckDBWarehouse.append, folder.replacing, export.export = later, appearing, exported


SABOTAGES = {
    "transactions-off": transactions_off,
    "replaced-in-place": replaced_in_place,
    "ads-noted-late": ads_noted_late,
}
# How the steps begin at which a kill could notice it.
TELLING = {
    "transactions-off": ("INSERT", "DELETE", "UPDATE", 'DROP TABLE IF EXISTS "', "-- "),
    "replaced-in-place": ("opened ",),
    "ads-noted-late": ('INSERT INTO "deliveries"', "BEGIN", "opened audit", "rmtree"),
}

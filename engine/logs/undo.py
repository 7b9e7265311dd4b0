"""Taking back files of call records: as if they had never come.

Events of pairs in which the file met nothing of another one simply go, and their sums are taken off `pair_days`. In the
other pairs everything that the other files said, which `repeats` and `events` hold together, is imported again in its
order, by the statements that import a file: second legs, repeated rows, what legs told of handsets and cells.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine.logs import days, repeats, staging
from engine.sources import takeback
from engine.warehouse import Warehouse

if TYPE_CHECKING:
    from engine.config import Logs

_VIEWS = ("_log_new",)
_SCRATCH = (
    "_undo_pairs", "_undo_parties", "_undo_before", "_undo_after", "_undo_rows", "_undo_file", "_log_suspects",
    "_log_suspect_names", "_log_same", "_log_legs", "_log_facts", "_log_replaced", "_log_gone", "_log_days",
    "_log_days_known", "_log_new_parties",
)  # fmt: skip


def take_out(store: Warehouse, gone: Collection[str], logs: Logs) -> None:
    """Take files of call records back, inside a transaction.

    Args:
        store: the warehouse.
        gone: ids of the imports; they still stand in `sources`.
        logs: settings, for imports that did not note theirs.
    """
    some: dict[str, Any] = {"gone": list(gone)}
    try:
        store.temp("_undo_pairs", "logs/8_undo/pairs", **some)
        store.temp("_undo_parties", "logs/8_undo/parties", **some)
        store.temp("_undo_before", "logs/8_undo/sums", **some)
        store.temp("_undo_rows", "logs/8_undo/rows", **some)
        store.execute("logs/8_undo/events", **some)
        store.execute("logs/8_undo/repeats", **some)
        store.temp("_log_new_parties", "logs/3_people/no_new_parties")
        for line in store.query("logs/8_undo/order").iter_rows(named=True):
            _import_again(store, line["source_id"], json.loads(line["how"] or "null"), logs)
        store.temp("_undo_after", "logs/8_undo/sums", **some)
        days.change(store)
        store.execute("logs/8_undo/strangers")
        takeback.forget(store, gone)
    finally:
        staging.forget(store, _VIEWS, _SCRATCH)


def _import_again(store: Warehouse, source: str, how: dict[str, Any] | None, logs: Logs) -> None:
    """One file's rows of the pairs, found and stored as when it came."""
    columns = store.ensure_columns("events", ())
    if how is None:  # of an older Kindred: what it had stored came before everything else, and is final
        staging.add(store, "events", "logs/8_undo/base", columns, source_id=source)
        return
    store.temp("_undo_file", "logs/8_undo/file", source_id=source)
    store.execute("logs/8_undo/new")
    store.temp("_log_suspects", "logs/8_undo/suspects")
    rules = dataclasses.replace(logs, **how["rules"])
    repeats.compare(store, rules, {*repeats.FACTS, "call_id"}, legs=how["legs"])
    repeats.apply_to_stored(store, columns)
    always = {"since": datetime.min, "until": datetime.max}
    staging.add(store, "events", "logs/6_store/new_events", columns, source_id=source, **always)

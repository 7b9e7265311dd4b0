"""The same event more than once: repeated rows and second legs, within a file and against what is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.sources import Store

if TYPE_CHECKING:
    import numpy as np

    from engine.config import Logs

# Keys sorted at once: 128 MB of them.
_PART = 1 << 24
FACTS = ("caller_tac", "callee_tac", "caller_device", "callee_device", "caller_cell", "callee_cell")


def drop(store: Store, logs: Logs, have: set[str], *, legs: bool = True) -> tuple[int, int, int]:
    """Take out of `_log_events` what stands twice, and out of `events` what gives way to an earlier leg.

    Exact duplicates and candidates for legs are found by sorting 64-bit keys in memory, a part at a time; only the
    few candidates are then compared in SQL. `_log_replaced` keeps the stored events that gave way.

    Args:
        store: the warehouse, holding `_log_events` and its view `_log_new`.
        logs: settings leg_window_s and leg_duration_s.
        have: optional columns the file has.
        legs: whether rows are calls, of which there may be second legs.

    Returns:
        Repeated rows, second legs of this file, stored events that gave way.
    """
    window = logs.leg_window_s
    span = store.query("logs/span", window=window).row(0, named=True)
    reach = (span["first_at"], span["last_at"]) if span["near"] else (None, None)
    store.temp("_log_near", "logs/near", first_at=reach[0], last_at=reach[1], window=window, after=span["last_place"])
    store.execute("logs/pool")
    store.execute("logs/key")
    # Within a transaction DuckDB numbers new rows from a high number on.
    base = span["first_place"]
    places = _suspects(store, base, span["last_place"] - base + 1 + span["near"], window, "call_id" in have)
    _keep(store, places, base)
    store.temp("_log_same", "logs/same_rows")
    if legs:
        store.temp("_log_legs", "logs/second_legs", window=window, slack=logs.leg_duration_s)
    else:
        store.temp("_log_legs", "logs/no_legs")
    store.temp("_log_replaced", "logs/replaced")
    repeated, replaced = store.count("_log_same"), store.count("_log_replaced")
    second = store.query("logs/new_legs")["n"][0]
    if (repeated or second or replaced) and have & set(FACTS):
        store.temp("_log_facts", "logs/leg_facts")
        store.execute_text(_filling("_log_events", "false", have))
        store.execute("logs/fill_stored")
    if repeated or second:
        store.execute("logs/drop_repeated")
    if replaced:
        store.execute("logs/drop_replaced")
    return repeated, second, replaced


def _filling(table: str, old: str, have: set[str]) -> str:
    sets = ", ".join(f"{c} = coalesce(k.{c}, f.{c})" for c in FACTS if c in have)
    return f"UPDATE {table} AS k SET {sets} FROM _log_facts AS f WHERE f.kept_old = {old} AND k.rowid = f.kept_rid"  # noqa: S608


def _suspects(store: Store, base: int, events: int, window: int, with_call_ids: bool) -> np.ndarray:
    """Places of the events whose key another one has too (and, by chance of the hash, hardly any others)."""
    import numpy as np

    parts, size = max(1, -(-events // _PART)), 1 << max(events, 1).bit_length()
    bucket = 2 * window + 2
    queries = [("logs/keys", {"shift": shift, "bucket": bucket}) for shift in (0, window + 1)]
    if with_call_ids:
        queries.append(("logs/call_id_keys", {}))
    found = [np.empty(0, np.uint64)]
    for part in range(parts):
        for statement, more in queries:
            marks = np.sort(
                store.query(statement, parts=parts, part=part, size=size, base=base, **more)["mark"].to_numpy()
            )
            keys = marks // np.uint64(size)
            same = keys[1:] == keys[:-1]
            twice = np.zeros(len(marks), bool)
            twice[1:] |= same
            twice[:-1] |= same
            found.append(marks[twice] % np.uint64(size))
    return np.unique(np.concatenate(found))


def _keep(store: Store, places: np.ndarray, base: int) -> None:
    import polars as pl

    store.connection.register("_log_suspect_frame", pl.DataFrame({"place": places}).to_arrow())
    try:
        store.temp("_log_suspects", "logs/suspects", base=base)
    finally:
        store.connection.unregister("_log_suspect_frame")

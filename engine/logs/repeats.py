"""The same event more than once: repeated rows and second legs, within a file and against what is stored."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from engine.sources import Store
from engine.warehouse import sql_text

if TYPE_CHECKING:
    import numpy as np

    from engine.config import Logs

# Keys sorted at once: a sixteenth of the memory, 8 MB at least, 256 MB at most; more wait in temporary files.
_SHARE, _MOST, _LEAST, _BATCH = 16, 1 << 25, 1 << 20, 1 << 18
_UNITS = {"bytes": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
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
    if store.spreads:
        reach = {"first_at": span["first_at"], "last_at": span["last_at"]}
        store.temp("_log_suspects", "logs/suspects_by_time", **reach, window=window, ids="call_id" in have)
    else:
        _find_suspects(store, span, window, "call_id" in have)
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


def _find_suspects(store: Store, span: dict[str, Any], window: int, with_call_ids: bool) -> None:
    """`_log_suspects`, in memory."""
    reach = (span["first_at"], span["last_at"]) if span["near"] else (None, None)
    store.temp("_log_near", "logs/near", first_at=reach[0], last_at=reach[1], window=window, after=span["last_place"])
    store.execute("logs/pool")
    store.execute("logs/key")
    # Within a transaction DuckDB numbers new rows from a high number on.
    base = span["first_place"]
    places = _suspects(store, base, span["last_place"] - base + 1 + span["near"], window, with_call_ids)
    _keep(store, places, base)


def _filling(table: str, old: str, have: set[str]) -> str:
    sets = ", ".join(f"{c} = coalesce(k.{c}, f.{c})" for c in FACTS if c in have)
    return f"UPDATE {table} AS k SET {sets} FROM _log_facts AS f WHERE f.kept_old = {old} AND k.rowid = f.kept_rid"  # noqa: S608


def _suspects(store: Store, base: int, events: int, window: int, with_call_ids: bool) -> np.ndarray:
    """Places of the events whose key another one has too (and, by chance of the hash, hardly any others)."""
    import numpy as np

    at_once = _keys_at_once(store.query("logs/memory_limit")["memory"][0])
    parts = 1 << max(0, -(-events // at_once) - 1).bit_length()
    size, bucket = 1 << max(events, 1).bit_length(), 2 * window + 2
    queries = [("logs/keys", {"shift": shift, "bucket": bucket}) for shift in (0, window + 1)]
    if with_call_ids:
        queries.append(("logs/call_id_keys", {}))
    found = [np.empty(0, np.uint64)]
    for statement, more in queries:
        for marks in _parted(store, statement, parts, size=size, base=base, **more):
            marks.sort()
            # Marks of one key differ in their lowest digits only.
            same = (marks[1:] ^ marks[:-1]) < np.uint64(size)
            twice = np.zeros(len(marks), bool)
            twice[1:] |= same
            twice[:-1] |= same
            found.append(marks[twice] % np.uint64(size))
    return np.unique(np.concatenate(found))


def _parted(store: Store, statement: str, parts: int, **params: int) -> Iterator[np.ndarray]:
    """A statement's marks in parts by their highest bits, read once; parts wait in a nameless temporary file each."""
    import numpy as np

    if parts == 1:
        marks = store.query(statement, **params)["mark"].to_numpy().copy()
        yield marks
        return
    low = np.uint64(64 - (parts.bit_length() - 1))
    with ExitStack() as stack:
        files = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(parts)]
        for batch in store.connection.sql(sql_text(statement), params=params).to_arrow_reader(_BATCH):
            marks = batch.column(0).to_numpy()
            part = marks >> low
            order = np.argsort(part, kind="stable")
            edges = np.searchsorted(part[order], np.arange(parts + 1, dtype=np.uint64))
            marks = marks[order]
            for i, file in enumerate(files):
                file.write(marks[edges[i] : edges[i + 1]].tobytes())
        for file in files:
            file.seek(0)
            yield np.frombuffer(bytearray(file.read()), dtype=np.uint64)
            file.close()


def _keys_at_once(memory: str) -> int:
    """How many 8-byte keys to sort at once under a limit such as "512.0 MiB"."""
    number, unit = memory.split()
    return max(_LEAST, min(_MOST, int(float(number) * _UNITS[unit] / _SHARE / 8)))


def _keep(store: Store, places: np.ndarray, base: int) -> None:
    import polars as pl

    store.connection.register("_log_suspect_frame", pl.DataFrame({"place": places}).to_arrow())
    try:
        store.temp("_log_suspects", "logs/suspects", base=base)
    finally:
        store.connection.unregister("_log_suspect_frame")

"""The same event more than once: repeated rows and second legs, within a file and against what is stored."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from engine.errors import BackendError
from engine.logs import staging
from engine.warehouse import Warehouse, sql, sql_text

if TYPE_CHECKING:
    import numpy as np

    from engine.config import Logs

# Keys sorted at once: a sixteenth of the memory, 8 MB at least, 256 MB at most; more wait in temporary files.
_SHARE, _MOST, _LEAST, _BATCH, _STEP_BITS = 16, 1 << 25, 1 << 20, 1 << 18, 20
_AHEAD = 1 << 25  # bytes of keys that may wait to be sorted
_UNEVEN = 4  # times as many keys at most where they do not spread over the parts
_PLACE = 400  # memory for each place that is looked up
FACTS = ("caller_tac", "callee_tac", "caller_device", "callee_device", "caller_cell", "callee_cell")


def find(store: Warehouse, logs: Logs, have: set[str], *, legs: bool = True) -> tuple[dict[str, Any], int, int, int]:
    """Find rows of `_log_new` that repeat each other, and stored events that an earlier leg replaces.

    Exact duplicates and candidates for legs are found by sorting 64-bit keys in memory, a part at a time; only the
    few candidates are then compared in SQL. `_log_gone` are the rows that are no events of their own, `_log_facts`
    what they knew of the events that stay, `_log_replaced` the stored events that give way. Nothing is stored yet.

    Args:
        store: the warehouse, holding the view `_log_new`.
        logs: settings leg_window_s, leg_duration_s and call_id_window_s.
        have: optional columns the file has.
        legs: whether rows are calls, of which there may be second legs.

    Returns:
        The row of sql/logs/5_repeats/span.sql, repeated rows, second legs of this file, stored events that gave way.
    """
    window = logs.leg_window_s
    span = store.query("logs/5_repeats/span", window=window).row(0, named=True)
    if store.spreads:
        reach = {"first_at": span["first_at"], "last_at": span["last_at"]}
        store.temp("_log_suspects", "logs/5_repeats/suspects_by_time", **reach, window=window, ids="call_id" in have)
    else:
        _find_suspects(store, span, window, "call_id" in have)
    return span, *compare(store, logs, have, legs=legs)


def compare(store: Warehouse, logs: Logs, have: set[str], *, legs: bool = True) -> tuple[int, int, int]:
    """The second half of `find`: among `_log_suspects`, in which nothing that stands twice is missing.

    Args:
        store: the warehouse, holding the view `_log_new` and `_log_suspects`.
        logs: settings leg_window_s and leg_duration_s.
        have: optional columns the file has.
        legs: whether rows are calls, of which there may be second legs.

    Returns:
        Repeated rows, second legs of this file, stored events that gave way.
    """
    window = logs.leg_window_s
    # Whatever stands twice has the same two parties: some pairs at a time are enough.
    parts = 1 if store.spreads else -(-store.count("_log_suspects") // staging.rows_at_once(store)) or 1
    if legs:
        store.temp("_log_suspect_names", "logs/5_repeats/suspect_names")
    for part in range(parts):
        some: dict[str, Any] = {"add": part > 0, "parts": parts, "part": part}
        staging.gather(store, "_log_same", "logs/5_repeats/same_rows", **some)
        if legs:
            some |= {"window": window, "slack": logs.leg_duration_s, "id_window": logs.call_id_window_s}
            staging.gather(store, "_log_legs", "logs/5_repeats/second_legs", **some)
    if not legs:
        store.temp("_log_legs", "logs/5_repeats/no_legs")
    store.temp("_log_replaced", "logs/5_repeats/replaced")
    parts = -(-parts // 4)  # only numbers of rows are kept at once
    for part in range(parts):
        staging.gather(store, "_log_gone", "logs/5_repeats/gone", add=part > 0, parts=parts, part=part)
    repeated, replaced = store.count("_log_same"), store.count("_log_replaced")
    second = store.query("logs/5_repeats/new_legs")["n"][0]
    # What gives way may know more than the file has columns for.
    if replaced or ((repeated or second) and have & set(FACTS)):
        store.temp("_log_facts", "logs/5_repeats/leg_facts")
    else:
        store.temp("_log_facts", "logs/5_repeats/no_facts")
    return repeated, second, replaced


def keep(store: Warehouse, source: str, facts: Collection[str], *, every: bool) -> None:
    """Keep the file's rows that may be the same as another one, so that any of these files can be taken back.

    Args:
        store: the warehouse, after `find` and inside the import's transaction.
        source: the file's id.
        facts: optional columns that its rows have values in.
        every: keep all rows, since each stands for several contacts.
    """
    if every or store.count("_log_suspects"):
        columns = store.ensure_columns("repeats", facts)
        # A few rows of each row group, stored as they are found, would be stored again and again until groups are full.
        found = "logs/6_store/repeats"
        staging.make(store, "_log_repeats", found, columns, numbered=False, source_id=source, every=every)
        kept = sql("INSERT INTO repeats BY NAME SELECT {columns} FROM _log_repeats", columns=columns)
        store.execute_text(kept, name=found)


def rules(logs: Logs, *, legs: bool) -> dict[str, Any]:
    """What `sources.how` has to say of a file, so that its rows can be compared again as they were."""
    names = ("leg_window_s", "leg_duration_s", "call_id_window_s")
    return {"legs": legs, "rules": {name: getattr(logs, name) for name in names}}


def apply_to_stored(store: Warehouse, columns: Collection[str]) -> None:
    """Change stored events by what `find` found: some take over values of their dropped legs, some are dropped.

    Args:
        store: the warehouse.
        columns: of `events` that can be given values.
    """
    if store.count("_log_facts") or store.count("_log_replaced"):
        kept = store.ensure_columns("repeats", [c for c in FACTS if c in columns])
        staging.add(store, "repeats", "logs/6_store/touched", kept)
    learned = [sql("{c} = coalesce(k.{c}, f.{c})", c=c) for c in FACTS if c in columns]
    if learned and store.count("_log_facts"):
        text = "UPDATE events AS k SET {learned} FROM _log_facts AS f WHERE f.kept_old AND k.rowid = f.kept_rid"
        store.execute_text(sql(text, learned=learned), name="fill stored events")
    if store.count("_log_replaced"):
        store.execute("logs/6_store/drop_replaced")


def _find_suspects(store: Warehouse, span: dict[str, Any], window: int, with_call_ids: bool) -> None:
    """`_log_suspects`, in memory."""
    import numpy as np

    reach = (span["first_at"], span["last_at"]) if span["near"] else (None, None)
    near = {"first_at": reach[0], "last_at": reach[1], "window": window, "after": span["last_place"]}
    store.temp("_log_near", "logs/5_repeats/near", **near)
    store.execute("logs/5_repeats/pool")
    base = span["first_place"]
    events = span["last_place"] - base + 1 + span["near"]
    first = (span["first_at"] or datetime(1970, 1, 1)) - timedelta(seconds=window)
    seconds = int(((span["last_at"] or first) - first).total_seconds()) + window + 1
    # Steps as fine as is of use, and so few that the hash has enough digits left.
    step = max(window // 4, (seconds >> _STEP_BITS) + 1)
    size = 1 << max(events, 1).bit_length()
    half = size << (seconds // step + 1).bit_length()
    at_once = _keys_at_once(staging.memory(store))
    parts = 1 << max(0, -(-events // at_once) - 1).bit_length()
    shared = {"parts": parts, "size": size, "base": base, "most": _UNEVEN * max(at_once, _LEAST)}
    found = []
    first_us = (first - datetime(1970, 1, 1)) // timedelta(microseconds=1)
    digits = {"hash": 2**64 - 2 * half, "half": half, "step": step * 1_000_000, "first_us": first_us}
    for marks in _parted(store, "logs/5_repeats/keys", **shared, **digits):
        found.append(_near(marks, size, half, window // step + 1))
    if with_call_ids:
        for marks in _parted(store, "logs/5_repeats/call_id_keys", **shared):
            found.append(_near(marks, size, size, 0))
    places = np.concatenate(found)
    found.clear()
    places.sort()
    if with_call_ids:
        places = np.unique(places)
    # Where nearly all rows are suspects (a file that came before under another name) their places fill a hash table.
    _keep(store, places, base, max(1, min(at_once, staging.memory(store) // _PLACE)))


def _near(marks: np.ndarray, size: int, half: int, steps: int) -> np.ndarray:
    """Places of the marks that have a neighbour of the same hash which is near: so many steps where both talked."""
    import numpy as np

    marks.sort()
    bits = np.uint64(size.bit_length() - 1)
    near = np.zeros(len(marks), bool)
    for start in range(0, max(len(marks) - 1, 0), _BATCH):
        before, after = marks[start : start + _BATCH], marks[start + 1 : start + 1 + _BATCH]
        before = before[: len(after)]
        reach = np.where(after & np.uint64(half), np.uint64(steps), np.uint64(0)) if half > size else np.uint64(0)
        both = ((before ^ after) < np.uint64(half)) & ((after >> bits) - (before >> bits) <= reach)
        near[start : start + len(both)] |= both
        near[start + 1 : start + 1 + len(both)] |= both
    return (marks[near] & np.uint64(size - 1)).astype(np.uint32 if size <= 1 << 32 else np.uint64)


def _parted(store: Warehouse, statement: str, *, parts: int, most: int, **params: Any) -> Iterator[np.ndarray]:
    """A statement's marks part by part, read once; parts wait in a nameless temporary file each.

    Raises:
        BackendError: one of several parts has more marks than `most`.
    """
    import numpy as np

    columns = ["mark", "part"] if parts > 1 else ["mark"]
    text = sql("SELECT {columns} FROM ({rows})", columns=columns, rows=sql_text(statement))
    ahead = min(_AHEAD, staging.memory(store) // _SHARE)
    rows = store.batches(text, {"parts": parts, **params}, rows=_BATCH, name=statement, ahead=ahead)
    if parts == 1:
        yield np.concatenate([np.empty(0, np.uint64), *(batch.column("mark").to_numpy() for batch in rows)])
        return
    with ExitStack() as stack:
        files = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(parts)]
        for batch in rows:
            part = batch.column("part").to_numpy()
            order = np.argsort(part, kind="stable")
            edges = np.searchsorted(part[order], np.arange(parts + 1))
            marks = batch.column("mark").to_numpy()[order]
            for i, file in enumerate(files):
                file.write(marks[edges[i] : edges[i + 1]])
        if (largest := max(file.tell() for file in files) // 8) > most:
            raise BackendError(
                f"{largest:,} rows are contacts of the same few parties, too many to compare.",
                fix="Check that this is a log of calls; if so, set a larger --memory, e.g. 4GB.",
            )
        for file in files:
            file.seek(0)
            yield np.fromfile(file, np.uint64)
            file.close()


def _keys_at_once(memory: int) -> int:
    """How many 8-byte keys to sort at once where the database may use so many bytes."""
    return max(_LEAST, min(_MOST, memory // _SHARE // 8))


def _keep(store: Warehouse, places: np.ndarray, base: int, at_once: int) -> None:
    """`_log_suspects` from their places, some at a time, in order: each time only a part of the rows is looked at."""
    import pyarrow as pa

    for start in range(0, max(len(places), 1), at_once):
        frame = pa.table({"place": places[start : start + at_once]})
        with store.registered("_log_suspect_frame", frame):
            staging.gather(store, "_log_suspects", "logs/5_repeats/suspects", add=start > 0, base=base)

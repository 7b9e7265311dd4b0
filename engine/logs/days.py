"""A file's contacts into `pair_days`, some days at a time; and all of them, when days begin by another clock."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from engine import sources
from engine.clock import Clock, utc_now
from engine.logs import staging
from engine.tables import TABLES
from engine.warehouse import Warehouse

_NO_SOURCE = ""  # a list that is bound must not be empty


def runs(store: Warehouse) -> list[tuple[datetime, datetime, int]]:
    """Moments between which whole days lie, and how many of `_log_new`'s rows are in them, from the beginning of time.

    A few million rows each, or one day: small tables are fast, and whole row groups are small.
    """
    if store.spreads:
        return [(datetime.min, datetime.max, 0)]
    found, since, n = [], datetime.min, 0
    most = staging.rows_at_once(store)
    for day, rows in store.query("logs/7_days/day_rows").iter_rows():
        if n + rows > most and n:
            until = store.clock.start(day)
            found.append((since, until, n))
            since, n = until, 0
        n += rows
    return [*found, (since, datetime.max, n)]


def fresh(store: Warehouse, first: datetime | None, last: datetime | None) -> tuple[datetime, datetime] | None:
    """When the first day begins and the last ends, where nothing is known of these days: their pair-days are then the
    sums of the events that are stored next.

    Args:
        store: the warehouse, before a file's events are stored.
        first: when the first of them began; None where there is none.
        last: when the last of them began.
    """
    if first is None or last is None:
        return None
    since, until = store.clock.day(first), store.clock.day(last) + timedelta(days=1)
    begins, ends = store.clock.start(since), store.clock.start(until)
    known = not store.query("logs/7_days/fresh_days", since=since, until=until, begins=begins, ends=ends)["fresh"][0]
    return None if known else (begins, ends)


def add(
    store: Warehouse, since: datetime, until: datetime, rows: int, fresh_days: tuple[datetime, datetime] | None
) -> None:
    """Add one of `runs`: only the pairs and days it touches are changed.

    Args:
        store: the warehouse, where the file's events are stored by now.
        since: when the first day begins.
        until: when the last one ends.
        rows: how many there are.
        fresh_days: from `fresh`.
    """
    parts = 1 if store.spreads else -(-rows // staging.rows_at_once(store)) or 1
    for part in range(parts):
        some: dict[str, Any] = {"since": since, "until": until, "parts": parts, "part": part}
        if fresh_days:
            some |= {"since": max(since, fresh_days[0]), "until": min(until, fresh_days[1])}
            staging.add(store, "pair_days", "logs/7_days/day_sums", TABLES["pair_days"].names, **some)
            continue
        store.temp("_log_days", "logs/7_days/day_changes", **some)
        store.temp("_log_days_known", "logs/7_days/days_known")
        if store.count("_log_days_known"):
            store.execute("logs/7_days/drop_known_days")
        store.execute("logs/7_days/insert_days")


def move(store: Warehouse, clock: Clock) -> bool:
    """Let days begin by another clock, and compute the sums per day anew, in one transaction.

    What stored events add to the sums leaves its old day and comes to its new one. The rest stays where it is: sums of
    which a purge took the events. So do files that came as sums: their rows, which have no times, begin with their day.

    Args:
        store: the warehouse, open for writing.
        clock: the new one.

    Returns:
        Whether there were call records.
    """
    with store.transaction():
        if not store.count("events"):
            store.set_clock(clock)
            return False
        timed, summed = _by_times(store)
        dated = {source: clock.start(store.clock.day(at)) for source, at in summed.items()}
        store.temp("_undo_pairs", "logs/7_days/no_pairs")
        store.temp("_undo_before", "logs/8_undo/sums", gone=[*timed, _NO_SOURCE])
        store.set_clock(clock)
        store.temp("_undo_after", "logs/8_undo/sums", gone=[*timed, _NO_SOURCE])
        change(store)
        store.drop("_undo_pairs", "_undo_before", "_undo_after", "_log_days", "_log_days_known")
        for source, at in dated.items():
            for table in ("events", "repeats"):
                store.execute(f"logs/7_days/redate_{table}", source_id=source, at=at)
        _note(store, clock)
    return True


def change(store: Warehouse) -> None:
    """Add the differences between `_undo_before` and `_undo_after`, sums per pair and day, to `pair_days`."""
    store.temp("_log_days", "logs/8_undo/changes")
    store.temp("_log_days_known", "logs/7_days/days_known")
    if store.count("_log_days_known"):
        store.execute("logs/7_days/drop_known_days")
    store.execute("logs/7_days/insert_days")


def _by_times(store: Warehouse) -> tuple[list[str], dict[str, datetime]]:
    """Files of call records whose rows have times; of those whose rows have not, which came as sums, the one time that
    stands for their day.
    """
    hows = {line["source_id"]: json.loads(line["how"] or "{}") for line in store.query("intake/imports").to_dicts()}
    timed, summed = [], {}
    for source, first, last in store.query("logs/7_days/source_spans").iter_rows():
        # An older Kindred did not note which: rows that are all of one midnight came as sums.
        alike = first == last and first == store.clock.start(store.clock.day(first))
        if not hows.get(source, {}).get("legs", not alike):
            summed[source] = first
        else:
            timed.append(source)
    return timed, summed


def _note(store: Warehouse, clock: Clock) -> None:
    """What the stages made of the old days is stale: noted as an undo is, for no file came."""
    at = utc_now()
    number = hashlib.sha256(f"clock\0{at.isoformat()}\0{clock.zone}".encode()).hexdigest()
    sources.note(
        store, source_id=number[:16], target="undo", path="", sha256=number, format="logs", rows_in=0, rows_kept=0,
        rows_duplicate=0, rows_rejected=0, details=json.dumps({"time_zone": clock.zone}), imported_at=at,
    )  # fmt: skip

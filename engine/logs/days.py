"""A file's contacts into `pair_days`, some days at a time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from engine.logs import staging
from engine.tables import TABLES
from engine.warehouse import Warehouse


def runs(store: Warehouse) -> list[tuple[datetime, datetime, int]]:
    """Spans of whole days and how many of `_log_new`'s rows they have, from the beginning of time to its end.

    A few million rows each, or one day: small tables are fast, and whole row groups are small.
    """
    if store.spreads:
        return [(datetime.min, datetime.max, 0)]
    found, since, n = [], datetime.min, 0
    most = staging.rows_at_once(store)
    for day, rows in store.query("logs/day_rows").iter_rows():
        if n + rows > most and n:
            until = datetime(day.year, day.month, day.day)
            found.append((since, until, n))
            since, n = until, 0
        n += rows
    return [*found, (since, datetime.max, n)]


def fresh(store: Warehouse, first: datetime | None, last: datetime | None) -> tuple[datetime, datetime] | None:
    """The first day and the day after the last, where nothing is known of these days: their pair-days are then the sums
    of the events that are stored next.

    Args:
        store: the warehouse, before a file's events are stored.
        first: when the first of them began; None where there is none.
        last: when the last of them began.
    """
    if first is None or last is None:
        return None
    since = datetime(first.year, first.month, first.day)
    until = datetime(last.year, last.month, last.day) + timedelta(days=1)
    known = not store.query("logs/fresh_days", since=since, until=until)["fresh"][0]
    return None if known else (since, until)


def add(
    store: Warehouse, since: datetime, until: datetime, rows: int, fresh_days: tuple[datetime, datetime] | None
) -> None:
    """Add one of `runs`: only the pairs and days it touches are changed.

    Args:
        store: the warehouse, where the file's events are stored by now.
        since: first day.
        until: the day after the last.
        rows: how many there are.
        fresh_days: from `fresh`.
    """
    parts = 1 if store.spreads else -(-rows // staging.rows_at_once(store)) or 1
    for part in range(parts):
        some: dict[str, Any] = {"since": since, "until": until, "parts": parts, "part": part}
        if fresh_days:
            some |= {"since": max(since, fresh_days[0]), "until": min(until, fresh_days[1])}
            staging.add(store, "pair_days", "logs/day_sums", TABLES["pair_days"].names, **some)
            continue
        store.temp("_log_days", "logs/day_changes", **some)
        store.temp("_log_days_known", "logs/days_known")
        if store.count("_log_days_known"):
            store.execute("logs/drop_known_days")
        store.execute("logs/insert_days")

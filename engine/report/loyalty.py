"""Figures of the loyalty report (METHODS section 4). Only customers who changed their handset enter: association."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from engine.report.book import Book

OTHERS = "others"
SHOWN = 7  # manufacturers by name in the table of transitions
STEP_DAYS = 30


def fill(book: Book, *, transitions: pl.DataFrame, table: pl.DataFrame, durations: pl.DataFrame) -> None:
    """Everything below `loyalty`.

    Args:
        book: to fill.
        transitions: sql/report/transitions.
        table: table `loyalty`.
        durations: sql/report/durations.
    """
    shown = flows(book, transitions)
    overall(book, table, shown)
    segments(book, table, shown)
    waiting(book, durations, shown)


def flows(book: Book, transitions: pl.DataFrame) -> list[str]:
    """From which manufacturer to which: all changes, with both margins; returns the manufacturers shown by name."""
    size: dict[str, int] = {}
    for left, taken, n, _ in transitions.iter_rows():
        size[left] = size.get(left, 0) + n
        size[taken] = size.get(taken, 0) + n
    ranked = sorted(size, key=lambda m: (-size[m], m))
    shown = ranked[:SHOWN]
    names = [*shown, OTHERS] if len(ranked) > SHOWN else shown
    place = {m: i for i, m in enumerate(shown)}
    cells = [[[0, 0] for _ in names] for _ in names]
    for left, taken, n, customers in transitions.iter_rows():
        cell = cells[place.get(left, SHOWN)][place.get(taken, SHOWN)]
        cell[0] += n
        cell[1] += customers
    everyone = sum(c[0] for row in cells for c in row)
    book.put("loyalty.manufacturers", names)
    if not everyone:
        return shown
    book.people("loyalty.changes", everyone)
    book.put("loyalty.flows", [{"manufacturer": m, "to": [0] * len(names)} for m in names])
    book.put("loyalty.arrivals", [{"manufacturer": m, "n": 0} for m in names])
    sides = range(len(names))
    for i in sides:
        for j in sides:
            book.people(f"loyalty.flows.{i}.to.{j}", cells[i][j][0], persons=cells[i][j][1])
        book.people(f"loyalty.flows.{i}.n", sum(c[0] for c in cells[i]))
        book.total(f"loyalty.flows.{i}.n", [f"loyalty.flows.{i}.to.{j}" for j in sides])
    for j in sides:
        book.people(f"loyalty.arrivals.{j}.n", sum(row[j][0] for row in cells))
        book.total(f"loyalty.arrivals.{j}.n", [f"loyalty.flows.{i}.to.{j}" for i in sides])
    book.total("loyalty.changes", [f"loyalty.flows.{i}.n" for i in sides])
    book.total("loyalty.changes", [f"loyalty.arrivals.{j}.n" for j in sides])
    return shown


def overall(book: Book, table: pl.DataFrame, shown: list[str]) -> None:
    """Retention and lift per manufacturer, side by side; a rate goes with the counts that tell it."""
    rows = {r["manufacturer"]: r for r in table.filter(table["segment_by"] == "").iter_rows(named=True)}
    kept = [rows[m] for m in shown if m in rows]
    book.put("loyalty.rows", [{"manufacturer": r["manufacturer"]} for r in kept])
    for i, row in enumerate(kept):
        path = f"loyalty.rows.{i}"
        _rates(book, path, row)
        j = shown.index(row["manufacturer"])
        # The same counts stand in the table of transitions: what is withheld there is withheld here.
        book.total(f"{path}.n", [f"loyalty.flows.{j}.n"])
        book.total(f"{path}.retained", [f"loyalty.flows.{j}.to.{j}"])
        for name in ("share", "lift", "lift_low", "lift_high", "log_odds"):
            book.derived(f"{path}.{name}", [f"loyalty.arrivals.{j}.n"])


def segments(book: Book, table: pl.DataFrame, shown: list[str]) -> None:
    """The same per residence, age band and gender; per manufacturer the segments add up to its changes."""
    whole = {m: i for i, m in enumerate(shown)}
    known = {row["manufacturer"]: i for i, row in enumerate(book.get("loyalty.rows") or [])}
    for by in sorted(set(table["segment_by"]) - {""}):
        part = table.filter((table["segment_by"] == by) & table["manufacturer"].is_in(shown))
        rows = part.sort("segment", "manufacturer").to_dicts()
        base = f"loyalty.segments.{by}"
        book.put(base, [{"segment": r["segment"], "manufacturer": r["manufacturer"]} for r in rows])
        for i, row in enumerate(rows):
            _rates(book, f"{base}.{i}", row)
        for maker in whole:
            mine = [i for i, row in enumerate(rows) if row["manufacturer"] == maker]
            if not mine or maker not in known:
                continue
            for name in ("n", "retained", "left"):
                total = f"loyalty.rows.{known[maker]}.{name}"
                parts = [f"{base}.{i}.{name}" for i in mine]
                rest = book.get(total) - sum(book.get(p) for p in parts)
                if rest:
                    unlisted = f"loyalty.unlisted.{by}.{maker}.{name}"
                    book.watch(unlisted, rest)
                    parts.append(unlisted)
                book.total(total, parts)


def waiting(book: Book, durations: pl.DataFrame, shown: list[str]) -> None:
    """Share of handsets still in use after so many days (Kaplan and Meier 1958), per manufacturer.

    Points are monthly; the curve ends where fewer than k handsets are still watched, and a point is given only once
    another k changes have happened since the one before.
    """
    rows = []
    for maker in shown:
        mine = durations.filter(durations["manufacturer"] == maker)
        days, ended, n = (mine[c].to_numpy() for c in ("days", "ended", "n"))
        if n.sum() < book.k:
            continue
        rows.append({"manufacturer": maker, "days": 0, "still": 1.0})
        for day, still in survival(days, ended, n, least=book.k):
            rows.append({"manufacturer": maker, "days": day, "still": round(still, 3)})
    book.put("loyalty.waiting", rows)


def survival(days: np.ndarray, ended: np.ndarray, n: np.ndarray, *, least: int) -> list[tuple[int, float]]:
    """Kaplan-Meier estimate at multiples of 30 days, from counts.

    Args:
        days: length of the spells [rows].
        ended: whether they ended by a change (else censored) [rows].
        n: how many spells each row stands for [rows].
        least: fewest spells at risk, and fewest changes between two points.

    Returns:
        (day, share still in use) pairs.
    """
    import numpy as np

    times = np.unique(days[ended])
    points, still, since, step = [], 1.0, 0, STEP_DAYS
    for time in times:
        at_risk = int(n[days >= time].sum())
        if at_risk < least:
            break
        while time > step:
            if since >= least:
                points.append((step, still))
                since = 0
            step += STEP_DAYS
        changes = int(n[(days == time) & ended].sum())
        still *= 1 - changes / at_risk
        since += changes
    if since >= least and int(n[days >= step].sum()) >= least:
        points.append((step, still))
    return points


def _rates(book: Book, path: str, row: dict) -> None:
    book.people(f"{path}.n", row["n"])
    book.people(f"{path}.retained", row["retained"])
    book.people(f"{path}.left", row["n"] - row["retained"])
    book.total(f"{path}.n", [f"{path}.retained", f"{path}.left"])
    # The share is of all changers, so its own error is the smaller one: it is taken as given.
    ends = {f"lift_{end}": row[end] / row["share"] if row["share"] and row[end] is not None else None
            for end in ("low", "high")}  # fmt: skip
    row = {**row, **ends}
    for name in ("retention", "low", "high", "share", "lift", *ends, "log_odds"):
        book.put(f"{path}.{name}", row[name])
        book.derived(f"{path}.{name}", [f"{path}.n", f"{path}.retained", f"{path}.left"])

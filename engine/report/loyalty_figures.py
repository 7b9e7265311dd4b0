"""Figures of the loyalty report (METHODS section 4). Only customers who changed their handset enter: association."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.rates import RATES, rates

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
    """From which manufacturer to which: all changes, with both margins; returns the manufacturers shown by name.

    In a public report those that few left or took are `others`: their names would say that somebody did.
    """
    left_by: dict[str, int] = {}
    taken_by: dict[str, int] = {}
    for left, taken, n, _ in transitions.iter_rows():
        left_by[left] = left_by.get(left, 0) + n
        taken_by[taken] = taken_by.get(taken, 0) + n
    size = {m: left_by.get(m, 0) + taken_by.get(m, 0) for m in {*left_by, *taken_by}}
    ranked = sorted(size, key=lambda m: (-size[m], m))

    def large(name: str, makers: list[str]) -> bool:
        sums = [sum(side.get(m, 0) for m in makers) for side in (left_by, taken_by)]
        return book.large(_name("", "", name, "n"), sums[0]) and book.large(f"taken|{name}", sums[1])

    shown = [m for m in ranked[:SHOWN] if large(m, [m])]
    while shown and len(shown) < len(ranked) and not large(OTHERS, [m for m in ranked if m not in shown]):
        shown.pop()
    names = [*shown, OTHERS] if len(ranked) > len(shown) else shown
    place = {m: i for i, m in enumerate(shown)}
    cells = [[[0, 0] for _ in names] for _ in names]
    for left, taken, n, customers in transitions.iter_rows():
        cell = cells[place.get(left, len(shown))][place.get(taken, len(shown))]
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
            name = _name("", "", names[i], "retained") if i == j else ""
            book.people(f"loyalty.flows.{i}.to.{j}", cells[i][j][0], persons=cells[i][j][1], name=name)
        book.people(f"loyalty.flows.{i}.n", sum(c[0] for c in cells[i]), name=_name("", "", names[i], "n"))
        book.total(f"loyalty.flows.{i}.n", [f"loyalty.flows.{i}.to.{j}" for j in sides])
    for j in sides:
        book.people(f"loyalty.arrivals.{j}.n", sum(row[j][0] for row in cells), name=f"taken|{names[j]}")
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
        _counts(book, path, row)
        j = shown.index(row["manufacturer"])
        # The same counts stand in the table of transitions: what is withheld there is withheld here.
        book.total(f"{path}.n", [f"loyalty.flows.{j}.n"])
        book.total(f"{path}.retained", [f"loyalty.flows.{j}.to.{j}"])
        _rates(book, path, f"loyalty.arrivals.{j}.n", "loyalty.changes")


def segments(book: Book, table: pl.DataFrame, shown: list[str]) -> None:
    """The same per residence, age band and gender; per manufacturer the segments add up to its changes.

    In a public report the segments of which a manufacturer's customers are too few stand together.
    """
    whole = {row["manufacturer"]: i for i, row in enumerate(book.get("loyalty.rows") or [])}
    for by in sorted(set(table["segment_by"]) - {""}):
        part = table.filter(table["segment_by"] == by)
        in_all = _in_all(part)
        rows = part.filter(part["manufacturer"].is_in(list(whole))).sort("segment", "manufacturer").to_dicts()
        if book.public:
            rows = _together(book, rows)
        base = f"loyalty.segments.{by}"
        book.put(base, [{"segment": r["segment"], "manufacturer": r["manufacturer"]} for r in rows])
        for i, row in enumerate(rows):
            path = f"{base}.{i}"
            _counts(book, path, row)
            # The share of the next handsets in the segment: two more counts.
            total, taken = in_all.get(row["segment"], (0, {}))
            if row["segment"] != OTHERS and total:
                book.watch(f"{path}.all", total, name=_name(by, row["segment"], "", "all"))
                book.watch(f"{path}.taken", taken.get(row["manufacturer"], 0))
                _rates(book, path, f"{path}.taken", f"{path}.all")
            else:
                _rates(book, path)
        for maker, place in whole.items():
            mine = [i for i, row in enumerate(rows) if row["manufacturer"] == maker]
            for name in ("n", "retained", "left") if mine else ():
                everyone = f"loyalty.rows.{place}.{name}"
                parts = [f"{base}.{i}.{name}" for i in mine]
                rest = book.get(everyone) - sum(book.get(p) for p in parts)
                if rest:
                    unlisted = f"loyalty.unlisted.{by}.{maker}.{name}"
                    book.rest(unlisted, rest)
                    parts.append(unlisted)
                book.total(everyone, parts)
        book.prune(base, "n")


def _together(book: Book, rows: list[dict]) -> list[dict]:
    """The rows that may stand by themselves, and per manufacturer one of all others."""
    found = []
    for maker in sorted({row["manufacturer"] for row in rows}):
        mine = [row for row in rows if row["manufacturer"] == maker]
        small = [row for row in mine if not _large(book, row)]
        kept = sorted((row for row in mine if row not in small), key=lambda r: (-r["n"], r["segment"]))
        while small:
            summed = {name: sum(row[name] for row in small) for name in ("n", "retained")}
            rest = {**small[0], "segment": OTHERS, **summed}
            if _large(book, rest) or not kept:
                kept.append(rest)
                break
            # What is left is too few even together: the next smallest goes with it.
            small.append(kept.pop())
        found += kept
    return sorted(found, key=lambda r: (r["segment"] == OTHERS, r["segment"], r["manufacturer"]))


def _large(book: Book, row: dict) -> bool:
    """Whether a row may stand by itself."""
    name = (row["segment_by"], row["segment"], row["manufacturer"])
    counts = {"n": row["n"], "retained": row["retained"], "left": row["n"] - row["retained"]}
    return all(book.large(_name(*name, figure), n) for figure, n in counts.items())


def _in_all(part: pl.DataFrame) -> dict[str, tuple[int, dict[str, int]]]:
    """Per segment its changes, and per manufacturer how many of them went to it (share times all changes)."""
    found: dict[str, tuple[int, dict[str, int]]] = {}
    for segment in part["segment"].unique().to_list():
        mine = part.filter(part["segment"] == segment)
        total = int(mine["n"].sum())
        taken = {m: round((s or 0) * total) for m, s in mine.select("manufacturer", "share").iter_rows()}
        found[segment] = total, taken
    return found


def waiting(book: Book, durations: pl.DataFrame, shown: list[str]) -> None:
    """Share of handsets still in use after so many days (Kaplan and Meier 1958), per manufacturer.

    Points are monthly; the curve ends where fewer than k handsets are still watched, and a point is given only once
    another k changes have happened since the one before.
    """
    rows: list[dict[str, Any]] = []
    least = book.k if book.public else 1
    for maker in shown:
        mine = durations.filter(durations["manufacturer"] == maker)
        days, ended, n = (mine[c].to_numpy() for c in ("days", "ended", "n"))
        if n.sum() < least:
            continue
        rows.append({"manufacturer": maker, "days": 0, "still": 1.0, "n": 0})
        for day, still in survival(days, ended, n, least=least):
            rows.append({"manufacturer": maker, "days": day, "still": round(still, 3), "n": int(n.sum())})
    book.put("loyalty.waiting", [{name: row[name] for name in ("manufacturer", "days", "still")} for row in rows])
    for i, row in enumerate(rows):
        if row["n"]:
            book.figure(f"loyalty.waiting.{i}.still", row["still"], 1 / row["n"])


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


def _name(by: str, segment: str, maker: str, figure: str) -> str:
    """By which the noise of a count is drawn: the same one in the table of transitions and in those of loyalty."""
    return f"loyalty|{by}|{segment}|{maker}|{figure}"


def _counts(book: Book, path: str, row: dict) -> None:
    """How many left a handset of the manufacturer, for one of it and for another."""
    counts = {"n": row["n"], "retained": row["retained"], "left": row["n"] - row["retained"]}
    for figure, n in counts.items():
        name = _name(row["segment_by"], row["segment"], row["manufacturer"], figure)
        book.people(f"{path}.{figure}", n, name=name)
    book.total(f"{path}.n", [f"{path}.retained", f"{path}.left"])


def _rates(book: Book, path: str, taken: str = "", changes: str = "") -> None:
    """Retention with its interval; with the counts of the next handsets the share among them, lift and log-odds."""
    counts = [f"{path}.retained", f"{path}.n"]
    for name in RATES:
        if taken or name in RATES[:3]:
            sources = [*counts, *((taken, changes) if taken else ())]
            book.computed(f"{path}.{name}", sources, lambda *found, name=name: rates(*found)[name])
            book.derived(f"{path}.{name}", [f"{path}.left"])
        else:
            book.put(f"{path}.{name}", None)

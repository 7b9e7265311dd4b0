"""Directions: the column that tells them, and what the parties beside its words say of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from engine.drafts import names, vocabulary
from engine.drafts.sheet import Column, Sheet

MOST, LEAST = 0.8, 0.2  # shares that tell one form from the other
MANY = 20  # of the rarer direction at least, before they outweigh names of a subscriber and the other party
_CALLED = names.those("outgoing outbound originated originating caller originator initiator")
_NEAR = 10  # seconds between the two rows of one contact
_YES, _NO = (
    ("t", "true", "1", "1.0", "y", "yes", "j", "ja", "si", "oui"),
    ("f", "false", "0", "0.0", "n", "no", "nein", "non"),
)


@dataclass(frozen=True)
class Direction:
    """A column that tells directions.

    Args:
        column: of the file.
        words: its words -> "outgoing" or "incoming".
        unknown: words whose meaning is not known.
        sure: whether words and name leave no doubt.
    """

    column: Column
    words: dict[str, str]
    unknown: tuple[str, ...]
    sure: bool = True

    def of(self) -> list[str]:
        """Each row's direction, "" where it is not known."""
        return [self.words.get(v, "") for v in self.column.values]


def find(sheet: Sheet, used: set[int]) -> tuple[Direction | None, list[Column]]:
    """The column of directions, and columns that are named so but whose words are not known."""
    found: list[tuple[int, Direction]] = []
    strange: list[Column] = []
    for column in sheet.columns:
        if column.place in used or not 0 < len(column.distinct) <= 40:
            continue
        named = [r for r, _ in column.roles]
        role = (
            3 if column.role == "direction" else 2 if "direction" in named else 1 if column.role in ("kind", "") else 0
        )
        if column.role == "answered" and not any(c.role == "direction" for c in sheet.columns):
            role = 1
        if not role:
            continue
        read = _directions(column, sheet.header)
        if read is None:
            if all(map(vocabulary.sort, column.distinct)):
                continue  # where calls went, not which way
            if role == 3 or ((role == 2 or column.role == "kind") and _codes(column)):
                strange.append(column)
            continue
        if role == 1 and (not _both(read) or _kinds_alone(read)):
            continue
        found.append((role, read))
    if not found:
        return None, strange
    best = max(rank for rank, _ in found)
    return next(read for rank, read in found if rank == best), strange


def _codes(column: Column) -> bool:
    """Whether a column has two to four codes that are words of nothing known."""
    words = column.distinct
    return 2 <= len(words) <= 4 and all(len(w) <= 3 for w in words) and not any(map(vocabulary.kind, words))


def _both(read: Direction) -> bool:
    """Whether words of both directions stand in it, or its words are certain by themselves."""
    return len(set(read.words.values())) == 2 or any(len(names.plain(w)) > 2 for w in read.words)


def _kinds_alone(read: Direction) -> bool:
    """Whether most of its words tell no direction."""
    return len(read.unknown) > len(read.words) and sum(read.column.distinct[w] for w in read.unknown) > sum(
        read.column.distinct[w] for w in read.words
    )


def _directions(column: Column, header: bool) -> Direction | None:
    """How a column's words read as directions; None where not one does."""
    own = names.words(column.name) if header else ()
    plain = {w: names.plain(w) for w in column.distinct}
    if set(plain.values()) <= {*_YES, *_NO} and (_CALLED & set(own)):
        return Direction(column, {w: "outgoing" if p in _YES else "incoming" for w, p in plain.items()}, ())
    if set(plain.values()) <= {*_YES, *_NO} and ({"incoming", "inbound"} & set(own)):
        return Direction(column, {w: "incoming" if p in _YES else "outgoing" for w, p in plain.items()}, ())
    if paired := vocabulary.pair(set(column.distinct)):
        return Direction(column, paired, (), sure=False)
    if all(len(p) == 1 for p in plain.values()):
        letters = {"o": "outgoing", "i": "incoming"} if column.role == "direction" else {}
        single = {w: letters[p] for w, p in plain.items() if p in letters}
        return Direction(column, single, (), sure=False) if len(single) == len(plain) else None
    words = {w: told for w in column.distinct if (told := vocabulary.direction(w))}
    if (
        any(map(vocabulary.missed, words)) or len(set(words.values())) == 2
    ):  # a telephone's own list, in which who cancels a call has made it
        words |= {w: "outgoing" for w in column.distinct if vocabulary.cancelled(w)}
    silent = tuple(w for w in column.distinct if w not in words and vocabulary.kind(w) != "data")
    plain_in = [w for w, way in words.items() if way == "incoming" and not vocabulary.missed(w)]
    if len(plain_in) > 1 and "outgoing" not in words.values():
        return None  # two words for calls that came in, and none for others: one may mean that the other end got it
    return Direction(column, words, silent) if words else None


@dataclass(frozen=True)
class Told(Direction):
    """A direction beside the rows' times, which say what two rows are one contact.

    Args:
        begun: each row's time; empty = not known.
    """

    begun: tuple[datetime | None, ...] = ()


def form(first: Column, second: Column, told: Told | None) -> tuple[str, int]:
    """What the values say: "own" (the same people stand first whatever the direction), "named" (those who stand first
    in outgoing rows stand second in incoming ones) or "" (nothing), and how many rows the rarer direction has."""
    if told is None:
        return "", 0
    ways = told.of()
    out = {key(v) for v, way in zip(first.values, ways, strict=True) if way == "outgoing" and v}
    n = Counter(way for way in ways if way)
    into = [(key(a), key(b)) for a, b, way in zip(first.values, second.values, ways, strict=True) if way == "incoming"]
    rows = min(n["outgoing"], n["incoming"])
    if not rows:
        return "", 0
    if twice := _twice(first, second, told, ways):
        return twice, max(rows, MANY)
    stays = sum(a in out for a, _ in into) / len(into)
    turns = sum(b in out for _, b in into) / len(into)
    if stays >= MOST and turns <= LEAST:
        return "own", rows
    return ("named" if stays <= LEAST and turns >= MOST else ""), rows


def leans(first: Column, second: Column, told: Told | None) -> bool:
    """Whether the few rows there are speak for a subscriber who stands first: some stand there in both directions, and
    nobody of them second in a call that came in."""
    ways = told.of() if told else []
    rows = list(zip(first.values, second.values, ways, strict=False))
    out = {key(a) for a, _, way in rows if way == "outgoing" and a}
    into = [(key(a), key(b)) for a, b, way in rows if way == "incoming"]
    return any(a in out for a, _ in into) and not any(b in out for _, b in into)


def _twice(first: Column, second: Column, told: Told, ways: list[str]) -> str:
    """Where contacts stand twice, once for each end: "own" if the two rows turn the parties round, "named" if not."""
    rows: dict[frozenset[str], list[tuple[datetime, str]]] = {}
    for a, b, way, at in zip(first.values, second.values, ways, told.begun, strict=False):
        if way == "outgoing" and at:
            rows.setdefault(frozenset((key(a), key(b))), []).append((at, key(a)))
    turned = kept = 0
    for a, b, way, at in zip(first.values, second.values, ways, told.begun, strict=False):
        if way == "incoming" and at:
            near = [c for t, c in rows.get(frozenset((key(a), key(b))), []) if abs((t - at).total_seconds()) <= _NEAR]
            turned += bool(near) and key(a) not in near
            kept += bool(near) and key(a) in near
    if turned + kept < min(2, sum(way == "incoming" for way in ways)):
        return ""
    if not turned + kept:
        return ""
    return "own" if turned >= 0.9 * (turned + kept) else "named" if kept >= 0.9 * (turned + kept) else ""


def key(value: str) -> str:
    """An id as it is compared here: the last nine digits of a number, small letters of anything else."""
    digits = "".join(c for c in value if c.isdigit())
    return digits[-9:] if len(digits) >= 7 else value.strip().casefold()

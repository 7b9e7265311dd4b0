"""Columns of a file without names: which two are the parties, and which may tell a direction."""

from __future__ import annotations

from engine.drafts.direction import key
from engine.drafts.sheet import Column, Sheet


def pair(found: list[Column]) -> tuple[Column, Column] | None:
    """The two columns of ids that share people, or hold numbers to dial; None where it may be others.

    Args:
        found: columns that may be ids.
    """
    long = [c for c in found if _longs(c) and len(c.distinct) >= 1]
    shared = [c for c in found if any(_overlap(c, d) for d in found if d is not c)]
    # Ids without digits (hashes, names) are ids of something; whose, only what they share tells.
    chosen = long if len(long) == 2 else shared if len(shared) == 2 else []
    if len(chosen) != 2 or len(long) > 2:
        return None
    return chosen[0], chosen[1]


def code(sheet: Sheet, used: set[int]) -> Column | None:
    """An unnamed column of two to four short words that could tell a direction."""
    for column in sheet.columns:
        few = column.place not in used and 2 <= len(column.distinct) <= 4 and not column.times
        if few and all(len(v) <= 2 for v in column.distinct) and sheet.rows >= 2 * len(column.distinct):
            return column
    return None


def _longs(column: Column) -> bool:
    """Numbers of seven digits or more, of at least two kinds of beginnings or lengths."""
    n = sum(1 for v in column.filled if sum(c.isdigit() for c in v) >= 7)
    return n >= 0.8 * len(column.filled) and column.phones >= 0.8 and not column.spans


def _overlap(a: Column, b: Column) -> bool:
    """Whether two columns share people: some of the ids of the smaller one."""
    if a.numeric and b.numeric and max(len(v) for v in (*a.distinct, *b.distinct)) < 3:
        return False
    first, second = {key(v) for v in a.distinct}, {key(v) for v in b.distinct}
    return len(first & second) >= max(1, 0.2 * min(len(first), len(second)))

"""Whether somebody answered: the column that tells, and what its words mean."""

from __future__ import annotations

import re

from engine.drafts import names, vocabulary
from engine.drafts.direction import Direction
from engine.drafts.draft import Draft, Line
from engine.drafts.sheet import Column, Sheet
from engine.drafts.who import Parties

_SIP = re.compile(r"[2-6]\d\d")  # codes of its answers: from 200 on it was taken, from 300 on it was not


def find(
    sheet: Sheet, used: set[int], told: Direction | None, ends: Parties | None
) -> tuple[list[str], tuple[Column, dict[str, str]] | None]:
    """For each row whether somebody answered, and the column that says so with what its words mean."""
    nothing = [""] * sheet.rows
    for column in sorted(sheet.columns, key=lambda c: (c.role != "answered", c.role != "cause")):
        if column.role not in ("answered", "cause") or column.place in used or not 0 < len(column.distinct) <= 60:
            continue
        inverted = {"missed", "unanswered"} & set(names.words(column.name))
        words = {w: vocabulary.answered(w) for w in column.distinct}
        if inverted:
            words = {w: {"yes": "no", "no": "yes"}.get(m, "") for w, m in words.items()}
        if column.role == "cause" and "sip" in names.words(column.name) and column.share(_SIP) == 1:
            words = {w: "yes" if w.startswith("2") else "no" for w in column.distinct}
        elif column.numeric and (len(column.distinct) > 2 or column.role == "cause"):
            continue
        if not any(words.values()) and (column.role == "cause" or len(words) < 2):
            continue
        return [words.get(v, "") for v in column.values], (column, words)
    if told and ends and ends.swaps:
        words = {w: "no" if vocabulary.missed(w) or vocabulary.cancelled(w) else "yes" for w in told.words}
        if "no" in words.values():
            return [words.get(v, "") for v in told.column.values], (told.column, words)
    return nothing, None


def draft(sheet: Sheet, made: Draft, found: tuple[Column, dict[str, str]], talk: bool) -> None:
    """Draft `answered`, unless the talk says as much and some word is not known, or the two disagree."""
    column, words = found
    unknown = [w for w, m in words.items() if not m]
    talked = made.columns.get("duration_s")
    if talk and talked and isinstance(talked.value, str):
        length = next(c for c in sheet.columns if c.name == talked.value)
        rows = [(words.get(a, ""), d) for a, d in zip(column.values, length.values, strict=True)]
        against = sum(1 for told, d in rows if told == "no" and re.search("[1-9]", d))
        if against:
            made.remarks.append(
                f"{column.name} is left out: {talked.value} tells who talked, and the two disagree in {against} rows."
            )
            return
    if unknown and talk:
        made.remarks.append(f"{column.name} is left out: the time talked tells who answered.")
        return
    if unknown and _lengths_tell(sheet, made, column):
        made.remarks.append(
            f"{column.name} is left out: the lengths are 0 beside some of its words, which tells who answered."
        )
        return
    if unknown:
        shown = ", ".join(unknown[:6])
        made.leave(
            "answered",
            f"{column.name} tells who answered, and some words are not known ({shown}).",
            f'answered = "{column.name}" under [columns], and no = ["{unknown[0]}"] (or yes) under [answered]',
        )
        return
    made.columns["answered"] = Line(column.name, "known words")
    for meaning in ("no", "yes"):
        if own := sorted({w.lower() for w, m in words.items() if m == meaning}):
            made.say("answered", meaning, own, "known words")


def _lengths_tell(sheet: Sheet, made: Draft, column: Column) -> bool:
    """Whether all lengths are 0 beside some words of a column, and none beside the others."""
    line = made.columns.get("duration_s")
    length = next((c for c in sheet.columns if line and c.name == line.value), None)
    if length is None:
        return False
    zeros: dict[str, set[bool]] = {}
    for word, value in zip(column.values, length.values, strict=True):
        zeros.setdefault(word, set()).add(not re.search("[1-9]", value))
    return {True} in zeros.values() and all(len(own) == 1 for own in zeros.values())

"""How long people talked: talk without ringing, its unit, and where a file has no such column, the end less the answer.

A column's name says what it counts; the times of the same rows, where there are two, say whether that is so.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from engine.drafts import names, spans
from engine.drafts.clocks import Moment
from engine.drafts.draft import Draft, Line, Sql, name_in_sql, quoted
from engine.drafts.sheet import Sheet
from engine.drafts.spans import Length, digits, length
from engine.drafts.when import Times

_NUMBERS = ("duration", "talk", "billed", "ring", "up", "down", "volume")
_DISTINCT = 5  # lengths that all are whole thousands, before they are taken for milliseconds
_OVER = 0.1  # of rows that may be longer than the time between start and end
_SHARE = 0.95  # of rows that have to bear something out
_UNITS = (1.0, 60.0, 0.001, 1e-6, 86_400.0)  # days as spreadsheets count them


def find(sheet: Sheet, draft: Draft, times: Times, silent: list[str], used: set[int], *, needed: bool) -> bool:
    """Find the talk and draft `duration_s` and `[duration]`; what is unclear is left to be decided.

    Args:
        sheet: the table.
        draft: gets the lines.
        times: its times.
        silent: for each row "yes" or "no" (answered), "" where it is not told.
        used: places of columns that are something else.
        needed: whether there are calls at all.

    Returns:
        Whether ringing is surely left out.
    """
    numbers = [c for c in sheet.columns if c.role in _NUMBERS]
    decimal = spans.decimal(numbers, draft)
    talk, total = _of(sheet, "talk", used, decimal), _of(sheet, "duration", used, decimal)
    billed, ring = _of(sheet, "billed", used, decimal), _of(sheet, "ring", used, decimal)
    whole, spoken = _apart(times.start, times.end), _apart(times.answer, times.end)
    if not sheet.header and not (talk or total):
        total = _unnamed(sheet, used, whole, decimal)
    if len(talk) == 1 and total and _more(talk[0], total[0]) and "bill" in talk[0].column.name.casefold():
        talk = []  # rounded up for the bill
    if talk:
        chosen = _first(talk, draft)
        if chosen is None:
            return False
        if total and _more(chosen, total[0]):
            draft.leave(
                "duration_s",
                f"{chosen.column.name} is mostly longer than {total[0].column.name}; one is the talk.",
            )
            return False
        if chosen.unit is None and total and whole and not spoken and (per := _unit_by(total[0], whole)) is not None:
            chosen = replace(chosen, unit=per)  # the total's unit, which the times tell
        return _say(draft, chosen, spoken or None, "named as the time talked", True)
    if total and (line := _parted(sheet, used)):
        draft.columns["duration_s"] = line
        return False
    if total:
        every = [
            one
            for column in sheet.columns
            if column.role == "duration" and column.place not in used and (one := length(column, decimal))
        ]
        return _total(draft, total, every, ring, whole, spoken, times, silent)
    if times.start and times.end:
        _between(
            draft,
            times.answer or times.start,
            times.end,
            "no column of durations: the end less the " + ("answer" if times.answer else "start"),
            bool(times.answer),
        )
        return bool(times.answer)
    if billed:
        return _say(draft, billed[0], None, "the only duration, and a billed one: it may be rounded up", False)
    if needed:
        draft.leave("duration_s", "no column reads as the length of calls.")
    return False


def _parted(sheet: Sheet, used: set[int]) -> Line | None:
    """Minutes and the seconds beyond them in two columns."""
    found = {}
    for column in sheet.columns:
        own = set(names.words(column.name)) if column.named and column.role == "duration" else set()
        if own and column.place not in used and column.share(re.compile(r"\d{1,4}")) == 1:
            found["minutes" if own & spans.MINUTES else "seconds" if own & spans.SECONDS else column.name] = column
    if set(found) != {"minutes", "seconds"}:
        return None
    minutes, seconds = found["minutes"], found["seconds"]
    if max(map(int, seconds.distinct)) > 59 or max(map(int, minutes.distinct)) < 2 or len(seconds.distinct) < _DISTINCT:
        return None
    text = f"{name_in_sql(minutes.name)} * 60 + {name_in_sql(seconds.name)}"
    return Line(Sql(text), "minutes, and seconds below 60 beside them")


def _of(sheet: Sheet, role: str, used: set[int], decimal: str) -> list[Length]:
    found = []
    for column in sheet.columns:
        if column.role != role or column.place in used or not column.filled:
            continue
        if one := length(column, decimal):
            found.append((column.roles[0][1], one))
    best = max((rank for rank, _ in found), default=0)
    return [one for rank, one in found if rank == best]


def _apart(begin: Moment | None, end: Moment | None) -> list[float | None]:
    """Seconds from one time to another, for each row; empty where one is missing."""
    if begin is None or end is None:
        return []
    return [
        (b - a).total_seconds() % 86_400 if a is not None and b is not None else None
        for a, b in zip(begin.read(), end.read(), strict=True)
    ]


def _first(found: list[Length], draft: Draft) -> Length | None:
    """The one column of several of a role, where they say the same or one says its unit."""
    if len(found) == 1:
        return found[0]
    told = [f for f in found if f.unit == 1.0 or f.column.spans]
    if len(told) >= 1 and all(_agree(told[0], f) for f in found):
        plain = [f for f in told if not f.column.spans]
        return (plain or told)[0]
    draft.leave("duration_s", f"several columns may be the talk: {', '.join(f.column.name for f in found)}.")
    return None


def _agree(one: Length, other: Length) -> bool:
    """Whether two columns tell the same lengths, in some unit, but for rounding."""
    return any(_fits(one.seconds, other.seconds, unit) for unit in _UNITS)


def _fits(seconds: Sequence[float | None], lengths: Sequence[float | None], unit: float) -> bool:
    pairs = [
        (s, n * unit) for s, n in zip(seconds, lengths, strict=True) if s is not None and n is not None and (s or n)
    ]
    if sum(s >= 1 for s, _ in pairs) < 0.5 * len(pairs):
        return False  # two times that are the same bear nothing out
    slack = 60.0 if unit == 60.0 and all(n is None or n == int(n) for n in lengths) else 1.01
    return len(pairs) >= 2 and sum(abs(s - n) <= slack for s, n in pairs) >= _SHARE * len(pairs)


def _more(talk: Length, total: Length) -> bool:
    pairs = [
        (a * (talk.unit or 1), b * (total.unit or 1))
        for a, b in zip(talk.seconds, total.seconds, strict=True)
        if a is not None and b is not None
    ]
    return sum(a > b + 1 for a, b in pairs) > 0.1 * len(pairs)


def _total(
    draft: Draft,
    total: list[Length],
    every: list[Length],
    ring: list[Length],
    whole: list,
    spoken: list,
    times: Times,
    silent: list[str],
) -> bool:
    """A column that is only called duration: with ringing or without."""
    chosen = _first(total, draft)
    if chosen is None:
        return False
    if apart := [
        other.column.name for other in every if other.column is not chosen.column and not _agree(chosen, other)
    ]:
        names_ = ", ".join([chosen.column.name, *apart])
        draft.leave("duration_s", f"several columns may be the talk: {names_}. Take the one without ringing.")
        return False
    unit = chosen.unit or 1.0
    over = sum(n * unit > s + 61 for n, s in zip(chosen.seconds, whole, strict=False) if n and s is not None)
    if (chosen.unit or not any(_unit_by(chosen, t) for t in (whole, spoken) if t)) and over > _OVER * len(whole):
        draft.leave("duration_s", f"{chosen.column.name} is longer than from the start to the end in {over} rows.")
        return False
    if spoken and whole:
        differ = sum(a is not None and b is not None and abs(a - b) > 1 for a, b in zip(whole, spoken, strict=True))
        if differ == 0:
            return _say(draft, chosen, whole, "its name, and the times bear it out", True)
        if _unit_by(chosen, spoken) is not None and _unit_by(chosen, whole) is None:
            return _say(draft, chosen, spoken, "its name: the time from the answer to the end", True)
        _between(
            draft, times.answer, times.end, f"from the answer to the end; {chosen.column.name} has ringing in it", True
        )
        return True
    if times.start and times.answer and times.answer.columns != times.start.columns and not spoken:
        return _until_answer(draft, chosen, times, silent)
    if ring:
        return _with_ring(draft, chosen, ring[0], whole, silent)
    rings = [s for s, told in zip(chosen.seconds, silent, strict=True) if told == "no" and s]
    if rings:
        return _say(
            draft, chosen, whole, "its name; it counts ringing where nobody answered, perhaps elsewhere too", False
        )
    _say(draft, chosen, whole, "its name and values", True)
    return False  # nothing tells whether ringing is in it


def _until_answer(draft: Draft, chosen: Length, times: Times, silent: list[str]) -> bool:
    """A duration beside a start and an answer: whether it counts from the one or the other."""
    name, apart = chosen.column.name, _apart(times.start, times.answer)
    rows = list(zip(chosen.seconds, apart, silent, strict=True))
    unit = chosen.unit or 1.0
    if any(n is not None and r is not None and n * unit < r - 1 and told != "no" for n, r, told in rows):
        return _say(draft, chosen, None, "its name; shorter than the ringing in some rows, so that is not in it", True)
    unanswered = [n for n, r, told in rows if n is not None and (told == "no" or r is None)]
    if unanswered and not any(unanswered):
        return _say(draft, chosen, None, "its name; it is 0 where nobody answered", True)
    ringing = f"date_diff('second', {times.start.expression}, {times.answer.expression})"  # type: ignore[union-attr]
    less = f"coalesce({name_in_sql(name)} - {ringing}, 0)"
    if unanswered and all(unanswered) and unit == 1.0 and not chosen.column.spans:
        draft.columns["duration_s"] = Line(Sql(less), "it counts ringing, so without the time until the answer", False)
        return True
    draft.leave(
        "duration_s",
        f"{name} may count from the start or from the answer.",
        f"duration_s = {{ sql = {quoted(less)} }} under [columns], or duration_s = {quoted(name)} if from the answer",
    )
    return False


def _with_ring(draft: Draft, chosen: Length, ring: Length, whole: list, silent: list[str]) -> bool:
    """A duration beside a column of ringing: whether the one has the other in it."""
    rows = [
        (n, r, told) for n, r, told in zip(chosen.seconds, ring.seconds, silent, strict=True) if n is not None and r
    ]
    unanswered = [(n, r) for n, r, told in rows if told == "no" or n in (0, r)]
    if unanswered and all(n == 0 for n, _ in unanswered):
        return _say(draft, chosen, None, f"it is 0 where it only rang, so {ring.column.name} is not in it", True)
    less = [
        n + r if n is not None and r is not None else None for n, r in zip(chosen.seconds, ring.seconds, strict=True)
    ]
    if whole and _fits(whole, less, 1.0):
        return _say(draft, chosen, None, f"with {ring.column.name} it makes the time from start to end", True)
    less_than = any(n < r for n, r, _ in rows)
    if less_than and not unanswered:
        return _say(draft, chosen, None, f"shorter than {ring.column.name} in some rows, so that is not in it", True)
    draft.leave(
        "duration_s",
        f"{chosen.column.name} may have the ringing of {ring.column.name} in it.",
        f"duration_s = {{ sql = '{name_in_sql(chosen.column.name)} - {name_in_sql(ring.column.name)}' }} under "
        f'[columns], or duration_s = "{chosen.column.name}" where it has not',
    )
    return False


def _unit_by(length: Length, seconds: Sequence[float | None]) -> float | None:
    """The unit in which a column tells some seconds."""
    return next((unit for unit in _UNITS if _fits(seconds, length.seconds, unit)), None)


def _say(draft: Draft, chosen: Length, seconds: Sequence[float | None] | None, why: str, sure: bool) -> bool:
    """Draft a column with its unit; a unit that nothing tells is left to be decided. Returns `sure`."""
    unit = chosen.unit
    by = _unit_by(chosen, seconds) if seconds else None
    name = chosen.column.name
    if by is not None and unit is not None and by != unit:
        told = f"{name} is named as if in units of {unit:g} s, and the times of its rows say {by:g} s."
        draft.leave("duration_s", told, _unit_line(chosen))
        return False
    if by is None and _filled(chosen):
        draft.leave(
            "duration_s",
            f"{name} may be seconds or hours, minutes and seconds in digits (such as {chosen.column.filled[0]}).",
            f'duration_s = "{name}" under [columns] if seconds',
        )
        return False
    if by is None and unit is None:
        by, doubt = _by_size(chosen)
        if by is None:
            draft.leave("duration_s", f"{name}: {doubt}", _unit_line(chosen))
            return False
        if doubt:
            why, sure = f"{why}; {doubt}", False
    unit = unit if unit is not None else by
    if not chosen.column.named:
        why, sure = (
            "the times of the rows bear it out"
            if seconds and by is not None
            else "no names: the only numbers that may be lengths",
            False,
        )
    unit = unit or 1.0
    if chosen.column.spans or not digits(chosen.column):
        place = chosen.column.where if chosen.column.sql else name
        draft.columns["duration_s"] = Line(place, why, sure)
    else:
        parts = [f"substr({name_in_sql(name)}, {i}, 2)" for i in (1, 3, 5)]
        own = Sql(f"{parts[0]} || ':' || {parts[1]} || ':' || {parts[2]}")
        draft.columns["duration_s"] = Line(own, f"{why}; hours, minutes and seconds in six digits", sure)
    if chosen.column.spans:
        _say_spans(draft, chosen, unit)
    elif unit != 1.0:
        exact = any(n is not None and n != int(n) for n in chosen.seconds) or unit < 1
        draft.say(
            "duration",
            "seconds_per_unit",
            unit,
            "a unit of the column" + ("" if exact else ": whole minutes may be rounded up"),
            exact,
        )
    return sure


def _filled(chosen: Length) -> bool:
    """Whether lengths are digits of one width, filled with noughts, that all might be clocks and are not told apart."""
    values = chosen.column.distinct
    clocks = all(re.fullmatch(r"(\d\d)?[0-5]\d[0-5]\d", v) for v in values)
    return clocks and any(v[0] == "0" and int(v) > 99 for v in values) and not digits(chosen.column)


def _unit_line(chosen: Length) -> str:
    """The lines of a mapping that say the unit of a column."""
    unit = 'form = "mm:ss" (or "hh:mm")' if chosen.column.spans else "seconds_per_unit = 60 (minutes; 1, 0.001)"
    return f'duration_s = "{chosen.column.name}" under [columns] and {unit} under [duration]'


def _say_spans(draft: Draft, chosen: Length, unit: float) -> None:
    """Draft the form of lengths of two parts; those of three are read as hours, minutes and seconds anyway."""
    if any(v.count(":") == 1 for v in chosen.column.filled):
        form = "mm:ss" if unit == 1.0 else "hh:mm"
        draft.say("duration", "form", form, "the times of the rows, or parts above 24", True)


def _by_size(chosen: Length) -> tuple[float | None, str]:
    """A unit by the size of the numbers alone, and a doubt; None where it may be several."""
    filled = [n for n in chosen.seconds if n]
    if chosen.column.spans:
        return None, "it may be minutes and seconds or hours and minutes (such as " + f"{chosen.column.filled[0]})."
    if not filled:
        return 1.0, ""
    middle, most = median(filled), max(filled)
    whole = all(n == int(n) for n in filled)
    if not whole and middle < 20:
        return None, "fractions of minutes, or seconds?"
    if (len(filled) >= 3 and most < 60) or (len(filled) >= 20 and most <= 120 and middle <= 15):
        return None, f"no number is larger than {most:g}: minutes, or seconds?"
    thousands = whole and len(set(filled)) >= _DISTINCT and all(n % 1000 == 0 for n in filled)
    if thousands and 3000 <= middle < 2e7:
        return 0.001, "all are whole thousands: milliseconds"
    if middle >= 20_000 or (middle >= 3000 and whole and all(n % 1000 == 0 for n in filled)):
        return None, "such large numbers may be thousandths of a second."
    return 1.0, "" if whole else "taken as seconds"


def _between(draft: Draft, begin: Moment | None, end: Moment | None, why: str, sure: bool) -> None:
    """Draft the seconds from one time to another."""
    if begin is None or end is None:
        return
    text = f"date_diff('second', {begin.expression}, {end.expression})"
    if len(begin.columns) > 1 or len(end.columns) > 1:
        text = f"({text} + 86400) % 86400"  # a call over midnight may keep its first day
    if any(len(c.filled) < len(c.values) for c in begin.columns):
        text = f"coalesce({text}, 0)"  # nobody answered
    if begin.order in ("seconds", "milliseconds", "microseconds"):
        per = {"seconds": "", "milliseconds": " / 1000", "microseconds": " / 1000000"}[begin.order]
        text = f"({end.expression} - {begin.expression}){per}"
        text = f"CASE WHEN {begin.expression} > 0 THEN {text} ELSE 0 END"
    draft.columns["duration_s"] = Line(Sql(text), why, sure)


def _unnamed(sheet: Sheet, used: set[int], whole: list, decimal: str) -> list[Length]:
    """Lengths in a file without names: the one that the times bear out, else the only column of numbers of some
    spread (not a running number)."""
    found = []
    for column in sheet.columns:
        constant = len(column.distinct) < 2 < len(column.values)
        if column.place in used or not (column.numeric or column.spans) or not column.filled or constant:
            continue
        one = length(column, decimal)
        if one is None or (column.times and column.times.what == "moment"):
            continue
        numbers = [n for n in one.seconds if n is not None]
        step = {b - a for a, b in itertools.pairwise(numbers)}
        if (step and step <= {1.0}) or max(numbers, default=0) > 1e6 or min(numbers, default=0) < -1:
            continue
        found.append(one)
    if whole:
        borne = [f for f in found if _unit_by(f, whole) is not None]
        return borne[:1]
    spans = [f for f in found if f.column.spans]
    if spans:
        return spans if len(spans) == 1 else []
    return found if len(found) == 1 else []

"""When things began and ended: the columns of times of a sheet, and which of them is the start."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from engine.drafts import moments, names, orders
from engine.drafts.clocks import AMBIGUOUS, Moment, columns_line, draft_zone, utc, zone_words
from engine.drafts.draft import Draft, Line, name_in_sql
from engine.drafts.sheet import TURNED, Column, Sheet

_TIMES = ("start", "time", "answer_time", "end", "time_meta")
_SPANS = ("duration", "talk", "billed", "ring")
_INTERNATIONAL, _AMERICAN = re.compile(r"\+\d{8,15}"), re.compile(r"\+1[2-9]\d{9}")
_LATE = 0.1  # of rows that may begin after they end
_DAYS = names.those("date time dt tm day clock utc gmt local of datum zeit uhrzeit tag fecha hora heure jour data ora")
_UNITS = ("seconds", "milliseconds", "microseconds")


@dataclass(frozen=True)
class Times:
    """The start, answer and end of what a row tells, None where the file does not say; and columns that were used."""

    start: Moment | None = None
    answer: Moment | None = None
    end: Moment | None = None

    @property
    def used(self) -> set[int]:
        """Places of their columns."""
        return {c.place for m in (self.start, self.answer, self.end) if m for c in m.columns}


def find(sheet: Sheet, draft: Draft) -> Times:
    """Find the times and draft `started_at`, `utc_offset` and `[time]`; what is unclear is left to be decided."""
    groups = _grouped(sheet)
    start = _start(groups, draft, sheet)
    if start is None:
        return Times(None, _only(groups["answer_time"]), _only(groups["end"]))
    answer, end = _only(groups["answer_time"]), _only(groups["end"])
    if not sheet.header and end is None:
        end = _later(start, groups[""])
    if (before := _earlier(start, answer) or _earlier(start, end)) and before is answer and not _started(start):
        start = answer  # the other is when the record was written
    elif before:
        draft.leave("started_at", f"{start.label} is later than {before.label} in many rows.", columns_line(before))
        return Times(start, answer, end)
    _draft_start(sheet, draft, start)
    # Texts of another form than the start's cannot be read by the same [time].
    same = [m if m and (m.order, m.formats[:1]) == (start.order, start.formats[:1]) else None for m in (answer, end)]
    return Times(start, *same)


def _started(start: Moment) -> bool:
    return start.columns[0].role == "start"


def _earlier(start: Moment, other: Moment | None) -> Moment | None:
    """Another time, where it is before the start in many rows."""
    if other is None or len(other.columns) > 1:
        return None
    rows = [(a, b) for a, b in zip(start.read(), other.read(), strict=True) if a and b]
    return other if sum(a > b + timedelta(seconds=1) for a, b in rows) > _LATE * len(rows) else None


def _grouped(sheet: Sheet) -> dict[str, list[Moment]]:
    """Times by role; role "" for columns whose name tells none."""
    groups: dict[str, list[Moment]] = {role: [] for role in (*_TIMES, "")}
    dates: list[tuple[str, Column]] = []
    clocks: list[tuple[str, Column]] = []
    for column in sheet.columns:
        role, rank = next(((r, n) for r, n in column.roles if r in _TIMES), ("", 0))
        strange = column.role not in (*_TIMES, "") and not (role and column.role in ("kind", "direction"))
        if column.times is None or (strange and (column.numeric or column.role in _SPANS)):
            continue
        if not role and column.numeric and not _unnamed_epoch(column):
            continue
        if column.times.what == "moment" and not _midnights(column):
            found = column.times
            formats = () if found.ends and found.order in TURNED else found.formats
            groups[role].append(Moment((column,), found.order, formats, found.zoned, found.rivals, rank))
        elif column.times.what != "clock":
            dates.append((role, column))
        elif column.role not in _SPANS:
            clocks.append((role, column))
    for role, day in dates:
        if role == "time_meta":
            continue
        clock = _clock_for(role, day, clocks)
        if clock is not None:
            clocks = [(r, c) for r, c in clocks if c is not clock]
            told = clock.role if role == "start" and clock.role == "answer_time" else role  # connect date, connect time
            groups[told].append(_paired(day, clock))
            if role in ("time", "start", ""):  # clocks of the end and the answer without a day of their own
                rest = [c for r, c in clocks if r in ("end", "answer_time")]
                for other in rest if len(dates) == 1 else []:
                    groups[next(r for r, c in clocks if c is other)].append(_paired(day, other))
    texts = [m for m in groups[""] if m.order not in _UNITS]
    groups[""] = texts or groups[""]  # a running number may look like seconds since 1970
    return groups


def _unnamed_epoch(column: Column) -> bool:
    """Whether an unnamed column of numbers is one of times: all fall within five years, as phone numbers do not."""
    if column.times is None or column.times.order not in _UNITS or len(column.distinct) < 2:
        return bool(column.times and column.times.order == "compact" and column.times.what == "moment")
    per = moments.EPOCHS[column.times.order]
    found = [float(v) / per for v in column.filled if v.replace(".", "").isdigit()]
    return max(found) - min(found) < 5 * 366 * 86_400 and min(found) > 1e9


def _midnights(column: Column) -> bool:
    """Whether a column of times is one of days, each written with midnight."""
    at = [moments.moment(v, column.times.order) for v in column.distinct] if column.times else []
    return len(at) > 2 and all(t and (t.hour, t.minute, t.second) == (0, 0, 0) for t in at)


def _clock_for(role: str, day: Column, clocks: list[tuple[str, Column]]) -> Column | None:
    """The clock of a day: of the same role, else of a plain one; the next behind it, else the first."""
    if alike := [c for _, c in clocks if _stem(c) and _stem(c) == _stem(day)]:
        return alike[0]
    fits = [c for r, c in clocks if r == role] or [c for r, c in clocks if r in ("time", "start", "")]
    return next((c for c in fits if c.place > day.place), fits[0] if fits else None)


def _stem(column: Column) -> frozenset[str]:
    """What a name says beside that it is a day or a clock: connect of connect_date."""
    return frozenset(names.words(column.name) if column.named else ()) - _DAYS


def _paired(day: Column, clock: Column) -> Moment:
    """A day and a clock as one time; a day that is written with midnight keeps its first ten letters."""
    of_day, of_clock = day.times, clock.times
    if of_day is None or of_clock is None:
        raise ValueError("not two columns of times")
    order = of_day.order
    if order == "iso" and all(len(v) == 10 for v in day.filled) and set(of_clock.formats) <= {"%H:%M:%S", "%H:%M"}:
        formats: tuple[str, ...] = ()
    else:
        order = "ymd" if order == "iso" else order
        firsts = of_day.formats or ("%Y-%m-%d",)
        formats = tuple(f"{d} {c}" for d in firsts for c in of_clock.formats)[:12]
    rank = 3
    return Moment((day, clock), of_day.order, formats, False, of_day.rivals, rank)


def _only(found: list[Moment]) -> Moment | None:
    if len(found) > 1:
        first = [m for m in found if m.rank == 3]
        found = first if len(first) == 1 else found
    return found[0] if len(found) == 1 else None


def _start(groups: dict[str, list[Moment]], draft: Draft, sheet: Sheet) -> Moment | None:
    for role in ("start", "time", "", "answer_time"):
        found = groups[role]
        if not found:
            continue
        if role == "time" and groups[""] and not any(m.rank == 3 for m in found):
            found = found + groups[""]
        if len(found) > 1 and role == "" and not sheet.header:
            found = [_earliest(found)]
        if role == "answer_time":
            found = _begun(found, groups) or found
        chosen = found[0] if len(found) == 1 else _same(found)
        if chosen is None or (role == "" and sheet.header and len(found) > 1):
            draft.leave("started_at", f"several columns read as times: {_names(found)}.")
        else:
            return chosen
        return None
    rest = [*groups["end"], *groups["time_meta"]]
    named = [c.name for c in sheet.columns if c.role == "start" and c.filled and c.times is None]
    days = [c.name for c in sheet.columns if c.times and c.times.what == "date"]
    if rest:
        draft.leave("started_at", f"only {_names(rest)} read as times, and none of them is named as a start.")
    elif named:
        draft.leave("started_at", f"{named[0]} is named as the start, and many of its values do not read as times.")
    elif days:
        line = f"started_at = {{ sql = '{name_in_sql(days[0])} || \" \" || HOUR' }} under [columns]".replace(
            '" "', "'' ''"
        )
        draft.leave("started_at", f"{', '.join(days)} read as days without an hour.", line)
    else:
        hint = " Pairs with sums and without times: import them with --format edge-list --epoch DAY."
        sums = any(c.role == "count" for c in sheet.columns)
        draft.leave("started_at", f"no column reads as times.{hint if sums else ''}")
    return None


def _begun(answers: list[Moment], groups: dict[str, list[Moment]]) -> list[Moment]:
    """The time at which a record was made, where that is shortly before each answer and end: then calls began at it."""
    if len(groups["end"]) != 1 or len(answers) != 1:
        return []
    found = []
    for one in (*groups["time_meta"], *groups[""]):
        rows = list(zip(one.read(), answers[0].read(), groups["end"][0].read(), strict=True))
        if all(
            at and end and at <= end and (not answer or at <= answer <= at + timedelta(minutes=10))
            for at, answer, end in rows
        ):
            found.append(one)
    return found if len(found) == 1 else []


def _names(found: list[Moment]) -> str:
    return ", ".join(m.label for m in found)


def _same(found: list[Moment]) -> Moment | None:
    """The one to take of several that tell the same time, perhaps in another zone; None where they do not."""
    found = sorted(found, key=lambda m: (m.zoned is not True, not utc(m), -m.rank))
    first = found[0].read()
    for other in found[1:]:
        apart = [
            round((b - a).total_seconds())
            for a, b in zip(first, other.read(), strict=True)
            if a is not None and b is not None
        ]
        if not apart or any((abs(s) % 900 > 1 and abs(s) % 900 < 899) or abs(s) > 50_401 for s in apart):
            return None
        if len({round(s / 900) for s in apart}) > 2:
            return None
        # The same but for a zone: without one that says its zone nobody knows which is meant.
        if any(round(s / 900) for s in apart) and found[0].zoned is not True and not utc(found[0]):
            return None
    return found[0]


def _earliest(found: list[Moment]) -> Moment:
    """Of unnamed columns of times the one that is never after the others, the first of equals."""
    read = [m.read() for m in found]
    for one, times in zip(found, read, strict=True):
        pairs = [(a, b) for other in read for a, b in zip(times, other, strict=True) if a is not None and b is not None]
        if pairs and sum(a <= b for a, b in pairs) >= (0.7 if len(one.columns) > 1 else 1.0) * len(pairs):
            return one
    return found[0]


def _later(start: Moment, found: list[Moment]) -> Moment | None:
    """The last of the unnamed times besides the start."""
    rest = [m for m in found if m is not start]
    if not rest:
        return None
    begun = start.read()
    late = []
    for one in rest:
        both = [(a, b) for a, b in zip(begun, one.read(), strict=True) if a is not None and b is not None]
        # A clock beside the day of the start goes back at midnight.
        if both and sum(a <= b for a, b in both) >= (0.7 if len(one.columns) > 1 else 1.0) * len(both):
            late.append(one)
    return late[-1] if late else None


def _draft_start(sheet: Sheet, draft: Draft, start: Moment) -> None:
    order, formats = start.order, start.formats
    known = bool(start.columns[0].named)
    if start.rivals:
        order = _which_order(sheet, start)
        if not order:
            examples = ", ".join(list(start.columns[0].distinct)[:3])
            draft.leave(
                "started_at",
                f"{start.label} reads as day/month and as month/day alike ({examples}).",
                f"{columns_line(start)} and formats = {_orders(formats)} under [time]",
            )
            return
        if order != start.order:
            formats = tuple(_turned(f) for f in formats)
        draft.remarks.append(
            f"{start.label}: days and months are told by the order of the rows, another column or the numbers' country."
        )
    sure = known and start.columns[0].roles[:1] != () and not start.rivals
    if doubtful := zone_words(start.columns[-1].filled) & AMBIGUOUS:
        draft.leave(
            "started_at",
            f"{start.label} has {', '.join(sorted(doubtful))}, which mean more than one offset.",
            f'{columns_line(start)} and zones = {{ {min(doubtful)} = "-06:00" }} under [time]',
        )
        return
    draft.columns["started_at"] = _line(start, sure)
    if order in (*_UNITS, "days"):
        why = "numbers since 1970" if order in _UNITS else "days as a spreadsheet counts them"
        draft.say("time", "form", order, why, order in _UNITS)
        return
    if formats:
        draft.say("time", "formats", list(formats[:12]), "as the values are written", not start.rivals)
    draft_zone(sheet, draft, start)


def _orders(formats: tuple[str, ...]) -> str:
    """Formats with days and months as they are and turned round, for a person to choose."""
    return f'["{formats[0]}"] or ["{_turned(formats[0])}"]'


def _turned(form: str) -> str:
    """A format with its days in the place of the months, or of the years where all three have two digits."""
    for a, b in (("%y%m%d", "%d%m%y"), ("%d%m%y", "%y%m%d")):
        if a in form:
            return form.replace(a, b)
    return form.replace("%d", "\0").replace("%m", "%d").replace("\0", "%m")


def _line(start: Moment, sure: bool) -> Line:
    role = start.columns[0].role
    why = "its name and values" if sure else "reads as times"
    if role == "answer_time":
        return Line(start.place, "the start of the talk; no column is named as the start", False)
    if role == "time_meta":
        return Line(start.place, "shortly before each answer; no column is named as the start", False)
    return Line(start.place, why, sure)


def _which_order(sheet: Sheet, start: Moment) -> str:
    """Days and months by another column that is written alike, else by the order of the rows; "" = not told."""
    for column in sheet.columns:
        other = column.times
        alike = other and other.formats and start.formats and _signs(other.formats[0]) == _signs(start.formats[0])
        if alike and other and not other.rivals and other.order in (start.order, *start.rivals):
            return other.order
    if "mdy" in (start.order, *start.rivals) and any("%p" in f for f in start.formats) and _american(sheet):
        return "mdy"
    texts = start.columns[0].values
    return orders.decided([v for v in texts if v], (start.order, *start.rivals))


def _american(sheet: Sheet) -> bool:
    """Whether all numbers to dial say the country code of the United States and their neighbours."""
    dialled = [c for c in sheet.columns if c.filled and c.share(_INTERNATIONAL) > 0.95]
    return bool(dialled) and all(c.share(_AMERICAN) == 1 for c in dialled)


def _signs(form: str) -> str:
    return form[:8].replace("%d", "%m")

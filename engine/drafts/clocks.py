"""A time of a table: the columns it stands in, and of what zone its clock is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.drafts import moments, names
from engine.drafts.draft import Draft, Line, Sql, name_in_sql, quoted
from engine.drafts.sheet import Column, Sheet

# Abbreviations of zones that mean several offsets, depending on where one is.
AMBIGUOUS = names.those("""
    CST CDT PST PDT IST BST AST ADT GST SST ECT AMT NST NDT ACST ACDT MET MEST PT ET CT MT BOT WST
""")
_ZONES = AMBIGUOUS | names.those(
    "EST EDT MST MDT HST AKST AKDT NZST NZDT AEST AEDT AWST WET WEST CET CEST MEZ MESZ EET EEST MSK TRT SAST CAT EAT "
    "WAT PKT NPT ICT WIB HKT SGT MYT PHT JST KST BRT ART CLT PET COT"
)
_ZONE = re.compile(r"UTC|GMT|[A-Z][A-Za-z]+(/[A-Z][A-Za-z_]+){1,2}")
_REGION = re.compile(r"(?:Africa|America|Asia|Atlantic|Australia|Europe|Indian|Pacific)/[A-Z][A-Za-z_/]+")
_OFFSET = re.compile(r"[+-]?\d{1,5}(:\d\d)?")
_OFFSET_UNITS = {
    "minutes": names.those("min mins minute minutes"),
    "seconds": names.those("s sec secs second seconds"),
    "hours": names.those("h hour hours hrs"),
}


@dataclass(frozen=True)
class Moment:
    """Where a time stands: in one column, or a date and a clock in two.

    Args:
        columns: one or two.
        order: as for `moments.Reading`.
        formats: as there.
        zoned: as there.
        rivals: as there.
        rank: how well the name tells the role, 3 to 0.
    """

    columns: tuple[Column, ...]
    order: str
    formats: tuple[str, ...]
    zoned: bool | None
    rivals: tuple[str, ...]
    rank: int

    @property
    def label(self) -> str:
        """Its columns' names."""
        return " and ".join(column.name for column in self.columns)

    @property
    def place(self) -> str | Sql:
        """What `[columns]` says of it."""
        if self.expression == name_in_sql(self.columns[0].name):
            return self.columns[0].name
        return Sql(self.expression)

    @property
    def expression(self) -> str:
        """It in an expression."""
        return " || ' ' || ".join(column.text for column in self.columns)

    def read(self) -> list[datetime | None]:
        """Each row's time without its offset."""
        first = [moments.moment(value, self.order) for value in self.columns[0].values]
        if len(self.columns) == 1:
            return first
        clocks = [moments.moment(value, "clock") for value in self.columns[1].values]
        return [
            d + timedelta(hours=c.hour, minutes=c.minute, seconds=c.second) if d and c else None
            for d, c in zip(first, clocks, strict=True)
        ]


def zone_words(values: Sequence[str]) -> set[str]:
    """Words for zones (EST, PST) behind times."""
    found = (re.search(r"\d\s?(?:[AaPp][Mm])?\s?([A-Z]{2,5})$", value.strip()) for value in values)
    return {match[1] for match in found if match and match[1] not in ("AM", "PM", "UTC", "GMT")}


def utc(moment: Moment) -> bool:
    own = {word for column in moment.columns for word in names.words(column.name)}
    return bool({"utc", "gmt", "zulu"} & own) and not _zone_in_name(moment)


def _zone_in_name(moment: Moment) -> str:
    """A zone other than UTC that a column's name tells, such as Start (CET) or Time GMT+2; "" = none."""
    for column in moment.columns if moment.columns[0].named else ():
        if match := re.search(
            r"(?:UTC|GMT)\s?[+-]\s?\d{1,2}|\(([A-Z]{2,5})\)|\b(?:[A-Z]{1,3}ST|[A-Z]{1,3}DT|CET)\b", column.name
        ):
            found = match[1] or match[0]
            if found in _ZONES or (len(found) > 3 and found[:3] in ("UTC", "GMT")):
                return found
    return ""


def columns_line(start: Moment) -> str:
    """How `[columns]` says a time, for a person to write."""
    if len(start.columns) == 1:
        return f'started_at = "{start.label}" under [columns]'
    return f"started_at = {{ sql = {quoted(start.expression)} }} under [columns]"


def draft_zone(sheet: Sheet, draft: Draft, start: Moment) -> None:
    if start.zoned is True:
        return
    offset = next((c for c in sheet.columns if c.role == "utc_offset" and c.filled and not c.times), None)
    zone = next((c for c in sheet.columns if c.role == "zone" and c.filled and c.share(_ZONE) > 0.9), None)
    offset = offset or next(
        (c for c in sheet.columns if c.role == "zone" and c.filled and c.share(_OFFSET) > 0.9), None
    )
    if region := next((m[0] for c in start.columns if c.named and (m := _REGION.search(c.name))), ""):
        draft.say("time", "timezone", region, "its name says so", True)
    elif found := _zone_in_name(start):
        draft.leave(
            "started_at",
            f"{start.label} says {found} in its name.",
            f'{columns_line(start)} and timezone = "Europe/Budapest" (where that clock is) under [time]',
        )
    elif utc(start):
        draft.say("time", "timezone", "UTC", "its name says so", True)
    elif offset is not None:
        _draft_offset(draft, offset)
    elif zone is not None and len(zone.distinct) == 1:
        draft.say("time", "timezone", zone.filled[0], f"all rows of {zone.name}", True)
    elif zone is not None:
        draft.leave("started_at", f"{zone.name} names a zone for each row ({', '.join(list(zone.distinct)[:3])}).")
    else:
        note = "some times have no offset" if start.zoned is None else "local times without a zone"
        draft.say("time", "timezone", "UTC", f'{note}: of these, e.g. "Europe/Budapest"', False)


def _draft_offset(draft: Draft, offset: Column) -> None:
    """Draft a column of offsets; one that counts in units that nothing tells is left to be decided."""
    if all(re.fullmatch(r"[+-]\d\d:?\d\d", v) for v in offset.filled):
        draft.columns["utc_offset"] = Line(offset.name, "hours and minutes with a sign", True)
        return
    numbers = [n for n in offset.numbers() if n is not None]
    own = set(names.words(offset.name))
    unit = next((unit for unit, words in _OFFSET_UNITS.items() if own & words), "")
    if not unit and numbers and max(map(abs, numbers)) > 840 and all(n % 900 == 0 for n in numbers):
        unit = "seconds"
    if not unit or len(numbers) < len(offset.filled):
        shown = ", ".join(list(offset.distinct)[:3])
        draft.leave(
            "utc_offset",
            f"{offset.name} counts an offset in a unit that is not told ({shown}).",
            f'utc_offset = "{offset.name}" under [columns] and offset_unit = "minutes" (seconds, hours) under [time]',
        )
        return
    draft.columns["utc_offset"] = Line(offset.name, "its name and values", True)
    draft.say(
        "time", "offset_unit", unit, "the unit in its name" if own & _OFFSET_UNITS[unit] else "such large numbers"
    )

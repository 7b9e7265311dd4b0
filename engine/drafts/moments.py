"""How texts read as times: every way in which one could be meant, so that a column's values can choose between them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from engine.drafts import months

_MONTH = r"(?P<mon>[^\W\d_]{3,12})"
_ZONE = r"(?P<zone>\s?(?:Z|UTC|GMT|[+-]\d\d:?\d\d|[+-]\d\d|[A-Z]{2,5}|[A-Z][a-z]+/[A-Z][A-Za-z_]+))?"
_CLOCK = (
    r"(?P<h>\d{1,2})(?P<s1>[:.h])(?P<m>\d\d)(?:(?P<s2>[:.])(?P<s>\d\d)(?P<frac>[.,]\d{1,9})?)?"
    r"(?P<ap>\s?[AaPp]\.?\s?[Mm]\.?)?"
)
_DATES = (
    r"(?P<y>\d{4})(?P<p1>[-/.年]|\. )(?P<a>\d{1,2})(?P<p2>[-/.月]|\. )(?P<b>\d{1,2})(?P<dot>[.日])?",
    r"(?P<a>\d{1,2})(?P<p1>[-/.]|\. )(?P<b>\d{1,2})(?P<p2>[-/.]|\. )(?P<y>\d{4}|\d\d)(?!\d)(?P<dot>\.)?",
    rf"(?P<a>\d{{1,2}})(?P<p1>\.? | de |[-/.]?){_MONTH}(?P<p2>\.? |\.? de |\.?[-/]|\.?)(?P<y>\d{{4}}|\d\d)(?!\d)",
    rf"{_MONTH}(?P<p1>\.? )(?P<a>\d{{1,2}})(?P<p2>,? )(?P<y>\d{{4}})",
    rf"(?P<y>\d{{4}})(?P<p1>\.? |[-/.]){_MONTH}(?P<p2>\.? |\.?[-/])(?P<a>\d{{1,2}})(?P<dot>\.)?",
)
_JOIN = r"(?P<join>T|, | at | à | às | um | a las | kl\.? | klo | o | ore | alle |[ ,:_-]| - | / |\s{1,3})"
_HOURS = r"(?P<hours>\s?(?:Uhr|uhr|hrs|hs|h))?"  # what some write behind a clock
_CTIME = re.compile(
    r"(?P<wd>[A-Z][a-z]{2}) (?P<mon>[A-Z][a-z]{2}) {1,2}(?P<a>\d{1,2}) (?P<c>\d\d:\d\d:\d\d) "
    r"(?P<z>(?:[+-]\d{4}|UTC|GMT) )?(?P<y>\d{4})"
)
_IOS = re.compile(
    r"[*.]?(?P<c>\d\d:\d\d:\d\d(?:\.\d{3})?) (?P<z>UTC|GMT) (?P<wd>[A-Z][a-z]{2}) (?P<mon>[A-Z][a-z]{2}) "
    r"{1,2}(?P<a>\d{1,2}) (?P<y>\d{4})"
)  # as routers write it: the clock before the day
_WEEKDAY = r"(?P<wd>(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? )?"
_MOMENTS = tuple(re.compile(f"{_WEEKDAY}{date}(?:{_JOIN}{_CLOCK}{_HOURS})?{_ZONE}") for date in _DATES)
_ONLY_CLOCK = re.compile(_CLOCK)
_COMPACT = re.compile(
    r"(?P<d>\d{8})(?P<join>[ T_-]?)(?P<t>\d{6}|\d{4}|\d\d:\d\d:\d\d)?(?P<f>\.\d{1,6})?(?P<zone>Z|[+-]\d\d:?\d\d)?"
)
# Numbers count units since 1970 when they fall between 2000 and 2080.
EPOCHS = {"seconds": 1, "milliseconds": 10**3, "microseconds": 10**6}
_BIRTHS = 1900  # a day without an hour may be one of birth
_SINCE, _UNTIL = 946_684_800, 3_471_292_800


@dataclass(frozen=True)
class Way:
    """One way to read a text as a time.

    Args:
        order: iso, ymd, dmy, mdy, compact, named (month in letters), clock, or a unit of `EPOCHS`.
        format: a strptime format; "" for iso and numbers.
        what: "moment", "date" (no clock) or "clock" (no date).
        zoned: the text says its offset or zone.
    """

    order: str
    format: str
    what: str
    zoned: bool = False


@dataclass(frozen=True)
class Reading:
    """How a column reads as times.

    Args:
        order: as for `Way`.
        formats: strptime formats that are needed, the most frequent first; empty for iso and numbers.
        what: "moment", "date" or "clock".
        zoned: every time says its offset or zone; None = some do.
        share: of the filled values that read so.
        rivals: other orders that read as many values.
        replace: what is to be replaced in small letters of it before a form can read it (names of months, "p. m.").
        ends: some are 24:00, a day's end, which only ISO texts may have.
    """

    order: str
    formats: tuple[str, ...]
    what: str
    zoned: bool | None
    share: float
    rivals: tuple[str, ...] = ()
    replace: tuple[tuple[str, str], ...] = ()
    ends: bool = False


@lru_cache(maxsize=1 << 16)
def ways(text: str) -> tuple[tuple[Way, datetime], ...]:
    """Every way in which a text may be meant as a time, and the time it would be (without its offset)."""
    text = text.strip()
    if not 4 <= len(text) <= 40 or not any(c.isdigit() for c in text):
        return ()
    if re.fullmatch(r"\d+(\.\d+)?", text):
        found = [*_numbers(text), *_compact(text)]
        return tuple(found)
    if clock := _ONLY_CLOCK.fullmatch(text):
        dotted = _MOMENTS[1].fullmatch(text) if text.count(".") == 2 else None  # 08.05.12 may be a day as well
        return (*_clock(clock), *(_dated(1, dotted) if dotted else ()))
    if compact := _compact(text):
        return tuple(compact)
    if match := _IOS.fullmatch(text):
        form = f"%H:%M:%S{'.%f' if '.' in match['c'] else ''} {match['z']} %a %b %d %Y"
        try:
            return ((Way("named", form, "moment", True), datetime.strptime(text, form)),)
        except ValueError:
            return ()
    if match := _CTIME.fullmatch(text):
        form, zone = "%a %b %d %H:%M:%S %Y", match["z"] or ""
        try:
            at = datetime.strptime(text.replace(zone, ""), form)
            shown = "%z " if zone[:1] in ("+", "-") else zone
            return ((Way("named", form.replace("%S ", f"%S {shown}"), "moment", bool(zone)), at),)
        except ValueError:
            return ()
    found = []
    for place, pattern in enumerate(_MOMENTS):
        if match := pattern.fullmatch(text):
            found += _dated(place, match)
    return tuple(found)


def _numbers(text: str) -> list[tuple[Way, datetime]]:
    if text.startswith("0"):  # a telephone number
        return []
    number = float(text)
    return [
        (Way(unit, "", "moment", True), datetime(1970, 1, 1) + timedelta(seconds=number / per))
        for unit, per in EPOCHS.items()
        if _SINCE * per <= number < _UNTIL * per
    ]


def _compact(text: str) -> list[tuple[Way, datetime]]:
    match = _COMPACT.fullmatch(text)
    if match is None:
        return []
    day, clock = match["d"], match["t"] or ""
    if match["f"] and not clock:
        return []
    digits = clock.replace(":", "")
    zone = "" if not match["zone"] else "%z"
    found = []
    for order, form in (("compact", "%Y%m%d"), ("compact_dmy", "%d%m%Y")):
        try:
            at = datetime.strptime(day + digits.ljust(6, "0"), form + "%H%M%S")
        except ValueError:
            continue
        if (1990 if clock else _BIRTHS) <= at.year < 2100:
            time = ("%H:%M:%S" if ":" in clock else "%H%M%S"[: len(digits)]) + (".%f" if match["f"] else "")
            what = "moment" if clock else "date"
            found.append((Way(order, form + match["join"] + time + zone, what, bool(zone)), at))
    return found


def _clock(match: re.Match[str]) -> list[tuple[Way, datetime]]:
    form, parts = _clock_parts(match)
    return [(Way("clock", form, "clock"), datetime(1900, 1, 1, *parts))] if parts and parts[0] < 24 else []


def _clock_parts(match: re.Match[str]) -> tuple[str, tuple[int, int, int] | None]:
    """The format of a clock, and hour (24 at a day's end), minute, second; none where they cannot be."""
    hour, minute, second = int(match["h"]), int(match["m"]), int(match["s"] or 0)
    half = match["ap"]
    form = f"{'%I' if half else '%H'}{match['s1']}%M{match['s2'] + '%S' if match['s2'] else ''}"
    if match["frac"]:
        form += match["frac"][0] + "%f"
    if half:
        form += (" " if half[0].isspace() else "") + "%p"
        if not 1 <= hour <= 12:
            return form, None
        hour = hour % 12 + (12 if half.strip()[0] in "pP" else 0)
    good = (hour < 24 and minute < 60 and second < 60) or (hour, minute, second) == (24, 0, 0)
    return form, (hour, minute, second) if good else None


def _dated(place: int, match: re.Match[str]) -> list[tuple[Way, datetime]]:
    clock, parts = ("", (0, 0, 0)) if match["h"] is None else _clock_parts(match)
    if parts is None:
        return []
    year = int(match["y"])
    year += 2000 if len(match["y"]) == 2 and year < 69 else 1900 if len(match["y"]) == 2 else 0
    if not (_BIRTHS if match["h"] is None else 1990) <= year < 2100:
        return []
    what, tail = "moment" if match["h"] else "date", _tail(match, clock)
    first, y = int(match["a"]), "%Y" if len(match["y"]) == 4 else "%y"
    weekday = _weekday(match["wd"])
    if place >= 2:
        month, code = months.number(match["mon"]), months.english(match["mon"]) or "%m"
        p1, p2 = match["p1"], match["p2"]
        form = (f"%d{p1}{code}{p2}{y}", f"{code}{p1}%d{p2}%Y", f"%Y{p1}{code}{p2}%d{_dot(match)}")[place - 2]
        choices = [("named", form, month, first)]
    else:
        second, p1, p2, dot = int(match["b"]), match["p1"], match["p2"], match["dot"] or ""
        choices = [
            ("ymd", f"%Y{p1}%m{p2}%d{dot}", first, second)
        ] if place == 0 else [
            ("dmy", f"%d{p1}%m{p2}{y}{dot}", second, first),
            *([] if "." in p1 else [("mdy", f"%m{p1}%d{p2}{y}{dot}", first, second)]),
        ]  # fmt: skip
    found = []
    for order, form, month, day in choices:
        try:
            at = datetime(year, month, day) + timedelta(hours=parts[0], minutes=parts[1], seconds=parts[2])
        except ValueError:
            continue
        if order == "ymd" and _iso(match):
            order, form = "iso", ""
        else:
            form = weekday + form + tail
        found.append((Way(order, form, what, bool((match["zone"] or "").strip())), at))
    return found


def _dot(match: re.Match[str]) -> str:
    return match.groupdict().get("dot") or ""


def _tail(match: re.Match[str], clock: str) -> str:
    join = match["join"] or ""
    zone = match["zone"] or ""
    clock += match["hours"] or ""
    if not zone.strip():
        return join + clock
    space = " " if zone[0].isspace() else ""
    return join + clock + space + "%z"


def _weekday(text: str | None) -> str:
    if not text:
        return ""
    letters = text.strip(", ")
    return ("%a" if len(letters) == 3 else "%A") + text[len(letters) :]


def _iso(match: re.Match[str]) -> bool:
    plain = match["p1"] == match["p2"] == "-" and not match["dot"] and not match["wd"] and not match["ap"]
    joined = match["join"] in ("T", " ", None) and match["s1"] in (":", None) and match["s2"] in (":", None)
    return (
        plain
        and joined
        and len(match["a"]) == len(match["b"]) == 2
        and len(match["h"] or "00") == 2
        and not match["hours"]
    )


def reading(values: Sequence[str], *, whole: float = 0.95, named: bool = False) -> Reading | None:
    """How a column's filled values read as times; None where fewer than `whole` of them do.

    Args:
        values: of the column.
        whole: share of them that have to read.
        named: its name says that it holds times: then days of a spreadsheet and six pairs of digits are some.


    Of several orders that read the column the one that reads the most values is taken; those that read as many are
    its rivals (a file of the first twelve days of months tells nothing of days and months).
    """
    if not values:
        return None
    votes: dict[tuple[str, str], int] = Counter()
    formats: dict[tuple[str, str], Counter[str]] = {}
    zoned: Counter[tuple[str, str]] = Counter()
    for value in values:
        seen = set()
        for way, _ in (*ways(value), *(_rare(value) if named else ())):
            key = (way.order, way.what)
            if key in seen:
                continue
            seen.add(key)
            votes[key] += 1
            zoned[key] += way.zoned
            formats.setdefault(key, Counter())[way.format] += 1
    if not votes:
        return None
    most = max(votes.values())
    if most < whole * len(values):
        return None
    best = [key for key, n in votes.items() if n == most]
    preferred = (
        "iso", "ymd", "named", "dmy", "mdy", "yymmdd", "ddmmyy", "compact", "seconds", "milliseconds", "microseconds",
    )  # fmt: skip
    best.sort(key=lambda key: preferred.index(key[0]) if key[0] in preferred else len(preferred))
    first = best[0]
    every = zoned[first] == votes[first]
    needed = tuple(form for form, _ in formats[first].most_common() if form)
    rivals = tuple(order for order, what in best[1:] if what == first[1])
    replace = _replaced(values) if first[0] in ("named", "dmy", "mdy", "ymd") else ()
    if replace:
        needed = tuple(dict.fromkeys(form.replace("%b", "%m").replace("%B", "%m") for form in needed))
    ends = first[1] == "moment" and any(re.search(r"(?<![\d:])24:00(:00)?(?![\d:])", value) for value in values)
    zones = every if every or not zoned[first] else None
    return Reading(first[0], needed, first[1], zones, most / len(values), rivals, replace, ends)


def _replaced(values: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """What is to be replaced in times before a form of `strptime` can read them."""
    letters = {word for value in set(values) for word in re.findall(r"[^\W\d_]{3,}", value)}
    found = months.replacements(word for word in letters if months.number(word))
    halves = {half for value in set(values) for half in re.findall(r"\d\s?([AaPp](?:\.\s?[Mm]\.?|\s[Mm]))", value)}
    return (*found, *sorted({(half.lower(), half[0].lower() + "m") for half in halves}))


def moment(text: str, order: str) -> datetime | None:
    """A text as a time in one order, without its offset."""
    found = (*ways(text), *(_rare(text) if order in ("days", "pairs", "clock", "yymmdd", "ddmmyy") else ()))
    return next((at for way, at in found if way.order == order), None)


def _rare(text: str) -> list[tuple[Way, datetime]]:
    """What a number is as a time only in a column that is named as one of times."""
    if re.fullmatch(r"[2-6]\d{4}\.\d+", text):
        return [(Way("days", "", "moment"), datetime(1899, 12, 30) + timedelta(days=float(text)))]
    if re.fullmatch(r"([01]\d|2[0-3])[0-5]\d", text):
        return [(Way("clock", "%H%M", "clock"), datetime.strptime(text, "%H%M"))]
    if re.fullmatch(r"\d{6}", text):
        return [(Way(*way), at) for way, at in _six(text)]
    if re.fullmatch(r"\d{12}", text):
        try:
            return [(Way("pairs", "%y%m%d%H%M%S", "moment"), datetime.strptime(text, "%y%m%d%H%M%S"))]
        except ValueError:
            return []
    return []


def _six(text: str) -> list[tuple[tuple[str, str, str], datetime]]:
    """Six digits as a clock, or as a day of this century."""
    found = []
    for order, form, what in (
        ("clock", "%H%M%S", "clock"), ("yymmdd", "%y%m%d", "date"), ("ddmmyy", "%d%m%y", "date"),
    ):  # fmt: skip
        try:
            at = datetime.strptime(text, form)
        except ValueError:
            continue
        if what == "clock" or 2000 <= at.year < 2040:
            found.append(((order, form, what), at))
    return found

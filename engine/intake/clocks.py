"""How a profile's clocks read: which statements define the macros of sql/logs/2_rows/parse.sql, by what parameters.

A text's own offset or zone goes before the column of offsets, and that before the profile's time zone. A number counts
from its epoch, in UTC, whatever else is said.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from engine.errors import InputError
from engine.warehouse import literal, sql_text

if TYPE_CHECKING:
    from engine.logs.mapping import Profile

_DAY = 86_400_000_000
MICROSECONDS = {
    "relative": 10**6, "seconds": 10**6, "milliseconds": 10**3, "microseconds": 1, "days": _DAY,
}  # fmt: skip
_EPOCHS = {"days": date(1899, 12, 30)}  # the day 0 of spreadsheets
_UTC = ("UTC", "Z", "ETC/UTC")
_SHARED = ("time_offset", "time_column", "time_zoned", "time_text", "time_split", "seconds_text")
_NEVER = "\x01"  # a format that no text has, for a list that would be empty
# Abbreviations that mean one offset: those that the time zone database itself has as names, with their summer time,
# and such as only one country or region uses. Those in `_AMBIGUOUS` mean more than one somewhere in the world.
_ZONES = {
    "EST": "-05:00", "EDT": "-04:00", "MST": "-07:00", "MDT": "-06:00", "HST": "-10:00", "AKST": "-09:00",
    "AKDT": "-08:00", "NZST": "+12:00", "NZDT": "+13:00", "AEST": "+10:00", "AEDT": "+11:00", "AWST": "+08:00",
    "WET": "+00:00", "WEST": "+01:00", "CET": "+01:00", "CEST": "+02:00", "MEZ": "+01:00", "MESZ": "+02:00",
    "EET": "+02:00", "EEST": "+03:00", "MSK": "+03:00", "TRT": "+03:00", "SAST": "+02:00", "CAT": "+02:00",
    "EAT": "+03:00", "WAT": "+01:00", "PKT": "+05:00", "NPT": "+05:45", "ICT": "+07:00", "WIB": "+07:00",
    "WITA": "+08:00", "WIT": "+09:00", "HKT": "+08:00", "SGT": "+08:00", "MYT": "+08:00", "PHT": "+08:00",
    "JST": "+09:00", "KST": "+09:00", "BRT": "-03:00", "ART": "-03:00", "CLT": "-04:00", "PET": "-05:00",
    "COT": "-05:00",
}  # fmt: skip
_AMBIGUOUS = (
    "CST", "CDT", "PST", "PDT", "IST", "BST", "AST", "ADT", "GST", "SST", "ECT", "AMT", "NST", "NDT", "ACST", "ACDT",
    "MET", "MEST", "FST", "LST", "UZT", "ACT", "BOT", "WST", "KDT", "PT", "ET", "CT", "MT",
)  # fmt: skip


MOMENT, DAY = "file_time", "file_day"  # macros: the moment in UTC; what stands there, whatever the zone
Do = Callable[[str], Any]
Ask = Callable[[str, dict[str, Any]], list[tuple[Any, ...]]]


def define(do: Do, ask: Ask, profile: Profile, names: str = "log_") -> tuple[bool, list[int]]:
    """Define the macros that read times and durations.

    Args:
        do: runs a statement where rows will be read.
        ask: the rows of a query with its parameters, there.
        profile: how times read.
        names: what the macros' names begin with.

    Returns:
        Whether they are local ones, and the hours of the day in which that clock ever skips some time.

    Raises:
        InputError: there is no such time zone.
    """
    zone, number = profile.timezone, profile.time_form in MICROSECONDS
    local = zone.upper() not in _UTC
    if local and not ask(sql_text("logs/1_times/known_zone"), {"zone": zone})[0][0]:
        raise InputError(f"there is no time zone {zone!r}.", fix="Use a name such as Europe/Budapest or America/Lima.")
    local = local and not number
    forms = ("clock_none", "own_number") if number else (f"clock_{profile.time_form}", f"own_{profile.time_form}")
    for name in (*_SHARED, *forms, "moment_local" if local else "moment_utc"):
        do(sql_text(f"logs/1_times/{name}").replace("log_", names))
    if not local:
        return False, []
    if zone not in _skipped:
        _skipped[zone] = [hour for (hour,) in ask(sql_text("logs/1_times/skipped_hours"), {"zone": zone})]
    return True, _skipped[zone]


def define_whole(do: Do, ask: Ask, profile: Profile, params: dict[str, Any], macro: str) -> None:
    """Define one macro (value) that reads a time, for expressions over a file's columns.

    Args:
        do: runs a statement where rows will be read.
        ask: the rows of a query with its parameters, there.
        profile: how times read.
        params: from `parameters`; they become part of the macro, which is used where nothing can be bound.
        macro: `MOMENT` or `DAY`. Times that it cannot read are null.
    """
    _, gaps = define(do, ask, profile, f"{macro}_")
    told = params | {"gaps": gaps}
    text = sql_text(f"logs/1_times/{macro}").replace("log_", f"{macro}_").replace(f"{macro}_whole", macro)
    do(re.sub(r"\$(\w+)", lambda found: _written(told[found[1]]), text))


def _written(value: object) -> str:
    """A parameter as SQL; an empty list has a type to be compared by."""
    return "NULL::INTEGER[]" if value == [] else literal(value)


_skipped: dict[str, list[int]] = {}


def parameters(profile: Profile, epoch: date | None) -> dict[str, Any]:
    """Parameters of sql/logs/2_rows/parse.sql; `gaps` is what `define` returns.

    Args:
        profile: how times read.
        epoch: the day that the user gave, which goes before the profile's.
    """
    rules, form = profile.rules, profile.time_form
    start = epoch if form == "relative" and epoch else rules.epoch or _EPOCHS.get(form, date(1970, 1, 1))
    zones = dict(_known_zones()) | rules.zones
    plain, behind, within = _sorted(profile.time_formats)
    two = {"mm:ss": 60.0, "hh:mm": 3600.0}.get(rules.duration_form)
    return {
        "formats": plain,
        "zoned": behind,
        "within": within,
        "zone": profile.timezone,
        "zone_words": list(zones),
        "zone_meanings": list(zones.values()),
        "micros": MICROSECONDS.get(form, 0),
        "epoch_us": (datetime(start.year, start.month, start.day) - datetime(1970, 1, 1)).days * _DAY,
        "offset_unit": rules.offset_seconds,
        "two": two,
    }


@lru_cache(maxsize=1)
def _known_zones() -> tuple[tuple[str, str], ...]:
    return (*_ZONES.items(), *((name, "?") for name in _AMBIGUOUS))


def _sorted(formats: tuple[str, ...]) -> tuple[list[str], list[str], list[str]]:
    """Formats without a zone, those with one behind (without it), and those with one elsewhere."""
    plain = [f for f in formats if not re.search("%[zZ]", f)]
    behind = [re.sub(r"\s*%[zZ]$", "", f) for f in formats if re.search("%[zZ]$", f)]
    within = [f for f in formats if re.search("%[zZ].", f)]
    return plain or [_NEVER], behind or [_NEVER], within or [f"%z{_NEVER}"]

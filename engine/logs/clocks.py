"""How a profile's clocks read: which statements define the macros of sql/logs/parse.sql, and with what parameters.

A text's own offset or zone goes before the column of offsets, and that before the profile's time zone. A number counts
from its epoch, in UTC, whatever else is said.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from engine.errors import InputError
from engine.logs.mapping import Profile
from engine.sources import Store

_DAY = 86_400_000_000
MICROSECONDS = {
    "relative": 10**6, "seconds": 10**6, "milliseconds": 10**3, "microseconds": 1, "days": _DAY,
}  # fmt: skip
_EPOCHS = {"days": date(1899, 12, 30)}  # the day 0 of spreadsheets
_UTC = ("UTC", "Z", "ETC/UTC")
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


def define(store: Store, profile: Profile) -> tuple[bool, list[int]]:
    """Define the macros that read times and durations.

    Args:
        store: the warehouse that will read rows.
        profile: how times read.

    Returns:
        Whether they are local ones, and the hours of the day in which that clock ever skips some time.

    Raises:
        InputError: there is no such time zone.
    """
    local = profile.timezone.upper() not in _UTC
    if local and not store.query("logs/known_zone", zone=profile.timezone)["known"][0]:
        raise InputError(
            f"there is no time zone {profile.timezone!r}.", fix="Use a name such as Europe/Budapest or America/Lima."
        )
    number = profile.time_form in MICROSECONDS
    form = "none" if number else profile.time_form
    own = "number" if number else profile.time_form
    local = local and not number
    for name in ("time_offset", "time_column", "time_zoned", "time_text", "time_split", f"clock_{form}", f"own_{own}"):
        store.execute(f"logs/{name}")
    store.execute("logs/moment_local" if local else "logs/moment_utc")
    store.execute("logs/seconds_text")
    if not local:
        return False, []
    if profile.timezone not in _skipped:
        _skipped[profile.timezone] = store.query("logs/skipped_hours", zone=profile.timezone)["hour"].to_list()
    return True, _skipped[profile.timezone]


_skipped: dict[str, list[int]] = {}


def parameters(profile: Profile, epoch: date | None) -> dict[str, Any]:
    """Parameters of sql/logs/parse.sql; `gaps` comes of `define`.

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

"""What a mapping of call records says of rows: how clocks, durations and codes are meant. Words are in `words.py`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from engine.intake.mapping_table import MappingError, MappingTable

OFFSET_UNITS = {"": 0, "seconds": 1, "minutes": 60, "hours": 3600}
DURATION_FORMS = ("", "mm:ss", "hh:mm")
OTHERS = ("reject", "yes", "no")
_TIME_KEYS = ("epoch", "form", "formats", "offset_unit", "timezone", "zones")
KEYS = {
    "time": _TIME_KEYS,
    "duration": ("form", "seconds_per_unit"),
    "answered": ("no", "other", "yes"),
    "direction": ("incoming", "outgoing"),
    "parties": ("nobody",),
    "volume": ("megabytes_per_unit",),
}


@dataclass(frozen=True)
class Rules:
    """How rows are meant, where the mapping says so.

    Args:
        epoch: the day on which a clock that counts began; None = 1970-01-01, or what `--epoch` says.
        offset_seconds: of one unit of the column of offsets; 0 = it is written +hh, +hhmm or +hh:mm.
        zones: abbreviation of a time zone (capitals) -> a zone's name or an offset.
        duration_form: what a duration of two parts is; empty = none is read.
        other: what a word in the column answered means that nobody listed: reject, yes or no.
        extensions: short numbers are the people of an exchange, not services.
    """

    epoch: date | None = None
    offset_seconds: int = 0
    zones: dict[str, str] = field(default_factory=dict)
    duration_form: str = ""
    other: str = "reject"
    extensions: bool = False


def read(said: MappingTable) -> Rules:
    """The rules of a table of a mapping.

    Raises:
        MappingError: a key or a value that cannot be.
    """
    for name, keys in KEYS.items():
        strange = sorted(set(said.inner(name).table) - set(keys))
        if strange:
            raise MappingError(f"there is no key {name}.{strange[0][:60]}", f"Keys: {', '.join(keys)}.")
    time = said.inner("time")
    return Rules(
        epoch=_day(time),
        offset_seconds=OFFSET_UNITS[_one_of(time, "offset_unit", tuple(OFFSET_UNITS))],
        zones=_zones(time.inner("zones")),
        duration_form=_one_of(said.inner("duration"), "form", DURATION_FORMS),
        other=_one_of(said.inner("answered"), "other", OTHERS),
        extensions=said.get(bool, "extensions", False),
    )


def _one_of(said: MappingTable, key: str, values: tuple[str, ...]) -> str:
    value = said.get(str, key, values[0])
    if value not in values:
        known = ", ".join(value for value in values if value)
        raise MappingError(f"{said.place}{key} = {value[:60]!r} is not allowed", f"Use one of {known}.")
    return value


def _day(time: MappingTable) -> date | None:
    """The day of `time.epoch`, written as a text or as a day of TOML."""
    value = time.table.get("epoch")
    if value is None or type(value) is date:
        return value
    try:
        return date.fromisoformat(time.get(str, "epoch", ""))
    except ValueError:
        raise MappingError(f"{time.place}epoch should be a day", "Write it as YYYY-MM-DD.") from None


def _zones(said: MappingTable) -> dict[str, str]:
    return {name.strip().upper(): said.get(str, name, "") for name in said.table}

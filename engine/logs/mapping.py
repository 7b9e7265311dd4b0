"""Profiles: how a format's columns, times, units and codes read, declared in TOML, ready-made or the user's.

A profile names, for each canonical column, the file's own column; everything else has a default. A file may hold
several tables (`[[table]]`), of which the one whose columns are all there is used. See `engine/logs/profiles/`.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from engine.errors import InputError

CANONICAL = (
    "kind", "caller", "callee", "started_at", "utc_offset", "duration_s", "answered", "volume_mb",
    "caller_tac", "callee_tac", "caller_imei", "callee_imei", "caller_cell", "callee_cell", "call_id", "direction",
    "n_calls", "talk_s", "n_texts",
)  # fmt: skip
AGGREGATES = ("n_calls", "talk_s", "n_texts")
TIME_FORMS = ("iso", "format", "seconds", "milliseconds", "microseconds", "relative")
_TABLE_KEYS = {
    "name", "delimiter", "header", "skip", "names", "encoding", "columns", "time", "duration", "kind", "direction",
    "answered", "volume", "ego_from_file_name", "match", "widths", "refuse", "aggregated",
}  # fmt: skip
PROFILES = Path(__file__).parent / "profiles"


@dataclass(frozen=True)
class Profile:
    """One table of a format.

    Args:
        name: of the format.
        columns: canonical column -> the file's column, by any of these names.
        delimiter: between fields, None = found from the first line.
        header: whether there is a header line.
        skip: lines above it.
        names: column names where there is no header.
        encoding: of the text.
        time_form: one of `TIME_FORMS`; iso also takes offsets and Z.
        time_formats: strptime formats for `format`, tried in order.
        timezone: of times without an offset.
        seconds_per_unit: of the duration column.
        kind: of every row, when there is no kind column.
        kinds: the file's word (lower case) -> call, text or data.
        incoming: words of the direction column (lower case) that swap caller and callee.
        outgoing: words that do not.
        unanswered: words of the answered column (lower case) that mean a missed call.
        megabytes_per_unit: of the volume column.
        ego_from_file_name: the caller is the file's stem.
        match: the file's column -> a pattern nearly all its first values fit, to tell formats apart.
        widths: how many fields a row of a file without header may have; empty = any.
        refuse: why files of this form cannot be used; empty = they can.
        aggregated: a row is a pair of people with sums, without times.
    """

    name: str
    columns: dict[str, tuple[str, ...]]
    delimiter: str | None = None
    header: bool = True
    skip: int = 0
    names: tuple[str, ...] = ()
    encoding: str = "utf-8"
    time_form: str = "iso"
    time_formats: tuple[str, ...] = ()
    timezone: str = "UTC"
    seconds_per_unit: float = 1.0
    kind: str = "call"
    kinds: dict[str, str] = field(default_factory=lambda: {"call": "call", "text": "text", "data": "data"})
    incoming: tuple[str, ...] = ("in", "incoming")
    outgoing: tuple[str, ...] = ("out", "outgoing")
    unanswered: tuple[str, ...] = ("false", "0", "no", "n", "f")
    megabytes_per_unit: float = 1.0
    ego_from_file_name: bool = False
    match: dict[str, str] = field(default_factory=dict)
    widths: tuple[int, ...] = ()
    refuse: str = ""
    aggregated: bool = False


def generic() -> Profile:
    """The canonical columns, read under their own names."""
    return Profile("generic", {name: (name,) for name in CANONICAL})


def ready(name: str) -> list[Profile]:
    """The tables of a ready-made format.

    Raises:
        InputError: no format of that name.
    """
    path = PROFILES / f"{name}.toml"
    if name not in ready_names():
        known = ", ".join(["generic", *ready_names()])
        raise InputError(f"there is no format {name!r} of call records.", fix=f"The formats are {known}.")
    return load(path)


def ready_names() -> list[str]:
    """Ready-made formats, sorted."""
    return sorted(path.stem for path in PROFILES.glob("*.toml"))


def load(path: Path) -> list[Profile]:
    """Read a mapping file.

    Raises:
        InputError: it is missing, is not TOML, or says something that does not exist; the message names the key.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError("there is no such mapping file.", file=path) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"the mapping file cannot be read: {error}.", file=path) from error
    tables = document.get("table", [document])
    shared = {key: value for key, value in document.items() if key != "table"} if "table" in document else {}
    return [_profile(shared | table, path) for table in tables]


def with_options(profile: Profile, options: dict[str, Any]) -> Profile:
    """The profile with what the user said for this import (`timezone`); `epoch` is read at parse time.

    Raises:
        InputError: an option that does not exist, or relative times without an epoch.
    """
    from dataclasses import replace

    unknown = set(options) - {"epoch", "timezone"}
    if unknown:
        raise InputError(f"there is no option {min(unknown)!r} for call records.", fix="Use epoch or timezone.")
    needs_day = profile.time_form == "relative" or profile.aggregated
    if needs_day and not isinstance(options.get("epoch"), date):
        what = "pairs without times" if profile.aggregated else "times counted from a start that the file does not tell"
        raise InputError(f"format {profile.name!r} has {what}.", fix="Date them with --epoch YYYY-MM-DD.")
    return replace(profile, timezone=options["timezone"]) if options.get("timezone") else profile


def _profile(table: dict[str, Any], path: Path) -> Profile:
    def words(value: Any, key: str) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(v, str | int | float) for v in value):
            raise InputError(f"{key} should be a list of words.", file=path)
        return tuple(str(v).lower() for v in value)

    unknown = sorted(set(table) - _TABLE_KEYS)
    if unknown:
        raise InputError(f"there is no key {unknown[0]!r} in a mapping.", file=path, fix=f"Keys: {_list(_TABLE_KEYS)}.")
    columns = table.get("columns", {})
    strange = sorted(set(columns) - set(CANONICAL))
    columns = {c: (v,) if isinstance(v, str) else tuple(v) for c, v in columns.items() if isinstance(v, str | list)}
    if (
        strange
        or not (columns or table.get("refuse"))
        or not all(isinstance(v, str) for vs in columns.values() for v in vs)
    ):
        found = f"{strange[0]!r} is no column of ours" if strange else "no [columns] with names in it"
        raise InputError(f"{found}.", file=path, fix=f"Columns: {', '.join(CANONICAL)}.")
    time, duration, kind = table.get("time", {}), table.get("duration", {}), table.get("kind", {})
    form = time.get("form", "format" if "formats" in time else "iso")
    if form not in TIME_FORMS or (form == "format" and not time.get("formats")):
        raise InputError(f"time.form = {form!r} cannot be.", file=path, fix=f"Forms: {', '.join(TIME_FORMS)}.")
    kinds = {w: k for k in ("call", "text", "data") for w in words(kind.get(k, [k]), f"kind.{k}")}
    default = kind.get("default", "call")
    if default not in ("call", "text", "data"):
        raise InputError(f"kind.default = {default!r} cannot be.", file=path, fix="Use call, text or data.")
    direction, volume = table.get("direction", {}), table.get("volume", {})
    try:
        return Profile(
            name=str(table.get("name", path.stem)),
            columns=columns,
            delimiter=table.get("delimiter"),
            header=bool(table.get("header", True)),
            skip=int(table.get("skip", 0)),
            names=tuple(table.get("names", ())),
            encoding=str(table.get("encoding", "utf-8")),
            time_form=form,
            time_formats=tuple(time.get("formats", ())),
            timezone=str(time.get("timezone", "UTC")),
            seconds_per_unit=float(duration.get("seconds_per_unit", 1)),
            kind=default,
            kinds=kinds,
            incoming=words(direction.get("incoming", ["in", "incoming"]), "direction.incoming"),
            outgoing=words(direction.get("outgoing", ["out", "outgoing"]), "direction.outgoing"),
            unanswered=words(table.get("answered", {}).get("no", list(Profile.unanswered)), "answered.no"),
            megabytes_per_unit=float(volume.get("megabytes_per_unit", 1)),
            ego_from_file_name=bool(table.get("ego_from_file_name", False)),
            match={str(k): str(v) for k, v in table.get("match", {}).items()},
            widths=tuple(int(w) for w in table.get("widths", ())),
            refuse=str(table.get("refuse", "")),
            aggregated=bool(table.get("aggregated", False)),
        )
    except (TypeError, ValueError) as error:
        raise InputError(f"the mapping file holds a value of the wrong type ({error}).", file=path) from error


def _list(names: set[str]) -> str:
    return ", ".join(sorted(names))

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
)  # fmt: skip
REQUIRED = ("caller", "callee", "started_at")
TIME_FORMS = ("iso", "format", "seconds", "milliseconds", "microseconds", "relative")
_TABLE_KEYS = {
    "name", "delimiter", "header", "skip", "names", "encoding", "columns", "time", "duration", "kind", "direction",
    "answered", "volume", "ego_from_file_name",
}  # fmt: skip
PROFILES = Path(__file__).parent / "profiles"


@dataclass(frozen=True)
class Profile:
    """One table of a format.

    Args:
        name: of the format.
        columns: canonical column -> the file's column.
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
    """

    name: str
    columns: dict[str, str]
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


def generic() -> Profile:
    """The canonical columns, read under their own names."""
    return Profile("generic", {name: name for name in CANONICAL})


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
    if profile.time_form == "relative" and not isinstance(options.get("epoch"), date):
        raise InputError(
            f"times in format {profile.name!r} are seconds from a start that the file does not tell.",
            fix="Give it with --epoch YYYY-MM-DD.",
        )
    return replace(profile, timezone=options["timezone"]) if options.get("timezone") else profile


def fitting(profiles: list[Profile], names: tuple[str, ...], path: Path) -> tuple[Profile, dict[str, str]]:
    """The profile whose columns the file has, and canonical -> the file's own spelling of each column it has.

    Args:
        profiles: candidates, the most demanding fit wins, the first of equals.
        names: the file's columns.
        path: for the message.

    Raises:
        InputError: none fits; names the missing columns of the closest one.
    """
    own = {name.strip().lower(): name for name in names}
    best: tuple[int, Profile, dict[str, str]] | None = None
    closest: tuple[int, list[str]] | None = None
    for profile in profiles:
        found = {c: own[s.strip().lower()] for c, s in profile.columns.items() if s.strip().lower() in own}
        missing = _missing(profile, found)
        if not missing and (best is None or len(found) > best[0]):
            best = (len(found), profile, found)
        if missing and (closest is None or len(missing) < closest[0]):
            closest = (len(missing), [profile.columns.get(c, c) for c in missing])
    if best is None:
        wanted = ", ".join(closest[1]) if closest else "caller, callee, started_at, duration_s"
        raise InputError(
            f"the column{'s' if ',' in wanted else ''} {wanted} cannot be found; the header reads {', '.join(names)}.",
            file=path,
            fix="Check the delimiter, or name the columns with --format or --mapping FILE.",
        )
    return best[1], best[2]


def _missing(profile: Profile, found: dict[str, str]) -> list[str]:
    needed = [c for c in REQUIRED if not (c == "caller" and profile.ego_from_file_name)]
    # Data sessions have no other party; where each row says its kind, calls without one are rejected row by row.
    if "kind" in found or (profile.kind == "data" and "kind" not in profile.columns):
        needed.remove("callee")
    missing = [c for c in needed if c not in found]
    if profile.kind == "call" and "duration_s" not in found:
        missing.append("duration_s")
    if profile.name != "generic":
        missing += [c for c in ("kind", "direction", "utc_offset") if c in profile.columns and c not in found]
    return missing


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
    if strange or not columns or not all(isinstance(v, str) for v in columns.values()):
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
            columns=dict(columns),
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
        )
    except (TypeError, ValueError) as error:
        raise InputError(f"the mapping file holds a value of the wrong type ({error}).", file=path) from error


def _list(names: set[str]) -> str:
    return ", ".join(sorted(names))

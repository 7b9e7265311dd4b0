"""Profiles: how a format's columns, times, units and codes read, declared in TOML, ready-made or the user's.

A profile names, for each canonical column, the file's own column; everything else has a default. A file may hold
several tables (`[[table]]`), of which the one whose columns are all there is used. See `engine/logs/profiles/`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from engine import documents
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
_ENCODINGS = {
    "utf-8": "utf-8", "utf8": "utf-8", "latin-1": "latin-1", "latin1": "latin-1", "iso-8859-1": "latin-1",
    "iso88591": "latin-1", "cp1252": "latin-1", "windows-1252": "latin-1",
}  # fmt: skip
_PATTERN = 500  # letters of a pattern at most
_SKIP = 10_000  # lines above a header at most
_MOST = 1000  # words of a list at most
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
        encoding: of the text, utf-8 or latin-1.
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
        document, _ = documents.read_toml(path)
    except FileNotFoundError:
        raise InputError("there is no such mapping file.", file=path) from None
    except (OSError, ValueError) as error:
        raise InputError(f"the mapping file cannot be read: {error}.", file=path) from error
    tables = document.get("table", [document])
    if not isinstance(tables, list) or not tables:
        raise InputError("table should be a list of tables ([[table]]).", file=path)
    shared = {key: value for key, value in document.items() if key != "table"} if "table" in document else {}
    try:
        return [_profile(_Said(shared | _as(dict, table, "table")), path) for table in tables]
    except _Wrong as error:
        raise InputError(f"{error}.", file=path, fix=error.fix) from None


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
        fix = "Date them with --epoch YYYY-MM-DD"
        if profile.aggregated:
            fix += (
                "; where the times stand in a column of another name, draft a mapping file: `kindred logs guess FILE`"
            )
        raise InputError(f"format {profile.name!r} has {what}.", fix=f"{fix}.")
    return replace(profile, timezone=options["timezone"]) if options.get("timezone") else profile


def fitting(pattern: str, values: list[str]) -> int:
    """How many of some texts fit a pattern of `match` as a whole, in time that grows with their length only."""
    import polars as pl

    return int(pl.Series(values, dtype=pl.String).str.contains(_whole(pattern)).sum())


def _whole(pattern: str) -> str:
    return rf"\A(?:{pattern})\z"


class _Wrong(Exception):
    """What a mapping file says and may not say, and what would do."""

    def __init__(self, problem: str, fix: str | None = None) -> None:
        super().__init__(problem)
        self.fix = fix


def _as(kind: type, value: Any, key: str) -> Any:
    """A value, if it is of a kind; a whole number is a number too."""
    if kind is float and type(value) is int and abs(value) < 2**53:
        value = float(value)
    if type(value) is not kind or (kind is float and not math.isfinite(value)):
        words = {dict: "a table", str: "text", bool: "true or false", int: "a whole number", float: "a number"}
        raise _Wrong(f"{key} should be {words.get(kind, 'a list')}")
    return value


class _Said:
    """A table of a mapping file, asked for values of the right kind."""

    def __init__(self, table: dict[str, Any], place: str = "") -> None:
        self.table, self.place = table, place

    def get(self, kind: type, key: str, default: Any) -> Any:
        return _as(kind, self.table[key], self.place + key) if key in self.table else default

    def inner(self, key: str) -> _Said:
        return _Said(self.get(dict, key, {}), f"{self.place}{key}.")

    def words(self, key: str, default: list[str]) -> tuple[str, ...]:
        """A list of words in small letters; numbers are words too."""
        return tuple(str(word).lower() for word in self._list(key, default, (str, int, float, bool), "words"))

    def texts(self, key: str) -> tuple[str, ...]:
        return tuple(self._list(key, [], (str,), "texts"))

    def numbers(self, key: str) -> tuple[int, ...]:
        return tuple(self._list(key, [], (int,), "whole numbers"))

    def _list(self, key: str, default: list[Any], kinds: tuple[type, ...], what: str) -> list[Any]:
        value = self.table.get(key, default)
        if not isinstance(value, list) or len(value) > _MOST or not all(type(v) in kinds for v in value):
            raise _Wrong(f"{self.place}{key} should be a list of {what}")
        return value


def _profile(said: _Said, path: Path) -> Profile:
    unknown = sorted(set(said.table) - _TABLE_KEYS)
    if unknown:
        raise _Wrong(f"there is no key {unknown[0][:60]!r} in a mapping", f"Keys: {_list(_TABLE_KEYS)}.")
    refuse = said.get(str, "refuse", "")
    time, kind, direction = said.inner("time"), said.inner("kind"), said.inner("direction")
    formats = time.texts("formats")
    form = time.get(str, "form", "format" if formats else "iso")
    if form not in TIME_FORMS or (form == "format" and not formats):
        raise _Wrong(f"time.form = {form[:60]!r} cannot be", f"Forms: {', '.join(TIME_FORMS)}.")
    default = kind.get(str, "default", "call")
    if default not in ("call", "text", "data"):
        raise _Wrong(f"kind.default = {default[:60]!r} cannot be", "Use call, text or data.")
    delimiter = said.get(str, "delimiter", None)
    if delimiter is not None and (len(delimiter) != 1 or not delimiter.isascii() or delimiter in '\r\n"\0'):
        raise _Wrong(f"delimiter = {delimiter[:60]!r} cannot be", "Use one letter, such as a comma.")
    encoding = said.get(str, "encoding", "utf-8").lower().replace("_", "-")
    if encoding not in _ENCODINGS:
        raise _Wrong(f"encoding = {encoding[:60]!r} cannot be", "Use utf-8 or latin-1, or convert the file.")
    skip = said.get(int, "skip", 0)
    if not 0 <= skip <= _SKIP:
        raise _Wrong(f"skip should be a number of lines up to {_SKIP}")
    return Profile(
        name=said.get(str, "name", path.stem),
        columns=_columns(said, refuse),
        delimiter=delimiter,
        header=said.get(bool, "header", True),
        skip=skip,
        names=said.texts("names"),
        encoding=_ENCODINGS[encoding],
        time_form=form,
        time_formats=formats,
        timezone=time.get(str, "timezone", "UTC"),
        seconds_per_unit=said.inner("duration").get(float, "seconds_per_unit", 1.0),
        kind=default,
        kinds={w: k for k in ("call", "text", "data") for w in kind.words(k, [k])},
        incoming=direction.words("incoming", ["in", "incoming"]),
        outgoing=direction.words("outgoing", ["out", "outgoing"]),
        unanswered=said.inner("answered").words("no", list(Profile.unanswered)),
        megabytes_per_unit=said.inner("volume").get(float, "megabytes_per_unit", 1.0),
        ego_from_file_name=said.get(bool, "ego_from_file_name", False),
        match=_patterns(said.inner("match")),
        widths=said.numbers("widths"),
        refuse=refuse,
        aggregated=said.get(bool, "aggregated", False),
    )


def _columns(said: _Said, refuse: str) -> dict[str, tuple[str, ...]]:
    inner = said.inner("columns")
    fix = f"Columns: {', '.join(CANONICAL)}."
    strange = sorted(set(inner.table) - set(CANONICAL))
    if strange:
        raise _Wrong(f"{strange[0][:60]!r} is no column of ours", fix)
    columns = {c: (v,) if isinstance(v, str) else inner.texts(c) for c, v in inner.table.items()}
    if not refuse and not any(columns.values()):
        raise _Wrong("no [columns] with names in it", fix)
    return columns


def _patterns(match: _Said) -> dict[str, str]:
    """The patterns of values, each tried out: those that could take long for a long text are none."""
    import polars as pl

    found = {}
    for name in match.table:
        pattern = match.get(str, name, "")
        fix = "Use a plain regular expression, without looking around or back."
        if len(pattern) > _PATTERN:
            raise _Wrong(f"match.{name[:60]} has more than {_PATTERN} letters", fix)
        try:
            for text in (pattern, _whole(pattern)):
                pl.Series([""]).str.contains(text)
        except pl.exceptions.PolarsError:
            raise _Wrong(f"match.{name[:60]} is no regular expression that can be used here", fix) from None
        found[name] = pattern
    return found


def _list(names: set[str]) -> str:
    return ", ".join(sorted(names))

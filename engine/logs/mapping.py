"""Mappings: how a file's columns, times, numbers, units and words read, declared in TOML, ready-made or the user's.

A mapping names, for each of our columns, the file's own column or an expression over the file's columns; everything
else has a default. One language serves every table; docs/mapping.md has each key with an example. A file of call
records may be of one of several forms (`[[table]]`), of which the one whose columns are all there is used. See
`engine/logs/profiles/`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from engine import documents
from engine.errors import InputError
from engine.forms import encodings
from engine.intake import language
from engine.intake.language import CANONICAL, COLUMNS, LOGS
from engine.intake.mapping_table import MappingError, MappingTable, as_kind
from engine.logs import rules
from engine.logs.rules import Rules

AGGREGATES = ("n_calls", "talk_s", "n_texts")
TIME_FORMS = ("iso", "format", "seconds", "milliseconds", "microseconds", "days", "relative")
_SHARED_KEYS = {
    "name", "for", "undecided", "delimiter", "header", "skip", "names", "encoding", "columns", "values", "rows",
    "numbers", "time",
}  # fmt: skip
_TABLE_KEYS = _SHARED_KEYS | {
    "duration", "kind", "direction", "answered", "volume", "parties", "ego_from_file_name", "ego_form", "match",
    "widths",
    "refuse", "aggregated", "extensions",
}  # fmt: skip
KEYS = frozenset(_TABLE_KEYS | {"further"})  # of the language as a whole
_PATTERN = 500  # letters of a pattern at most
_SKIP = 10_000  # lines above a header at most
_REFERENCE = "docs/mapping.md has every key with an example."
PROFILES = Path(__file__).parent / "profiles"


@dataclass(frozen=True)
class Profile:
    """One table of a format.

    Args:
        name: of the format.
        columns: canonical column -> the file's column, by any of these names.
        expressions: canonical column -> an expression over the file's columns (`engine.intake.expressions`).
        values: canonical column -> the file's word (lower case) -> ours; those of kind, direction and answered of call
            records stand in `kinds`, `incoming`, `outgoing`, `answering` and `unanswered` too.
        where: expression; rows of which it is not true are left out. Empty = all rows stay.
        decimal: point of the file's numbers, and
        thousands: what stands between their thousands, empty = nothing.
        nobody: words (lower case) that stand where no other party is.
        table: what the file holds, a key of `COLUMNS`.
        further: columns to keep as features, in small letters; None = all that are not mapped.
        digest: of what the mapping says; empty for a ready-made one.
        delimiter: between fields, None = found from the first line.
        header: whether there is a header line.
        skip: lines above it.
        names: column names where there is no header.
        encoding: of the text, by Python's name; utf-8 = as it is found.
        time_form: one of `TIME_FORMS`; iso also takes offsets and Z.
        time_formats: strptime formats for `format`, tried in order.
        timezone: of times without an offset.
        seconds_per_unit: of the duration column.
        kind: of every row, when there is no kind column.
        kinds: the file's word (lower case) -> call, text or data.
        incoming: words of the direction column (lower case) that swap caller and callee, besides those of `words.py`.
        outgoing: words that do not.
        unanswered: words of the answered column (lower case) that mean a missed call, likewise.
        answering: words of it that mean an answered one.
        megabytes_per_unit: of the volume column.
        ego_from_file_name: the caller is the file's stem.
        ego_form: a pattern that this stem has to fit, empty = any.
        match: the file's column -> a pattern nearly all its first values fit, to tell formats apart.
        widths: how many fields a row of a file without header may have; empty = any.
        refuse: why files of this form cannot be used; empty = they can.
        aggregated: a row is a pair of people with sums, without times.
        rules: how clocks, durations and codes are meant.
    """

    name: str
    columns: dict[str, tuple[str, ...]]
    expressions: dict[str, str] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    where: str = ""
    decimal: str = "."
    thousands: str = ""
    nobody: tuple[str, ...] = ()
    table: str = LOGS
    further: tuple[str, ...] | None = None
    digest: str = ""
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
    incoming: tuple[str, ...] = ()
    outgoing: tuple[str, ...] = ()
    unanswered: tuple[str, ...] = ()
    answering: tuple[str, ...] = ()
    megabytes_per_unit: float = 1.0
    ego_from_file_name: bool = False
    ego_form: str = ""
    match: dict[str, str] = field(default_factory=dict)
    widths: tuple[int, ...] = ()
    refuse: str = ""
    aggregated: bool = False
    rules: Rules = field(default_factory=Rules)

    @property
    def mapped(self) -> set[str]:
        """Canonical columns that the mapping says where to find."""
        return {c for c, names in self.columns.items() if names} | set(self.expressions)

    @property
    def plain_numbers(self) -> bool:
        """Whether the file writes numbers as the database reads them."""
        return self.decimal == "." and not self.thousands

    @property
    def tells_times(self) -> bool:
        """Whether the mapping says how times are written."""
        return self.time_form != "iso" or bool(self.time_formats) or self.timezone.upper() not in ("UTC", "Z")

    @property
    def label(self) -> str:
        """The name under which a source is known: another content of the mapping is another reading."""
        return f"{self.name}@{self.digest[:12]}" if self.digest else self.name


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


def load(path: Path, table: str = LOGS) -> list[Profile]:
    """Read a mapping file.

    Args:
        path: of the file.
        table: what it maps to, a key of `COLUMNS`.

    Raises:
        InputError: it is missing, is not TOML, is for another table, or says something that does not exist; the
            message names the key.
    """
    document = _document(path)
    tables = document.get("table", [document])
    if not isinstance(tables, list) or not tables:
        raise InputError("table should be a list of tables ([[table]]).", file=path)
    shared = {key: value for key, value in document.items() if key != "table"} if "table" in document else {}
    digest = "" if path.parent == PROFILES else _digest(document)
    try:
        found = [_profile(MappingTable(shared | as_kind(dict, one, "table")), path, table) for one in tables]
    except MappingError as error:
        raise InputError(f"{error}.", file=path, fix=error.fix or _REFERENCE) from None
    return [replace(profile, digest=digest) for profile in found]


def table_of(path: Path) -> str:
    """What a mapping file says it is for; call records where it says nothing.

    Raises:
        InputError: it cannot be read, or there is no such table.
    """
    table = _document(path).get("for", LOGS)
    if table not in COLUMNS:
        raise InputError(
            f"for = {str(table)[:60]!r} is not a table that can be imported.",
            file=path,
            fix=f"Tables: {', '.join(COLUMNS)}.",
        )
    return table


def _document(path: Path) -> dict[str, Any]:
    try:
        return documents.read_toml(path)[0]
    except FileNotFoundError:
        raise InputError("there is no such mapping file.", file=path) from None
    except (OSError, ValueError) as error:
        raise InputError(f"the mapping file cannot be read: {error}.", file=path) from error


def _digest(document: dict[str, Any]) -> str:
    """What a mapping says, whatever its name, its order and its remarks."""
    said = {key: value for key, value in document.items() if key != "name"}
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()


def with_options(profile: Profile, options: dict[str, Any]) -> Profile:
    """The profile with what the user said for this import (`timezone`); `epoch` is read at parse time.

    Raises:
        InputError: an option that does not exist, or relative times without an epoch.
    """
    unknown = set(options) - {"epoch", "timezone"}
    if unknown:
        raise InputError(f"there is no option {min(unknown)!r} for call records.", fix="Use epoch or timezone.")
    needs_day = (profile.time_form == "relative" and not profile.rules.epoch) or profile.aggregated
    if needs_day and not isinstance(options.get("epoch"), date):
        what = "pairs without times" if profile.aggregated else "times counted from a start that the file does not tell"
        fix = "Date them with --epoch YYYY-MM-DD"
        if profile.aggregated:
            fix += (
                "; where the times stand in a column of another name, draft a mapping file: `kindred logs guess FILE`"
            )
        raise InputError(f"format {profile.name!r} has {what}.", fix=f"{fix}.")
    if profile.aggregated:
        return replace(profile, timezone="UTC")  # `--epoch` is a day of the workspace's, not a time of some zone
    return replace(profile, timezone=options["timezone"]) if options.get("timezone") else profile


def fitting(pattern: str, values: list[str]) -> int:
    """How many of some texts fit a pattern of `match` as a whole, in time that grows with their length only."""
    import polars as pl

    return int(pl.Series(values, dtype=pl.String).str.contains(_whole(pattern)).sum())


def _whole(pattern: str) -> str:
    return rf"\A(?:{pattern})\z"


def _profile(said: MappingTable, path: Path, table: str) -> Profile:
    own = said.get(str, "for", table)
    if own != table:
        raise MappingError(f"for = {own[:60]!r}, and the file is read as {table}", f"Use a mapping for {table}.")
    keys = _TABLE_KEYS if table == LOGS else _SHARED_KEYS | {"further"}
    if left := said.texts("undecided"):
        raise MappingError(
            f"parts of the mapping are still to be decided: {' '.join(left)[:2000]}",
            "Write it into the mapping and take its line out of undecided.",
        )
    unknown = sorted(set(said.table) - keys)
    if unknown:
        only = f" of {table}" if unknown[0] in _TABLE_KEYS | {"further"} else ""
        raise MappingError(f"there is no key {unknown[0][:60]!r} in a mapping{only}", f"Keys: {_list(keys)}.")
    refuse = said.get(str, "refuse", "")
    time, kind, direction = said.inner("time"), said.inner("kind"), said.inner("direction")
    formats = time.texts("formats")
    form = time.get(str, "form", "format" if formats else "iso")
    if form not in TIME_FORMS or (form == "format" and not formats):
        raise MappingError(f"time.form = {form[:60]!r} is not allowed", f"Forms: {', '.join(TIME_FORMS)}.")
    default = kind.get(str, "default", "call")
    if default not in ("call", "text", "data"):
        raise MappingError(f"kind.default = {default[:60]!r} is not allowed", "Use call, text or data.")
    delimiter = said.get(str, "delimiter", None)
    if delimiter is not None and (len(delimiter) != 1 or not delimiter.isascii() or delimiter in '\r\n"\0'):
        raise MappingError(f"delimiter = {delimiter[:60]!r} is not allowed", "Use one letter, such as a comma.")
    encoding = said.get(str, "encoding", "utf-8")
    try:
        encoding = encodings.known(encoding)
    except InputError as error:
        raise MappingError(f"encoding = {encoding[:60]!r} is not allowed", error.fix) from None
    skip = said.get(int, "skip", 0)
    if not 0 <= skip <= _SKIP:
        raise MappingError(f"skip should be a number of lines up to {_SKIP}")
    if strange := sorted(set(said.inner("rows").table) - {"where"}):
        raise MappingError(f"there is no key rows.{strange[0][:60]}", "Key: where.")
    columns, expressions = language.columns(said, table, needed=not refuse)
    values = language.values(said.inner("values"), table)
    decimal, thousands = language.numbers(said.inner("numbers"))
    answered = said.inner("answered")
    kinds = {w: k for k in language.KINDS for w in kind.words(k, [k])} | values.get("kind", {})
    if "kind" in expressions:
        kinds = {k: k for k in language.KINDS} | kinds
    incoming, outgoing = direction.words("incoming", []), direction.words("outgoing", [])
    if table == LOGS:
        incoming += language.meaning(values, "direction", "incoming")
        outgoing += language.meaning(values, "direction", "outgoing")
    return Profile(
        name=said.get(str, "name", path.stem),
        columns=columns,
        expressions=expressions,
        values=values,
        where=language.expression(said.inner("rows").get(str, "where", ""), "rows.where"),
        decimal=decimal,
        thousands=thousands,
        nobody=said.inner("parties").words("nobody", []),
        table=table,
        further=tuple(name.strip().lower() for name in said.texts("further")) if "further" in said.table else None,
        delimiter=delimiter,
        header=said.get(bool, "header", True),
        skip=skip,
        names=said.texts("names"),
        encoding=encoding,
        time_form=form,
        time_formats=formats,
        timezone=time.get(str, "timezone", "UTC"),
        seconds_per_unit=said.inner("duration").get(float, "seconds_per_unit", 1.0),
        kind=default,
        kinds=kinds,
        incoming=incoming,
        outgoing=outgoing,
        unanswered=answered.words("no", []) + language.meaning(values, "answered", "no"),
        answering=answered.words("yes", []) + language.meaning(values, "answered", "yes"),
        megabytes_per_unit=said.inner("volume").get(float, "megabytes_per_unit", 1.0),
        ego_from_file_name=said.get(bool, "ego_from_file_name", False),
        ego_form=_pattern("ego_form", said.get(str, "ego_form", "")),
        match=_patterns(said.inner("match")),
        widths=said.numbers("widths"),
        refuse=refuse,
        aggregated=said.get(bool, "aggregated", False),
        rules=rules.read(said),
    )


def _patterns(match: MappingTable) -> dict[str, str]:
    """The patterns of values, each tried out: those that could take long for a long text are none."""
    return {name: _pattern(f"match.{name[:60]}", match.get(str, name, "")) for name in match.table}


def _pattern(key: str, pattern: str) -> str:
    """A pattern that can be used; raises `MappingError`."""
    import polars as pl

    fix = "Use a plain regular expression, without looking around or back."
    if len(pattern) > _PATTERN:
        raise MappingError(f"{key} has more than {_PATTERN} letters", fix)
    try:
        for text in (pattern, _whole(pattern)):
            pl.Series([""]).str.contains(text)
    except pl.exceptions.PolarsError:
        raise MappingError(f"{key} is not a regular expression that can be used here", fix) from None
    return pattern


def _list(names: set[str]) -> str:
    return ", ".join(sorted(names))

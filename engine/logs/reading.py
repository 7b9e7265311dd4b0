"""From a file to temporary table `_log_rows`: the fast reader where a file is clean, line by line where it is not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import textfile
from engine.errors import BackendError, InputError
from engine.logs import staging
from engine.logs.mapping import CANONICAL, Profile
from engine.sources import Content, Store

if TYPE_CHECKING:
    from engine.textfile import Layout

_ALWAYS = ("kind", "caller", "callee", "started_at", "duration_s", "answered", "reason")
_NATIVE = ("started_at", "duration_s", "volume_mb")


def read_rows(
    store: Store, layout: Layout, content: Content, profile: Profile, found: dict[str, str], params: dict[str, Any]
) -> dict[str, int]:
    """Make `_log_rows` (one row per input row, in order) and its view `_log_all` with every column.

    Args:
        store: the warehouse.
        layout: how the file is laid out.
        content: what a pass over its bytes told.
        profile: how its values read.
        found: canonical column -> the file's.
        params: of sql/logs/parse.sql.

    Returns:
        Notes for the summary (`cut_short`, `no_line_end`), only those that apply.

    Raises:
        InputError: the file cannot be read at all.
    """
    _define_time(store, profile)
    if layout.packing == "parquet":
        _raw_view(store, f"read_parquet({_text(layout.path)})", profile, found, layout, native=True)
        _parse(store, found, profile, params)
        return {}
    if profile.encoding.lower() in ("utf-8", "utf8") and _read_fast(store, layout, content, profile, found, params):
        return {} if layout.packing or content.ends_in_newline else {"no_final_line_end": 1}
    return _read_lines(store, layout, profile, found, params)


def _define_time(store: Store, profile: Profile) -> None:
    local = "" if profile.timezone.upper() in ("UTC", "Z", "ETC/UTC") else "_local"
    if local and not store.query("logs/known_zone", zone=profile.timezone)["known"][0]:
        raise InputError(
            f"there is no time zone {profile.timezone!r}.", fix="Use a name such as Europe/Budapest or America/Lima."
        )
    statement = {"iso": f"logs/time_iso{local}", "format": f"logs/time_format{local}"}
    store.execute(statement.get(profile.time_form, "logs/time_number"))


def _read_fast(
    store: Store, layout: Layout, content: Content, profile: Profile, found: dict[str, str], params: dict[str, Any]
) -> bool:
    """Try DuckDB's own CSV reader; False where it stumbles over anything, so that no line is lost or misread."""
    if content.quotes and not layout.packing:
        return False
    columns = ", ".join(f"{_text(name)}: 'VARCHAR'" for name in layout.names)
    reader = (
        f"read_csv({_text(layout.path)}, auto_detect=false, header=false, skip={layout.skip}, quote='', escape='', "
        f"delim={_text(layout.delimiter)}, columns={{{columns}}}, compression={_text(layout.packing or 'none')})"
    )
    _raw_view(store, reader, profile, found, layout, native=False)
    try:
        _parse(store, found, profile, params)
    except BackendError:
        return False
    rows = store.count("_log_rows")
    if layout.packing:
        return True
    lines = content.newlines + (not content.ends_in_newline) - layout.skip
    return rows == lines


def _read_lines(
    store: Store, layout: Layout, profile: Profile, found: dict[str, str], params: dict[str, Any]
) -> dict[str, int]:
    """Read line by line: each line is one row, kept or rejected, whatever stands in it."""
    state: dict[str, Any] = {}
    pattern = re.escape(layout.delimiter)
    store.connection.register("_log_lines", textfile.line_reader(layout, state))
    try:
        store.temp(
            "_log_fields",
            "logs/lines",
            delimiter=layout.delimiter,
            pattern=f'{pattern}("(?:[^"]|"")*"|[^{pattern}]*)',
            width=len(layout.names),
        )
    finally:
        store.connection.unregister("_log_lines")
    picks = ", ".join(f"fields[{i + 1}] AS {_name(name)}" for i, name in enumerate(layout.names))
    source = f"(SELECT problem, line, {picks} FROM _log_fields)"  # noqa: S608
    _raw_view(store, source, profile, found, layout, native=False, problems=True)
    _parse(store, found, profile, params)
    store.execute_text("DROP VIEW _log_raw")
    store.execute_text("DROP TABLE _log_fields")
    notes = {"cut_short": 1} if state.get("cut") else {}
    if state.get("open_end") and not state.get("cut"):
        notes["no_final_line_end"] = 1
    return notes


def _raw_view(
    store: Store,
    source: str,
    profile: Profile,
    found: dict[str, str],
    layout: Layout,
    *,
    native: bool,
    problems: bool = False,
) -> None:
    """`_log_raw`: the canonical columns as they came, null where the file has none."""
    picks = []
    for column in CANONICAL:
        if column in found:
            kept = native and column in _NATIVE
            value = _name(found[column]) if kept else f"{_name(found[column])}::VARCHAR"
            picks.append(f"{value} AS {column}")
        elif column == "caller" and profile.ego_from_file_name:
            picks.append(f"{_text(ego(layout.path))} AS caller")
        else:
            picks.append(f"NULL::VARCHAR AS {column}")
    picks += ["problem", "line"] if problems else ["NULL::VARCHAR AS problem", "NULL::VARCHAR AS line"]
    text = f"CREATE OR REPLACE TEMP VIEW _log_raw AS SELECT {', '.join(picks)} FROM {source}"  # noqa: S608
    store.execute_text(text)


def ego(path: Path) -> str:
    """The person a file is about, where its name says so: the name without its endings."""
    name = path.name
    for ending in (".gz", ".zst", ".csv", ".tsv", ".txt", ".parquet"):
        name = name.removesuffix(ending)
    return name


def _parse(store: Store, found: dict[str, str], profile: Profile, params: dict[str, Any]) -> None:
    """`_log_rows` with only the columns the file has, `_log_all` with all of them."""
    have = optional_columns(found)
    optional = [c for c in CANONICAL if c in staging.OPTIONAL]
    staging.make(store, "_log_rows", "logs/parse", [*_ALWAYS, *(c for c in optional if c in have)], **params)
    staging.widen(store, "_log_all", "_log_rows", _ALWAYS, optional, have)


def optional_columns(found: dict[str, str]) -> set[str]:
    """The optional columns a file's rows have: where a direction swaps the ends, each fact may be either end's."""
    have = set(found) & set(staging.OPTIONAL)
    for fact in ("tac", "imei", "cell"):
        ends = {f"caller_{fact}", f"callee_{fact}"}
        if "direction" in found and ends & have:
            have |= ends
    return have


def _text(value: object) -> str:
    """A value as an SQL text literal (paths and names cannot be bound inside a view)."""
    return "'" + str(value).replace("'", "''") + "'"


def _name(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'

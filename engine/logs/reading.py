"""From a file to the view `_log_all` of its rows, by the fast readers: of clean text, and of Parquet."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from engine.errors import BackendError, OutOfMemory
from engine.forms import parquetfile, textfile
from engine.intake import clocks
from engine.logs import picks, pieces, staging
from engine.logs.mapping import CANONICAL
from engine.logs.numbers import ENDS, NumberedRows
from engine.logs.recognise import Reading
from engine.sources import Content
from engine.warehouse import Sql, Warehouse, literal, sql, sql_text

_ALWAYS = ("kind", "caller", "callee", "started_at", "duration_s", "answered", "reason", "raw")
# Arrow hands on the words of a list of words, not the list; a cast takes DuckDB longer than this.
_KIND = Sql(
    "CASE kind WHEN 'call' THEN 'call' WHEN 'data' THEN 'data' ELSE 'text' END::ENUM('call', 'data', 'text') AS kind"
)
_LARGE, _MOSTLY = 1 << 27, 0.8  # bytes of text from which on ids become numbers, share of phone numbers among them
_BATCH, _AHEAD = 1 << 18, 1 << 26  # rows that are numbered at once, bytes of rows that may wait
_OPTIONAL = tuple(c for c in CANONICAL if c in staging.OPTIONAL)
_SHARE = 8  # of the memory for the bytes of one piece; as rows they take about as much again
_STUMBLED = "stumbled"


class Stumbled(Exception):
    """The fast reader did not read a text as its lines say; `engine.forms` reads it with care."""


@dataclass(frozen=True)
class Piece:
    """What can be read in `_log_all`: a piece of a file, or all of it.

    Args:
        notes: for the summary (`cut_short`, `no_final_line_end`, `ambiguous_local_times`), only those that apply.
        rows: how many.
        numbered: the rows, where ids are numbers in `_log_all`; None where they are texts.
        share: how much of the file was read by then, 0 to 1, roughly.
    """

    notes: dict[str, int]
    rows: int
    numbered: NumberedRows | None = None
    share: float = 1


def read_rows(
    store: Warehouse, reading: Reading, content: Callable[[], Content], params: dict[str, Any]
) -> Iterator[Piece]:
    """Make the view `_log_all` of every column (one row per input row, in order), piece by piece.

    Args:
        store: the warehouse.
        reading: how the file is to be read.
        content: waits for what a pass over its bytes tells.
        params: of sql/logs/2_rows/parse.sql; `day` dates aggregated pairs.

    Yields:
        Each time a piece of the file can be read, the only one where memory is large.

    Raises:
        InputError: the file cannot be read at all.
        Stumbled: it is a text that must be read with care.
    """
    if not store.spreads:
        most = staging.memory(store) // _SHARE
        row, done, (all_, known) = 0, 0, pieces.unpacked(reading, most)
        for piece, told, notes in pieces.stream(reading, all_, known, most):
            whole = piece is reading
            numbered = whole and all_ >= _LARGE and _phone_numbers(reading)
            read = read_here(store, piece, _known(told) if told else content, params, numbered=numbered)
            if row:
                _widen(store, optional_columns(reading), row)
            if reading.layout.packing:
                read.notes.pop("no_final_line_end", None)
            done += told.size if told else all_
            yield replace(read, notes=read.notes | notes, share=min(done / max(all_, 1), 1))
            row += read.rows
        return
    with store.registered("_log_pieces", pieces.cut(reading)):
        job = partial(read_piece, read=reading, params=params)
        notes = store.map_partitions("_log_rows", job, over="_log_pieces")
    if notes.get(_STUMBLED):
        raise Stumbled
    _widen(store, optional_columns(reading))
    yield Piece(notes, store.count("_log_rows"))


def _known(content: Content) -> Callable[[], Content]:
    return lambda: content


def _phone_numbers(reading: Reading) -> bool:
    """Whether the first rows' ids are mostly such as `engine.logs.numbers` looks up faster than the database does."""
    layout = reading.layout
    places = [layout.names.index(reading.found[end]) for end in ENDS if end in reading.found]
    ids = [field for row in layout.sample for place in places for field in row[place : place + 1]]
    return sum(bool(re.fullmatch(r"\+?[0-9]{1,17}", field)) for field in ids) >= _MOSTLY * len(ids)


def forget(store: Warehouse) -> None:
    """Let the rows of the last piece go."""
    import pyarrow as pa

    store.drop("_log_rows")
    store.unregister("_log_batches")
    pa.default_memory_pool().release_unused()  # else it stays with Arrow, and what comes next takes as much again


def read_piece(store: Warehouse, *, read: Reading, params: dict[str, Any]) -> dict[str, int]:
    """`_log_rows` from the one piece in `_log_pieces`; from none, a table without rows. Returns the piece's notes."""
    rows = store.query_text("SELECT start, stop FROM _log_pieces")
    with pieces.copied(read, rows) as (piece, content):
        try:
            return read_here(store, piece, lambda: content, params).notes
        except Stumbled:
            pass
    with pieces.copied(read, rows.clear()) as (piece, content):
        return read_here(store, piece, lambda: content, params).notes | {_STUMBLED: 1}


def read_here(
    store: Warehouse,
    reading: Reading,
    content: Callable[[], Content],
    params: dict[str, Any],
    *,
    numbered: bool = False,
) -> Piece:
    """`_log_all` of a whole file, or of a piece that is one, in this process.

    Args:
        store: the warehouse; ids as texts go to its temporary table `_log_rows`.
        reading: how to read it.
        content: tells what is known of its bytes.
        params: as for `read_rows`.
        numbered: number the ids. That takes compiled code, and a large file for it to be worth loading.
    """
    params = dict(params)
    store.execute("logs/1_times/tac")
    day = params.pop("day")
    rows = NumberedRows() if numbered else None
    profile, layout = reading.profile, reading.layout
    made = picks.picks(reading, day)
    run = store.execute_text, lambda text, values: store.query_text(text, values).rows()
    if made.times:
        clocks.define_whole(*run, profile, params, clocks.MOMENT)
    if made.moments:
        profile = replace(profile, time_form="iso", time_formats=(), timezone="UTC")
        params |= clocks.parameters(profile, None)
    local, params["gaps"] = clocks.define(*run, profile)
    params["directed"] = "direction" in {*reading.found, *profile.expressions}
    with textfile.literally(layout.path) as name:
        if layout.packing == "parquet":
            _read_parquet(store, name, reading, day, params, rows)
            notes = {}
        elif _read_fast(store, name, reading, content, day, params, rows):
            notes = {} if layout.packing or content().ends_in_newline else {"no_final_line_end": 1}
        else:
            raise Stumbled
    if local:
        notes["ambiguous_local_times"] = store.query("logs/1_times/ambiguous_hours", zone=profile.timezone)["n"][0]
    return Piece(notes, store.count("_log_all"), rows)


def place(store: Warehouse, rows: NumberedRows, have: set[str]) -> None:
    """The view `_log_placed` of rows whose ids are numbers: with nodes for them, as `_log_nodes` has it."""
    import numpy as np

    known = store.query("logs/3_people/nodes_by_number")
    nodes = np.zeros(max(len(rows.texts()), 1), np.uint32)
    nodes[known["id"].to_numpy()] = known["node"].to_numpy()
    store.unregister("_log_batches")
    rows.rename(nodes)
    _show(store, "_log_placed", rows, have)


def _read_parquet(
    store: Warehouse, name: str, reading: Reading, day: str, params: dict[str, Any], rows: NumberedRows | None
) -> None:
    """Read a Parquet file that another library has found readable.

    Raises:
        InputError: it holds other rows than it says.
    """
    path = reading.file
    with parquetfile.opened(reading.layout.path) as file:
        said = file.metadata.num_rows
    source = sql("read_parquet({name}, binary_as_string=true, hive_partitioning=false)", name=literal(name))
    copied = reading.layout.problems
    _raw_view(store, source, reading, day, native=not copied, problems=copied)
    # What a file says of the least and the largest of its values is not taken for the values.
    store.execute_text("SET disabled_optimizers = 'statistics_propagation'")
    try:
        _parse(store, reading, params, rows)
    except OutOfMemory:
        raise
    except BackendError as error:
        raise parquetfile.unreadable(path, str(error.__cause__ or error)) from error
    finally:
        store.execute_text("RESET disabled_optimizers")
    if store.count("_log_all") != said:
        raise parquetfile.unreadable(path, f"{store.count('_log_all')} rows where it says {said}")


def _read_fast(
    store: Warehouse,
    name: str,
    reading: Reading,
    content: Callable[[], Content],
    day: str,
    params: dict[str, Any],
    rows: NumberedRows | None,
) -> bool:
    """Try DuckDB's own CSV reader; False where it stumbles over anything, so that no line is lost or misread."""
    layout = reading.layout
    reader = sql(
        "read_csv({name}, auto_detect=false, header=false, skip={skip}, quote='\"', "
        "escape='\"', delim={delimiter}, columns={{{columns}}}, max_line_size={longest}, "
        "compression={packing}, hive_partitioning=false)",
        name=literal(name),
        skip=layout.skip,
        delimiter=literal(layout.delimiter),
        columns=[sql("{column}: 'VARCHAR'", column=literal(column)) for column in layout.names],
        longest=textfile.LINE,
        packing=literal(layout.packing or "none"),
    )
    if layout.header and (own := reading.found.get("started_at") or next(iter(reading.uses), "")):
        # A header that comes again is no row; the count of lines then tells.
        rows_only = "(SELECT * FROM {reader} WHERE {own} IS DISTINCT FROM {header})"
        reader = sql(rows_only, reader=reader, own=own, header=literal(own))
    _raw_view(store, reader, reading, day)
    try:
        _parse(store, reading, params, rows)
    except BackendError:
        return False
    # As many rows as lines: no stray quote swallowed a line, no line was passed over, none repeats the header.
    return store.count("_log_all") == content().lines - layout.skip and not content().nuls


def _raw_view(
    store: Warehouse, source: Sql, reading: Reading, day: str, *, native: bool = False, problems: bool = False
) -> None:
    """`_log_raw`: the canonical columns as they came or as the mapping makes them, null where the file has none."""
    columns = picks.picks(reading, day, native=native, problems=problems).columns
    text = "CREATE OR REPLACE TEMP VIEW _log_raw AS SELECT {columns} FROM {source}"
    store.execute_text(sql(text, columns=columns, source=source))


def _parse(store: Warehouse, reading: Reading, params: dict[str, Any], rows: NumberedRows | None) -> None:
    """`_log_all` with all columns over rows with only the columns the file has."""
    have = optional_columns(reading)
    columns = [*_ALWAYS, *(c for c in _OPTIONAL if c in have)]
    if rows is None:
        staging.make(store, "_log_rows", "logs/2_rows/parse", columns, numbered=store.spreads, **params)
        _widen(store, have)
    else:
        text = sql("SELECT {columns} FROM ({rows})", columns=columns, rows=sql_text("logs/2_rows/parse"))
        rows.read(store.batches(text, params, rows=_BATCH, name="logs/2_rows/parse", ahead=_AHEAD))
        _show(store, "_log_all", rows, have)


def _show(store: Warehouse, view: str, rows: NumberedRows, have: set[str]) -> None:
    store.register("_log_batches", rows.table())
    staging.widen(store, view, "_log_batches", [_KIND, *_ALWAYS[1:]], _OPTIONAL, have, "row_id")


def _widen(store: Warehouse, have: set[str], first: int = 0) -> None:
    row_id = sql("rowid + {first}", first=first) if first else "rowid"
    staging.widen(store, "_log_all", "_log_rows", _ALWAYS, _OPTIONAL, have, row_id)


def optional_columns(reading: Reading) -> set[str]:
    """The optional columns a file's rows have: where a direction swaps the ends, each fact may be either end's."""
    found = set(reading.found) | set(reading.made)
    have = found & set(staging.OPTIONAL)
    if reading.profile.aggregated:
        return have | {"n_calls", "n_texts"}
    have -= {"n_calls", "n_texts"}
    for fact in ("tac", "imei", "cell"):
        ends = {f"caller_{fact}", f"callee_{fact}"}
        if "direction" in found and ends & have:
            have |= ends
    return have

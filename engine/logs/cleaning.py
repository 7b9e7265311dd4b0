"""From a file's rows to events: whose ids they are, which rows cannot be used, which events came before.

Works on temporary tables only; the order of the statements is the order of the folders under `sql/logs/`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import InputError
from engine.logs import mapping, picks, reading, recognise, repeats, staging, unread
from engine.logs.numbers import NumberedRows
from engine.sources.reasons import meaning, remedy
from engine.trust import objections, pseudonyms
from engine.warehouse import Warehouse

if TYPE_CHECKING:
    from engine.config import Config

_EVENT = ("kind", "caller", "callee", "started_at", "duration_s", "answered")
_FACTS = ("volume_mb", *repeats.FACTS, "call_id", "n_calls", "n_texts")
_CELL = r"^[A-Za-z]{0,12}[_.:/-]?[0-9]{0,8}([A-Za-z_.:/-][0-9]{1,8}){0,4}$"  # a word, numbers of up to 8 digits


@dataclass
class Rows:
    """A file's rows as they were read.

    Args:
        notes: counts of what reading changed.
        n: how many rows.
        pieces: gives the numbers of the file's pieces, each while it can be read in `_log_all`.
        numbered: the rows themselves where their ids are numbers.
        services: party ids of the service numbers that the settings list.
        columns: what each column became, to be shown.
    """

    notes: dict[str, int]
    n: int
    pieces: Callable[[], Iterator[int]]
    numbered: NumberedRows | None
    services: list[str]
    columns: list[dict[str, Any]]


@dataclass(frozen=True)
class Found:
    """What cleaning a file found.

    Args:
        notes: counts of what reading changed.
        rows: rows read.
        left_out: rows that the mapping leaves out.
        reasons: rejected rows by reason.
        span: first and last moment.
        repeated: rows that are events stored before.
        legs: rows that are second legs of stored calls.
        replaced: stored events that these rows replace.
    """

    notes: dict[str, int]
    rows: int
    left_out: int
    reasons: dict[str, int]
    span: dict[str, Any]
    repeated: int
    legs: int
    replaced: int


def clean(store: Warehouse, read: recognise.Reading, rows: Rows, config: Config, key: bytes) -> Found:
    """From `_log_all` to temporary tables: `_log_new_parties`, `_log_new`, `_log_gone` and others for storing."""
    _name_parties(store, rows, read.profile, config, key)
    store.temp("_log_nodes", "logs/3_people/nodes")
    have = reading.optional_columns(read)
    for number in rows.pieces():
        _make_events(store, rows.numbered, have, key, add=number > 0)
    rows.numbered, have = None, facts(have)
    reading.forget(store)
    reasons = dict(store.query("logs/2_rows/reject_counts").iter_rows())
    left_out = reasons.pop(picks.LEFT_OUT, 0)
    if rows.n and sum(reasons.values()) + left_out == rows.n:
        _refuse(read.file, reasons, left_out)
    unread.check(read, reasons, rows.n, config.intake.max_rejected)
    staging.widen(store, "_log_new", "_log_events", _EVENT, _FACTS, have, "row_id")
    again = repeats.find(store, config.logs, have, legs=not read.profile.aggregated)
    return Found(rows.notes, rows.n, left_out, reasons, *again)


def gather_ids(store: Warehouse, rows: NumberedRows | None, *, add: bool) -> None:
    """`_ids_raw`, the distinct ids as they came in, of one piece after another."""
    if rows is None:
        staging.gather(store, "_ids_raw", "logs/3_people/raw_ids", key="raw", add=add)
        return
    import pyarrow as pa

    with store.registered("_log_texts", pa.table({"raw": rows.texts()})):
        store.temp("_ids_raw", "logs/3_people/numbered_ids")


def _name_parties(store: Warehouse, read: Rows, profile: mapping.Profile, config: Config, key: bytes) -> None:
    """Ids to party ids and new parties; rows that their ids rule out go to `_log_bad_rows`."""
    name = partial(
        pseudonyms.name_ids,
        ids=config.ids,
        key=key,
        table="_log_ids",
        short=config.logs.short_code_digits,
        nobody=profile.nobody,
    )
    store.map_partitions("_log_ids", name, over="_ids_raw")
    store.execute("logs/3_people/names_by_number" if read.numbered else "logs/3_people/names")
    short = config.logs.short_codes
    if short == "auto" and profile.rules.extensions:
        short = "extensions"
    rules: dict[str, Any] = {"short_codes": short, "services": read.services}
    store.temp("_log_bad_rows", "logs/3_people/no_bad_rows")
    if store.query("logs/3_people/doubtful_ids", **rules)["doubtful"][0]:
        for number in read.pieces():
            staging.gather(store, "_log_bad_rows", "logs/3_people/bad_rows", add=number > 0, **rules)
            staging.gather(store, "_log_used", "logs/3_people/used_ids", key="party_id", add=number > 0)
    else:
        store.temp("_log_used", "logs/3_people/all_ids")
    objections.recognise(store, "logs/3_people/used_people", key)
    store.temp("_log_new_parties", "logs/3_people/new_parties")


def service_numbers(store: Warehouse, config: Config, key: bytes) -> list[str]:
    """The party ids of the listed numbers, in whatever way they are written."""
    import polars as pl

    numbers = [number for line in config.logs.service_numbers.splitlines() for number in line.split(",")]
    listed = pl.Series("number", [number.strip() for number in numbers if number.strip()], pl.String)
    return pseudonyms.name_series(store, listed, config.ids, key).to_list() if len(listed) else []


def _make_events(store: Warehouse, rows: NumberedRows | None, have: set[str], key: bytes, *, add: bool) -> None:
    """`_log_refused` and `_log_events`, of one piece after another."""
    staging.gather(store, "_log_refused", "logs/2_rows/refused", add=add)
    imeis = bool(have & {"caller_imei", "callee_imei"})
    if imeis:
        inner, outer = pseudonyms.blocks(key)
        store.temp("_log_imeis", "logs/4_events/imeis")
        store.map_partitions("_log_devices", partial(_name_devices, inner=inner, outer=outer), over="_log_imeis")
    if rows is None:
        store.execute("logs/4_events/placed")
    else:
        reading.place(store, rows, have)
    # Joins take long, also with nothing.
    store.execute("logs/4_events/handsets" if imeis else "logs/4_events/no_handsets")
    columns = [*_EVENT, *(c for c in _FACTS if c in facts(have))]
    staging.make(store, "_log_events", "logs/4_events/events", columns, numbered=True, add=add, cell=_CELL)


def _name_devices(store: Warehouse, *, inner: bytes, outer: bytes) -> None:
    store.temp("_log_devices", "logs/4_events/devices", inner=inner, outer=outer)


def facts(optional: set[str]) -> set[str]:
    """The optional columns of events that come of a file's: an IMEI gives handset and TAC."""
    have = optional & {
        "volume_mb",
        "call_id",
        "n_calls",
        "n_texts",
        "caller_tac",
        "callee_tac",
        "caller_cell",
        "callee_cell",
    }
    for end in ("caller", "callee"):
        if f"{end}_imei" in optional:
            have |= {f"{end}_tac", f"{end}_device"}
    # A second leg may tell of either end.
    for fact in ("tac", "device", "cell"):
        ends = {f"caller_{fact}", f"callee_{fact}"}
        if ends & have:
            have |= ends
    return have


def _refuse(path: Path, reasons: dict[str, int], left_out: int) -> None:
    if not reasons:
        raise InputError(
            f"the mapping leaves out all of its {left_out} rows.", file=path, fix="Check rows.where of the mapping."
        )
    reason, n = max(reasons.items(), key=lambda item: (item[1], item[0]))
    raise InputError(
        f"not one row can be used: {n} rows are {reason.replace('_', ' ')} ({meaning(reason)}).",
        file=path,
        row=1,
        fix=remedy(reason),
    )

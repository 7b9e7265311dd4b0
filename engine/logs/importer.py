"""Call records into the workspace: read, clean, name, merge legs, sum per pair and day (METHODS section 1).

One transaction a file. The heavy work is SQL under `sql/logs/`; what stays here is the order of the statements.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import forms, sources
from engine.logs import (
    cleaning,
    days,
    mapping,
    preview,
    reading,
    recognise,
    repeats,
    staging,
    undo,
    zone,
)
from engine.logs.parameters import parameters
from engine.progress import SILENT, Progress, Task
from engine.sources import SourceSummary
from engine.trust import pseudonyms
from engine.warehouse import Warehouse

if TYPE_CHECKING:
    from engine.config import Config

TARGET = "logs"
_VIEWS = ("_log_pool", "_log_names", "_log_placed", "_log_seen", "_log_new", "_log_all", "_log_raw")
_SCRATCH = (
    "_log_imeis", "_ids_raw", "_ids_folded", "_ids_national", "_log_ids", "_log_bad_rows", "_log_used", "_log_nodes",
    "_log_devices", "_log_events", "_log_near", "_log_suspects", "_log_suspect_names", "_log_same", "_log_legs",
    "_log_facts", "_log_repeats", "_log_replaced", "_log_gone", "_log_days", "_log_days_known", "_log_refused",
    "_log_new_parties", "_people", "_whos", "_recognised",
)  # fmt: skip
_READ, _CLEAN, _STORED = 0.35, 0.68, 0.85  # how much of a file's time has passed when it is
_MANY = 1_000_000  # rows that are written into the file at once


def import_logs(
    store: Warehouse,
    paths: Sequence[Path],
    *,
    format: str | None = None,
    mapping: Path | None = None,
    options: dict[str, Any] | None = None,
    config: Config,
    key: bytes,
    scratch: Path | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
    progress: Progress = SILENT,
) -> list[SourceSummary]:
    """Import files of call records.

    Args:
        store: the workspace's warehouse, open for writing.
        paths: files in any form that `engine.forms` opens. A file with the columns caller, callee, started_at,
            duration_s (and any of kind, answered, volume_mb, caller_tac, callee_tac, caller_imei, callee_imei,
            caller_cell, callee_cell, utc_offset, call_id, direction) needs neither format nor mapping.
        format: a ready-made format; None or "auto" = whichever fits the columns.
        mapping: a TOML file that names the columns, see `engine.logs.mapping`.
        options: `epoch` (date) for relative times, `timezone` (name) for local ones.
        config: settings; sections ids and logs are used.
        key: the workspace's pseudonym key.
        scratch: folder for copies of files that the fast readers do not take.
        sheet: of a workbook.
        encoding: of a text.
        progress: where bars are drawn.

    Returns:
        One summary per file, in order. Each file is one transaction: what was imported before an error stays.

    Raises:
        InputError: a file is missing, empty, not text or lacks columns; nothing of that file is stored.

    Rows of people who opted out stay in `events` (so that the same rows are recognised when they come again) but
    never enter `pair_days`, from which the graph is built, and such people are no customers.
    """
    options = options or {}
    opened = partial(forms.plain, folder=scratch, named=store.spreads, sheet=sheet, encoding=encoding)
    pseudonyms.check_naming(store, config.ids, note=False)
    profiles = _profiles(format, mapping)
    done = []
    sizes = [max(_size(Path(path)) >> 20, 1) for path in paths]
    with progress.task("call records (MB)", total=sum(sizes)) as task:
        for path, size in zip(paths, sizes, strict=True):
            job = _Job(store, options, config, key, _Share(task, size), opened, sheet or "")
            done.append(_import_file(job, Path(path), profiles))
            job.share.to(1)
    return done


class _Share:
    """One file's part of the bar."""

    def __init__(self, task: Task, size: int) -> None:
        self._task, self._size, self._done = task, size, 0

    def to(self, part: float) -> None:
        """So much of the file is done, 0 to 1."""
        steps = int(self._size * min(part, 1)) - self._done
        self._task.advance(max(steps, 0))
        self._done += max(steps, 0)


@dataclass(frozen=True)
class _Job:
    """What a file is imported with; arguments as for `import_logs`."""

    store: Warehouse
    options: dict[str, Any]
    config: Config
    key: bytes
    share: _Share
    opened: Callable[[Path], AbstractContextManager[forms.Plain]]
    sheet: str = ""


def _size(path: Path) -> int:
    """Bytes of a file; whether there is one is asked later."""
    with suppress(OSError):
        return path.stat().st_size
    return 0


def _profiles(format: str | None, path: Path | None) -> list[mapping.Profile]:
    if path is not None:
        return mapping.load(path)
    if format in (None, "", "auto"):
        return [mapping.generic(), *(p for name in mapping.ready_names() for p in mapping.ready(name))]
    return [mapping.generic()] if format == "generic" else mapping.ready(format)


def _import_file(job: _Job, path: Path, profiles: list[mapping.Profile]) -> SourceSummary:
    with sources.hash_in_background(path) as content, job.opened(path) as form:
        read = recognise.recognise(form, profiles)
        read = replace(read, profile=mapping.with_options(read.profile, job.options))
        if sources.named(job.store, TARGET, _path(read)) and (known := _known(job, read, content())):
            return known
        wanted, layout = list(read.uses), read.layout
        try:
            return _import_rows(job, replace(read, layout=form.ready(layout, wanted)), content, form)
        except reading.Stumbled:
            careful = form.ready(layout, wanted, careful=True)
            return _import_rows(job, replace(read, layout=careful), content, form)


def _known(job: _Job, read: recognise.Reading, content: sources.Content) -> SourceSummary | None:
    """The summary of importing a known file again; None for a new one."""
    old = sources.source_id(TARGET, read.profile.name + _stamp(job.options, read), content.sha256)
    return sources.seen(job.store, _source(read, job, content), read.file, old=old)


def _import_rows(
    job: _Job, read: recognise.Reading, content: Callable[[], sources.Content], form: forms.Plain
) -> SourceSummary:
    store = job.store
    try:
        # Whatever takes long touches temporary tables only; a reader that stumbles must not spoil the transaction.
        rows = _read(job, read, content)
        rows.notes.update(form.notes)
        if known := _known(job, read, content()):  # under another name
            return known
        source = _source(read, job, content())
        before = sources.earlier(store, TARGET, content().sha256, source, sheet=job.sheet)
        with store.transaction() if before.height else nullcontext():
            if before.height:
                undo.take_out(store, before["source_id"].to_list(), job.config.logs)
            found = cleaning.clean(store, read, rows, job.config, job.key)
            job.share.to(_CLEAN)
            with store.transaction():
                pseudonyms.check_naming(store, job.config.ids)
                days_told = zone.adopt_from_file(store, read, job.config.logs.time_zone)
                read = replace(read, why=f"{read.why}; {form.told}" if form.told else read.why)
                summary = _store_rows(store, source, read, found, job)
                summary = replace(
                    summary,
                    replaces=sources.replaced(before, summary),
                    columns=rows.columns,
                    covers=preview.span(found.span, store.clock),
                    days=days_told,
                )
                sources.unchanged(read.file, content())
                sources.record(store, summary, content().sha256, _how(job, read, found))
        if found.rows >= _MANY:
            store.flush()
    finally:
        staging.forget(store, _VIEWS, _SCRATCH)
        reading.forget(store)
    return summary


def _source(read: recognise.Reading, job: _Job, content: sources.Content) -> str:
    region = f";region={job.config.ids.region}" if job.config.ids.region else ""
    region += f";sheet={job.sheet}" if job.sheet else ""
    return sources.source_id(TARGET, read.profile.label + _stamp(job.options, read) + region, content.sha256)


def _how(job: _Job, read: recognise.Reading, found: cleaning.Found) -> dict[str, Any]:
    """What taking this file or another one back has to know of it."""
    reach = {name: found.span[name] and found.span[name].isoformat() for name in ("first_at", "last_at")}
    rules = repeats.rules(job.config.logs, legs=not read.profile.aggregated)
    sums = {"sums": True} if read.profile.aggregated else {}
    return {**rules, **reach, **sums, "region": job.config.ids.region, "sheet": job.sheet}


def _path(read: recognise.Reading) -> str:
    """A file's name as it may be stored."""
    return "#.csv" if read.profile.ego_from_file_name else sources.mask_path(read.file)


def _stamp(options: dict[str, Any], read: recognise.Reading) -> str:
    """What else decides how a file reads belongs to the name of the source."""
    return read.ego + "".join(f";{name}={options[name]}" for name in sorted(options) if options[name] is not None)


def _read(job: _Job, read: recognise.Reading, content: Callable[[], sources.Content]) -> cleaning.Rows:
    """From a file to `_log_all` and `_ids_raw`, the distinct ids as they came in.

    A file that is larger than memory is read piece by piece, again for each question about all of its ids.
    """
    params = parameters(read.profile, job.options, job.config, job.store.clock)
    services = cleaning.service_numbers(job.store, job.config, job.key)
    read_rows = partial(reading.read_rows, job.store, read, content, params)
    notes, rows, number, numbered = Counter[str](), 0, 0, None
    columns: list[dict[str, Any]] = []
    for piece in read_rows():
        columns = columns or preview.columns(job.store, read)
        notes.update(piece.notes)
        rows += piece.rows
        numbered = piece.numbered
        cleaning.gather_ids(job.store, numbered, add=number > 0)
        number += 1
        job.share.to(_READ * piece.share)
    return cleaning.Rows(
        notes, rows, partial(_numbered, read_rows if number > 1 else None), numbered, services, columns
    )


def _numbered(read_rows: Callable[[], Iterable[Any]] | None) -> Iterator[int]:
    """The numbers of a file's pieces, each while it can be read in `_log_all`; a whole file stands there already."""
    for number, _ in enumerate(read_rows() if read_rows else [None]):
        yield number


def _store_rows(
    store: Warehouse, source: str, read: recognise.Reading, found: cleaning.Found, job: _Job
) -> SourceSummary:
    """From temporary tables to events, parties, pair_days and rejects; returns the summary."""
    store.execute("trust/list_recognised")
    store.execute("logs/6_store/insert_parties")
    facts, share = cleaning.facts(reading.optional_columns(read)), job.share
    repeats.keep(store, source, facts, every=bool(facts & {"n_calls", "n_texts"}))
    columns = store.ensure_columns("events", facts)
    repeats.apply_to_stored(store, columns)
    runs = days.runs(store)
    sums = not (found.replaced or read.profile.aggregated)
    fresh = days.fresh(store, found.span["first_at"], found.span["last_at"]) if sums else None
    for number, (since, until, _) in enumerate(runs, 1):
        staging.add(store, "events", "logs/6_store/new_events", columns, source_id=source, since=since, until=until)
        share.to(_CLEAN + (_STORED - _CLEAN) * number / len(runs))
    for number, run in enumerate(runs, 1):
        days.add(store, *run, fresh)
        share.to(_STORED + (1 - _STORED) * number / len(runs))
    rejected = sum(found.reasons.values())
    if rejected:
        store.execute("logs/6_store/insert_rejects", source_id=source)
    gone = store.query("logs/5_repeats/gone_kinds").row(0, named=True)
    details = {
        **found.notes,
        sources.LEFT_OUT: found.left_out,
        **{sources.REJECTED + reason: n for reason, n in found.reasons.items()},
        "repeated_rows": found.repeated,
        "second_legs": found.legs,
        "replaced_by_earlier_leg": found.replaced,
        **{name: found.span[name] - n for name, n in gone.items()},
    }
    return SourceSummary(
        source,
        TARGET,
        _path(read),
        read.profile.name,
        found.rows,
        found.rows - found.left_out - rejected - found.repeated - found.legs,
        found.repeated + found.legs,
        rejected,
        {name: n for name, n in details.items() if n},
        read.why,
    )

"""`kindred logs guess`: draft a mapping for a file, read the file with it, say what is sure and what to decide."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine import forms, sources
from engine.config import Config
from engine.drafts import records, tables
from engine.drafts import sheet as sheets
from engine.drafts.draft import Draft, toml
from engine.errors import EngineError, InputError
from engine.forms import Plain
from engine.intake.language import COLUMNS
from engine.logs import mapping, recognise
from engine.sources import SourceSummary

_READABLE = ("logs", "customers", "devices", "offers", "treatments", "acts", "consents", "optouts")
_LARGEST = 1 << 28  # bytes of a file that is read whole with its draft
_MANY = 0.1  # share of rejected rows from which on a draft is doubtful
# Reasons for which rows are rejected, and what of the draft they put in doubt.
_DOUBTS = {
    "unreadable_time": "started_at", "time_out_of_window": "started_at", "ambiguous_zone": "started_at",
    "unreadable_offset": "utc_offset",
    "unreadable_duration": "duration_s", "negative_duration": "duration_s", "unknown_answered": "answered",
    "unknown_kind": "kind", "self_call": "callee",
}  # fmt: skip


@dataclass(frozen=True)
class Drafted:
    """What `draft` found.

    Args:
        text: the mapping file, TOML.
        undecided: what a person has to say before it can be used, one sentence each.
        read: what reading the file with it gave; None where it was not read.
        format: the ready-made format that the file has, "" where it has none.
        checks: lines that are to be looked at, as they stand in `text`.
    """

    text: str
    undecided: tuple[str, ...] = ()
    read: SourceSummary | None = None
    format: str = ""
    checks: tuple[str, ...] = field(default=())


def draft(path: Path, table: str = "logs", *, sheet: str | None = None, encoding: str | None = None) -> Drafted:
    """Draft a mapping for a file and read the file with it; nothing is stored.

    Args:
        path: a file that `kindred import` reads.
        table: what it holds, `logs` or another table of `kindred import`.
        sheet: of a workbook.
        encoding: of a text; None = found.

    Returns:
        The draft.

    Raises:
        InputError: the file is no table, or is of a form that cannot be used (saying why).
    """
    if table not in COLUMNS:
        raise InputError(f"there is no table {table[:60]!r}.", fix=f"The tables are {', '.join(COLUMNS)}.")
    if not path.exists():
        raise InputError("there is no such file.", file=path)
    more: dict[str, Any] = {"sheet": sheet, "encoding": encoding}
    with _folder() as folder, forms.plain(path, folder=folder, sheet=sheet, encoding=encoding) as form:
        if table == "logs":
            return _ready(form, folder, more) or _tried(path, records.draft(sheets.sheet(form), path), folder, more)
        return _tried(path, tables.draft(sheets.sheet(form), table), folder, more)


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="kindred-guess-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _ready(form: Plain, folder: Path, more: dict[str, Any]) -> Drafted | None:
    """The ready-made format of a file: its profile is the draft."""
    # Pairs with sums have no times by which they could be told from calls: a person has to ask for that format.
    profiles = [p for name in mapping.ready_names() for p in mapping.ready(name) if not p.aggregated]
    found = recognise.fitting(form, profiles)
    if found is None:
        return None
    name = found.profile.name
    own = (mapping.PROFILES / f"{name}.toml").read_text(encoding="utf-8")
    tried = _read(form.path, own, folder, "logs", more)
    head = [
        f"{form.path.name} has the ready-made format {name} ({found.why}).",
        "sure: no mapping is needed (kindred import logs FILE); this is how it is read.",
        tried.remark,
    ]
    checks = () if tried.sure else (tried.remark,)
    return Drafted("\n".join([*(f"# {line}" for line in head), own]), (), tried.summary, name, checks)


def _tried(path: Path, made: Draft, folder: Path, more: dict[str, Any]) -> Drafted:
    """A draft, after the file was read with it.

    What more than a few rows are rejected for is left to be decided: the draft reads them in another way than they are
    meant.
    """
    how = f"Drafted for {path.name}; correct it, then: kindred import {made.table} FILE --mapping THIS"
    tried = None
    if not made.undecided and made.table in _READABLE:
        tried = _read(path, toml(made, []), folder, made.table, more)
    read = tried.summary if tried else None
    reasons = read.counts(sources.REJECTED) if read and made.table == "logs" else {}
    for reason, column in _DOUBTS.items():
        if read and (n := reasons.get(reason, 0)) > _MANY * read.rows_in:
            rejected = f"{n} of {read.rows_in} rows are rejected ({reason.replace('_', ' ')})"
            made.leave(column, f"{rejected} when the file is read with this draft.")
    text = toml(made, [how, *([tried.remark] if tried else [])])
    checks = [*([f"# {tried.remark}"] if tried and not tried.sure else []), *made.to_check()]
    return Drafted(text, tuple(f"{what}: {why}" for what, why in made.undecided.items()), read, "", tuple(checks))


@dataclass(frozen=True)
class _Tried:
    """What reading a file with its draft gave: the summary, whether that leaves no doubt, and what to say of it."""

    summary: SourceSummary | None
    sure: bool
    said: str

    @property
    def remark(self) -> str:
        return f"{'sure' if self.sure else 'check'}: {self.said}"


def _read(path: Path, text: str, folder: Path, table: str, more: dict[str, Any]) -> _Tried:
    """Read a file with a mapping, into memory."""
    from engine.intake.importer import import_table
    from engine.logs.importer import import_logs
    from engine.warehouse import in_memory

    if path.is_file() and path.stat().st_size > _LARGEST:
        return _Tried(None, False, "the file is large and was not read with this draft; see what the import rejects.")
    own, config, key = folder / "draft.toml", Config(), bytes(32)
    own.write_text(text, encoding="utf-8")
    store = in_memory(scratch=folder)
    try:
        if table == "logs":
            read = import_logs(store, [path], mapping=own, config=config, key=key, **more)[0]
        else:
            read = import_table(store, table, path, mapping=own, faces_folder=folder, config=config, key=key, **more)
    except EngineError as error:
        return _Tried(None, False, f"read with this draft: {str(error).replace(str(path), path.name)}")
    finally:
        store.close()
    reasons = ", ".join(f"{reason.replace('_', ' ')} {n}" for reason, n in read.counts(sources.REJECTED).items())
    counts = f"{read.rows_kept} kept + {read.rows_duplicate} duplicate + {read.rows_rejected} rejected"
    sure = read.rows_rejected <= _MANY * read.rows_in
    said = f"read with this draft: {read.rows_in} rows = {counts}{f' ({reasons})' if reasons else ''}"
    return _Tried(read, sure, said)

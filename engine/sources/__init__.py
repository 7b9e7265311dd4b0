"""What was imported: one summary per file, its line in `sources`, its rejected rows in `rejects`.

Rows are never lost silently: `rows_in = rows_kept + rows_duplicate + rows_rejected` (and those a mapping leaves out)
holds for every file, and the same content imported again changes nothing and counts as duplicates (METHODS section 1).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, BinaryIO

from engine import identifiers
from engine.clock import utc_now
from engine.errors import InputError, shown

if TYPE_CHECKING:
    import polars as pl

    from engine.warehouse import Warehouse

_BLOCK = 1 << 20
LEFT_OUT = "left_out_by_the_mapping"  # in a summary's details: rows of which [rows] where of the mapping is not true
# In a summary's details, before the name of a column whose meaning nobody told: values that identify a person, values
# left out because they read like names or addresses, values kept.
HIDDEN, LEFT_OUT_AS_PERSONAL, KEPT = "hidden:", "left_out:", "kept:"
REJECTED = "rejected_"  # ... and before a reason: rows rejected for it
_UNITS = {"bytes": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}


@dataclass(frozen=True)
class SourceSummary:
    """What became of one imported file.

    Args:
        source_id: 16 hex digits of a hash of target, format and content.
        target: what it was imported as (logs, customers, ...).
        path: the file's name, long digit runs masked.
        format: profile that read it.
        rows_in: rows found; = rows_kept + rows_duplicate + rows_rejected + rows_left_out.
        rows_kept: rows now in the tables.
        rows_duplicate: rows that were there already, or second legs of a call.
        rows_rejected: rows in `rejects`.
        details: count per cleaning rule and per reason.
        why: what decided the format, in words.
        replaces: the earlier reading of the same content that this one took the place of, in words.
        columns: which column became what, with values of the first rows (`ours`, `theirs`, `before`, `after`).
        covers: first and last moment and kinds of records, in words; call records only.
        days: the time zone by which days begin from now on, in words, where this file decided it.
    """

    source_id: str
    target: str
    path: str
    format: str
    rows_in: int
    rows_kept: int
    rows_duplicate: int
    rows_rejected: int
    details: dict[str, int] = field(default_factory=dict)
    why: str = ""
    replaces: str = ""
    columns: list[dict[str, Any]] = field(default_factory=list)
    covers: str = ""
    days: str = ""

    @property
    def rows_left_out(self) -> int:
        """Rows that the mapping leaves out."""
        return self.details.get(LEFT_OUT, 0)

    def counts(self, what: str) -> dict[str, int]:
        """Rows by reason (`REJECTED`), or values by column (`HIDDEN`, `LEFT_OUT_AS_PERSONAL`, `KEPT`)."""
        return {name.removeprefix(what): n for name, n in self.details.items() if name.startswith(what)}

    def __post_init__(self) -> None:
        """Hold every importer to the sum rule."""
        parts = self.rows_kept + self.rows_duplicate + self.rows_rejected + self.rows_left_out
        if parts != self.rows_in:
            raise InputError(
                f"{self.rows_in} rows were read but {parts} are accounted for.",
                file=self.path,
                fix="This is a defect of the importer; nothing was stored.",
            )


@dataclass(frozen=True)
class Content:
    """What one pass over a file's bytes tells: digest, line ends and whether it ends in one; what the file system said
    of it before (see `unchanged`); whether it holds a NUL.
    """

    sha256: str
    size: int
    newlines: int
    ends_in_newline: bool
    state: tuple[int, ...]
    nuls: bool = False

    @property
    def lines(self) -> int:
        """Lines, the last one with or without its end."""
        return self.newlines + (not self.ends_in_newline)


def files_of(folder: Path) -> list[str]:
    """The files below a folder that are meant to be read, by name; those that begin with a point or `_` are not."""
    names = [p.relative_to(folder).as_posix() for p in sorted(folder.rglob("*")) if p.is_file()]
    return [name for name in names if not any(part.startswith((".", "_")) for part in name.split("/"))]


def read_content(path: Path, stop: Event | None = None) -> Content:
    """Hash a file and count its line ends in one streaming pass.

    Args:
        path: an existing file, packed or not (for packed files only the digest and the size mean anything), or a
            folder of them, whose digest is that of the files' names and digests.
        stop: when set, nobody needs the rest any more.

    Raises:
        InputError: no such file, not a file, not readable, or empty.
    """
    import numpy as np

    if path.is_dir():
        return _folder_content(path, stop)
    digest, size, newlines, last, nuls = hashlib.sha256(), 0, 0, b"", False
    with _opened(path) as file:
        state = _state(os.fstat(file.fileno()))
        while block := file.read(_BLOCK):
            digest.update(block)
            size += len(block)
            newlines += int(np.count_nonzero(np.frombuffer(block, np.uint8) == ord("\n")))
            last = block[-1:]
            nuls = nuls or b"\0" in block
            if stop is not None and stop.is_set():
                break
    return Content(digest.hexdigest(), size, newlines, last in (b"\n", b"\r"), state, nuls)


def _folder_content(folder: Path, stop: Event | None) -> Content:
    found = [(name, read_content(folder / name, stop)) for name in files_of(folder)]
    lines = "\n".join(f"{content.sha256} {name}" for name, content in found)
    digest = hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()
    state = tuple(number for _, content in found for number in content.state)
    return Content(digest, sum(content.size for _, content in found), 0, True, state)


@contextmanager
def hash_in_background(path: Path) -> Iterator[Callable[[], Content]]:
    """`read_content` beside other work inside the `with`; gives a function that waits for what it found.

    Raises:
        InputError: as `read_content`, at once.
    """
    if not path.is_dir():
        with _opened(path):
            pass
    stop = Event()
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(read_content, path, stop)
        try:
            yield found.result
        finally:
            stop.set()


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """A file that has something in it, to read."""
    try:
        if path.exists() and not path.is_file():
            raise InputError("is a pipe or a device, and is read more than once.", file=path, fix="Save it as a file.")
        with open(path, "rb") as file:
            if not file.peek(1):
                raise InputError("the file is empty.", file=path, fix="Give a file with a header line and rows.")
            yield file
    except FileNotFoundError:
        raise InputError("there is no such file.", file=path, fix="Check the path.") from None
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror}).", file=path) from error


def unchanged(path: Path, content: Content) -> None:
    """Make sure that what was read after `read_content` is what it hashed; to be asked before anything is stored.

    Raises:
        InputError: the file was written to, replaced or removed since.
    """
    try:
        files = [path / name for name in files_of(path)] if path.is_dir() else [path]
        same = tuple(number for file in files for number in _state(os.stat(file))) == content.state
    except OSError:
        same = False
    if not same:
        raise InputError(
            "the file changed while it was being read; nothing of it is stored.",
            file=path,
            fix="Import it again when whoever writes it is done.",
        )


def _state(found: os.stat_result) -> tuple[int, ...]:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def memory(store: Warehouse) -> int:
    """Bytes the database may use."""
    number, unit = store.query("intake/memory_limit")["memory"][0].split()
    return int(float(number) * _UNITS[unit])


def source_id(target: str, format: str, sha256: str) -> str:
    """Name of a source: 16 hex digits over what it was imported as, how, and its content."""
    return hashlib.sha256(f"{target}\0{format}\0{sha256}".encode()).hexdigest()[:16]


def named(store: Warehouse, target: str, path: str) -> bool:
    """Whether a file of this name (as stored) was imported as `target`: it may be the same one."""
    return bool(store.query("intake/named", target=target, path=path)["n"][0])


def seen(store: Warehouse, source: str, path: Path, *, old: str = "") -> SourceSummary | None:
    """The summary of importing a known file again (all rows duplicates, nothing changes); None for a new one.

    Args:
        store: the warehouse.
        source: from `source_id`.
        path: of the file.
        old: how an older Kindred, which looked at fewer options, called this reading.
    """
    known = store.query("intake/source", source_id=source, old=old)
    if not known.height:
        return None
    line = known.row(0, named=True)
    rows = line["rows_in"]
    return SourceSummary(
        source, line["target"], mask_path(path), line["format"], rows, 0, rows, 0, {"file_seen_before": rows}
    )


def earlier(store: Warehouse, target: str, sha256: str, source: str, *, sheet: str = "") -> pl.DataFrame:
    """Other readings of the same content that can be taken back: source_id, format, imported_at, rows_kept.

    Args:
        store: the warehouse.
        target: what it was imported as.
        sha256: of the content.
        source: the reading that is about to come.
        sheet: of a workbook that it reads; another one is other content.
    """
    found = store.query("intake/earlier", target=target, sha256=sha256, source_id=source)
    return found.filter([json.loads(how or "{}").get("sheet", "") == sheet for how in found["how"]])


def replaced(before: pl.DataFrame, summary: SourceSummary) -> str:
    """What `SourceSummary.replaces` says.

    Args:
        before: from `earlier`, what was taken back.
        summary: of the reading that came instead.
    """
    told = [
        f"replaces the reading of {line['imported_at']:%Y-%m-%d} by {line['format']}: "
        f"{line['rows_kept']} rows out, {summary.rows_kept} rows in"
        for line in before.iter_rows(named=True)
    ]
    return "; ".join(told)


def record(store: Warehouse, summary: SourceSummary, sha256: str, how: Mapping[str, Any] | None = None) -> None:
    """Write a summary's line into `sources`.

    Args:
        store: the warehouse.
        summary: of the import.
        sha256: of the file's bytes.
        how: what taking this or another import back has to know of it.
    """
    note(
        store,
        source_id=summary.source_id,
        target=summary.target,
        path=summary.path,
        sha256=sha256,
        format=summary.format,
        rows_in=summary.rows_in,
        rows_kept=summary.rows_kept,
        rows_duplicate=summary.rows_duplicate,
        rows_rejected=summary.rows_rejected,
        details=json.dumps(summary.details, sort_keys=True),
        how=json.dumps(dict(how or {}), sort_keys=True),
    )


def note(store: Warehouse, **line: Any) -> None:
    """Write a line into `sources` with the next number and the present time (unless the line has one)."""
    import polars as pl

    moment = {"imported_at": utc_now()}
    number = store.query("intake/next_number")["number"][0]
    store.append("sources", pl.DataFrame([{**moment, **line, "number": number}]))


def mask(text: str) -> str:
    """The shape of a text: every letter becomes `a`, every digit `9`; what identifies a person is gone."""
    return re.sub(r"\d", "9", re.sub(r"[^\W\d_]", "a", text))


def mask_path(path: Path) -> str:
    """A file's name in which whatever identifies a person stands as `#`; days stay."""
    return identifiers.masked(shown(path.name))

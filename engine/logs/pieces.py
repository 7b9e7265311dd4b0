"""A file of call records in pieces of whole lines, for several machines at once, or for little memory one by one."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from engine import sources
from engine.forms import LINE, PROBLEM, parquetfile, textfile
from engine.forms.textfile import Layout
from engine.logs.recognise import Reading
from engine.sources import Content

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

SIZE = 32 << 20
_COPY = 1 << 20
_ROWS = 2_000_000
_EMPTY = Content("", 0, 0, True, ())
_UNPACKED = 10  # how much larger a packed file's text is, as far as bars of progress go
_BATCH = 1 << 16  # rows of a Parquet file at once at most


def cut(read: Reading) -> pl.DataFrame:
    """Where a file is cut.

    Args:
        read: how it is to be read; its path must lead to it on every machine.

    Returns:
        piece, start, stop: bytes of a text file, row groups of a Parquet file. A packed text is one piece.
    """
    import polars as pl

    layout = read.layout
    if layout.packing == "parquet":
        with parquetfile.opened(layout.path) as file:
            rows, stop = file.metadata.num_rows, file.metadata.num_row_groups
        step = max(1, _ROWS // max(rows // max(stop, 1), 1))
    else:
        stop = layout.path.stat().st_size
        step = SIZE if not layout.packing else max(stop, 1)
    starts = list(range(0, stop, step)) or [0]
    return pl.DataFrame(
        {
            "piece": range(len(starts)),
            "start": starts,
            "stop": [min(start + step, stop) for start in starts],
        },
        schema={"piece": pl.Int64, "start": pl.Int64, "stop": pl.Int64},
    )


def unpacked(read: Reading, most: int) -> tuple[int, Content | None]:
    """Bytes of what a file holds, roughly where they are more than wanted, and what its text is like otherwise.

    Args:
        read: how it is to be read.
        most: bytes that are wanted.
    """
    layout = read.layout
    size = layout.path.stat().st_size
    if layout.packing == "parquet":
        return parquetfile.unpacked(layout.path, read.uses), None
    if not layout.packing:
        return size, None
    known = _content(layout, most)
    return (max(size * _UNPACKED, most + 1), None) if known is None else (known.size, known)


def _content(layout: Layout, most: int | None = None) -> Content | None:
    """What is known of a packed text once it was unpacked; None where it has more bytes than wanted."""
    found = textfile.measured(layout.path, layout.packing, most)
    if found is None:
        return None
    size, lines, ends, nuls = found
    return Content("", size, lines, ends or lines < 0, (), nuls)


def stream(
    read: Reading, all_: int, known: Content | None, size: int
) -> Iterator[tuple[Reading, Content | None, dict[str, int]]]:
    """A file in pieces that fit in memory, one after another; the file itself where all of it fits.

    A piece is a plain text, or a Parquet file, without a name: whoever dies in between leaves nothing readable behind.

    Args:
        read: how the file is to be read.
        all_: bytes of what it holds, and
        known: what its text is like: see `unpacked`.
        size: bytes of a piece, a line more or less.

    Yields:
        How to read the piece, as long as the next one is not asked for; what it holds, None of
        a file that is not packed; notes (`cut_short`).
    """
    layout = read.layout
    if all_ <= size:
        yield read, known, {}
        return
    with tempfile.TemporaryFile() as file:
        path = Path(f"/dev/fd/{file.fileno()}")
        if layout.packing == "parquet":
            names = [*read.uses, *([PROBLEM, LINE] if layout.problems else [])]
            for bytes_ in _copies(layout.path, names, file, size):
                told = replace(_EMPTY, size=bytes_)
                yield replace(read, layout=replace(layout, path=path)), told, {}
            return
        skip = layout.skip
        for told, notes in _texts(layout, file, size):
            piece = replace(layout, path=path, packing="", skip=skip)
            yield replace(read, layout=piece), told, notes
            skip = 0


def _texts(layout: Layout, file: BinaryIO, size: int) -> Iterator[tuple[Content, dict[str, int]]]:
    """Fill a file with some whole lines after another; the first piece has all lines that are skipped."""
    done, lines, last, cut, open_, nuls = 0, 0, b"", False, 0, False
    source = textfile.blocks(layout.path, layout.packing)
    skip = layout.skip
    while True:
        try:
            block = next(source, b"")
        except EOFError:
            block, cut = b"", True
        nuls = nuls or b"\0" in block
        for start in range(0, len(block), size):
            part = block[start : start + size]
            end = part.rfind(b"\n") + 1
            open_ = len(part) - end + (0 if end else open_)
            if open_ > textfile.LINE:
                raise textfile.too_long(layout.path)
            if end and done + len(part) > size and lines + part.count(b"\n") > skip:
                lines += part.count(b"\n")
                file.write(part[:end])
                file.flush()
                yield Content("", done + end, lines, True, (), nuls), {}
                file.seek(0)
                file.truncate()
                part, done, lines, skip = part[end:], 0, 0, 0
            done, lines = done + len(part), lines + part.count(b"\n")
            last = part[-1:] or last
            file.write(part)
        if not block:
            break
    if done or cut:
        file.flush()
        yield Content("", done, lines, last in (b"\n", b"\r"), (), nuls), {"cut_short": 1} if cut else {}


def _copies(path: Path, names: list[str], file: BinaryIO, size: int) -> Iterator[int]:
    """Fill a file with the rows of some columns of a Parquet file, some after another; how many bytes each time."""
    import pyarrow.parquet as pq

    with parquetfile.opened(path, dictionaries=parquetfile.texts(path, names)) as source:
        rows = source.metadata.num_rows
        at_once = max(1, min(_BATCH, rows * size // (2 * max(parquetfile.unpacked(path, names), 1))))
        batches = source.iter_batches(at_once, columns=names)
        batch = next(batches, None)
        while batch is not None:
            file.seek(0)
            file.truncate()
            held = 0
            with pq.ParquetWriter(file, batch.schema) as writer:
                while batch is not None and (not held or held + _weight(batch) <= size):
                    held += _weight(batch)
                    writer.write_batch(batch)
                    batch = next(batches, None)
            file.flush()
            yield held


def _weight(batch: pa.RecordBatch) -> int:
    return max(batch.nbytes, 8 * batch.num_rows * batch.num_columns)


@contextmanager
def copied(read: Reading, rows: pl.DataFrame) -> Iterator[tuple[Reading, Content]]:
    """One of the pieces of `cut` as a file of its own, while the `with` lasts; of no row, a file without rows.

    Args:
        read: how the whole file is to be read.
        rows: start, stop; one row or none.
    """
    with tempfile.TemporaryDirectory(prefix="kindred-") as folder:
        copy = Path(folder) / "piece"
        layout = replace(read.layout, path=copy)
        start, stop = (rows["start"].item(), rows["stop"].item()) if rows.height else (0, 0)
        if layout.packing == "parquet":
            _copy_groups(read.layout.path, copy, range(start, stop))
            content = sources.read_content(copy)
        else:
            if not rows.height:
                layout = replace(layout, packing="")
                copy.touch()
            elif layout.packing:
                shutil.copyfile(read.layout.path, copy)
            else:
                _copy_lines(read.layout.path, copy, start, stop)
            if start or not rows.height:
                layout = replace(layout, skip=0)
            if layout.packing:
                content = _content(layout) or _EMPTY
            else:
                content = sources.read_content(copy) if copy.stat().st_size else _EMPTY
        yield replace(read, layout=layout), content


def _copy_lines(path: Path, copy: Path, start: int, stop: int) -> None:
    """The lines whose first byte lies in [start, stop)."""
    with open(path, "rb") as source, open(copy, "wb") as target:
        if start:
            source.seek(start - 1)
            source.readline()
        while (left := stop - source.tell()) > 0:
            block = source.read(min(_COPY, left))
            if not block:
                return
            target.write(block)
            if source.tell() >= stop and not block.endswith(b"\n"):
                target.write(source.readline())


def _copy_groups(path: Path, target: Path, groups: range) -> None:
    """Some row groups of a Parquet file as one."""
    import pyarrow.parquet as pq

    with parquetfile.opened(path) as source, pq.ParquetWriter(target, source.schema_arrow) as writer:
        for batch in source.iter_batches(_BATCH, row_groups=list(groups)):
            writer.write_batch(batch)

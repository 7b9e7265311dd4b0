"""A file of call records in pieces of whole lines, for several machines at once, or for little memory one by one."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from engine import sources, textfile
from engine.logs.recognise import Reading
from engine.sources import Content
from engine.textfile import Layout

if TYPE_CHECKING:
    import polars as pl

SIZE = 32 << 20
_COPY = 1 << 20
_ROWS = 2_000_000
_EMPTY = Content("", 0, 0, True, ())
# How much larger a packed file's text may be.
_UNPACKED = {"gzip": 10, "zstd": 10, "parquet": 5}


def cut(read: Reading, size: int) -> pl.DataFrame:
    """Where a file is cut.

    Args:
        read: how it is to be read; its path must lead to it on every machine.
        size: bytes.

    Returns:
        piece, path, start, stop: bytes of a text file, row groups of a Parquet file. A packed text is one piece.
    """
    import polars as pl

    layout = read.layout
    if layout.packing == "parquet":
        import pyarrow.parquet as pq

        about = pq.ParquetFile(layout.path).metadata
        step = max(1, _ROWS // max(about.num_rows // max(about.num_row_groups, 1), 1))
        stop = about.num_row_groups
    else:
        step, stop = (SIZE if not layout.packing else max(size, 1)), size
    starts = list(range(0, stop, step)) or [0]
    return pl.DataFrame(
        {
            "piece": range(len(starts)),
            "path": [str(layout.path.resolve())] * len(starts),
            "start": starts,
            "stop": [min(start + step, stop) for start in starts],
        },
        schema={"piece": pl.Int64, "path": pl.String, "start": pl.Int64, "stop": pl.Int64},
    )


def unpacked(read: Reading, size: int) -> int:
    """Bytes of the text of a file of so many bytes at most, roughly."""
    return size * _UNPACKED.get(read.layout.packing, 1)


def stream(read: Reading, all_: int, size: int) -> Iterator[tuple[Reading, Content | None, dict[str, int]]]:
    """A file in pieces that fit in memory, one after another; the file itself where all of it fits.

    A piece is a plain text, or a Parquet file, without a name: whoever dies in between leaves nothing readable behind.

    Args:
        read: how the file is to be read.
        all_: bytes of the file.
        size: bytes of a piece, a line more or less.

    Yields:
        How to read the piece, as long as the next one is not asked for; what it holds, None of
        the file itself; notes (`cut_short`).
    """
    layout = read.layout
    if unpacked(read, all_) <= size or read.profile.ego_from_file_name:
        yield read, None, {}
        return
    with tempfile.TemporaryFile() as file:
        path = Path(f"/dev/fd/{file.fileno()}")
        if layout.packing == "parquet":
            for groups in _groups(layout.path, size):
                file.seek(0)
                file.truncate()
                _copy_groups(layout.path, file, groups)
                file.flush()
                yield replace(read, layout=replace(layout, path=path)), _EMPTY, {}
            return
        skip = layout.skip
        for told, notes in _texts(layout, file, size):
            piece = replace(layout, path=path, packing="", skip=skip)
            yield replace(read, layout=piece), told, notes
            skip = 0


def _texts(layout: Layout, file: BinaryIO, size: int) -> Iterator[tuple[Content, dict[str, int]]]:
    """Fill a file with some whole lines after another; the first piece has all lines that are skipped."""
    done, lines, last, cut = 0, 0, b"", False
    source = textfile.blocks(layout.path, layout.packing)
    skip = layout.skip
    while True:
        try:
            block = next(source, b"")
        except EOFError:
            block, cut = b"", True
        for start in range(0, len(block), size):
            part = block[start : start + size]
            end = part.rfind(b"\n") + 1
            if end and done + len(part) > size and lines + part.count(b"\n") > skip:
                lines += part.count(b"\n")
                file.write(part[:end])
                file.flush()
                yield Content("", done + end, lines, True, ()), {}
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
        yield Content("", done, lines, last in (b"\n", b"\r"), ()), {"cut_short": 1} if cut else {}


@contextmanager
def copied(read: Reading, rows: pl.DataFrame) -> Iterator[tuple[Reading, Content]]:
    """One of the pieces of `cut` as a file of its own, while the `with` lasts; of no row, a file without rows.

    Args:
        read: how the whole file is to be read.
        rows: path, start, stop; one row or none.
    """
    with tempfile.TemporaryDirectory(prefix="kindred-") as folder:
        # The name stays: some formats read a person's id out of it.
        copy = Path(folder) / read.layout.path.name
        layout = replace(read.layout, path=copy)
        start, stop = (rows["start"].item(), rows["stop"].item()) if rows.height else (0, 0)
        if layout.packing == "parquet":
            _copy_groups(read.layout.path, copy, range(start, stop))
            content = sources.read_content(copy)
        else:
            if layout.packing:
                copy.write_bytes(read.layout.path.read_bytes() if rows.height else b"")
            else:
                _copy_lines(read.layout.path, copy, start, stop)
            if start or not rows.height:
                layout = replace(layout, skip=0)
            if not rows.height:
                layout = replace(layout, packing="")
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


def _groups(path: Path, size: int) -> Iterator[range]:
    """The row groups of a Parquet file, as many at once as take so many bytes unpacked, one at least."""
    import pyarrow.parquet as pq

    about = pq.ParquetFile(path).metadata
    first, held = 0, 0
    for group in range(about.num_row_groups):
        bytes_ = about.row_group(group).total_byte_size
        if held and held + bytes_ > size:
            yield range(first, group)
            first, held = group, 0
        held += bytes_
    yield range(first, about.num_row_groups)


def _copy_groups(path: Path, target: Path | BinaryIO, groups: range) -> None:
    import pyarrow.parquet as pq

    source = pq.ParquetFile(path)
    with pq.ParquetWriter(target, source.schema_arrow) as writer:
        for group in groups:
            writer.write_table(source.read_row_group(group))

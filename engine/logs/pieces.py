"""A file of call records in pieces of whole lines, so that several machines read it at once."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import sources
from engine.logs import reading
from engine.logs.recognise import Reading
from engine.sources import Content, Store

if TYPE_CHECKING:
    import polars as pl

SIZE = 32 << 20
_COPY = 1 << 20
_ROWS = 2_000_000
_EMPTY = Content("", 0, 0, False, True, ())


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


def read_piece(store: Store, *, read: Reading, params: dict[str, Any]) -> dict[str, int]:
    """`_log_rows` from the one piece in `_log_pieces`; from none, a table without rows.

    Args:
        store: a warehouse.
        read: how the file is to be read.
        params: see `engine.logs.reading.read_rows`.

    Returns:
        Notes of the piece.
    """
    rows = store.query_text("SELECT path, start, stop FROM _log_pieces")
    with tempfile.TemporaryDirectory(prefix="kindred-") as folder:
        # The name stays: some formats read a person's id out of it.
        copy = Path(folder) / read.layout.path.name
        layout = replace(read.layout, path=copy)
        if layout.packing == "parquet":
            _copy_groups(read.layout.path, copy, rows)
            content = sources.read_content(copy)
        else:
            start, stop = (rows["start"].item(), rows["stop"].item()) if rows.height else (0, 0)
            if layout.packing:
                copy.write_bytes(read.layout.path.read_bytes() if rows.height else b"")
            else:
                _copy_lines(read.layout.path, copy, start, stop)
            if start or not rows.height:
                layout = replace(layout, skip=0)
            if not rows.height:
                layout = replace(layout, packing="")
            content = sources.read_content(copy) if copy.stat().st_size else _EMPTY
        return reading.read_here(store, replace(read, layout=layout), content, params)


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


def _copy_groups(path: Path, copy: Path, rows: pl.DataFrame) -> None:
    import pyarrow.parquet as pq

    source = pq.ParquetFile(path)
    with pq.ParquetWriter(copy, source.schema_arrow) as target:
        for group in range(rows["start"].item(), rows["stop"].item()) if rows.height else ():
            target.write_table(source.read_row_group(group))

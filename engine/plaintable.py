"""A plain table from outside for the modes that need no workspace: CSV, TSV or Parquet into a frame."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from engine import parquetfile, textfile
from engine.errors import InputError

if TYPE_CHECKING:
    import polars as pl

_SHARE = 8  # of the machine's memory for the bytes of a table: as a frame, and while it is judged, it takes more
_CELL = 16  # bytes that a cell takes at least
_GROUP = Path("/sys/fs/cgroup/memory.max")


def read(path: Path) -> pl.DataFrame:
    """Read a table whose columns name themselves.

    Args:
        path: Parquet, or text with a header line, separated by commas, semicolons, tabs or bars (gz and zst too).

    Raises:
        InputError: missing, empty, not text, not a table, or too large for the machine's memory.
    """
    import polars as pl

    if not path.is_file():
        raise InputError("there is no such file.", file=path, fix="Check the path.")
    if path.stat().st_size == 0:
        raise InputError("the file is empty.", file=path)
    layout = textfile.layout(path)
    textfile.check_names(layout.names, path)
    try:
        if layout.packing == "parquet":
            frame = _parquet(layout)
        else:
            frame = pl.read_csv(_text(layout), separator=layout.delimiter, infer_schema_length=None)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(
            f"the table cannot be read: {str(error).splitlines()[0]}.", file=path, fix="Save it as CSV in UTF-8."
        ) from error
    textfile.check_names(frame.columns, path)
    return frame


def _text(layout: textfile.Layout) -> bytes:
    """The whole text, unpacked."""
    most, data, cells = _most(), bytearray(), 0
    try:
        for block in textfile.blocks(layout.path, layout.packing):
            data += block
            cells += block.count(layout.delimiter.encode()) + block.count(b"\n")
            _check(layout.path, len(data) + _CELL * cells, most)
    except EOFError:
        raise InputError("the archive is cut.", file=layout.path, fix="Fetch the file again.") from None
    return bytes(data)


def _parquet(layout: textfile.Layout) -> pl.DataFrame:
    import polars as pl
    import pyarrow as pa

    path, most, held = layout.path, _most(), 0
    parquetfile.check_kinds(path, layout.names)
    with parquetfile.opened(path, dictionaries=parquetfile.texts(path, layout.names)) as file:
        _check(path, _CELL * file.metadata.num_rows * len(layout.names), most)
        frames = [pl.from_arrow(parquetfile.plain(pa.RecordBatch.from_pylist([], file.schema_arrow)))]
        for batch in file.iter_batches(parquetfile.ROWS):
            held += sum(map(parquetfile.weight, batch.columns))
            _check(path, held, most)
            frames.append(pl.from_arrow(parquetfile.plain(batch)))
        rows, said = sum(f.height for f in frames), file.metadata.num_rows
    if rows != said:
        raise parquetfile.unreadable(path, f"{rows} rows where it says {said}")
    return pl.concat(frames)


def _check(path: Path, bytes_: int, most: int) -> None:
    if bytes_ > most:
        raise InputError(
            f"the table takes more than {most / 1e6:,.0f} MB, an eighth of the machine's memory.",
            file=path,
            fix="Keep the columns that are needed, or draw a sample.",
        )


def _most() -> int:
    """Bytes that a table may have."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if _GROUP.is_file() and (limit := _GROUP.read_text(encoding="ascii").strip()).isdigit():
        memory = min(memory, int(limit))
    return memory // _SHARE

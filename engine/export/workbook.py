"""A table as a workbook (XLSX): texts stay texts, whatever they look like; the same rows give the same bytes."""

from __future__ import annotations

import datetime
import io
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING

from engine.errors import InputError

if TYPE_CHECKING:
    import polars as pl

ROWS = (1 << 20) - 1  # of a sheet, below its header
LETTERS = 32_767  # of a cell
_DIGITS = 10**15  # from here on a spreadsheet keeps the first digits of a number only
_MADE = datetime.datetime(2000, 1, 1)  # the same in every file


def write(file: IO[bytes], frames: Iterator[pl.DataFrame]) -> int:
    """Write frames of the same columns as one sheet.

    Args:
        file: opened for writing.
        frames: at least one; texts, numbers and truths.

    Returns:
        Rows written.

    Raises:
        InputError: a sheet cannot hold so many rows, or a cell not so long a text.
    """
    import polars as pl
    import polars.selectors as cs
    import xlsxwriter

    frame = pl.concat(list(frames))
    if frame.height > ROWS:
        raise InputError(
            f"a sheet holds {ROWS:,} rows, not {frame.height:,}.", fix="Give --shard-rows, or another format."
        )
    for name in frame.select(cs.string()).columns:
        # As a workbook counts: letters beyond the basic plane are two.
        if frame[name].str.len_chars().max() or 0:
            longest = frame.select(
                pl.col(name).str.len_chars() + pl.col(name).str.count_matches("[\U00010000-\U0010ffff]")
            )
            if longest[name].max() > LETTERS:
                raise InputError(f"a cell holds {LETTERS:,} letters.", column=name, fix="Choose another format.")
    long = [c for c in frame.select(cs.integer()).columns if (frame[c].cast(pl.Int64).abs().max() or 0) >= _DIGITS]
    frame = frame.with_columns(pl.col(long).cast(pl.String))
    # In memory: this library would put its parts into files of the system's folder for temporary ones.
    as_they_are = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    held = io.BytesIO()
    book = xlsxwriter.Workbook(held, {"in_memory": True, **as_they_are})
    book.set_properties({"created": _MADE})
    frame.write_excel(book, "rows", dtype_formats={cs.numeric(): "General"})
    book.close()
    file.write(held.getvalue())
    return frame.height

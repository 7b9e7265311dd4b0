"""Reading small tables (customers, offers, ...): every row of the file, as text, with its number."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import textfile
from engine.errors import InputError

if TYPE_CHECKING:
    import polars as pl

ROW = "__row"
REASON = "__reason"
CUT = "the file is cut here"
_NO_LETTER = "\ufffd"


def read_text(path: Path, *, skip: int = 0) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    """Read CSV, TSV (plain, gz, zst) or Parquet without interpreting anything.

    Args:
        path: an existing file that is not empty.
        skip: lines above the header.

    Returns:
        The rows as text columns (lower-case names, values trimmed, empty = null) with `__row` (from 1); rows
        that do not split into the right number of fields or are not UTF-8, as `__row`, `__reason`; rows in all.

    Raises:
        InputError: the file is no such table.
    """
    import polars as pl

    layout = textfile.layout(path, skip=skip)
    names = [name.strip().lower() for name in layout.names]
    textfile.check_names(names, path)
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError("the column stands twice.", file=path, row=0, column=twice, fix="Rename one of them.")
    if layout.packing == "parquet":
        frame = pl.read_parquet(path)
        frame = frame.rename(dict(zip(frame.columns, names, strict=True))).select(pl.all().cast(pl.String))
        broken = pl.DataFrame(schema={ROW: pl.Int64, REASON: pl.String})
        rows = frame.with_row_index(ROW, offset=1).with_columns(pl.col(ROW).cast(pl.Int64))
        total = frame.height
    else:
        rows, broken, total = _read_csv(layout, names, path)
    values = [pl.col(name).str.strip_chars().replace("", None) for name in names]
    return rows.select(ROW, *values), broken, total


def _read_csv(layout: textfile.Layout, names: list[str], path: Path) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    import polars as pl
    import pyarrow as pa
    from pyarrow import csv

    bad: list[tuple[int | None, str]] = []

    def skip_row(row: Any) -> str:
        bad.append((row.number, f"{row.actual_columns} fields where the header has {row.expected_columns}"))
        return "skip"

    data, cut = bytearray(), False
    try:
        for block in textfile.blocks(path, layout.packing):
            data += block
    except EOFError:
        cut = True
    text, spoilt = _utf8(data)
    try:
        table = csv.read_csv(
            io.BytesIO(text),
            read_options=csv.ReadOptions(
                use_threads=False, block_size=max(len(text), 1 << 20), skip_rows=layout.skip, column_names=names
            ),
            parse_options=csv.ParseOptions(
                delimiter=layout.delimiter, newlines_in_values=True, invalid_row_handler=skip_row
            ),
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=False,
                quoted_strings_can_be_null=False,
            ),
        )
        frame = pl.from_arrow(table)
    except pa.ArrowInvalid as error:
        if "Empty CSV" not in str(error):
            # What Arrow says may repeat a row.
            raise InputError("is no readable table.", file=path, fix="Check its quotes and its delimiter.") from error
        frame = pl.DataFrame(schema=dict.fromkeys(names, pl.String))
    total = frame.height + len(bad)
    numbers = [n - layout.skip if n is not None else total for n, _ in bad]
    rest = sorted(set(range(1, total + 1)) - set(numbers))[: frame.height]
    frame = frame.with_columns(pl.Series(ROW, rest, dtype=pl.Int64))
    reasons = [(number, why) for number, (_, why) in zip(numbers, bad, strict=True)]
    if spoilt:
        garbled = frame.filter(pl.any_horizontal(pl.col(names).str.contains(_NO_LETTER, literal=True)))
        reasons += [(number, "not UTF-8") for number in garbled[ROW]]
    if cut and reasons:
        reasons = [(n, CUT if n == total else why) for n, why in reasons]
    broken = pl.DataFrame(reasons, schema={ROW: pl.Int64, REASON: pl.String}, orient="row")
    return frame.select(ROW, *names).join(broken, on=ROW, how="anti", maintain_order="left"), broken, total


def _utf8(data: bytearray) -> tuple[bytes | bytearray, bool]:
    """The bytes, each that is no UTF-8 replaced by U+FFFD, and whether there was one: Arrow takes nothing else."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("utf-8", errors="replace").encode(), True
    return data, False

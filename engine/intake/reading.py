"""Reading small tables (customers, offers, ...): every row of the file, as text, with its number.

A file is unpacked block by block and refused as soon as its rows would need more memory than there is.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import parquetfile, textfile
from engine.errors import InputError

if TYPE_CHECKING:
    import polars as pl

    from engine.logs.mapping import Profile

ROW = "__row"
REASON = "__reason"
CUT = "the file is cut here"
_NO_LETTER = "\ufffd"
_BLOCK = 2 * textfile.LINE  # bytes that are parsed at once: a row is shorter
# Memory for each byte, cell and row of a table until it is stored, measured on customers of 2 to 900 columns.
_PER_BYTE, _PER_CELL, _PER_ROW = 6, 120, 300


@dataclass
class _Budget:
    """Counts what a table needs, up to what may be had.

    Args:
        path: of its file.
        most: bytes of memory.
        bytes: of its texts.
        cells: how many.
        rows: how many.
    """

    path: Path
    most: int
    bytes: int = 0
    cells: int = 0
    rows: int = 0

    def take(self, bytes_: int, cells: int, rows: int) -> None:
        """So much more; raises InputError beyond the limit."""
        self.bytes += bytes_
        self.cells += cells
        self.rows += rows
        if _PER_BYTE * self.bytes + _PER_CELL * self.cells + _PER_ROW * self.rows > self.most:
            raise InputError(
                f"its rows need more memory than the {self.most / 1e6:,.0f} MB of the limit; "
                f"{self.bytes / 1e6:,.1f} MB of text in {self.rows:,} rows and {self.cells:,} cells were read by then.",
                file=self.path,
                fix="Raise run.memory, or give the table in several files.",
            )


def told(profile: Profile | None) -> dict[str, Any]:
    """What a mapping says of how a file is laid out, for `read_text`."""
    if profile is None:
        return {}
    return {"skip": profile.skip, "delimiter": profile.delimiter, "header": profile.header, "names": profile.names}


def read_text(
    path: Path,
    *,
    memory: int,
    skip: int = 0,
    delimiter: str | None = None,
    header: bool = True,
    names: Sequence[str] = (),
) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    """Read CSV, TSV (plain, gz, zst) or Parquet without interpreting anything.

    Args:
        path: an existing file that is not empty.
        memory: bytes that importing it may take.
        skip: lines above the header.
        delimiter: between fields; None = found.
        header: whether there is a header line.
        names: column names where there is none.

    Returns:
        The rows as text columns (lower-case names, values trimmed, empty = null) with `__row` (from 1); rows
        that do not split into the right number of fields or are not UTF-8, as `__row`, `__reason`; rows in all.

    Raises:
        InputError: the file is no such table, or a larger one than memory is for.
    """
    import polars as pl

    layout = textfile.layout(path, delimiter=delimiter, header=header, skip=skip, names=tuple(names))
    names = [name.strip().lower() for name in layout.names]
    textfile.check_names(names, path)
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError("the column stands twice.", file=path, row=0, column=twice, fix="Rename one of them.")
    budget = _Budget(path, memory)
    if layout.packing == "parquet":
        frame = _read_parquet(layout, names, budget)
        broken = pl.DataFrame(schema={ROW: pl.Int64, REASON: pl.String})
        rows = frame.with_row_index(ROW, offset=1).with_columns(pl.col(ROW).cast(pl.Int64))
        total = frame.height
    else:
        rows, broken, total = _read_csv(layout, names, budget)
    values = [pl.col(name).str.strip_chars().replace("", None) for name in names]
    return rows.select(ROW, *values), broken, total


def _read_parquet(layout: textfile.Layout, names: list[str], budget: _Budget) -> pl.DataFrame:
    """Every row as texts; a text that stands in many rows counts in each, as it will be in memory."""
    import polars as pl

    path = layout.path
    parquetfile.check(path, layout.names)
    frames = [pl.DataFrame(schema=dict.fromkeys(names, pl.String))]
    with parquetfile.opened(path, dictionaries=parquetfile.texts(path, layout.names)) as file:
        about = file.metadata
        budget.take(0, about.num_rows * len(names), about.num_rows)
        for batch in file.iter_batches(parquetfile.ROWS):
            budget.take(sum(map(parquetfile.weight, batch.columns)), 0, 0)
            frame = pl.from_arrow(parquetfile.plain(batch).rename_columns(names))
            frames.append(frame.select(pl.all().cast(pl.String)))
        frame = pl.concat(frames)
        if frame.height != about.num_rows:
            raise parquetfile.unreadable(path, f"{frame.height} rows where it says {about.num_rows}")
    return frame


def _read_csv(layout: textfile.Layout, names: list[str], budget: _Budget) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    import polars as pl
    import pyarrow as pa
    from pyarrow import csv

    path = layout.path
    bad: list[tuple[int | None, str]] = []

    def skip_row(row: Any) -> str:
        bad.append((row.number, f"{row.actual_columns} fields where the header has {row.expected_columns}"))
        return "skip"

    text = _Text(layout, budget)
    frames = [pl.DataFrame(schema=dict.fromkeys(names, pl.String))]
    try:
        reader = csv.open_csv(
            pa.PythonFile(text, mode="r"),
            read_options=csv.ReadOptions(
                use_threads=False, block_size=_BLOCK, skip_rows=layout.skip, column_names=names
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
        for batch in reader:
            frames.append(pl.from_arrow(batch))
    except pa.ArrowInvalid as error:
        if "straddling" in str(error):
            raise _long_row(path) from error
        # A header and no rows; of a first row that is longer than a block Arrow says the same.
        empty = "Empty CSV" in str(error) or ("Could not skip initial" in str(error) and text.size < _BLOCK)
        if "Could not skip initial" in str(error) and not empty:
            raise _long_row(path) from error
        if not empty:
            # What Arrow says may repeat a row.
            raise InputError("is no readable table.", file=path, fix="Check its quotes and its delimiter.") from error
    frame = pl.concat(frames)
    total = frame.height + len(bad)
    numbers = [n - layout.skip if n is not None else total for n, _ in bad]
    rest = sorted(set(range(1, total + 1)) - set(numbers))[: frame.height]
    frame = frame.with_columns(pl.Series(ROW, rest, dtype=pl.Int64))
    reasons = [(number, why) for number, (_, why) in zip(numbers, bad, strict=True)]
    if text.spoilt:
        garbled = frame.filter(pl.any_horizontal(pl.col(names).str.contains(_NO_LETTER, literal=True)))
        reasons += [(number, "not UTF-8") for number in garbled[ROW]]
    if text.cut and reasons:
        reasons = [(n, CUT if n == total else why) for n, why in reasons]
    broken = pl.DataFrame(reasons, schema={ROW: pl.Int64, REASON: pl.String}, orient="row")
    return frame.select(ROW, *names).join(broken, on=ROW, how="anti", maintain_order="left"), broken, total


def _long_row(path: Path) -> InputError:
    return InputError(
        f"one of its rows is longer than {_BLOCK >> 20} MB.",
        file=path,
        fix="Check that its quotes are closed and its rows end in line feeds.",
    )


class _Text(io.RawIOBase):
    """A file's text as UTF-8, unpacked while it is read; bytes that are none stand as U+FFFD, as Arrow takes nothing
    else.

    Args:
        layout: of the file.
        budget: asked for every block.

    Attributes:
        cut: the archive ended too early.
        spoilt: there were bytes that are no UTF-8.
        size: bytes handed on so far.
    """

    def __init__(self, layout: textfile.Layout, budget: _Budget) -> None:
        super().__init__()
        self.cut, self.spoilt, self.size = False, False, 0
        self._blocks = self._decoded(layout, budget)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, target: Any) -> int:
        """The next bytes, as many as there is room for (a short block would cut a row in three); 0 at the end."""
        done = 0
        while done < len(target):
            if not self._rest:
                block = next(self._blocks, None)
                if block is None:
                    break
                self._rest = memoryview(block)
            size = min(len(target) - done, len(self._rest))
            target[done : done + size] = self._rest[:size]
            self._rest = self._rest[size:]
            done += size
        if 1 < done == len(target) and target[done - 1] == ord("\r"):
            # Arrow drops a line feed that begins a block after one that ends so, also within quotes.
            self._rest = memoryview(b"\r" + bytes(self._rest))
            done -= 1
        self.size += done
        return done

    def _decoded(self, layout: textfile.Layout, budget: _Budget) -> Iterator[bytes]:
        strict = codecs.getincrementaldecoder("utf-8")("strict")
        source = textfile.blocks(layout.path, layout.packing)
        decoder: codecs.IncrementalDecoder = strict
        while True:
            try:
                block = next(source, b"")
            except EOFError:
                block, self.cut = b"", True
            lines = block.count(b"\n")
            budget.take(len(block), block.count(layout.delimiter.encode()) + lines, lines)
            before = decoder.getstate()
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeDecodeError:
                self.spoilt = True
                decoder = codecs.getincrementaldecoder("utf-8")("replace")
                decoder.setstate(before)
                text = decoder.decode(block, final=not block)
            if text:
                yield text.encode()
            if not block:
                return

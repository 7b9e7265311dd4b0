"""Reading small tables (customers, offers, ...): every row of the file, as text, with its number.

A file is unpacked block by block and refused as soon as its rows would need more memory than there is.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import forms
from engine.errors import InputError
from engine.forms import textfile
from engine.intake.rejected import ROW, WHY, why

if TYPE_CHECKING:
    import polars as pl

    from engine.logs.mapping import Profile

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


def layout_options(profile: Profile | None) -> dict[str, Any]:
    """What a mapping says of how a file is laid out, for `read_text`."""
    if profile is None:
        return {}
    return {
        "skip": profile.skip, "delimiter": profile.delimiter, "header": profile.header, "names": profile.names,
        "encoding": None if profile.encoding == "utf-8" else profile.encoding, "once": _named(profile),
    }  # fmt: skip


def _named(profile: Profile) -> list[str]:
    """The file's columns that a mapping names; refused where two columns have that name."""
    from engine.intake import expressions

    texts = [*profile.expressions.values(), *([profile.where] if profile.where else [])]
    names = [name for said in profile.columns.values() for name in said]
    return [*names, *(name for text in texts for name in expressions.columns(text))]


def read_text(
    path: Path,
    *,
    memory: int,
    skip: int = 0,
    delimiter: str | None = None,
    header: bool = True,
    names: tuple[str, ...] = (),
    once: Collection[str] = (),
    sheet: str | None = None,
    encoding: str | None = None,
    notes: dict[str, int] | None = None,
) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    """Read a table of any form without interpreting anything.

    Args:
        path: an existing file that is not empty.
        memory: bytes that importing it may take.
        skip: lines above the header; 0 = found.
        delimiter: between fields of a text; None = found.
        header: whether the columns have names in the file.
        names: of the columns where they have none.
        once: columns that must not stand twice.
        sheet: of a workbook.
        encoding: of a text; None = found.
        notes: gets counts of what was passed over.

    Returns:
        The rows as text columns (lower-case names, values trimmed, empty = null) with `__row` (from 1); rows
        that do not split into the right number of fields or are not UTF-8 (see `engine.intake.rejected`); rows in all.

    Raises:
        InputError: the file is no such table, or a larger one than memory is for.
    """
    import polars as pl

    with forms.plain(path, sheet=sheet, encoding=encoding) as form:
        layout = form.layout(delimiter=delimiter, header=header, skip=skip, names=names)
        columns = [name.strip().lower() for name in layout.names]
        textfile.check_names(columns, path)
        forms.named(layout, once, path)
        budget, frames = _Budget(path, memory), []
        schema = dict.fromkeys([*layout.names, forms.PROBLEM, forms.LINE], pl.String)
        for frame in form.rows(layout):
            texts = frame.select(layout.names)
            bytes_ = texts.select(pl.all().str.len_bytes().sum()).sum_horizontal().item() if texts.width else 0
            budget.take(bytes_ or 0, texts.width * texts.height, texts.height)
            frames.append(frame)
        rows = pl.concat(frames or [pl.DataFrame(schema=schema)]).with_row_index(ROW, offset=1)
        told = {n: count for n, count in form.notes.items() if n != "no_final_line_end"}
    if notes is not None:
        notes.update(told)
    rows = rows.with_columns(pl.col(ROW).cast(pl.Int64))
    fields = why(None, "wrong_columns", f"{len(columns)} expected")
    found = pl.when(pl.col(forms.PROBLEM) == forms.LETTERS).then(why(None, "not_utf8")).otherwise(fields)
    if told.get("cut_short"):
        found = pl.when(pl.col(ROW) == rows.height).then(why(None, "cut_short")).otherwise(found)
    broken = rows.filter(pl.col(forms.PROBLEM).is_not_null()).select(ROW, found.alias(WHY))
    values = [pl.col(old).str.strip_chars().replace("", None).alias(new)
              for old, new in zip(layout.names, columns, strict=True)]  # fmt: skip
    return rows.filter(pl.col(forms.PROBLEM).is_null()).select(ROW, *values), broken, rows.height

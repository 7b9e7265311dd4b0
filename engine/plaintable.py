"""A plain table from outside for the modes that need no workspace, as a frame."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine import forms
from engine.errors import InputError
from engine.forms import textfile

if TYPE_CHECKING:
    import polars as pl

_SHARE = 8  # of the machine's memory for the bytes of a table: as a frame, and while it is judged, it takes more
_CELL = 16  # bytes that a cell takes at least
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$|^(?i:nan|[+-]?inf)$"
_GROUP = Path("/sys/fs/cgroup/memory.max")


def read(path: Path, *, sheet: str | None = None, encoding: str | None = None) -> pl.DataFrame:
    """Read a table whose columns name themselves, in any form that `engine.forms` opens.

    Args:
        path: of the file.
        sheet: of a workbook.
        encoding: of a text; None = found.

    Returns:
        Columns of whole numbers, of numbers or of truths where every value is one, else of texts.

    Raises:
        InputError: missing, empty, not a table, with a row that is none, or too large for the machine's memory.
    """
    whole = texts(path, sheet=sheet, encoding=encoding)
    return whole.with_columns(_typed(whole[name]) for name in whole.columns)


def texts(
    path: Path, *, wanted: Sequence[str] = (), sheet: str | None = None, encoding: str | None = None
) -> pl.DataFrame:
    """Read such a table as texts, exactly as they stand (empty = null).

    Args:
        path: of the file.
        wanted: columns of which each must stand in it once.
        sheet: of a workbook.
        encoding: of a text; None = found.

    Raises:
        InputError: as `read`, or one of the columns stands twice.
    """
    import polars as pl

    if not path.exists():
        raise InputError("there is no such file.", file=path, fix="Check the path.")
    if path.is_file() and path.stat().st_size == 0:
        raise InputError("the file is empty.", file=path)
    with forms.plain(path, sheet=sheet, encoding=encoding) as form:
        layout, most, held, frames = form.layout(), _most(), 0, list[pl.DataFrame]()
        textfile.check_names(layout.names, path)
        forms.named(layout, wanted, path)
        for frame in form.rows(layout):
            bad = frame[forms.PROBLEM]
            if bad.null_count() < frame.height:
                row = sum(f.height for f in frames) + int(bad.is_not_null().arg_max() or 0) + 1
                raise InputError(
                    "is not a row with as many cells as the header.", file=path, row=row, fix="Correct the file."
                )
            held += int(frame.estimated_size()) + _CELL * frame.height * frame.width
            _check(path, held, most)
            frames.append(frame.select(layout.names))
        if form.notes.get("cut_short"):
            raise InputError("the archive is incomplete.", file=path, fix="Fetch the file again.")
    return pl.concat(frames) if frames else pl.DataFrame(schema=dict.fromkeys(layout.names, pl.String))


def _typed(texts: pl.Series) -> pl.Series:
    """As numbers or truths, where all are."""
    import polars as pl

    values = texts.drop_nulls().str.strip_chars()
    if not len(values):
        return texts
    for kind, pattern in ((pl.Int64, r"^[+-]?\d{1,18}$"), (pl.Float64, _NUMBER)):
        if values.str.contains(pattern).all():
            return texts.str.strip_chars().str.strip_prefix("+").cast(kind)
    if values.str.contains("^(?i:true|false)$").all():
        return texts.str.to_lowercase() == "true"
    return texts


def _check(path: Path, bytes_: int, most: int) -> None:
    if bytes_ > most:
        raise InputError(
            f"the table takes more than {most / 1e6:,.0f} MB, an eighth of the machine's memory.",
            file=path,
            fix="Keep only the columns that are needed, or take a sample of rows.",
        )


def _most() -> int:
    """Bytes that a table may have."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if _GROUP.is_file() and (limit := _GROUP.read_text(encoding="ascii").strip()).isdigit():
        memory = min(memory, int(limit))
    return memory // _SHARE

"""A plain table from outside for the modes that need no workspace: CSV, TSV or Parquet into a frame."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import InputError
from engine.textfile import check_names

if TYPE_CHECKING:
    import polars as pl


def read(path: Path) -> pl.DataFrame:
    """Read a table whose columns name themselves.

    Args:
        path: a .parquet file, or text with a header line, separated by commas, semicolons or tabs (gz too).

    Raises:
        InputError: missing, empty, not text, or not a table.
    """
    import polars as pl

    if not path.is_file():
        raise InputError("there is no such file.", file=path, fix="Check the path.")
    if path.stat().st_size == 0:
        raise InputError("the file is empty.", file=path)
    try:
        if path.suffix.lower() == ".parquet":
            frame = pl.read_parquet(path)
        else:
            frame = pl.read_csv(path, separator=_separator(path), infer_schema_length=None)
    except (pl.exceptions.PolarsError, OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"the table cannot be read: {str(error).splitlines()[0]}.", file=path, fix="Save it as CSV in UTF-8."
        ) from error
    check_names(frame.columns, path)
    return frame


def _separator(path: Path) -> str:
    """The separator that stands most often in the header line."""
    import gzip

    opened = gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else open(path, encoding="utf-8")  # noqa: SIM115
    with opened as file:
        header = file.readline()
    return max((",", ";", "\t"), key=header.count)

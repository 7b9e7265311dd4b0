"""Rows as files to keep: CSV that runs nothing in a spreadsheet, and workbooks."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.errors import InputError
from engine.export import workbook
from engine.figures import look_up
from engine.formulas import defuse, defused

if TYPE_CHECKING:
    import polars as pl

KINDS = {"csv": "text/csv; charset=utf-8",
         "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}  # fmt: skip


def frame(facts: Mapping[str, Any], path: str) -> pl.DataFrame:
    """A table of a page's figures.

    Args:
        facts: of the page.
        path: of the table.

    Raises:
        InputError: there is none.
    """
    import polars as pl

    rows = look_up(facts, path)
    if not isinstance(rows, list) or not rows or not all(isinstance(row, Mapping) for row in rows):
        raise InputError("there is no such table on this page.")
    columns = list(dict.fromkeys(name for row in rows for name in row))
    return pl.DataFrame({name: _column([row.get(name) for row in rows]) for name in columns}, strict=False)


def _column(values: Sequence[Any]) -> list[Any]:
    """Values of one kind: numbers or truths as they are, else texts."""
    there = [value for value in values if value is not None]
    if all(isinstance(value, bool) for value in there) or all(
        isinstance(value, (int, float)) and not isinstance(value, bool) for value in there
    ):
        return list(values)
    return [None if value is None else value if isinstance(value, str) else str(value) for value in values]


def written(rows: pl.DataFrame, kind: str) -> bytes:
    """Rows as a file.

    Args:
        rows: texts, numbers and truths.
        kind: of `KINDS`.
    """
    import polars as pl

    file = io.BytesIO()
    if kind == "xlsx":
        workbook.write(file, iter([rows]))
    else:
        safe = rows.with_columns(*(defused(pl.col(name)) for name, kind in rows.schema.items() if kind == pl.String))
        safe.rename({name: defuse(name) for name in safe.columns}).write_csv(file)
    return file.getvalue()

"""Tables about the campaign's models: rows that contradict themselves or each other, and corrections without photos."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine import attributes
from engine.errors import InputError
from engine.intake import rejected
from engine.intake.rejected import ROW, WHY, Why, one
from engine.tables import TABLES

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from engine.warehouse import Warehouse

_ID = "photo_id"


def checked(store: Warehouse, frame: pl.DataFrame, path: Path) -> pl.DataFrame:
    """Rows of an inventory without what a review shows only, and with why some cannot be used.

    Args:
        store: the workspace's warehouse.
        frame: as texts, with `__row` and maybe `__why`.
        path: of the file, for errors.

    Raises:
        InputError: a table without the column path, before there is any photo to say something about.
    """
    import polars as pl

    frame = frame.drop(attributes.SEEN, strict=False)
    whys: dict[int, Why] = {}
    if "path" not in frame.columns:
        known = store.read("inventory", [_ID])[_ID]
        if known.is_empty():
            raise InputError(
                "the table has no column path, and there are no campaign photos yet that it could describe.",
                file=path,
                fix="Import the photos first: a folder, or a table photo_id,path.",
            )
        strange = frame.filter(pl.col(_ID).is_not_null() & ~pl.col(_ID).is_in(known.implode()))
        whys |= {row: one(_ID, "unknown_photo") for row in strange[ROW]}
    for row, column, what in _contradictions(frame):
        whys.setdefault(row, one(column, "contradicts", what))
    if not whys:
        return frame
    found = pl.Series(WHY, [whys.get(row) for row in frame[ROW]], dtype=rejected.fields())
    return frame.with_columns(pl.coalesce(rejected.given(frame), found).alias(WHY))


def _contradictions(frame: pl.DataFrame) -> list[tuple[int, str, str]]:
    """Row, column and words of what cannot be; where rows of one photo differ, all of them."""
    names = [n for n in frame.columns if n not in TABLES["inventory"].names and n not in (ROW, WHY)]
    found, of_photo = [], dict[str, list[tuple[int, dict[str, str]]]]()
    for row in frame.iter_rows(named=True):
        words = {name: str(row[name]).strip().lower() for name in names if row[name]}
        if against := attributes.contradiction(words):
            found.append((row[ROW], *against))
        of_photo.setdefault(row[_ID], []).append((row[ROW], words))
    for rows in of_photo.values():
        if len(rows) > 1 and (against := attributes.differing([words for _, words in rows])):
            found += [(row, *against) for row, _ in rows]
    return found

"""Which columns of a table read as times: a table that has one holds events, whatever else its columns are called."""

from __future__ import annotations

import re
from collections.abc import Collection

from engine.forms import parquetfile
from engine.forms.textfile import Layout

_DAY = r"[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{1,2}[-/. ][0-9A-Za-z]{1,9}[-/. ,]+(?:[0-9]{4}|[0-9]{2})"
_TIME = re.compile(
    rf"(?:{_DAY})(?:[T ,:-]*[0-9]{{1,2}}[:.h][0-9]{{2}}.*)?"
    r"|[A-Z][a-z]{2,8}[ ,]+[0-9A-Z].*[0-9]{1,2}:[0-9]{2}.*|(?:19|20)[0-9]{6}[T ]?(?:[0-9]{4}|[0-9]{6})Z?",
)
_NUMBER = re.compile(r"[0-9]{9,16}(?:\.[0-9]+)?")
_ROWS = 50  # of a Parquet file to look at
_EPOCHS = (1, 10**3, 10**6)  # units of a second
_SINCE, _UNTIL = 946_684_800, 4_102_444_800  # 2000 to 2100, seconds from 1970
_CALLED = re.compile(
    r"time|date|datum|zeit|fecha|hora|heure|data(?!_)|day|tag|when|epoch|idő|időpont|started|_at$", re.IGNORECASE
)
_COUNTS = re.compile(
    r"duration|dauer|durée|duración|talk|seconds?$|_s$|count|number|total|calls|ring|wait", re.IGNORECASE
)
_LENGTH = re.compile(r"dur|sec|talk|length|bill|dauer|länge|zeit$|minut|second|time", re.IGNORECASE)


def columns(layout: Layout) -> list[str]:
    """Columns whose first values all read as times, in file order; those whose name says so first."""
    if layout.packing == "parquet":
        found = [name for name, values in _typed(layout).items() if values is None or _reads(name, values)]
    else:
        found = [name for place, name in enumerate(layout.names) if _reads(name, _values(layout, place))]
    return sorted(found, key=lambda name: not _CALLED.search(name))


def counts(layout: Layout, known: Collection[str]) -> list[str]:
    """Columns of whole numbers besides those that are known, in file order."""
    if layout.packing == "parquet":
        values = {name: found for name, found in _typed(layout).items() if found is not None}
    else:
        values = {name: _values(layout, place) for place, name in enumerate(layout.names)}
    return [
        name
        for name, found in values.items()
        if name not in known and found and all(re.fullmatch(r"[0-9]+(?:\.0+)?", value) for value in found)
    ]


def has_lengths(names: tuple[str, ...], known: set[str]) -> bool:
    """Whether one of a table's columns is called like a duration, besides those that are known."""
    return any(_LENGTH.search(name) for name in names if name not in known)


def _typed(layout: Layout) -> dict[str, list[str] | None]:
    """The first values of a Parquet file's columns as texts; None of those that are times by their type."""
    import pyarrow as pa

    with parquetfile.opened(layout.path) as file:
        batch = next(file.iter_batches(_ROWS), None)
    if batch is None:
        return {}
    found: dict[str, list[str] | None] = {}
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        when = pa.types.is_timestamp(column.type) or pa.types.is_date(column.type)
        found[name] = None if when else [str(value) for value in column.to_pylist() if value is not None]
    return found


def _values(layout: Layout, place: int) -> list[str]:
    return [row[place].strip() for row in layout.sample if len(row) > place and row[place].strip()]


def _reads(name: str, values: list[str]) -> bool:
    """Texts of times; numbers where they count from 1970, and for their size or the column's name are no ids."""
    if not values:
        return False
    if all(_TIME.fullmatch(value) for value in values):
        return True
    if not _CALLED.search(name) or _COUNTS.search(name) or not all(_NUMBER.fullmatch(value) for value in values):
        return False
    numbers = [float(value) for value in values]
    return any(all(_SINCE * unit <= number < _UNTIL * unit for number in numbers) for unit in _EPOCHS)

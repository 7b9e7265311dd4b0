"""Text into the contracts' types, with a reason for each value that does not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.forms.truths import truth
from engine.intake.rejected import why

if TYPE_CHECKING:
    import polars as pl

    from engine.tables import Column

_TIMES = ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d")
# Other forms of a day that can be read in one way only.
_DAYS = ("%Y%m%d", "%Y/%m/%d", "%Y.%m.%d", "%d.%m.%Y")
_ZONED = ("%Y-%m-%dT%H:%M:%S%.f%z", "%Y-%m-%d %H:%M:%S%.f%z")
LARGEST = 1e9  # no amount of money: from there on it may be a phone number in the wrong column
_UNREAD = {
    "i32": "not_a_whole_number", "i64": "not_a_whole_number", "f64": "not_a_number", "date": "not_a_day",
    "time": "not_a_time", "bool": "not_yes_or_no",
}  # fmt: skip


def parse(name: str, kind: str) -> pl.Expr:
    """Text column `name` as contract type `kind`; what does not fit is null."""
    import polars as pl

    text = pl.col(name)
    if kind in ("i32", "i64"):
        number = text.cast(pl.Float64, strict=False)
        whole = pl.when(number == number.round()).then(number)
        return whole.cast(pl.Int32 if kind == "i32" else pl.Int64, strict=False)
    if kind == "f64":
        number = text.cast(pl.Float64, strict=False)
        return pl.when(number.is_finite()).then(number)
    if kind == "bool":
        return truth(text.str.to_lowercase())
    if kind in ("date", "time"):
        zoned = [
            text.str.replace("Z$", "+00:00").str.to_datetime(f, time_unit="us", strict=False, time_zone="UTC")
            .dt.replace_time_zone(None)
            for f in _ZONED
        ]  # fmt: skip
        plain = [text.str.to_datetime(f, time_unit="us", strict=False) for f in _TIMES]
        moment = pl.coalesce(*plain, *zoned)
        if kind == "time":
            return moment
        return pl.coalesce(moment.dt.date(), *(text.str.to_date(f, strict=False) for f in _DAYS))
    return text


def problem(column: Column) -> pl.Expr:
    """Why text column `column.name` is missing or does not read as its type, else null (`engine.intake.rejected`)."""
    import polars as pl

    text = pl.col(column.name)
    missing = pl.when(text.is_null() & (not column.nullable)).then(why(column.name, "missing"))
    if column.type not in _UNREAD:
        return missing
    unread = text.is_not_null() & parse(column.name, column.type).is_null()
    return pl.coalesce(missing, pl.when(unread).then(why(column.name, _UNREAD[column.type])))

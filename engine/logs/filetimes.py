"""Times of a file's own columns inside expressions, read by the same macros as the moment of a row, under other names.

The moment of a row may be an expression's time, which is none of the file's forms any more, so both are needed.
"""

from __future__ import annotations

from typing import Any, Protocol

from engine.logs import clocks
from engine.logs.mapping import Profile
from engine.warehouse import sql_text

MOMENT = "file_time"  # macro: a value to the moment in UTC
DAY = "file_day"  # macro: a value to the time that stands there, whatever the zone


class Store(Protocol):
    """What is needed of a database."""

    def query(self, statement: str, /, **params: Any) -> Any:
        """The rows of a statement below sql/."""

    def execute_text(self, text: str) -> None:
        """Run SQL text."""


class _Renamed:
    """Gives the macros of sql/logs/ another first part of their names."""

    def __init__(self, store: Store) -> None:
        self._store, self.query = store, store.query

    def execute(self, statement: str) -> None:
        self._store.execute_text(sql_text(statement).replace("log_", "file_"))


def define(store: Store, profile: Profile, params: dict[str, Any]) -> None:
    """Define the macros `MOMENT` and `DAY`.

    Args:
        store: the database that will read rows.
        profile: how times read.
        params: as `clocks.parameters` gives them.

    Raises:
        InputError: there is no such time zone.
    """
    _, gaps = clocks.define(_Renamed(store), profile)  # type: ignore[arg-type]
    formats, zone = _listed(params["formats"]), _literal(params["zone"])
    own = ", ".join(
        [*(_listed(params[name]) for name in ("zoned", "within", "zone_words", "zone_meanings")),
         str(int(params["micros"])), str(int(params["epoch_us"]))]
    )  # fmt: skip
    hours = f"[{', '.join(str(int(hour)) for hour in gaps)}]::INTEGER[]"
    moment = (
        f"CASE WHEN file_clock(value, {formats}) IS NULL THEN file_own(value, {own}) "
        f"ELSE file_moment(file_clock(value, {formats}), NULL::INTEGER, {zone}, {hours}) END"
    )
    store.execute_text(
        f"CREATE OR REPLACE TEMP MACRO {MOMENT}(value) AS CASE WHEN isfinite({moment}) THEN {moment} END"
    )
    day = f"coalesce(file_clock(value, {formats}), "
    day += f"file_clock(file_split(value::VARCHAR)['shown'], {formats}), file_own(value, {own}))"
    store.execute_text(f"CREATE OR REPLACE TEMP MACRO {DAY}(value) AS CASE WHEN isfinite({day}) THEN {day} END")


def _listed(values: list[str]) -> str:
    return f"[{', '.join(map(_literal, values))}]::VARCHAR[]"


def _literal(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"

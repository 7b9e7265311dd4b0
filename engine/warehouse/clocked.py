"""What a warehouse knows of days: by which clock they begin, noted beside the sums per day that were made by it."""

from __future__ import annotations

from typing import Any

from engine.clock import MACRO, UTC, Clock, read
from engine.warehouse.statements import Sql, sql

_CLOCK = "clock"  # in `meta`; absent = UTC


class Clocked:
    """The part of a database's file that tells statements the clock."""

    connection: Any
    execute: Any
    clock: Clock

    def set_clock(self, clock: Clock) -> None:
        """See `Warehouse.set_clock`."""
        self.execute("trust/forget_meta", name=_CLOCK)
        if clock != UTC:
            self.execute("trust/set_meta", name=_CLOCK, value=clock.text())
        self._tell(clock)

    def _read_clock(self) -> None:
        """Take the clock as the file has it; an older Kindred's file has none."""
        told, tables = [], self.connection.execute("SHOW TABLES").fetchall()
        if ("meta",) in tables:
            told = self.connection.execute("SELECT value FROM meta WHERE name = ?", [_CLOCK]).fetchall()
        self._tell(read(told[0][0]) if told else UTC)

    def _tell(self, clock: Clock) -> None:
        """Statements ask the clock by a macro; by UTC it is the cast that would stand there instead."""
        self.clock = clock
        self.connection.execute(
            sql("CREATE OR REPLACE TEMP MACRO {name}(asked) AS {day}", name=MACRO, day=Sql(clock.day_sql("asked")))
        )

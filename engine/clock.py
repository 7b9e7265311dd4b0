"""The clock by which a workspace's days begin: a time zone as its offsets from UTC and when they change.

Moments are stored in UTC. A day runs from the first moment at which the zone's clock shows it to the first at which it
shows the next one: 23 or 25 hours where summer time begins or ends. Where a clock is put back over midnight, what it
shows twice belongs to the day that had begun. The changes themselves are kept with the sums per day that were made by
them, so that a newer time zone database cannot part the two.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from functools import lru_cache
from typing import TYPE_CHECKING

from engine.errors import ConfigError

if TYPE_CHECKING:
    import polars as pl

AUTO = "auto"  # the setting until an import of call records brings a zone
MACRO = "local_day"  # what statements call for the day of a moment
_EPOCH = datetime(1970, 1, 1)
_UNTIL = datetime(2100, 1, 1)  # from then on, as before 1970, an offset holds for good
_HALVINGS = 17  # of a day, down to a second
_SECOND = 1_000_000


@dataclass(frozen=True)
class Clock:
    """A time zone's offsets.

    Args:
        zone: its name.
        first: seconds east of UTC before the first change.
        changes: when (seconds from 1970, UTC), and the offset from then on, in order.
    """

    zone: str = "UTC"
    first: int = 0
    changes: tuple[tuple[int, int], ...] = ()

    def local(self, moment: datetime) -> datetime:
        """What the clock shows at a moment (UTC)."""
        place = bisect_right([_moment(at) for at, _ in self.changes], moment)
        return moment + timedelta(seconds=self._offsets[place])

    def day(self, moment: datetime) -> date:
        """The day that has begun by a moment (UTC)."""
        return self.local(moment).date()

    def start(self, day: date) -> datetime:
        """The moment (UTC) at which a day begins."""
        midnight, begun = datetime.combine(day, time()), datetime.min
        for offset, (at, _) in zip(self._offsets, self.changes, strict=False):
            if midnight - timedelta(seconds=offset) < _moment(at):
                return max(begun, midnight - timedelta(seconds=offset))
            begun = _moment(at)
        return max(begun, midnight - timedelta(seconds=self._offsets[-1]))

    def shown(self, moments: pl.Series) -> pl.Series:
        """What the clock shows at each of some moments (UTC)."""
        import polars as pl

        changes = pl.Series([at * _SECOND for at, _ in self.changes], dtype=pl.Int64)
        place = changes.search_sorted(moments.cast(pl.Datetime("us")).to_physical(), side="right")
        offsets = pl.Series(self._offsets, dtype=pl.Int64).gather(place)
        return pl.select(moments + pl.duration(seconds=offsets)).to_series().alias(moments.name)

    def day_sql(self, moment: str) -> str:
        """`day` of an SQL expression."""
        if not self.changes and not self.first:
            return f"CAST({moment} AS DATE)"
        return f"CAST({moment} + to_seconds({_tree(self.changes, self.first, moment)}) AS DATE)"

    def text(self) -> str:
        """The clock as `read` reads it."""
        return json.dumps({"zone": self.zone, "first": self.first, "changes": self.changes})

    @property
    def _offsets(self) -> list[int]:
        return [self.first, *(offset for _, offset in self.changes)]


UTC = Clock()


def utc_now() -> datetime:
    """This moment, in UTC without an offset, as tables hold moments."""
    return datetime.now(timezone.utc).replace(tzinfo=None)  # noqa: UP017 (UTC is a clock here)


def read(text: str) -> Clock:
    """A clock from its text."""
    said = json.loads(text)
    return Clock(said["zone"], said["first"], tuple((at, offset) for at, offset in said["changes"]))


@lru_cache(maxsize=8)
def of(zone: str) -> Clock:
    """The clock of a time zone, by polars' time zone database, which is the same on every machine.

    Raises:
        ConfigError: there is no such time zone; near names are told.
    """
    if zone == UTC.zone:
        return UTC
    import polars as pl

    days = pl.datetime_range(_EPOCH, _UNTIL, "1d", time_unit="us", eager=True)

    def offsets(moments: pl.Series) -> pl.Series:
        there = moments.dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
        return (there.dt.replace_time_zone(None) - moments).dt.total_seconds()

    try:
        found = offsets(days)
    except pl.exceptions.PolarsError:
        raise _unknown(zone) from None
    # A day's first and last second hold the change between them.
    places = (found != found.shift(1)).fill_null(value=False).arg_true()
    low, high, before = days.gather(places - 1), days.gather(places), found.gather(places - 1)
    for _ in range(_HALVINGS):
        middle = low + ((high - low).dt.total_seconds() // 2 * _SECOND).cast(pl.Duration("us"))
        same = offsets(middle) == before
        low, high = middle.zip_with(same, low), high.zip_with(same, middle)
    changes = zip(high.to_list(), before.to_list(), found.gather(places).to_list(), strict=True)
    return Clock(zone, int(found[0]), tuple((_seconds(_put_off(*change)), change[2]) for change in changes))


def _put_off(at: datetime, before: int, after: int) -> datetime:
    """A change that puts the clock back over midnight, until the new day comes again."""
    begun = (at + timedelta(seconds=before - 1)).date()
    if (at + timedelta(seconds=after)).date() >= begun:
        return at
    return datetime.combine(begun, time()) - timedelta(seconds=after)


def _unknown(zone: str) -> ConfigError:
    import difflib
    import zoneinfo

    names = {name.lower(): name for name in sorted(zoneinfo.available_timezones())}
    towns = {name.rsplit("/", 1)[-1]: full for name, full in names.items() if "/" in name}
    asked = zone.strip().lower().replace(" ", "_")
    near = [
        *(names[name] for name in difflib.get_close_matches(asked, names, 3)),
        *(towns[town] for town in difflib.get_close_matches(asked.rsplit("/", 1)[-1], towns, 3)),
    ]
    told = f"Near names: {', '.join(dict.fromkeys(near))}." if near else "Use a name such as Europe/Budapest."
    return ConfigError(f"logs.time_zone = {zone!r} is not a time zone.", fix=told)


def _tree(changes: Sequence[tuple[int, int]], first: int, asked: str) -> str:
    """SQL of the offset at a moment: few comparisons, however many changes."""
    if not changes:
        return str(first)
    middle = len(changes) // 2
    at, offset = changes[middle]
    before, after = _tree(changes[:middle], first, asked), _tree(changes[middle + 1 :], offset, asked)
    return f"CASE WHEN {asked} < TIMESTAMP '{_moment(at)}' THEN {before} ELSE {after} END"


def _moment(seconds: int) -> datetime:
    return _EPOCH + timedelta(seconds=seconds)


def _seconds(moment: datetime) -> int:
    return int((moment - _EPOCH).total_seconds())

"""By which time zone days begin: as it is set, or as the first file of call records that has one tells."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from engine import clock
from engine.errors import ConfigError
from engine.forms import parquetfile
from engine.logs import days

if TYPE_CHECKING:
    from engine.logs.recognise import Reading
    from engine.warehouse import Warehouse

_UTC = ("UTC", "Z", "ETC/UTC")
_NAME = re.compile(r"[0-9 \[]([A-Z][A-Za-z]+(?:/[A-Za-z0-9_+-]+)+)\]?$")


def due(store: Warehouse, setting: str) -> bool:
    """Whether days begin otherwise than `logs.time_zone` says, or that is still to be written."""
    return store.clock != (clock.UTC if setting == clock.AUTO else clock.of(setting))


def apply_setting(store: Warehouse, setting: str) -> str:
    """Let days begin by the time zone of the setting, and compute the sums per day anew.

    Args:
        store: the warehouse, open for writing.
        setting: `logs.time_zone`, a name.

    Returns:
        What followed, in words; empty where there were no call records.
    """
    before, wanted = store.clock.zone, clock.of(setting)
    if not days.move(store, wanted):
        return ""
    how = "as a newer time zone database has it" if before == wanted.zone else f"no longer by {before}"
    return (
        f"Days begin by {wanted.zone} now, {how}: sums per day were computed anew from the call records, and what "
        "stages made of them is stale until the next `kindred run`. Days of which a purge left only the sums, and "
        "files that came as sums, keep their days."
    )


def adopt_from_file(store: Warehouse, read: Reading, setting: str) -> str:
    """Let the days of a workspace begin by a file's time zone, if none was set, and none came before.

    Sums per day that are stored are computed anew. To be called inside the import's transaction, before anything of the
    file is stored.

    Args:
        store: the warehouse.
        read: how the file is read.
        setting: `logs.time_zone`.

    Returns:
        What was decided, in words; empty where nothing was.
    """
    if setting != clock.AUTO or store.clock != clock.UTC:
        return ""
    try:
        wanted = clock.of(of_file(read))
    except ConfigError:  # a name that only the database knows, AET say
        return ""
    if wanted == clock.UTC:
        return ""
    moved = days.move(store, wanted)
    anew = "; sums per day that were there are computed anew, what stages made of them at the next run" if moved else ""
    return f"days begin by {wanted.zone} from now on, as this file tells (logs.time_zone in kindred.toml){anew}"


def of_file(read: Reading) -> str:
    """The time zone of a file's times: its mapping's or `--timezone`, else its Parquet column's or the one that its
    first times all name; UTC where nothing says another.
    """
    if read.profile.timezone.upper() not in _UTC:
        return read.profile.timezone
    column, layout = read.found.get("started_at"), read.layout
    if read.profile.aggregated or column is None:
        return "UTC"
    if layout.packing == "parquet":
        with parquetfile.opened(layout.path) as file:
            own = getattr(file.schema_arrow.field(column).type, "tz", None)
        if own:
            return own
    place = layout.names.index(column)
    named = {_NAME.search(row[place].strip()) for row in layout.sample if len(row) > place and row[place].strip()}
    zones = {found and found[1] for found in named}
    return zones.pop() or "UTC" if len(zones) == 1 else "UTC"

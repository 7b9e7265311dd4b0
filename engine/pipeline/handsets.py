"""Stage `handsets`: which handsets customers had, and how loyal each manufacturer's customers are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.handsets import loyalty
from engine.trust import people

if TYPE_CHECKING:
    import polars as pl

    from engine.config import Config
    from engine.pipeline import Context
    from engine.warehouse import Warehouse

FOREVER = "9999-12-31"


def run(context: Context) -> None:
    """Write `handsets` and `loyalty` (METHODS section 4)."""
    store, settings = context.warehouse, context.config.offers
    store.temp("handset_days", "offers/handset_days")
    store.create(
        "handsets",
        "offers/spells",
        before=FOREVER,
        change_days=settings.change_days,
        change_events=settings.change_events,
    )
    store.write("loyalty", loyalty.table(store.read("handsets"), described(store, context.config)))


def described(store: Warehouse, config: Config) -> pl.DataFrame:
    """Table `customers` with the ages of the day after the last event, to which handsets are known (no events: today).

    Not of today: retention of what happened until then does not change because time goes on.
    """
    return people.aged(store, store.query("graph/as_of")["as_of"].item() or people.moment(config).date())

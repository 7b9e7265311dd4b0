"""Stage `handsets`: which handsets customers had, and how loyal each manufacturer's customers are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.handsets import loyalty
from engine.trust import ages

if TYPE_CHECKING:
    import polars as pl

    from engine.config import Config
    from engine.pipeline import Context
    from engine.warehouse import Warehouse

FOREVER = "9999-12-31"


def run(context: Context) -> None:
    """Write `handsets` and `loyalty` (METHODS section 4)."""
    store, config = context.warehouse, context.config
    store.temp("handset_days", "offers/handset_days")
    store.create(
        "handsets",
        "offers/spells",
        before=FOREVER,
        change_days=config.offers.change_days,
        change_events=config.offers.change_events,
    )
    store.write("loyalty", loyalty.table(store.read("handsets"), described(store, config)))


def described(store: Warehouse, config: Config) -> pl.DataFrame:
    """Table `customers` with the ages of the day after the last event, to which handsets are known (no events: today).

    Not of today: retention of what happened until then does not change because time goes on.
    """
    return ages.aged(store, store.query("graph/as_of")["as_of"].item() or ages.moment(config).date())

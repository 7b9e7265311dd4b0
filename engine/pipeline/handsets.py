"""Stage `handsets`: which handsets customers had, and how loyal each manufacturer's customers are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.handsets import loyalty, spells
from engine.trust import ages

if TYPE_CHECKING:
    import polars as pl

    from engine.config import Config
    from engine.pipeline import Context
    from engine.warehouse import Warehouse


def run(context: Context) -> None:
    """Write `handsets` and `loyalty` (METHODS section 4)."""
    store, config = context.warehouse, context.config
    store.temp("handset_days", "offers/handset_days")
    store.create("handsets", "offers/spells", **spells.rules(config, spells.FOREVER))
    store.write("loyalty", loyalty.table(store.read("handsets"), described(store, config)))


def described(store: Warehouse, config: Config) -> pl.DataFrame:
    """Table `customers` with the ages of the day after the last event, to which handsets are known (no events: today).

    Not of today: retention of what happened until then does not change because time goes on.
    """
    return ages.aged(store, store.query("graph/as_of")["as_of"].item() or ages.moment(config).date())

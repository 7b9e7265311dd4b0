"""Stage `handsets`: which handsets customers had, and how loyal each manufacturer's customers are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.offers import loyalty

if TYPE_CHECKING:
    from engine.pipeline import Context

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
    store.write("loyalty", loyalty.table(store.read("handsets"), store.read("customers")))

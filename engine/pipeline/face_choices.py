"""Stage `face_choices`: whose face each customer is shown, one row a customer, with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine import config
from engine.experiment import register
from engine.faces.decide import NOTHING, decide

if TYPE_CHECKING:
    import polars as pl

    from engine.pipeline import Context


def run(context: Context) -> None:
    """Write `face_choices`."""
    import polars as pl

    store, rules = context.warehouse, context.rules
    candidates = store.query("faces/open_arms", unknown_offers=rules.unknown_offers)
    candidates = candidates.filter(pl.col("arm").is_in(config.names(context.config.ads.arms)))
    people = store.query("faces/deciding", unknown_is_adult=rules.unknown_is_adult, unknown_offers=rules.unknown_offers)
    assigned = register.running(store, context.today).select("customer_id", "arm", "experiment_id", "propensity")
    chosen = decide(
        people,
        candidates,
        assigned,
        order=config.names(context.config.faces.order),
        best_arm=context.config.faces.best_arm,
    )
    store.write("face_choices", chosen)
    _say(context, chosen)


def _say(context: Context, chosen: pl.DataFrame) -> None:
    """How many customers get which face."""
    counts = dict(chosen["arm"].value_counts().iter_rows())
    shown = [f"{arm} {counts[arm]:,}" for arm in config.FACE_ARMS if arm in counts]
    if shown:
        context.say(f"whose face is shown: {', '.join(shown)}; nothing {counts.get(NOTHING, 0):,}.")

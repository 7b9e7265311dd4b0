"""Stage `face_choices`: whose face each customer is shown, one row a customer, with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine import config
from engine.experiment import assignment, register
from engine.faces.decide import NOTHING, decide
from engine.policy import explore, rounds, stored
from engine.trust import keys

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
        by_policy(context, candidates),
        order=config.names(context.config.faces.order),
        best_arm=context.config.faces.best_arm,
    )
    store.write("face_choices", chosen)
    _say(context, chosen)


def by_policy(context: Context, candidates: pl.DataFrame) -> pl.DataFrame | None:
    """What the newest learned policy shows to whom; None = there is none, or the settings leave it out.

    Who explores, and what, hangs on the workspace's key, the policy and the customer alone: the same in every run.

    Args:
        context: of the stage.
        candidates: customer_id, arm: what can be shown.

    Raises:
        ModelError: it was learned with another model of faces, or other versions of the libraries.
    """
    store = context.warehouse
    found = stored.newest(store) if context.config.faces.use_policy else None
    if found is None:
        return None
    policy = found.policy()
    stored.check_faces(policy, rounds.faces_model(store))
    known = rounds.traits(store, context.config.graph.definition, context.today)
    draw = assignment.drawing(store, known["customer_id"])
    key = keys.derived(context.workspace.key(), "explore").hex()
    drawn, pick = (draw(f"{key}:{policy.policy_id}:{what}") for what in ("who", "arm"))
    shown = explore.choices(policy, known, candidates, context.config.faces.explore, drawn, pick)
    _say_policy(context, policy.policy_id, shown)
    return shown


def _say_policy(context: Context, policy_id: str, shown: pl.DataFrame) -> None:
    """Which policy decides, and how many are drawn at random."""
    drawn = shown.filter(shown["reason"] == explore.EXPLORED).height
    context.say(
        f"policy {policy_id} says whose face is shown where no experiment does; {drawn:,} of {shown.height:,} "
        "customers are shown one at random (faces.explore), to learn from what they do."
    )


def _say(context: Context, chosen: pl.DataFrame) -> None:
    """How many customers get which face."""
    counts = dict(chosen["arm"].value_counts().iter_rows())
    shown = [f"{arm} {counts[arm]:,}" for arm in config.FACE_ARMS if arm in counts]
    if shown:
        context.say(f"whose face is shown: {', '.join(shown)}; nothing {counts.get(NOTHING, 0):,}.")

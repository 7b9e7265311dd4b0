"""Faces that a policy drew at random: recorded with what is known of their customers before a delivery is written."""

from __future__ import annotations

from datetime import datetime, time
from typing import TYPE_CHECKING

from engine.export import delivery, sending
from engine.policy import rounds

if TYPE_CHECKING:
    import polars as pl

    from engine.export.delivery import Plan
    from engine.warehouse import Warehouse
    from engine.workspace import Workspace


def note(workspace: Workspace, wanted: Plan) -> int:
    """Note whom a delivery shows what by a policy, and whom it shows nothing by one; returns how many are new.

    Whoever is in the policy's round already stays as first noted: a later delivery shows the same. Noted before it
    leaves: whoever is killed in between has noted too much, never too little.

    Args:
        workspace: an opened workspace.
        wanted: the plan of the delivery.
    """
    with workspace.warehouse(read_only=True) as store:
        shown = store.query("policy/shown")
        if not shown.height:
            return 0
        sent = shown.join(_reached(store, workspace, wanted), on="customer_id", how="semi")
        rows = sent.join(
            rounds.traits(store, workspace.config.graph.definition, wanted.day), on="customer_id", how="left"
        )
    at = datetime.combine(wanted.day, time())
    with workspace.writing("export delivery") as store, store.transaction():
        return sum(
            rounds.keep(store, name, part.with_columns(at=at))
            for (name,), part in rows.group_by("policy_id", maintain_order=True)
        )


def _reached(store: Warehouse, workspace: Workspace, wanted: Plan) -> pl.DataFrame:
    """customer_id of who gets a row of the delivery, or would if the policy did not show them nothing."""
    import polars as pl

    rows = delivery.sent(store, workspace, "delivery", wanted).rows
    none = store.query("policy/withheld", as_of=wanted.day)
    if wanted.offer is not None:
        none = none.filter(pl.col("offer_id") == wanted.offer)
    none = sending.allowed(store, workspace, none, wanted.day, wanted.listed).rows
    return pl.concat([part.select("customer_id") for part in (rows, none)])

"""Ads that were handed out: recorded before they leave; every later export lists those to call back (METHODS 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.trust import people

if TYPE_CHECKING:
    import polars as pl

    from engine.config import Config
    from engine.warehouse import Warehouse
    from engine.workspace import Workspace


def hand_out(workspace: Workspace) -> None:
    """Note the ads that are about to be exported.

    Noted before they leave: whoever is killed in between has noted too much, never too little. What may not be shown
    any more is none of the ads by now: opening the workspace took it out (`engine.trust.enforce`).
    """
    with workspace.warehouse(read_only=True) as store:
        new = store.query("export/new_deliveries")
    if new.height:
        with workspace.writing("export ads") as store, store.transaction():
            new = store.query("export/new_deliveries")
            store.execute("export/handed_again")
            store.append("deliveries", new)


def withdrawn(store: Warehouse, config: Config) -> pl.DataFrame:
    """Ads handed out earlier that are no longer valid.

    Returns:
        customer_id (null once erased), ad_id, arm, files (relative to the export) that no ad that stands uses, because:
        erased, opted_out, no_consent or replaced; by ad_id.
    """
    rules = people.rules(config, store)
    people.standing(store, rules)
    return store.query("export/gone", unknown_offers=rules.unknown_offers)

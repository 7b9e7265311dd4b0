"""What was handed out and may no longer be shown: asked before ads leave, listed in every export after (METHODS 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import WorkspaceError

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

    from engine.warehouse.duckdb import DuckDBWarehouse
    from engine.workspace import Workspace


def hand_out(workspace: Workspace) -> None:
    """Note the ads that are about to be exported, after asking for consent once more.

    Noted before they leave: whoever is killed in between has noted too much, never too little.

    Raises:
        WorkspaceError: an ad may no longer be shown (consent withdrawn or expired, opted out): nothing is exported.
    """
    from engine import pipeline

    today = pipeline.today(workspace.config)
    with workspace.warehouse(read_only=True) as store:
        forbidden = may_not_be_shown(store, today)
        new = store.query("export/new_deliveries")
    if forbidden.height:
        raise WorkspaceError(
            f"{forbidden.height} ads may not be shown any more: consent ended, or the person opted out.",
            fix="`kindred run` takes them out; then export again.",
        )
    if new.height:
        with workspace.writing("export ads") as store, store.transaction():
            store.append("deliveries", new)


def may_not_be_shown(store: DuckDBWarehouse, today: date) -> pl.DataFrame:
    """Rows of `ads` (ad_id, customer_id, arm, subject_id) that consents and opt-outs of today forbid."""
    from engine.pipeline.ads import consented

    shown = store.query("export/shown_subjects")
    allowed = consented(shown, store.read("consents"), today).filter("in_business")
    return shown.join(allowed, on="ad_id", how="anti")


def withdrawn(store: DuckDBWarehouse, today: date) -> pl.DataFrame:
    """Ads handed out earlier that are no longer valid.

    Returns:
        ad_id, arm, files (relative to the export), because: erased, opted_out, no_consent or replaced; by ad_id.
        An ad is named by its id only: whose it was is known to whoever sent it.
    """
    import polars as pl

    from engine.pipeline.ads import consented

    gone = store.query("export/gone")
    fine = consented(gone, store.read("consents"), today).select("ad_id", fine=pl.lit(True))
    because = (
        pl.when(pl.col("erased"))
        .then(pl.lit("erased"))
        .when(~pl.col("in_business"))
        .then(pl.lit("opted_out"))
        .when(pl.col("fine").is_null())
        .then(pl.lit("no_consent"))
        .otherwise(pl.lit("replaced"))
    )
    return (
        gone.join(fine, on="ad_id", how="left").select("ad_id", "arm", "files", because.alias("because")).sort("ad_id")
    )

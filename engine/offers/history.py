"""Past campaigns as training rows: who was offered what, against whom, and what came of it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


def campaign_dates(treatments: pl.DataFrame) -> pl.DataFrame:
    """customer_id, campaign_id, offer_id, sent_at, accepted and as_of: the day on which the campaign began, from which
    on nothing may be known of its customers.
    """
    import polars as pl

    began = pl.col("sent_at").min().over("campaign_id").dt.date()
    return treatments.with_columns(began.alias("as_of"))


def with_outcome(treatments: pl.DataFrame) -> pl.DataFrame:
    """The rows whose outcome was recorded: customer_id, campaign_id, as_of, offer_id, propensity, outcome (0 or 1).

    Args:
        treatments: see `campaign_dates`.
    """
    import polars as pl

    return treatments.filter(pl.col("accepted").is_not_null()).select(
        "customer_id",
        "campaign_id",
        "as_of",
        "offer_id",
        "propensity",
        pl.col("accepted").cast(pl.Int64).alias("outcome"),
    )


def training_rows(
    treatments: pl.DataFrame, offer_id: str, manufacturer: str | None, handsets: pl.DataFrame, *, outcome_days: int
) -> pl.DataFrame:
    """Rows for one offer against no offer, from the campaigns in which the offer was made.

    Args:
        treatments: see `campaign_dates`.
        offer_id: the offer.
        manufacturer: of the offered handset; None = no handset's.
        handsets: table `handsets`, all of it: it says what came after.
        outcome_days: where no row of a campaign says whether it was accepted, the outcome is a next handset of
            `manufacturer` begun within so many days after `sent_at`; rows whose span the
            log does not cover are dropped.

    Returns:
        customer_id, campaign_id, as_of, treatment (1 = this offer, 0 = none), outcome (0 or 1).
    """
    import polars as pl

    made = treatments.filter(pl.col("offer_id") == offer_id)["campaign_id"].unique().to_list()
    rows = treatments.filter(
        pl.col("campaign_id").is_in(made) & (pl.col("offer_id").is_null() | (pl.col("offer_id") == offer_id))
    ).with_columns(pl.col("offer_id").is_not_null().cast(pl.Int64).alias("treatment"))
    marked = rows.with_columns(pl.col("accepted").is_not_null().any().over("campaign_id").alias("recorded"))
    recorded = marked.filter(pl.col("recorded") & pl.col("accepted").is_not_null()).with_columns(
        pl.col("accepted").cast(pl.Int64).alias("outcome")
    )
    columns = ["customer_id", "campaign_id", "as_of", "treatment", "outcome"]
    unrecorded = marked.filter(~pl.col("recorded"))
    if manufacturer is None or not unrecorded.height or not handsets.height:
        return recorded.select(columns).sort("customer_id", "campaign_id")
    end = handsets["last_at"].max()
    span = timedelta(days=outcome_days)
    starts = handsets.filter((pl.col("spell") > 1) & (pl.col("manufacturer") == manufacturer)).select(
        "customer_id", "first_at"
    )
    sent = pl.col("sent_at").dt.date()
    hits = (
        unrecorded.join(starts, on="customer_id")
        .filter((pl.col("first_at") > sent) & (pl.col("first_at") <= sent + span))
        .select("customer_id", "campaign_id")
        .unique()
        .with_columns(pl.lit(1, dtype=pl.Int64).alias("outcome"))
    )
    derived = (
        unrecorded.filter(sent + span <= end)
        .join(hits, on=["customer_id", "campaign_id"], how="left")
        .with_columns(pl.col("outcome").fill_null(0))
    )
    return pl.concat([recorded.select(columns), derived.select(columns)]).sort("customer_id", "campaign_id")

"""Who gets which offer: eligibility, then the offer worth most after its cost, or none (METHODS section 5)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

ADULT = 18


def valid_offers(offers: pl.DataFrame, today: date) -> pl.DataFrame:
    """The offers that may be made on a day: `valid_from` and `valid_to` include it or are open."""
    import polars as pl

    return offers.filter(
        (pl.col("valid_from").is_null() | (pl.col("valid_from") <= today))
        & (pl.col("valid_to").is_null() | (pl.col("valid_to") >= today))
    )


def barred(people: pl.DataFrame, allowed: pl.DataFrame | None) -> pl.DataFrame:
    """Why a customer may get no offer at all.

    Args:
        people: customer_id, age, opted_out.
        allowed: customer_id of those who agreed to offers; None = no consents were imported, nobody is asked.

    Returns:
        customer_id, barred (plain words; null = may get offers), in the order of `people`. Who has no age on record
        counts as an adult.
    """
    import polars as pl

    reasons = [
        pl.when(pl.col("opted_out")).then(pl.lit("opted out")),
        pl.when(pl.col("age") < ADULT).then(pl.lit(f"under {ADULT}")),
    ]
    if allowed is not None:
        agreed = pl.col("customer_id").is_in(allowed["customer_id"].to_list())
        reasons.append(pl.when(~agreed).then(pl.lit("no consent to offers")))
    return people.select("customer_id", pl.coalesce(reasons).alias("barred"))


def choose(
    people: pl.DataFrame, uplift: pl.DataFrame, offers: pl.DataFrame, *, today: date, missing: Mapping[str, str]
) -> pl.DataFrame:
    """Table `choices`: argmax over the eligible offers of value x uplift - cost, or none when that is not above 0.

    Args:
        people: customer_id, age, barred (see `barred`).
        uplift: table `uplift`.
        offers: table `offers`.
        today: day on which the offers must be valid.
        missing: offer_id -> why it has no model.

    Returns:
        One row per customer of `people`, in order of customer_id; equal gains go to the smaller offer_id. Who has no
        age on record gets no offer with a minimum age.
    """
    import polars as pl

    live = valid_offers(offers, today).select("offer_id", "value", "cost", "min_age")
    old_enough = pl.col("min_age").is_null() | (pl.col("age") >= pl.col("min_age"))
    gains = (
        uplift.join(live, on="offer_id")
        .join(people.filter(pl.col("barred").is_null()).select("customer_id", "age"), on="customer_id")
        .filter(old_enough.fill_null(False))
        .with_columns((pl.col("value") * pl.col("uplift") - pl.col("cost")).alias("gain"))
        .sort("customer_id", "gain", "offer_id", descending=[False, True, False])
        .group_by("customer_id", maintain_order=True)
        .first()
        .select("customer_id", "offer_id", "uplift", "value", "cost", "gain")
    )
    nothing = _nothing(offers, live, uplift, missing)
    take = pl.col("gain") > 0
    points = (100 * pl.col("uplift")).round(1)
    offered = pl.format(
        "raises the chance of accepting by {} points: worth {} after a cost of {}",
        points,
        pl.col("gain").round(2),
        pl.col("cost").round(2),
    )
    refused = pl.format(
        "no offer is worth its cost: the best, {}, changes the chance by {} points, {} after its cost",
        pl.col("offer_id"),
        points,
        pl.col("gain").round(2),
    )
    return (
        people.sort("customer_id")
        .join(gains, on="customer_id", how="left")
        .select(
            "customer_id",
            pl.when(take).then(pl.col("offer_id")).alias("offer_id"),
            pl.when(take).then(pl.col("gain")).otherwise(0.0).alias("expected_value"),
            pl.when(pl.col("barred").is_not_null())
            .then(pl.col("barred"))
            .when(pl.col("gain").is_null())
            .then(pl.lit(nothing))
            .when(take)
            .then(offered)
            .otherwise(refused)
            .alias("reason"),
        )
    )


def _nothing(offers: pl.DataFrame, live: pl.DataFrame, uplift: pl.DataFrame, missing: Mapping[str, str]) -> str:
    """Why a customer who may get offers has none to weigh."""
    if not offers.height:
        return "there are no offers"
    if not live.height:
        return "no offer is valid on this day"
    if not set(live["offer_id"]) & set(uplift["offer_id"].unique()):
        parts = [f"{o}: {missing[o]}" for o in sorted(set(live["offer_id"]) & set(missing))]
        return f"no offer has a model ({'; '.join(parts)})" if parts else "no offer has a model"
    return "no offer is open to this customer's age"

"""What is known of customers on a day, from before that day only: the columns uplift models read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from engine.segments import UNKNOWN

if TYPE_CHECKING:
    import polars as pl

RECENT_DAYS = 30


def handset_features(handsets: pl.DataFrame, devices: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Each customer's handset on a day.

    Args:
        handsets: spells made of days before `as_of`.
        devices: table `devices`.
        as_of: the day.

    Returns:
        customer_id, manufacturer, handset_days (since the spell began), past_changes, model_age_days (since its
        release; null where not known).
    """
    import polars as pl

    released = devices.select("tac", "released")
    return (
        handsets.sort("customer_id", "spell")
        .group_by("customer_id", maintain_order=True)
        .last()
        .join(released, on="tac", how="left", maintain_order="left")
        .select(
            "customer_id",
            "manufacturer",
            (pl.lit(as_of) - pl.col("first_at")).dt.total_days().alias("handset_days"),
            (pl.col("spell") - 1).alias("past_changes"),
            (pl.lit(as_of) - pl.col("released")).dt.total_days().alias("model_age_days"),
        )
    )


def contact_features(
    ties: pl.DataFrame, parties: pl.DataFrame, owned: pl.DataFrame, makers: Sequence[str]
) -> pl.DataFrame:
    """What a customer's contacts carry.

    Args:
        ties: a, b, weight of the ties that count.
        parties: node, party_id, is_customer.
        owned: customer_id, manufacturer: handsets on that day.
        makers: manufacturers with a column of their own.

    Returns:
        customer_id, contacts_<manufacturer> for each of `makers` (tie weight of the contacts who carry it over that of
        the contacts whose handset is known) and contacts_own_make (the same for the customer's own manufacturer).
    """
    import polars as pl

    both = pl.concat(
        [
            ties.select(pl.col("a").alias("node"), pl.col("b").alias("other"), "weight"),
            ties.select(pl.col("b").alias("node"), pl.col("a").alias("other"), "weight"),
        ]
    )
    carried = (
        parties.select("node", "party_id")
        .join(owned.rename({"customer_id": "party_id"}), on="party_id")
        .filter(pl.col("manufacturer") != UNKNOWN)
    )
    mine = parties.filter(pl.col("is_customer")).select("node", customer_id="party_id")
    pairs = (
        both.join(carried.select(other="node", theirs="manufacturer"), on="other")
        .join(mine, on="node")
        .join(owned.select("customer_id", own="manufacturer"), on="customer_id", how="left")
    )
    total = pl.col("weight").sum()
    shares = [
        (pl.when(pl.col("theirs") == maker).then(pl.col("weight")).sum() / total).alias(f"contacts_{maker.lower()}")
        for maker in makers
    ]
    same = pl.when(pl.col("theirs") == pl.col("own")).then(pl.col("weight")).sum() / total
    # Sums of floating numbers depend on the order of rows: it is fixed, and the shares are rounded.
    frame = pairs.sort("customer_id", "other").group_by("customer_id", maintain_order=True)
    return frame.agg(*shares, same.alias("contacts_own_make")).with_columns(pl.exclude("customer_id").round(9))


def exposure_features(ties: pl.DataFrame, parties: pl.DataFrame, acted: pl.DataFrame) -> pl.DataFrame:
    """How far a customer's contacts did something lately.

    Args:
        ties: a, b, weight of the ties that count.
        parties: node, party_id, is_customer.
        acted: party_id of who did, each once or more often.

    Returns:
        customer_id, contacts_acted: tie weight of the contacts who did over that of all of them.
    """
    import polars as pl

    known = parties.select(
        "node", "party_id", "is_customer", acted=pl.col("party_id").is_in(acted["party_id"].implode())
    )
    both = pl.concat(
        [ties.select(node="a", other="b", weight="weight"), ties.select(node="b", other="a", weight="weight")]
    )
    mine = known.filter(pl.col("is_customer")).select("node", customer_id="party_id")
    pairs = both.join(known.select(other="node", acted="acted"), on="other").join(mine, on="node")
    share = (pl.col("weight") * pl.col("acted")).sum() / pl.col("weight").sum()
    # As in `contact_features`: the order of rows is fixed, and the shares are rounded.
    frame = pairs.sort("customer_id", "other").group_by("customer_id", maintain_order=True)
    return frame.agg(contacts_acted=share.round(9))


def influencer_features(influencers: pl.DataFrame, handsets: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """The influencer's handset.

    Args:
        influencers: customer_id, contact_id: each customer's top contact on that day.
        handsets: spells made of days before `as_of`.
        as_of: the day.

    Returns:
        customer_id, influencer_manufacturer, influencer_changed (1 when the last change lies within `RECENT_DAYS`, 0
        when not; null when no handset of theirs is known).
    """
    import polars as pl

    last = handsets.sort("customer_id", "spell").group_by("customer_id", maintain_order=True).last()
    recent = (pl.col("spell") > 1) & ((pl.lit(as_of) - pl.col("first_at")).dt.total_days() <= RECENT_DAYS)
    theirs = last.select(
        contact_id="customer_id",
        influencer_manufacturer="manufacturer",
        influencer_changed=recent.cast(pl.Int64),
    )
    return influencers.join(theirs, on="contact_id", how="left", maintain_order="left").drop("contact_id")


def assemble(
    people: pl.DataFrame,
    as_of: date,
    *,
    customers: pl.DataFrame,
    handset: pl.DataFrame,
    usage: pl.DataFrame,
    graph: pl.DataFrame,
    contacts: pl.DataFrame,
    influencer: pl.DataFrame,
) -> pl.DataFrame:
    """Rows of table `features`: everything above side by side.

    Args:
        people: customer_id of whom to describe.
        as_of: the day.
        customers: table `customers`, with any further columns.
        handset: see `handset_features`.
        usage: rows of sql/offers/usage.sql.
        graph: customer_id and centralities.
        contacts: see `contact_features`.
        influencer: see `influencer_features`.

    Returns:
        One row per customer of `people`, sorted. Text stays text, numbers become float64; no traffic is 0, not missing.
    """
    import polars as pl

    frame = people.select("customer_id").unique().sort("customer_id").with_columns(pl.lit(as_of).alias("as_of"))
    for part in (customers, handset, usage, graph, contacts, influencer):
        clash = [c for c in part.columns if c in frame.columns and c != "customer_id"]
        frame = frame.join(part.drop(clash), on="customer_id", how="left", maintain_order="left")
    counts = [c for c in (*usage.columns, *graph.columns) if c != "customer_id"]
    numbers = [c for c, kind in frame.schema.items() if kind.is_numeric() or kind == pl.Boolean or c in counts]
    return frame.with_columns(pl.col(numbers).cast(pl.Float64)).with_columns(pl.col(counts).fill_null(0.0))

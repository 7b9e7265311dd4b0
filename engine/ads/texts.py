"""The offers' texts of ads, with their placeholders filled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.ads import words

if TYPE_CHECKING:
    import polars as pl

    from engine.warehouse import Warehouse

TEXTS = ("headline", "body", "call_to_action")


def with_texts(store: Warehouse, frame: pl.DataFrame) -> pl.DataFrame:
    """Add the offers' texts (headline, body, call_to_action) with their placeholders filled.

    Args:
        store: the workspace's database.
        frame: customer_id, offer_id and more.

    Returns:
        The frame in its order. A placeholder may be `model` or `manufacturer` of the offer, or a column of `customers`.

    Raises:
        EngineError: a placeholder that is neither, or without a value and a default; names the offer.
    """
    import polars as pl

    offers = store.read("offers").select("offer_id", "model", "manufacturer", *TEXTS)
    named = words.places(*(text for column in TEXTS for text in offers[column]))
    customers = store.read("customers")
    known = [c for c in customers.columns if c != "customer_id"]
    personal = [c for c in known if c in named]
    keys = ["offer_id", *personal]
    found = frame.join(customers.select("customer_id", *personal), on="customer_id", how="left", maintain_order="left")
    distinct = found.select(keys).unique().sort(keys).join(offers, on="offer_id", maintain_order="left")
    filled = [
        {
            name: words.fill(row[name], {**dict.fromkeys(known), **row}, owner=f"offer {row['offer_id']}")
            for name in TEXTS
        }
        for row in distinct.iter_rows(named=True)
    ]
    texts = pl.concat(
        [distinct.select(keys), pl.DataFrame(filled, schema=dict.fromkeys(TEXTS, pl.String))], how="horizontal"
    )
    return found.join(texts, on=keys, nulls_equal=True, maintain_order="left").drop(personal)

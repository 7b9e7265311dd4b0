"""What is known of customers when an arm is drawn for them; stored then, because it cannot be computed later."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import TYPE_CHECKING

from engine.tables import TABLES
from engine.trust import ages

if TYPE_CHECKING:
    import polars as pl

    from engine.warehouse import Warehouse

# What a policy may decide by.
FEATURES = (
    "rank", "tie_share", "contact_centrality", "own_similarity", "own_same_person", "contact_similarity",
    "contact_same_person", "age", "manufacturer", "offered_before", "accepted_before", "offer_id",
)  # fmt: skip


def traits(store: Warehouse, definition: str, day: date) -> pl.DataFrame:
    """What is known of every customer before a day: customer_id, subject_id, `FEATURES`; leaves `_ages_then`.

    Args:
        store: the workspace's database.
        definition: of the influential contact.
        day: of drawing.
    """
    ages.ages(store, day)
    return store.query("policy/traits", definition=definition, until=datetime.combine(day, time()))


def faces_model(store: Warehouse) -> str:
    """The model of faces that measured the likeness that stands in `matches`; empty where none did."""
    found = store.query("policy/faces_model")["model_id"]
    return found[0] if len(found) else ""


def keep(store: Warehouse, name: str, rows: pl.DataFrame) -> int:
    """Keep customers of a round, those already in it as they are; returns how many came.

    Args:
        store: the database, inside a transaction.
        name: of the round.
        rows: customer_id, at, columns of `traits`, and arm, propensity, arms where it was handed out.
    """
    import polars as pl

    there = store.query("policy/round", round=name).select("customer_id")
    new = rows.join(there, on="customer_id", how="anti").with_columns(
        pl.lit(name).alias("round"), pl.lit(faces_model(store)).alias("faces_model")
    )
    return store.append("rounds", new.select(column for column in TABLES["rounds"].names if column in new.columns))

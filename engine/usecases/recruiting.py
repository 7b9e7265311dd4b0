"""`kindred influencers recruit`: whom to ask for a photo and consent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine import runner
from engine.errors import InputError
from engine.pipeline import matches, prepared
from engine.progress import SILENT, Progress

if TYPE_CHECKING:
    import polars as pl

    from engine.workspace import Workspace

BY = ("customers", "value")


@dataclass(frozen=True)
class Recruiting:
    """Whom to ask.

    Args:
        people: place, person_id, customers and value they add, both so far.
        shown: customers with an offer who can be shown an influencer's face now.
        customers: customers with an offer.
        of_best: at least this share of what the best choice of as many people could add.
    """

    people: pl.DataFrame
    shown: int
    customers: int
    of_best: float


def recruit(workspace: Workspace, *, people: int, by: str = BY[0], progress: Progress = SILENT) -> Recruiting:
    """The people who, if they gave a photo and consent, would lend a face to the most customers.

    Of a customer's contacts those count whose face may be shown (`faces.influencer_ranks`, `faces.influencer_share`).
    Asked can be customers who are adults and have not opted out.

    Args:
        workspace: an opened workspace.
        people: most people to ask.
        by: customers, or value: the expected value of their offers.
        progress: where bars are drawn.

    Raises:
        InputError: no such `by`.
    """
    import numpy as np
    import polars as pl

    from engine.graph.recruit import recruit as choose

    if by not in BY:
        raise InputError(f"--by {by}: there is no such choice.", fix=f"Choose {' or '.join(BY)}.")
    runner.run(workspace, until="matches", progress=progress)
    with workspace.warehouse(read_only=True) as store:
        matches.lenders(prepared(workspace, store, progress))
        pairs = store.query("graph/recruits")
        now = store.query("graph/lent")
    names, person = np.unique(pairs["contact_id"].to_numpy(), return_inverse=True)
    value = pairs.unique("customer_id").sort("customer_id")["value"].to_numpy()
    customer = np.unique(pairs["customer_id"].to_numpy(), return_inverse=True)[1]
    weight = value if by == "value" else np.ones(len(value))
    found = choose(person, customer, weight, people=people)
    rows = pl.DataFrame(
        {"place": np.arange(1, len(found.person) + 1), "person_id": names[found.person], "customers": found.customers,
         "value": found.value if by == "value" else None},
        schema={"place": pl.Int64, "person_id": pl.String, "customers": pl.Int64, "value": pl.Float64},
    )  # fmt: skip
    rows = rows.with_columns(customers_so_far=pl.col("customers").cum_sum(), value_so_far=pl.col("value").cum_sum())
    gained = float(found.value.sum())
    return Recruiting(
        rows.select("place", "person_id", "customers", "customers_so_far", "value", "value_so_far"),
        int(now["shown"][0]),
        int(now["customers"][0]),
        gained / found.bound if found.bound else 1.0,
    )

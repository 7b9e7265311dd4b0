"""Turns imported exposures and outcomes into one number per assigned customer; odd rows are counted by rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from engine.errors import InputError

if TYPE_CHECKING:
    import polars as pl

RULES = (
    "duplicate",
    "unknown_customer",
    "before_assignment",
    "after_horizon",
    "before_exposure",
    "other_arm",
    "two_arms",
)


class Tidied(NamedTuple):
    """One number per customer.

    Args:
        customers: customer_id, arm, cluster_id, exposed (whether any ad was seen), value: every assigned customer.
        counts: rows per rule in `RULES`, for `two_arms` customers who saw ads of several arms; the last three are
            counted only, their rows stay.
    """

    customers: pl.DataFrame
    counts: dict[str, int]


def tidy(
    assignments: pl.DataFrame, exposures: pl.DataFrame, outcomes: pl.DataFrame, *, horizon_days: int, kind: str = "any"
) -> Tidied:
    """Reduce events to one number per assigned customer: intention to treat, exposed or not.

    Args:
        assignments: customer_id, arm, assigned_at, cluster_id?.
        exposures: customer_id, at, arm? (the arm shown); may be empty.
        outcomes: customer_id, at, value.
        horizon_days: outcomes count from assigned_at until so many days later.
        kind: any = 1 if a counted row has a value above 0; count = their number; sum = of their values.

    Raises:
        InputError: no outcome is of an assigned customer, or a value is missing or infinite.
    """
    import polars as pl

    bad = outcomes.with_row_index("row").filter(~pl.col("value").cast(pl.Float64).is_finite().fill_null(False))
    if bad.height:
        raise InputError(f"{bad.height} values are missing or not finite.", row=int(bad["row"][0]) + 1, column="value",
                         fix="Fill or drop them.")  # fmt: skip
    counts = dict.fromkeys(RULES, 0)
    single = outcomes.unique(maintain_order=True)
    counts["duplicate"] = outcomes.height - single.height + exposures.height - exposures.unique().height
    people = assignments.select("customer_id", "arm", "assigned_at", *_cluster(assignments))
    known = single.join(people, on="customer_id")
    counts["unknown_customer"] = single.height - known.height
    if outcomes.height and not known.height:
        raise InputError("no outcome belongs to a customer of this experiment.", fix="Check that this is its file.")
    early = pl.col("at") < pl.col("assigned_at")
    late = pl.col("at") >= pl.col("assigned_at") + pl.duration(days=horizon_days)
    counts["before_assignment"], counts["after_horizon"] = known.filter(early).height, known.filter(late).height
    counted = known.filter(~early & ~late)
    seen = exposures.unique().join(people.select("customer_id", assigned=pl.col("arm")), on="customer_id")
    counts["unknown_customer"] += exposures.unique().height - seen.height
    first = seen.group_by("customer_id").agg(first=pl.col("at").min())
    counts["before_exposure"] = counted.join(first, on="customer_id").filter(pl.col("at") < pl.col("first")).height
    if "arm" in exposures.columns:
        counts["other_arm"] = seen.filter(pl.col("arm") != pl.col("assigned")).height
        counts["two_arms"] = seen.group_by("customer_id").agg(pl.col("arm").drop_nulls().n_unique()).filter(
            pl.col("arm") > 1
        ).height  # fmt: skip
    reduce = {
        "any": (pl.col("value") > 0).any().cast(pl.Float64),
        "count": pl.len().cast(pl.Float64),
        "sum": pl.col("value").cast(pl.Float64).sum(),
    }[kind]
    totals = counted.sort("customer_id", "at", "value").group_by("customer_id", maintain_order=True).agg(value=reduce)
    table = people.join(totals, on="customer_id", how="left").join(first, on="customer_id", how="left")
    table = table.select(
        "customer_id",
        "arm",
        *_cluster(people),
        exposed=pl.col("first").is_not_null(),
        value=pl.col("value").fill_null(0.0),
    )
    return Tidied(table.sort("customer_id"), counts)


def _cluster(frame: pl.DataFrame) -> list[str]:
    return ["cluster_id"] if "cluster_id" in frame.columns else []

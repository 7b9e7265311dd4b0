"""Whose face each customer is shown: decided once, by the first who has a say and whose arm can be shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

NOTHING = "no_ad"
_KEY = ["customer_id", "arm"]
_BY = ("reason", "propensity", "experiment_id", "policy_id", "arms")


def decide(
    people: pl.DataFrame,
    candidates: pl.DataFrame,
    assigned: pl.DataFrame,
    policy: pl.DataFrame | None = None,
    *,
    order: Sequence[str],
    best_arm: str = "",
) -> pl.DataFrame:
    """One row per customer: the arm of a running experiment, else the policy's, else the best one known, else by order.

    Whoever takes part in an experiment is shown its arm or nothing: another arm would spoil the comparison. Any other
    arm that cannot be shown gives way to the next that can.

    Args:
        people: customer_id, reason (why nothing is shown; null = an arm is looked for); one row each.
        candidates: customer_id, arm, subject_id, rank, photo_id: every arm that can be shown to a customer.
        assigned: customer_id, arm, experiment_id, propensity of the experiments that run; at most one row each.
        policy: customer_id, arm, propensity, reason, policy_id, arms, at most one row each; None = there is none.
        order: arms, the preferred one first.
        best_arm: comes before them; "" = none is known.

    Returns:
        A frame of contract table `face_choices`, one row per row of `people`, by customer.
    """
    import polars as pl

    ranked = [best_arm, *order]
    turn = pl.col("arm").replace_strict({arm: n for n, arm in reversed(list(enumerate(ranked)))}, default=None)
    preferred = candidates.select(_KEY).with_columns(turn=turn.cast(pl.Int32) + 2).drop_nulls("turn")
    why = {2: "best_arm", 3: "preferred"}
    preferred = preferred.with_columns(reason=pl.col("turn").replace_strict(why, default="fallback"))
    said = [assigned.with_columns(turn=pl.lit(0, pl.Int32), reason=pl.lit("assigned")), preferred]
    if policy is not None:
        can = policy.join(candidates.select(_KEY).with_columns(can=True), on=_KEY, how="left")
        can = can.filter(pl.col("can").fill_null(pl.col("arm") == NOTHING)).drop("can")
        said.append(can.with_columns(turn=pl.lit(1, pl.Int32)))
    first = pl.concat(said, how="diagonal").sort("customer_id", "turn").unique("customer_id", keep="first")
    absent = {"policy_id": pl.String, "arms": pl.Int64}
    missing = [pl.lit(None, kind).alias(name) for name, kind in absent.items() if name not in first.columns]
    first = first.with_columns(missing).select(*_KEY, pl.col(_BY).name.prefix("by_"))
    rows = people.join(first, on="customer_id", how="left").join(
        candidates.with_columns(shown=pl.lit(True)), on=_KEY, how="left"
    )
    chosen = pl.col("reason").is_null() & (pl.col("shown") | (pl.col("arm") == NOTHING)).fill_null(False)
    unshown = pl.when(pl.col("arm").is_null()).then(pl.lit("nothing_to_show")).otherwise(pl.lit("not_showable"))
    return rows.select(
        "customer_id",
        pl.when(chosen).then("arm").otherwise(pl.lit(NOTHING)).alias("arm"),
        *(pl.when(chosen).then(name).alias(name) for name in ("subject_id", "rank", "photo_id")),
        pl.coalesce("reason", pl.when(chosen).then("by_reason").otherwise(unshown)).alias("reason"),
        pl.when(chosen).then("by_propensity").alias("propensity"),
        pl.col("by_experiment_id").alias("experiment_id"),
        *(pl.when(chosen).then(f"by_{name}").alias(name) for name in ("policy_id", "arms")),
    ).sort("customer_id")

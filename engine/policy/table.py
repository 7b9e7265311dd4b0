"""A policy of faces from a plain table, without a workspace: one row per customer shown an arm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from engine.errors import InputError
from engine.policy import learn
from engine.policy.rows import KEYS, Plan

if TYPE_CHECKING:
    import polars as pl


class Columns(NamedTuple):
    """Which columns of a table mean what.

    Args:
        arm: what was shown.
        outcome: number or truth.
        propensity: chance by which this row got its arm.
        customer: whose row it is; None = each row is another customer.
        cluster: what was drawn together; None = customers were.
        source: round or experiment a row comes from; None = all are of one.
    """

    arm: str
    outcome: str
    propensity: str
    customer: str | None = None
    cluster: str | None = None
    source: str | None = None


def evaluate(frame: pl.DataFrame, columns: Columns, plan: Plan, *, exclude: Sequence[str] = ()) -> learn.Learned:
    """Learn a policy from a table and judge it on rows held out.

    Args:
        frame: the table; every column that is not named is a feature, known before the arm was shown.
        columns: which mean what.
        plan: costs, folds, level, seed.
        exclude: columns that are no features.

    Raises:
        InputError: no such column, an arm with a cost that was never shown, or see `engine.policy.learn.train`.
    """
    import polars as pl

    named = {name: column for name, column in columns._asdict().items() if column is not None}
    for column in (*named.values(), *exclude):
        if column not in frame.columns:
            raise InputError(f"there is no column {column!r}.", fix=f"The columns are {', '.join(frame.columns)}.")
    number = frame.with_row_index("__row").select(pl.col("__row").cast(pl.String)).to_series()
    ours = {"customer": "customer_id", "cluster": "cluster_id"}
    keys = [frame[column].alias(ours.get(name, name)) for name, column in named.items()]
    if columns.customer is None:
        keys.append(number.alias("customer_id"))
    known = frame.drop(*named.values(), *exclude, strict=False)
    known = known.rename({name: f"{name} (column)" for name in KEYS if name in known.columns})
    rows = known.with_columns(keys).with_columns(pl.col("arm").cast(pl.String))
    if lost := rows["arm"].null_count():
        raise InputError(f"{lost} rows have no arm.", column=columns.arm, fix="Leave them out or name their arm.")
    arms = rows["arm"].unique().sort().to_list()
    if strange := sorted(set(plan.costs) - set(arms)):
        raise InputError(f"no row was shown {strange[0]!r}, which has a cost.", fix=f"The arms are {', '.join(arms)}.")
    return learn.train(rows, arms, plan)

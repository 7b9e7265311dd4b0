"""The experiments of a workspace: their plans, who takes part in which since when, and whether it has begun."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from engine.errors import InputError
from engine.experiment import plan as plans
from engine.experiment.plan import Plan

if TYPE_CHECKING:
    import polars as pl

    from engine.warehouse import Warehouse


def plan_of(store: Warehouse, name: str) -> Plan:
    """The newest plan of an experiment.

    Raises:
        InputError: there is none, or it is not what was designed.
    """
    versions = store.query("experiment/plans", experiment_id=name)
    if not versions.height:
        raise InputError(f"there is no experiment {name!r}.", fix=f"Make it: `kindred experiment design {name}`.")
    if plans.hashed(versions["plan"][0]) != versions["hash"][0]:
        raise InputError(f"the plan of {name!r} was changed by hand.", fix="Design a new version instead.")
    return plans.read(versions["plan"][0])


def running(store: Warehouse, day: date, *, besides: str | None = None) -> pl.DataFrame:
    """Who is in an experiment on a day: from the day of assignment until the horizon is over.

    Args:
        store: the workspace's database.
        day: the day that counts.
        besides: an experiment to leave out.

    Returns:
        customer_id, experiment_id, arm, assigned_at, version, propensity (the arm's share): one row per customer.
        `assign` takes nobody into a second experiment; where a horizon was made longer and two overlap, the earlier
        assignment holds.

    Raises:
        InputError: a running experiment was planned anew and not assigned since.
    """
    import polars as pl

    end = datetime.combine(day, time())
    found = []
    for name, text in store.query("experiment/experiments").select("experiment_id", "plan").iter_rows():
        plan = plans.read(text)
        after = end - timedelta(days=plan.horizon_days)
        people = store.query("experiment/assigned_between", experiment_id=name, after=after, until=end)
        if name != besides and people.height:
            check_drawn(store, name, plan, people)
            share = pl.col("arm").replace_strict(plan.arms, default=None, return_dtype=pl.Float64)
            found.append(people.with_columns(propensity=share))
    if not found:
        nobody = store.query("experiment/assigned_between", experiment_id="", after=end, until=end)
        return nobody.with_columns(propensity=pl.lit(None, pl.Float64))
    everybody = pl.concat(found).sort("customer_id", "assigned_at", "experiment_id")
    return everybody.unique("customer_id", keep="first", maintain_order=True)


def drawn_alike(store: Warehouse, name: str, plan: Plan, assigned: pl.DataFrame) -> bool:
    """Whether every stored assignment was drawn as the plan now says."""
    versions = store.query("experiment/plans", experiment_id=name)
    texts = dict(versions.select("version", "plan").iter_rows())
    return all(plans.read(texts[v]).draw() == plan.draw() for v in assigned["version"].unique())


def check_drawn(store: Warehouse, name: str, plan: Plan, assigned: pl.DataFrame) -> None:
    """Raise InputError unless every stored assignment was drawn as the plan now says."""
    if not drawn_alike(store, name, plan, assigned):
        raise InputError(f"the assignments of {name!r} are not those of the plan.",
                         fix=f"Run `kindred experiment assign {name}`.")  # fmt: skip


def write_plan(store: Warehouse, plan: Plan) -> None:
    """Add a plan's version to table `plans`."""
    import polars as pl

    line = {"experiment_id": plan.experiment_id, "version": plan.version, "plan": plan.text(), "hash": plan.hash()}
    store.append("plans", pl.DataFrame([line]))


def begun(store: Warehouse, name: str) -> bool:
    """Whether anything came back from the field."""
    exposed = store.query("experiment/exposures", experiment_id=name).height
    return bool(exposed or store.query("experiment/metrics", experiment_id=name).height)

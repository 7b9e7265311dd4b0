"""Experiments on a workspace before they run: plans, eligibility, assignment, power (METHODS section 7).

The statistics are `engine.experiment`'s; here is what they are fed from and where the answers are kept.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, NamedTuple

from engine import config
from engine.errors import InputError
from engine.experiment import plan as plans
from engine.experiment import register
from engine.experiment.eligibility import FACES, NO_AD, WITHOUT_FACE, Eligible, eligible
from engine.experiment.plan import Plan
from engine.trust import ages
from engine.trust import people as people_rules
from engine.usecases import policy_rows

if TYPE_CHECKING:
    import polars as pl

    from engine.experiment.balance import Drawn
    from engine.experiment.clusters import Partition
    from engine.warehouse import Warehouse
    from engine.workspace import Workspace

CLUSTERS_PER_ARM = 15  # wanted in the smallest arm, where the graph has as many


class Assigned(NamedTuple):
    """What `assign` did.

    Args:
        plan: under which.
        funnel: customers left after every condition.
        arms: customers per arm, all of them.
        kept: customers who had an arm before.
        added: customers who got one now.
        curve: per resolution: clusters, largest, cut share, chosen; empty for unit customer or a frozen map.
        drawn: the draw that re-randomisation chose now; None where the first one counts.
    """

    plan: Plan
    funnel: list[dict[str, object]]
    arms: dict[str, int]
    kept: int
    added: int
    curve: list[dict[str, object]]
    drawn: Drawn | None


def design(workspace: Workspace, name: str, **fields: Any) -> tuple[Plan, bool]:
    """Write a plan, or its next version.

    Args:
        workspace: an opened workspace.
        name: of the experiment.
        fields: of `engine.experiment.plan.Plan`; None = not said.

    Returns:
        The plan, and whether it is new; the same fields again change nothing.

    Raises:
        InputError: a field is out of range, an arm is none this engine can show, or people would be drawn anew
            though somebody has seen an ad or an outcome came in.
    """
    with workspace.writing("experiment design") as store:
        versions = store.query("experiment/plans", experiment_id=name)
        previous = plans.read(versions["plan"][0]) if versions.height else None
        plan = plans.design(name, previous, **fields)
        unknown = [arm for arm in plan.arms if arm not in (*FACES, *WITHOUT_FACE)]
        if unknown:
            raise InputError(
                f"there is no arm {', '.join(unknown)}.", fix=f"The arms are {', '.join((*FACES, *WITHOUT_FACE))}."
            )
        rendered = config.names(workspace.config.ads.arms)
        unseen = [arm for arm in plan.arms if arm != NO_AD and arm not in rendered]
        if unseen:
            raise InputError(f"no ads are rendered for {', '.join(unseen)}.",
                             fix="Add that to `ads.arms` in kindred.toml, then `kindred run`.")  # fmt: skip
        if plan is previous:
            return plan, False
        if previous is not None and plan.draw() != previous.draw() and register.begun(store, name):
            raise InputError(
                f"experiment {name!r} has begun: arms, unit, salt, clusters, eligibility and balance stay as they are.",
                fix="Design a new experiment under another name.",
            )
        register.write_plan(store, plan)
    return plan, True


def assign(workspace: Workspace, name: str) -> Assigned:
    """Give every eligible customer an arm, written to `assignments`; whoever has one keeps it.

    Where the plan balances strata, the first assignment chooses among many draws and writes the chosen salt down as
    the plan's next version, so that later customers are drawn with it too.

    Args:
        workspace: an opened workspace, its matches computed.
        name: of the experiment.

    Returns:
        Funnel, arms and, where clusters are made, the curve of cut share against their number.

    Raises:
        InputError: no plan, no matches, nobody is eligible, or too few clusters.
    """
    import polars as pl

    from engine.experiment import assignment, balance

    with workspace.writing("experiment assign") as store:
        plan = register.plan_of(store, name)
        found = population(workspace, store, plan)
        before = store.query("experiment/assigned", experiment_id=name)
        redrawn = before.height > 0 and not register.drawn_alike(store, name, plan, before)
        if redrawn:  # `design` made sure that nobody has seen anything
            before = before.clear()
        new = found.customers.filter(~found.customers.is_in(before["customer_id"].implode()))
        if not before.height and not len(new):
            raise InputError("nobody is eligible for all arms.", fix="See why: `kindred experiment power`.")
        frame = pl.DataFrame({"customer_id": new})
        curve: list[dict[str, object]] = []
        if plan.unit == "cluster":
            frame, curve = _clustered(store, plan, before, new)
        draw = assignment.drawing(store, frame["cluster_id" if plan.unit == "cluster" else "customer_id"])
        drawn = None
        if plan.balance and not before.height:
            known = strata(workspace, store, frame, plan.balance, ages.moment(workspace.config).date())
            drawn = balance.choose(draw, known, plan.arms, plan.salt)
            plan = dataclasses.replace(plan, version=plan.version + 1, salt=drawn.salt)
        frame = frame.with_columns(
            experiment_id=pl.lit(name),
            version=plan.version,
            arm=assignment.assign(draw(plan.salt), plan.arms),
            assigned_at=pl.lit(datetime.combine(ages.moment(workspace.config).date(), time())),
            eligible_because=pl.lit(found.because),
        )
        with store.transaction():
            if redrawn:
                store.execute("experiment/forget_assignments", experiment_id=name)
            if drawn is not None:
                register.write_plan(store, plan)
            store.append("assignments", frame)
            policy_rows.keep_known(workspace, store, name, frame, anew=redrawn)
        everybody = pl.concat([before["arm"], frame["arm"]])
    arms = dict.fromkeys(plan.arms, 0) | dict(everybody.value_counts().sort("arm").iter_rows())
    return Assigned(plan, found.funnel, arms, before.height, frame.height, curve, drawn)


def strata(
    workspace: Workspace, store: Warehouse, people: pl.DataFrame, names: Sequence[str], day: date
) -> pl.DataFrame:
    """The segment of some people by each of `plan.STRATA` or columns of customers, numbers as equal groups of them.

    Args:
        workspace: whose definition of influence counts.
        store: its database.
        people: customer_id and anything else.
        names: which.
        day: of the first assignment, of which ages are.
    """
    import polars as pl

    from engine.experiment import segments

    ages.ages(store, day)
    known = store.query("experiment/segments", definition=workspace.config.graph.definition)
    if further := [name for name in names if name not in plans.STRATA]:
        known = known.join(store.read("customers", ["customer_id", *further]), on="customer_id", how="left")
    joined = people.select("customer_id").join(known, on="customer_id", how="left", maintain_order="left")
    return pl.DataFrame([segments.labels(joined, name) for name in names])


def population(workspace: Workspace, store: Warehouse, plan: Plan) -> Eligible:
    """Who is eligible for all arms of a plan today, and where the others fall out.

    Raises:
        InputError: the matches were never computed.
    """
    import polars as pl

    if not store.count("matches") and any(arm in FACES for arm in plan.arms):
        raise InputError("this workspace has no matches yet.", fix="Run `kindred run` first.")
    rules = people_rules.rules(workspace.config, store)
    people_rules.standing(store, rules)
    others = register.running(store, rules.moment.date(), besides=plan.experiment_id)["customer_id"].implode()
    people = store.query("experiment/people").with_columns(elsewhere=pl.col("customer_id").is_in(others))
    only: dict[str, list[str]] = {}
    for rule in plan.eligible:
        column, _, value = rule.partition("=")
        only.setdefault(column, []).append(value)
    described = ages.aged(store, rules.moment.date())
    known = [c for c in described.columns if c != "customer_id"]
    for column in only:
        if column not in known:
            raise InputError(f"customers have no column {column!r}.", fix=f"They have {', '.join(known)}.")
    if only:
        asked = [pl.col(column).cast(pl.String).alias(f"only:{column}") for column in only]
        people = people.join(described.select("customer_id", *asked), on="customer_id", how="left")
    return eligible(people, list(plan.arms), only)


def simulate(
    workspace: Workspace, name: str, *, direct: float, spillover: float, base: float, noise: float | None = None,
    draws: int = 200, seed: int = 7,
) -> list[dict[str, Any]]:  # fmt: skip
    """What each estimator would say on this workspace's own graph; see `engine.experiment.simulation.simulate`."""
    from engine.experiment import simulation

    with workspace.warehouse(read_only=True) as store:
        plan = register.plan_of(store, name)
        customers = population(workspace, store, plan).customers
        a, b, weight = _ties(store, customers)
    if not len(a):
        raise InputError("no two eligible customers have a tie.", fix="Compute the graph first: `kindred run`.")
    lines = simulation.simulate(
        a, b, _chosen(plan, a, b, weight, len(customers)).cluster, direct=direct, spillover=spillover, base=base,
        noise=noise, draws=draws, alpha=plan.alpha, seed=seed,
    )  # fmt: skip
    return [line._asdict() for line in lines]


def power(
    workspace: Workspace, name: str, *, base: float | None = None, covariate: str | None = None,
    correlation: float | None = None, against: str = "customers",
) -> tuple[list[dict[str, Any]], list[dict[str, object]]]:  # fmt: skip
    """Smallest detectable effect by customers and by clusters, against the number of customers or of days.

    Against customers, the horizon is over; against days, everybody who is eligible takes part, and outcomes come in
    evenly: a rate grows as 1 - (1 - base)^(day / horizon), a mean with the days and its spread with their root.

    Args:
        workspace: an opened workspace, its matches computed.
        name: of the experiment.
        base: expected rate of a yes/no outcome over the horizon.
        covariate: a column of customers measured before, over as many days; gives mean, spread and likeness.
        correlation: intraclass correlation of the clusters, 0..1; None = that of the covariate, else
            `power.TYPICAL_CORRELATION`.
        against: customers or days.

    Returns:
        Rows of effect against customers or days, for the two smallest arms and alpha over the number of pairs; the
        funnel.

    Raises:
        InputError: neither base nor covariate, a base or correlation outside 0..1, or nobody is eligible.
    """
    import numpy as np
    import polars as pl

    from engine.experiment import power as calculation

    if base is None and covariate is None:
        raise InputError("the expected rate is not known.", fix="Give --base RATE, or --covariate COLUMN.")
    for what, value in (("base rate", base), ("correlation", correlation)):
        if value is not None and not 0 < value < 1:
            raise InputError(f"a {what} of {value}.", fix="Give a number between 0 and 1.")
    if against not in ("customers", "days"):
        raise InputError(f"effects against {against!r}.", fix="Use customers or days.")
    with workspace.warehouse(read_only=True) as store:
        plan = register.plan_of(store, name)
        found = population(workspace, store, plan)
        a, b, weight = _ties(store, found.customers)
        before = None
        if covariate is not None:
            people, day = pl.DataFrame({"customer_id": found.customers}), ages.moment(workspace.config).date()
            before = pre_period(store, covariate, people, day)[covariate].to_numpy()
    n = len(found.customers)
    if n < 10:
        raise InputError(f"{n} customers are eligible for all arms.", fix=_worst(found.funnel))
    cluster = _chosen(plan, a, b, weight, n).cluster
    if correlation is None:
        correlation = calculation.TYPICAL_CORRELATION
        if before is not None:
            correlation = calculation.intracluster_correlation(before, cluster)
    shares = sorted(plan.arms.values())[:2]
    pairs = len(plan.arms) * (len(plan.arms) - 1) // 2
    points = [(max(n * part // 4, 10), plan.horizon_days) for part in (1, 2, 3, 4, 8, 16)]
    if against == "days":
        points = [(n, day) for day in calculation.look_days(plan.horizon_days)]
    middle, spread = (float(before.mean()), float(before.std(ddof=1))) if before is not None else (0.0, 0.0)
    rows = []
    for customers, days in points:
        part = days / plan.horizon_days
        if base is not None:
            mean = 1 - (1 - base) ** part
            sd = math.sqrt(mean * (1 - mean))
        else:
            mean, sd = part * middle, math.sqrt(part) * spread
        lines = calculation.curve(
            [customers], (shares[0], shares[1]), mean=mean, sd=sd, sizes=np.bincount(cluster),
            correlation=correlation, alpha=plan.alpha / pairs, power=plan.power,
        )  # fmt: skip
        given = {"customers": customers, "days": days, "correlation": correlation}
        rows += [{**given, **line._asdict()} for line in lines]
    return rows, found.funnel


def _chosen(plan: Plan, a: Any, b: Any, weight: Any, n: int) -> Partition:
    """The clusters that `assign` would make of these ties."""
    from engine.experiment import clusters

    curve = clusters.partitions(a, b, weight, n, cap=plan.cluster_cap)
    return clusters.choose(curve, at_least=_wanted_clusters(plan))


def _clustered(
    store: Warehouse, plan: Plan, before: pl.DataFrame, new: pl.Series
) -> tuple[pl.DataFrame, list[dict[str, object]]]:
    """customer_id, cluster_id of the newcomers, and the curve where the map is made now."""
    import numpy as np
    import polars as pl

    from engine.experiment import clusters

    customers = pl.concat([before["customer_id"], new])
    a, b, weight = _ties(store, customers)
    curve: list[Partition] = []
    if before.height:
        frozen = before["cluster_id"].str.strip_prefix("c").cast(pl.Int64).to_numpy()
        label = clusters.extend(np.r_[frozen, np.full(len(new), -1)], a, b, weight)
        chosen = None
    else:
        curve = clusters.partitions(a, b, weight, len(customers), cap=plan.cluster_cap)
        chosen = clusters.choose(curve, at_least=_wanted_clusters(plan))
        label = chosen.cluster
        if chosen.clusters < 2 * len(plan.arms):
            raise InputError(
                f"the graph gives {chosen.clusters} clusters for {len(plan.arms)} arms.",
                fix="Plan a smaller cluster cap, or unit customer.",
            )
    frame = pl.DataFrame({"customer_id": new, "number": label[before.height :]})
    lines: list[dict[str, object]] = [
        {"resolution": p.resolution, "clusters": p.clusters, "largest": p.largest, "cut": p.cut, "chosen": p is chosen}
        for p in curve
    ]
    return frame.select("customer_id", cluster_id=pl.format("c{}", "number")), lines


def _ties(store: Warehouse, customers: pl.Series) -> tuple[Any, Any, Any]:
    return places(store.query("experiment/ties"), customers)


def places(ties: pl.DataFrame, customers: pl.Series) -> tuple[Any, Any, Any]:
    """Ends (places in `customers`) and weights of the ties among some customers.

    Args:
        ties: a, b (customer ids), weight.
        customers: ids, distinct [n].

    Returns:
        int64 [ties], int64 [ties], float64 [ties], ordered by the ends.
    """
    import polars as pl

    place = pl.DataFrame({"id": customers}).with_row_index("i")
    ties = ties.join(place.rename({"id": "a", "i": "x"}), on="a").join(place.rename({"id": "b", "i": "y"}), on="b")
    ties = ties.sort("x", "y")
    return (*(ties[c].cast(pl.Int64).to_numpy() for c in ("x", "y")), ties["weight"].to_numpy())


def pre_period(store: Warehouse, covariate: str, customers: pl.DataFrame, day: date) -> pl.DataFrame:
    """Give people a column of table customers, a missing value being the mean of the others.

    Args:
        store: the workspace's database.
        covariate: the column.
        customers: customer_id and anything else.
        day: of the first assignment, of which ages are.

    Raises:
        InputError: there is no such column, or it holds no numbers.
    """
    import polars as pl

    described = ages.aged(store, day)
    known = [c for c in described.columns if c != "customer_id"]
    if covariate not in known:
        raise InputError(f"customers have no column {covariate!r}.", fix=f"They have {', '.join(known)}.")
    column = described.select("customer_id", pl.col(covariate).cast(pl.Float64, strict=False))
    joined = customers.join(column, on="customer_id", how="left", maintain_order="left")
    if not joined[covariate].is_finite().fill_null(False).any():
        raise InputError("the column holds no numbers.", column=covariate, fix="Choose another one.")
    value = pl.when(pl.col(covariate).is_finite()).then(pl.col(covariate))
    return joined.with_columns(value.fill_null(value.mean()))


def _wanted_clusters(plan: Plan) -> int:
    return math.ceil(CLUSTERS_PER_ARM / min(plan.arms.values()))


def _worst(funnel: Sequence[Mapping[str, Any]]) -> str:
    gate = max(funnel, key=lambda line: line["lost"])
    return f"Most are lost at the condition {gate['gate']!r} ({gate['lost']})."

"""Experiments on a workspace: plans, eligibility, assignment, what came back, and what it says (METHODS section 7).

The statistics are `engine.experiment`'s; here is what they are fed from and where the answers are kept.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from engine import pipeline, sources
from engine.errors import InputError
from engine.experiment import plan as plans
from engine.experiment.eligibility import FACES, WITHOUT_FACE, Eligible, eligible
from engine.experiment.plan import Plan
from engine.trust import consent, pseudonyms

if TYPE_CHECKING:
    import polars as pl

    from engine.experiment.clusters import Partition
    from engine.warehouse.duckdb import DuckDBWarehouse
    from engine.workspace import Workspace

CLUSTERS_PER_ARM = 15  # wanted in the smallest arm, where the graph has as many
NEEDED = {"exposures": ("customer_id", "at"), "outcomes": ("customer_id", "at", "value")}


class Assigned(NamedTuple):
    """What `assign` did.

    Args:
        plan: under which.
        funnel: customers left at every gate.
        arms: customers per arm, all of them.
        kept: customers who had an arm before.
        added: customers who got one now.
        curve: per resolution: clusters, largest, cut share, chosen; empty for unit customer or a frozen map.
    """

    plan: Plan
    funnel: list[dict[str, object]]
    arms: dict[str, int]
    kept: int
    added: int
    curve: list[dict[str, object]]


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
    import polars as pl

    with workspace.writing("experiment design") as store:
        versions = store.query("experiment/plans", experiment_id=name)
        previous = plans.read(versions["plan"][0]) if versions.height else None
        plan = plans.design(name, previous, **fields)
        unknown = [arm for arm in plan.arms if arm not in (*FACES, *WITHOUT_FACE)]
        if unknown:
            raise InputError(
                f"there is no arm {', '.join(unknown)}.", fix=f"The arms are {', '.join((*FACES, *WITHOUT_FACE))}."
            )
        if plan is previous:
            return plan, False
        if previous is not None and _draw(plan) != _draw(previous) and _begun(store, name):
            raise InputError(
                f"experiment {name!r} has begun: arms, unit, salt and clusters cannot change any more.",
                fix="Design a new experiment under another name.",
            )
        line = {"experiment_id": name, "version": plan.version, "plan": plan.text(), "hash": plan.hash()}
        store.append("plans", pl.DataFrame([line]))
    return plan, True


def plan_of(store: DuckDBWarehouse, name: str) -> Plan:
    """The newest plan of an experiment.

    Raises:
        InputError: there is none, or it is not what was designed.
    """
    versions = store.query("experiment/plans", experiment_id=name)
    if not versions.height:
        raise InputError(f"there is no experiment {name!r}.", fix=f"Make it: `kindred experiment design {name}`.")
    plan = plans.read(versions["plan"][0])
    if plan.hash() != versions["hash"][0]:
        raise InputError(f"the plan of {name!r} was changed by hand.", fix="Design a new version instead.")
    return plan


def assign(workspace: Workspace, name: str) -> Assigned:
    """Give every eligible customer an arm, written to `assignments`; whoever has one keeps it.

    Args:
        workspace: an opened workspace, its matches computed.
        name: of the experiment.

    Returns:
        Funnel, arms and, where clusters are made, the curve of cut share against their number.

    Raises:
        InputError: no plan, no matches, nobody is eligible, or too few clusters.
    """
    import polars as pl

    from engine.experiment import assignment

    with workspace.writing("experiment assign") as store:
        plan = plan_of(store, name)
        found = population(workspace, store, plan)
        before = store.query("experiment/assigned", experiment_id=name)
        redrawn = before.height > 0 and not drawn_alike(store, name, plan, before)
        if redrawn:  # `design` made sure that nobody has seen anything
            before = before.clear()
        new = found.customers.filter(~found.customers.is_in(before["customer_id"].implode()))
        if not before.height and not len(new):
            raise InputError("nobody is eligible for all arms.", fix="Look at the gates: `kindred experiment power`.")
        frame, curve = pl.DataFrame({"customer_id": new}), []
        if plan.unit == "cluster":
            frame, curve = _clustered(store, plan, before, new)
        unit = "cluster_id" if plan.unit == "cluster" else "customer_id"
        frame = frame.with_columns(
            experiment_id=pl.lit(name),
            version=plan.version,
            arm=assignment.assign(frame[unit], plan.arms, plan.salt),
            assigned_at=pl.lit(datetime.combine(pipeline.today(workspace.config), time())),
            eligible_because=pl.lit(found.because),
        )
        with store.transaction():
            if redrawn:
                store.execute("experiment/forget_assignments", experiment_id=name)
            store.append("assignments", frame)
        everybody = pl.concat([before["arm"], frame["arm"]])
    arms = dict.fromkeys(plan.arms, 0) | dict(everybody.value_counts().sort("arm").iter_rows())
    return Assigned(plan, found.funnel, arms, before.height, frame.height, curve)


def population(workspace: Workspace, store: DuckDBWarehouse, plan: Plan) -> Eligible:
    """Who is eligible for all arms of a plan today, and where the others fall out.

    Raises:
        InputError: the matches were never computed.
    """
    import polars as pl

    if not store.count("matches") and any(arm in FACES for arm in plan.arms):
        raise InputError("this workspace has no matches yet.", fix="Run `kindred run` first.")
    day, consents = pipeline.today(workspace.config), store.read("consents")

    def may(column: str, purpose: str) -> pl.Expr:
        holders = consent.allowed(consents, purpose, day)["customer_id"].implode()
        return pl.col(column).is_in(holders).fill_null(False)

    people = store.query("experiment/people").with_columns(
        own_consent=may("customer_id", consent.OWN_FACE),
        subject_consent=may("subject_id", consent.LIKENESS_FOR_CONTACTS),
        offers_consent=may("customer_id", consent.OFFERS) if consents.height else pl.lit(True),
    )
    return eligible(people, list(plan.arms))


def import_events(
    workspace: Workspace, name: str, target: str, path: Path, *, columns: Mapping[str, str] | None = None,
    metric: str | None = None,
) -> sources.SourceSummary:  # fmt: skip
    """Read exposures (customer_id, at, arm?) or outcomes (customer_id, at, value) of an experiment.

    Args:
        workspace: an opened workspace.
        name: of the experiment.
        target: exposures or outcomes.
        path: CSV, TSV or Parquet.
        columns: our name -> the file's, where they differ.
        metric: of the outcomes; None = the plan's primary one.

    Returns:
        What became of the rows. Rows of unknown customers and rows that do not read are rejected and counted; an
        outcome whose value is no finite number is kept as null, so that the analysis says that it is broken.

    Raises:
        InputError: columns are missing, the file names another experiment, or none of its customers takes part;
            nothing is stored then.
    """
    import polars as pl

    from engine.intake import reading, values

    with workspace.writing(f"experiment import {target}") as store:
        plan = plan_of(store, name)
        metric = metric or plan.metric
        if target == "outcomes" and metric not in (plan.metric, *(g.partition(":")[0] for g in plan.guardrails)):
            raise InputError(f"{metric!r} is no metric of the plan.", fix="Plan it as a guardrail first.")
        content = sources.read_content(path)
        source = sources.source_id(f"{target} {name} {metric}", "table", content.sha256)
        known = sources.seen(store, source, path)
        if known is not None:
            return known
        rows, broken, total = reading.read_text(path)
        sources.unchanged(path, content)
        rows = _renamed(rows, columns or {}, target, path)
        if "experiment_id" in rows.columns and (rows["experiment_id"] != name).any():
            raise InputError(f"the file holds rows of another experiment than {name!r}.", file=path,
                             column="experiment_id", fix="Import it into its own experiment.")  # fmt: skip
        people = store.query("experiment/assigned", experiment_id=name)["customer_id"]
        rows = rows.with_columns(
            pseudonyms.name_series(store, rows["customer_id"], workspace.config.ids, workspace.key()),
            values.parse("at", "time"),
        )
        reason = (
            pl.when(pl.col("customer_id").is_null()).then(pl.lit("customer_id: missing"))
            .when(pl.col("at").is_null()).then(pl.lit("at: not a time (YYYY-MM-DD HH:MM:SS, UTC)"))
            .when(~pl.col("customer_id").is_in(people.implode())).then(pl.lit("customer not in this experiment"))
        )  # fmt: skip
        rows = rows.with_columns(reason=reason)
        rejects = pl.concat([
            broken.select("__row", "__reason"),
            rows.filter(pl.col("reason").is_not_null()).select("__row", __reason="reason"),
        ]).sort("__row")  # fmt: skip
        if rejects.height == total:
            raise InputError(f"not one row belongs to experiment {name!r}: {rejects['__reason'][0]}.", file=path,
                             row=int(rejects["__row"][0]), fix="Is this its file? Assign first.")  # fmt: skip
        good = rows.filter(pl.col("reason").is_null())
        frame = good.select(pl.lit(name).alias("experiment_id"), "customer_id", "at")
        if target == "outcomes":
            frame = frame.with_columns(metric=pl.lit(metric), value=good.select(values.parse("value", "f64"))["value"])
        else:
            arm = good["arm"] if "arm" in good.columns else pl.Series("arm", [None] * good.height, pl.String)
            frame = frame.with_columns(arm=arm)
        fresh = frame.unique(maintain_order=True).join(
            store.read(target), on=frame.columns, how="anti", nulls_equal=True, maintain_order="left"
        )
        details = {f"rejected: {r}": n for r, n in sorted(rejects["__reason"].value_counts().iter_rows())}
        if target == "outcomes" and (lost := fresh["value"].null_count()):
            details["no_finite_value"] = lost
        summary = sources.SourceSummary(
            source, target, sources.mask_path(path), "table", total, fresh.height,
            total - fresh.height - rejects.height, rejects.height, details,
        )  # fmt: skip
        with store.transaction():
            store.append(target, fresh)
            sources.record(store, summary, content.sha256)
            lost_rows = {"source_id": source, "row_number": rejects["__row"], "reason": rejects["__reason"], "raw": ""}
            store.append("rejects", pl.DataFrame(lost_rows, schema_overrides={"raw": pl.String}))
    return summary


def simulate(
    workspace: Workspace, name: str, *, direct: float, spillover: float, base: float, draws: int = 200, seed: int = 7
) -> list[dict[str, Any]]:
    """What each estimator would say on this workspace's own graph; see `engine.experiment.simulation.simulate`."""
    import numpy as np

    from engine.experiment import clusters, simulation

    with workspace.warehouse(read_only=True) as store:
        plan = plan_of(store, name)
        customers = population(workspace, store, plan).customers
        a, b, weight = _ties(store, customers)
    if not len(a):
        raise InputError("no two eligible customers have a tie.", fix="Compute the graph first: `kindred run`.")
    curve = clusters.partitions(a, b, weight, len(customers), cap=plan.cluster_cap)
    chosen = clusters.choose(curve, at_least=_wanted_clusters(plan))
    lines = simulation.simulate(
        a, b, np.asarray(chosen.cluster), direct=direct, spillover=spillover, base=base, draws=draws,
        alpha=plan.alpha, seed=seed,
    )  # fmt: skip
    return [line._asdict() for line in lines]


def power(
    workspace: Workspace, name: str, *, base: float | None = None, covariate: str | None = None
) -> tuple[list[dict[str, Any]], list[dict[str, object]]]:
    """Smallest detectable effect by customers and by clusters, for parts and multiples of who is eligible.

    Args:
        workspace: an opened workspace, its matches computed.
        name: of the experiment.
        base: expected rate of a yes/no outcome; clusters are then taken to matter as much as `covariate` says.
        covariate: a column of customers measured before; gives mean, spread and likeness within clusters.

    Returns:
        Rows of effect against customers, for the two smallest arms and alpha over the number of pairs; the funnel.

    Raises:
        InputError: neither base nor covariate, a base outside 0..1, or nobody is eligible.
    """
    import numpy as np
    import polars as pl

    from engine.experiment import clusters
    from engine.experiment import power as calculation

    if base is None and covariate is None:
        raise InputError("the base is not known.", fix="Give --base RATE, or --covariate COLUMN of customers.")
    if base is not None and not 0 < base < 1:
        raise InputError(f"a base rate of {base}.", fix="Give a share between 0 and 1.")
    with workspace.warehouse(read_only=True) as store:
        plan = plan_of(store, name)
        found = population(workspace, store, plan)
        a, b, weight = _ties(store, found.customers)
        before = None
        if covariate is not None:
            before = pre_period(store, covariate, pl.DataFrame({"customer_id": found.customers}))[covariate].to_numpy()
    n = len(found.customers)
    if n < 10:
        raise InputError(f"{n} customers are eligible for all arms.", fix=_worst(found.funnel))
    curve = clusters.partitions(a, b, weight, n, cap=plan.cluster_cap)
    chosen = clusters.choose(curve, at_least=_wanted_clusters(plan))
    mean = base if base is not None else float(before.mean())
    sd = math.sqrt(base * (1 - base)) if base is not None else float(before.std(ddof=1))
    correlation = 0.0 if before is None else calculation.intracluster_correlation(before, chosen.cluster)
    shares = sorted(plan.arms.values())[:2]
    pairs = len(plan.arms) * (len(plan.arms) - 1) // 2
    lines = calculation.curve(
        [max(n * part // 4, 10) for part in (1, 2, 3, 4, 8, 16)], (shares[0], shares[1]), mean=mean, sd=sd,
        sizes=np.bincount(chosen.cluster), correlation=correlation, alpha=plan.alpha / pairs, power=plan.power,
    )  # fmt: skip
    return [
        {"customers": round((line.n_arm + line.n_versus) / sum(shares)), **line._asdict()} for line in lines
    ], found.funnel


def _clustered(
    store: DuckDBWarehouse, plan: Plan, before: pl.DataFrame, new: pl.Series
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
    lines = [
        {"resolution": p.resolution, "clusters": p.clusters, "largest": p.largest, "cut": p.cut, "chosen": p is chosen}
        for p in curve
    ]
    return frame.select("customer_id", cluster_id=pl.format("c{}", "number")), lines


def _ties(store: DuckDBWarehouse, customers: pl.Series) -> tuple[Any, Any, Any]:
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


def pre_period(store: DuckDBWarehouse, covariate: str, customers: pl.DataFrame) -> pl.DataFrame:
    """Give people a column of table customers, a missing value being the mean of the others.

    Args:
        store: the workspace's database.
        covariate: the column.
        customers: customer_id and anything else.

    Raises:
        InputError: there is no such column, or it holds no numbers.
    """
    import polars as pl

    known = [c for c in store.columns("customers") if c != "customer_id"]
    if covariate not in known:
        raise InputError(f"customers have no column {covariate!r}.", fix=f"They have {', '.join(known)}.")
    column = store.read("customers").select("customer_id", pl.col(covariate).cast(pl.Float64, strict=False))
    joined = customers.join(column, on="customer_id", how="left", maintain_order="left")
    if not joined[covariate].is_finite().fill_null(False).any():
        raise InputError("the column holds no numbers.", column=covariate, fix="Choose another one.")
    value = pl.when(pl.col(covariate).is_finite()).then(pl.col(covariate))
    return joined.with_columns(value.fill_null(value.mean()))


def _renamed(rows: pl.DataFrame, columns: Mapping[str, str], target: str, path: Path) -> pl.DataFrame:
    """The file's columns under our names."""
    for own, theirs in columns.items():
        if theirs.lower() not in rows.columns:
            raise InputError(f"there is no column {theirs!r}.", file=path, row=0,
                             fix=f"The columns are {', '.join(rows.columns[1:])}.")  # fmt: skip
        rows = rows.drop(own, strict=False) if own != theirs.lower() else rows
        rows = rows.rename({theirs.lower(): own})
    missing = [c for c in NEEDED[target] if c not in rows.columns]
    if missing:
        raise InputError(f"{target} lack {', '.join(missing)}.", file=path, row=0,
                         fix=f"Name it: --column {missing[0]}=COLUMN.")  # fmt: skip
    return rows


def _draw(plan: Plan) -> tuple[object, ...]:
    """What decides who gets which arm."""
    return list(plan.arms.items()), plan.unit, plan.salt, plan.cluster_cap if plan.unit == "cluster" else None


def drawn_alike(store: DuckDBWarehouse, name: str, plan: Plan, assigned: pl.DataFrame) -> bool:
    """Whether every stored assignment was drawn as the plan now says."""
    versions = store.query("experiment/plans", experiment_id=name)
    texts = dict(versions.select("version", "plan").iter_rows())
    return all(_draw(plans.read(texts[v])) == _draw(plan) for v in assigned["version"].unique())


def _begun(store: DuckDBWarehouse, name: str) -> bool:
    """Whether anything came back from the field."""
    exposed = store.query("experiment/exposures", experiment_id=name).height
    return bool(exposed or store.query("experiment/metrics", experiment_id=name).height)


def _wanted_clusters(plan: Plan) -> int:
    return math.ceil(CLUSTERS_PER_ARM / min(plan.arms.values()))


def _worst(funnel: Sequence[Mapping[str, Any]]) -> str:
    gate = max(funnel, key=lambda line: line["lost"])
    return f"Most are lost at the gate {gate['gate']!r} ({gate['lost']})."

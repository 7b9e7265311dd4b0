"""What an experiment on a workspace says: everything of METHODS section 7's analysis, in plain objects.

Where the data cannot carry an answer the decision line says `broken` and why, instead of an error: whoever waits for
the answer must not take its absence for "not shown to differ".
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

from engine.errors import InputError
from engine.experiment import plan as plans
from engine.experiment import register
from engine.experiment.decision import Decision, broken
from engine.experiment.plan import RATIO, Plan
from engine.usecases import experiment_design

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

    from engine.warehouse import Warehouse
    from engine.workspace import Workspace

REDRAWS, CELLS = 400, 40_000_000


def analyse(
    workspace: Workspace, name: str, *, covariate: str | None = None, sequential: bool | None = None,
    interference: bool = False, by: Sequence[str] = (), over_time: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """Analyse an experiment as planned, everybody as assigned.

    Args:
        workspace: an opened workspace.
        name: of the experiment.
        covariate: column of table customers from before the experiment, for CUPED.
        sequential: decide by the always-valid intervals, which are tightest when the horizon is over; None = while it
            is not.
        interference: add direct, spillover and total effects by the customers' ties, and what it does to customers
            that ads shown to others are driven by their likeness.
        by: segmentations of `engine.experiment.plan.STRATA`, or columns of customers; the p of "the same effect
            everywhere" is Holm-adjusted over them and the pairs.
        over_time: add the effects after 1, 2, ... days.

    Returns:
        experiment, version, plans (every version's hash), metric, kind, customers per arm, odd_rows (count per rule),
        decisions; and, unless broken, observed (share of the outcome days that are over, the last event's day being
        the last), sample_ratio, exposed, exposure_balance_p, effects, and what was asked for.

    Raises:
        InputError: no such experiment, nobody assigned, assignments not of this plan, no such segmentation or column.
    """
    from engine.experiment import analysis, findings

    with workspace.warehouse(read_only=True) as store:
        _check_segmentations(store, by)
        plan, people = _assigned(store, name)
        since = people["assigned_at"].min().date()
        versions = store.query("experiment/plans", experiment_id=name)
        exposures = store.query("experiment/exposures", experiment_id=name)
        found: dict[str, Any] = {
            "experiment": name,
            "version": plan.version,
            "plans": dict(versions.sort("version").select("version", "hash").iter_rows()),
            "metric": plan.metric,
            "kind": plan.kind,
            "customers": dict(people["arm"].value_counts().sort("arm").iter_rows()),
        }
        if covariate is not None:
            people_with = experiment_design.pre_period(store, covariate, people, since)
        ties = store.query("experiment/ties") if interference else None
        subjects = store.query("experiment/subjects") if interference else None
        events = _events(store, plan)
        try:
            table, found["odd_rows"] = _tidied(plan, people, exposures, events)
            if covariate is not None:
                table = table.join(
                    people_with.select("customer_id", covariate), on="customer_id", maintain_order="left"
                )
            observed = _observed(plan, people, [*events, exposures])
            result = findings.analyse(
                table, plan, ties=ties, subjects=subjects, covariate=covariate, observed=observed,
                sequential=sequential,
            )  # fmt: skip
        except InputError as error:
            found["decisions"] = _broken(plan, error.message)
            return found
        found |= {"decisions": result.decisions, **findings.plain(result), "observed": observed}
        found["exposure_balance_p"] = analysis.exposure_balance(
            table["exposed"].to_numpy(), table["arm"].to_numpy(), _codes(plan, table)
        )
        if interference:
            found["hajek"] = _hajek(table, plan, ties)
        else:
            del found["spillover"], found["likeness"]
        if plan.guardrails:
            found["guardrails"] = [
                line
                for guardrail in plan.guardrails
                for line in _guardrail(store, plan.for_guardrail(guardrail), people, exposures, observed, sequential)
            ]
        if by:
            found["segments"] = _segments(workspace, store, plan, table, by, since)
    if over_time:
        found["over_time"] = _over_time(plan, people, exposures, events)
    return found


def _check_segmentations(store: Warehouse, by: Sequence[str]) -> None:
    own = [name for name in store.columns("customers") if name not in ("customer_id", *plans.STRATA)]
    for wanted in by:
        if wanted not in (*plans.STRATA, *own):
            fix = f"Use {', '.join(plans.STRATA)}, or a column of customers: {', '.join(own)}."
            raise InputError(f"there is no segmentation {wanted!r}.", fix=fix)


def _assigned(store: Warehouse, name: str) -> tuple[Plan, pl.DataFrame]:
    plan = register.plan_of(store, name)
    people = store.query("experiment/assigned", experiment_id=name)
    if not people.height:
        raise InputError(f"nobody is assigned in {name!r}.", fix=f"Run `kindred experiment assign {name}`.")
    register.check_drawn(store, name, plan, people)
    return plan, people.drop("version")


def _events(store: Warehouse, plan: Plan) -> list[pl.DataFrame]:
    """The outcomes of the plan's metric; of a ratio those of its two parts."""
    names = plan.metric.split("/") if plan.kind == RATIO else [plan.metric]
    return [store.query("experiment/outcomes", experiment_id=plan.experiment_id, metric=m) for m in names]


def _tidied(
    plan: Plan, people: pl.DataFrame, exposures: pl.DataFrame, events: Sequence[pl.DataFrame]
) -> tuple[pl.DataFrame, dict[str, int]]:
    """One row per assigned customer, and how many rows each rule found odd (of the metric's first part)."""
    from engine.experiment import outcomes

    if not all(part.height for part in events):
        raise InputError("no outcome was imported.")
    kind = "sum" if plan.kind == RATIO else plan.kind
    tidied = [outcomes.tidy(people, exposures, part, horizon_days=plan.horizon_days, kind=kind) for part in events]
    table = tidied[0].customers
    if len(tidied) > 1:
        below = tidied[1].customers.select("customer_id", denominator="value")
        table = table.join(below, on="customer_id", maintain_order="left")
    return table, tidied[0].counts


def _observed(plan: Plan, people: pl.DataFrame, events: Sequence[pl.DataFrame]) -> float:
    """Share of the outcome days that are over on the day of the last thing that came in, a mean over the customers.

    That day counts as a whole: an experiment whose last outcome came on its last day is over.
    """
    import polars as pl

    last = pl.lit(max(part["at"].max() for part in events if part.height)).dt.date()
    over = (last - pl.col("assigned_at").dt.date() + pl.duration(days=1)) / pl.duration(days=plan.horizon_days)
    return float(people.select(over.clip(0.0, 1.0).mean()).item())


def _broken(plan: Plan, reason: str) -> list[Decision]:
    return [broken(f"{arm} against {versus} on {plan.metric}", reason) for versus, arm in combinations(plan.arms, 2)]


def _guardrail(
    store: Warehouse, own: Plan, people: pl.DataFrame, exposures: pl.DataFrame, observed: float,
    sequential: bool | None,
) -> list[dict[str, Any]]:  # fmt: skip
    """Every pair on a further metric, by its plan; decided as the primary metric is."""
    from engine.experiment import findings

    try:
        table = _tidied(own, people, exposures, _events(store, own))[0]
        result = findings.analyse(table, own, observed=observed, sequential=sequential)
    except InputError as error:
        return [{"metric": own.metric, **line.fields()} for line in _broken(own, error.message)]
    return [{"metric": own.metric, **line} for line in findings.plain(result)["effects"]]


def _segments(
    workspace: Workspace, store: Warehouse, plan: Plan, table: pl.DataFrame, by: Sequence[str], since: date
) -> list[dict[str, Any]]:
    """One object per segmentation and pair of arms; since: the day of the first assignment."""
    from statsmodels.stats.multitest import multipletests

    from engine.experiment import segments

    label = experiment_design.strata(workspace, store, table, by, since)
    clusters, value = _codes(plan, table), _single(plan, table)
    found = []
    for wanted in by:
        for versus, arm in combinations(plan.arms, 2):
            line: dict[str, Any] = {"by": wanted, "arm": arm, "versus": versus, "p_same": None, "note": None}
            try:
                seen = segments.by_segment(
                    value, table["arm"].to_numpy(), label[wanted].to_numpy(), arm=arm, versus=versus,
                    clusters=clusters, alpha=plan.alpha,
                )  # fmt: skip
                line |= {"p_same": seen.p, "left_out": seen.left_out, "segments": [s._asdict() for s in seen.segments]}
            except InputError as error:
                line["note"] = error.message
            found.append(line)
    tested = [line for line in found if line["p_same"] is not None]
    if tested:
        for line, p in zip(tested, multipletests([t["p_same"] for t in tested], method="holm")[1], strict=True):
            line["p_same_holm"] = float(p)
    return found


def _codes(plan: Plan, table: pl.DataFrame) -> Any:
    """The cluster of each customer as int [n], None where customers were assigned."""
    import numpy as np

    return np.unique(table["cluster_id"].to_numpy(), return_inverse=True)[1] if plan.unit == "cluster" else None


def _single(plan: Plan, table: pl.DataFrame) -> Any:
    """One number per customer, a ratio linearised [n]."""
    from engine.experiment import analysis

    value = table["value"].to_numpy()
    return analysis.linearised(value, table["denominator"].to_numpy()) if plan.kind == RATIO else value


def _hajek(table: pl.DataFrame, plan: Plan, ties: pl.DataFrame) -> list[dict[str, Any]]:
    """The total effect by weights from redrawn assignments, per pair of arms."""
    import numpy as np

    from engine.experiment import findings, interference

    n = table.height
    draws = min(REDRAWS, CELLS // n)
    if draws < 50:
        return [{"note": f"{n} customers are too many to repeat the assignment often enough."}]
    a, b, _ = experiment_design.places(ties, table["customer_id"])
    shares = interference.contact_shares(a, b, n)
    alike = findings.communities(shares, plan.cluster_cap) if plan.unit == "customer" else _codes(plan, table)
    codes = _codes(plan, table)
    rng = np.random.default_rng(7)
    redrawn = rng.choice(len(plan.arms), (n if codes is None else codes.max() + 1, draws), p=list(plan.arms.values()))
    redrawn = redrawn if codes is None else redrawn[codes]
    arms, value, names = table["arm"].to_numpy(), _single(plan, table), list(plan.arms)
    found = []
    for versus, arm in combinations(names, 2):
        one, other = ((redrawn == names.index(x)).astype(np.int8) for x in (arm, versus))
        high, low = interference.exposure_probabilities(shares, one, other)
        rows = np.flatnonzero((arms == arm) | (arms == versus))
        exposure, control = (shares @ (arms == x).astype(float) for x in (arm, versus))
        line: dict[str, Any] = {"arm": arm, "versus": versus}
        try:
            estimate = interference.hajek(
                value[rows], (arms[rows] == arm).astype(float), exposure[rows], high[rows], low[rows],
                control_exposure=control[rows], clusters=alike[rows], alpha=plan.alpha,
            )  # fmt: skip
            line |= estimate._asdict()
        except InputError as error:
            line["note"] = error.message
        found.append(line)
    return found


def _over_time(
    plan: Plan, people: pl.DataFrame, exposures: pl.DataFrame, events: Sequence[pl.DataFrame]
) -> list[dict[str, Any]]:
    """The effects if outcomes counted only until so many days after assignment; a look per day is not a test."""
    import dataclasses

    from engine.experiment import findings, power

    found = []
    for day in power.look_days(plan.horizon_days):
        until = dataclasses.replace(plan, horizon_days=day)
        try:
            effects = findings.analyse(_tidied(until, people, exposures, events)[0], until).effects
        except InputError:  # nothing had come in by then
            continue
        for effect in effects:
            wanted = ("arm", "versus", "difference", "low", "high")
            found.append({"day": day} | {name: getattr(effect, name) for name in wanted})
    return found

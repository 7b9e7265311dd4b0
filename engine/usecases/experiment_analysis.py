"""What an experiment on a workspace says: everything of METHODS section 7's analysis, in plain objects.

Where the data cannot carry an answer the decision line says `broken` and why, instead of an error: whoever waits for
the answer must not take its absence for "no difference".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

from engine.errors import InputError
from engine.experiment.plan import Plan
from engine.usecases import experiment

if TYPE_CHECKING:
    import polars as pl

    from engine.warehouse.duckdb import DuckDBWarehouse
    from engine.workspace import Workspace

SEGMENTS = ("residence", "age_band", "influence", "tie_strength", "similarity")
_CUT = {"influence": 10, "tie_strength": 4, "similarity": 4}  # numbers become this many equal groups
LOOKS = 12
REDRAWS, CELLS = 400, 40_000_000
_COLOURS = {"ink": "#222222", "muted": "#666666", "grid": "#dddddd", "paper": "#ffffff",
            "c1": "#0b6ea8", "c2": "#c8551b", "c3": "#2b8a5c", "c4": "#8a4fa3"}  # fmt: skip


def analyse(
    workspace: Workspace, name: str, *, covariate: str | None = None, sequential: bool = False,
    interference: bool = False, by: Sequence[str] = (), over_time: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """Analyse an experiment as planned, everybody as assigned.

    Args:
        workspace: an opened workspace.
        name: of the experiment.
        covariate: column of table customers from before the experiment, for CUPED.
        sequential: add always-valid intervals, tightest at the assigned number of customers.
        interference: add direct, spillover and total effects by the customers' ties.
        by: segmentations of `SEGMENTS`; the p of "the same effect everywhere" is Holm-adjusted over them and the pairs.
        over_time: add the effects after 1, 2, ... days.

    Returns:
        experiment, version, plans (every version's hash), metric, customers per arm, odd_rows (count per rule),
        decisions; and, unless broken, sample_ratio, exposed, exposure_balance_p, effects, and what was asked for.

    Raises:
        InputError: no such experiment, nobody assigned, assignments not of this plan, no such segmentation or column.
    """
    from engine.experiment import outcomes, report

    for wanted in by:
        if wanted not in SEGMENTS:
            raise InputError(f"there is no segmentation {wanted!r}.", fix=f"Use {', '.join(SEGMENTS)}.")
    with workspace.warehouse(read_only=True) as store:
        plan, people = _assigned(store, name)
        versions = store.query("experiment/plans", experiment_id=name)
        exposures = store.query("experiment/exposures", experiment_id=name)
        found: dict[str, Any] = {
            "experiment": name,
            "version": plan.version,
            "plans": dict(versions.sort("version").select("version", "hash").iter_rows()),
            "metric": plan.metric,
            "customers": dict(people["arm"].value_counts().sort("arm").iter_rows()),
        }
        if covariate is not None:
            people_with = experiment.pre_period(store, covariate, people)
        ties = store.query("experiment/ties") if interference else None
        events = store.query("experiment/outcomes", experiment_id=name, metric=plan.metric)
        try:
            table = _tidied(plan, people, exposures, events, found)
            if covariate is not None:
                table = table.join(
                    people_with.select("customer_id", covariate), on="customer_id", maintain_order="left"
                )
            result = report.analyse(table, plan, ties=ties, covariate=covariate)
        except InputError as error:
            found["decisions"] = _broken(plan, plan.metric, error.message)
            return found
        plain = report.plain(result)
        if not sequential:
            for line in plain["effects"]:
                del line["always_valid_low"], line["always_valid_high"]
        found |= {"decisions": result.decisions, **plain, "exposure_balance_p": _balance(table)}
        if interference:
            found["hajek"] = _hajek(table, plan, ties)
        else:
            del found["spillover"]
        if plan.guardrails:
            found["guardrails"] = [
                line for guardrail in plan.guardrails for line in _guardrail(store, plan, people, exposures, guardrail)
            ]
        if by:
            definition = workspace.config.graph.definition
            found["segments"] = _segments(store, plan, table, by, definition)
    if over_time:
        found["over_time"] = _over_time(plan, people, exposures, events, outcomes.tidy)
    return found


def picture(name: str, title: str, lines: Sequence[tuple[str, list, list, list, list]], x: str, y: str) -> str:
    """Curves with intervals as one SVG file's text.

    Args:
        name: identifier.
        title: what it shows.
        lines: label, xs, values, lows, highs (the last two may be empty).
        x: label of the axis.
        y: likewise.
    """
    from engine.report import charts

    bands = [(xs, lows, highs) for _, xs, _, lows, highs in lines if lows]
    drawn = charts.lines(name, title, [line[:3] for line in lines], x=x, y=y, bands=bands)
    # Pictures of the report take their colours from its page; a file of its own has none to take them from.
    return re.sub(r"var\(--(\w+)\)", lambda found: _COLOURS.get(found[1], _COLOURS["c1"]), drawn) + "\n"


def _assigned(store: DuckDBWarehouse, name: str) -> tuple[Plan, pl.DataFrame]:
    plan = experiment.plan_of(store, name)
    people = store.query("experiment/assigned", experiment_id=name)
    if not people.height:
        raise InputError(f"nobody is assigned in {name!r}.", fix=f"Run `kindred experiment assign {name}`.")
    experiment.check_drawn(store, name, plan, people)
    return plan, people.drop("version")


def _tidied(
    plan: Plan, people: pl.DataFrame, exposures: pl.DataFrame, events: pl.DataFrame, found: dict[str, Any]
) -> pl.DataFrame:
    """One row per assigned customer; what was odd goes into `found`."""
    from engine.experiment import outcomes

    if not events.height:
        raise InputError("no outcome was imported.")
    tidied = outcomes.tidy(people, exposures, events, horizon_days=plan.horizon_days, kind=plan.kind)
    found["odd_rows"] = tidied.counts
    return tidied.customers


def _broken(plan: Plan, metric: str, reason: str) -> list[str]:
    return [
        f"broken: {arm} against {versus} on {metric}: {reason.rstrip('.')}; do not use these results."
        for versus, arm in combinations(plan.arms, 2)
    ]


def _balance(table: pl.DataFrame) -> float | None:
    """p that the same share of every arm saw an ad; None where nobody or everybody did."""
    import polars as pl
    from scipy import stats

    counts = table.group_by("arm").agg(yes=pl.col("exposed").sum(), no=(~pl.col("exposed")).sum()).sort("arm")
    cells = counts.select("yes", "no").to_numpy()
    return float(stats.chi2_contingency(cells).pvalue) if (cells.sum(axis=0) > 0).all() else None


def _guardrail(
    store: DuckDBWarehouse, plan: Plan, people: pl.DataFrame, exposures: pl.DataFrame, guardrail: str
) -> list[dict[str, Any]]:
    """Every pair on a further metric, `name` (higher is better) or `name:lower`."""
    import dataclasses

    from engine.experiment import report

    metric, _, direction = guardrail.partition(":")
    own = dataclasses.replace(plan, metric=metric, direction=direction or "higher")
    events = store.query("experiment/outcomes", experiment_id=plan.experiment_id, metric=metric)
    try:
        result = report.analyse(_tidied(own, people, exposures, events, {}), own)
    except InputError as error:
        return [{"metric": metric, "decision": line} for line in _broken(own, metric, error.message)]
    return [
        {"metric": metric, **effect._asdict(), "decision": line}
        for effect, line in zip(result.effects, result.decisions, strict=True)
    ]


def _segments(
    store: DuckDBWarehouse, plan: Plan, table: pl.DataFrame, by: Sequence[str], definition: str
) -> list[dict[str, Any]]:
    """One object per segmentation and pair of arms."""
    import numpy as np
    import polars as pl
    from statsmodels.stats.multitest import multipletests

    from engine.experiment import segments

    known = store.query("experiment/segments", definition=definition)
    joined = table.join(known, on="customer_id", how="left", maintain_order="left")
    clusters = None
    if plan.unit == "cluster":
        clusters = np.unique(joined["cluster_id"].to_numpy(), return_inverse=True)[1]
    found = []
    for wanted in by:
        column = pl.col(wanted)
        if wanted in _CUT:
            place = ((column.rank("min") - 1) * _CUT[wanted] // column.count() + 1).cast(pl.Int64)
            column = place.cast(pl.String).str.zfill(2)
        label = joined.select(column.cast(pl.String).fill_null("unknown"))[wanted].to_numpy()
        for versus, arm in combinations(plan.arms, 2):
            line: dict[str, Any] = {"by": wanted, "arm": arm, "versus": versus, "p_same": None, "note": None}
            try:
                seen = segments.by_segment(
                    joined["value"].to_numpy(), joined["arm"].to_numpy(), label, arm=arm, versus=versus,
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


def _hajek(table: pl.DataFrame, plan: Plan, ties: pl.DataFrame) -> list[dict[str, Any]]:
    """The total effect by weights from redrawn assignments, per pair of arms."""
    import numpy as np

    from engine.experiment import interference

    n = table.height
    draws = min(REDRAWS, CELLS // n)
    if draws < 50:
        return [{"note": f"{n} customers are too many to redraw the assignment often enough."}]
    a, b, _ = experiment.places(ties, table["customer_id"])
    shares = interference.contact_shares(a, b, n)
    codes = None
    if plan.unit == "cluster":
        codes = np.unique(table["cluster_id"].to_numpy(), return_inverse=True)[1]
    rng = np.random.default_rng(7)
    redrawn = rng.choice(len(plan.arms), (n if codes is None else codes.max() + 1, draws), p=list(plan.arms.values()))
    redrawn = redrawn if codes is None else redrawn[codes]
    arms, value, names = table["arm"].to_numpy(), table["value"].to_numpy(), list(plan.arms)
    found = []
    for versus, arm in combinations(names, 2):
        one, other = ((redrawn == names.index(x)).astype(np.int8) for x in (arm, versus))
        high, low = interference.exposure_probabilities(shares, one, other)
        rows = np.flatnonzero((arms == arm) | (arms == versus))
        exposure = shares @ (arms == arm).astype(float)
        line: dict[str, Any] = {"arm": arm, "versus": versus}
        try:
            estimate = interference.hajek(
                value[rows], (arms[rows] == arm).astype(float), exposure[rows], high[rows], low[rows],
                clusters=None if codes is None else codes[rows], alpha=plan.alpha,
            )  # fmt: skip
            line |= estimate._asdict()
        except InputError as error:
            line["note"] = error.message
        found.append(line)
    return found


def _over_time(plan: Plan, people: pl.DataFrame, exposures: pl.DataFrame, events: pl.DataFrame, tidy: Any) -> list:
    """The effects if outcomes counted only until so many days after assignment; a look per day is not a test."""
    import dataclasses

    import numpy as np

    from engine.experiment import report

    days = np.unique(np.linspace(1, plan.horizon_days, min(LOOKS, plan.horizon_days)).round().astype(int))
    found = []
    for day in days.tolist():
        table = tidy(people, exposures, events, horizon_days=day, kind=plan.kind).customers
        for effect in report.analyse(table, dataclasses.replace(plan, horizon_days=day)).effects:
            wanted = ("arm", "versus", "difference", "low", "high")
            found.append({"day": day} | {name: getattr(effect, name) for name in wanted})
    return found

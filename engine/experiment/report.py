"""Everything an experiment says, from one row per assigned customer: the order of METHODS section 7's analysis."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.errors import InputError
from engine.experiment.analysis import Effect, SampleRatio, effects, sample_ratio
from engine.experiment.decision import decide
from engine.experiment.interference import Estimate, contact_shares, cut_share, exposure_regression
from engine.experiment.sequential import half_width

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from engine.experiment.plan import Plan

BINS = 5  # of the exposure histogram


class Spillover(NamedTuple):
    """Interference for one pair of arms.

    Args:
        arm: arm A of the model.
        versus: arm B.
        customers: of the two arms.
        cut: mean share of contacts outside the own cluster; None when customers were assigned.
        histogram: customers by share of contacts in arm A, `BINS` equal bins from 0 to 1.
        estimates: direct, spillover and total effect; empty where they cannot be told apart.
        note: why not.
    """

    arm: str
    versus: str
    customers: int
    cut: float | None
    histogram: list[int]
    estimates: list[Estimate]
    note: str | None


class Report(NamedTuple):
    """The analysis of an experiment.

    Args:
        ratio: sample-ratio check of the units that were assigned (clusters or customers).
        exposed: share of each arm's customers who saw an ad.
        effects: every pair of arms, Holm-adjusted.
        sequential: always-valid interval of each pair, low and high, in the order of `effects`.
        spillover: one per pair of arms; empty without ties.
        decisions: one line per pair.
    """

    ratio: SampleRatio
    exposed: dict[str, float]
    effects: list[Effect]
    sequential: list[tuple[float, float]]
    spillover: list[Spillover]
    decisions: list[str]


def analyse(
    customers: pl.DataFrame, plan: Plan, *, ties: pl.DataFrame | None = None, covariate: str | None = None,
    planned: int | None = None,
) -> Report:  # fmt: skip
    """Analyse one metric as the plan says, everybody as assigned.

    Args:
        customers: customer_id, arm, value, exposed?, cluster_id? (needed for unit cluster), the covariate's column.
        plan: its arms, unit, alpha and direction are used.
        ties: a, b (customer ids): the gated contacts; None = no look at interference.
        covariate: column from before assignment, for CUPED.
        planned: customers at which the sequential interval is tightest; None = as many as there are.

    Raises:
        InputError: an arm is not the plan's or is empty, a customer stands twice, values are missing.
    """
    import numpy as np
    import polars as pl

    if customers["customer_id"].is_duplicated().any():
        raise InputError("customers stand twice in the analysis.", column="customer_id", fix="One row per customer.")
    clustered = plan.unit == "cluster"
    if clustered and "cluster_id" not in customers.columns:
        raise InputError("clusters were assigned, but no cluster is given.", fix="Use the assignments' cluster_id.")
    units = customers.unique("cluster_id") if clustered else customers
    ratio = sample_ratio(dict(units["arm"].value_counts().iter_rows()), plan.arms)
    arms = customers["arm"].to_numpy()
    codes = np.unique(customers["cluster_id"].to_numpy(), return_inverse=True)[1] if clustered else None
    value = customers["value"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    before = None if covariate is None else customers[covariate].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    found = effects(
        value, arms, order=list(plan.arms), covariate=before, clusters=codes, alpha=plan.alpha, name=plan.metric
    )
    sequential = []
    for effect in found:
        n = effect.n_arm + effect.n_versus
        width = half_width(effect.se, n, alpha=plan.alpha, planned=planned or n)
        sequential.append((effect.difference - width, effect.difference + width))
    exposed = {}
    if "exposed" in customers.columns:
        exposed = dict(customers.group_by("arm").agg(pl.col("exposed").mean()).sort("arm").iter_rows())
    return Report(
        ratio,
        exposed,
        found,
        sequential,
        [] if ties is None else _spillover(customers, plan, ties, value, codes),
        [decide(e, ratio, metric=plan.metric, direction=plan.direction, alpha=plan.alpha) for e in found],
    )


def plain(report: Report) -> dict[str, Any]:
    """The report as plain JSON."""
    return {
        "sample_ratio": report.ratio._asdict(),
        "exposed": report.exposed,
        "effects": [
            {**effect._asdict(), "always_valid_low": low, "always_valid_high": high, "decision": line}
            for effect, (low, high), line in zip(report.effects, report.sequential, report.decisions, strict=True)
        ],
        "spillover": [
            {**pair._asdict(), "estimates": [e._asdict() for e in pair.estimates]} for pair in report.spillover
        ],
    }


def _spillover(
    customers: pl.DataFrame, plan: Plan, ties: pl.DataFrame, value: np.ndarray, codes: np.ndarray | None
) -> list[Spillover]:
    """Each pair of arms on the customers of these two arms; contacts in other arms count as not in arm A."""
    import numpy as np
    import polars as pl

    place = pl.DataFrame({"id": customers["customer_id"], "i": np.arange(customers.height)})
    both = ties.join(place.rename({"id": "a", "i": "x"}), on="a").join(place.rename({"id": "b", "i": "y"}), on="b")
    shares = contact_shares(both["x"].to_numpy(), both["y"].to_numpy(), customers.height)
    arms = customers["arm"].to_numpy()
    found = []
    for versus, arm in combinations(plan.arms, 2):
        exposure = shares @ (arms == arm).astype(float)
        rows = np.flatnonzero((arms == arm) | (arms == versus))
        estimates, note = [], None
        try:
            estimates = exposure_regression(
                value[rows],
                (arms[rows] == arm).astype(float),
                exposure[rows],
                clusters=None if codes is None else codes[rows],
                alpha=plan.alpha,
            )
        except InputError as error:
            note = error.message
        histogram = np.histogram(np.clip(exposure[rows], 0, 1), bins=BINS, range=(0, 1))[0].tolist()
        cut = None if codes is None else cut_share(shares, codes)
        found.append(Spillover(arm, versus, len(rows), cut, histogram, estimates, note))
    return found

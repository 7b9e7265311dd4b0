"""Everything an experiment says, from one row per assigned customer: the order of METHODS section 7's analysis."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.errors import InputError
from engine.experiment.analysis import Effect, SampleRatio, effects, linearised, sample_ratio
from engine.experiment.clusters import partitions
from engine.experiment.decision import Decision, by_every_look, decide
from engine.experiment.interference import (
    Estimate,
    contact_shares,
    cut_share,
    exposure_regression,
    likeness_regression,
    lonely,
)
from engine.experiment.plan import RATIO, Plan
from engine.experiment.sequential import half_width

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    import scipy.sparse

BINS = 5  # of the exposure histogram
LENDS = "influencer_face"  # the arm whose ads are driven by somebody else's likeness


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


class Likeness(NamedTuple):
    """The other direction, for one pair of arms: what lending one's likeness does.

    Args:
        arm: arm A of the model.
        versus: arm B.
        customers: of the two arms.
        asked: of these, those whose likeness could drive an ad of the experiment.
        estimate: of being the likeness in all such ads against none; None where it cannot be seen.
        note: why not.
    """

    arm: str
    versus: str
    customers: int
    asked: int
    estimate: Estimate | None
    note: str | None


class Report(NamedTuple):
    """The analysis of an experiment.

    Args:
        ratio: sample-ratio check of the units that were assigned (clusters or customers).
        exposed: share of each arm's customers who saw an ad.
        effects: every pair of arms, Holm-adjusted.
        sequential: always-valid interval of each pair, low and high, in the order of `effects`; all of them hold
            together (Bonferroni over the pairs).
        spillover: one per pair of arms; empty without ties.
        likeness: one per pair with the arm that uses a contact's likeness; empty without subjects.
        decisions: one line per pair.
    """

    ratio: SampleRatio
    exposed: dict[str, float]
    effects: list[Effect]
    sequential: list[tuple[float, float]]
    spillover: list[Spillover]
    likeness: list[Likeness]
    decisions: list[Decision]


def analyse(
    customers: pl.DataFrame, plan: Plan, *, ties: pl.DataFrame | None = None, subjects: pl.DataFrame | None = None,
    covariate: str | None = None, observed: float = 1.0, sequential: bool | None = None,
) -> Report:  # fmt: skip
    """Analyse one metric as the plan says, everybody as assigned.

    Args:
        customers: customer_id, arm, value, denominator? (needed for kind ratio), exposed?, cluster_id? (needed for
            unit cluster), the covariate's column.
        plan: its arms, unit, kind, alpha and direction are used.
        ties: a, b (customer ids): the gated contacts; None = no look at interference.
        subjects: customer_id, subject_id (whose likeness drives this customer's ad in arm `LENDS`); used with ties.
        covariate: column from before assignment, for CUPED.
        observed: share of the planned information that has come in, 0..1: how much of the horizon is over. The
            sequential interval is tightest at 1.
        sequential: decide by the always-valid intervals; None = while `observed` is below 1.

    Raises:
        InputError: an arm is not the plan's or is empty, a customer stands twice, values are missing.
    """
    import numpy as np
    import polars as pl

    if customers["customer_id"].is_duplicated().any():
        raise InputError("customers occur twice in the analysis.", column="customer_id", fix="One row per customer.")
    clustered = plan.unit == "cluster"
    if clustered and "cluster_id" not in customers.columns:
        raise InputError("clusters were assigned, but no cluster is given.", fix="Use the assignments' cluster_id.")
    units = customers.unique("cluster_id") if clustered else customers
    ratio = sample_ratio(dict(units["arm"].value_counts().iter_rows()), plan.arms)
    arms = customers["arm"].to_numpy()
    codes = np.unique(customers["cluster_id"].to_numpy(), return_inverse=True)[1] if clustered else None
    value = customers["value"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    before = None if covariate is None else customers[covariate].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    below = None
    if plan.kind == RATIO:
        below = customers["denominator"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    found = effects(
        value, arms, order=list(plan.arms), denominator=below, covariate=before, clusters=codes, alpha=plan.alpha,
        name=plan.metric,
    )  # fmt: skip
    always = []
    for effect in found:
        n = effect.n_arm + effect.n_versus
        width = half_width(effect.se, n, alpha=plan.alpha / len(found), planned=n / min(max(observed, 1e-6), 1.0))
        always.append((effect.difference - width, effect.difference + width))
    if below is not None:
        value = linearised(value, below)
    exposed = {}
    if "exposed" in customers.columns:
        exposed = dict(customers.group_by("arm").agg(pl.col("exposed").mean()).sort("arm").iter_rows())
    spillover, likeness = [], []
    if ties is not None:
        shares = _shares(customers, ties)
        alike = communities(shares, plan.cluster_cap) if codes is None else codes
        spillover = _spillover(customers, plan, shares, value, alike)
        if subjects is not None:
            likeness = _likeness(customers, plan, shares, subjects, value, alike)
    return Report(
        ratio,
        exposed,
        found,
        always,
        spillover,
        likeness,
        decide(
            found, ratio, metric=plan.metric, direction=plan.direction, alpha=plan.alpha, percent=plan.kind == "any",
            always_valid=always if by_every_look(observed, sequential) else None,
        ),
    )  # fmt: skip


def plain(report: Report) -> dict[str, Any]:
    """The report as plain JSON."""
    return {
        "sample_ratio": report.ratio._asdict(),
        "exposed": report.exposed,
        "effects": [
            effect._asdict() | {"always_valid_low": low, "always_valid_high": high} | line.fields()
            for effect, (low, high), line in zip(report.effects, report.sequential, report.decisions, strict=True)
        ],
        "spillover": [
            {**pair._asdict(), "estimates": [e._asdict() for e in pair.estimates]} for pair in report.spillover
        ],
        "likeness": [
            {**pair._asdict(), "estimate": pair.estimate._asdict() if pair.estimate else None}
            for pair in report.likeness
        ],
    }


def communities(shares: scipy.sparse.csr_array, cap: int) -> np.ndarray:
    """Who shares contacts with whom, for errors where customers were assigned: communities of the graph, int [n].

    Args:
        shares: from `contact_shares` [n, n].
        cap: most customers in one.
    """
    import numpy as np
    from scipy import sparse

    upper = sparse.triu(shares, 1).tocoo()
    ties = np.ones(upper.nnz)
    return partitions(upper.row, upper.col, ties, shares.shape[0], cap=cap, resolutions=(1.0,))[0].cluster


def _shares(customers: pl.DataFrame, ties: pl.DataFrame) -> scipy.sparse.csr_array:
    """Each customer's contacts in the experiment, as `contact_shares` gives them."""
    import numpy as np
    import polars as pl

    place = pl.DataFrame({"id": customers["customer_id"], "i": np.arange(customers.height)})
    both = ties.join(place.rename({"id": "a", "i": "x"}), on="a").join(place.rename({"id": "b", "i": "y"}), on="b")
    return contact_shares(both["x"].to_numpy(), both["y"].to_numpy(), customers.height)


def _spillover(
    customers: pl.DataFrame, plan: Plan, shares: scipy.sparse.csr_array, value: np.ndarray, alike: np.ndarray
) -> list[Spillover]:
    """Each pair of arms on the customers of these two arms; contacts in third arms are held constant."""
    import numpy as np

    arms = customers["arm"].to_numpy()
    exposures = {arm: shares @ (arms == arm).astype(float) for arm in plan.arms}
    found = []
    for versus, arm in combinations(plan.arms, 2):
        rows = np.flatnonzero((arms == arm) | (arms == versus))
        third = [exposures[name] for name in plan.arms if name not in (arm, versus)]
        exposure = exposures[arm][rows]
        estimates, note = [], None
        try:
            estimates = exposure_regression(
                value[rows],
                (arms[rows] == arm).astype(float),
                exposure,
                controls=np.column_stack([lonely(shares), *third])[rows],
                clusters=alike[rows],
                alpha=plan.alpha,
            )
        except InputError as error:
            note = error.message
        histogram = np.histogram(np.clip(exposure, 0, 1), bins=BINS, range=(0, 1))[0].tolist()
        cut = cut_share(shares, alike) if plan.unit == "cluster" else None
        found.append(Spillover(arm, versus, len(rows), cut, histogram, estimates, note))
    return found


def _likeness(
    customers: pl.DataFrame, plan: Plan, shares: scipy.sparse.csr_array, subjects: pl.DataFrame, value: np.ndarray,
    alike: np.ndarray,
) -> list[Likeness]:  # fmt: skip
    """Each pair with the arm `LENDS`: those whose likeness its ads use, by the share of such ads assigned."""
    import numpy as np
    import polars as pl

    lent = subjects.join(customers.select("customer_id", "arm"), on="customer_id")
    lent = lent.group_by(customer_id="subject_id").agg(lent=(pl.col("arm") == LENDS).mean())
    lent = customers.select("customer_id").join(lent, on="customer_id", how="left", maintain_order="left")["lent"]
    asked, lent = lent.is_not_null().cast(pl.Float64).to_numpy(), lent.fill_null(0.0).to_numpy()
    arms = customers["arm"].to_numpy()
    friends = [shares @ (arms == name).astype(float) for name in list(plan.arms)[1:]]
    held = np.column_stack([lonely(shares), *friends])
    found = []
    for versus, arm in combinations(plan.arms, 2):
        if LENDS not in (arm, versus):
            continue
        rows = np.flatnonzero((arms == arm) | (arms == versus))
        estimate, note = None, None
        try:
            estimate = likeness_regression(
                value[rows],
                (arms[rows] == arm).astype(float),
                asked[rows],
                lent[rows],
                controls=held[rows],
                clusters=alike[rows],
                alpha=plan.alpha,
            )
        except InputError as error:
            note = error.message
        found.append(Likeness(arm, versus, len(rows), int(asked[rows].sum()), estimate, note))
    return found

"""When customers talk to each other: exposure, direct effect, spillover and total effect (METHODS section 7).

For arms A against B: Y = alpha + tau Z + gamma f, Z = 1 in arm A, f = share in arm A of the customer's contacts that
are in the experiment. Sources: Aronow and Samii 2017 (exposure mappings, Hajek weights), Saveski et al. 2017.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from engine.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    import scipy.sparse

LEVEL = 0.75  # "most contacts" of the Hajek contrast: at least this share treated, or at most 1 - this


class Estimate(NamedTuple):
    """One effect.

    Args:
        effect: direct, spillover or total.
        method: exposure regression or Hajek.
        value: its estimate.
        se: standard error, robust to dependence within clusters where there are any.
        low: lower end of the interval.
        high: upper end.
        p: two-sided; that of `spillover` tests "no interference".
    """

    effect: str
    method: str
    value: float
    se: float
    low: float
    high: float
    p: float


def contact_shares(a: np.ndarray, b: np.ndarray, n: int) -> scipy.sparse.csr_array:
    """The matrix that turns arms into exposure: row i holds 1 / contacts for each contact of customer i.

    Args:
        a: one end of each tie between customers of the experiment, 0..n-1 [ties].
        b: the other end [ties].
        n: customers in the experiment.

    Returns:
        float64 [n, n] sparse; the row of a customer without contacts in the experiment is empty (exposure 0).
    """
    import numpy as np
    from scipy import sparse

    rows, columns = np.r_[a, b], np.r_[b, a]
    matrix = sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=(n, n))
    matrix.data[:] = 1.0
    degree = np.diff(matrix.indptr)
    matrix.data /= np.repeat(np.maximum(degree, 1), degree)
    return matrix


def cut_share(shares: scipy.sparse.csr_array, clusters: np.ndarray) -> float:
    """Mean share of contacts outside the own cluster, over customers who have contacts; clusters: int [n]."""
    import numpy as np

    degree = np.diff(shares.indptr)
    rows = np.repeat(np.arange(len(degree)), degree)
    outside = shares.data * (clusters[rows] != clusters[shares.indices])
    return float(outside.sum() / max((degree > 0).sum(), 1))


def exposure_regression(
    outcome: np.ndarray, treated: np.ndarray, exposure: np.ndarray, *, clusters: np.ndarray | None = None,
    alpha: float = 0.05,
) -> list[Estimate]:  # fmt: skip
    """Direct, spillover and total effect by least squares of the outcome on arm and exposure.

    Args:
        outcome: of each customer [n].
        treated: 1 in arm A, 0 in arm B [n].
        exposure: share of contacts in arm A, 0..1 [n].
        clusters: assigned clusters, int [n]; None when customers were assigned.
        alpha: 1 - confidence.

    Raises:
        InputError: arm and exposure cannot be told apart (no contact across clusters, or one arm only).
    """
    import numpy as np
    import statsmodels.api as sm

    design = np.column_stack([np.ones(len(outcome)), treated, exposure])
    if np.linalg.matrix_rank(design) < 3:
        raise InputError(
            "direct and spillover effect cannot be told apart here: exposure follows the arm, or does not vary.",
            fix="Analyse the total effect by clusters instead.",
        )
    if clusters is None:
        fit = sm.OLS(outcome, design).fit(cov_type="HC1", use_t=True)
    else:
        fit = sm.OLS(outcome, design).fit(cov_type="cluster", cov_kwds={"groups": clusters}, use_t=True)
    return [
        _estimate(effect, "exposure regression", fit.t_test(weights), alpha)
        for effect, weights in (("direct", [0, 1, 0]), ("spillover", [0, 0, 1]), ("total", [0, 1, 1]))
    ]


def exposure_probabilities(
    shares: scipy.sparse.csr_array, redrawn: np.ndarray, control: np.ndarray | None = None, *, level: float = LEVEL
) -> tuple[np.ndarray, np.ndarray]:
    """How likely each customer is to be treated among mostly treated, or in control among mostly control.

    Args:
        shares: from `contact_shares` [n, n].
        redrawn: arms of many redraws of the assignment, 1 in arm A [n, draws].
        control: 1 in arm B [n, draws]; None = there are two arms only.
        level: what "mostly" means.

    Returns:
        Two arrays [n]: probability of (A, exposure >= level) and of (B, exposure <= 1 - level).
    """
    exposure = shares @ redrawn
    high = ((redrawn == 1) & (exposure >= level)).mean(axis=1)
    low = ((redrawn == 0 if control is None else control == 1) & (exposure <= 1 - level)).mean(axis=1)
    return high, low


def hajek(
    outcome: np.ndarray, treated: np.ndarray, exposure: np.ndarray, high: np.ndarray, low: np.ndarray, *,
    clusters: np.ndarray | None = None, level: float = LEVEL, alpha: float = 0.05,
) -> Estimate:  # fmt: skip
    """Total effect as the difference of weighted means: treated among treated against control among control.

    Args:
        outcome: of each customer [n].
        treated: 1 in arm A [n].
        exposure: share of contacts in arm A [n].
        high: probability of being treated among mostly treated [n], from `exposure_probabilities`.
        low: probability of being in control among mostly control [n].
        clusters: assigned clusters, int [n], or None.
        level: as given to `exposure_probabilities`.
        alpha: 1 - confidence.

    Raises:
        InputError: nobody is in one of the two conditions. Customers who can never be in both are left out.
    """
    import numpy as np
    import statsmodels.api as sm

    possible = (high > 0) & (low > 0)
    one = possible & (treated == 1) & (exposure >= level)
    other = possible & (treated == 0) & (exposure <= 1 - level)
    if one.sum() < 2 or other.sum() < 2:
        raise InputError(
            "hardly anybody has mostly treated (or mostly control) contacts.",
            fix="Assign clusters instead of customers.",
        )
    rows = one | other
    weight = np.where(one, 1 / np.maximum(high, 1e-12), 1 / np.maximum(low, 1e-12))[rows]
    model = sm.WLS(outcome[rows], sm.add_constant(one[rows].astype(float)), weights=weight)
    if clusters is None:
        fit = model.fit(cov_type="HC1", use_t=True)
    else:
        fit = model.fit(cov_type="cluster", cov_kwds={"groups": clusters[rows]}, use_t=True)
    return _estimate("total", "Hajek", fit.t_test([0, 1]), alpha)


def _estimate(effect: str, method: str, test, alpha: float) -> Estimate:
    low, high = test.conf_int(alpha=alpha)[0]
    value, se, p = (float(part.item()) for part in (test.effect, test.sd, test.pvalue))
    return Estimate(effect, method, value, se, float(low), float(high), p)

"""When customers talk to each other: exposure, direct effect, spillover and total effect (METHODS section 7).

For arms A against B: Y = alpha + tau Z + gamma f, Z = 1 in arm A, f = share in arm A of the customer's contacts that
are in the experiment. Contacts in a third arm have a share and a coefficient of their own, and whoever has no contact
in the experiment an intercept, so that gamma compares contacts in A with contacts in B and not the sociable with the
lonely. Sources: Aronow and Samii 2017 (exposure mappings, Hajek weights), Saveski et al. 2017.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from engine.errors import InputError
from engine.learning.fit import least_squares

if TYPE_CHECKING:
    import numpy as np
    import scipy.sparse

LEVEL = 0.75  # "most contacts" of the Hajek contrast: at least this share treated, or at most 1 - this


class Estimate(NamedTuple):
    """One effect.

    Args:
        effect: direct, spillover, total or likeness.
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


def lonely(shares: scipy.sparse.csr_array) -> np.ndarray:
    """1 for customers without a contact in the experiment, else 0; [n, 1], or [n, 0] where everybody has one."""
    import numpy as np

    alone = (np.diff(shares.indptr) == 0).astype(float)
    return alone[:, None][:, : int(alone.any())]


def exposure_regression(
    outcome: np.ndarray, treated: np.ndarray, exposure: np.ndarray, *, controls: np.ndarray | None = None,
    clusters: np.ndarray | None = None, alpha: float = 0.05,
) -> list[Estimate]:  # fmt: skip
    """Direct, spillover and total effect by least squares of the outcome on arm and exposure.

    Args:
        outcome: of each customer [n].
        treated: 1 in arm A, 0 in arm B [n].
        exposure: share of contacts in arm A, 0..1 [n].
        controls: further columns that are held constant: `lonely`, shares of contacts in third arms [n, k].
        clusters: int [n]: those that were assigned, or communities of the graph where customers were: neighbours share
            contacts, hence exposure; None = nobody is alike.
        alpha: 1 - confidence.

    Raises:
        InputError: arm and exposure cannot be told apart (no contact across clusters, or one arm only).
    """
    import numpy as np

    design = np.column_stack([np.ones(len(outcome)), treated, exposure])
    if controls is not None:
        design = np.column_stack([design, controls[:, np.ptp(controls, axis=0) > 0]])
    if np.linalg.matrix_rank(design) < design.shape[1]:
        raise InputError(
            "direct and spillover effect cannot be separated here: exposure follows the arm, or does not vary.",
            fix="Analyse the total effect by clusters instead.",
        )
    fit = least_squares(outcome, design, clusters)
    rest = [0] * (design.shape[1] - 3)
    return [
        _estimate(effect, "exposure regression", fit.t_test([*weights, *rest]), alpha)
        for effect, weights in (("direct", [0, 1, 0]), ("spillover", [0, 0, 1]), ("total", [0, 1, 1]))
    ]


def likeness_regression(
    outcome: np.ndarray, treated: np.ndarray, asked: np.ndarray, lent: np.ndarray, *,
    controls: np.ndarray | None = None, clusters: np.ndarray | None = None, alpha: float = 0.05,
) -> Estimate:  # fmt: skip
    """The other direction: what it does to customers that ads shown to others are driven by their likeness.

    Y = alpha + tau Z + sigma s + delta g over the customers of two arms: s = 1 where somebody's ad could be driven by
    this customer's likeness, g = the share of those people who were assigned the arm that does so. Those people are
    contacts too: with the shares of contacts per arm held constant, delta is what comes on top of ordinary spillover.

    Args:
        outcome: of each customer [n].
        treated: 1 in arm A [n].
        asked: s, 0/1 [n].
        lent: g, 0..1, 0 where s is 0 [n].
        controls: columns that are held constant: `lonely`, shares of contacts in the arms but one [n, k].
        clusters: as for `exposure_regression`.
        alpha: 1 - confidence.

    Raises:
        InputError: nobody's likeness could be used, or all of them alike.
    """
    import numpy as np

    more = asked[:, None] if controls is None else np.column_stack([asked, controls])
    design = np.column_stack([np.ones(len(outcome)), treated, lent, more[:, np.ptp(more, axis=0) > 0]])
    if not asked.any() or np.linalg.matrix_rank(design) < design.shape[1]:
        raise InputError(
            "the effect on customers whose face drives others' ads cannot be estimated: no face is used, or all alike.",
            fix="Assign customers, or smaller clusters.",
        )
    weights = [0, 0, 1] + [0] * (design.shape[1] - 3)
    return _estimate("likeness", "exposure regression", least_squares(outcome, design, clusters).t_test(weights), alpha)


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
        Two arrays [n]: probability of (A, share of contacts in A >= level) and of (B, share in B >= level); both 0
        for customers without contacts.
    """
    control = 1 - redrawn if control is None else control
    high = ((redrawn == 1) & (shares @ redrawn >= level)).mean(axis=1)
    low = ((control == 1) & (shares @ control >= level)).mean(axis=1)
    return high, low


def hajek(
    outcome: np.ndarray, treated: np.ndarray, exposure: np.ndarray, high: np.ndarray, low: np.ndarray, *,
    control_exposure: np.ndarray | None = None, clusters: np.ndarray | None = None, level: float = LEVEL,
    alpha: float = 0.05,
) -> Estimate:  # fmt: skip
    """Total effect as the difference of weighted means: treated among treated against control among control.

    Args:
        outcome: of each customer [n].
        treated: 1 in arm A [n].
        exposure: share of contacts in arm A [n].
        high: probability of being treated among mostly treated [n], from `exposure_probabilities`.
        low: probability of being in control among mostly control [n].
        control_exposure: share of contacts in arm B [n]; None = there are two arms only, everybody has contacts.
        clusters: as for `exposure_regression`.
        level: as given to `exposure_probabilities`.
        alpha: 1 - confidence.

    Raises:
        InputError: nobody is in one of the two conditions. Customers who can never be in both are left out.
    """
    import numpy as np

    possible = (high > 0) & (low > 0)
    one = possible & (treated == 1) & (exposure >= level)
    other = possible & (treated == 0) & ((1 - exposure if control_exposure is None else control_exposure) >= level)
    if one.sum() < 2 or other.sum() < 2:
        raise InputError(
            "hardly anybody has mostly treated (or mostly control) contacts.",
            fix="Assign clusters instead of customers.",
        )
    rows = one | other
    weight = np.where(one, 1 / np.maximum(high, 1e-12), 1 / np.maximum(low, 1e-12))[rows]
    design = np.column_stack([np.ones(rows.sum()), one[rows]])
    fit = least_squares(outcome[rows], design, None if clusters is None else clusters[rows], weight)
    return _estimate("total", "Hajek", fit.t_test([0, 1]), alpha)


def _estimate(effect: str, method: str, test, alpha: float) -> Estimate:
    low, high = test.conf_int(alpha=alpha)[0]
    value, se, p = (float(part.item()) for part in (test.effect, test.sd, test.pvalue))
    return Estimate(effect, method, value, se, float(low), float(high), p)

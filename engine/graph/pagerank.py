"""Weighted PageRank and what is read from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.compiled import compiled
from engine.errors import EngineError
from engine.graph import kernels
from engine.graph.arrays import adjacency, unsigned

if TYPE_CHECKING:
    import numpy as np

SMALL = 100_000
SWEEPS = 10_000
RELAX = 1.15


def pagerank(
    src: np.ndarray,
    dst: np.ndarray,
    weight: np.ndarray,
    n: int,
    *,
    damping: float = 0.85,
    tolerance: float = 1e-11,
    start: np.ndarray | None = None,
) -> np.ndarray:
    """PageRank on a weighted directed graph; rank flows from src to dst, dangling mass is spread evenly.

    The linear form (I - d P^T) x = 1 is solved by Gauss-Seidel with slight over-relaxation and scaled to sum 1: with an
    even spread the dangling mass only scales the solution (Del Corso, Gulli & Romani 2005). METHODS section 3.

    Args:
        src: int[m], nodes below n.
        dst: int[m]; no (src, dst) twice.
        weight: float[m] >= 0; a node whose weights are all 0 counts as dangling.
        n: number of nodes.
        damping: d, in [0, 1).
        tolerance: summed absolute error; graphs up to 100,000 nodes are solved to 1e-14 for no visible cost, so
            that nodes in equal positions get equal ranks.
        start: float[n], an earlier solution to begin from.

    Returns:
        float64[n] that sums to 1 (empty for n = 0).

    Raises:
        EngineError: no convergence, which only non-finite or negative weights can cause.
    """
    import numpy as np

    if n == 0:
        return np.zeros(0)
    weight = weight.astype(np.float64, copy=False)
    if len(weight) and (not np.isfinite(weight).all() or weight.min() < 0):
        raise EngineError("PageRank needs weights that are finite and not negative.")
    # Parties whom many call come first: what is read most lies together, and rows in a row have like lengths.
    callers = np.bincount(dst, minlength=n)
    rarity = callers.max() - callers
    # Numbers of 16 bits are sorted by counting.
    order = np.argsort(rarity.astype(np.min_scalar_type(rarity.max())), kind="stable")
    number = np.empty(n, np.int32)
    number[order] = np.arange(n, dtype=np.int32)
    into = adjacency(number[dst], number[src], weight, n)
    out = np.bincount(into.indices, weights=into.weights, minlength=n)
    into.weights[:] /= np.where(out > 0, out, 1.0)[into.indices]
    if start is None:
        x = np.ones(n)
    else:
        start = start[order] / start.sum()
        x = start * (n / (1.0 - damping * start[out > 0].sum()))
    limit = (min(tolerance, 1e-14) if n <= SMALL else tolerance) * (1.0 - damping)
    used = compiled(kernels.gauss_seidel)(
        into.indptr.astype(np.uint32), unsigned(into.indices), into.weights, float(damping), max(limit, 2e-16),
        SWEEPS, RELAX, x,
    )  # fmt: skip
    if used < 0:
        raise EngineError(f"PageRank did not settle in {SWEEPS} sweeps.")
    rank = np.empty(n)
    rank[order] = x / x.sum()
    return rank


def share_not_above(values: np.ndarray, relative: float = 1e-9) -> np.ndarray:
    """c_j: the share of the values that are no higher than each; values within `relative` of each other are equal.

    Args:
        values: float[n] >= 0.
        relative: neighbours in rank this close count as one value, so that rounding cannot order them.

    Returns:
        float64[n] in (0, 1].
    """
    import numpy as np

    order = np.argsort(values)  # equal values in any order: they get one share
    ranked = values[order]
    last = np.append(np.diff(ranked) > relative * ranked[1:], True)
    upto = np.flatnonzero(last) + 1
    share = np.empty(len(values))
    share[order] = np.repeat(upto / max(len(values), 1), np.diff(upto, prepend=0)) if len(values) else []
    return share

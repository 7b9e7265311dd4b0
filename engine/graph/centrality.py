"""Centralities over the ties that count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.compiled import compiled
from engine.graph import kernels

if TYPE_CHECKING:
    import numpy as np

    from engine.graph.arrays import Adjacency


def coreness(graph: Adjacency) -> np.ndarray:
    """The largest k such that a node is in the k-core (Kitsak et al. 2010; algorithm Batagelj & Zaversnik 2003).

    Args:
        graph: undirected, each tie in both rows.

    Returns:
        int64[n].
    """
    import numpy as np

    degree = graph.degree.copy()
    order = np.argsort(degree, kind="stable")
    position = np.empty_like(order)
    position[order] = np.arange(len(order))
    start = np.searchsorted(degree[order], np.arange(degree.max(initial=0) + 2))
    compiled(kernels.core_numbers)(graph.indptr, graph.indices, degree, start, position, order)
    return degree


def collective_influence(graph: Adjacency) -> np.ndarray:
    """CI of radius 2: (k_i - 1) times the sum of (k_j - 1) at distance two (Morone & Makse 2015, Nature 524).

    Args:
        graph: undirected, each tie in both rows.

    Returns:
        float64[n]; 0 for a node without ties.
    """
    import numpy as np

    out = np.zeros(graph.n)
    compiled(kernels.collective_influence)(graph.indptr, graph.indices, np.full(graph.n, -1, np.int64), out)
    return out


def local_clustering(graph: Adjacency) -> np.ndarray:
    """The share of a node's pairs of neighbours that are neighbours themselves (Watts & Strogatz 1998, Nature 393).

    Args:
        graph: undirected, each tie in both rows.

    Returns:
        float64[n] in [0, 1]; 0 with fewer than two neighbours.
    """
    import numpy as np

    rows = graph.rows()
    shared = np.empty(len(rows), np.int32)
    compiled(kernels.shared_neighbours)(graph.indptr, graph.indices, rows, graph.indices, shared)
    pairs = graph.degree * (graph.degree - 1)
    return np.bincount(rows, weights=shared, minlength=graph.n) / np.maximum(pairs, 1)


def harmonic(graph: Adjacency, *, pivots: int = 64, seed: int = 7) -> np.ndarray:
    """Harmonic centrality, the summed 1 / distance to everybody else (Boldi & Vigna 2014), estimated from pivots.

    Args:
        graph: undirected, each tie in both rows.
        pivots: nodes that distances are taken to, drawn without replacement; all of them give the exact value.
        seed: of the draw.

    Returns:
        float64[n], scaled to all nodes.
    """
    import numpy as np

    chosen, scale = _pivots(graph.n, pivots, seed)
    out = np.zeros(graph.n)
    compiled(kernels.closeness_from)(
        graph.indptr, graph.indices, chosen, np.full(graph.n, -1, np.int64), np.empty(graph.n, np.int64), out
    )
    return out * scale


def betweenness(graph: Adjacency, *, pivots: int = 64, seed: int = 7) -> np.ndarray:
    """Betweenness (Brandes 2001; Brandes & Pich 2007 for pivots): shortest paths between others that pass a node.

    Args, returns: as of `harmonic`; each unordered pair counts once.
    """
    import numpy as np

    chosen, scale = _pivots(graph.n, pivots, seed)
    out = np.zeros(graph.n)
    compiled(kernels.betweenness_from)(
        graph.indptr, graph.indices, chosen, np.full(graph.n, -1, np.int64), np.empty(graph.n, np.int64),
        np.zeros(graph.n), np.zeros(graph.n), out,
    )  # fmt: skip
    return out * scale / 2


def eigenvector(graph: Adjacency, *, tolerance: float = 1e-10, rounds: int = 10_000) -> np.ndarray:
    """Weighted eigenvector centrality (Bonacich 1987), by power iteration on A + s I, s the mean row sum.

    Not among the defaults: in a weighted call graph it localises on the heaviest pair (the leading eigenvalue is about
    that pair's weight), and everybody else gets numbers near 0 that only tell the distance to that pair.

    Args:
        graph: undirected, each tie in both rows.
        tolerance: of the summed change of the vector of length 1.
        rounds: at most; on a graph of several equal parts the vector depends on the even start.

    Returns:
        float64[n] of length 1 (zeros without ties).
    """
    import numpy as np
    import scipy.sparse as sp

    if not len(graph.indices):
        return np.zeros(graph.n)
    matrix = sp.csr_matrix((graph.weights, graph.indices, graph.indptr), shape=(graph.n, graph.n))
    shift = float(graph.weights.sum() / graph.n)
    x = np.full(graph.n, graph.n**-0.5)
    for _ in range(rounds):
        new = matrix @ x + shift * x
        new /= np.linalg.norm(new)
        moved, x = np.abs(new - x).sum(), new
        if moved < tolerance:
            break
    return x


def _pivots(n: int, wanted: int, seed: int) -> tuple[np.ndarray, float]:
    """(nodes drawn, how many nodes each stands for)."""
    import numpy as np

    count = min(wanted, n)
    chosen = np.random.default_rng(seed).choice(n, count, replace=False) if n else np.zeros(0, np.int64)
    return np.sort(chosen), n / count if count else 0.0

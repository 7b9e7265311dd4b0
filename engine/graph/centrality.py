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

"""How much the circles of two people overlap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.compiled import compiled
from engine.graph import kernels
from engine.graph.arrays import cursors, in_parts, pointers, unsigned

if TYPE_CHECKING:
    import numpy as np
    import polars as pl


def overlap(a: np.ndarray, b: np.ndarray, n: int) -> np.ndarray:
    """Topological overlap O = n_ij / ((k_i - 1) + (k_j - 1) - n_ij) of each pair (Onnela et al. 2007, PNAS 104).

    Args:
        a, b: int32[m], the unordered pairs, each once, a < b, in the order of (a, b).
        n: number of nodes.

    Returns:
        float64[m] in [0, 1]; 0 for two nodes with no other contact.
    """
    import numpy as np

    shared = common(a, b, n)
    degree = np.diff(pointers(n, a, b)).astype(np.int32)
    others = degree[a] + degree[b] - 2 - shared
    return shared / np.maximum(others, 1)


def common(a: np.ndarray, b: np.ndarray, n: int) -> np.ndarray:
    """int32[m]: how many contacts the ends of each pair share; arguments as of `overlap`."""
    import numpy as np

    indptr, indices = pointers(n, a, b), np.empty(2 * len(a), np.int32)
    compiled(kernels.place_pairs)(unsigned(a), unsigned(b), cursors(indptr), indices)
    shared = np.empty(len(a), np.int32)
    graph = indptr.astype(np.uint32), unsigned(indices)
    count = compiled(kernels.shared_neighbours)
    in_parts(len(a), lambda part: count(*graph, unsigned(a[part]), unsigned(b[part]), shared[part]))
    return shared


def with_overlap(ties: pl.DataFrame) -> pl.DataFrame:
    """Ties that count, with their `overlap` among themselves.

    Args:
        ties: a < b and further columns, by a and b; no gated ones.
    """
    import numpy as np
    import polars as pl

    a, b = (ties[c].to_numpy().astype(np.int32) for c in ("a", "b"))
    size = int(b.max()) + 1 if len(b) else 0
    return ties.with_columns(pl.Series("overlap", overlap(a, b, size)))

"""How much the circles of two people overlap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.graph import kernels
from engine.graph.arrays import compiled, symmetric

if TYPE_CHECKING:
    import numpy as np
    import polars as pl


def overlap(a: np.ndarray, b: np.ndarray, n: int) -> np.ndarray:
    """Topological overlap O = n_ij / ((k_i - 1) + (k_j - 1) - n_ij) of each pair (Onnela et al. 2007, PNAS 104).

    Args:
        a, b: int[m], the unordered pairs, each once.
        n: number of nodes.

    Returns:
        float64[m] in [0, 1]; 0 for two nodes with no other contact.
    """
    import numpy as np

    graph = symmetric(a, b, np.zeros(len(a)), n)
    shared = np.empty(len(a), np.int64)
    compiled(kernels.shared_neighbours)(graph.indptr, graph.indices, a.astype(np.int32), b.astype(np.int32), shared)
    others = graph.degree[a] + graph.degree[b] - 2 - shared
    return shared / np.maximum(others, 1)


def with_overlap(ties: pl.DataFrame) -> pl.DataFrame:
    """Ties that count, with their `overlap` among themselves.

    Args:
        ties: a, b and further columns; no gated ones.
    """
    import numpy as np
    import polars as pl

    a, b = ties["a"].to_numpy(), ties["b"].to_numpy()
    size = max(int(a.max()), int(b.max())) + 1 if len(a) else 0
    return ties.with_columns(pl.Series("overlap", overlap(a.astype(np.int32), b.astype(np.int32), size)))

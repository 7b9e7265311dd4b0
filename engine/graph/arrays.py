"""Graphs as arrays: CSR adjacency, and the compiling of the kernels that run over it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.graph import kernels

if TYPE_CHECKING:
    import numpy as np


@functools.cache
def compiled(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """A function of `engine.graph.kernels` as machine code, kept on disk so that only the first run ever compiles."""
    import numba

    return numba.njit(cache=True, nogil=True)(kernel)


@dataclass(frozen=True)
class Adjacency:
    """A weighted graph by rows (CSR).

    Args:
        indptr: int64[n + 1], where each row begins.
        indices: int32[m], neighbours, ascending within a row.
        weights: float64[m].
    """

    indptr: np.ndarray
    indices: np.ndarray
    weights: np.ndarray

    @property
    def n(self) -> int:
        """Number of nodes."""
        return len(self.indptr) - 1

    @property
    def degree(self) -> np.ndarray:
        """int64[n], entries per row."""
        return self.indptr[1:] - self.indptr[:-1]

    def rows(self) -> np.ndarray:
        """int32[m], the row of each entry."""
        import numpy as np

        return np.repeat(np.arange(self.n, dtype=np.int32), self.degree)

    def column_sums(self) -> np.ndarray:
        """float64[n], summed weight per column."""
        import numpy as np

        return np.bincount(self.indices, weights=self.weights, minlength=self.n)

    def row_sums(self) -> np.ndarray:
        """float64[n], summed weight per row."""
        import numpy as np

        return np.bincount(self.rows(), weights=self.weights, minlength=self.n)


def adjacency(rows: np.ndarray, columns: np.ndarray, weights: np.ndarray, n: int) -> Adjacency:
    """Group entries by row with neighbours ascending, whatever order they come in (two counting sorts).

    Args:
        rows: int[m] below n.
        columns: int[m] below n; no (row, column) twice.
        weights: float[m].
        n: number of nodes.
    """
    import numpy as np

    rows, columns = rows.astype(np.int32, copy=False), columns.astype(np.int32, copy=False)
    by_column = pointers(n, columns)
    indices, values = np.empty(len(rows), np.int32), np.empty(len(rows), np.float64)
    compiled(kernels.place)(
        columns, rows, weights.astype(np.float64, copy=False), by_column[:-1].copy(), indices, values
    )
    return transposed(Adjacency(by_column, indices, values))


def transposed(graph: Adjacency) -> Adjacency:
    """The same entries with rows and columns exchanged."""
    import numpy as np

    indptr = pointers(graph.n, graph.indices)
    indices, values = np.empty_like(graph.indices), np.empty_like(graph.weights)
    compiled(kernels.transpose)(graph.indptr, graph.indices, graph.weights, indptr[:-1].copy(), indices, values)
    return Adjacency(indptr, indices, values)


def symmetric(a: np.ndarray, b: np.ndarray, weights: np.ndarray, n: int) -> Adjacency:
    """The undirected graph of pairs (a, b): each pair stands in both rows; arguments as in `adjacency`."""
    import numpy as np

    return adjacency(np.concatenate([a, b]), np.concatenate([b, a]), np.concatenate([weights, weights]), n)


def pointers(n: int, *rows: np.ndarray) -> np.ndarray:
    """int64[n + 1], where each of n rows begins, from the row of each entry (int arrays below n)."""
    import numpy as np

    indptr = np.zeros(n + 1, np.int64)
    for some in rows:
        compiled(kernels.count)(some, indptr)
    return np.cumsum(indptr, out=indptr)

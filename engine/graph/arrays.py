"""Graphs as arrays: CSR adjacency, and what kernels need to run over it."""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.compiled import compiled
from engine.graph import kernels

if TYPE_CHECKING:
    import numpy as np

PART = 10_000  # rows that are worth a thread


def warm() -> None:
    """Load the compiler and its first kernel in the background, which takes as long as a small graph: call it before
    a statement of the database, which leaves Python free."""
    import numpy as np

    threading.Thread(target=lambda: pointers(1, np.zeros(1, np.int32)), daemon=True).start()


def in_parts(n: int, run: Callable[[slice], object]) -> None:
    """Call `run` with slices that make up 0..n-1, one per processor and side by side: compiled code lets go of Python.

    Args:
        n: how many rows there are.
        run: works on the rows of a slice and writes nothing that belongs to others.
    """
    from concurrent.futures import ThreadPoolExecutor

    workers = min(len(os.sched_getaffinity(0)), max(n // PART, 1))
    bounds = [n * k // workers for k in range(workers + 1)]
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(run, [slice(*ends) for ends in itertools.pairwise(bounds)]))


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
        unsigned(columns), unsigned(rows), weights.astype(np.float64, copy=False), cursors(by_column), indices, values
    )
    return transposed(Adjacency(by_column, indices, values))


def transposed(graph: Adjacency) -> Adjacency:
    """The same entries with rows and columns exchanged."""
    import numpy as np

    indptr = pointers(graph.n, graph.indices)
    indices, values = np.empty_like(graph.indices), np.empty_like(graph.weights)
    compiled(kernels.transpose)(
        graph.indptr.astype(np.uint32), unsigned(graph.indices), graph.weights, cursors(indptr), indices, values
    )
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


def cursors(indptr: np.ndarray) -> np.ndarray:
    """uint32[n], where each row begins, for a kernel to move on; there are fewer than 2^32 entries in one memory."""
    import numpy as np

    return indptr[:-1].astype(np.uint32)


def unsigned(numbers: np.ndarray) -> np.ndarray:
    """The same numbers, of which none is negative: compiled code then need not look whether one is."""
    return numbers.view(f"u{numbers.itemsize}")

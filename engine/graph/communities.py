"""Communities of people who call one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.graph.arrays import Adjacency

if TYPE_CHECKING:
    import numpy as np

# Parties per unit of resolution: two circles of 40 stay apart unless one in twelve of their ties runs between.
CIRCLE = 500


def leiden(graph: Adjacency, *, seed: int = 7, resolution: float = 1.0) -> np.ndarray:
    """Leiden communities by weighted modularity (Traag, Waltman & van Eck 2019, Sci Rep 9:5233), by igraph.

    Args:
        graph: undirected, each tie in both rows.
        seed: of igraph's random numbers; the same graph and seed give the same communities.
        resolution: above 1 gives smaller communities.

    Returns:
        int64[n], communities numbered by size (largest 0, then by smallest member); -1 for a node without ties.
    """
    import random

    import igraph
    import numpy as np

    member = np.full(graph.n, -1, np.int64)
    tied = np.flatnonzero(graph.degree)
    if not len(tied):
        return member
    compact = np.full(graph.n, -1, np.int32)
    compact[tied] = np.arange(len(tied), dtype=np.int32)
    rows = graph.rows()
    once = rows < graph.indices
    pairs = np.column_stack([compact[rows[once]], compact[graph.indices[once]]])
    network = igraph.Graph(len(tied))
    network.add_edges(pairs)
    igraph.set_random_number_generator(random.Random(seed))  # noqa: S311 (repeatable, not secret)
    try:
        found = network.community_leiden(
            objective_function="modularity", weights=graph.weights[once].tolist(), resolution=resolution
        )
    finally:
        igraph.set_random_number_generator(random)
    labels = np.asarray(found.membership, np.int64)
    _, first, inverse, sizes = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    number = np.empty(len(sizes), np.int64)
    number[np.lexsort((first, -sizes))] = np.arange(len(sizes))
    member[tied] = number[inverse]
    return member


def circles(graph: Adjacency, *, seed: int = 7) -> np.ndarray:
    """Communities of the size of a circle of friends, whatever the size of the graph: what `validate` stratifies by.

    Plain modularity merges circles once the graph is large (Fortunato & Barthelemy 2007, PNAS 104), and within merged
    circles resemblance is mistaken for influence. A resolution that grows with the graph keeps them apart. Ties count
    by the root of their weight: by the weight itself one strong tie outweighs all others of a person, and 3 in 100
    people of a town are put into the circle of that one contact instead of their own.

    Args, returns: as of `leiden`.
    """
    import numpy as np

    even = Adjacency(graph.indptr, graph.indices, np.sqrt(graph.weights))
    return leiden(even, seed=seed, resolution=max(1.0, (graph.degree > 0).sum() / CIRCLE))

"""Clusters to assign whole: Leiden communities of bounded size, and what each choice costs (METHODS section 7)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from engine.errors import InputError

if TYPE_CHECKING:
    import numpy as np

RESOLUTIONS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)


class Partition(NamedTuple):
    """One way to cluster.

    Args:
        resolution: of the Leiden algorithm.
        cluster: of each customer, int from 0 by first appearance [n].
        clusters: how many.
        largest: customers in the largest.
        cut: share of the tie weight between clusters.
    """

    resolution: float
    cluster: np.ndarray
    clusters: int
    largest: int
    cut: float


def partitions(
    a: np.ndarray, b: np.ndarray, weight: np.ndarray, n: int, *, cap: int, resolutions: Sequence[float] = RESOLUTIONS,
    seed: int = 7,
) -> list[Partition]:  # fmt: skip
    """The curve of cut share against number of clusters (Traag et al. 2019, by igraph).

    Args:
        a: one end of each tie, 0..n-1 [ties].
        b: the other end [ties].
        weight: of each tie [ties].
        n: customers; those without ties are clusters of their own.
        cap: most customers in a cluster; larger communities are divided again, finer and finer.
        resolutions: one partition for each.
        seed: of the algorithm.

    Raises:
        InputError: the cap is below 1.
    """
    import numpy as np

    if cap < 1:
        raise InputError(f"clusters of at most {cap} customers.", fix="Give a cap of 1 or more.")
    found = []
    for resolution in resolutions:
        label = _divide(np.arange(n), a, b, weight, resolution, cap, seed)
        _, first, code = np.unique(label, return_index=True, return_inverse=True)
        order = np.empty(len(first), dtype=np.int64)
        order[np.argsort(first)] = np.arange(len(first))
        cluster = order[code]
        total = weight.sum()
        cut = float(weight[cluster[a] != cluster[b]].sum() / total) if total > 0 else 0.0
        found.append(Partition(resolution, cluster, len(first), int(np.bincount(cluster).max()), cut))
    return found


def choose(curve: Sequence[Partition], *, at_least: int) -> Partition:
    """The partition that cuts the least tie weight among those with `at_least` clusters, else the one with most.

    Ties go to more clusters, then to the smaller resolution.
    """
    enough = [p for p in curve if p.clusters >= at_least]
    if enough:
        return min(enough, key=lambda p: (round(p.cut, 12), -p.clusters, p.resolution))
    return max(curve, key=lambda p: (p.clusters, -p.resolution))


def extend(cluster: np.ndarray, a: np.ndarray, b: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """A frozen cluster map with newcomers: each joins the cluster that has most of its tie weight, else a new one.

    Args:
        cluster: int [n], -1 for a customer who was not there when the map was frozen.
        a: one end of each tie [ties].
        b: the other end [ties].
        weight: of each tie [ties].

    Returns:
        int [n]; nobody who had a cluster moves. Equal weights go to the smaller cluster number; newcomers without a
        tie to a known customer get clusters of their own, in order.
    """
    import numpy as np

    result = cluster.copy()
    ends, others = np.r_[a, b], np.r_[b, a]
    rows = (cluster[ends] < 0) & (cluster[others] >= 0)
    pairs, code = np.unique(np.stack([ends[rows], cluster[others[rows]]], axis=1), axis=0, return_inverse=True)
    total = np.bincount(code.ravel(), weights=np.r_[weight, weight][rows], minlength=len(pairs))
    order = np.lexsort((pairs[:, 1], -total, pairs[:, 0]))
    first = order[np.r_[True, np.diff(pairs[order, 0]) > 0]] if len(order) else order
    result[pairs[first, 0]] = pairs[first, 1]
    alone = np.flatnonzero(result < 0)
    result[alone] = max(int(result.max(initial=-1)), -1) + 1 + np.arange(len(alone))
    return result


def _divide(members, a, b, weight, resolution: float, cap: int, seed: int) -> np.ndarray:
    """A label per member; communities above the cap are divided at twice the resolution, in the end by order."""
    import numpy as np

    label = _leiden(a, b, weight, len(members), resolution, seed)
    size = np.bincount(label)
    following = len(size)
    for large in np.flatnonzero(size > cap):
        inside = np.flatnonzero(label == large)
        place = np.full(len(members), -1)
        place[inside] = np.arange(len(inside))
        kept = (place[a] >= 0) & (place[b] >= 0)
        if resolution < 1e4 and kept.any():
            part = _divide(inside, place[a[kept]], place[b[kept]], weight[kept], resolution * 2, cap, seed)
        else:
            part = np.arange(len(inside)) // cap
        label[inside] = following + part
        following += int(part.max()) + 1
    return label


def _leiden(a, b, weight, n: int, resolution: float, seed: int) -> np.ndarray:
    import random

    import igraph
    import numpy as np

    graph = igraph.Graph(n)
    graph.add_edges(np.stack([a, b], axis=1))
    igraph.set_random_number_generator(random.Random(seed))  # noqa: S311
    try:
        found = graph.community_leiden("modularity", weights=weight.tolist(), resolution=resolution, n_iterations=4)
    finally:
        igraph.set_random_number_generator(None)
    return np.array(found.membership, dtype=np.int64)

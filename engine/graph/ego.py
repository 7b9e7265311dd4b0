"""One customer's strongest contacts and the ties among them, as a chart draws them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.errors import InputError

if TYPE_CHECKING:
    from engine.graph.network import Network

MOST = 30


class Ego(NamedTuple):
    """An ego network.

    Args:
        nodes: the customer first, then contacts, the strongest first: `id`, `name`, `chosen` (most influential).
        ties: places `a` < `b` in nodes, and `weight`.
        left_out: contacts beyond those.
    """

    nodes: list[dict[str, Any]]
    ties: list[dict[str, Any]]
    left_out: int


def ego(
    network: Network,
    customer_id: str,
    *,
    first: str | None = None,
    name: Callable[[str], str] = str,
    most: int = MOST,
) -> Ego:
    """A customer's strongest contacts and the ties among them.

    Args:
        network: the graph.
        customer_id: whose contacts.
        first: id of the most influential contact.
        name: how ids are written; pass a pseudonym where ids are not pseudonyms already (METHODS section 8).
        most: people at most, the customer among them; never above 30.

    Raises:
        InputError: nobody of that id has contact in the window.
    """
    import numpy as np

    at = network.party_id.search_sorted(customer_id) if network.n else 0
    if at >= network.n or network.party_id[int(at)] != customer_id:
        raise InputError(f"{customer_id} has no contact in the window.", fix="Take an id from `kindred influencers`.")
    graph = network.contacts

    def row(node: int) -> tuple[Any, Any]:
        part = slice(graph.indptr[node], graph.indptr[node + 1])
        return graph.indices[part], graph.weights[part]

    near, weights = row(int(at))
    order = np.lexsort((near, -weights))[: min(most, MOST) - 1]
    place = {node: i for i, node in enumerate([int(at), *near[order].tolist()])}
    ties = [
        {"a": min(a, place[v]), "b": max(a, place[v]), "weight": float(weight)}
        for u, a in place.items()
        for v, weight in zip(*row(u), strict=True)
        if u < v and v in place
    ]
    ids = [network.party_id[node] for node in place]
    nodes = [{"id": name(who), "name": name(who), "chosen": who == first} for who in ids]
    return Ego(nodes, sorted(ties, key=lambda tie: (tie["a"], tie["b"])), len(near) - len(order))

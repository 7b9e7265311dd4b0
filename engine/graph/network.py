"""The graph tables as one set of arrays, which every definition and centrality reads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.errors import ConfigError
from engine.graph.arrays import Adjacency, adjacency, symmetric
from engine.graph.pagerank import pagerank, share_not_above

if TYPE_CHECKING:
    import numpy as np
    import polars as pl


@dataclass(frozen=True)
class Network:
    """Everybody with contact in the window, numbered 0..n-1 by party id in code-point order.

    That numbering makes "the smallest contact id" the smallest number, and makes results independent of the order in
    which records were imported.

    Args:
        node: uint32[n], the parties' own node numbers.
        party_id: text[n], ascending.
        is_customer: bool[n].
        is_hub: bool[n].
        out: the edges by caller, with their strengths s_uv.
        contacts: the ungated ties with their weights w.
        calls: the edges by caller with their attempts; None where `edges` came without n_calls.
    """

    node: np.ndarray
    party_id: pl.Series
    is_customer: np.ndarray
    is_hub: np.ndarray
    out: Adjacency
    contacts: Adjacency
    calls: Adjacency | None = None

    @property
    def n(self) -> int:
        """Number of parties in the graph."""
        return len(self.node)

    def customers(self) -> np.ndarray:
        """int64[c], the customers who have a contact that counts."""
        import numpy as np

        return np.flatnonzero(self.is_customer & (self.contacts.degree > 0))

    def shares(self) -> np.ndarray:
        """float64[2t], p_ij = w_ij / sum of i's w, one per entry of `contacts`; 0 where all of i's weights are 0."""
        import numpy as np

        total = np.repeat(self.contacts.row_sums(), self.contacts.degree)
        return np.divide(self.contacts.weights, total, out=np.zeros(len(total)), where=total > 0)

    def calls_to_contacts(self) -> np.ndarray:
        """float64[2t], calls i made to j, one per entry of `contacts`.

        Raises:
            ConfigError: the network was built without them.
        """
        import numpy as np

        if self.calls is None:
            raise ConfigError("The definition 'most_called' needs the calls of each edge.")
        # Both sides are sorted by (row, column): each contact's edge is found by one binary search.
        key = self.calls.rows().astype(np.int64) * self.n + self.calls.indices
        wanted = self.contacts.rows().astype(np.int64) * self.n + self.contacts.indices
        if not len(key):
            return np.zeros(len(wanted))
        at = np.minimum(np.searchsorted(key, wanted), len(key) - 1)
        return np.where(key[at] == wanted, self.calls.weights[at], 0.0)


def build(edges: pl.DataFrame, hubs: pl.DataFrame, ties: pl.DataFrame, parties: pl.DataFrame) -> Network:
    """The network of the tables `edges`, `hubs`, `ties` and `parties` (only the columns it needs are looked at).

    Args:
        edges: src, dst, strength, and n_calls where the definition `most_called` is wanted.
        hubs: node.
        ties: a, b, weight, and gated_because, unless all of them count.
        parties: node, party_id, is_customer, opted_out, by party_id in code-point order; opted-out parties are left out
            with all their edges.
    """
    import numpy as np
    import polars as pl

    columns = [(edges, "src"), (edges, "dst"), (ties, "a"), (ties, "b"), (parties, "node")]
    size = max((int(frame[c].max()) + 1 for frame, c in columns if frame.height), default=0)
    allowed = np.zeros(size, bool)
    allowed[parties.filter(~pl.col("opted_out"))["node"].to_numpy()] = True
    src, dst = edges["src"].to_numpy(), edges["dst"].to_numpy()
    kept = allowed[src] & allowed[dst]
    if not kept.all():
        edges = edges.filter(pl.Series(kept))
        src, dst = edges["src"].to_numpy(), edges["dst"].to_numpy()
    present = np.zeros(size, bool)
    present[src] = present[dst] = True
    known = parties.filter(pl.Series(present[parties["node"].to_numpy()], dtype=pl.Boolean))
    node = known["node"].to_numpy()
    number = np.full(size, -1, np.int32)
    number[node] = np.arange(len(node), dtype=np.int32)
    is_hub = np.zeros(size, bool)
    is_hub[[i for i in hubs["node"].to_list() if i < size]] = True
    if "gated_because" in ties.columns:
        ties = ties.filter(pl.col("gated_because").is_null())
    a, b, weight = (ties[c].to_numpy() for c in ("a", "b", "weight"))
    inside = present[a] & present[b] & allowed[a] & allowed[b]
    contacts = symmetric(number[a[inside]], number[b[inside]], weight[inside], len(node))
    src, dst = number[src], number[dst]
    return Network(
        node=node,
        party_id=known["party_id"],
        is_customer=known["is_customer"].to_numpy(),
        is_hub=is_hub[node],
        out=adjacency(src, dst, edges["strength"].to_numpy(), len(node)),
        contacts=contacts,
        calls=adjacency(src, dst, edges["n_calls"].to_numpy(), len(node)) if "n_calls" in edges.columns else None,
    )


def among(network: Network, people: pl.Series) -> Network:
    """The same network, but only ties between some people count as contacts.

    Args:
        network: the graph.
        people: party ids of whom both ends of a tie must be.
    """
    import numpy as np

    inside = network.party_id.is_in(people.implode()).to_numpy()
    contacts = network.contacts
    rows = contacts.rows()
    kept = inside[rows] & inside[contacts.indices]
    return replace(
        network,
        contacts=adjacency(rows[kept], contacts.indices[kept], contacts.weights[kept].astype(np.float64), network.n),
    )


def ranks(network: Network, *, damping: float = 0.85, start: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """PageRank over the edges between parties that are no hubs, and c_j, the share of those no higher than j.

    Args:
        network: the graph.
        damping: d.
        start: float64[n], an earlier solution to begin from (nan where unknown).

    Returns:
        (pagerank, centrality), each float64[n], nan for hubs. METHODS section 3.
    """
    import numpy as np

    person = ~network.is_hub
    compact = np.cumsum(person, dtype=np.int32) - 1
    n = int(person.sum())
    src, dst, strength = network.out.rows(), network.out.indices, network.out.weights
    if n < network.n:
        kept = person[src] & person[dst]
        src, dst, strength = src[kept], dst[kept], strength[kept]
    if start is not None:
        start = np.nan_to_num(start[person], nan=1.0 / max(n, 1))
    found = pagerank(compact[src], compact[dst], strength, n, damping=damping, start=start)
    rank, centrality = np.full(network.n, np.nan), np.full(network.n, np.nan)
    rank[person], centrality[person] = found, share_not_above(found)
    return rank, centrality

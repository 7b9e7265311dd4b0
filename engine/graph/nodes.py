"""Table `nodes`: what is known of each party from its place in the graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.graph import centrality
from engine.graph.communities import leiden

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from engine.graph.network import Network


def node_table(network: Network, rank: np.ndarray, share: np.ndarray, *, seed: int = 7) -> pl.DataFrame:
    """Rows of table `nodes`, by node. METHODS section 3, "other centralities".

    Strengths are over all edges; degree, coreness, collective influence and community over the ties that count.

    Args:
        network: the graph.
        rank: float64[n], PageRank, nan for hubs.
        share: float64[n], c_j, nan for hubs.
        seed: of the communities.
    """
    import polars as pl

    community = pl.Series("community", leiden(network.contacts, seed=seed))
    return pl.DataFrame(
        {
            "node": network.node,
            "party_id": network.party_id,
            "degree": network.contacts.degree,
            "in_strength": network.out.column_sums(),
            "out_strength": network.out.row_sums(),
            "pagerank": pl.Series(rank, nan_to_null=True),
            "centrality_pct": pl.Series(share, nan_to_null=True),
            "coreness": centrality.coreness(network.contacts),
            "collective_influence": centrality.collective_influence(network.contacts),
            "community": community.set(community < 0, None),
            "is_hub": network.is_hub,
        }
    ).sort("node")

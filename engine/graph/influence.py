"""Who is each customer's most influential contact: the definitions of METHODS section 3 behind one function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import ConfigError
from engine.graph import kernels
from engine.graph.arrays import compiled
from engine.tables import empty

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from engine.graph.arrays import Adjacency
    from engine.graph.network import Network

DEFINITIONS = ("tie_reach", "strongest")
RELATIVE = 1e-9


def scores(definition: str, network: Network, centrality: np.ndarray, *, gamma: float = 0.25) -> np.ndarray:
    """The score of every contact for every customer.

    Args:
        definition: tie_reach = p_ij * c_j^gamma; strongest = p_ij.
        network: the graph.
        centrality: float64[n], c_j.
        gamma: weight of the contact's centrality.

    Returns:
        float64, one per entry of `network.contacts`.

    Raises:
        ConfigError: no such definition.
    """
    share = network.shares()
    if definition == "strongest":
        return share
    if definition == "tie_reach":
        return share * centrality[network.contacts.indices] ** gamma
    raise ConfigError(f"There is no definition {definition!r}.", fix=f"The definitions are {', '.join(DEFINITIONS)}.")


def top_contacts(
    definition: str, network: Network, centrality: np.ndarray, *, top: int = 3, gamma: float = 0.25
) -> pl.DataFrame:
    """Each customer's best contacts by one definition: rows of table `influencers`, in its key's order.

    Scores within 1e-9 relative of the best left are ties, and ties go to the smallest contact id in code-point order.

    Args:
        definition: a name in `DEFINITIONS`.
        network: the graph.
        centrality: float64[n], c_j of `engine.graph.network.ranks`.
        top: how many contacts to keep.
        gamma: see `scores`.

    Returns:
        customer_id, definition, rank, contact_id, score, tie_share, centrality_pct, margin; margin is that of the
        customer's first over the second, (first - second) / first, and 1 with a single contact.
    """
    import numpy as np
    import polars as pl

    rows = network.customers()
    if not len(rows):
        return empty("influencers")
    score = scores(definition, network, centrality, gamma=gamma)
    chosen, counts, margin = select(network.contacts, score, rows, top)
    repeat = np.repeat(np.arange(len(rows)), counts)
    rank = np.arange(len(repeat)) - np.repeat(np.cumsum(counts) - counts, counts)
    entry = chosen[repeat, rank]
    contact = network.contacts.indices[entry]
    return pl.DataFrame(
        {
            "customer_id": network.party_id.gather(rows[repeat]),
            "definition": pl.repeat(definition, len(entry), eager=True, dtype=pl.String),
            "rank": rank + 1,
            "contact_id": network.party_id.gather(contact),
            "score": score[entry],
            "tie_share": network.shares()[entry],
            "centrality_pct": centrality[contact],
            "margin": margin[repeat],
        }
    )


def select(
    graph: Adjacency, score: np.ndarray, rows: np.ndarray, top: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The positions of the best entries of some rows of a graph.

    Args:
        graph: the contacts of each row.
        score: float64, one per entry of `graph`.
        rows: int64[r].
        top: how many.

    Returns:
        (positions int64[r, top], how many int64[r], margin float64[r]).
    """
    import numpy as np

    chosen, counts = np.zeros((len(rows), top), np.int64), np.zeros(len(rows), np.int64)
    margin = np.empty(len(rows))
    compiled(kernels.best_entries)(
        graph.indptr, score, rows, top, RELATIVE, np.zeros(len(score), np.bool_), chosen, counts, margin
    )
    return chosen, counts, margin

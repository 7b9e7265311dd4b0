"""Who is each customer's most influential contact: the definitions of METHODS section 3 behind one function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.compiled import compiled
from engine.errors import ConfigError
from engine.graph import kernels
from engine.tables import empty

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from engine.graph.arrays import Adjacency
    from engine.graph.network import Network

DEFINITIONS = ("tie_reach", "strongest", "outgoing", "embedded", "ppr", "lead", "dispersion", "learned")
BASELINES = ("random", "most_called", "most_central")
RELATIVE = 1e-9


def scores(
    definition: str,
    network: Network,
    centrality: np.ndarray,
    *,
    gamma: float = 0.25,
    damping: float = 0.85,
    rates: np.ndarray | None = None,
    lifts: np.ndarray | None = None,
    seed: int = 7,
) -> np.ndarray:
    """The score of every contact for every customer.

    Args:
        definition: tie_reach = p_ij * c_j^gamma; strongest = p_ij; outgoing = share of what i starts that goes to j;
            embedded = p_ij * (1 + contacts that both have); ppr = personalised PageRank; lead = p_ij * lambda_j;
            dispersion; learned = by how much i's odds to act rise if j acts; and to compare with: random, most_called
            (calls of i to j), most_central = c_j.
        network: the graph.
        centrality: float64[n], c_j.
        gamma: weight of the contact's centrality.
        damping: d of ppr.
        rates: float64[n], lambda_j of `engine.graph.definitions.lead_rates`, for lead.
        lifts: float64, one per entry, of `engine.graph.learning.Model.scores`, for learned.
        seed: for random.

    Returns:
        float64, one per entry of `network.contacts`.

    Raises:
        ConfigError: no such definition, lead without rates or learned without lifts.
    """
    import numpy as np

    from engine.graph import definitions, pairs

    entries = network.contacts.indices
    if definition == "strongest":
        return network.shares()
    if definition == "tie_reach":
        return network.shares() * centrality[entries] ** gamma
    if definition == "ppr":
        return definitions.personalised_pagerank(network, damping=damping)
    if definition == "lead":
        if rates is None:
            raise ConfigError(
                "The definition 'lead' needs handset changes.", fix="Import logs with TACs, or choose another one."
            )
        return network.shares() * rates[entries]
    if definition == "outgoing":
        return pairs.outgoing(network)
    if definition == "embedded":
        return network.shares() * (1 + definitions.shared(network))
    if definition == "learned":
        if lifts is None:
            raise ConfigError(
                "The definition 'learned' needs acts of customers and of their contacts, and there are too few.",
                fix="Import what people did: `kindred import acts FILE`, or choose auto or another definition.",
            )
        return lifts
    if definition == "dispersion":
        return definitions.dispersion(network)
    if definition == "most_central":
        return centrality[entries]
    if definition == "most_called":
        return network.calls_to_contacts()
    if definition == "random":
        return np.random.default_rng(seed).random(len(entries))
    raise ConfigError(f"There is no definition {definition!r}.", fix=f"The definitions are {', '.join(DEFINITIONS)}.")


def lacking(rates: np.ndarray | None, lifts: np.ndarray | None) -> list[str]:
    """The definitions for which the data have nothing; arguments as of `scores`."""
    return [name for name, given in (("lead", rates), ("learned", lifts)) if given is None]


def top_contacts(
    definition: str, network: Network, centrality: np.ndarray, *, top: int = 3, **given: Any
) -> pl.DataFrame:
    """Each customer's best contacts by one definition: rows of table `influencers`, in its key's order.

    Scores within 1e-9 relative of the best left are ties, and ties go to the smallest contact id in code-point order.

    Args:
        definition: a name in `DEFINITIONS` or `BASELINES`.
        network: the graph.
        centrality: float64[n], c_j of `engine.graph.network.ranks`.
        top: how many contacts to keep.
        given: the other arguments of `scores`.

    Returns:
        customer_id, definition, rank, contact_id, score, tie_share, centrality_pct, margin; margin is that of the
        customer's first over the second, (first - second) / first, and 1 with a single contact.
    """
    import numpy as np
    import polars as pl

    rows = network.customers()
    score = scores(definition, network, centrality, **given)
    if not len(rows):
        return empty("influencers")
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


def agreement(influencers: pl.DataFrame) -> pl.DataFrame:
    """How far definitions name the same contacts.

    Args:
        influencers: rows of table `influencers` of several definitions.

    Returns:
        definition, other, customers (who have both), same_first (share with the same rank 1), shared (mean share of
        the contacts kept by either that both keep: Jaccard), one row per unordered pair of definitions.
    """
    import polars as pl

    sets = influencers.group_by("customer_id", "definition").agg(
        pl.col("contact_id").sort_by("rank").first().alias("first"), pl.col("contact_id").alias("all")
    )
    pairs = sets.join(sets, on="customer_id", suffix="_other").filter(pl.col("definition") < pl.col("definition_other"))
    both = pl.col("all").list.set_intersection("all_other").list.len()
    either = pl.col("all").list.set_union("all_other").list.len()
    return (
        pairs.group_by("definition", other="definition_other")
        .agg(
            customers=pl.len().cast(pl.Int64),
            same_first=(pl.col("first") == pl.col("first_other")).mean(),
            shared=(both / either).mean(),
        )
        .sort("definition", "other")
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

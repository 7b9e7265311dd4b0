"""The scores behind the definitions that need more than the tie and the centrality: ppr, lead and dispersion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.compiled import compiled
from engine.graph import kernels
from engine.graph.arrays import adjacency, symmetric
from engine.graph.overlap import common

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from engine.graph.network import Network

HORIZON_DAYS = 90
PRIOR = 5.0


def personalised_pagerank(network: Network, *, damping: float = 0.85, residual: float | None = None) -> np.ndarray:
    """For every customer i the personalised PageRank from i at i's contacts (METHODS section 3, `ppr`).

    On the graph of PageRank (directed, by strength, without hubs); a party that calls nobody sends the walk back to i.
    By forward push: a value is at most the summed residuals too low.

    Args:
        network: the graph.
        damping: d.
        residual: mass left unpushed at a party. Default: 1e-8 (n / 1000)^2 between 1e-10 and 1e-4, which keeps the
            work per customer bounded where the graph is large.

    Returns:
        float64, one per entry of `network.contacts`; 0 in the rows of those who are no customers.
    """
    import numpy as np

    n = network.n
    least = min(max(1e-8 * (n / 1000) ** 2, 1e-10), 1e-4) if residual is None else residual
    person = ~network.is_hub
    src, dst, strength = network.out.rows(), network.out.indices, network.out.weights
    kept = person[src] & person[dst] & (strength > 0)
    out = adjacency(src[kept], dst[kept], strength[kept], n)
    shares = out.weights / np.repeat(out.row_sums(), out.degree)
    score = np.zeros(len(network.contacts.indices))
    compiled(kernels.personalised_push)(
        out.indptr, out.indices, shares, network.customers(), network.contacts.indptr, network.contacts.indices,
        float(damping), float(least), np.zeros(n), np.zeros(n), np.zeros(n, np.int64), np.zeros(n, np.bool_),
        np.zeros(n, np.int64), np.zeros(n, np.bool_), score,
    )  # fmt: skip
    return score


def lead_rates(
    exposed: pl.DataFrame, changes: pl.DataFrame, *, horizon_days: int = HORIZON_DAYS, prior: float = PRIOR
) -> pl.DataFrame:
    """How often people's contacts changed handset after they did (METHODS section 3, `lead`).

    Args:
        exposed: leader, changed_at (date of the leader's handset change), contact: the gated contacts at that time.
        changes: party_id, changed_at: everybody's handset changes, known or after.
        horizon_days: a contact follows who changes in (changed_at, changed_at + horizon].
        prior: m, how many exposures the common rate counts for.

    Returns:
        leader, n_exposed, n_followed, rate = (m r + n_followed) / (m + n_exposed), r the ratio over everybody;
        a last row with leader null is the rate of whoever never led: r.
    """
    import polars as pl

    after = changes.select(contact="party_id", next_at="changed_at").sort("next_at")
    followed = (
        exposed.select("leader", "contact", pl.col("changed_at").alias("led_at"))
        .with_columns(pl.col("led_at").dt.offset_by("1d").alias("from"))
        .sort("from")
        .join_asof(after, left_on="from", right_on="next_at", by="contact", strategy="forward", check_sortedness=False)
        .with_columns(
            ((pl.col("next_at") - pl.col("led_at")).dt.total_days() <= horizon_days).fill_null(False).alias("followed")
        )
    )
    total = followed["followed"].sum() / followed.height if followed.height else 0.0
    counts = followed.group_by("leader").agg(n_exposed=pl.len(), n_followed=pl.col("followed").sum())
    nobody = pl.DataFrame({"leader": [None], "n_exposed": [0], "n_followed": [0]}, schema=counts.schema)
    return pl.concat([counts.sort("leader"), nobody]).with_columns(
        rate=(prior * total + pl.col("n_followed")) / (prior + pl.col("n_exposed"))
    )


def rates_by_party(network: Network, rates: pl.DataFrame) -> np.ndarray:
    """float64[n]: `rate` of `lead_rates` for each party of the network, the common rate where none is known."""
    import polars as pl

    common = rates.filter(pl.col("leader").is_null())["rate"].item()
    known = rates.filter(pl.col("leader").is_not_null()).select("leader", "rate")
    named = pl.DataFrame({"leader": network.party_id}).join(known, on="leader", how="left", maintain_order="left")
    return named["rate"].fill_null(common).to_numpy()


def dispersion(network: Network, *, alpha: float = 0.61, base: float = 0.0, spread: float = 5.0) -> np.ndarray:
    """(dispersion + b)^alpha / (shared contacts + c) on each customer's ego network (METHODS section 3, `dispersion`).

    Defaults are the paper's best performing ones: Backstrom & Kleinberg 2014, section 4. Two contacts without shared
    contacts score 0, so in a sparse graph most customers have no clear first.

    Args:
        network: the graph.
        alpha, base, spread: the paper's alpha, b and c.

    Returns:
        float64, one per entry of `network.contacts`; 0 in the rows of those who are no customers.
    """
    import numpy as np

    graph = network.contacts
    apart, shared = np.zeros(len(graph.indices), np.int64), np.zeros(len(graph.indices), np.int64)
    largest = int(graph.degree.max(initial=0))
    compiled(kernels.dispersion)(
        graph.indptr, graph.indices, network.customers(), np.zeros(graph.n, np.bool_), np.zeros(largest, np.int64),
        apart, shared,
    )  # fmt: skip
    return np.where(apart + base > 0, (apart + base) ** alpha, 0.0) / np.maximum(shared + spread, 1e-300)


def shared(network: Network) -> np.ndarray:
    """int64, one per entry of `network.contacts`: how many contacts both have; 0 in the rows of who is no customer."""
    import numpy as np

    graph, rows = network.contacts, network.contacts.rows()
    once = rows < graph.indices
    counted = common(rows[once], graph.indices[once], graph.n)
    mine = np.repeat(network.is_customer, graph.degree)
    return symmetric(rows[once], graph.indices[once], counted, graph.n).weights * mine

"""Stage `influencers`: centralities of everybody, and each customer's most influential contacts (METHODS section 3)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from engine.graph import sql_centrality
from engine.graph.definitions import HORIZON_DAYS, lead_rates, rates_by_party
from engine.graph.network import Network, among, build, ranks
from engine.graph.nodes import node_table
from engine.graph.ranking import top_contacts
from engine.pipeline.edges import as_of
from engine.trust import ages, consent

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from engine.config import Config
    from engine.pipeline import Context
    from engine.warehouse import Warehouse


def run(context: Context) -> None:
    """Write `nodes` and `influencers` (the configured definition, tie_reach, and `strongest` as the baseline)."""
    store, config = context.warehouse, context.config
    if store.spreads:
        edges, most = store.count("edges"), config.warehouse.driver_edges
        context.say(f"{edges:,} edges, warehouse.driver_edges = {most:,}: "
                    f"{'ranked in memory here' if edges <= most else 'PageRank step by step in SQL'}")  # fmt: skip
        if edges > most:
            sql_centrality.run(store, config, context.progress)
            return
    graph = network(store)
    start = last_ranks(store, graph) if config.graph.incremental else None
    rank, centrality = ranks(graph, damping=config.graph.damping, start=start)
    store.write("nodes", node_table(graph, rank, centrality, seed=config.run.seed))
    definitions = list(dict.fromkeys(["tie_reach", "strongest", config.graph.definition]))
    store.write("influencers", influencers(store, config, definitions, graph, centrality))


def network(store: Warehouse, *, calls: bool = False) -> Network:
    """The graph of the stored tables; calls: with the calls of each edge, which `most_called` needs."""
    return build(
        store.query("graph/edge_calls" if calls else "graph/edge_arrays"),
        store.query("graph/hub_nodes"),
        store.query("graph/counted_ties"),
        store.query("graph/parties"),
    )


def last_ranks(store: Warehouse, graph: Network) -> np.ndarray | None:
    """float64[n], the PageRank of the last run for each party of the graph, nan for newcomers; None before any run."""
    import polars as pl

    known = store.query("graph/last_ranks")
    if not known.height:
        return None
    parties = pl.DataFrame({"node": graph.node})
    return parties.join(known, on="node", how="left", maintain_order="left")["pagerank"].to_numpy()


def influencers(
    store: Warehouse, config: Config, definitions: list[str], graph: Network, centrality: np.ndarray
) -> pl.DataFrame:
    """Rows of table `influencers` by some definitions.

    With `graph.require_traffic_consent` only ties between people whose consent to traffic_data_marketing holds today
    count: nobody else has influencers or is one.

    Args:
        store: the warehouse, after stage `edges`.
        config: of the workspace.
        definitions: names of `engine.graph.ranking.DEFINITIONS`.
        graph: `network(store)`.
        centrality: float64[n], c_j.
    """
    import polars as pl

    if config.graph.require_traffic_consent:
        agreed = consent.allowed(store, consent.TRAFFIC_DATA_MARKETING, ages.moment(config))["customer_id"]
        graph = among(graph, agreed)
    rates = led(store, config, graph) if "lead" in definitions else None
    settings: dict[str, Any] = {"top": config.graph.top, "gamma": config.graph.gamma, "damping": config.graph.damping}
    return pl.concat(
        [top_contacts(d, graph, centrality, rates=rates, seed=config.run.seed, **settings) for d in definitions]
    )


def led(store: Warehouse, config: Config, graph: Network) -> np.ndarray | None:
    """lambda_j of each party of the graph from the handset changes up to the as-of day less the horizon.

    Returns:
        float64[n]; None where the log shows no handset change.
    """
    until = as_of(store, config.graph)
    if until is None:
        return None
    changes = handset_changes(store, config)
    if not changes.height:
        return None
    exposed = store.query(
        "graph/exposed",
        until=until - timedelta(days=HORIZON_DAYS),
        window_days=config.graph.window_days,
        min_active_days=config.graph.min_active_days,
    )
    return rates_by_party(graph, lead_rates(exposed, changes))


def handset_changes(store: Warehouse, config: Config, *, before: str | None = None) -> pl.DataFrame:
    """party_id, changed_at of the handset changes before a day, kept as temporary table `changes`.

    Args:
        store: the warehouse.
        config: what counts as a change.
        before: ISO date; default: the as-of day.
    """
    last = as_of(store, config.graph)
    until = before or (date.max if last is None else last).isoformat()  # without records there is nothing to see
    store.temp("handset_days", "offers/handset_days")
    store.temp(
        "spells",
        "offers/spells",
        before=until,
        change_days=config.offers.change_days,
        change_events=config.offers.change_events,
    )
    store.temp("changes", "graph/changes", as_of=until)
    return store.query("graph/changes", as_of=until)

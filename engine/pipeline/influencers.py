"""Stage `influencers`: centralities of everybody, and each customer's most influential contacts (METHODS section 3)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from engine.graph import sql_centrality
from engine.graph.definitions import HORIZON_DAYS, lead_rates, rates_by_party
from engine.graph.network import Network, ranks
from engine.graph.nodes import node_table
from engine.graph.ranking import lacking, top_contacts
from engine.pipeline import learned
from engine.pipeline.edges import as_of
from engine.pipeline.learned import handset_changes, network

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import polars as pl

    from engine.config import Config
    from engine.pipeline import Context
    from engine.warehouse import Warehouse


def run(context: Context) -> None:
    """Write `nodes` and `influencers` by the configured definition and, as the baseline, by `strongest`."""
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
    found = learned.stored(store) if config.graph.definition in learned.ASKED else None
    store.write("influencers", influencers(store, config, kept(config), graph, centrality, found))


def kept(config: Config) -> list[str]:
    """The definitions by which table `influencers` is: the configured one, and `strongest` as the baseline."""
    return list(dict.fromkeys([config.graph.definition, "strongest"]))


def last_ranks(store: Warehouse, graph: Network) -> np.ndarray | None:
    """float64[n], the PageRank of the last run for each party of the graph, nan for newcomers; None before any run."""
    import polars as pl

    known = store.query("graph/last_ranks")
    if not known.height:
        return None
    parties = pl.DataFrame({"node": graph.node})
    return parties.join(known, on="node", how="left", maintain_order="left")["pagerank"].to_numpy()


def influencers(
    store: Warehouse,
    config: Config,
    definitions: Sequence[str],
    graph: Network,
    centrality: np.ndarray,
    found: learned.Learned | None = None,
    *,
    where_possible: bool = False,
) -> pl.DataFrame:
    """Rows of table `influencers` by some definitions.

    With `graph.require_traffic_consent` only ties between people whose consent to traffic_data_marketing holds today
    count: nobody else has influencers or is one.

    Args:
        store: the warehouse, after stage `edges`.
        config: of the workspace.
        definitions: names of `engine.graph.ranking.DEFINITIONS`, or `auto`: what `found` says.
        graph: `network(store)`.
        centrality: float64[n], c_j.
        found: what was learned from acts; None = nothing was.
        where_possible: leave out definitions that need what the data lack.

    Raises:
        ConfigError: `lead` is asked for and there is no handset change, or `learned` and there are too few acts.
    """
    import polars as pl

    graph = learned.agreed(store, config, graph)
    meant = {d: chosen(found) if d == "auto" else d for d in definitions}
    rates = led(store, config, graph) if "lead" in definitions else None
    lifts = lifts_of(store, config, graph, centrality, found) if "learned" in meant.values() else None
    if where_possible:
        meant = {name: by for name, by in meant.items() if by not in lacking(rates, lifts)}
    settings: dict[str, Any] = {"top": config.graph.top, "gamma": config.graph.gamma, "damping": config.graph.damping}
    given: dict[str, Any] = {"rates": rates, "lifts": lifts, "seed": config.run.seed, **settings}
    return pl.concat(
        top_contacts(by, graph, centrality, **given).with_columns(definition=pl.lit(name)) for name, by in meant.items()
    )


def chosen(found: learned.Learned | None) -> str:
    """The definition that `auto` stands for."""
    return found.verdict.definition if found else "strongest"


def lifts_of(
    store: Warehouse, config: Config, graph: Network, centrality: np.ndarray, found: learned.Learned | None
) -> np.ndarray | None:
    """By how much each contact's act multiplies the customer's odds, by what was learned; None where nothing was."""
    until = as_of(store, config.graph)
    if found is None or found.model is None or until is None:
        return None
    did = learned.numbered(learned.acts(store, config), graph)
    return found.model.scores(learned.described(store, config, graph, centrality, did, until))


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

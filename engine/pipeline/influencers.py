"""Stage `influencers`: centralities of everybody, and each customer's most influential contacts (METHODS section 3)."""

from __future__ import annotations

from engine.graph.influence import top_contacts
from engine.graph.network import build, ranks
from engine.graph.nodes import node_table
from engine.pipeline import Context


def run(context: Context) -> None:
    """Write `nodes` and `influencers` (the configured definition, and `strongest` as the baseline)."""
    import polars as pl

    store, config = context.warehouse, context.config.graph
    network = build(
        store.read("edges", ["src", "dst", "strength"]),
        store.read("hubs", ["node"]),
        store.read("ties", ["a", "b", "weight", "gated_because"]),
        store.read("parties"),
    )
    rank, centrality = ranks(network, damping=config.damping)
    store.write("nodes", node_table(network, rank, centrality, seed=context.config.run.seed))
    definitions = dict.fromkeys(["tie_reach", "strongest", config.definition])
    frames = [top_contacts(d, network, centrality, top=config.top, gamma=config.gamma) for d in definitions]
    store.write("influencers", pl.concat(frames))

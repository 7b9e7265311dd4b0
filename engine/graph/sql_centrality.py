"""Centralities and influencers in SQL alone, for a graph whose edges fit no single memory (METHODS section 3).

PageRank is one statement repeated, each step kept as a table before the next begins (a checkpoint: what is lost on the
way is not computed from the start). Power iteration needs some 160 steps at d = .85 where Gauss-Seidel in memory needs
about 20, so the arrays are preferred while they fit.
"""

from __future__ import annotations

import math

from engine.config import Config
from engine.errors import ConfigError, EngineError
from engine.progress import SILENT, Progress
from engine.trust import ages, consent
from engine.warehouse import Warehouse

TOLERANCE = 1e-11
DEFINITIONS = ("auto", "tie_reach", "strongest")  # acts are learned from in memory only: auto is strongest here


def run(store: Warehouse, config: Config, progress: Progress = SILENT) -> None:
    """Write `nodes` (coreness, collective influence and community null) and `influencers`.

    Args:
        store: the warehouse, after stage `edges`.
        config: of the workspace.
        progress: where the steps are shown.

    Raises:
        ConfigError: the configured definition needs the whole graph in memory.
    """
    if config.graph.definition not in DEFINITIONS:
        raise ConfigError(
            f"The definition {config.graph.definition!r} needs the edges in memory, and there are more than "
            f"warehouse.driver_edges = {config.warehouse.driver_edges}.",
            fix=f"Use {' or '.join(DEFINITIONS)}, or raise the setting on a driver with more memory.",
        )
    pagerank(store, damping=config.graph.damping, progress=progress)
    store.create("nodes", "graph/ranked_nodes")
    if config.graph.require_traffic_consent:
        store.temp("_consented", "trust/consented", moment=ages.moment(config))
        store.temp("allowed_ties", "graph/consented_ties", purpose=consent.TRAFFIC_DATA_MARKETING)
    else:
        store.temp("allowed_ties", "graph/counted_ties")
    graph = config.graph
    store.create("influencers", "graph/top_contacts", gamma=graph.gamma, top=graph.top, definition=graph.definition)


def pagerank(store: Warehouse, *, damping: float, tolerance: float = TOLERANCE, progress: Progress = SILENT) -> int:
    """PageRank of everybody who is no hub as temporary table `ranks` (node, value: not scaled to sum 1).

    Args:
        store: the warehouse.
        damping: d.
        tolerance: summed absolute error.
        progress: where the steps are shown.

    Returns:
        Steps it took.
    """
    store.temp("rank_people", "graph/rank_people")
    store.temp("rank_edges", "graph/rank_edges")
    store.temp("ranks", "graph/rank_start")
    # What is left to go is at most d / (1 - d) of the last step.
    limit = tolerance * (1 - damping) / max(damping, 1e-9)
    most = 10 + math.ceil(math.log(limit) / math.log(max(damping, 1e-9)))
    with progress.task("PageRank", total=most) as task:
        for step in range(1, most + 1):
            store.temp("ranks", "graph/rank_step", damping=damping)
            task.advance()
            if store.query("graph/rank_change")["change"].item() <= limit:
                return step
    raise EngineError(f"PageRank did not settle in {most} steps.")

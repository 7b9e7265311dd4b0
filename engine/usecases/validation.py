"""`validate` on a workspace: the graph as it was, and what people did after (METHODS section 3, "Does it predict?")."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

from engine.config import Config
from engine.errors import InputError, WorkspaceError
from engine.graph import prediction
from engine.graph.communities import circles
from engine.graph.network import ranks
from engine.graph.ranking import BASELINES, DEFINITIONS
from engine.pipeline import edges, influencers
from engine.warehouse import Warehouse

if TYPE_CHECKING:
    import polars as pl

    from engine.graph.network import Network

FOREVER = "9999-12-31"


def validate(
    store: Warehouse,
    config: Config,
    *,
    as_of: date | None = None,
    definitions: Sequence[str] = DEFINITIONS,
    horizons: Sequence[int] = prediction.HORIZONS,
    permutations: int = 1000,
) -> pl.DataFrame:
    """Predictive lift of the definitions and of a random, the most called and the most central contact.

    The stored tables are not touched.

    Args:
        store: the workspace's database; may be open for reading only.
        config: its settings; `graph.as_of` is not looked at.
        as_of: first day not counted; default: the longest horizon before the end of the log.
        definitions: names of `engine.graph.ranking.DEFINITIONS`; lead is left out where no change is known yet.
        horizons: days; those that do not fit into the log after as_of are left out.
        permutations: B of the test.

    Returns:
        See `engine.graph.prediction.validate`.

    Raises:
        WorkspaceError: no call records.
        InputError: the log shows no handset changes, or is too short for any horizon.
    """
    import polars as pl

    span = store.query("graph/log_span").row(0, named=True)
    if span["last_day"] is None:
        raise WorkspaceError("There are no call records yet.", fix="Import some: `kindred import logs FILE`.")
    end = span["last_day"] + timedelta(days=1)
    until = as_of or end - timedelta(days=max(horizons))
    fitting = [h for h in horizons if until + timedelta(days=h) <= end]
    if until <= span["first_day"] or not fitting:
        raise InputError(
            f"the log runs from {span['first_day']} to {span['last_day']}: "
            f"it cannot be cut at {until} with {min(horizons)} days left to look at.",
            fix="Give shorter horizons or another day, or import a longer log.",
        )
    graph_config = dataclasses.replace(config.graph, as_of=until.isoformat())
    frozen = dataclasses.replace(config, graph=graph_config)
    with store.sandbox(("events", "pair_days", "parties", "devices", "customers")):
        edges.build(store, frozen.graph)
        graph = influencers.network(store, calls=True)
        _, central = ranks(graph, damping=config.graph.damping)
        rates = influencers.led(store, frozen, graph)
        changes = influencers.handset_changes(store, frozen, before=FOREVER)
        if not changes.height:
            raise InputError("the log shows no change of handset.", fix="Import records with TACs over a longer time.")
        strata = _strata(store, graph, until, config.run.seed)
    chosen = [d for d in definitions if d != "lead" or rates is not None]
    tops = pl.concat(
        [
            influencers.top_contacts(d, graph, central, top=prediction.RANDOM_DRAWS if d == "random" else 1,
                                     gamma=config.graph.gamma, damping=config.graph.damping, rates=rates,
                                     seed=config.run.seed)
            for d in dict.fromkeys([*chosen, *BASELINES])
        ]
    )  # fmt: skip
    return prediction.validate(
        changes, tops, strata, until, horizons=fitting, permutations=permutations, seed=config.run.seed
    )


def _strata(store: Warehouse, graph: Network, until: date, seed: int) -> pl.DataFrame:
    """Every customer of the graph with circle, handset age and activity as of a day."""
    import polars as pl

    circle = pl.Series("community", circles(graph.contacts, seed=seed))
    everybody = pl.DataFrame(
        {
            "customer_id": graph.party_id,
            "community": circle.set(circle < 0, None),
            "activity": graph.out.row_sums() + graph.out.column_sums(),
        }
    ).filter(pl.Series(graph.is_customer, dtype=pl.Boolean))
    ages = store.query("graph/handset_age", as_of=until)
    return everybody.join(ages, on="customer_id", how="left", maintain_order="left")

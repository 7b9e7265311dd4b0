"""`validate` on a workspace: the graph as it was, and what people did after (METHODS section 3, "Does it predict?")."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from engine.config import Config
from engine.errors import InputError, WorkspaceError
from engine.graph import prediction
from engine.graph.network import ranks
from engine.graph.ranking import BASELINES, DEFINITIONS, lacking
from engine.handsets import spells
from engine.pipeline import edges, influencers, learned
from engine.warehouse import Warehouse

if TYPE_CHECKING:
    import polars as pl

INPUTS = ("events", "pair_days", "parties", "devices", "customers", "consents", "acts", "sources", "persons")


def validate(
    store: Warehouse,
    config: Config,
    *,
    as_of: date | None = None,
    definitions: Sequence[str] = DEFINITIONS,
    horizons: Sequence[int] = prediction.HORIZONS,
    permutations: int = 1000,
) -> pl.DataFrame:
    """Predictive lift of the definitions, of exposure to all contacts by the share of their tie, and of a random, the
    most called and the most central contact.

    The stored tables are not touched.

    Args:
        store: the workspace's database; may be open for reading only.
        config: its settings; `graph.as_of` is not looked at.
        as_of: first day not counted; default: the longest horizon before the end of the log.
        definitions: names of `engine.graph.ranking.DEFINITIONS`; lead is left out where no change is known
            yet, learned where too few acts are.
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
            f"a test from {until} on needs {min(horizons)} days of records after it.",
            fix="Give shorter horizons or another day, or import a longer log.",
        )
    graph_config = dataclasses.replace(config.graph, as_of=until.isoformat())
    frozen = dataclasses.replace(config, graph=graph_config)
    with store.sandbox(INPUTS):
        found = learned.learn(store, frozen) if set(definitions) & set(learned.ASKED) else None
        edges.build(store, frozen.graph)
        graph = influencers.network(store, calls=True)
        _, central = ranks(graph, damping=config.graph.damping)
        rates = influencers.led(store, frozen, graph)
        lifts = influencers.lifts_of(store, frozen, graph, central, found)
        changes = learned.handset_changes(store, frozen, before=spells.FOREVER)
        if not changes.height:
            raise InputError("the log shows no change of handset.", fix="Import records with TACs over a longer time.")
        strata = learned.strata(store, graph, until, config.run.seed)
    meant = {d: influencers.chosen(found) if d == "auto" else d for d in definitions}
    meant = {name: by for name, by in meant.items() if by not in lacking(rates, lifts)} | dict(
        zip(BASELINES, BASELINES, strict=True)
    )
    given: dict[str, Any] = {
        "gamma": config.graph.gamma,
        "damping": config.graph.damping,
        "rates": rates,
        "lifts": lifts,
    }
    every = int(graph.contacts.degree.max(initial=1))
    top = {"random": prediction.RANDOM_DRAWS, prediction.EXPOSURE: every}
    tops = pl.concat(
        influencers.top_contacts(by, graph, central, top=top.get(name, 1), seed=config.run.seed, **given).with_columns(
            definition=pl.lit(name)
        )
        for name, by in {**meant, prediction.EXPOSURE: "strongest"}.items()
    )
    return prediction.validate(
        changes, tops, strata, until, horizons=fitting, permutations=permutations, seed=config.run.seed
    )

"""Questions about the graph that are answered from the workspace and store nothing: other definitions, other windows,
communities, the network's most influential people, one customer's contacts.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import runner
from engine.errors import ConfigError
from engine.progress import SILENT, Progress
from engine.trust import noise as noises
from engine.usecases import customers

if TYPE_CHECKING:
    import polars as pl

    from engine.config import Graph
    from engine.warehouse import Warehouse
    from engine.workspace import Workspace

INPUTS = ("events", "pair_days", "parties", "devices", "customers", "consents", "acts", "sources", "persons")
STORED = ("edges", "hubs", "ties", "nodes", "influencers", "learned", *INPUTS)


def influencers(
    workspace: Workspace,
    *,
    definitions: Sequence[str] = (),
    top: int | None = None,
    settings: dict[str, Any] | None = None,
    where_possible: bool = False,
    say: Callable[[str], None] = lambda text: None,
    progress: Progress = SILENT,
) -> pl.DataFrame:
    """Each customer's most influential contacts.

    Args:
        workspace: an opened workspace.
        definitions: of METHODS section 3; none = those the settings keep.
        top: ranks wanted; None = as many as the settings keep.
        settings: of section `graph`, to be used instead of the stored ones (window_days, as_of, …); None values are
            not set. With any, the graph is built aside and the stored one stays as it is.
        where_possible: leave out definitions that need what the data lack (handset changes, acts).
        say: told which definition `auto` stands for, and why.
        progress: where bars are drawn.

    Returns:
        Rows of the `influencers` table, ordered by its keys.

    Raises:
        ConfigError: no such definition.
    """
    import polars as pl

    from engine.graph.ranking import DEFINITIONS
    from engine.pipeline import learned

    for name in definitions:
        if name not in (*DEFINITIONS, "auto"):
            raise ConfigError(f"there is no definition {name!r}.", fix=f"Choose one of {', '.join(DEFINITIONS)}.")
    changed = {name: value for name, value in (settings or {}).items() if value is not None}
    if top is not None and top > workspace.config.graph.top:
        changed["top"] = top
    if not changed:
        runner.run(workspace, until="influencers", progress=progress)
        with workspace.warehouse(read_only=True) as store:
            stored = store.query("graph/list_influencers", top=top)
            if set(definitions) <= set(stored["definition"].unique()):
                chosen = pl.col("definition").is_in(list(definitions)) if definitions else pl.lit(True)
                rows = stored.filter(chosen)
                if "auto" in rows["definition"]:
                    say(learned.said(store))
                return rows
    else:
        runner.run(workspace, until="edges", progress=progress)
    with _graph(workspace, changed) as (store, config):
        from engine.graph.network import ranks
        from engine.pipeline import influencers as stage

        network = stage.network(store, calls="most_called" in definitions)
        _, centrality = ranks(network, damping=config.graph.damping)
        wanted = list(definitions) or stage.kept(config)
        found = learned.learn(store, config) if set(wanted) & set(learned.ASKED) else None
        if found and "auto" in wanted:
            say(learned.sentence(found))
        rows = stage.influencers(store, config, wanted, network, centrality, found, where_possible=where_possible)
    if top is not None:
        rows = rows.filter(pl.col("rank") <= top)
    return rows.sort("customer_id", "definition", "rank")


def agreement(workspace: Workspace, definitions: Sequence[str] = (), *, progress: Progress = SILENT) -> pl.DataFrame:
    """How far definitions name the same contacts; see `engine.graph.ranking.agreement`.

    Args:
        workspace: an opened workspace.
        definitions: which to compare; none = all for which the data have what they need.
        progress: where bars are drawn.
    """
    from engine.graph.ranking import DEFINITIONS
    from engine.graph.ranking import agreement as compare

    wanted, every = definitions or DEFINITIONS, not definitions
    return compare(influencers(workspace, definitions=wanted, where_possible=every, progress=progress))


def communities(
    workspace: Workspace, *, smallest: int = 1, public: bool = False, progress: Progress = SILENT
) -> pl.DataFrame:
    """The communities, largest first; see `engine.graph.summaries.community_table`.

    Args:
        workspace: an opened workspace.
        smallest: communities with fewer members are left out.
        public: only their sizes, without those that tell of fewer than `report.min_cell` people.
        progress: where bars are drawn.
    """
    from engine.graph.summaries import community_sizes, community_table

    runner.run(workspace, until="handsets", progress=progress)
    with workspace.warehouse(read_only=True) as store:
        if public:
            nodes = store.read("nodes")
            noise = noises.of(workspace.path, noises.digest(nodes), workspace.config.report.min_cell)
            return community_sizes(nodes, noise, smallest=smallest)
        return community_table(store.read("nodes"), store.read("handsets"), smallest=smallest)


def network_top(workspace: Workspace, *, top: int = 20, progress: Progress = SILENT) -> pl.DataFrame:
    """The most influential parties of the whole network; see `engine.graph.summaries.network_top`."""
    from engine.graph import summaries

    runner.run(workspace, until="influencers", progress=progress)
    with workspace.warehouse(read_only=True) as store:
        definition = workspace.config.graph.definition
        return summaries.network_top(store.read("nodes"), store.read("influencers"), definition=definition, top=top)


def validate(
    workspace: Workspace,
    *,
    as_of: Any = None,
    definitions: Sequence[str] = (),
    horizons: Sequence[int] = (),
    permutations: int = 1000,
) -> pl.DataFrame:
    """Does the chosen contact predict what people do? See `engine.usecases.validation.validate`."""
    from engine.usecases import validation

    options: dict[str, Any] = {"definitions": list(definitions)} if definitions else {}
    options |= {"horizons": list(horizons)} if horizons else {}
    with workspace.warehouse(read_only=True) as store:
        return validation.validate(store, workspace.config, as_of=as_of, permutations=permutations, **options)


def ego(workspace: Workspace, customer: str, to: Path, *, progress: Progress = SILENT) -> int:
    """Draw one customer's strongest contacts.

    Args:
        workspace: an opened workspace.
        customer: see `customers.find`.
        to: file to write: .svg, .png or .html.
        progress: where bars are drawn.

    Returns:
        How many contacts were left out (at most 30 people are drawn).

    Raises:
        InputError: no such customer, several of them, or another ending.
    """
    from engine.charts import network as charts
    from engine.charts import render
    from engine.graph.ego import ego
    from engine.pipeline import influencers as stage

    render.check(to)
    runner.run(workspace, until="influencers", progress=progress)
    with workspace.warehouse(read_only=True) as store:
        customer = customers.find(store, workspace, customer)["party_id"]
        first = store.query("graph/list_influencers", top=1)
        network = stage.network(store)
    named = dict(
        first.filter(definition=workspace.config.graph.definition).select("customer_id", "contact_id").iter_rows()
    )
    found = ego(network, customer, first=named.get(customer))
    chart = charts.contacts(found.nodes, found.ties, left_out=found.left_out, seed=workspace.config.run.seed)
    render.write(to, chart)
    return found.left_out


@contextmanager
def _graph(workspace: Workspace, changed: dict[str, Any]) -> Iterator[tuple[Warehouse, Any]]:
    """The stored graph, or with other settings one built aside from the same contacts."""
    from engine.pipeline import edges

    graph: Graph = dataclasses.replace(workspace.config.graph, **changed)
    config = dataclasses.replace(workspace.config, graph=graph)
    rebuild = set(changed) - {"top", "gamma", "damping"}
    with workspace.warehouse(read_only=True) as store, store.sandbox(INPUTS if rebuild else STORED):
        if rebuild:
            edges.build(store, graph)
        yield store, config

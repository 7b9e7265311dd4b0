"""Stage `learned`: what people's acts tell of influence, and whether it holds for acts that came later."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from engine.compiled import compiled
from engine.graph import acting, learning, prediction, risk
from engine.graph.communities import circles
from engine.graph.network import Network, among, build, ranks
from engine.graph.pairs import Pairs, pairs
from engine.handsets import spells
from engine.pipeline import edges
from engine.tables import empty
from engine.trust import ages, consent

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from engine.config import Config
    from engine.pipeline import Context
    from engine.warehouse import Warehouse

EPOCH = date(1970, 1, 1)
HANDSET = "changed handset"  # the act that handset changes of the call records are
ASKED = ("auto", "learned")  # definitions that need acts
_HISTORY = 0.3  # of the acts at most that lie before the first day looked at
_JUDGED = 0.4  # of the others that judge
_SHORTEST = 28  # days of call records that a graph needs


@dataclass(frozen=True)
class Learned:
    """What was learned.

    Args:
        model: None where there were too few acts.
        verdict: whether it is used, and why.
    """

    model: learning.Model | None
    verdict: learning.Verdict


def run(context: Context) -> None:
    """Write `learned`: empty where no definition asks for it."""
    store, config = context.warehouse, context.config
    if config.graph.definition not in ASKED:
        store.write("learned", empty("learned"))
        return
    found = learn(store, config)
    context.say(sentence(found, config.graph.definition))
    store.write("learned", learning.table(found.model, found.verdict, config.graph.definition))


def learn(store: Warehouse, config: Config, did: pl.DataFrame | None = None) -> Learned:
    """Learn from the acts before the as-of day (all of them, where none is set).

    Args:
        store: the warehouse; its graph tables are left as they are.
        config: of the workspace.
        did: `acts`, where they are known already.
    """
    did = acts(store, config) if did is None else did
    if not did.height:
        return Learned(None, learning.Verdict("strongest", "no_acts"))
    if store.spreads and store.count("edges") > config.warehouse.driver_edges:
        return Learned(None, learning.Verdict("strongest", "too_large"))
    days = _days(store, config, did)
    if days is None:
        return Learned(None, learning.Verdict("strongest", "too_few"))
    start, judging, end = days
    before, after = _view(store, config, did, start), _view(store, config, did, judging)
    numbers, window = (_number(start), _number(judging), _number(end)), config.graph.act_window_days
    return Learned(*learning.learn(before, after, numbers, window=window, seed=config.run.seed))


def sentence(found: Learned, asked: str = "auto") -> str:
    """Which definition is used, and why; asked: auto or learned."""
    return learning.sentence(found.verdict, asked)


def stored(store: Warehouse) -> Learned:
    """What the stage wrote."""
    return Learned(*learning.read(store.read("learned")))


def used(store: Warehouse, config: Config) -> bool:
    """Whether the contacts of the configured definition are those that were learned."""
    asked = config.graph.definition
    return asked == "learned" or (asked == "auto" and stored(store).verdict.definition == "learned")


def said(store: Warehouse) -> str:
    """Which definition `auto` took and why, as the stage wrote it; empty where it was not asked for."""
    return next(iter(store.query("graph/learned_said")["says"]), "")


def acts(store: Warehouse, config: Config) -> pl.DataFrame:
    """party_id, act, day of the acts that count, in order; leaves temporary table `spells`."""
    import polars as pl

    did, changes = store.query("graph/acted"), handset_changes(store, config, before=spells.FOREVER)
    if config.graph.learn_from == "all":
        changes = changes.select("party_id", act=pl.lit(HANDSET), day="changed_at")
        did = pl.concat([did, changes]).sort("party_id", "day", "act")
    return before(did, config)


def before(did: pl.DataFrame, config: Config) -> pl.DataFrame:
    """The acts before the as-of day; all of them, where none is set."""
    import polars as pl

    return did.filter(pl.col("day") < date.fromisoformat(config.graph.as_of)) if config.graph.as_of else did


def network(store: Warehouse, *, calls: bool = False) -> Network:
    """The graph of the stored tables; calls: with the calls of each edge, which `most_called` needs."""
    return build(
        store.query("graph/edge_calls" if calls else "graph/edge_arrays"),
        store.query("graph/hub_nodes"),
        store.query("graph/counted_ties"),
        store.query("graph/parties"),
    )


def agreed(store: Warehouse, config: Config, graph: Network) -> Network:
    """The same graph, where only ties of people count who agreed to it, if that is asked for."""
    if not config.graph.require_traffic_consent:
        return graph
    return among(graph, consent.allowed(store, consent.TRAFFIC_DATA_MARKETING, ages.moment(config))["customer_id"])


def described(
    store: Warehouse, config: Config, graph: Network, centrality: np.ndarray, did: risk.Acts, day: date
) -> Pairs:
    """What is known of every contact as of a day; needs temporary table `spells`."""
    import numpy as np

    since = {"since": edges.first_day(day, config.graph.window_days), "as_of": day}
    ties = store.query("graph/tie_facts", **since, half_life_days=config.graph.half_life_days)
    old = ages.aged(store, day).select(party_id="customer_id", age="age")
    makers = store.query("graph/makers_then", as_of=day)
    people = old.join(makers, on="party_id", how="full", coalesce=True).select("party_id", "manufacturer", "age")
    led = np.zeros((2, graph.n), np.int64)
    compiled(acting.led)(
        graph.contacts.indptr, graph.contacts.indices, did.indptr, did.day, did.kind, config.graph.act_window_days,
        _number(day), led[0], led[1],
    )  # fmt: skip
    return pairs(graph, centrality, ties, people, (led[0], led[1]))


def numbered(did: pl.DataFrame, graph: Network) -> risk.Acts:
    """The acts of the people of a graph."""
    import polars as pl

    place = pl.DataFrame({"party_id": graph.party_id}).with_row_index("person")
    known = did.select(
        "party_id",
        day=(pl.col("day") - pl.lit(EPOCH)).dt.total_days(),
        kind=pl.col("act").rank("dense").cast(pl.Int64),
    )
    rows = known.join(place, on="party_id", how="inner")
    person, day, kind = (rows[c].to_numpy() for c in ("person", "day", "kind"))
    return risk.acts(person, day, kind, graph.n)


def strata(store: Warehouse, graph: Network, day: date, seed: int) -> pl.DataFrame:
    """Every customer of the graph with circle, handset age and activity as of a day; needs temporary table `spells`."""
    import polars as pl

    circle = pl.Series("community", circles(graph.contacts, seed=seed))
    everybody = pl.DataFrame(
        {
            "customer_id": graph.party_id,
            "community": circle.set(circle < 0, None),
            "activity": graph.out.row_sums() + graph.out.column_sums(),
        }
    ).filter(pl.Series(graph.is_customer, dtype=pl.Boolean))
    known = store.query("graph/handset_age", as_of=day)
    return everybody.join(known, on="customer_id", how="left", maintain_order="left")


def handset_changes(store: Warehouse, config: Config, *, before: str | None = None) -> pl.DataFrame:
    """party_id, changed_at of the handset changes before a day, kept as temporary table `changes`.

    Args:
        store: the warehouse.
        config: what counts as a change.
        before: ISO date; default: the as-of day.
    """
    last = edges.as_of(store, config.graph)
    until = before or (date.max if last is None else last).isoformat()  # without records there is nothing to see
    store.temp("handset_days", "offers/handset_days")
    store.temp("spells", "offers/spells", **spells.rules(config, until))
    store.temp("changes", "graph/changes", as_of=until)
    return store.query("graph/changes", as_of=until)


def _number(day: date) -> int:
    return (day - EPOCH).days


def _view(store: Warehouse, config: Config, did: pl.DataFrame, day: date) -> learning.View:
    import numpy as np

    then = dataclasses.replace(config.graph, as_of=day.isoformat(), incremental=False)
    with store.overlay():
        edges.build(store, then)
        graph = network(store)
        _, centrality = ranks(graph, damping=config.graph.damping)
        graph = agreed(store, config, graph)
        known = numbered(did, graph)
        told = described(store, config, graph, centrality, known, day)
        cells, circle = prediction.strata_of(strata(store, graph, day, config.run.seed))
    cell, unit = np.full(graph.n, -1, np.int64), np.zeros(graph.n, np.int64)
    cell[graph.is_customer], unit[graph.is_customer] = np.unique(cells, return_inverse=True)[1], circle
    return learning.View(told, known, cell, unit)


def _days(store: Warehouse, config: Config, did: pl.DataFrame) -> tuple[date, date, date] | None:
    """First day looked at, first day that judges, first day not counted; None without any such days.

    The graph of the first day is to have a full window before it, and acts of some time after; acts may go on after
    the last call record.
    """
    span = store.query("graph/log_span").row(0, named=True)
    if span["last_day"] is None:
        return None
    log_end = span["last_day"] + timedelta(days=1)
    days = did["day"].sort()
    early = days[int(len(days) * _HISTORY)]
    start = min(span["first_day"] + timedelta(days=config.graph.window_days), early)
    start = min(max(start, span["first_day"] + timedelta(days=_SHORTEST)), log_end)
    counted = days.filter(days >= start)
    if len(counted) < 2 * learning.FEWEST:
        return None
    judging = counted[int(len(counted) * (1 - _JUDGED))]
    return (start, judging, days[-1] + timedelta(days=1)) if judging > start else None

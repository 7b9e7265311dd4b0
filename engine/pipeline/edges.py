"""Stage `edges`: records of the window become directed edges, hubs and gated ties (METHODS sections 1 and 2)."""

from __future__ import annotations

import json
import math
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import TYPE_CHECKING

from engine.errors import ConfigError
from engine.graph import tie_days
from engine.graph.arrays import warm
from engine.graph.overlap import with_overlap
from engine.tables import empty

if TYPE_CHECKING:
    from engine.config import Graph
    from engine.pipeline import Context
    from engine.warehouse import Warehouse

TABLES = ("edges", "hubs", "ties")
HALF_LIVES = (
    40  # of the oldest contact at most: strengths are summed in units of 2^-60, so to a millionth of the oldest
)


def run(context: Context) -> None:
    """Write `edges`, `hubs` and `ties` as of the configured day."""
    build(context.warehouse, context.config.graph)
    if only_sums(context.warehouse):
        context.say("all call records are sums per pair: ties are weighted by counts instead of days with contact.")


def as_of(store: Warehouse, config: Graph) -> date | None:
    """The first day that does not count: the setting, else the day after the last event; None without events.

    Raises:
        ConfigError: the setting is not a date.
    """
    if config.as_of:
        try:
            return date.fromisoformat(config.as_of)
        except ValueError:
            raise ConfigError(
                f"graph.as_of = {config.as_of!r} is not a date.", fix="Write it like 2024-05-01."
            ) from None
    return store.query("graph/as_of")["as_of"].item()


def build(store: Warehouse, config: Graph) -> None:
    """Compute the three tables in `store` from its pair_days, parties and events.

    With `config.incremental` the edges of the last run are carried forward where that is possible: same window and
    half-life, a later as-of day, and pair-days of the old window that still sum to the old edges.

    Args:
        store: the warehouse.
        config: window, half-life and gates.

    Raises:
        ConfigError: contact in the window is older than 40 half-lives.
    """
    until = as_of(store, config)
    if until is None:
        for table in (*TABLES, "graph_window"):
            store.write(table, empty(table))
        return
    warm()
    window = {"since": first_day(until, config.window_days), "as_of": until}
    _refuse_faded(store, window, config.half_life_days)
    counted = only_sums(store)
    was = _last_window(store, config, until) if config.incremental and not counted else None
    if was is None:
        _sum_up(store, window, config.half_life_days)
        if counted:
            store.temp("edges_next", "graph/edges_counted", **window, half_life_days=config.half_life_days)
            store.create("edges", "graph/edges_next")
        store.temp("pairs", "graph/pairs")
        store.drop("both_days")
    else:
        store.temp("edges_next", "graph/edges_update", **window, **was, half_life_days=config.half_life_days)
        store.create("edges", "graph/edges_next")
        store.temp("pairs", "graph/pairs_update", **window, **was)
    store.create(
        "hubs",
        "graph/hubs",
        **window,
        contacts_per_month=config.hub_contacts_per_month,
        degree_quantile=config.hub_degree_quantile,
        mutual_share=config.hub_mutual_share,
    )
    store.temp("same_handset", "graph/same_handset", **{name: store.clock.start(day) for name, day in window.items()})
    store.temp("rated", "graph/rated", min_active_days=config.min_active_days, persons=config.persons)
    store.drop("edges_next", "pairs", "same_handset")
    store.create("ties", "graph/gated_ties")
    # Only the ties that count leave the database: their overlap is a matter of compiled code.
    open_ties = store.query("graph/open_ties")
    store.drop("rated")
    store.append("ties", with_overlap(open_ties), unique=False)
    store.create(
        "graph_window",
        "graph/window",
        as_of=until,
        window_days=config.window_days,
        half_life_days=config.half_life_days,
    )
    store.release()


def only_sums(store: Warehouse) -> bool:
    """Whether all call records came as sums of pairs, without times."""
    logs = store.read("sources").filter(target="logs")
    return logs.height > 0 and all(json.loads(how or "{}").get("sums") for how in logs["how"])


def _refuse_faded(store: Warehouse, window: dict[str, date], half_life_days: float) -> None:
    """Contact that fades below the units in which strengths are summed would count as none."""
    first = store.query("graph/first_contact", **window)["first_day"].item()
    age = 0 if first is None else (window["as_of"] - first).days
    if age > HALF_LIVES * half_life_days:
        raise ConfigError(
            f"contact in the window is up to {age} days old, more than {HALF_LIVES} half-lives of {half_life_days:g} "
            "days: its weight would round to 0, and customers with only such contact would get a wrong influencer.",
            fix=f"Set graph.window_days = {max(1, math.floor(HALF_LIVES * half_life_days))} or fewer, or "
            f"graph.half_life_days = {math.ceil(age / HALF_LIVES)} or more.",
        )


def _sum_up(store: Warehouse, window: dict[str, date], half_life_days: float) -> None:
    """Table `edges` and temporary table `both_days` from the pair-days of the window."""
    if store.spreads:
        store.create("edges", "graph/edges", **window, half_life_days=half_life_days)
        store.temp("both_days", "graph/both_days", **window)
        return
    import polars as pl

    # One machine: compiled code sums up one part of bounded size after another, while the database reads the next one.
    parts = tie_days.parts(store.count("pair_days"))
    store.write("edges", empty("edges"))
    room, both = tie_days.Room(), []

    def read(part: int) -> pl.DataFrame:
        return store.query("graph/window_days", **window, parts=parts, part=part)

    with ThreadPoolExecutor(1) as worker:
        waiting = worker.submit(tie_days.summed, read(0), window["as_of"], half_life_days, room)
        for part in range(1, parts + 1):
            days = read(part) if part < parts else None
            edges, mutual = waiting.result()
            if days is not None:
                waiting = worker.submit(tie_days.summed, days, window["as_of"], half_life_days, room)
            store.append("edges", edges, unique=False)
            both.append(mutual)
    store.keep("both_days", pl.concat(both))


def _last_window(store: Warehouse, config: Graph, until: date) -> dict[str, date] | None:
    """`was_since` and `was_as_of` of the stored edges; None where they cannot be carried forward to `until`."""
    last = store.read("graph_window")
    if not last.height:
        return None
    row = last.row(0, named=True)
    same = (row["window_days"], row["half_life_days"]) == (config.window_days, config.half_life_days)
    # Beyond half a window more days are moved than a rebuild would read.
    if not same or not timedelta(0) < until - row["as_of"] <= timedelta(days=config.window_days / 2):
        return None
    since = first_day(row["as_of"], config.window_days)
    if not store.query("graph/unchanged", since=since, as_of=row["as_of"])["unchanged"].item():
        return None
    return {"was_since": since, "was_as_of": row["as_of"]}


def first_day(until: date, days: int) -> date:
    """The first day of a window of so many days before a day."""
    try:
        return until - timedelta(days=days)
    except OverflowError:
        return date.min

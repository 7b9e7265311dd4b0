"""Keeps the decisions of the last few complete runs, so that two runs can be compared.

There is a line per customer and span of runs with the same decision: a run adds lines only for decisions that changed.
People of whom nothing else is known are left out; `engine.trust` deletes whoever is erased or opts out.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine.clock import utc_now

if TYPE_CHECKING:
    from engine.config import Config
    from engine.warehouse import Warehouse


@dataclass(frozen=True)
class Run:
    """A run whose decisions are kept.

    Args:
        number: from 1.
        finished_at: UTC.
        definition: whose influencers counted.
        imports: number of the last import or deletion before it.
        stages: per stage the run_id of the line in `runs` whose results stood.
    """

    number: int
    finished_at: datetime
    definition: str
    imports: int
    stages: dict[str, str]


def kept(store: Warehouse) -> list[Run]:
    """The runs whose decisions are kept, the oldest first."""
    return [
        Run(number, at, definition, imports, json.loads(stages))
        for number, at, definition, imports, stages in store.query("history/runs").iter_rows()
    ]


def note(store: Warehouse, config: Config) -> None:
    """Keep what is decided by now as another run's, unless no stage has run since the last one.

    Args:
        store: the database, open for writing, outside a transaction.
        config: its settings; `run.keep` says how many runs are kept.
    """
    runs, stages = kept(store), dict(store.query("history/stages").iter_rows())
    number = runs[-1].number + 1 if runs else 1
    fresh = bool(config.run.keep) and (not runs or runs[-1].stages != stages)
    with store.transaction():
        if fresh:
            _add(store, number, config.graph.definition, stages)
        _forget(store, number + fresh - config.run.keep)


def before(store: Warehouse, moment: datetime) -> None:
    """Delete the decisions of runs before a moment, but the last run's, and those about people no longer known.

    Args:
        store: the database, inside a transaction.
        moment: UTC.
    """
    oldest = store.query("history/before_day", before=moment)["oldest"][0]
    if oldest is not None:
        _forget(store, oldest)


def _add(store: Warehouse, number: int, definition: str, stages: dict[str, str]) -> None:
    import polars as pl

    store.temp("_now", "history/now", definition=definition)
    store.execute("history/close", last=number - 1)
    store.append("decisions", store.query("history/fresh", number=number))
    store.drop("_now")
    line: dict[str, Any] = {"number": number, "finished_at": utc_now(), "definition": definition}
    line |= {"imports": store.query("history/imports")["imports"][0], "stages": json.dumps(stages, sort_keys=True)}
    store.append("history", pl.DataFrame([line]))


def _forget(store: Warehouse, oldest: int) -> None:
    """Forget runs before a number, and people who are known by nothing else."""
    store.execute("history/drop_runs", oldest=oldest)
    store.execute("history/drop_decisions", oldest=oldest)
    if store.count("decisions"):
        store.temp("_everybody", "trust/everybody")
        store.execute("history/drop_unknown")
        store.execute("history/unname_unknown")
        store.drop("_everybody")

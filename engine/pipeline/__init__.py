"""The stages in order, what each reads and writes, and which of them are stale: the only orchestrator.

A stage runs in one transaction: either all its tables and its line in `runs` appear, or nothing does. It is fresh
when its inputs, its part of the settings and its code are those of its last finished run.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import platform
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import engine
from engine import config as settings
from engine.errors import WorkspaceError
from engine.progress import SILENT, Progress
from engine.trust import people
from engine.usecases import erase
from engine.warehouse import sql_folder
from engine.warehouse.duckdb import DuckDBWarehouse
from engine.workspace import Workspace


@dataclass(frozen=True)
class Stage:
    """One step of the pipeline, named after the table it ends in.

    Args:
        name: of the stage; its code is `engine/pipeline/<name>.py`, function `run(context)`. Where it also has
            `prepare(context)`, that is called first, outside the transaction: for slow work kept in small
            transactions of its own, which a stopped run need not do again.
        reads: tables it reads.
        writes: tables it replaces.
        sections: settings it depends on.
        code: folders below engine/ and sql/ whose change makes it stale.
        dated: it depends on today's date (consents, offers' validity).
        traffic: it depends on consents to traffic_data_marketing, where the settings require them.
    """

    name: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    sections: tuple[str, ...]
    code: tuple[str, ...]
    dated: bool = False
    traffic: bool = False


STAGES = (
    Stage(
        "edges",
        ("events", "pair_days", "parties"),
        ("edges", "hubs", "ties", "graph_window"),
        ("graph",),
        ("graph",),
    ),
    Stage(
        "influencers",
        ("edges", "hubs", "ties", "parties", "events", "devices"),
        ("nodes", "influencers"),
        ("graph", "offers", "run"),
        ("graph",),
        traffic=True,
    ),
    Stage("handsets", ("events", "parties", "devices", "customers"), ("handsets", "loyalty"), ("offers",), ("offers",)),
    Stage(
        "choices",
        (
            "customers", "photos", "offers", "treatments", "consents", "optouts", "devices", "events", "pair_days",
            "parties", "handsets", "nodes", "ties", "influencers",
        ),
        ("features", "uplift", "offer_metrics", "choices"),
        ("offers", "graph", "run"),
        ("offers", "graph"),
        dated=True,
    ),
    Stage(
        "matches",
        ("photos", "inventory", "consents", "optouts", "customers", "choices", "influencers"),
        ("faces", "matches"),
        ("faces", "graph", "run"),
        ("faces",),
        dated=True,
    ),
    Stage(
        "ads",
        ("matches", "faces", "choices", "offers", "customers", "inventory", "consents", "optouts"),
        ("ads",),
        ("ads",),
        ("ads",),
        dated=True,
    ),
)  # fmt: skip

# Which imports change which table; every other table is written by a stage.
IMPORTED = {
    "events": ("logs",),
    "pair_days": ("logs",),
    "parties": ("logs", "customers", "optouts"),
    **{t: (t,) for t in ("customers", "devices", "offers", "treatments", "photos", "inventory", "consents", "optouts")},
}


@dataclass(frozen=True)
class Context:
    """What a stage's `run` gets.

    Args:
        workspace: folders and settings.
        warehouse: the database, inside the stage's transaction.
        config: the workspace's settings.
        rules: what decides about people, and the moment at which consents and ages are asked for.
        progress: where bars are drawn.
    """

    workspace: Workspace
    warehouse: DuckDBWarehouse
    config: settings.Config
    rules: people.Rules
    progress: Progress
    notes: list[str] = field(default_factory=list)

    @property
    def today(self) -> date:
        """The day on which offers must be valid."""
        return self.rules.moment.date()

    def say(self, text: str) -> None:
        """Tell the user, with the stage's result, what was chosen and why."""
        self.notes.append(text)


@dataclass(frozen=True)
class StageResult:
    """One line of `kindred run`: what a stage did (`done` or `fresh`), rows per table it wrote, seconds, choices."""

    stage: str
    status: str
    rows: dict[str, int]
    seconds: float
    notes: tuple[str, ...] = ()


def run(
    workspace: Workspace, *, until: str | None = None, force: bool = False, progress: Progress = SILENT
) -> list[StageResult]:
    """Run every stage that is stale, in order.

    Args:
        workspace: an opened workspace.
        until: last stage to run; None = all.
        force: run fresh stages too.
        progress: where bars are drawn.

    Returns:
        One result per stage considered.

    Raises:
        WorkspaceError: no stage of that name, or another process writes this workspace.
    """
    stages = _upto(until)
    results = []
    with workspace.writing("run", backup=True) as store:
        erase.finish(workspace, store)  # what an erasure that was killed left to do
        rules = people.rules(workspace.config, store)
        for stage in stages:
            started = time.monotonic()
            inputs, configuration = inputs_hash(store, stage, workspace.config), config_hash(stage, workspace.config)
            if not force and _is_fresh(store, stage, inputs, configuration):
                results.append(StageResult(stage.name, "fresh", _last_rows(store, stage), 0.0))
                continue
            begun = _now()
            context = prepared(workspace, store, progress, rules)
            module = importlib.import_module(f"engine.pipeline.{stage.name}")
            if hasattr(module, "prepare"):
                module.prepare(context)
            with store.transaction():
                module.run(context)
                rows = {table: store.count(table) for table in stage.writes}
                _record(store, stage, inputs, configuration, rows, begun)
            results.append(
                StageResult(stage.name, "done", rows, round(time.monotonic() - started, 3), tuple(context.notes))
            )
    return results


def prepared(
    workspace: Workspace, store: DuckDBWarehouse, progress: Progress = SILENT, rules: people.Rules | None = None
) -> Context:
    """What a stage's functions get; the temporary tables that say who may be shown are there.

    Args:
        workspace: an opened workspace.
        store: its database.
        progress: where bars are drawn.
        rules: what decides about people; None = as of this moment.
    """
    rules = rules or people.rules(workspace.config, store)
    people.standing(store, rules)
    return Context(workspace, store, workspace.config, rules, progress)


def planned(workspace: Workspace, *, until: str | None = None, force: bool = False) -> list[dict[str, str]]:
    """What `run` would do, without doing it: each stage with `would run` or `fresh`, and why.

    Args:
        workspace: an opened workspace.
        until: last stage; None = all.
        force: as if fresh stages ran too.
    """
    lines, moved = [], set()
    stages = _upto(until)
    with workspace.warehouse(read_only=True) as store:
        states = {line["stage"]: line["state"] for line in status(store, workspace.config)}
    for stage in stages:
        before = sorted(moved & set(stage.reads))
        why = {
            "forced": force,
            "it has never run": states[stage.name] == "never",
            "its inputs, settings or code changed": states[stage.name] == "stale",
            f"{', '.join(before)} will be new": bool(before),
        }
        reason = next((text for text, holds in why.items() if holds), "")
        if reason:
            moved |= set(stage.writes)
        lines.append({"stage": stage.name, "plan": "would run" if reason else "fresh", "why": reason})
    return lines


def status(store: DuckDBWarehouse, config: settings.Config) -> list[dict[str, object]]:
    """Every stage with its state: `fresh`, `stale` or `never`, when it last ran, and rows per table."""
    lines = []
    for stage in STAGES:
        last = _last(store, stage)
        if last is None:
            state = "never"
        else:
            fresh = _is_fresh(store, stage, inputs_hash(store, stage, config), config_hash(stage, config))
            state = "fresh" if fresh else "stale"
        finished = None if last is None else last["finished_at"].isoformat(sep=" ", timespec="seconds")
        lines.append({"stage": stage.name, "state": state, "finished_at": finished, "rows": _last_rows(store, stage)})
    return lines


def inputs_hash(store: DuckDBWarehouse, stage: Stage, config: settings.Config) -> str:
    """A hash of everything a stage reads: source files for imported tables, the last run for computed ones."""
    parts = []
    traffic = stage.traffic and config.graph.require_traffic_consent
    for table in sorted({*stage.reads, "consents"} if traffic else stage.reads):
        if table in IMPORTED:
            seen = store.query_text(
                "SELECT source_id FROM sources WHERE list_contains($targets, target) ORDER BY source_id",
                {"targets": [*IMPORTED[table], "erasure", "undo"]},
            )
            parts.append(f"{table}:{','.join(seen['source_id'])}")
        else:
            writer = next(s for s in STAGES if table in s.writes)
            last = _last(store, writer)
            parts.append(f"{table}:{last and last['inputs_hash'] + last['config_hash']}")
    if stage.dated or traffic:
        rules = people.rules(config, store)
        people.standing(store, rules)
        parts += [rules.moment.date().isoformat(), people.digest(store, rules)]
    return _hash(parts)


def config_hash(stage: Stage, config: settings.Config) -> str:
    """A hash of the settings and the code a stage depends on."""
    own = Path(__file__).parent
    files = [own / f"{stage.name}.py"]
    for folder in stage.code:
        files += sorted((own.parent / folder).rglob("*.py")) + sorted((sql_folder() / folder).rglob("*.sql"))
    return _hash([settings.section_text(config, *stage.sections), *(f.read_text(encoding="utf-8") for f in files)])


def today(config: settings.Config) -> date:
    """The day on which offers must be valid: `run.today`, else the real one (UTC)."""
    return people.moment(config).date()


def _upto(until: str | None) -> tuple[Stage, ...]:
    names = [s.name for s in STAGES]
    if until is not None and until not in names:
        raise WorkspaceError(f"There is no stage {until!r}.", fix=f"The stages are {', '.join(names)}.")
    return STAGES if until is None else STAGES[: names.index(until) + 1]


def _last(store: DuckDBWarehouse, stage: Stage) -> dict | None:
    rows = store.query_text(
        "SELECT * FROM runs WHERE stage = $stage AND status = 'done' ORDER BY finished_at DESC, run_id LIMIT 1",
        {"stage": stage.name},
    )
    return rows.row(0, named=True) if rows.height else None


def _last_rows(store: DuckDBWarehouse, stage: Stage) -> dict[str, int]:
    last = _last(store, stage)
    return json.loads(last["rows"]) if last else {}


def _is_fresh(store: DuckDBWarehouse, stage: Stage, inputs: str, configuration: str) -> bool:
    last = _last(store, stage)
    return last is not None and last["inputs_hash"] == inputs and last["config_hash"] == configuration


def _record(
    store: DuckDBWarehouse, stage: Stage, inputs: str, configuration: str, rows: dict[str, int], begun: datetime
) -> None:
    import polars as pl

    versions = {"kindred": engine.__version__, "python": platform.python_version()}
    line = {
        "run_id": _hash([stage.name, inputs, configuration, begun.isoformat()])[:16],
        "stage": stage.name,
        "inputs_hash": inputs,
        "config_hash": configuration,
        "versions": json.dumps(versions, sort_keys=True),
        "rows": json.dumps(rows, sort_keys=True),
        "started_at": begun,
        "finished_at": _after(_last(store, stage)),
        "status": "done",
    }
    store.append("runs", pl.DataFrame([line]))


def _after(last: dict | None) -> datetime:
    """Now, or just after the last run where the clock went back since: the newest line is the one that counts."""
    now = _now()
    return now if last is None else max(now, last["finished_at"] + timedelta(microseconds=1))


def _hash(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n\0".join(parts).encode()).hexdigest()


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)

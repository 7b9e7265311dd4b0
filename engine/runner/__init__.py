"""Runs the stages that are stale, in order: the only orchestrator.

A stage runs in one transaction: either all its tables and its line in `runs` appear, or nothing does.
"""

from __future__ import annotations

import importlib
import json
import platform
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from engine import config as settings
from engine.clock import utc_now
from engine.errors import WorkspaceError
from engine.pipeline import prepared
from engine.progress import SILENT, Progress
from engine.runner import freshness, history
from engine.runner.freshness import Fingerprint, Freshness
from engine.stages import STAGES, Stage
from engine.trust import people
from engine.version import VERSION
from engine.warehouse import Warehouse
from engine.workspace import Workspace


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
    """Run every stage that is stale, in order; what a run to the last stage decided is kept (`engine.runner.history`).

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
        rules, state = people.rules(workspace.config, store), Freshness(store, workspace.config)
        for stage in stages:
            started = time.monotonic()
            if not force and state.is_fresh(stage):
                results.append(StageResult(stage.name, "fresh", _rows(freshness.last(store, stage)), 0.0))
                continue
            begun = utc_now()
            context = prepared(workspace, store, progress, rules)
            module = importlib.import_module(f"engine.pipeline.{stage.name}")
            if hasattr(module, "prepare"):
                module.prepare(context)
            with store.transaction():
                module.run(context)
                rows = {table: store.count(table) for table in stage.writes}
                _record(store, stage, state.fingerprint(stage), rows, begun)
            results.append(
                StageResult(stage.name, "done", rows, round(time.monotonic() - started, 3), tuple(context.notes))
            )
        if stages == STAGES:
            history.note(store, workspace.config)
    return results


def planned(workspace: Workspace, *, until: str | None = None, force: bool = False) -> list[dict[str, str]]:
    """What `run` would do, without doing it: each stage with `would run` or `fresh`, and why.

    Args:
        workspace: an opened workspace.
        until: last stage; None = all.
        force: as if fresh stages ran too.
    """
    stages = _upto(until)
    with workspace.warehouse(read_only=True) as store:
        state = Freshness(store, workspace.config)
        reasons = {stage.name: "forced" if force else state.why(stage) for stage in stages}
    return [
        {"stage": name, "plan": "would run" if reason else "fresh", "why": reason} for name, reason in reasons.items()
    ]


def status(store: Warehouse, config: settings.Config) -> list[dict[str, object]]:
    """Every stage with its state: `fresh`, `stale` or `never`, when it last ran, and rows per table."""
    lines, freshly = [], Freshness(store, config)
    for stage in STAGES:
        last = freshness.last(store, stage)
        state = "never" if last is None else "fresh" if freshly.is_fresh(stage) else "stale"
        finished = None if last is None else last["finished_at"].isoformat(sep=" ", timespec="seconds")
        lines.append({"stage": stage.name, "state": state, "finished_at": finished, "rows": _rows(last)})
    return lines


def _rows(last: dict[str, Any] | None) -> dict[str, int]:
    """Rows per table that a stage's last run wrote."""
    return json.loads(last["rows"]) if last else {}


def _upto(until: str | None) -> tuple[Stage, ...]:
    names = [s.name for s in STAGES]
    if until is not None and until not in names:
        raise WorkspaceError(f"There is no stage {until!r}.", fix=f"The stages are {', '.join(names)}.")
    return STAGES if until is None else STAGES[: names.index(until) + 1]


def _record(store: Warehouse, stage: Stage, fingerprint: Fingerprint, rows: dict[str, int], begun: datetime) -> None:
    import polars as pl

    versions = {"kindred": VERSION, "python": platform.python_version()}
    line = {
        "run_id": freshness.digest([stage.name, fingerprint.inputs_hash, fingerprint.config_hash, begun.isoformat()])[
            :16
        ],
        "stage": stage.name,
        "inputs_hash": fingerprint.inputs_hash,
        "config_hash": fingerprint.config_hash,
        "versions": json.dumps(versions, sort_keys=True),
        "depends_on": fingerprint.text(),
        "rows": json.dumps(rows, sort_keys=True),
        "started_at": begun,
        "finished_at": _after(freshness.last(store, stage)),
        "status": "done",
    }
    store.append("runs", pl.DataFrame([line]))


def _after(last: dict | None) -> datetime:
    """Now, or just after the last run where the clock went back since: the newest line is the one that counts."""
    now = utc_now()
    return now if last is None else max(now, last["finished_at"] + timedelta(microseconds=1))

"""Which stages are stale: a stage is fresh when its inputs, settings and code are those of its last finished run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from engine import config as settings
from engine.stages import IMPORTED, STAGES, Stage
from engine.trust import people
from engine.warehouse import sql_folder
from engine.warehouse.duckdb import DuckDBWarehouse


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
            ran = last(store, writer)
            parts.append(f"{table}:{ran and ran['inputs_hash'] + ran['config_hash']}")
    if stage.dated or traffic:
        rules = people.rules(config, store)
        people.standing(store, rules)
        parts += [rules.moment.date().isoformat(), people.digest(store, rules)]
    return digest(parts)


def config_hash(stage: Stage, config: settings.Config) -> str:
    """A hash of the settings and the code a stage depends on."""
    own = Path(__file__).parents[1] / "pipeline"
    files = [own / f"{stage.name}.py"]
    for folder in stage.code:
        files += sorted((own.parent / folder).rglob("*.py")) + sorted((sql_folder() / folder).rglob("*.sql"))
    return digest([settings.section_text(config, *stage.sections), *(f.read_text(encoding="utf-8") for f in files)])


def last(store: DuckDBWarehouse, stage: Stage) -> dict | None:
    """The line in `runs` of a stage's last finished run."""
    rows = store.query_text(
        "SELECT * FROM runs WHERE stage = $stage AND status = 'done' ORDER BY finished_at DESC, run_id LIMIT 1",
        {"stage": stage.name},
    )
    return rows.row(0, named=True) if rows.height else None


def last_rows(store: DuckDBWarehouse, stage: Stage) -> dict[str, int]:
    """Rows per table that a stage's last run wrote; empty = it never ran."""
    ran = last(store, stage)
    return json.loads(ran["rows"]) if ran else {}


def is_fresh(store: DuckDBWarehouse, stage: Stage, inputs: str, configuration: str) -> bool:
    """Whether a stage's last run had these inputs, settings and code."""
    ran = last(store, stage)
    return ran is not None and ran["inputs_hash"] == inputs and ran["config_hash"] == configuration


def digest(parts: Iterable[str]) -> str:
    """A hash of several texts."""
    return hashlib.sha256("\n\0".join(parts).encode()).hexdigest()

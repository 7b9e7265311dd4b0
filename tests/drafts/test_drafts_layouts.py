"""Drafts of drawn layouts: imported with the draft alone the rows are the true ones, or nothing comes in."""

from __future__ import annotations

import pytest

from engine.config import Config, Ids
from engine.errors import EngineError
from engine.logs.importer import import_logs
from engine.usecases.drafting import draft
from engine.warehouse.duckdb import DuckDBWarehouse
from tests.drafts import layouts

SEEDS = range(25)


def outcome(tmp_path, seed: int) -> tuple[str, str]:
    """ "right", "refused" or "wrong", and why."""
    drawn = layouts.draw(seed)
    path = layouts.write(drawn, tmp_path / f"f{seed}.csv")
    found = draft(path)
    own = tmp_path / f"f{seed}.toml"
    own.write_text(found.text, encoding="utf-8")
    store = DuckDBWarehouse()
    try:
        import_logs(store, [path], mapping=own, config=Config(ids=Ids(pseudonymise="none")), key=bytes(32))
        ids = dict(store.read("parties").select("node", "party_id").iter_rows())
        events = store.read("events").to_dicts()
        rows = sorted(
            (ids[e["caller"]], ids.get(e["callee"]), e["started_at"], e["duration_s"], e["kind"]) for e in events
        )
    except EngineError as error:
        return "refused", f"{drawn.about} | {error}"
    finally:
        store.close()
    if rows == drawn.rows:
        return "right", drawn.about
    missing = len(set(drawn.rows) - set(rows))
    strange = [r for r in rows if r not in set(drawn.rows)][:2]
    return "wrong", f"{drawn.about} | {missing} missing, such as {strange} for {drawn.rows[:1]}\n{found.text}"


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("layouts")
    return [outcome(folder, seed) for seed in SEEDS]


def test_no_layout_comes_in_wrong(outcomes):
    assert [why for kind, why in outcomes if kind == "wrong"] == []


def test_most_layouts_come_in_by_the_draft_alone(outcomes):
    refused = [why for kind, why in outcomes if kind == "refused"]
    assert len(refused) <= 0.3 * len(outcomes), refused

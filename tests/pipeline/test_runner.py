"""The runner: what is stale runs, what is fresh does not, a failed stage leaves everything as it was."""

from __future__ import annotations

import importlib
from datetime import date, datetime

import polars as pl
import pytest

import engine
from engine import runner, stages
from engine.errors import ConfigError, WorkspaceError
from engine.pipeline import prepared
from engine.runner import code
from engine.warehouse import duckdb


@pytest.fixture
def space(tmp_path):
    """A workspace with two friends and a log of their calls, put into the tables directly."""
    made = engine.create(tmp_path / "w")
    with made.writing("test") as store:
        store.write(
            "parties", pl.DataFrame({"node": [0, 1], "party_id": ["a", "b"], "is_customer": True, "opted_out": False})
        )
        days = [date(2024, 1, d) for d in (1, 2, 3)]
        talk = {"n_calls": 1, "talk_s": 60, "n_texts": 0}
        store.write(
            "pair_days",
            pl.DataFrame([{"src": s, "dst": 1 - s, "day": d, **talk} for d in days for s in (0, 1)]),
        )
        start = datetime(2024, 1, 3, 10)
        call = {"kind": "call", "caller": 0, "callee": 1, "started_at": start, "duration_s": 60, "answered": True}
        store.write("events", pl.DataFrame([{**call, "source_id": "one"}]))
        imported(store, "one")
    return made


def imported(store, name: str, target: str = "logs") -> None:
    """Pretend that a file was imported."""
    line = {"source_id": name, "target": target, "path": name, "sha256": name, "format": "generic", "details": "{}"}
    counts = dict.fromkeys(("rows_in", "rows_kept", "rows_duplicate", "rows_rejected"), 0)
    store.append("sources", pl.DataFrame([{**line, **counts, "imported_at": datetime(2024, 2, 1)}]))


def ran(space, **options) -> dict[str, str]:
    return {result.stage: result.status for result in runner.run(space, **options)}


UNTIL = {"until": "influencers"}


def graph(edges: str, rest: str) -> dict[str, str]:
    """What becomes of the stages up to `influencers`."""
    return {"edges": edges, "learned": rest, "influencers": rest}


def test_what_is_fresh_does_not_run_again(space):
    assert ran(space, **UNTIL) == graph("done", "done")
    assert ran(space, **UNTIL) == graph("fresh", "fresh")
    assert ran(space, **UNTIL, force=True) == graph("done", "done")


def test_a_new_import_makes_its_readers_and_theirs_stale(space):
    ran(space, **UNTIL)
    with space.writing("test") as store:
        imported(store, "two", "consents")
    assert ran(space, **UNTIL) == graph("fresh", "fresh")
    with space.writing("test") as store:
        imported(store, "three")
        states = {line["stage"]: line["state"] for line in runner.status(store, space.config)}
    assert states["edges"] == "stale" and states["ads"] == "never"
    assert ran(space, **UNTIL) == graph("done", "done")


def test_a_setting_makes_stale_only_what_it_touches(space):
    ran(space, **UNTIL)
    assert ran(engine.open(space.path, faces__margin=14), **UNTIL) == graph("fresh", "fresh")
    assert ran(engine.open(space.path, graph__window_days=30), **UNTIL) == graph("done", "done")


def test_threads_and_memory_change_no_result_and_make_nothing_stale(space):
    ran(space, **UNTIL)
    assert ran(engine.open(space.path, run__threads=1, run__memory="1GB"), **UNTIL) == dict.fromkeys(
        ("edges", "learned", "influencers"), "fresh"
    )


def test_a_dry_run_says_what_would_run_and_why_and_does_nothing(space):
    told = {line["stage"]: line for line in runner.planned(space, **UNTIL)}
    assert {line["plan"] for line in told.values()} == {"would run"}
    assert told["influencers"]["why"] == "it has never run"
    with space.warehouse(read_only=True) as store:
        assert store.count("runs") == 0 and store.count("edges") == 0
    ran(space, **UNTIL)
    assert {line["plan"] for line in runner.planned(space, **UNTIL)} == {"fresh"}
    other = engine.open(space.path, graph__window_days=30)
    assert {line["plan"] for line in runner.planned(other, **UNTIL)} == {"would run"}
    assert ran(other, **UNTIL) == graph("done", "done")


def test_a_day_that_is_none_is_refused(space):
    with pytest.raises(ConfigError, match=r"run\.today = 'tomorrow' is not a day"):
        runner.run(engine.open(space.path, run__today="tomorrow"))


def test_a_stage_that_fails_changes_nothing(space, monkeypatch):
    from engine.pipeline import influencers

    ran(space, **UNTIL)
    with space.warehouse(read_only=True) as store:
        before = store.read("influencers")
    assert before.height

    def broken(context):
        context.warehouse.write("influencers", before.clear())
        raise RuntimeError("power cut")

    monkeypatch.setattr(influencers, "run", broken)
    with pytest.raises(RuntimeError, match="power cut"):
        runner.run(space, until="influencers", force=True)
    monkeypatch.undo()
    with space.warehouse(read_only=True) as store:
        assert store.read("influencers").equals(before)
        assert store.count("runs") == 5  # edges and learned twice, influencers once


def test_an_unknown_stage_is_named(space):
    with pytest.raises(WorkspaceError, match="no stage 'riches'"):
        runner.run(space, until="riches")


def test_every_table_a_stage_reads_is_imported_or_written_by_an_earlier_stage():
    known = {*stages.IMPORTED, *stages.DECIDED}
    for stage in stages.STAGES:
        assert set(stage.reads) <= known, stage.name
        known |= set(stage.writes)


def test_the_statements_a_stage_runs_are_among_its_code(space, monkeypatch):
    """The oracle: what the warehouse is asked for while a stage runs."""
    read, space = duckdb.sql_text, engine.open(space.path, graph__definition="auto")
    for stage in stages.STAGES[:5]:
        ran(space, until=stage.name)
        asked: set[str] = set()
        with space.writing("run") as store, store.transaction(), monkeypatch.context() as patched:
            context = prepared(space, store)
            patched.setattr(duckdb, "sql_text", lambda name, asked=asked: asked.add(f"sql/{name}.sql") or read(name))
            importlib.import_module(f"engine.pipeline.{stage.name}").run(context)
        assert asked and asked <= code.of(stage, rules=stage.dated).files, stage.name

"""Snapshots: no run waits for who looks, who looks sees whole states only, and nothing is left behind."""

from __future__ import annotations

import subprocess
import sys
import time

import polars as pl
import pytest

import engine
from engine.errors import WorkspaceError
from engine.workspace import snapshot
from tests.serve.conftest import ROOT, Desk

HOLD = """
import sys, engine
space = engine.open(sys.argv[1])
with space.writing("test") as store:
    print("writing", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def space(tmp_path):
    (tmp_path / "calls.csv").write_text(
        "caller,callee,started_at,duration_s\na,b,2026-03-01 10:00,60\nb,a,2026-03-02 11:00,30\n"
    )
    made = engine.create(tmp_path / "w")
    engine.import_logs(made, [tmp_path / "calls.csv"])
    return engine.open(made.path)


@pytest.fixture
def writer(space):
    """Another process that has the workspace open for writing, until its stdin ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(space.path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "writing\n"
    yield process
    ended(process)


def ended(process: subprocess.Popen) -> None:
    """Let a writer end."""
    if process.poll() is None:
        process.communicate("\n", timeout=60)


def test_a_snapshot_holds_what_was_there_and_nothing_is_left(space, tmp_path):
    taken = snapshot.take(space, tmp_path / "spill")
    assert list(space.scratch.iterdir()) == []
    with space.writing("test") as store:  # nobody keeps it out
        store.append("optouts", pl.DataFrame({"customer_id": ["a"], "since": [None]}).cast({"since": pl.Datetime("us")})
                     .with_columns(since=pl.lit("2026-03-03").str.to_datetime()))  # fmt: skip
    with taken.lookups.warehouse(read_only=True) as old, space.warehouse(read_only=True) as new:
        assert (old.count("optouts"), new.count("optouts")) == (0, 1)
    assert snapshot.state(space) != taken.state
    with pytest.raises(WorkspaceError), taken.figures.warehouse():
        pass
    taken.close()


def test_none_is_taken_while_somebody_writes(space, writer, tmp_path):
    assert snapshot.is_written(space.database)
    assert snapshot.take(space, tmp_path / "spill") is None
    ended(writer)
    assert not snapshot.is_written(space.database)
    taken = snapshot.take(space, tmp_path / "spill")
    assert taken is not None
    taken.close()


def test_a_copy_that_changed_meanwhile_is_thrown_away(space, tmp_path, monkeypatch):
    states = iter([("before",), ("after",)])
    monkeypatch.setattr(snapshot, "state", lambda _: next(states))
    assert snapshot.take(space, tmp_path / "spill") is None
    assert list(space.scratch.iterdir()) == []


def test_a_run_goes_through_and_the_page_comes_anew(space):
    desk = Desk(space.path, "--internal")
    try:
        assert 'data-number="1"' in desk.page("runs").text
        assert "Nothing was run yet" in desk.page("runs").text
        done = engine.run(space, until="influencers")
        assert [r.status for r in done] == ["done"] * 3
        for _ in range(100):
            if '"number":2' in desk.ask("state").text.replace(" ", ""):
                break
            time.sleep(0.1)
        assert "influencers" in desk.page("runs").text
    finally:
        assert desk.stop() == 130  # as every command that Ctrl-C ends


def test_while_a_command_writes_a_new_server_says_so(space, writer):
    desk = Desk(space.path)
    try:
        answer = desk.ask()
        assert answer.status == 503
        assert "is writing into this workspace" in answer.text
        ended(writer)
        assert desk.page("runs").status == 200
    finally:
        desk.stop()

"""Whatever imports are drawn and taken back: a whole workspace is what it is when they never came."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import engine
from engine import workspace
from engine.synth import town as synth
from engine.usecases import imports
from tests.trust.undone import KINDS, bring, held, make, same, text


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("KINDRED_KEY", "5a" * 32)
    monkeypatch.setenv("KINDRED_RUN_TODAY", "2026-03-01")


@settings(max_examples=5, deadline=None, derandomize=True, phases=[Phase.generate],
          suppress_health_check=list(HealthCheck))  # fmt: skip
@given(
    st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 10**6)), min_size=3, max_size=6, unique=True), st.data()
)
def test_what_is_left_is_what_the_other_imports_give(tmp_path_factory, drawn, data):
    gone = data.draw(st.sets(st.integers(0, len(drawn) - 1), min_size=1, max_size=3))
    folder = tmp_path_factory.mktemp("undo")
    compare(folder, drawn, gone)


def compare(folder: Path, drawn: list[tuple[str, int]], gone: set[int]) -> None:
    paths = [make(folder / str(place), kind, seed) for place, (kind, seed) in enumerate(drawn)]
    space, other = workspace.create(folder / "w"), workspace.create(folder / "o")
    done = [bring(space, kind, path) for (kind, _), path in zip(drawn, paths, strict=True)]
    told = imports.undo(space, [done[place].source_id for place in sorted(gone)], dry_run=True)
    before = held(space)
    again = imports.undo(space, [done[place].source_id for place in sorted(gone)])
    assert (told.rows, told.files, told.done, again.done) == (again.rows, again.files, False, True)
    for place, path in enumerate(paths):
        if place not in gone:
            bring(other, drawn[place][0], path)
    same(space, other)
    assert space.config.people == other.config.people
    assert any(before[table] != rows for table, rows in held(space).items()) or not told.rows.keys() & {*before}


def test_stages_compute_what_they_compute_without_the_file(tmp_path):
    town = tmp_path / "town"
    synth.write(town, customers=60, photos=0, seed=3)
    header, *lines = (town / "logs" / "calls.csv").read_text().splitlines()
    parts = [text(tmp_path, f"{n}.csv", header, *lines[n::3], *lines[:: 7 + n]) for n in range(3)]
    extra = text(tmp_path, "extra.csv", "customer_id,age", *(f"{line.split(',')[0]},30" for line in lines[:5]))
    told = []
    for name in ("w", "o"):
        space = workspace.create(tmp_path / name)
        for target in ("customers", "devices", "offers"):
            bring(space, target, town / f"{target}.csv")
        gone = []
        for part in parts:
            if name == "w" or part != parts[0]:
                done = bring(space, "logs", part)
                gone += [done.source_id] if part == parts[0] else []
        if name == "w":
            gone.append(bring(space, "customers", extra).source_id)
            engine.run(space, until="handsets")
            imports.undo(space, gone)
        engine.run(space, until="handsets")
        told.append(space)
    same(*told)
    shutil.rmtree(town)

"""Killed at random moments and steps, run again: as if nothing had happened. `python -m tests.crash` tries hundreds."""

from __future__ import annotations

import random

import pytest

from tests.crash import moments
from tests.crash.server import Server

# Without photos, which cost most of a run's time; the long harness has them.
TABLES = ("logs", "customers")


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> moments.Story:
    inputs = moments.tiny(tmp_path_factory.mktemp("base"), photos=0, models=0, calls=300)
    server = Server()
    yield moments.tell(server, tmp_path_factory.mktemp("story"), inputs, moments.commands(TABLES))
    server.close()


@pytest.mark.parametrize("name", ["import logs", "run", "export again"])
def test_killed_anywhere_and_run_again(told, name):
    command = next(c for c in told.commands if c.name == name)
    chance = random.Random(f"{name} 11")
    step = chance.randint(1, len(moments.steps(told, command)))
    assert moments.kill(told, command, step=step) == [], f"killed at step {step}"


def test_killed_after_a_time_and_run_again(told):
    command = next(c for c in told.commands if c.name == "run")
    after = 0.7 * told.seconds["run"]
    assert moments.kill(told, command, after=after) == [], f"killed after {after:.3f} s"


def test_the_comparison_sees_what_differs(told, tmp_path):
    """The harness itself: a changed row, a changed file and a file left over are each reported."""
    import shutil

    import duckdb

    place = told.folder / "spoilt"
    shutil.copytree(told.before(told.commands[-1]), place)
    wanted = moments.state(place)
    with duckdb.connect(str(place / "w" / "kindred.duckdb")) as store:
        store.execute("UPDATE customers SET age = age + 1 WHERE customer_id = (SELECT min(customer_id) FROM customers)")
    (place / "w" / "ads" / "left.part").write_text("half")
    (place / "out" / "manifest.json").write_text("{}")
    found = moments.differences(wanted, moments.state(place))
    assert sorted(found) == [
        "out/manifest.json differs",
        "table customers differs",
        "w/ads/left.part should not be there",
    ]

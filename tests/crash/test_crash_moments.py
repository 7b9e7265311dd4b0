"""Killed at a few moments of every command: what is there then, and what is there after it ran again.

`python -m tests.crash` tries hundreds, with photos.
"""

from __future__ import annotations

import random
import shutil
from dataclasses import replace

import pytest

from tests.crash import moments, rules, story
from tests.crash.moments import Story
from tests.crash.server import Server
from tests.crash.state import opened, state

LEFT_OUT = (
    "export again", "export inside", "experiment import outcomes", "run again", "erase --opt-out",
    "run after purge", "run encrypted", "restore encrypted", "encrypt on",
)  # fmt: skip
RANDOM = (
    "import logs", "import logs otherwise", "imports undo", "import optouts later", "run", "export ads",
    "experiment assign", "erase", "purge", "migrate",
)  # fmt: skip
# Where the harness found something once, or the order of two steps is everything.
CHOSEN = {
    "init": "opened kindred.duckdb",
    "import customers": "COMMIT",
    "experiment import exposures": "COMMIT",
    "export delivery": "rmtree",
    "restore": "replace",
    "imports undo": "COMMIT",
    "erase": "DELETE FROM meta",
    "purge": "DETACH rewritten",
    "encrypt weak": "opened kindred.toml.#",
    "encrypt off": "opened kindred.toml.#",
}


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> Story:
    inputs = story.tiny(tmp_path_factory.mktemp("base"), photos=0, models=0, calls=300)
    few = [command for command in story.commands(story.FEW) if command.name not in LEFT_OUT]
    server = Server()
    yield moments.tell(server, tmp_path_factory.mktemp("story"), inputs, few)
    server.close()


def at(told: Story, name: str, step: str, *, sabotage: str = "") -> int:
    """The number of the last step of a command whose name begins so."""
    names = moments.steps(told, told.command(name), sabotage)
    return max((number for number, text in enumerate(names, start=1) if text.startswith(step)), default=len(names))


@pytest.mark.parametrize("name", RANDOM)
def test_killed_at_a_random_step(told, name):
    command = told.command(name)
    step = random.Random(f"{name} 11").randint(1, len(moments.steps(told, command)))
    assert moments.kill(told, command, step=step) == [], f"killed at step {step}"


@pytest.mark.parametrize("name", CHOSEN)
def test_killed_at_a_step_that_counts(told, name):
    assert moments.kill(told, told.command(name), step=at(told, name, CHOSEN[name])) == []


def test_killed_after_a_time(told):
    after = 0.7 * told.seconds["run"]
    assert moments.kill(told, told.command("run"), after=after) == [], f"killed after {after:.3f} s"


@pytest.mark.parametrize(
    ("sabotage", "name", "step"),
    [
        ("transactions-off", "import customers", 'INSERT INTO "sources"'),
        ("transactions-off", "imports undo", 'INSERT INTO "sources"'),
        ("replaced-in-place", "import customers", "opened audit.head"),
        ("ads-noted-late", "export ads", 'INSERT INTO "deliveries"'),
    ],
)
def test_a_planted_fault_is_noticed(told, sabotage, name, step):
    number = at(told, name, step, sabotage=sabotage)
    assert moments.kill(told, told.command(name), step=number, sabotage=sabotage) != []


def test_ads_that_left_stay_noted_when_an_older_database_is_restored(told):
    assert told.states["restore"][1].faults == ()


def test_undisturbed_nothing_is_wrong(told):
    for command in told.commands:
        before, after = told.states[command.name]
        assert rules.check(command.rule, before, after, after) == [], command.name
        assert after.faults == (), command.name


def test_the_comparison_sees_what_differs(told, tmp_path):
    """The harness itself: a changed row, a changed file, files left over and a torn backup are each reported."""
    command = told.command("export delivery")
    place = tmp_path / "spoilt"
    shutil.copytree(told.before(command), place)
    before, wanted = state(place), told.states[command.name][1]
    assert rules.check(command.rule, before, wanted, before) == []
    with opened(place) as store:
        store.execute_text(
            "UPDATE customers SET age = age + 1 WHERE customer_id IN (SELECT min(customer_id) FROM customers)"
        )
    (place / "w" / "ads" / "left.part").write_text("half")
    (place / "w" / "ads" / ".left").write_text("half")
    (place / "w" / "backups" / "last-run.duckdb").write_bytes(b"torn")
    (place / "out" / "gallery.html").write_text("{}")
    found = state(place)
    torn = next(fault for fault in found.faults if fault.startswith("backup last-run cannot be read"))
    listed = "out/gallery.html is not what the manifest says"
    assert sorted(rules.differences(before, found)) == sorted(
        [
            "backup last-run is missing",
            listed,
            "out/gallery.html differs",
            "table customers differs",
            torn,
            "w/ads/.left should not be there",
            "w/ads/left.part should not be there",
        ]
    )
    assert sorted(rules.check(command.rule, before, wanted, found)) == sorted(
        [
            "backup last-run is neither as before nor as after",
            listed,
            "out/gallery.html is neither as before nor as after",
            "rows changed without a line of the audit log",
            "table customers is neither as before nor as after",
            torn,
            "w/ads/left.part is neither as before nor as after",
        ]
    )


def test_rows_and_note_of_a_deletion_go_together(told):
    """The harness itself: a note without a deletion, a deletion without its note, and half a deletion are reported."""
    before, after = told.states["erase"]
    rule = told.command("erase").rule
    assert rules.check(rule, before, after, replace(before, unfinished=True)) == [
        "a deletion is noted, but no row has gone"
    ]
    gone = replace(after, files=before.files, backups=before.backups)
    assert rules.check(rule, before, after, replace(gone, unfinished=True)) == []
    assert rules.check(rule, before, after, gone) == [
        "rows have gone and nothing is noted, but files were not swept or there is no receipt",
        "rows have gone and nothing is noted, but a backup has them",
    ]
    half = {**after.rows, "parties": before.rows["parties"]}
    [wrong] = rules.check(rule, before, after, replace(gone, rows=half, unfinished=True))
    assert wrong.endswith("as after, but parties as before")

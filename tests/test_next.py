"""What to do next follows from what is there; a customer is found by what a person types."""

from __future__ import annotations

from datetime import datetime

import polars as pl
import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import engine
from cli.main import app
from engine.errors import InputError
from engine.tables import TABLES, empty
from engine.usecases import customers, experiment_design, next_steps

MISSING = ("logs", "customers", "offers", "treatments", "consents", "inventory", "photos")
COMMANDS = typer.main.get_command(app)


def wanted(there: frozenset[str], need_consent: bool) -> list[str]:
    """The model: which imports are asked for, by what is there."""
    rules = {
        "logs": True,
        "customers": True,
        "offers": True,
        "treatments": "offers" in there,
        "consents": need_consent,
        "inventory": "offers" in there,
        "photos": "inventory" in there,
    }
    return [name for name in MISSING if rules[name] and name not in there]


@given(there=st.frozensets(st.sampled_from(MISSING)), need=st.booleans(), ads=st.booleans(), plans=st.booleans())
def test_what_is_missing_is_asked_for(there, need, ads, plans):
    names = {"logs": "events"}
    counts = dict.fromkeys(TABLES, 0) | {names.get(name, name): 3 for name in there} | {"ads": 5 * ads, "plans": plans}
    found = [step.command for step in next_steps._missing(counts, consents=need)]
    assert found == [f"kindred import {name} FILE" for name in wanted(there, need)]


def runs(command: str) -> None:
    """Fails unless the words of a command lead to one, and its options are some of its."""
    words, at = command.split()[1:], COMMANDS
    while hasattr(at, "commands") and words:
        at = at.commands[words.pop(0)]
    options = {name for param in at.params for name in param.opts}
    assert not {word for word in words if word.startswith("--")} - options, command


@pytest.fixture(scope="module")
def space(tmp_path_factory):
    folder = tmp_path_factory.mktemp("next")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KINDRED_KEYS", str(tmp_path_factory.getbasetemp() / "keys"))  # as every test has it
        made = engine.create(folder / "w", ids__region="HU", run__today="2026-03-10")
        file = folder / "calls.csv"
        file.write_text("caller,callee,started_at,duration_s\n06301234567,06207654321,2026-03-01 10:00,60\n")
        engine.import_logs(made, [file])
        (folder / "customers.csv").write_text("customer_id,age\n06301234567,40\n")
        engine.import_table(made, "customers", folder / "customers.csv")
        yield made


def test_a_campaign_is_led_from_its_first_table_to_its_experiment(space):
    def now() -> str:
        found = next_steps.steps(space)
        for step in found:
            runs(step.command)
        assert next_steps.first(space) == found[0]
        return found[0].command

    assert now() == "kindred import offers FILE"
    with space.writing("test") as store:
        row = dict.fromkeys(empty("offers").columns)
        text = {"offer_id": "o", "headline": "h", "body": "b", "call_to_action": "c", "value": 1.0, "cost": 0.0}
        store.write("offers", pl.DataFrame([row | text], schema=empty("offers").schema))
    assert now() == "kindred import treatments FILE"
    with space.writing("test") as store:
        who = store.read("customers")["customer_id"][0]
        day = datetime(2026, 3, 1)
        assigned = {"experiment_id": "e", "customer_id": who, "version": 1, "cluster_id": None, "arm": "own_face",
                    "assigned_at": day, "eligible_because": ""}  # fmt: skip
    experiment_design.design(space, "e", arms={"own_face": 0.5, "influencer_face": 0.5}, horizon_days=5)
    said = lambda: [step.command for step in next_steps.steps(space) if " experiment " in step.command]  # noqa: E731
    assert said() == ["kindred experiment assign e"]
    with space.writing("test") as store:
        store.append("assignments", pl.DataFrame([assigned], schema=empty("assignments").schema))
    assert said() == ["kindred experiment import outcomes e FILE"]
    came = {"experiment_id": "e", "metric": "conversion", "customer_id": who, "at": day, "value": 1.0}
    with space.writing("test") as store:
        store.append("outcomes", pl.DataFrame([came], schema=empty("outcomes").schema))
    assert said() == ["kindred experiment analyse e"]
    why = lambda: next(s.why for s in next_steps.steps(space) if s.command == "kindred experiment analyse e")  # noqa: E731
    assert "days are over" in why()  # five days from the first of March are over by the tenth
    for last, over in ((12, False), (13, True)):  # from the ninth they are over when something is of the thirteenth
        with space.writing("test") as store:
            store.write("assignments", pl.DataFrame([assigned | {"assigned_at": datetime(2026, 3, 9)}]))
            store.write("outcomes", pl.DataFrame([came | {"at": datetime(2026, 3, last, 23)}]))
        assert ("days are over" in why()) == over


def test_a_customer_is_found_by_pseudonym_its_beginning_and_any_spelling_of_the_number(space):
    with space.warehouse(read_only=True) as store:
        name = store.read("customers")["customer_id"][0]
        for text in (name, name[:9], "06301234567", "+36 30 123 4567", "0036301234567"):
            assert customers.find(store, space, text)["party_id"] == name, text
        with pytest.raises(InputError, match="nobody"):
            customers.find(store, space, "06301234568")


def test_ego_takes_the_senders_own_id(space, tmp_path):
    done = CliRunner().invoke(
        app, ["graph", "ego", "0630 123 4567", "--to", str(tmp_path / "e.svg"), "-w", str(space.path)]
    )
    assert done.exit_code == 0, done.stderr
    assert (tmp_path / "e.svg").read_text().startswith("<svg")


def test_a_notebook_reads_any_table(space):
    assert engine.table(space, "customers", ["age"]).rows() == [(40,)]
    for name in TABLES:
        assert set(engine.table(space, name).columns) >= set(TABLES[name].names) - {"imported_at"}
    with pytest.raises(InputError, match="no table 'choice'"):
        engine.table(space, "choice")
    with pytest.raises(InputError, match="no column 'shoe'"):
        engine.table(space, "customers", ["shoe"])

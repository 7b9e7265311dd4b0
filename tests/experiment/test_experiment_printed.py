"""What `experiment analyse` prints, and by which columns it splits, on the town of the commands' tests."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from typer.testing import CliRunner

import engine
from cli.main import app
from tests.experiment.test_experiment_commands import TWO, filled, kindred, outcomes  # noqa: F401 (fixtures)


def test_a_table_begins_with_the_decision_and_fits_a_terminal(kindred):  # noqa: F811
    kindred("design", "f", *TWO)
    kindred("assign", "f")
    kindred("import", "outcomes", "f", outcomes())
    done = CliRunner().invoke(app, ["experiment", "analyse", "f", "--by", "residence", "--interference", "-w", "w"])
    lines = done.stdout.splitlines()
    assert lines[0].startswith("worse, -29.20 pp (") and max(map(len, lines)) <= 160
    assert [line for line in lines if line in ("Effects", "By segment", "Along the ties")] == [
        "Effects", "By segment", "Along the ties",
    ]  # fmt: skip
    told = CliRunner().invoke(app, ["experiment", "analyse", "f", "-w", "w", "-o", "csv"]).stdout.splitlines()
    assert told[0].startswith("arm,versus,verdict") and told[1].startswith("influencer_face,own_face,worse")


def test_by_takes_a_column_of_customers_as_it_takes_the_known_ones(kindred):  # noqa: F811
    kindred("design", "c", *TWO)
    kindred("assign", "c")
    kindred("import", "outcomes", "c", outcomes())
    with engine.open(Path("w")).writing("test") as store:
        store.write("customers", store.read("customers").with_columns(plan=pl.col("residence") + "ern"))
    known, own = (kindred("analyse", "c", "--by", by)["segments"][0]["segments"] for by in ("residence", "plan"))
    assert [s | {"segment": s["segment"] + "ern"} for s in known] == own and len(own) == 2
    groups = kindred("analyse", "c", "--by", "prior")["segments"][0]["segments"]
    assert [s["segment"] for s in groups] == ["01", "02", "03", "04"]

"""Report, summary, command line and JSON say the same of an experiment, at every look."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

import engine
from cli.main import app
from engine.usecases import reporting, summary
from tests.experiment.test_experiment_commands import TWO, assigned, filled, kindred, outcomes  # noqa: F401 (fixtures)

LOOKS = (2, 9, 20)  # days after assignment; the horizon has 20


def test_every_surface_takes_the_same_decision(kindred):  # noqa: F811
    kindred("design", "d", *TWO, "--horizon", LOOKS[-1], "--guardrail", "calls")
    kindred("assign", "d")
    rng, people = np.random.default_rng(11), assigned()
    rate = (0.2 + 0.07 * (people["arm"] == "own_face").to_numpy()) / LOOKS[-1]
    began, verdicts = 0, []
    for day in LOOKS:
        for metric in ("conversion", "calls"):
            acted = [people.filter(pl.Series(rng.random(people.height) < rate)).select(
                "customer_id", at=pl.lit(f"2025-03-{d:02d} 12:00:00"), value=1) for d in range(began + 1, day + 1)
            ]  # fmt: skip
            pl.concat(acted).write_csv("day.csv")
            kindred("import", "outcomes", "d", "day.csv", "--metric", metric)
        began = day
        found = kindred("analyse", "d")
        line = found["effects"][0]
        assert line["every_look"] == (day < LOOKS[-1]) and found["observed"] == pytest.approx(day / LOOKS[-1])
        space = engine.open(Path("w"))
        told = reporting.facts(space, "experiment", internal=True)["experiments"][0]
        said = summary.summary(space, internal=True)["sections"]["experiments"]
        printed = CliRunner().invoke(app, ["experiment", "analyse", "d", "-w", "w"]).stdout.splitlines()[0]
        figures = line["decision"].partition(":")[0]  # "worse, -7.03 pp (-11.2 to -2.86)"
        assert figures.startswith(f"{line['verdict']}, {100 * line['difference']:+.2f} pp")
        assert printed == found["decisions"][0] == told["decisions"][0] == line["decision"]
        assert said == [f"d: influencer face against own face: {figures}."]
        for own, ours in ((told["effects"][0], line), (told["guardrails"][0], found["guardrails"][0])):
            assert [own[name] for name in ("verdict", "every_look")] == [ours["verdict"], line["every_look"]]
            ends = [ours[name] for name in ("difference", "decided_low", "decided_high")]
            assert [own[name] for name in ("difference", "decided_low", "decided_high")] == pytest.approx(
                ends, rel=1e-4
            )
        verdicts.append(line["verdict"])
    assert (verdicts[0], verdicts[-1]) == ("not shown to differ", "worse")


def test_looking_early_decides_by_what_holds_at_every_look(kindred):  # noqa: F811
    """An effect that Holm's p calls better on day 3 of 30 is not yet decided when looking again and again."""
    kindred("design", "q", *TWO, "--horizon", 30, "--guardrail", "calls")
    kindred("assign", "q")
    kindred("import", "outcomes", "q", outcomes(0.08))
    kindred("import", "outcomes", "q", outcomes(0.08), "--metric", "calls")
    once, found = kindred("analyse", "q", "--one-look"), kindred("analyse", "q")
    assert once["observed"] == found["observed"] == pytest.approx(3 / 30)
    assert once["effects"][0]["p"] < 0.05 and once["decisions"][0].startswith("worse")
    assert found["decisions"][0].startswith("not shown to differ, -") and "every look" in found["decisions"][0]
    effect = found["effects"][0]
    assert (effect["decided_low"], effect["decided_high"]) == (effect["always_valid_low"], effect["always_valid_high"])
    assert [line["verdict"] for line in found["guardrails"]] == [effect["verdict"]]
    assert kindred("analyse", "q", "--sequential") == found
    done = CliRunner().invoke(app, ["experiment", "analyse", "q", "-w", "w"])
    assert "10% of the outcome days are over" in done.stderr
    # One outcome on the last day: all days are over, and one look decides.
    people = assigned()
    last = people.head(1).select("customer_id", at=pl.lit("2025-03-30 12:00:00"), value=1)
    last.write_csv("last.csv")
    kindred("import", "outcomes", "q", "last.csv")
    found = kindred("analyse", "q")
    assert found["observed"] == 1 and found["effects"][0]["every_look"] is False
    assert found["effects"][0]["verdict"] == once["effects"][0]["verdict"]

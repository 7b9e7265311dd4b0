"""Judging on plain tables: the known figures of real experiments, and tables that cannot be judged."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from cli.main import app
from engine.errors import InputError
from engine.offers import experiment_table

REAL = Path(__file__).resolve().parents[2].parent / "shared" / "data"


def real(name: str) -> pl.DataFrame:
    files = sorted((REAL / name).glob("*.csv"))
    if not files:
        pytest.skip(f"the real data of {name} is not there ({REAL / name})")
    return pl.read_csv(files[0], infer_schema_length=None)


@pytest.fixture(scope="module")
def hillstrom() -> pl.DataFrame:
    return real("hillstrom")


def judge(data: pl.DataFrame, learner: str, base: str) -> pl.DataFrame:
    return experiment_table.evaluate(
        data, treatment="segment", control="No E-Mail", outcome="visit", exclude=["conversion", "spend"],
        learner_names=[learner], bases=[base], bootstrap=100,
    )  # fmt: skip


@pytest.mark.real
@pytest.mark.parametrize(
    ("learner", "base", "figures"),
    [
        ("t", "logistic", {"Womens E-Mail": (0.0816, 0.0376, 0.0859), "Mens E-Mail": (0.0046, 0.0034, 0.0704)}),
        ("s", "boosting", {"Womens E-Mail": (0.0772, 0.0352, 0.0863), "Mens E-Mail": (0.0183, 0.0102, 0.0892)}),
        ("class_transformation", "logistic", {"Womens E-Mail": (0.0696, 0.0322, 0.0870)}),
    ],
)
def test_hillstrom_gives_the_known_figures(hillstrom, learner, base, figures):
    found = judge(hillstrom, learner, base)
    names = [("qini", ""), ("auuc", ""), ("uplift_top", "30")]
    for offer, expected in figures.items():
        own = found.filter((pl.col("offer_id") == offer) & (pl.col("learner") == learner))
        values = {(kind, parameter): v for kind, parameter, v in own.select("kind", "parameter", "value").rows()}
        assert [values[n] for n in names] == pytest.approx(expected, abs=2e-3)
        assert abs(values["qini_placebo", ""]) < 3 * 0.014
    if (learner, base) == ("t", "logistic"):
        qini = found.filter(pl.col("kind") == "qini").sort("offer_id")
        # Bootstrap intervals of the data's README, made with other draws.
        assert qini["low"].to_list() == pytest.approx([-0.021, 0.050], abs=0.012)
        assert qini["high"].to_list() == pytest.approx([0.029, 0.113], abs=0.012)
        flat = found.filter(pl.col("kind") == "like_random")
        assert flat["offer_id"].to_list() == ["Mens E-Mail"]


@pytest.mark.real
def test_cai2015_runs(tmp_path):
    data = real("cai2015")
    found = experiment_table.evaluate(
        data, treatment="intensive", control="0", outcome="takeup_survey", exclude=["address", "village"],
        learner_names=["t"], bases=["logistic"], bootstrap=50,
    )  # fmt: skip
    assert found["offer_id"].unique().to_list() == ["1"]
    qini = found.filter(pl.col("kind") == "qini").row(0, named=True)
    assert qini["low"] <= qini["value"] <= qini["high"]


def table(n: int = 600) -> pl.DataFrame:
    rng = np.random.default_rng(1)
    arm = rng.choice(["none", "x"], size=n)
    age = rng.integers(18, 80, size=n)
    return pl.DataFrame({"arm": arm, "age": age, "y": (rng.random(n) < 0.2 + 0.3 * (arm == "x")).astype(int)})


def run(data: pl.DataFrame, **more) -> pl.DataFrame:
    options = {"treatment": "arm", "control": "none", "outcome": "y", **more}
    return experiment_table.evaluate(data, learner_names=["t"], bases=["logistic"], bootstrap=20, **options)


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        (None, {"treatment": "z"}, "there is no treatment column 'z'; the columns are arm, age, y"),
        (None, {"outcome": "z"}, "there is no outcome column 'z'"),
        (None, {"exclude": ["z"]}, "there is no excluded column 'z'"),
        (None, {"outcome": "arm"}, "the same column"),
        (None, {"control": "z"}, "no row has the control 'z'; the values are none, x"),
        (lambda d: d.with_columns(arm=pl.lit("none")), {}, "every row is a control"),
        (lambda d: d.with_columns(y=pl.col("age")), {}, "row 1, column 'y': .* is neither 0 nor 1"),
        (lambda d: d.with_columns(y=pl.lit("maybe")), {}, "'maybe' is neither 0 nor 1"),
        (lambda d: d.with_columns(arm=pl.col("age").cast(str)), {"control": "30"}, "too many treatments"),
    ],
)
def test_a_table_that_cannot_be_judged(change, options, words):
    with pytest.raises(InputError, match=words):
        run(table() if change is None else change(table()), **options)


def test_rows_without_a_value_are_left_out_and_text_outcomes_read():
    data = table().with_columns(
        y=pl.when(pl.col("age") == 30).then(None).when(pl.col("y") == 1).then(pl.lit("Yes")).otherwise(pl.lit("no"))
    )
    prepared = experiment_table.prepare(data, treatment="arm", control="none", outcome="y")
    assert prepared.height == table().filter(pl.col("age") != 30).height
    assert prepared["outcome"].to_list() == table().filter(pl.col("age") != 30)["y"].to_list()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d.with_columns(y=pl.lit(1)), "refused"),
        (lambda d: d.with_columns(y=pl.lit(0)), "accepted"),
        (lambda d: d.head(30), "are needed"),
        (lambda d: d.drop("age"), "nothing is known of the customers"),
    ],
)
def test_too_little_is_a_row_in_words(change, words):
    found = run(change(table()))
    assert found.height == 1 and found["value"].to_list() == [None] and words in found["metric"][0]


def test_duplicated_constant_and_missing_features_are_no_problem():
    data = pl.concat([table(), table()]).with_columns(
        constant=pl.lit(1), gone=pl.lit(None, dtype=pl.Float64), again=pl.col("age"), nan=pl.lit(float("nan"))
    )
    assert run(data).filter(pl.col("kind").str.starts_with("qini"))["value"].is_finite().all()


def test_the_command_adds_what_policies_are_worth(tmp_path):
    """Everybody's worth is the difference of means times the value, less the cost; wrong values are refused."""
    data = table(4000)
    data.write_csv(tmp_path / "t.csv")
    args = ["offers", "evaluate", "--data", str(tmp_path / "t.csv"), "--treatment", "arm", "--control", "none",
            "--outcome", "y", "--learner", "t", "--base", "logistic", "-o", "json"]  # fmt: skip
    done = CliRunner().invoke(app, [*args, "--value", "x=10", "--cost", "x=1"])
    assert done.exit_code == 0, done.stderr
    rows = [r for r in json.loads(done.stdout) if r["offer_id"] == "(policy)"]
    (worth,) = [r for r in rows if (r["learner"], r["kind"]) == ("everybody", "policy_value")]
    assert worth["low"] < 10 * 0.3 - 1 < worth["high"] and worth["high"] - worth["low"] < 1.2
    assert {r["learner"] for r in rows} >= {"nobody", "random", "personalised"}
    for wrong, words in (("x", "is not NAME=NUMBER"), ("y=3", "of 'x' is missing"), ("x=-1", "negative")):
        done = CliRunner().invoke(app, [*args, "--value", wrong])
        assert done.exit_code == 1 and words in done.stderr

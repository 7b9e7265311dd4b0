"""Plain tables as they come: half of a column missing, people in two arms, split clusters, yes and no in words."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy import stats
from typer.testing import CliRunner

from cli.main import app
from engine.experiment.table import compare, rows


@pytest.fixture
def trial() -> pl.DataFrame:
    rng = np.random.default_rng(2)
    arm = np.array(["a", "b"])[np.arange(2000) % 2]
    spend = rng.gamma(2, 5, 2000) + 1.5 * (arm == "b")
    return pl.DataFrame({"who": [f"u{i}" for i in range(2000)], "arm": arm, "spend": spend, "visit": spend > 9})


def one(data: pl.DataFrame, **more):
    found = compare(data, arm="arm", control="a", metrics=["spend"], **more)
    (line,) = rows(found)
    return line, found.notes


def test_half_a_column_missing_breaks_is_dropped_or_is_zero(trial):
    holes = trial.with_columns(spend=pl.when(pl.int_range(pl.len()) % 4 < 2).then("spend"))
    line, notes = one(holes)
    assert line["verdict"] == "broken" and "1000 values are missing" in line["decision"] and notes == []
    line, notes = one(holes, missing="drop")
    told = {arm: holes.filter(pl.col("arm") == arm)["spend"].drop_nulls().to_numpy() for arm in "ab"}
    low, high = stats.ttest_ind(told["b"], told["a"], equal_var=False).confidence_interval()
    assert (line["low"], line["high"]) == pytest.approx((low, high)) and line["n_arm"] == 500
    assert notes == ["spend: rows without a value are left out: a 500 of 1,000, b 500 of 1,000."]
    line, notes = one(holes, missing="zero")
    assert line["mean_arm"] == pytest.approx(told["b"].sum() / 1000) and line["n_arm"] == 1000
    assert notes == ["spend: 1,000 missing values count as 0."]


def test_values_that_one_arm_lacks_more_often_are_not_dropped_silently(trial):
    holes = trial.with_columns(spend=pl.when((pl.col("arm") == "a") | (pl.col("spend") > 6)).then("spend"))
    line, _ = one(holes, missing="drop")
    assert line["verdict"] == "broken" and "more often in one arm" in line["decision"]


def test_infinite_values_are_neither_dropped_nor_zero(trial):
    odd = trial.with_columns(spend=pl.when(pl.int_range(pl.len()) == 3).then(float("inf")).otherwise("spend"))
    assert {one(odd, missing=m)[0]["verdict"] for m in ("error", "drop", "zero")} == {"broken"}


def test_whoever_stands_in_two_arms_is_left_out_and_many_of_them_decide_nothing(trial):
    twice = pl.concat([trial, trial[:10].with_columns(arm=pl.lit("b"))])  # five of ten were in a
    line, notes = one(twice, unit="who")
    assert line["n_versus"] == 995 and notes[0] == "5 of 2,000 units are in two arms and are left out."
    apart = trial.filter(~(pl.col("who").is_in(trial["who"][:10].implode()) & (pl.col("arm") == "a")))
    # Five who stay have their row twice: errors hold their rows together.
    assert line["difference"] == pytest.approx(one(pl.concat([apart, trial[1:10:2]]))[0]["difference"])
    assert "cluster-robust" in line["method"]
    many = pl.concat([trial, trial[:100].with_columns(arm=pl.lit("b"))])
    line, _ = one(many, unit="who")
    assert line["verdict"] == "broken" and "50 of 2,000 units are in two arms" in line["decision"]


def test_rows_of_one_unit_count_once_for_the_sample_ratio(trial):
    """Twice as many rows of arm b's people are no mismatch of the people."""
    twice = pl.concat([trial, trial.filter(pl.col("arm") == "b")])
    assert one(twice)[0]["verdict"] == "broken"
    line, _ = one(twice, unit="who")
    assert line["verdict"] == "better" and line["sample_ratio_p"] == 1 and line["n_arm"] == 2000


def test_whole_clusters_are_what_the_sample_ratio_counts_and_split_ones_are_said():
    size = np.repeat(np.arange(60), np.where(np.arange(60) % 2, 40, 8))  # arm b's clusters are five times as large
    rng = np.random.default_rng(3)
    data = pl.DataFrame({"arm": np.array(["a", "b"])[size % 2], "spend": rng.normal(0, 1, len(size)), "k": size})
    line, notes = one(data, cluster="k")
    assert line["sample_ratio_p"] == 1 and line["verdict"] != "broken" and notes == []
    mixed = data.with_columns(arm=pl.when(pl.int_range(pl.len()) % 2 == 0).then(pl.lit("a")).otherwise(pl.lit("b")))
    line, notes = one(mixed, cluster="k")
    assert line["verdict"] != "broken" and notes[0].startswith("60 of 60 clusters are split over arms")


@pytest.mark.parametrize(
    "words", [("Yes", "No"), ("J", "N"), ("True", "FALSE"), ("oui", "non"), ("igen", "nem"), ("s", "n")]
)
def test_outcomes_are_read_in_words(trial, words, tmp_path):
    said = trial.with_columns(visit=pl.when("visit").then(pl.lit(words[0])).otherwise(pl.lit(words[1])))
    (tmp_path / "t.csv").write_text(said.write_csv())
    args = ["experiment", "compare", "--data", str(tmp_path / "t.csv"), "--arm", "arm", "--control", "a"]
    done = CliRunner().invoke(app, [*args, "--metric", "visit", "-o", "csv"])
    assert done.exit_code == 0, done.stderr
    mean = trial.filter(pl.col("arm") == "b")["visit"].mean()
    assert f",{mean}," in done.stdout and " pp (" in done.stderr
    odd = said.with_columns(visit=pl.when(pl.int_range(pl.len()) == 0).then(pl.lit("perhaps")).otherwise("visit"))
    (tmp_path / "t.csv").write_text(odd.write_csv())
    done = CliRunner().invoke(app, [*args, "--metric", "visit"])
    assert done.exit_code == 1 and "neither numbers nor yes and no" in done.stderr

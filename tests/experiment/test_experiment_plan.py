"""Plans and their versions, decisions in words, plain tables, outcomes by rule."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from engine import plaintable
from engine.errors import InputError
from engine.experiment.analysis import Effect, SampleRatio, effects
from engine.experiment.decision import LOWER, decide
from engine.experiment.outcomes import tidy
from engine.experiment.plan import design, read
from engine.experiment.table import compare, rows

HILLSTROM = Path(__file__).parents[3] / "shared" / "data" / "hillstrom" / "hillstrom.csv"
FINE = SampleRatio(0.5, False, {})


def test_a_plan_survives_its_json_and_keeps_the_order_of_arms():
    plan = design("spring", arms={"z": 0.5, "a": 0.5}, guardrails=("complaints",))
    assert read(plan.text()) == plan
    assert list(read(plan.text()).arms) == ["z", "a"]
    assert read(plan.text()).hash() == plan.hash()
    assert plan.salt == "spring:1"


def test_changes_are_versions_and_redrawing_needs_a_new_salt():
    plan = design("spring")
    assert design("spring", plan) is plan
    assert design("spring", plan, alpha=0.05) is plan
    later = design("spring", plan, horizon_days=14)
    assert (later.version, later.salt) == (2, plan.salt)
    redrawn = design("spring", later, unit="cluster")
    assert (redrawn.version, redrawn.salt) == (3, "spring:3")
    with pytest.raises(InputError, match="new salt"):
        design("spring", plan, arms={"own_face": 0.5, "random_face": 0.5}, salt="spring:1")


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"unit": "village"}, "unit"),
        ({"alpha": 0.0}, "alpha"),
        ({"alpha": float("nan")}, "alpha"),
        ({"arms": {"a": 0.5, "b": 0.6}}, "add up"),
        ({"minimum_effect": -1.0}, "minimum effect"),
        ({"minimum_effect": float("nan")}, "minimum effect"),
        ({"kind": "ratio"}, "go together"),
        ({"metric": "revenue/orders"}, "go together"),
        ({"kind": "ratio", "metric": "revenue/"}, "go together"),
        ({"balance": ("shoe",)}, "stratum"),
        ({"eligible": ("plan",)}, "COLUMN=VALUE"),
        ({"colour": "red"}, "no colour"),
        ({"horizon_days": 0}, "horizon"),
        ({"kind": "median"}, "kind"),
    ],
)
def test_bad_plans_are_refused(fields, word):
    with pytest.raises(InputError, match=word):
        design("spring", **fields)


@pytest.mark.parametrize("text", ["[]", "{", '{"name": 1}', '"plan"'])
def test_what_is_no_plan_is_refused(text):
    with pytest.raises(InputError, match="not a plan"):
        read(text)


def test_decisions_in_words():
    rng = np.random.default_rng(1)
    arms = np.repeat(["a", "b"], 500)
    better = effects(np.r_[rng.normal(0, 1, 500), rng.normal(1, 1, 500)], arms, order=["a", "b"])
    same = effects(rng.normal(0, 1, 1000), arms, order=["a", "b"])
    (line,) = decide(better, FINE, metric="visits")
    assert line.verdict == "better" and line.startswith("better, +") and "b against a on visits; 95 % interval" in line
    assert (line.low, line.high) == pytest.approx((better[0].low, better[0].high)) and line.every_look is False
    assert decide(better, FINE, metric="complaints", direction=LOWER)[0].startswith("worse")
    (line,) = decide(same, FINE, metric="visits")
    assert line.startswith("not shown to differ, ") and f"({same[0].low:+.4g} to {same[0].high:+.4g})" in line
    wide = (-0.2259, 0.8049)
    rate = [same[0]._replace(difference=0.2895)]
    (line,) = decide(rate, FINE, metric="sales", percent=True, always_valid=[wide])
    assert line.startswith("not shown to differ, +28.95 pp (-22.59 to +80.49): ") and "valid at every look" in line
    assert (line.low, line.high, line.every_look) == (*wide, True)
    assert decide(better, SampleRatio(1e-9, True, {}), metric="visits")[0].startswith("broken")
    nothing = decide(effects(np.zeros(1000), arms, order=["a", "b"]), FINE, metric="visits")
    assert nothing[0].startswith("broken") and nothing[0].low is None


@given(
    st.lists(st.tuples(st.floats(-5, 5), st.floats(0.1, 3), st.floats(3, 1e5)), min_size=1, max_size=10),
    st.sampled_from([0.01, 0.05, 0.2]),
)
def test_the_interval_that_decides_leaves_out_nothing_exactly_where_holm_rejects(drawn, alpha):
    """Holm's procedure as the textbook has it; a pair's own interval must never speak against its verdict."""
    p = [float(2 * stats.t.sf(abs(d) / se, df)) for d, se, df in drawn]
    assume(all(abs(x - alpha / k) > 1e-9 for x in p for k in range(1, len(p) + 1)))
    ordered = sorted(range(len(p)), key=lambda i: p[i])
    differ = [
        all(p[j] < alpha / (len(p) - r) for r, j in enumerate(ordered[: ordered.index(i) + 1])) for i in range(len(p))
    ]
    pairs = [
        Effect("b", "a", 9, 9, d, 0.0, d, se, d, d, x, x, None, None, None, "", df)
        for (d, se, df), x in zip(drawn, p, strict=True)
    ]
    for line, differs, (d, _, _) in zip(decide(pairs, FINE, metric="m", alpha=alpha), differ, drawn, strict=True):
        assert line.verdict == (("better" if d > 0 else "worse") if differs else "not shown to differ")
        assert (line.low > 0 or line.high < 0) == differs and line.low <= d <= line.high


def test_a_planted_sample_ratio_mismatch_breaks_the_table():
    data = pl.DataFrame({"arm": ["a"] * 600 + ["b"] * 400, "visit": [0, 1] * 500})
    found = compare(data, arm="arm", control="a", metrics=["visit"])
    assert found.ratio.alarm
    assert rows(found)[0]["decision"].startswith("broken")


@pytest.mark.parametrize("bad", [None, float("nan"), float("inf"), float("-inf")])
def test_values_that_are_no_numbers_break_their_metric_only(bad):
    data = pl.DataFrame({"arm": ["a", "b", "c"] * 40, "visit": [0, 1, 1] * 20 + [1, 0, 0] * 20, "spend": 1.5})
    data = data.with_columns(
        spend=pl.when(pl.int_range(pl.len()) == 7).then(pl.lit(bad, pl.Float64)).otherwise("spend")
    )
    lines = rows(compare(data, arm="arm", control="a", metrics=["spend", "visit"]))
    assert [(line["metric"], line["arm"]) for line in lines] == [("spend", x) for x in "bc"] + [
        ("visit", x) for x in "bc"
    ]
    for line in lines[:2]:
        assert line["decision"].startswith(f"broken: {line['arm']} against a on spend: ")
        assert "1 values are missing or infinite" in line["decision"]
        assert line["difference"] is None and line["p"] is None and line["n_arm"] == 40
    assert all(line["decision"].startswith("not shown to differ") for line in lines[2:])


@pytest.mark.parametrize("bad", ["nan", "NaN", "inf", "-inf", "n/a", ""])
def test_cells_of_a_file_that_are_no_numbers_break_their_metric(bad, tmp_path):
    lines = [f"{'ab'[i % 2]},{i % 3 if i != 9 else bad}" for i in range(40)]
    (tmp_path / "t.csv").write_text("\n".join(["arm,v", *lines]))
    (line,) = rows(compare(plaintable.read(tmp_path / "t.csv"), arm="arm", control="a", metrics=["v"]))
    assert line["decision"].startswith("broken: b against a on v: ") and "1 values are missing" in line["decision"]


def test_single_clusters_constants_and_lone_units_break_the_table():
    data = pl.DataFrame(
        {"arm": ["a"] * 10 + ["b"] * 10, "visit": [0, 1] * 10, "same": [1] * 20, "k": [0] * 10 + [1] * 10}
    )
    (line,) = rows(compare(data, arm="arm", control="a", metrics=["visit"], cluster="k"))
    assert line["decision"] == "broken: b against a on visit: arm 'b' has one cluster only; do not use these results."
    (line,) = rows(compare(data, arm="arm", control="a", metrics=["same"]))
    assert line["decision"].startswith("broken: b against a on same: all customers have the same outcome")
    (line,) = rows(compare(data[:11], arm="arm", control="a", metrics=["visit"], shares={"a": 0.9, "b": 0.1}))
    assert line["decision"].startswith("broken") and "has 1 units" in line["decision"]


def test_ratios_of_two_columns_in_a_table():
    rng = np.random.default_rng(3)
    orders = rng.poisson(3, 4000) + 1
    spend = orders * rng.gamma(2, 5 + 1.0 * (np.arange(4000) % 2), 4000)
    data = pl.DataFrame({"arm": ["a", "b"] * 2000, "spend": spend, "orders": orders})
    (line,) = rows(compare(data, arm="arm", control="a", metrics=["spend/orders"]))
    means = data.group_by("arm").agg(pl.col("spend").sum() / pl.col("orders").sum()).sort("arm")["spend"]
    assert line["difference"] == pytest.approx(means[1] - means[0])
    assert "delta" in line["method"] and line["decision"].startswith("better")


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"arm": "group"}, "no column"),
        ({"metrics": ["visit/none"]}, "no column 'none'"),
        ({"control": "c"}, "no row has the control"),
        ({"metrics": []}, "no metric"),
        ({"metrics": ["name"]}, "neither numbers nor yes and no"),
        ({"missing": "mean"}, "error, drop, zero"),
        ({"shares": {"a": 0.9, "x": 0.1}}, "not in the plan"),
    ],
)
def test_bad_tables_are_refused(change, word):
    data = pl.DataFrame({"arm": ["a", "b"] * 4, "visit": [0, 1] * 4, "name": ["x"] * 8, "holes": [1.0, None] * 4})
    with pytest.raises(InputError, match=word):
        compare(data, **{"arm": "arm", "control": "a", "metrics": ["visit"], **change})


def test_rows_without_arm_and_single_arms_are_refused():
    with pytest.raises(InputError, match="no arm"):
        compare(pl.DataFrame({"arm": ["a", None], "v": [1, 2]}), arm="arm", control="a", metrics=["v"])
    with pytest.raises(InputError, match="one arm"):
        compare(pl.DataFrame({"arm": ["a", "a"], "v": [1, 2]}), arm="arm", control="a", metrics=["v"])


NOON = datetime(2025, 6, 1, 12)


def at(days: float) -> datetime:
    return NOON + timedelta(days=days)


def test_outcomes_are_counted_by_rule():
    people = pl.DataFrame({"customer_id": ["c1", "c2", "c3"], "arm": ["own", "lead", "own"], "assigned_at": [NOON] * 3})
    shown = pl.DataFrame({
        "customer_id": ["c1", "c1", "c2", "x9"], "at": [at(2), at(2), at(1), at(1)], "arm": ["own"] * 4,
    })  # fmt: skip
    outcomes = pl.DataFrame({
        "customer_id": ["c1", "c1", "c1", "c2", "c2", "c3", "x9"],
        "at": [at(3), at(3), at(1), at(-1), at(31), at(29.9), at(3)],
        "value": [5.0, 5.0, 1.0, 9.0, 9.0, 0.0, 4.0],
    })  # fmt: skip
    found = tidy(people, shown, outcomes, horizon_days=30, kind="sum")
    assert found.counts == {
        "duplicate": 2, "unknown_customer": 2, "before_assignment": 1, "after_horizon": 1, "before_exposure": 1,
        "other_arm": 1, "two_arms": 0,
    }  # fmt: skip
    assert found.customers.select("customer_id", "arm", "exposed", "value").rows() == [
        ("c1", "own", True, 6.0), ("c2", "lead", True, 0.0), ("c3", "own", False, 0.0),
    ]  # fmt: skip
    assert tidy(people, shown, outcomes, horizon_days=30, kind="any").customers["value"].to_list() == [1.0, 0.0, 0.0]
    assert tidy(people, shown, outcomes, horizon_days=30, kind="count").customers["value"].to_list() == [2.0, 0.0, 1.0]


def test_outcomes_of_another_experiment_and_values_that_are_none():
    people = pl.DataFrame({"customer_id": ["c1"], "arm": ["own"], "assigned_at": [NOON]})
    none = pl.DataFrame(schema={"customer_id": pl.String, "at": pl.Datetime})
    other = pl.DataFrame({"customer_id": ["x"], "at": [NOON], "value": [1.0]})
    with pytest.raises(InputError, match="no outcome belongs"):
        tidy(people, none, other, horizon_days=30)
    for value in (None, float("nan"), float("inf")):
        rows_ = pl.DataFrame(
            {"customer_id": ["c1"], "at": [NOON], "value": [value]}, schema_overrides={"value": pl.Float64}
        )
        with pytest.raises(InputError, match="missing or not finite"):
            tidy(people, none, rows_, horizon_days=30)


@pytest.mark.real
@pytest.mark.skipif(not HILLSTROM.exists(), reason="shared/data/hillstrom is absent")
def test_hillstrom_as_a_plain_table():
    data = pl.read_csv(HILLSTROM, infer_schema_length=None)
    found = compare(data, arm="segment", control="No E-Mail", metrics=["visit", "conversion", "spend"])
    lines = {(line["metric"], line["arm"]): line for line in rows(found)}
    assert f"{lines['visit', 'Mens E-Mail']['difference']:.5f}" == "0.07659"
    assert f"{found.ratio.p:.3f}" == "0.904"
    assert all(line["decision"].startswith("better") for line in lines.values())

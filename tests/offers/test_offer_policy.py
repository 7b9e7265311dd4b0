"""Who may get offers, and which one is chosen, against a loop."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InputError
from engine.offers import policy, support
from engine.tables import check, empty

TODAY = date(2024, 5, 1)


def offers(**columns) -> pl.DataFrame:
    n = len(columns["offer_id"])
    base = {"headline": ["h"] * n, "body": ["b"] * n, "call_to_action": ["c"] * n}
    return check(pl.DataFrame({"value": [10.0] * n, "cost": [1.0] * n, **base, **columns}), "offers")


def people(**columns) -> pl.DataFrame:
    n = len(columns["customer_id"])
    base = {"age": [40] * n, "barred": [None] * n, "manufacturer": [None] * n}
    kinds = {"age": pl.Int32, "barred": pl.String, "manufacturer": pl.String}
    return pl.DataFrame({**base, **columns}, schema_overrides=kinds)


def choose(who: pl.DataFrame, uplift: dict, table: pl.DataFrame, *, missing=None, supported=None, **limits) -> dict:
    """The only customer's choice."""
    scores = {o: np.atleast_1d(np.asarray(u, dtype=float)) for o, u in uplift.items()}
    found = policy.choose(
        who, scores, table, policy.Limits(TODAY, **limits), missing=missing or {}, supported=supported
    )
    check(found.drop("uplift"), "choices")
    return found.row(0, named=True)


@given(st.data())
def test_choice_is_the_best_eligible_gain_or_none(data):
    names = ["a", "b", "c"]
    values = {o: data.draw(st.sampled_from([0.0, 5.0, 10.0])) for o in names}
    costs = {o: data.draw(st.sampled_from([0.0, 0.5, 1.0])) for o in names}
    ages = {c: data.draw(st.sampled_from([None, 18, 30])) for c in ("p", "q")}
    least = {o: data.draw(st.sampled_from([None, 21])) for o in names}
    table = [(c, o, data.draw(st.sampled_from([-0.1, 0.0, 0.1, 0.2]))) for c in ages for o in names]
    found = policy.choose(
        people(customer_id=list(ages), age=list(ages.values())),
        {o: np.array([u for _, p, u in table if p == o]) for o in names},
        offers(offer_id=names, value=list(values.values()), cost=list(costs.values()), min_age=list(least.values())),
        policy.Limits(TODAY),
        missing={},
    )
    for row in found.to_dicts():
        age = ages[row["customer_id"]]
        gains = [
            (values[o] * u - costs[o], o)
            for c, o, u in table
            if c == row["customer_id"] and (least[o] is None or (age is not None and age >= least[o]))
        ]
        best = max(gains, key=lambda g: (g[0], [-ord(x) for x in g[1]])) if gains else (0, None)
        if best[0] > 0:
            assert row["offer_id"] == best[1] and row["expected_value"] == pytest.approx(best[0])
        else:
            assert row["offer_id"] is None and row["expected_value"] == 0


@pytest.mark.parametrize(
    ("start", "end", "valid"),
    [
        (None, None, True),
        (TODAY, TODAY, True),
        (date(2024, 5, 2), None, False),
        (None, date(2024, 4, 30), False),
    ],
)
def test_an_offer_is_made_on_its_days_only(start, end, valid):
    table = offers(offer_id=["a"], valid_from=[start], valid_to=[end])
    row = choose(people(customer_id=["p"]), {"a": 0.5}, table)
    assert (row["offer_id"] == "a") is valid
    assert valid or (row["kind"], row["reason"]) == ("none_valid", "no offer is valid on this day")


def test_who_may_get_none_and_why():
    who = pl.DataFrame(
        {
            "customer_id": ["kid", "ageless", "no", "yes", "trusted"],
            "age": pl.Series([17, None, 50, 18, None], dtype=pl.Int32),
            "adult": [False, False, True, True, True],
            "offers": [False, False, False, True, True],
        }
    )
    assert policy.barred(who)["barred"].to_list() == ["minor", "age_unknown", "no_consent", None, None]


def test_the_reason_says_what_was_missing():
    table = offers(offer_id=["a"])
    row = choose(people(customer_id=["p"]), {}, table, missing={"a": "there are no past campaigns"})
    assert row["offer_id"] is None and row["reason"] == "no offer has a model (a: there are no past campaigns)"
    assert row["kind"] == "no_model"
    row = choose(people(customer_id=["p"]), {}, empty("offers"))
    assert (row["kind"], row["reason"]) == ("no_offers", "there are no offers")
    young = people(customer_id=["p"], age=[19])
    row = choose(young, {"a": 0.9}, offers(offer_id=["a"], min_age=[21]))
    assert row["kind"] == "not_open"
    assert row["reason"] == "no offer is open to this customer (age, or the make is owned already)"
    row = choose(people(customer_id=["p"]), {"a": 0.001}, offers(offer_id=["a"]))
    assert row["kind"] == "not_worth" and row["reason"].startswith("no offer is worth its cost: the best, a, ")


def test_barred_customers_get_none_with_the_reason():
    for kind, words in (
        ("minor", "under 18"), ("age_unknown", "age not known"), ("no_consent", "no consent to offers"),
    ):  # fmt: skip
        row = choose(people(customer_id=["p"], barred=[kind]), {"a": 0.9}, offers(offer_id=["a"]))
        assert [row[name] for name in ("offer_id", "expected_value", "kind", "reason")] == [None, 0.0, kind, words]


THREE = offers(offer_id=["a", "b", "c"], value=[10.0] * 3, cost=[1.0, 1.0, 1.0])
LIFTS = st.lists(st.tuples(*[st.integers(-1, 40)] * 3), min_size=1, max_size=7)
HAD = st.lists(st.sampled_from([None, "a", "b", "c", "gone"]), min_size=7, max_size=7)


def chosen(lifts: list[tuple], had: list | None, table: pl.DataFrame = THREE, **limits) -> pl.DataFrame:
    """The choices of customers with these uplifts, in hundredths per offer."""
    scores = {o: np.array([row[i] for row in lifts]) / 100 for i, o in enumerate("abc")}
    who = people(customer_id=[f"p{n}" for n in range(len(lifts))])
    last = None if had is None else pl.Series("offer_id", had[: len(lifts)], dtype=pl.String)
    return policy.choose(who, scores, table, policy.Limits(TODAY, **limits), missing={}, last=last)


@given(LIFTS, HAD, st.sampled_from([0.05, 0.25, 1.05]))
def test_an_offer_is_kept_unless_another_is_worth_more_by_the_setting(lifts, had, more):
    found = chosen(lifts, had, keep_unless=more)
    for row, before, kept in zip(lifts, had, found.iter_rows(named=True), strict=False):
        gains = {
            o: 10.0 * (u / 100) - 1.0 for o, u in zip("abc", row, strict=True)
        }  # tenths: never just by the setting
        wanted = max(gains, key=gains.__getitem__)
        if gains.get(before, 0) > 0 and gains[wanted] < gains[before] + more:
            wanted = before
        worth = max(gains[wanted], 0.0)
        assert (kept["offer_id"], kept["expected_value"]) == (wanted if worth > 0 else None, pytest.approx(worth))
    again = chosen(lifts, [*found["offer_id"], *[None] * 7], keep_unless=more)
    assert again["offer_id"].to_list() == found["offer_id"].to_list(), "the next run keeps what this one gave"


@given(LIFTS, HAD, st.integers(0, 3), st.integers(0, 5))
def test_what_is_kept_keeps_to_capacities_and_the_budget(lifts, had, capacity, budget):
    table = THREE.with_columns(capacity=pl.lit(capacity))
    found = chosen(lifts, had, table, keep_unless=0.5, budget=float(budget))
    made = found["offer_id"].drop_nulls()
    assert all(n <= capacity for _, n in made.value_counts().iter_rows()) and (not budget or len(made) <= budget)
    assert (found.filter(pl.col("offer_id").is_not_null())["expected_value"] > 0).all()


@given(LIFTS, HAD)
def test_without_the_setting_nothing_is_kept(lifts, had):
    assert chosen(lifts, had).equals(chosen(lifts, None))


def test_the_reason_says_that_an_offer_was_kept():
    found = chosen([(30, 31, 0), (31, 30, 0)], ["a", "a"], keep_unless=0.5)
    assert found["offer_id"].to_list() == ["a", "a"]
    assert [why.endswith("; kept, as no other is worth 0.5 more") for why in found["reason"]] == [True, False]


@pytest.mark.parametrize(("own", "setting", "made"), [(None, True, True), (None, False, False), (True, False, True)])
def test_an_owned_make_is_offered_only_where_wanted(own, setting, made):
    table = offers(offer_id=["a"], manufacturer=["Apple"], to_owners=[own])
    owner = people(customer_id=["p"], manufacturer=["Apple"])
    assert (choose(owner, {"a": 0.9}, table, to_owners=setting)["offer_id"] == "a") is made
    assert choose(people(customer_id=["p"]), {"a": 0.9}, table, to_owners=setting)["offer_id"] == "a"


def test_nothing_is_said_about_customers_the_offer_was_never_tried_on():
    row = choose(people(customer_id=["p"]), {"a": 0.9}, offers(offer_id=["a"]), supported={"a": np.array([False])})
    assert row["offer_id"] is None and row["kind"] == "never_tried"
    assert row["reason"] == "no offer was ever tried on customers like this one"


def test_budget_and_capacity_leave_the_best():
    who = people(customer_id=["p", "q", "r"])
    scores = {"a": np.array([0.2, 0.9, 0.5])}
    for table, limits in ((offers(offer_id=["a"]), {"budget": 1.5}), (offers(offer_id=["a"], capacity=[1]), {})):
        found = policy.choose(who, scores, table, policy.Limits(TODAY, **limits), missing={})
        assert found["offer_id"].to_list() == [None, "a", None]
        assert found["kind"].to_list() == ["used_up", "offered", "used_up"]
        assert found["reason"][0] == "the budget or the offers' capacities are used where they gain more"


@pytest.mark.parametrize("column", ["value", "cost"])
@pytest.mark.parametrize("number", [-1.0, float("nan"), float("inf")])
def test_a_senseless_worth_is_refused(column, number):
    with pytest.raises(InputError, match=f"offer 'a' has {column}"):
        policy.check_offers(offers(offer_id=["a"], **{column: [number]}))


def test_gaps_are_segments_with_one_arm_only():
    rows = pl.DataFrame(
        {
            "treatment": [1, 0] * 40 + [0] * 40 + [1] * 40 + [1] * 5,
            "residence": ["both"] * 80 + ["never"] * 40 + ["always"] * 40 + ["few"] * 5,
            "age": [30] * 165,
        }
    )
    found = support.gaps(rows, ["residence"])
    assert found == [support.Gap("residence", "always", "control"), support.Gap("residence", "never", "treated")]
    new = pl.DataFrame({"residence": ["both", "never", None, "moon"], "age": [30, 30, None, 80]})
    assert support.supported(new, found).tolist() == [True, False, True, True]
    assert support.supported(new, []).all()

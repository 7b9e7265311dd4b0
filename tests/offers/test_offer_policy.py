"""Who may get offers, and which one is chosen, against a loop."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.offers import policy
from engine.tables import check, empty

TODAY = date(2024, 5, 1)


def offers(**columns) -> pl.DataFrame:
    n = len(columns["offer_id"])
    base = {"headline": ["h"] * n, "body": ["b"] * n, "call_to_action": ["c"] * n}
    return check(pl.DataFrame({"value": [10.0] * n, "cost": [1.0] * n, **base, **columns}), "offers")


def people(**columns) -> pl.DataFrame:
    n = len(columns["customer_id"])
    base = {"age": [40] * n, "barred": [None] * n}
    return pl.DataFrame({**base, **columns}, schema_overrides={"age": pl.Int32, "barred": pl.String})


def uplift(rows: list[tuple[str, str, float]]) -> pl.DataFrame:
    frame = pl.DataFrame(rows, schema=["customer_id", "offer_id", "uplift"], orient="row")
    return check(frame.with_columns(pl.lit("m").alias("model_id")), "uplift") if rows else empty("uplift")


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
        uplift(table),
        offers(offer_id=names, value=list(values.values()), cost=list(costs.values()), min_age=list(least.values())),
        today=TODAY,
        missing={},
    )
    for row in check(found, "choices").to_dicts():
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
    row = policy.choose(people(customer_id=["p"]), uplift([("p", "a", 0.5)]), table, today=TODAY, missing={}).row(
        0, named=True
    )
    assert (row["offer_id"] == "a") is valid
    assert valid or row["reason"] == "no offer is valid on this day"


def test_who_may_get_none_and_why():
    who = pl.DataFrame(
        {
            "customer_id": ["kid", "out", "no", "yes", "ageless"],
            "age": pl.Series([17, 50, 50, 18, None], dtype=pl.Int32),
            "opted_out": [False, True, False, False, False],
        }
    )
    agreed = pl.DataFrame({"customer_id": ["kid", "out", "yes", "ageless"]})
    assert policy.barred(who, agreed)["barred"].to_list() == [
        "under 18", "opted out", "no consent to offers", None, None,
    ]  # fmt: skip
    assert policy.barred(who, None)["barred"].to_list() == ["under 18", "opted out", None, None, None]
    assert policy.barred(who, agreed.head(0))["barred"].null_count() == 0


def test_the_reason_says_what_was_missing():
    table = offers(offer_id=["a"])
    missing = {"a": "there are no past campaigns"}
    row = policy.choose(people(customer_id=["p"]), uplift([]), table, today=TODAY, missing=missing).row(0, named=True)
    assert row["offer_id"] is None and row["reason"] == "no offer has a model (a: there are no past campaigns)"
    row = policy.choose(people(customer_id=["p"]), uplift([]), empty("offers"), today=TODAY, missing={}).row(
        0, named=True
    )
    assert row["reason"] == "there are no offers"
    row = policy.choose(
        people(customer_id=["p"], age=[19]), uplift([("p", "a", 0.9)]), offers(offer_id=["a"], min_age=[21]),
        today=TODAY, missing={},
    ).row(0, named=True)  # fmt: skip
    assert row["reason"] == "no offer is open to this customer's age"


def test_barred_customers_get_none_with_the_reason():
    row = policy.choose(
        people(customer_id=["p"], barred=["under 18"]), uplift([("p", "a", 0.9)]), offers(offer_id=["a"]),
        today=TODAY, missing={},
    ).row(0, named=True)  # fmt: skip
    assert (row["offer_id"], row["expected_value"], row["reason"]) == (None, 0.0, "under 18")

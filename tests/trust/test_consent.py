"""Consents are events: of each subject and purpose the newest one counts, whatever the order of rows and files."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InputError
from engine.tables import empty
from engine.trust import consent
from engine.warehouse.duckdb import DuckDBWarehouse

NOON = datetime(2024, 6, 1, 12)


@pytest.fixture(scope="module")
def store():
    warehouse = DuckDBWarehouse()
    yield warehouse
    warehouse.close()


def allowed(store, rows, purpose=consent.OWN_FACE, moment=NOON):
    store.write("consents", pl.DataFrame(rows, schema=empty("consents").schema, orient="row").unique())
    return consent.allowed(store, purpose, moment)["customer_id"].to_list()


@pytest.mark.parametrize(
    ("granted", "expires", "withdrawn", "holds"),
    [
        (datetime(2024, 1, 1), None, None, True),
        (NOON, None, None, True),
        (datetime(2024, 6, 1, 12, 0, 1), None, None, False),
        (datetime(2024, 1, 1), datetime(2024, 6, 1, 9), None, False),
        (datetime(2024, 1, 1), NOON, None, False),
        (datetime(2024, 1, 1), datetime(2024, 6, 1, 12, 0, 1), None, True),
        (datetime(2024, 1, 1), None, NOON, False),
        (datetime(2024, 1, 1), None, datetime(2024, 6, 1, 13), True),
        (datetime(2024, 3, 1), None, datetime(2024, 2, 1), True),
        (datetime(2024, 3, 1), None, datetime(2024, 3, 1), False),
        (None, None, datetime(2024, 2, 1), False),
    ],
)
def test_when_it_holds(store, granted, expires, withdrawn, holds):
    rows = [("A", "own_face", granted, expires, withdrawn)]
    assert allowed(store, rows) == (["A"] if holds else [])
    assert allowed(store, rows, consent.OFFERS) == []


def holds_in_words(events, moment):
    """The rule in plain Python: events are (at, None = withdrawn, else the grant's expiry or "never")."""
    past = [e for e in events if e[0] <= moment]
    newest = [e[1] for e in past if e[0] == max(p[0] for p in past)]
    return bool(newest) and all(e is not None and (e == "never" or e > moment) for e in newest)


times = st.integers(-3, 3).map(lambda hours: NOON + timedelta(hours=hours))


@given(st.lists(st.tuples(st.sampled_from("AB"), st.none() | times, st.none() | times, st.none() | times), max_size=6))
def test_any_history_in_any_order(store, drawn):
    rows = [(who, "own_face", *rest) for who, *rest in drawn]
    expected = []
    for who in "AB":
        grants = [(g, e or "never") for w, g, e, _ in drawn if w == who and g is not None]
        withdrawals = [(w, None) for p, _, _, w in drawn if p == who and w is not None]
        if holds_in_words(grants + withdrawals, NOON):
            expected.append(who)
    assert allowed(store, rows) == expected == allowed(store, rows[::-1])


def test_purposes_are_checked(store):
    with pytest.raises(InputError, match="marketing"):
        consent.allowed(store, "marketing", NOON)

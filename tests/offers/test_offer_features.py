"""Features by hand: what a customer used, carries, and what their contacts carry."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl
import pytest

from engine.offers import features
from engine.tables import check
from engine.warehouse.duckdb import DuckDBWarehouse


def test_usage_is_per_day_of_the_log_and_stops_before_the_day():
    store = DuckDBWarehouse(threads=1)
    store.write(
        "parties",
        pl.DataFrame(
            {"node": [0, 1, 2], "party_id": ["a", "b", "gone"], "is_customer": True, "opted_out": [False, False, True]}
        ),
    )
    rows = [
        ("call", 0, 1, datetime(2024, 1, 1, 9), 60, None),
        ("call", 1, 0, datetime(2024, 1, 1, 23, 59), 30, None),
        ("text", 0, 1, datetime(2024, 1, 2), 0, None),
        ("data", 0, None, datetime(2024, 1, 3), 0, 12.5),
        ("data", 0, None, datetime(2024, 1, 5), 0, 100.0),
        ("call", 2, 0, datetime(2024, 1, 4), 10, None),
    ]
    names = ["kind", "caller", "callee", "started_at", "duration_s", "volume_mb"]
    store.write(
        "events",
        pl.DataFrame(rows, schema=names, orient="row").with_columns(answered=pl.lit(True), source_id=pl.lit("s")),
    )
    found = store.query("offers/usage", since=date(2023, 12, 1), until=date(2024, 1, 5), as_of=date(2024, 1, 5))
    assert found["customer_id"].to_list() == ["a", "b"]
    a, b = found.to_dicts()
    assert a == {
        "customer_id": "a",
        "active_share": 1.0,
        "calls_out_a_day": 0.25,
        "calls_in_a_day": 0.5,
        "texts_out_a_day": 0.25,
        "talk_s_a_day": 25.0,
        "data_sessions_a_day": 0.25,
        "data_share": 0.25,
        "volume_mb_a_day": 3.125,
    }
    assert b["active_share"] == 0.5 and b["calls_in_a_day"] == 0.25 and b["volume_mb_a_day"] == 0
    later = store.query("offers/usage", since=date(2024, 1, 2), until=date(2024, 1, 4), as_of=date(2024, 1, 4))
    assert later.filter(pl.col("customer_id") == "a")["calls_out_a_day"].item() == 0


SPELLS = pl.DataFrame(
    {
        "customer_id": ["a", "a", "b", "c"],
        "spell": [1, 2, 1, 1],
        "tac": ["1", "2", "1", "9"],
        "manufacturer": ["Apple", "Samsung", "Apple", "unknown"],
        "model": "m",
        "first_at": [date(2024, 1, 1), date(2024, 3, 1), date(2024, 1, 1), date(2024, 1, 1)],
        "last_at": date(2024, 3, 9),
        "n_events": 5,
    }
)
DEVICES = pl.DataFrame({"tac": ["1", "2"], "released": [date(2023, 1, 1), None]})
DAY = date(2024, 3, 11)


def test_the_handset_of_the_day():
    found = features.handset_features(check(SPELLS, "handsets"), DEVICES, DAY)
    assert found.rows() == [
        ("a", "Samsung", 10, 1, None),
        ("b", "Apple", 70, 0, 435),
        ("c", "unknown", 70, 0, None),
    ]


def test_what_the_contacts_carry():
    ties = pl.DataFrame(
        {
            "a": [0, 0, 0],
            "b": [1, 2, 3],
            "weight": [3.0, 1.0, 5.0],
        }
    )
    parties = pl.DataFrame({"node": [0, 1, 2, 3], "party_id": list("abcd"), "is_customer": [True, True, True, False]})
    owned = pl.DataFrame({"customer_id": list("abcd"), "manufacturer": ["Samsung", "Apple", "unknown", "Samsung"]})
    found = features.contact_features(ties, parties, owned, ["Apple", "Samsung"])
    rows = {r["customer_id"]: r for r in found.to_dicts()}
    assert rows["a"]["contacts_apple"] == pytest.approx(3 / 8)
    assert rows["a"]["contacts_own_make"] == pytest.approx(5 / 8)
    assert rows["b"] == {"customer_id": "b", "contacts_apple": 0, "contacts_samsung": 1, "contacts_own_make": 0}
    assert set(rows) == {"a", "b", "c"}


def test_how_far_contacts_acted():
    ties = pl.DataFrame({"a": [0, 0, 1], "b": [1, 2, 3], "weight": [3.0, 1.0, 5.0]})
    parties = pl.DataFrame({"node": [0, 1, 2, 3], "party_id": list("abcd"), "is_customer": [True, True, True, False]})
    found = features.exposure_features(ties, parties, pl.DataFrame({"party_id": ["b", "b", "d", "nobody"]}))
    assert found.rows() == [("a", 0.75), ("b", 0.625), ("c", 0.0)]
    nobody = features.exposure_features(ties, parties, pl.DataFrame({"party_id": []}, schema={"party_id": pl.String}))
    assert nobody["contacts_acted"].to_list() == [0.0, 0.0, 0.0]


def test_the_influencers_handset():
    top = pl.DataFrame({"customer_id": ["x", "y", "z"], "contact_id": ["a", "b", "nobody"]})
    found = features.influencer_features(top, check(SPELLS, "handsets"), DAY)
    assert found.rows() == [("x", "Samsung", 1), ("y", "Apple", 0), ("z", None, None)]

"""Training rows out of past campaigns."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl

from engine.offers import history
from engine.tables import check, empty


def treatments(rows: list[tuple]) -> pl.DataFrame:
    names = ["customer_id", "campaign_id", "offer_id", "sent_at", "accepted"]
    frame = pl.DataFrame(rows, schema=names, orient="row", schema_overrides={"accepted": pl.Boolean, "offer_id": str})
    return history.campaign_dates(check(frame, "treatments"))


def rows(found: pl.DataFrame) -> list[tuple]:
    return found.select("customer_id", "treatment", "outcome").rows()


def test_one_offer_against_none_within_its_campaigns():
    past = treatments(
        [
            ("p", "k1", "a", datetime(2024, 1, 3), True),
            ("q", "k1", None, datetime(2024, 1, 2), False),
            ("r", "k1", "b", datetime(2024, 1, 4), True),
            ("s", "k1", "a", datetime(2024, 1, 5), None),
            ("t", "k2", None, datetime(2024, 2, 1), True),
        ]
    )
    found = history.training_rows(past, "a", None, empty("handsets"), outcome_days=90)
    assert rows(found) == [("p", 1, 1), ("q", 0, 0)]
    assert found["as_of"].unique().to_list() == [date(2024, 1, 2)]


def handset(customer: str, spell: int, maker: str, first: date, last: date) -> dict:
    return {
        "customer_id": customer, "spell": spell, "tac": "1", "manufacturer": maker, "model": "m",
        "first_at": first, "last_at": last, "n_events": 5,
    }  # fmt: skip


def test_untold_campaigns_are_judged_by_the_next_handset():
    past = treatments([(c, "k", "a" if c in "pqr" else None, datetime(2024, 1, 10), None) for c in "pqrs"])
    end = date(2024, 6, 1)
    spells = check(
        pl.DataFrame(
            [
                handset("p", 1, "Nokia", date(2024, 1, 1), date(2024, 2, 1)),
                handset("p", 2, "Apple", date(2024, 2, 2), end),
                handset("q", 2, "Apple", date(2024, 1, 10), end),
                handset("r", 2, "Apple", date(2024, 4, 30), end),
                handset("s", 2, "Nokia", date(2024, 2, 2), end),
            ]
        ),
        "handsets",
    )
    found = history.training_rows(past, "a", "Apple", spells, outcome_days=90)
    assert rows(found) == [("p", 1, 1), ("q", 1, 0), ("r", 1, 0), ("s", 0, 0)]
    assert history.training_rows(past, "a", "Apple", spells, outcome_days=200).height == 0
    assert history.training_rows(past, "a", None, spells, outcome_days=90).height == 0

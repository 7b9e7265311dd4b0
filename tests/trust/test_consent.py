"""Consent holds from grant to expiry or withdrawal, per purpose."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl
import pytest

from engine.errors import InputError
from engine.tables import polars_type
from engine.trust import consent

DAY = date(2024, 6, 1)


def rows(*given):
    schema = {"customer_id": pl.String, "purpose": pl.String}
    schema |= {n: polars_type("time") for n in ("granted_at", "expires_at", "withdrawn_at")}
    return pl.DataFrame(given, schema=schema, orient="row")


@pytest.mark.parametrize(
    ("granted", "expires", "withdrawn", "holds"),
    [
        (datetime(2024, 1, 1), None, None, True),
        (datetime(2024, 6, 1, 23), None, None, True),
        (datetime(2024, 6, 2), None, None, False),
        (datetime(2024, 1, 1), datetime(2024, 6, 1), None, False),
        (datetime(2024, 1, 1), datetime(2024, 6, 1, 12), None, True),
        (datetime(2024, 1, 1), None, datetime(2024, 6, 1, 12), False),
        (datetime(2024, 1, 1), None, datetime(2024, 6, 2), True),
    ],
)
def test_when_it_holds(granted, expires, withdrawn, holds):
    frame = rows(("A", "own_face", granted, expires, withdrawn))
    assert consent.allowed(frame, consent.OWN_FACE, DAY)["customer_id"].to_list() == (["A"] if holds else [])
    assert consent.allowed(frame, consent.OFFERS, DAY).height == 0


def test_purposes_are_checked():
    with pytest.raises(InputError, match="marketing"):
        consent.allowed(rows(), "marketing", DAY)

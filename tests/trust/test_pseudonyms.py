"""Pseudonyms: the same in SQL, in Python and whatever way a number is written."""

from __future__ import annotations

import hmac
from hashlib import sha256

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config import Ids
from engine.errors import ConfigError
from engine.trust.pseudonyms import name_series, pseudonym
from engine.warehouse.duckdb import DuckDBWarehouse

STORE = DuckDBWarehouse()


def name(values, key=b"k" * 32, **ids):
    return name_series(STORE, pl.Series("id", values, dtype=pl.String), Ids(**ids), key).to_list()


@given(st.text(min_size=1).filter(lambda t: t == t.strip()), st.binary(min_size=1, max_size=80))
def test_sql_gives_what_the_library_gives(identifier, key):
    expected = hmac.new(key, identifier.encode(), sha256).hexdigest()[:32]
    assert pseudonym(identifier, key) == expected
    if not any(c in identifier for c in "@0123456789") and identifier.strip(" ") == identifier:
        assert name([identifier], key=key, pseudonymise="all") == [expected]


def test_order_repeats_and_nulls_stay():
    assert name(["b", None, "a", "b"]) == ["b", None, "a", "b"]


def test_forms_of_one_number_agree():
    forms = ["+36 20 123-4567", "0036201234567", "+36201234567", "06 20 123 4567", "20/1234567", "36201234567"]
    assert set(name(forms, region="HU")) == {pseudonym("+36201234567", b"k" * 32)}
    assert len(set(name(forms))) == 4


def test_other_ids_pass():
    assert name(["C0001", "12345", "12 and more"]) == ["C0001", "12345", "12 and more"]
    assert name(["Ann@Example.ORG"]) == [pseudonym("ann@example.org", b"k" * 32)]


def test_an_unknown_country_is_named():
    with pytest.raises(ConfigError, match="XX"):
        name(["06201234567"], region="XX")

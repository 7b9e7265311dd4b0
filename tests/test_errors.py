"""Messages name what is wrong and never whom: numbers and addresses in them are masked, days and counts are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import EngineError, InputError, masked


@pytest.mark.parametrize(
    "number", ["+36 20 765 4321", "0036207654321", "36207654321", "(36)20/765.4321", "06 20 765 4321"]
)
def test_numbers_are_masked_wherever_they_stand(number):
    error = InputError(f"{number} is no day", file=f"calls {number}.csv", row=3, fix=f"Look at {number}.")
    assert "765" not in str(error) + error.message + error.fix and "row 3" in str(error)


@given(st.from_regex(r"[a-z]{1,8}(\.[a-z]{1,8})?@[a-z]{2,8}\.(hu|com)", fullmatch=True))
def test_addresses_are_masked(mail):
    assert mail not in str(EngineError(f"{mail} stands twice.", fix=f"Remove '{mail}'."))


@pytest.mark.parametrize(
    "text",
    [
        "row 12, column 'age': found 2026-01-01, not 2026-02-03 10:00:00",
        "/data/20260101/calls.csv: there is no such file.",
        "casia-webface-20180408-102900 is not there",
        "5,200 rows in 17 files; 300x250 and 1080x1080 pixels; 4.5 GB",
        "sha256 4eb42940c3c45f4a is not 0123456789abcdef",
    ],
)
def test_what_names_nobody_stays(text):
    assert masked(text) == text


@given(st.text(max_size=60))
def test_masking_twice_changes_nothing_more(text):
    assert masked(masked(text)) == masked(text)

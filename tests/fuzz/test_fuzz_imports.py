"""Whatever a file holds: it is imported with every row accounted for, or refused in one line, and nothing is lost."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.cases import COLUMNS, Bench, tables

CASES = settings(max_examples=int(os.environ.get("FUZZ_FILES", "30")), suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("KINDRED_KEYS", str(tmp_path_factory.mktemp("keys")))
        made = Bench(tmp_path_factory.mktemp("bench"))
        yield made
        made.close()


@pytest.mark.parametrize("target", sorted(COLUMNS))
@CASES
@given(data=st.data())
def test_any_table(bench, cases, target, data):
    bench.import_(target, data.draw(tables(target)), ending=data.draw(st.sampled_from([".csv", ".tsv", ".gz", ".txt"])))
    cases.add()


@CASES
@given(data=st.binary(max_size=300), target=st.sampled_from(sorted(COLUMNS)))
def test_any_bytes(bench, cases, target, data):
    bench.import_(target, data)
    cases.add()


@CASES
@given(data=st.binary(max_size=300), target=st.sampled_from(sorted(COLUMNS)))
def test_any_bytes_that_call_themselves_parquet(bench, cases, target, data):
    bench.import_(target, b"PAR1" + data + b"PAR1", ending=".parquet")
    cases.add()

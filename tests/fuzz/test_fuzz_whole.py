"""Odd but whole files, read by a reader of its own too: every row arrives, under whatever name the file has."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from engine.errors import EngineError
from engine.intake import reading
from engine.logs import reading as log_reading
from tests.fuzz.options import call
from tests.fuzz.whole import KINDS, NAMES, NO_TEXT, PLAIN, Fresh, few, parquet, parquets, texts

CASES = settings(max_examples=int(os.environ.get("FUZZ_FILES", "15")), suppress_health_check=list(HealthCheck))
ONCE = settings(CASES, max_examples=30, phases=[Phase.generate], database=None)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    return Fresh(tmp_path_factory.mktemp("fresh"))


@pytest.mark.parametrize("target", sorted(KINDS))
@pytest.mark.parametrize("made", [texts, parquets], ids=["text", "parquet"])
@CASES
@given(data=st.data())
def test_any_whole_file(fresh, cases, made, target, data):
    content, ending = data.draw(made(target))
    fresh.import_(target, content, f"case{ending}")
    cases.add()


NAMED = [(name, form) for name in NAMES for form in ("logs csv", "logs parquet", "customers csv", "customers parquet")]


@pytest.mark.parametrize(("name", "form"), NAMED)
def test_any_name(fresh, name, form):
    target, ending = form.split()
    fresh.import_(target, PLAIN[target, ending, "p"], f"{name}.{ending}")


def test_a_name_that_begins_like_an_option(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    call(["init", "w"])
    (tmp_path / "-x.csv").write_bytes(PLAIN["customers", "csv", "p"])
    assert "3 rows = 3 kept" in call(["import", "customers", "-w", "w", "--", "-x.csv"])


@pytest.mark.parametrize(
    ("target", "odd"),
    [
        *(("logs", odd) for odd in NO_TEXT),
        *(("customers", odd) for odd in ("nested", "list", "map", "binary")),
    ],
)
def test_a_column_that_no_text_can_be_made_of(fresh, target, odd):
    """Nobody asked for it: it is passed over, or the file is refused in a line that names it."""
    try:
        fresh.import_(target, parquet(target, few(target, "p"), odd), "case.parquet")
    except EngineError as error:
        assert ("further" in str(error) or "case.parquet" in str(error)) and "\n" not in str(error).strip()


def loses_its_last_row(monkeypatch) -> None:
    """Both readers, sabotaged: the last row is gone before anybody counts."""
    read, read_rows = reading.read_text, log_reading.read_rows

    def read_less(*args, **options):
        rows, broken, total = read(*args, **options)
        return (rows.head(-1), broken, total - 1) if rows.height else (rows, broken, total)

    def fewer_rows(store, *args, **options):
        for piece in read_rows(store, *args, **options):
            if piece.rows:
                store.execute_text("DELETE FROM _log_rows WHERE rowid = (SELECT max(rowid) FROM _log_rows)")
            yield replace(piece, rows=max(piece.rows - 1, 0))

    monkeypatch.setattr(reading, "read_text", read_less)
    monkeypatch.setattr(log_reading, "read_rows", fewer_rows)


@pytest.mark.parametrize("target", sorted(KINDS))
def test_an_import_that_loses_its_last_row_is_noticed(fresh, monkeypatch, target):
    loses_its_last_row(monkeypatch)

    def noticed(case: tuple[bytes, str]) -> bool:
        with suppress(EngineError):
            try:
                fresh.import_(target, case[0], f"case{case[1]}")
            except AssertionError as error:
                return "rows are in the file" in str(error)
        return False

    assert find(texts(target), noticed, settings=ONCE)

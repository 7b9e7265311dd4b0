"""The embedded warehouse: what DuckDB does not do by itself."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from engine.tables import TABLES, empty
from engine.warehouse.duckdb import DuckDBWarehouse

ROWS = 130_000  # more than a row group


@pytest.fixture
def store(tmp_path):
    """A warehouse with a file of its own."""
    made = DuckDBWarehouse(tmp_path / "kindred.duckdb", threads=2)
    yield made
    made.close()


def days(rows: int) -> pl.DataFrame:
    """Rows of table `pair_days`."""
    src = pl.int_range(rows, dtype=pl.UInt32, eager=True)
    return pl.DataFrame({"src": src, "dst": src + 1}).with_columns(
        day=pl.lit(date(2024, 1, 1)), n_calls=1, talk_s=2, n_texts=3
    )


@pytest.mark.parametrize("sizes", [(0, ROWS), (0, 0, ROWS, 0, ROWS), (0, 10, ROWS), (10, 0, ROWS)])
def test_rows_that_follow_an_insert_of_none_are_seen(store, sizes):
    total = 0
    with store.transaction():
        for size in sizes:
            store.keep("some_days", days(size).with_columns(pl.col("src", "dst") + total))
            store.execute_text("INSERT INTO pair_days BY NAME SELECT * FROM some_days")
            total += size
        assert store.query_text("SELECT sum(talk_s) AS n FROM pair_days")["n"].item() == 2 * total
    assert store.query_text("SELECT sum(talk_s) AS n FROM pair_days")["n"].item() == 2 * total
    assert store.count("pair_days") == total


def test_an_insert_of_none_leaves_no_row_in_any_table(store):
    with store.transaction():
        for table in TABLES:
            store.keep("nothing", empty(table))
            store.execute_text(f"INSERT INTO {table} BY NAME SELECT * FROM nothing")  # noqa: S608 (a contract's name)
    assert set(store.counts().values()) == {0}
    for table in TABLES:
        assert store.read(table).height == 0


def test_a_kept_frame_is_a_temporary_table(store):
    store.keep("some_days", days(3))
    store.keep("some_days", days(2))
    assert store.query_text("SELECT src, n_texts FROM some_days ORDER BY src").rows() == [(0, 3), (1, 3)]
    assert ("some_days",) in store.connection.execute("SHOW TABLES").fetchall()
    store.drop("some_days")
    assert ("some_days",) not in store.connection.execute("SHOW TABLES").fetchall()


@pytest.mark.parametrize("memory", ["", "200MB", "2GB"])
def test_releasing_memory_loses_nothing_and_keeps_the_limit(tmp_path, memory):
    store = DuckDBWarehouse(tmp_path / "kindred.duckdb", memory=memory, scratch=tmp_path / "scratch")
    before = store.query_text("SELECT current_setting('memory_limit') AS m")["m"].item()
    with store.transaction():
        store.append("pair_days", days(ROWS))
        store.keep("other", days(ROWS))
        store.release()
        assert store.query_text("SELECT sum(talk_s) AS n FROM other")["n"].item() == 2 * ROWS
        assert store.query_text("SELECT sum(talk_s) AS n FROM pair_days")["n"].item() == 2 * ROWS
    store.release()
    assert store.query_text("SELECT sum(talk_s) AS n FROM pair_days")["n"].item() == 2 * ROWS
    assert store.query_text("SELECT current_setting('memory_limit') AS m")["m"].item() == before
    store.close()


@pytest.mark.parametrize("memory", ["", "500MB"])
def test_what_cannot_be_put_aside_stays_and_spoils_no_transaction(tmp_path, memory):
    (tmp_path / "file").touch()
    # A workspace that its reader must not write to, or a full disk: there is no place for what is still needed.
    store = DuckDBWarehouse(threads=1, memory=memory, scratch=tmp_path / "file" / "scratch")
    limit = "SELECT current_setting('memory_limit')"
    before = store.connection.execute(limit).fetchall()
    with store.transaction():
        store.execute_text("CREATE TEMP TABLE kept AS SELECT range AS i, hash(range) AS h FROM range(8_000_000)")
        store.release()
        assert store.query_text("SELECT count(*), sum(i) FROM kept").row(0) == (8_000_000, 31_999_996_000_000)
    assert store.connection.execute(limit).fetchall() == before
    store.close()

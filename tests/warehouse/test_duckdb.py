"""The embedded warehouse: what DuckDB does not do by itself."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date, datetime

import polars as pl
import pytest

from engine.errors import BackendError, InputError, OutOfMemory
from engine.tables import TABLES, check, empty
from engine.warehouse import Sql
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
            chosen = ", ".join(f'"{c}"' for c in store.ensure_columns(table, []))
            store.execute_text(f"INSERT INTO {table} BY NAME SELECT {chosen} FROM nothing")  # noqa: S608 (a contract's)
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


# ---- columns that take no place until some row has a value for them

EVENTS = TABLES["events"]
ABSENT = {c.name for c in EVENTS.columns if c.nullable} - {"callee"}


def events(rows: int, *, first: int = 0, **more: object) -> pl.DataFrame:
    """Rows of table `events`, `more` its columns that may be null."""
    number = pl.int_range(first, first + rows, eager=True)
    frame = pl.DataFrame({"caller": number.cast(pl.UInt32), "duration_s": number.cast(pl.Int32) % 50})
    kinds = {0: "text", 1: "data", 2: "call"}
    return check(
        frame.with_columns(
            kind=(pl.col("caller") % 3).replace_strict(kinds, return_dtype=pl.String),
            started_at=pl.lit(datetime(2024, 1, 1)),
            answered=True,
            source_id=pl.lit("s"),
            **{name: pl.lit(value) for name, value in more.items()},
        ),
        "events",
    )


def absent(store: DuckDBWarehouse) -> set[str]:
    """Columns of `events` that take no place: asked of the database itself."""
    stored = store.connection.execute("SELECT DISTINCT column_name FROM pragma_storage_info('events')").fetchall()
    assert {"kind", "source_id"} <= {name for (name,) in stored}
    return set(EVENTS.names) - {name for (name,) in stored}


def ordered(frame: pl.DataFrame) -> pl.DataFrame:
    """Rows in one order."""
    return frame.sort(EVENTS.keys)


def test_a_column_takes_place_when_a_row_comes_that_has_a_value(store):
    one, two = events(ROWS), events(ROWS, first=ROWS, caller_tac="35209900", volume_mb=1.5)
    store.append("events", one)
    assert absent(store) == ABSENT
    assert store.ensure_columns("events", []) == [c for c in EVENTS.names if c not in ABSENT]
    assert store.read("events").equals(ordered(one))
    store.append("events", two)
    assert absent(store) == ABSENT - {"caller_tac", "volume_mb"}
    assert store.columns("events") == EVENTS.names
    assert store.read("events").equals(ordered(pl.concat([one, two])))
    store.append("events", events(3, first=9 * ROWS))
    assert store.count("events") == 2 * ROWS + 3
    store.write("events", one)
    assert absent(store) == ABSENT
    assert store.read("events").equals(ordered(one))


def test_a_place_once_made_is_kept_by_a_new_file_and_by_encryption(tmp_path):
    rows = pl.concat([events(ROWS, callee=5), events(ROWS, first=ROWS, callee_cell="c", callee=None)])
    store = DuckDBWarehouse(tmp_path / "kindred.duckdb")
    store.append("events", rows)
    for key in (None, bytes(32), None):
        store.rewrite(key=key, weak=True)
        assert absent(store) == ABSENT - {"callee_cell"}
        assert store.read("events").equals(ordered(rows))
    more = events(10, first=2 * ROWS, caller_device="d")
    store.append("events", more)
    store.close()
    store = DuckDBWarehouse(tmp_path / "kindred.duckdb", read_only=True)
    assert store.read("events").equals(ordered(pl.concat([rows, more])))
    store.close()


def test_a_place_is_gone_with_the_transaction_that_made_it(store):
    before, more = events(ROWS), events(ROWS, first=ROWS, caller_tac="35209900", callee_cell="c")
    store.append("events", before)
    with pytest.raises(KeyboardInterrupt), store.transaction():
        store.append("events", more)
        store.execute_text("UPDATE events SET caller_tac = 'x' WHERE caller < 10")
        raise KeyboardInterrupt
    assert absent(store) == ABSENT
    assert store.read("events").equals(ordered(before))
    with store.transaction():
        store.append("events", more)
    assert absent(store) == ABSENT - {"caller_tac", "callee_cell"}
    assert store.read("events").equals(ordered(pl.concat([before, more])))


KILLED = """
import os, sys
from pathlib import Path
from engine.warehouse.duckdb import DuckDBWarehouse
from tests.warehouse.test_duckdb import ROWS, events
rows, finished = int(sys.argv[2]), sys.argv[3] == "finished"
store = DuckDBWarehouse(Path(sys.argv[1]))
store.append("events", events(rows))
with store.transaction():
    store.append("events", events(rows, first=rows, caller_tac="35209900"))
    store.execute_text("UPDATE events SET caller_tac = 'new' WHERE caller < 5")
    store.execute_text("DELETE FROM events WHERE caller = 7")
    if not finished:
        os._exit(9)
os._exit(9)
"""


@pytest.mark.parametrize("rows", [40, ROWS])
@pytest.mark.parametrize("when", ["finished", "unfinished"])
def test_a_killed_writer_leaves_the_place_or_not_as_its_transaction_ended(tmp_path, rows, when):
    path = tmp_path / "kindred.duckdb"
    done = subprocess.run([sys.executable, "-c", KILLED, str(path), str(rows), when], env=os.environ, check=False)
    assert done.returncode == 9
    expected = events(rows)
    if when == "finished":
        expected = pl.concat(
            [
                events(rows).with_columns(caller_tac=pl.when(pl.col("caller") < 5).then(pl.lit("new"))),
                events(rows, first=rows, caller_tac="35209900"),
            ]
        ).filter(pl.col("caller") != 7)
    store = DuckDBWarehouse(path)
    assert absent(store) == (ABSENT - {"caller_tac"} if when == "finished" else ABSENT)
    assert store.read("events").equals(ordered(expected))
    store.append("events", events(3, first=3 * ROWS, callee_tac="35209900"))
    assert store.read("events").equals(ordered(pl.concat([expected, events(3, first=3 * ROWS, callee_tac="35209900")])))
    store.close()


def test_what_stands_in_front_or_aside_has_the_columns_too(store):
    stored, front = events(9), events(20, caller_cell="c")
    store.append("events", stored)
    store.keep("others", front)
    with store.overlay() as overlay:
        overlay.write("events", front)
        assert overlay.read("events").equals(ordered(front))
    with store.sandbox(("events",)):
        assert store.read("events").equals(ordered(stored))
    with store.sandbox(()):
        assert store.read("events").equals(empty("events"))
    assert absent(store) == ABSENT
    assert store.read("events").equals(ordered(stored))


def test_a_table_made_by_a_statement_takes_all_its_columns(store, monkeypatch):
    rows = events(20, caller_cell="c")
    store.keep("others", rows)
    statement = Sql("SELECT * FROM others")
    monkeypatch.setattr("engine.warehouse.duckdb.sql_text", lambda name: statement)
    with store.overlay() as overlay:
        assert overlay.create("events", "any/name") == 20
        assert overlay.read("events").equals(ordered(rows))
    assert store.count("events") == 0
    assert store.create("events", "any/name") == 20
    assert store.read("events").equals(ordered(rows))


def test_one_of_few_words_reads_as_text_and_sorts_as_text(store):
    store.append("events", events(9))
    found = store.query_text("SELECT kind, count(*) AS n FROM events GROUP BY kind ORDER BY kind")
    assert found["kind"].dtype == pl.String
    assert found.rows() == [("call", 3), ("data", 3), ("text", 3)]
    with pytest.raises(InputError, match="1 rows are none of call, data, text"):
        store.append("events", events(1, first=9).with_columns(kind=pl.lit("fax")))


def test_what_goes_wrong_in_the_middle_of_the_rows_is_said_as_what_it_is(store):
    late = "SELECT CASE WHEN i = 900000 THEN 'x' ELSE '1' END::INTEGER AS n FROM range(1000000) t(i)"
    for read in (lambda text: store.query_text(text), lambda text: list(store.batches(text, {}, rows=1000, name=text))):
        with pytest.raises(BackendError, match=r"^SELECT CASE .* failed: Conversion Error: Could not convert"):
            read(late)
    store.connection.execute("SET memory_limit = '20MB'; SET max_temp_directory_size = '0KB'")
    with pytest.raises(OutOfMemory, match="--memory"):
        store.query_text("SELECT i, list(j) AS l FROM range(100000) t(i), range(100) u(j) GROUP BY i")

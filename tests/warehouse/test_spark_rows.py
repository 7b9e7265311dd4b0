"""Rows of events keep numbers of their own on Spark, whatever is deleted and inserted in between."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import datetime, timedelta

import polars as pl
import pytest

from engine.config import Logs
from engine.logs import undo
from engine.tables import check, empty
from engine.warehouse.duckdb import DuckDBWarehouse
from engine.warehouse.spark import SparkWarehouse
from tests.logs import test_logs_undo

pytestmark = pytest.mark.spark


def events(start: int, n: int) -> pl.DataFrame:
    moments = [datetime(2026, 3, 1) + timedelta(hours=start + k) for k in range(n)]
    facts = {"kind": "call", "caller": 1, "callee": 2, "duration_s": 5, "answered": True, "source_id": "s"}
    rows = pl.DataFrame({"started_at": moments}).with_columns(**{name: pl.lit(fact) for name, fact in facts.items()})
    return pl.concat([empty("events"), rows.cast({c: empty("events").schema[c] for c in rows.columns})], how="diagonal")


def test_no_two_events_have_one_number(tmp_path):
    store = SparkWarehouse(tmp_path / "w.duckdb", master="local[2]", folder=str(tmp_path / "tables"))
    ask = "SELECT count(*) AS n, count(DISTINCT rowid) AS numbers FROM events"
    for start in (0, 10, 20):
        store.append("events", events(start, 4), unique=False)
    store.execute_text("DELETE FROM events WHERE started_at = TIMESTAMP '2026-03-01 00:00:00'")
    assert len(store.parts()["events"]) == 1
    store.append("events", events(30, 4), unique=False)
    assert store.query_text(ask).row(0) == (15, 15)
    # A catalogue of an older Kindred does not say which blocks are taken.
    parts = [{key: value for key, value in part.items() if key != "block"} for part in store.parts()["events"]]
    store._set_parts("events", parts)
    store.append("events", events(40, 2), unique=False)
    assert store.query_text(ask).row(0) == (17, 17)
    store.close()


def test_parts_from_before_a_table_got_a_column_have_it_as_null(tmp_path):
    new = pl.DataFrame({"source_id": ["new"], "row_number": [1], "reason": ["wrong_columns"], "raw": [""]})
    new = check(new.with_columns(detail=pl.lit("5 expected")), "rejects")
    old = new.with_columns(source_id=pl.lit("old")).drop("column_name", "detail")
    for name, rows in (("a", old), ("b", new)):
        (tmp_path / "tables" / "rejects" / name).mkdir(parents=True)
        rows.write_parquet(tmp_path / "tables" / "rejects" / name / "0.parquet")
    for parts, details in ((["a"], [None]), (["a", "b"], [None, "5 expected"]), (["b"], ["5 expected"])):
        with closing(DuckDBWarehouse(tmp_path / "w.duckdb")) as store:
            store.execute("trust/forget_meta", name="parts:rejects")
            listed = [{"path": f"rejects/{name}", "rows": 1} for name in parts]
            store.execute("trust/set_meta", name="parts:rejects", value=json.dumps(listed))
        with closing(SparkWarehouse(tmp_path / "w.duckdb", folder=str(tmp_path / "tables"), read_only=True)) as store:
            assert store.read("rejects").sort("source_id", descending=True)["detail"].to_list() == details


def test_call_records_are_taken_back_as_on_one_machine(tmp_path):
    """Two files that share calls, of which one goes; that what is left is right says the test of the embedded one."""
    stores = (
        DuckDBWarehouse(),
        SparkWarehouse(tmp_path / "w.duckdb", master="local[2]", folder=str(tmp_path / "tables")),
    )
    found = []
    for store in stores:
        paths = [test_logs_undo.write(tmp_path / f"{seed}.csv", seed) for seed in (1, 2)]
        gone, _ = (test_logs_undo.load(store, path).source_id for path in paths)
        before = test_logs_undo.held(store)
        with store.transaction():
            undo.take_out(store, [gone], Logs())
        found.append((before, test_logs_undo.held(store)))
        store.close()
    assert found[0] == found[1]
    assert 0 < len(found[0][1]["events"]) < len(found[0][0]["events"])

"""Ids of large files are numbered where they are read: numbers against a dict, tables against those by text."""

from __future__ import annotations

import weakref

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import forms
from engine.clock import UTC
from engine.config import Config, Ids, Logs
from engine.errors import InputError
from engine.logs import importer, numbers, reading, recognise
from engine.logs.importer import import_logs
from engine.logs.mapping import generic
from engine.logs.parameters import parameters
from engine.sources import read_content
from engine.warehouse.duckdb import DuckDBWarehouse

KEY = bytes(range(32))
# Phone numbers that only differ in a plus, in leading zeros or beyond 17 digits, and words of every length.
_TEXTS = st.one_of(
    st.from_regex(r"\+?[0-9]{1,20}", fullmatch=True),
    st.from_regex(r"0{0,3}1{1,2}", fullmatch=True),
    st.text(alphabet="ab0+:/\0é\U0001f600", min_size=1, max_size=40),
)


@settings(max_examples=100, deadline=None)
@given(batches=st.lists(st.lists(st.one_of(_TEXTS, st.none()), max_size=40), max_size=6), at_once=st.integers(1, 9))
def test_numbers_are_those_of_a_dict(batches, at_once):
    known: dict[str, int] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numbers, "_SLOTS", 2)
        patch.setattr(numbers, "_AT_ONCE", at_once)
        found = numbers.Numbers()
        for texts in batches:
            wanted = [None if text is None else known.setdefault(text, len(known)) for text in texts]
            assert found.of(pa.array(texts, pa.string())).to_pylist() == wanted
        assert found.texts().to_pylist() == list(known)


def test_a_hundred_thousand_texts_keep_their_numbers():
    digits = [f"+3620{i * 7919 % 100_003:07d}" for i in range(60_000)]
    words = [f"{i:x}-anonymised-subscriber" for i in range(40_000)]
    texts = pa.array([*digits, *words])
    found = numbers.Numbers()
    assert found.of(texts.slice(5, 70_000)).to_numpy().tolist() == list(range(70_000))
    again = np.random.default_rng(1).permutation(100_000)
    first = found.of(texts).to_numpy()
    assert np.array_equal(np.sort(first), np.arange(100_000))
    assert np.array_equal(found.of(texts.take(pa.array(again))).to_numpy(), first[again])


def test_texts_of_one_key_are_told_apart_by_their_bytes(monkeypatch):
    """Every word gets the same hash."""
    kernel = numbers.compiled(numbers.make_keys)

    def make_keys(offsets, content, keys):
        kernel(offsets, content, keys)
        keys[keys < 0] = -5

    compiled = numbers.compiled
    monkeypatch.setattr(numbers, "compiled", lambda f: make_keys if f is numbers.make_keys else compiled(f))
    found = numbers.Numbers()
    assert found.of(pa.array(["ann", "bob", "ann", "anna", "123", "bo", "bob"])).to_pylist() == [0, 1, 0, 2, 3, 4, 1]


HEADER = "caller,callee,started_at,duration_s\n"
DIRT = """kind,caller,callee,started_at,duration_s,direction,caller_imei,callee_tac,volume_mb
call,+36201000001,+36201000002,2024-01-02 10:00:00,60,out,356938035643809,35209900,
call,0036201000002,+36201000001,2024-01-02 10:00:04,61,out,,,
call,+36201000001,+36201000002,2024-01-02 10:00:00,60,out,356938035643809,35209900,
call,+36201000003,0036201000003,2024-01-02 11:00:00,60,out,,,
call,+36201000003,+36201000001,2024-01-02 11:00:00,60,in,356938035643817,,
call,,+36201000001,2024-01-02 11:00:00,60,out,,,
call,1818,+36201000001,2024-01-02 11:00:00,60,out,,,
call,+36201000009,+36201000001,2024-01-02 11:00:00,60,out,,,
data,+36201000004,,2024-01-02 12:00:00,,,,,2.5
text,+36201000004,+36201000005,2024-01-03 12:00:00,,out,,,
call,+36201000006,+36201000007,2024-01-03 13:00:00,5,out,,,
call,+36201000008,+36201000007,2024-01-03 13:00:00,5,out,,,
call,+36201000004,"+36201000005",yesterday,60,out,,,
fax,+36201000004,+36201000005,2024-01-03 12:00:00,60,out,,,
"""


@pytest.mark.parametrize("broken", ["", 'call,"+3620100000', "a,b"])
@pytest.mark.parametrize("kept", ["", HEADER, HEADER + "1,2,x,60\n"])
def test_tables_are_those_by_text(tmp_path, monkeypatch, broken, kept):
    """Also of a file that the fast reader gives up, and after one without rows or without any that stays."""
    path, other = tmp_path / "log.csv", tmp_path / "other.csv"
    path.write_text(DIRT + broken)
    other.write_text(kept)
    config = Config(logs=Logs(short_code_digits=5, service_numbers="+36 20 100 0009"))
    found = []
    for large in (1 << 40, 0):
        monkeypatch.setattr(reading, "_LARGE", large)
        monkeypatch.setattr(reading, "_MOSTLY", 0)
        store = DuckDBWarehouse()
        done: list[object] = []
        if kept.count("\n") > 1:
            with pytest.raises(InputError):
                import_logs(store, [other], config=config, key=KEY)
        elif kept:
            done += import_logs(store, [other], config=config, key=KEY)
        done += import_logs(store, [path], config=config, key=KEY)
        tables = ("events", "pair_days", "parties", "rejects")
        found.append((done, *(store.read(table).to_dicts() for table in tables)))
        store.close()
    assert found[0] == found[1]
    details = found[0][0][-1].details
    assert (details["second_legs"], details["repeated_rows"]) == (1, 1)
    reasons = {row["reason"] for row in found[0][4]}
    assert {"self_call", "missing_party", "short_code", "service_number", "unreadable_time"} <= reasons


def test_a_known_file_under_another_name_changes_nothing(tmp_path, monkeypatch):
    """It is read before it is known, whether its ids are numbered or not."""
    path, copy = tmp_path / "log.csv", tmp_path / "copy.csv"
    path.write_text(DIRT)
    copy.write_text(DIRT)
    store = DuckDBWarehouse()
    import_logs(store, [path], config=Config(), key=KEY)
    before = {table: store.read(table).to_dicts() for table in ("events", "pair_days", "parties", "rejects", "sources")}
    for large in (1 << 40, 0):
        monkeypatch.setattr(reading, "_LARGE", large)
        done = import_logs(store, [copy, path], config=Config(), key=KEY)
        assert [d.details for d in done] == [{"file_seen_before": 14}] * 2
    assert before == {table: store.read(table).to_dicts() for table in before}
    left = store.query_text("SELECT table_name AS n FROM duckdb_tables() WHERE temporary")["n"].to_list()
    assert not left, "no id as it came in stays in memory"
    store.close()


def test_what_a_large_file_left_in_the_log_is_in_the_database(tmp_path, monkeypatch):
    path, database = tmp_path / "log.csv", tmp_path / "kindred.duckdb"
    path.write_text(DIRT)
    monkeypatch.setattr(importer, "_MANY", 1)
    store = DuckDBWarehouse(database)
    limit = store.query_text("SELECT current_setting('max_vacuum_tasks') AS n")["n"][0]
    import_logs(store, [path], config=Config(), key=KEY)
    wal = tmp_path / "kindred.duckdb.wal"
    assert not wal.exists() or wal.stat().st_size == 0
    assert store.query_text("SELECT current_setting('max_vacuum_tasks') AS n")["n"][0] == limit
    rows = store.read("events").to_dicts()
    store.close()
    again = DuckDBWarehouse(database, read_only=True)
    assert again.read("events").to_dicts() == rows
    again.close()


def test_days_of_which_only_events_are_known_are_not_summed_again(tmp_path):
    """Who opted out has events and no pair-days; back among the others, the old days stay without them."""
    store = DuckDBWarehouse()
    for name, rows in (
        ("first", "ann,bob,2024-01-02 10:00:00,60\ncid,dan,2024-01-03 10:00:00,60\n"),
        ("second", "eva,fay,2024-01-02 20:00:00,30\n"),
    ):
        (tmp_path / f"{name}.csv").write_text(HEADER + rows)
    import_logs(store, [tmp_path / "first.csv"], config=Config(), key=KEY)
    store.execute_text("DELETE FROM pair_days WHERE day = DATE '2024-01-02'")
    import_logs(store, [tmp_path / "second.csv"], config=Config(), key=KEY)
    days = store.query_text("SELECT day, talk_s FROM pair_days ORDER BY ALL").rows()
    assert [(str(day), talk) for day, talk in days] == [("2024-01-02", 30), ("2024-01-03", 60)]
    store.close()


@pytest.mark.parametrize(
    ("ids", "numbered"),
    [
        (["+36201000001", "0036201000002", "36201000003", "1818", "7"], True),
        (["+36201000001", "0036201000002", "36201000003", "1818", "anonymous"], True),
        (["+36201000001", "ann", "bob", "1818", "7"], False),
        ([f"{i:064x}" for i in range(10, 15)], False),
    ],
)
def test_ids_are_numbered_where_most_are_phone_numbers(tmp_path, monkeypatch, ids, numbered):
    path = tmp_path / "log.csv"
    path.write_text(HEADER + "".join(f"{i},{i},2024-01-01 10:00:00,60\n" for i in ids))
    with forms.plain(path) as form:
        read = recognise.recognise(form, [generic()])
    store = DuckDBWarehouse()
    params = parameters(read.profile, {}, Config(), UTC)
    for large, wanted in ((0, numbered), (1 << 40, False)):
        monkeypatch.setattr(reading, "_LARGE", large)
        (piece,) = reading.read_rows(store, read, lambda: read_content(path), params)
        assert (piece.numbered is not None) == wanted
    store.close()


def test_a_data_session_is_that_of_its_row_whichever_its_direction(tmp_path, monkeypatch):
    path = tmp_path / "log.csv"
    path.write_text(
        "kind,caller,callee,started_at,duration_s,direction\n"
        "data,ann,,2024-01-02 10:00:00,,in\ndata,bob,web,2024-01-02 10:00:00,,in\n"
        "call,cid,ann,2024-01-02 11:00:00,9,in\n"
    )
    for large in (1 << 40, 0):
        monkeypatch.setattr(reading, "_LARGE", large)
        monkeypatch.setattr(reading, "_MOSTLY", 0)
        store = DuckDBWarehouse()
        config = Config(ids=Ids(pseudonymise="none"))
        assert import_logs(store, [path], config=config, key=KEY)[0].rows_kept == 3
        found = store.query_text(
            "SELECT a.party_id, b.party_id AS b FROM events AS e JOIN parties AS a ON a.node = e.caller "
            "LEFT JOIN parties AS b ON b.node = e.callee ORDER BY ALL"
        )
        assert found.rows() == [("ann", "cid"), ("ann", None), ("bob", None)]
        store.close()


def test_no_byte_of_what_was_handed_over_is_held():
    """The database frees a batch as a whole: one column of it would keep the texts of all ids in memory."""
    block = np.zeros(1024, np.uint8)
    held = weakref.ref(block)
    block[:8] = 0b11
    block[64:76] = np.array([0, 3, 6], np.int32).view(np.uint8)
    block[128:134] = np.frombuffer(b"annbob", np.uint8)
    parts = [pa.py_buffer(block[start:stop]) for start, stop in ((0, 8), (64, 76), (128, 134), (256, 272))]
    ids = pa.Array.from_buffers(pa.string(), 2, parts[:3])
    times = pa.Array.from_buffers(pa.timestamp("us"), 2, [parts[0], parts[3]])
    rows = numbers.NumberedRows()
    batches = [pa.RecordBatch.from_pydict({"caller": ids, "callee": ids, "started_at": times})]
    del block, parts, ids, times
    rows.read(iter([batches.pop()]))
    assert held() is None
    assert rows.table().select(["caller", "callee", "row_id"]).to_pydict() == {
        "caller": [0, 1], "callee": [0, 1], "row_id": [0, 1],
    }  # fmt: skip


def test_what_is_no_number_in_parquet_is_shown_alike(tmp_path, monkeypatch):
    """Statistics of a Parquet file say nothing of it, and whoever goes by them takes it for a small number."""
    path = tmp_path / "log.parquet"
    start = pa.array([1_704_190_000_000_000] * 3, pa.timestamp("us"))
    ids = pa.array(["ann", "ann", "bob"])
    seconds = pa.array([60.0, float("nan"), float("nan")])
    names = ["caller", "callee", "started_at", "duration_s", "answered"]
    answered = pa.array(["yes", "yes", "no"])
    pq.write_table(pa.table([ids, pa.array(["bob", "ann", "ann"]), start, seconds, answered], names), path)
    for large in (1 << 40, 0):
        monkeypatch.setattr(reading, "_LARGE", large)
        monkeypatch.setattr(reading, "_MOSTLY", 0)
        store = DuckDBWarehouse()
        import_logs(store, [path], config=Config(), key=KEY)
        rejects = store.read("rejects").select("reason", "raw").rows()
        assert [reason for reason, _ in rejects] == ["self_call", "unreadable_duration"]
        assert all(raw.endswith(",aaa") for _, raw in rejects)
        store.close()

"""A file larger than memory is read piece by piece: no table, count or row number may tell."""

from __future__ import annotations

import gzip
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine import forms
from engine.config import Config, Ids, Logs
from engine.logs import pieces, reading, recognise, repeats, staging
from engine.logs.importer import import_logs
from engine.logs.mapping import generic
from engine.warehouse.duckdb import DuckDBWarehouse
from tests.bench.bench_import import make_log

KEY = bytes(range(32))
TABLES = ("events", "pair_days", "parties", "rejects")
HEADER = "kind,caller,callee,started_at,duration_s,caller_tac,callee_imei,caller_cell,call_id"
# Two months apart at most, most of them around one midnight, so that legs and repeats cross days and pieces.
_SECONDS = st.one_of(st.integers(-45, 45), st.sampled_from([-86_400, 86_400, 40 * 86_400]))
_PEOPLE = ["+36201000001", "0036201000001", "+36201000002", "+36201000003", "1818", "ann", ""]


@st.composite
def lines(draw):
    """Rows with every dirt, some of them twice and some seen from the other end."""
    found = []
    for _ in range(draw(st.integers(1, 12))):
        at = datetime(2024, 1, 2) + timedelta(seconds=draw(_SECONDS))
        a, b = draw(st.sampled_from(_PEOPLE)), draw(st.sampled_from(_PEOPLE))
        rest = [
            draw(st.sampled_from(["0", "60", "61", "-5", "x"])),
            draw(st.sampled_from(["", "1130000", "35672011"])),
            draw(st.sampled_from(["", "352099001761481", "352099001761490"])),
            draw(st.sampled_from(["", "north", "south"])),
            draw(st.sampled_from(["", "", "", "c1", "c2"])),
        ]
        kind = draw(st.sampled_from(["call", "call", "call", "text", "data", "fax"]))
        found.append(",".join([kind, a, b, f"{at:%Y-%m-%d %H:%M:%S}", *rest]))
        if draw(st.booleans()):
            later = at + timedelta(seconds=draw(st.integers(0, 31)))
            found.append(",".join([kind, b, a, f"{later:%Y-%m-%d %H:%M:%S}", *rest]))
    found += draw(st.lists(st.sampled_from([*found, "cut,off", '"open,quote', "a,b,c\udcff", ""]), max_size=5))
    return draw(st.permutations(found))


def tables(paths: list[Path], config: Config) -> list[object]:
    store = DuckDBWarehouse(threads=2)
    done = import_logs(store, paths, config=config, key=KEY)
    found = [[(s.rows_in, s.rows_kept, s.rows_duplicate, s.rows_rejected, s.details) for s in done]]
    found += [store.read(table).rows() for table in TABLES]
    store.close()
    return found


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=lines(), second=lines(), size=st.integers(150, 900), packed=st.booleans(), short=st.integers(0, 7))
def test_pieces_give_the_tables_of_the_whole_file(tmp_path, first, second, size, packed, short):
    paths = []
    for name, rows in (("first", first), ("second", second)):
        text = ("\n".join([HEADER, "call,+36201000009,+36201000008,2024-01-05 10:00:00,7,,,,", *rows]) + "\n").encode(
            errors="surrogateescape"
        )
        paths.append(tmp_path / f"{name}.csv{'.gz' if packed else ''}")
        paths[-1].write_bytes(gzip.compress(text, mtime=0) if packed else text)
    config = Config(logs=Logs(short_code_digits=short, service_numbers="+36201000003" if short == 3 else ""))
    whole = tables(paths, config)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "_LARGE", 0)
        patch.setattr(reading, "_MOSTLY", 0)
        assert tables(paths, config) == whole, "with numbers for ids"
        patch.setattr(staging, "memory", lambda store: size * reading._SHARE)
        patch.setattr(repeats, "_keys_at_once", lambda memory: 3)
        patch.setattr(staging, "_ROWS", 5)
        assert tables(paths, config) == whole


@pytest.mark.parametrize("size", [1, 7, 40, 1000])
@pytest.mark.parametrize("packed", [False, True])
def test_pieces_hold_every_byte_once_and_end_with_lines(tmp_path, size, packed):
    text = b"one line above\ncaller,callee,started_at,duration_s\n" + b"a,b,2024-01-01 10:00:00,60\n\n" * 9 + b'"c'
    path = tmp_path / "log.csv"
    path.write_bytes(gzip.compress(text) if packed else text)
    profile = generic()
    with forms.plain(path) as form:
        read = recognise.recognise(form, [type(profile)(**{**vars(profile), "skip": 1})])
    found = []
    for piece, content, notes in pieces.stream(read, *pieces.unpacked(read, size), size):
        data = piece.layout.path.read_bytes()
        found.append(gzip.decompress(data) if piece.layout.packing else data)
        assert notes == {}
        if piece is read and not packed:
            assert content is None
        else:
            assert content.newlines == found[-1].count(b"\n")
            assert content.ends_in_newline == found[-1].endswith(b"\n")
        assert piece.layout.skip == (2 if len(found) == 1 else 0)
    assert b"".join(found) == text
    assert all(data.endswith(b"\n") for data in found[:-1])
    assert (len(found) > 1) == (size < len(text) and (packed or size < path.stat().st_size))


@pytest.mark.parametrize("damaged", [False, True])
@pytest.mark.parametrize(
    ("line", "caller", "duration"),
    [
        ("a,b,2024-01-01 10:00:00,60,", "a", 60),
        ('a,b,2024-01-01 10:00:00,60,,""', "a", 60),
        (' "a",b,2024-01-01 10:00:00, "60" ', "a", 60),
        ('a "x",b,2024-01-01 10:00:00,60', 'a "x"', 60),
        ('"a ""x""",b,2024-01-01 10:00:00,60', 'a "x"', 60),
        ("a,b,2024-01-01 10:00:00,60, ", "a", 60),
        ("a,b,2024-01-01 10:00:00,60,x", None, None),
        (' "",b,2024-01-01 10:00:00,60', None, None),
        ('a,b,2024-01-01 10:00:00,"60', None, None),
        ('"ann,b,2024-01-01 10:00:00,60', None, None),
    ],
)
def test_a_damaged_line_elsewhere_changes_no_row(tmp_path, line, caller, duration, damaged):
    path = tmp_path / "log.csv"
    path.write_text(
        "\n".join(["caller,callee,started_at,duration_s", line, *['"cut'] * damaged, "k,l,2024-01-02,5", ""])
    )
    store = DuckDBWarehouse(threads=1)
    import_logs(store, [path], config=Config(ids=Ids(pseudonymise="none")), key=KEY)
    found = store.query_text(
        "SELECT p.party_id, e.duration_s FROM events AS e JOIN parties AS p ON p.node = e.caller WHERE duration_s <> 5"
    )
    assert found.rows() == ([(caller, duration)] if caller else [])
    store.close()


def test_a_cut_archive_in_pieces_keeps_the_rows_before_the_cut(tmp_path, monkeypatch):
    rows = [f"a{i},b{i},2024-01-01 10:00:00,60" for i in range(20_000)]
    packed = gzip.compress(("\n".join(["caller,callee,started_at,duration_s", *rows]) + "\n").encode(), mtime=0)
    path = tmp_path / "cut.csv.gz"
    path.write_bytes(packed[: len(packed) * 2 // 3])
    whole = tables([path], Config())
    monkeypatch.setattr(staging, "memory", lambda store: 50_000 * reading._SHARE)
    assert tables([path], Config()) == whole
    assert whole[0][0][4]["cut_short"] == 1


def test_row_groups_of_a_parquet_file_are_pieces(tmp_path, monkeypatch):
    start = datetime(2024, 1, 1, 23, 59)
    frame = pl.DataFrame(
        {
            "caller": [f"p{i % 7}" for i in range(500)],
            "callee": [f"p{i % 5}" for i in range(500)],
            "started_at": [start + timedelta(seconds=i // 3) for i in range(500)],
            "duration_s": [60 + i % 2 for i in range(500)],
        }
    )
    path = tmp_path / "log.parquet"
    frame.write_parquet(path, row_group_size=50)
    whole = tables([path], Config())
    monkeypatch.setattr(staging, "memory", lambda store: 8 * 2000)
    assert tables([path], Config()) == whole
    assert whole[0][0][4]["second_legs"] > 0


def test_rows_keep_their_numbers_however_many_threads_read(tmp_path):
    path = tmp_path / "log.csv"
    duckdb.execute(
        f"""COPY (
            SELECT
                '+3620' || lpad(i::VARCHAR, 7, '0') AS caller,
                '+3620' || lpad(CASE WHEN i % 1000 = 999 THEN i ELSE i + 1 END::VARCHAR, 7, '0') AS callee,
                TIMESTAMP '2024-01-01' + to_seconds(i) AS started_at, 60 AS duration_s
            FROM range(1000000) AS r(i)
        ) TO '{path}' (HEADER)"""  # noqa: S608
    )
    store = DuckDBWarehouse(threads=4)
    import_logs(store, [path], config=Config(), key=KEY)
    assert store.read("rejects")["row_number"].to_list() == list(range(1000, 1_000_001, 1000))
    store.close()


def test_a_large_file_comes_in_through_little_memory(tmp_path):
    path = tmp_path / "log.csv"
    make_log(path, 600_000)
    sums = """
        SELECT count(*), bit_xor(hash(caller, callee, started_at, duration_s, answered)) FROM events
        UNION ALL SELECT count(*), bit_xor(hash(src, dst, day, n_calls, talk_s)) FROM pair_days
        UNION ALL SELECT count(*), bit_xor(hash(node, party_id)) FROM parties
        UNION ALL SELECT count(*), bit_xor(hash(row_number, reason, raw)) FROM rejects
    """
    found = []
    # With all of the file's rows in one hash table 30 MB were not enough.
    for memory in ("", "30MB"):
        store = DuckDBWarehouse(tmp_path / f"{memory}.duckdb", threads=2, memory=memory, scratch=tmp_path / "scratch")
        done = import_logs(store, [path], config=Config(), key=KEY)[0]
        found.append((done.details, store.query_text(sums).rows()))
        store.close()
    assert found[0] == found[1]
    assert found[0][0]["second_legs"] > 20_000


@pytest.mark.slow
def test_a_large_file_comes_again_through_little_memory(tmp_path):
    path, packed, database = tmp_path / "log.csv", tmp_path / "log.csv.gz", tmp_path / "store.duckdb"
    duckdb.execute(
        f"""COPY (
            SELECT
                'p' || i % 20000 AS caller, 'q' || i % 19997 AS callee,
                TIMESTAMP '2024-01-01' + to_seconds(i * 20) AS started_at, 60 AS duration_s
            FROM range(400000) AS r(i)
        ) TO '{path}' (HEADER)"""  # noqa: S608
    )
    packed.write_bytes(gzip.compress(path.read_bytes(), 1))
    store = DuckDBWarehouse(database, threads=2)
    import_logs(store, [path], config=Config(), key=KEY)
    store.close()
    # All of its rows are suspects: their places in one hash table took more.
    store = DuckDBWarehouse(database, threads=2, memory="40MB", scratch=tmp_path / "scratch")
    again = import_logs(store, [packed], config=Config(), key=KEY)[0]
    assert again.details == {"repeated_rows": 400_000}
    assert store.count("events") == 400_000
    store.close()

"""Second legs, repeats, texts with ids, short codes and sums of pairs, against a plain oracle."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.config import Config, Ids, Logs
from engine.errors import InputError
from engine.logs.importer import import_logs
from engine.warehouse.duckdb import DuckDBWarehouse

KEY = bytes(32)
START = datetime(2024, 1, 15, 10)
few = settings(max_examples=8, deadline=None)


def imported(folder, *files, header="kind,caller,callee,started_at,duration_s,call_id", logs=None, mapping=None):
    """Summaries of files (lists of lines), and the events: kind, caller, callee, start, seconds."""
    store = DuckDBWarehouse(threads=1)
    try:
        done = []
        for number, lines in enumerate(files):
            path = folder / f"{number}.csv"
            path.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
            config = Config(ids=Ids(pseudonymise="none"), logs=logs or Logs())
            done += import_logs(store, [path], config=config, key=KEY, mapping=mapping)
        query = """SELECT e.kind, p.party_id, q.party_id AS callee_id, started_at, duration_s
            FROM events e JOIN parties p ON e.caller = p.node JOIN parties q ON e.callee = q.node ORDER BY ALL"""
        return done, store.query_text(query).rows()
    finally:
        store.close()


EVENTS = st.tuples(
    st.sampled_from(["call", "call", "call", "text"]),
    st.sampled_from([("a", "b"), ("b", "a"), ("a", "c")]),
    st.integers(0, 60) | st.integers(250, 350),
    st.sampled_from([0, 5, 6, 7, 30, 31]),
    st.sampled_from(["", "", "0", "NULL", "x1", "x2", "x3"]),
)


def counted(rows):
    """Repeated rows and second legs, by the rules in words."""
    rows = [(k, p, at, s if k == "call" else 0, "" if c in ("0", "NULL") else c) for k, p, at, s, c in rows]
    once, known = [], set()
    for kind, pair, at, seconds, call in rows:
        # A text with an id of its own is another text.
        key = (kind, pair, at, seconds, call if kind == "text" else "")
        if key not in known:
            known.add(key)
            once.append((kind, pair, at, seconds, call))
    legs = 0
    for i, (kind, pair, at, seconds, call) in enumerate(once):
        for j, (kind2, pair2, at2, seconds2, call2) in enumerate(once):
            if kind != kind2 or set(pair) != set(pair2) or (at2, pair2[0], seconds2, j) >= (at, pair[0], seconds, i):
                continue
            overlap = at < at2 + seconds2
            if call and call2:
                if call == call2 and at - at2 <= 300 and (overlap or not seconds or not seconds2):
                    legs += 1
                    break
            elif (
                kind == "call" and seconds and seconds2 and overlap and at - at2 <= 30 and abs(seconds - seconds2) <= 1
            ):
                legs += 1
                break
    return len(rows) - len(once), legs


@few
@given(st.lists(EVENTS, min_size=1, max_size=25))
def test_repeats_and_second_legs_are_counted_apart(tmp_path_factory, rows):
    lines = [
        f"{kind},{a},{b},{START + timedelta(seconds=at):%Y-%m-%d %H:%M:%S},{seconds},{call}"
        for kind, (a, b), at, seconds, call in rows
    ]
    (done,), events = imported(tmp_path_factory.mktemp("legs"), lines)
    found = done.details.get("repeated_rows", 0), done.details.get("second_legs", 0)
    assert found == counted(rows)
    assert len(events) == done.rows_kept == len(rows) - sum(found)


def test_who_dials_again_makes_another_call(tmp_path):
    lines = [f"call,a,b,2024-01-15 10:00:{s:02d},{d}," for s, d in ((0, 5), (12, 5), (25, 6))]
    lines += ["call,a,c,2024-01-15 11:00:00,0,", "call,a,c,2024-01-15 11:00:12,0,"]
    (done,), _ = imported(tmp_path, lines)
    assert (done.rows_kept, done.rows_duplicate) == (5, 0)


def test_a_long_call_in_pieces_keeps_its_talk(tmp_path):
    pieces = [("10:00:00", 1800), ("10:30:00", 1800), ("11:00:00", 600)]
    for call in ("", "p1"):
        (done,), events = imported(tmp_path, [f"call,a,b,2024-01-15 {at},{s},{call}" for at, s in pieces])
        assert sum(event[4] for event in events) == 4200, call
        assert done.rows_kept == 3


def test_an_id_that_comes_again_is_another_call(tmp_path):
    days = ["2024-01-15 10:00:00", "2024-03-20 18:00:00", "2024-04-02 09:00:00", "2024-04-02 09:05:01"]
    for call in ("17", "0", "NULL", ""):
        (done,), _ = imported(tmp_path, [f"call,a,b,{day},6{i},{call}" for i, day in enumerate(days)])
        assert done.rows_kept == 4, call
    near = ["call,a,b,2024-01-15 10:00:00,600,x", "call,b,a,2024-01-15 10:04:00,300,x"]
    assert imported(tmp_path, near)[0][0].rows_kept == 1
    assert imported(tmp_path, near, logs=Logs(call_id_window_s=60))[0][0].rows_kept == 2


def test_texts_with_ids_are_so_many_texts_also_where_months_overlap(tmp_path):
    header = "kind,caller,callee,started_at,call_id"
    lines = [f"text,a,b,2024-01-15 10:00:00,s{i}" for i in range(3)]
    (first, again), events = imported(tmp_path, lines[:2], [*lines, "text,b,a,2024-01-15 10:00:00,s9"], header=header)
    assert (first.rows_kept, again.rows_kept, again.rows_duplicate) == (2, 2, 2)
    assert len(events) == 4
    (plain,), _ = imported(tmp_path, [f"text,a,b,2024-01-15 10:00:00,{i}" for i in ("", "", "0")], header=header)
    assert (plain.rows_kept, plain.rows_duplicate) == (1, 2)


PARTIES = st.sampled_from(
    ["204", "1818", "*97", "+36201234567", "0036301112222", "06201234567", "36205550001", "ann", "12345678"]
)


@few
@given(
    st.lists(st.tuples(PARTIES, PARTIES), min_size=1, max_size=12),
    st.integers(0, 12),
    st.sampled_from(["auto", "keep", "drop", "extensions"]),
)
def test_a_short_code_is_judged_by_its_row_alone(tmp_path_factory, pairs, cut, how):
    """By day or by month, alone or among others: the same rows stay."""
    folder = tmp_path_factory.mktemp("short")
    mapping = folder / "m.toml"
    columns = "\n".join(f'{c} = "{c}"' for c in ("caller", "callee", "started_at", "duration_s"))
    mapping.write_text(f"extensions = {str(how == 'extensions').lower()}\n[columns]\n{columns}\n")
    logs = Logs(short_codes="auto" if how == "extensions" else how)
    header = "caller,callee,started_at,duration_s"
    lines = [f"{a},{b},2024-01-15 {10 + i}:00:00,60" for i, (a, b) in enumerate(pairs)]
    more = ["x1,x2,2024-01-16 10:00:00,60"]  # so that no file is refused as a whole
    found = []
    for part in (lines, lines[:cut], lines[cut:]):
        (done,), _ = imported(folder, [*part, *more], header=header, logs=logs, mapping=mapping)
        found.append(done.details.get("rejected_short_code", 0))
    wanted = 0
    for a, b in pairs:
        short = {"204", "1818", "*97"} & {a, b}
        number = {"+36201234567", "0036301112222", "06201234567", "36205550001"} & {a, b}
        rule = {"auto": short and number, "keep": False, "drop": short, "extensions": "*97" in (a, b)}[how]
        wanted += bool(rule and a != b)
    assert found[0] == wanted == found[1] + found[2]


@pytest.mark.parametrize(
    ("header", "row", "says"),
    [
        ("caller,callee,call_time,duration_s", "a,b,2024-01-15 10:00:00,60", "call_time reads as times"),
        ("from,to,date,seconds", "a,b,15.01.2024 10:00,60", "date reads as times"),
        ("src,dst,calldate,calls", "a,b,2024-01-15,60", "calldate reads as times"),
        ("src,dst,epoch,calls", "a,b,1705312800,60", "epoch reads as times"),
        ("src,dst,talk_s,zzz", "a,b,60,3", "zzz may be one"),
    ],
)
def test_a_table_of_events_is_never_taken_for_sums(tmp_path, header, row, says):
    path = tmp_path / "e.csv"
    path.write_text(f"{header}\n{row}\n")
    store = DuckDBWarehouse(threads=1)
    with pytest.raises(InputError, match=says):
        import_logs(store, [path], config=Config(), key=KEY, options={"epoch": START.date()})
    if "zzz" not in header:
        pl.read_csv(path, try_parse_dates=True).write_parquet(tmp_path / "e.parquet")
        with pytest.raises(InputError, match="reads as times"):
            import_logs(store, [tmp_path / "e.parquet"], config=Config(), key=KEY, options={"epoch": START.date()})
    store.close()


def test_sums_use_their_counts(tmp_path):
    path = tmp_path / "e.csv"
    path.write_text("src,dst,num_calls,talk_s,sms\n1,2,5,300,7\n")
    store = DuckDBWarehouse(threads=1)
    import_logs(store, [path], config=Config(), key=KEY, options={"epoch": START.date()})
    assert store.read("pair_days").select("n_calls", "talk_s", "n_texts").rows() == [(5, 300, 7)]
    store.close()

"""Call records: cleaning with planted dirt, formats, repeats, legs, parties and pair-days."""

from __future__ import annotations

import csv
import gzip
import hmac
import os
import random
from collections import defaultdict
from contextlib import contextmanager
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from engine.config import Config, Ids, Logs
from engine.errors import InputError
from engine.logs import importer, staging
from engine.logs.importer import import_logs
from engine.warehouse.duckdb import DuckDBWarehouse

KEY = bytes(range(32))
HEADER = "caller,callee,started_at,duration_s"


def write(path: Path, *lines: str, header: str = HEADER) -> Path:
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def load(store, *paths, config=None, **more):
    return import_logs(store, list(paths), config=config or Config(), key=KEY, **more)


def test_planted_dirt_is_counted_exactly(store, tmp_path):
    path = write(
        tmp_path / "calls.csv",
        "ann,bob,2024-01-01 10:00:00,60",
        "ann,bob,2024-01-01 10:00:00,60",  # the same row again
        "bob,ann,2024-01-01 10:00:05,61",  # the other leg of the first
        "ann,bob,2024-01-01 10:00:36,60",  # 31 s after the later leg: another call
        "ann,ann,2024-01-01 11:00:00,60",
        ",bob,2024-01-01 11:00:00,60",
        "ann,,2024-01-01 11:00:00,60",
        "ann,bob,2024-13-01 11:00:00,60",
        "ann,bob,1970-01-01 11:00:00,60",
        "ann,bob,2024-01-01 12:00:00,-5",
        "ann,bob,2024-01-01 12:00:00,soon",
        "ann,bob,2024-01-01 13:00:00,-1",  # missed
        "bob,ann,2024-01-01 13:00:02,0",  # missed too: crossing missed calls are two
        "ann,bob,2024-01-01",  # cut
    )
    (summary,) = load(store, path)
    assert (summary.rows_in, summary.rows_kept, summary.rows_duplicate, summary.rows_rejected) == (14, 4, 2, 8)
    assert summary.details == {
        "repeated_rows": 1,
        "second_legs": 1,
        "missed_calls": 2,
        "rejected_self_call": 1,
        "rejected_missing_party": 2,
        "rejected_unreadable_time": 1,
        "rejected_time_out_of_window": 1,
        "rejected_negative_duration": 1,
        "rejected_unreadable_duration": 1,
        "rejected_wrong_columns": 1,
    }
    rejects = store.read("rejects")
    assert rejects["row_number"].to_list() == [5, 6, 7, 8, 9, 10, 11, 14]
    assert rejects["reason"][7] == "wrong_columns"
    events = store.read("events")
    assert sorted(events["duration_s"].to_list()) == [0, 0, 60, 60]
    assert events.filter(~events["answered"]).height == 2


def test_importing_again_changes_nothing(store, tmp_path):
    path = write(
        tmp_path / "a.csv", "a,b,2024-01-01 10:00:00,60", "b,a,2024-01-02 10:00:00,9", "a,b,2024-01-03 1:00:00,0"
    )
    load(store, path)
    before = [store.read(t) for t in ("events", "pair_days", "parties", "sources")]
    again = load(store, path)[0]
    assert (again.rows_in, again.rows_kept, again.rows_duplicate) == (3, 0, 3)
    copy = write(
        tmp_path / "b.csv", "b,a,2024-01-02 10:00:00,9", "a,b,2024-01-01 10:00:00,60", "b,a,2024-01-04 1:00:00,5"
    )
    other = load(store, copy)[0]
    assert (other.rows_in, other.rows_kept, other.rows_duplicate) == (3, 1, 2)
    after = [store.read(t) for t in ("events", "pair_days", "parties")]
    assert after[0].height == before[0].height + 1
    assert after[1].height == before[1].height + 1
    assert after[2].equals(before[2])


def test_an_earlier_leg_that_comes_later_takes_the_place(store, tmp_path):
    late = write(tmp_path / "late.csv", "b,a,2024-01-02 00:00:10,60")
    early = write(tmp_path / "early.csv", "a,b,2024-01-01 23:59:50,60")
    load(store, late)
    summary = load(store, early)[0]
    assert summary.details["replaced_by_earlier_leg"] == 1
    days = store.read("pair_days").to_dicts()
    nodes = dict(store.read("parties").select("party_id", "node").iter_rows())
    expected = {"src": nodes["a"], "dst": nodes["b"], "day": date(2024, 1, 1), "n_calls": 1, "talk_s": 60, "n_texts": 0}
    assert days == [expected]
    assert store.count("events") == 1


def test_phone_numbers_written_differently_are_one_person(store, tmp_path):
    lines = ["+36 20 123 4567,0036301112222,2024-01-01 10:00:00,60", "06201234567,+36301112222,2024-01-02 10:00:00,60"]
    path = write(tmp_path / "calls.csv", *lines)
    load(store, path, config=Config(ids=Ids(region="HU")))
    expected = {hmac.new(KEY, n, sha256).hexdigest()[:32] for n in (b"+36201234567", b"+36301112222")}
    assert set(store.read("parties")["party_id"]) == expected


@pytest.mark.parametrize(("mode", "hidden"), [("auto", {1, 2}), ("all", {0, 1, 2}), ("none", set())])
def test_who_is_pseudonymised(store, tmp_path, mode, hidden):
    ids = ["C0001", "ann@example.org", "+36201234567"]
    path = write(
        tmp_path / "c.csv", f"{ids[0]},{ids[1]},2024-01-01 10:00:00,60", f"{ids[2]},{ids[0]},2024-01-01 11:00:00,0"
    )
    load(store, path, config=Config(ids=Ids(pseudonymise=mode)))
    named = {hmac.new(KEY, n.encode(), sha256).hexdigest()[:32] if i in hidden else n for i, n in enumerate(ids)}
    assert set(store.read("parties")["party_id"]) == named


def test_short_codes_go_only_where_ids_are_phone_numbers(store, tmp_path):
    numbers = [f"+3620100{i:04d},+3620200{i:04d},2024-01-01 10:00:00,60" for i in range(20)]
    path = write(tmp_path / "phones.csv", *numbers, "+36201000001,1818,2024-01-01 10:00:00,60")
    summary = load(store, path)[0]
    assert summary.details["rejected_short_code"] == 1
    assert "1818" not in "".join(store.read("rejects")["raw"])
    other = write(tmp_path / "small.csv", "12,34,2024-01-01 10:00:00,60")
    assert load(store, other)[0].rows_kept == 1


def test_rows_of_listed_service_numbers_are_rejected_however_they_are_written(store, tmp_path):
    lines = [
        "+36201234567,+36301112222,2024-01-01 10:00:00,60",
        "+36201234567,06 1 555 0000,2024-01-01 11:00:00,60",
        "0036 1 555 0000,+36301112222,2024-01-01 12:00:00,60",
        "helpdesk,+36301112222,2024-01-01 13:00:00,60",
        "+36301112222,+36301113333,2024-01-01 14:00:00,60",
    ]
    config = Config(ids=Ids(region="HU"), logs=Logs(service_numbers="+36 1 555 0000\nhelpdesk, 06 1 555 9999"))
    summary = load(store, write(tmp_path / "calls.csv", *lines), config=config)[0]
    assert (summary.rows_in, summary.rows_kept, summary.rows_rejected) == (5, 2, 3)
    assert summary.details["rejected_service_number"] == 3
    assert store.count("parties") == 3
    assert "555" not in "".join(store.read("rejects")["raw"])


def test_known_nodes_stay_and_new_ones_follow_in_order(store, tmp_path):
    load(store, write(tmp_path / "1.csv", "m,z,2024-01-01 10:00:00,60"))
    load(store, write(tmp_path / "2.csv", "b,m,2024-01-05 10:00:00,60", "a,z,2024-01-05 10:00:00,60"))
    assert dict(store.read("parties").select("party_id", "node").iter_rows()) == {"m": 0, "z": 1, "a": 2, "b": 3}


def test_tac_from_numbers_and_from_imei(store, tmp_path):
    path = write(
        tmp_path / "t.csv",
        "a,b,2024-01-01 10:00:00,60,1130000,35-209900-176148-1",
        "c,d,2024-01-01 10:00:00,60,35672011.0,junk",
        header=HEADER + ",caller_tac,callee_imei",
    )
    load(store, path)
    events = store.read("events")
    assert events["caller_tac"].to_list() == ["01130000", "35672011"]
    assert events["callee_tac"].to_list() == ["35209900", None]
    expected = hmac.new(KEY, b"35209900176148", sha256).hexdigest()[:32]
    assert events["callee_device"].to_list() == [expected, None]


@pytest.mark.parametrize("form", ["csv", "gz", "zst", "tsv", "parquet", "semicolon"])
def test_every_packing_reads_the_same(store, tmp_path, form):
    rows = [("a", "b", "2024-01-01 10:00:00", "60"), ("b", "c", "2024-01-02 10:00:00", "0")]
    text = "\n".join(",".join(r) for r in [HEADER.split(","), *rows]) + "\n"
    path = tmp_path / f"log.{form}"
    if form == "gz":
        path.write_bytes(gzip.compress(text.encode()))
    elif form == "zst":
        import pyarrow as pa

        with pa.CompressedOutputStream(str(path), "zstd") as stream:
            stream.write(text.encode())
    elif form == "parquet":
        import polars as pl

        frame = pl.read_csv(text.encode(), try_parse_dates=True)
        frame.write_parquet(path)
    else:
        path.write_text(text.replace(",", {"tsv": "\t", "semicolon": ";"}.get(form, ",")))
    summary = load(store, path)[0]
    assert (summary.rows_in, summary.rows_kept) == (2, 2)
    assert store.read("events")["started_at"].to_list() == [datetime(2024, 1, 1, 10), datetime(2024, 1, 2, 10)]


def test_a_cut_archive_keeps_the_rows_before_the_cut(store, tmp_path):
    lines = [f"a{i},b{i},2024-01-01 10:00:00,60" for i in range(20000)]
    packed = gzip.compress(("\n".join([HEADER, *lines]) + "\n").encode())
    path = tmp_path / "cut.csv.gz"
    path.write_bytes(packed[: len(packed) * 2 // 3])
    summary = load(store, path)[0]
    assert summary.details["cut_short"] == 1
    assert 5000 < summary.rows_kept < 20000
    assert summary.rows_in == summary.rows_kept + summary.rows_rejected
    assert summary.rows_rejected <= 1


def test_mapping_file_with_local_time_and_other_names(store, tmp_path):
    (tmp_path / "map.toml").write_text(
        'delimiter = ";"\n[columns]\ncaller = "A"\ncallee = "B"\nstarted_at = "When"\nduration_s = "Minutes"\n'
        '[time]\nformats = ["%d.%m.%Y %H:%M"]\ntimezone = "Europe/Budapest"\n[duration]\nseconds_per_unit = 60\n'
    )
    path = write(tmp_path / "x.csv", "a;b;02.07.2024 10:00;1.5", header="A;B;When;Minutes")
    load(store, path, mapping=tmp_path / "map.toml")
    event = store.read("events").row(0, named=True)
    assert (event["started_at"], event["duration_s"]) == (datetime(2024, 7, 2, 8), 90)


def test_quotes_and_broken_bytes_lose_no_row(store, tmp_path):
    path = tmp_path / "q.csv"
    path.write_bytes(
        b'caller,callee,started_at,duration_s\n"a",b,2024-01-01 10:00:00,60\n"a,b,2024-01-01 11:00:00,60\n'
        b'c,\xff\xfe,2024-01-01 10:00:00,60\nc,d,2024-01-01 10:00:00,60\r\n\n"c,1",d,2024-01-01 10:00:00,60'
    )
    summary = load(store, path, config=Config(ids=Ids(pseudonymise="none")))[0]
    assert (summary.rows_in, summary.rows_kept, summary.rows_rejected) == (5, 3, 2)
    assert set(store.read("parties")["party_id"]) == {"a", "b", "c", "d", "c,1"}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"x,y\n1,2\n", "cannot be found"),
        (b"caller callee started_at\n1 2 3\n", "duration_s cannot be found"),
        (b"\xffcaller,callee\n1,2\n", "UTF-8"),
        (b"caller,callee,started_at,duration_s\n1,2,yesterday,4\n", "unreadable time"),
        (b"PAR1xxxx", "Parquet"),
    ],
)
def test_bad_files_say_what_is_wrong_and_leave_nothing(store, tmp_path, content, says):
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=says):
        load(store, path)
    assert store.count("events") == store.count("sources") == store.count("parties") == 0


def test_a_header_without_rows_is_an_empty_day(store, tmp_path):
    path = tmp_path / "day.csv"
    path.write_text(HEADER + "\n")
    summary = load(store, path)[0]
    assert (summary.rows_in, summary.rows_kept) == (0, 0)


def test_a_pipe_is_refused(store, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match=r"pipe.*Save it as a file"):
        load(store, tmp_path / "pipe")


def test_a_missing_file_is_named(store, tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.csv: there is no such file"):
        load(store, tmp_path / "nowhere.csv")


def test_no_raw_number_is_stored_anywhere(store, tmp_path):
    number = "+36201234567"
    path = write(
        tmp_path / "36201234567.csv",
        f"{number},+36301112222,2024-01-01 10:00:00,60",
        f"{number},{number},2024-01-01 10:00:00,60",
        f"{number},+36301112222,{number},60",
        f"{number},+36301112222,60",
        f"{number},+36301112222,2024-01-01 10:00:00,36201234567",
    )
    load(store, path)
    for table in ("events", "parties", "rejects", "sources", "pair_days"):
        assert "20123456" not in str(store.read(table).rows()), table


@pytest.mark.real
def test_copenhagen_against_plain_python(store, real_data):
    folder = real_data / "copenhagen"
    epoch = date(2014, 2, 24)
    done = load(store, folder / "calls.csv", folder / "sms.csv", format="copenhagen", options={"epoch": epoch})
    assert [s.rows_in for s in done] == [3600, 24333]
    with open(folder / "calls.csv") as file:
        calls = sorted(
            (int(r["timestamp"]), r["caller"], r["callee"], int(r["duration"])) for r in csv.DictReader(file)
        )
    with open(folder / "sms.csv") as file:
        texts = {(int(r["timestamp"]), r["sender"], r["recipient"]) for r in csv.DictReader(file)}
    kept = []
    by_pair = defaultdict(list)
    for at, a, b, duration in calls:
        earlier = by_pair[frozenset((a, b))]
        if not (duration > 0 and any(at - t <= 30 and at < t + d and abs(d - duration) <= 1 for t, d in earlier)):
            kept.append((at, a, b, duration))
        earlier.append((at, duration))
    assert (done[0].rows_kept, done[1].rows_kept) == (len(kept), len(texts))
    assert done[0].details["missed_calls"] == sum(d <= 0 for *_, d in kept)
    days = store.read("pair_days")
    assert days["talk_s"].sum() == sum(max(d, 0) for *_, d in kept)
    assert days["n_texts"].sum() == len(texts)
    assert days.height == len({(a, b, t // 86400) for t, a, b, *_ in [*kept, *texts]})


def test_keys_in_parts_find_the_same_repeats(store, tmp_path, monkeypatch):
    from engine.logs import repeats

    rng = random.Random(5)
    calls = [(f"p{rng.randrange(90)}", f"q{rng.randrange(90)}", rng.randrange(80_000), 60) for _ in range(6000)]
    legs = [(b, a, t + 7, d) for a, b, t, d in calls[::9]]
    rows = [*calls, *calls[::7], *legs]
    lines = [f"{a},{b},{datetime.fromtimestamp(1704067200 + t, UTC):%Y-%m-%d %H:%M:%S},{d}" for a, b, t, d in rows]
    path = write(tmp_path / "log.csv", *lines)
    whole = load(store, path)[0]
    monkeypatch.setattr(repeats, "_keys_at_once", lambda memory: 1000)
    other = DuckDBWarehouse()
    parted = load(other, path)[0]
    other.close()
    assert parted.details == whole.details
    assert whole.details["repeated_rows"] >= len(calls[::7]) - 5
    assert whole.details["second_legs"] >= len(legs) - 5


def test_the_bar_moves_within_a_file_and_ends_at_its_end(store, tmp_path, monkeypatch):
    days = [f"ann,bob,2024-01-{day:02d} 10:00:00,60" for day in range(1, 11)]
    paths = [write(tmp_path / "first.csv", *days), write(tmp_path / "second.csv", "ann,bob,2024-01-20 10:00:00,1")]
    moves: list[int] = []

    class Bar:
        def advance(self, steps: int = 1) -> None:
            moves.append(steps)

    class Bars:
        @contextmanager
        def task(self, name, total=None):
            self.total = total
            yield Bar()

    monkeypatch.setattr(importer, "_size", lambda path: 200 << 20)
    monkeypatch.setattr(staging, "_ROWS", 2)
    bars = Bars()
    load(store, *paths, paths[0], progress=bars)
    assert bars.total == sum(moves) == 600
    assert min(moves) >= 0
    first = [step for step in moves if step]
    assert max(first[:-2]) < 100, "small steps, but for files that are known"
    assert len(first) >= 12

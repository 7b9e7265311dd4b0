"""Mutated lines of every format: whatever stands in a file, its rows are all accounted for; and splitting a log,
shuffling it or renaming its people changes nothing."""

from __future__ import annotations

import random
import re
from collections import Counter
from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.config import Config, Intake
from engine.errors import EngineError
from engine.logs.importer import import_logs
from engine.warehouse.duckdb import DuckDBWarehouse

LINES = 10_000
TAKEN = Config(intake=Intake(max_rejected=1.0))  # however many rows are rejected
WHEN = "2024-01-{d:02d} 10:{s:02d}:00"
FORMATS = {
    "generic": (
        "caller,callee,started_at,duration_s,kind,caller_tac",
        f"+3620{{a:07d}},0036{{b:09d}},{WHEN},{{t}},call,1130000",
    ),
    "copenhagen": ("timestamp,caller,callee,duration", "{t}{s},{a},{b},{s}"),
    "flowkit": (
        "id,outgoing,datetime,duration,network,msisdn,msisdn_counterpart,location_id,imsi,imei,tac",
        f"c{{t}},t,{WHEN},1.5,,p{{a}},q{{b}},L1,,,1130000",
    ),
    "bandicoot": (
        "interaction,direction,correspondent_id,datetime,call_duration,antenna_id",
        f"call,out,p{{b}},{WHEN},{{t}},3",
    ),
    "asterisk": ("", f'"","{{a}}","{{b}}","c","x","S","S","Dial","y","{WHEN}","","",{{t}},{{t}},"ANSWERED","D"'),
    "edge-list": ("source,target,weight", "p{a},q{b},{t}"),
}
BITS = [
    *(bytes([c]) for c in b',"\n\r\0\xff\xc3-\'\t;'), b"9" * 30, b"", "é".encode(), b"1e400", b"nan", b"inf",
]  # fmt: skip


def mutate(rng: random.Random, line: bytes) -> bytes:
    for _ in range(rng.randint(1, 3)):
        at, size = rng.randrange(len(line) + 1), rng.choice([0, 0, 1, 2, 8])
        line = line[:at] + rng.choice([*BITS, bytes([rng.randrange(256)])]) + line[at + size :]
    return line


@pytest.mark.parametrize("name", sorted(FORMATS))
@pytest.mark.parametrize("dirty", [0.02, 1.0])
def test_mutated_lines_are_all_accounted_for(tmp_path, name, dirty):
    header, row = FORMATS[name]
    rng = random.Random(f"{name}{dirty}")
    lines, count = [], LINES if dirty == 1.0 else LINES // 2
    for i in range(count):
        numbers = {"a": rng.randrange(400), "b": 400 + rng.randrange(400), "d": 1 + i % 28, "s": i % 60, "t": 5 + i}
        line = row.format(**numbers).encode()
        lines.append(mutate(rng, line) if rng.random() < dirty else line)
    content = b"\n".join([header.encode(), *lines] if header else lines) + b"\n"
    path = tmp_path / "log.csv"
    path.write_bytes(content)
    physical = sum(1 for line in re.split(rb"\r+\n|\r|\n", content)[bool(header) :] if line.strip(b" "))
    store = DuckDBWarehouse()
    try:
        try:
            options = {"epoch": date(2024, 1, 1)}
            done = import_logs(store, [path], format=name, options=options, config=TAKEN, key=bytes(32))[0]
        except EngineError as error:
            # Only a format that is known by its rows can be past recognition.
            assert (dirty, name) == (1.0, "asterisk"), error
            assert store.count("events") == store.count("sources") == 0
            return
        assert done.rows_in == done.rows_kept + done.rows_duplicate + done.rows_rejected
        assert abs(done.rows_in - physical) <= (LINES // 25 if dirty == 1.0 else 5)  # two may make a row
        assert store.count("events") == done.rows_kept
        rejects = store.read("rejects")
        assert rejects.height == done.rows_rejected
        assert rejects["row_number"].is_unique().all()
        assert done.rows_kept > (0.02 if dirty == 1.0 else 0.9) * count
        seen = set(store.read("parties")["node"])
        events = store.read("events")
        assert set(events["caller"]) | set(events["callee"].drop_nulls()) == seen
    finally:
        store.close()


CALL = st.tuples(
    st.sampled_from("abcd"),
    st.sampled_from("abcd"),
    st.integers(0, 3).map(lambda d: d * 1000),
    st.sampled_from([0, 0, 7, 60]),
)


def load(folder, *parts):
    """Tables after importing each part as a file: events and pair_days with ids for nodes."""
    store = DuckDBWarehouse()
    try:
        for i, rows in enumerate(parts):
            path = folder / f"{i}.csv"
            lines = [f"{a},{b},2024-01-01 {t // 3600:02d}:{t // 60 % 60:02d}:{t % 60:02d},{d}" for a, b, t, d in rows]
            path.write_text("\n".join(["caller,callee,started_at,duration_s", *lines]) + "\n")
            import_logs(store, [path], config=TAKEN, key=bytes(32))
        ids = dict(store.read("parties").select("node", "party_id").iter_rows())
        events = [(ids[r[1]], ids[r[2]], r[3], r[4]) for r in store.read("events").iter_rows()]
        days = [(ids[r[0]], ids[r[1]], *r[2:]) for r in store.read("pair_days").iter_rows()]
        return Counter(events), Counter(days)
    finally:
        store.close()


@settings(max_examples=5)
@given(st.lists(CALL.filter(lambda c: c[0] != c[1]), min_size=2, max_size=14), st.randoms(use_true_random=False))
def test_splitting_and_shuffling_change_nothing(tmp_path_factory, calls, rng):
    # Legs come in pairs (a third within the window would make the earliest a matter of what was seen first), and never
    # in the same second (the one of the smaller node would stay, and nodes are numbered in the order of files).
    talks = {(frozenset(c[:2]), c[2]): c for c in calls if c[3]}
    calls = [c for c in calls if not c[3] or talks[frozenset(c[:2]), c[2]] is c]
    legs = [(b, a, t + 9, d) for a, b, t, d in talks.values()]
    rows = [*calls, *rng.sample(legs, len(legs) // 2)]
    folder = tmp_path_factory.mktemp("split")
    whole = load(folder, rows)
    mixed = rng.sample(rows, len(rows))
    cut = rng.randrange(1, len(rows))
    assert load(folder, mixed) == whole
    assert load(folder, mixed[:cut], mixed[cut:]) == whole
    assert load(folder, mixed[:cut], mixed, mixed[cut:]) == whole
    names = str.maketrans("abcd", "dbca")
    renamed = [(a.translate(names), b.translate(names), t, d) for a, b, t, d in rows]
    back = [Counter({(k[0].translate(names), k[1].translate(names), *k[2:]): n for k, n in c.items()}) for c in whole]
    # The earlier of two legs at the same second is the one of the smaller caller: only sums over both ways stay then.
    assert sum(load(folder, renamed)[0].values()) == sum(back[0].values())


@settings(max_examples=12)
@given(st.lists(CALL, min_size=1, max_size=14))
def test_days_are_the_sums_of_events(tmp_path_factory, calls):
    calls = [c for c in calls if c[0] != c[1]] or [("a", "b", 0, 7)]
    events, days = load(tmp_path_factory.mktemp("sum"), calls)
    expected = pl.DataFrame(
        [(a, b, d) for (a, b, _, d), n in events.items() for _ in range(n)], schema=["a", "b", "d"], orient="row"
    )
    expected = expected.group_by("a", "b").agg(pl.len(), pl.col("d").sum()).rows()
    assert Counter((a, b, n, talk) for a, b, _, n, talk, _ in days.elements()) == Counter(expected)
    kept: list[tuple] = []
    for a, b, t, d in sorted(set(calls), key=lambda c: (c[2], c[0], c[3])):
        if not any(d and e and {a, b} == {x, y} and t == s and abs(d - e) <= 1 for x, y, s, e in kept):
            kept.append((a, b, t, d))
    assert sum(events.values()) == len(kept)

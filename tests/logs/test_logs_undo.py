"""Call records taken back: whatever the files and their order, what is left is what the other files alone give."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from engine.config import Config, Ids, Logs
from engine.logs import undo
from engine.logs.importer import import_logs
from engine.warehouse.duckdb import DuckDBWarehouse

KEY = bytes(range(32))
PAIRS = 40
START = datetime(2024, 3, 1, 23, 59, 40)  # near midnight: legs fall on two days
COLUMNS = ("kind", "call_id", "caller_tac", "callee_tac", "caller_cell", "callee_cell", "caller_imei", "volume_mb")
TABLES = ("events", "pair_days", "parties", "rejects")


def rows(chance: random.Random, columns: tuple[str, ...]) -> list[list[str]]:
    """Rows of forty pairs who call each other within a few seconds of each other, again and again."""
    found = []
    for pair in range(PAIRS):
        ends = [f"a{pair}", f"b{pair}"]
        for _ in range(chance.choice([0, 0, 1, 1, 2, 4])):
            chance.shuffle(ends)
            at = START + timedelta(seconds=chance.choice([0, 0, 5, 9, 12, 20, 21, 33, 400]))
            kind = chance.choice(["call", "call", "call", "text", "data"])
            values = {
                "kind": kind,
                "call_id": chance.choice(["", "x", "y", "z"]) and f"{pair}{chance.choice('xyz')}",
                "caller_tac": chance.choice(["", "35000001", "35000002"]),
                "callee_tac": chance.choice(["", "35000003"]),
                "caller_cell": chance.choice(["", "A1", "B2"]),
                "callee_cell": chance.choice(["", "C3"]),
                "caller_imei": chance.choice(["", "350000091234567"]),
                "volume_mb": "1.5" if kind == "data" else "",
            }
            talk = str(chance.choice([0, 60, 60, 61, 64, 90])) if kind == "call" or "kind" not in columns else "0"
            callee = "" if kind == "data" and "kind" in columns else ends[1]
            found.append([ends[0], callee, at.isoformat(), talk, *(values[c] for c in columns)])
    found.append([f"only{chance.randrange(9)}", "b0", START.isoformat(), "5", *("" for _ in columns)])
    if "kind" in columns:
        found[-1][4 + columns.index("kind")] = "call"
    found.append(["a1", "", "soon", "5", *("" for _ in columns)])
    return found


def write(path: Path, seed: int) -> Path:
    """A file by its seed: a log with some of the further columns, or sums of pairs."""
    chance = random.Random(seed)
    if seed % 6 == 5:
        lines = ["caller,callee,n_calls,n_texts"]
        for pair in range(0, PAIRS, 2):
            lines += [f"a{pair},b{pair},{chance.choice([1, 3])},{chance.choice([0, 2])}"] * chance.choice([1, 2])
    else:
        columns = tuple(c for c in COLUMNS if chance.random() < 0.5)
        lines = [",".join(["caller,callee,started_at,duration_s", *columns])]
        lines += [",".join(row) for row in rows(chance, columns)]
    path.write_text("\n".join(lines) + "\n")
    return path


def load(store, path: Path, logs: Logs | None = None, region: str = ""):
    config = Config(logs=logs or Logs(), ids=Ids(region=region))
    aggregated = {"mapping": _sums(path), "options": {"epoch": START.date()}} if "n_calls" in path.read_text() else {}
    return import_logs(store, [path], config=config, key=KEY, **aggregated)[0]


def _sums(path: Path) -> Path:
    mapping = path.with_suffix(".toml")
    mapping.write_text(
        'name = "sums"\naggregated = true\n[columns]\ncaller = "caller"\ncallee = "callee"\nn_calls = "n_calls"\n'
        'n_texts = "n_texts"\n'
    )
    return mapping


def held(store) -> dict[str, list]:
    """What the tables say, people for nodes."""
    names = dict(store.read("parties").select("node", "party_id").iter_rows())
    found = {}
    for table in TABLES:
        lines = store.read(table).to_dicts()
        for line in lines:
            line |= {c: names[line[c]] for c in ("caller", "callee", "src", "dst") if line.get(c) is not None}
            line.pop("node", None)
        found[table] = sorted(map(repr, lines))
    return found


def check(folder: Path, seeds: list[int], gone: set[int], again: set[int] = frozenset()):
    """Import files, take some back, in two turns; compare with the others alone."""
    paths = [write(folder / f"{place}.csv", seed) for place, seed in enumerate(seeds)]
    store, other = DuckDBWarehouse(), DuckDBWarehouse()
    done = [load(store, path) for path in paths]
    for turn in (gone, again):
        ids = [done[place].source_id for place in sorted(turn)]
        if ids:
            with store.transaction():
                undo.take_out(store, ids, Logs())
    for place, path in enumerate(paths):
        if place not in gone | again:
            load(other, path)
    found, wanted = held(store), held(other)
    for table in TABLES:
        assert found[table] == wanted[table], table
    for each in (store, other):
        each.close()


@settings(
    max_examples=8, deadline=None, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)
@given(st.lists(st.integers(0, 10**6), min_size=2, max_size=4, unique=True), st.data())
def test_what_is_left_is_what_the_other_files_give(tmp_path_factory, seeds, data):
    places = st.integers(0, len(seeds) - 1)
    gone = data.draw(st.sets(places, min_size=1, max_size=2))
    again = data.draw(st.sets(places, max_size=1)) - gone
    check(tmp_path_factory.mktemp("undo"), seeds, gone, again)

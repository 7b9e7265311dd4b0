"""Files with and without handsets, one after the other: what no file told of takes no place, and nobody can tell."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from engine.config import Config
from engine.logs.importer import import_logs
from engine.tables import SQL_TYPES, TABLES
from engine.trust import schema
from engine.warehouse.duckdb import DuckDBWarehouse

EVENTS = TABLES["events"]
ABSENT = {c.name for c in EVENTS.columns if c.nullable} - {"callee"}
TACS, DEVICES = {"caller_tac", "callee_tac"}, {"caller_device", "callee_device"}
CELLS = {"caller_cell", "callee_cell"}
IMEI, OTHER = "356938035643809", "356938035643817"
PLAIN = "caller,callee,started_at,duration_s\na,b,2024-01-01 10:00:00,60\nc,d,2024-01-01 11:00:00,0\n"
# The other leg of the first call, from b's side; and a call of its own.
WITH_TAC = (
    "caller,callee,started_at,duration_s,caller_tac\n"
    "b,a,2024-01-01 10:00:05,60,35209900\ne,f,2024-01-02 10:00:00,30,35209901\n"
)
# An earlier leg of e's call, from f's side: it takes the place, and knows e's TAC from the leg that gives way.
WITH_IMEI = f"caller,callee,started_at,duration_s,caller_imei,caller_cell\nf,e,2024-01-02 09:59:50,30,{IMEI},c1\n"
# A still earlier one from e's side without its handset: f's stays known.
EARLIER = "caller,callee,started_at,duration_s,callee_tac\ne,f,2024-01-02 09:59:40,30,\nf,f2,2024-01-03 10:00:00,1,\n"
DATA = (
    "caller,callee,started_at,duration_s,kind,volume_mb\n"
    "a,,2024-01-03 10:00:00,0,data,2.5\na,c,2024-01-03 11:00:00,0,text,\n"
)
# An earlier leg in a file without any handset.
BARE = "caller,callee,started_at,duration_s\nf,e,2024-01-02 09:59:45,30\n"
FILES = {"plain": PLAIN, "tac": WITH_TAC, "imei": WITH_IMEI, "earlier": EARLIER, "data": DATA}


@pytest.fixture
def files(tmp_path) -> dict[str, Path]:
    """The files by name."""
    for name, text in FILES.items():
        (tmp_path / f"{name}.csv").write_text(text)
    return {name: tmp_path / f"{name}.csv" for name in FILES}


@pytest.fixture
def store(tmp_path):
    """A warehouse with a file of its own."""
    made = DuckDBWarehouse(tmp_path / "kindred.duckdb")
    yield made
    made.close()


def load(store, path: Path):
    return import_logs(store, [path], config=Config(), key=bytes(32))[0]


def named(store) -> dict[tuple[str, str | None, str], dict]:
    """Events by the parties' ids and the time of day."""
    ids = dict(store.read("parties").select("node", "party_id").iter_rows())
    rows = store.read("events").to_dicts()
    return {(ids[r["caller"]], ids.get(r["callee"]), f"{r['started_at']:%H:%M:%S}"): r for r in rows}


def absent(store) -> set[str]:
    return set(EVENTS.names) - set(store.ensure_columns("events", []))


def test_handsets_take_place_from_the_first_file_that_has_them(store, files):
    load(store, files["plain"])
    assert absent(store) == ABSENT
    assert all(row[name] is None for row in named(store).values() for name in ABSENT)
    done = load(store, files["tac"])
    assert done.details["second_legs"] == 1
    assert absent(store) == ABSENT - TACS, "not those of which no file told"
    found = named(store)
    assert found["a", "b", "10:00:00"]["callee_tac"] == "35209900", "a stored event learned from its other leg"
    assert found["a", "b", "10:00:00"]["caller_tac"] is None
    assert found["e", "f", "10:00:00"]["caller_tac"] == "35209901"
    assert found["c", "d", "11:00:00"]["caller_tac"] is None
    assert store.columns("events") == EVENTS.names
    load(store, files["data"])
    assert absent(store) == DEVICES | CELLS
    assert named(store)["a", None, "10:00:00"]["volume_mb"] == 2.5


def test_what_an_event_knew_stays_known_to_the_leg_that_takes_its_place(store, files):
    for name in ("tac", "imei", "earlier"):
        load(store, files[name])
    found = named(store)
    assert ("f", "e", "09:59:50") not in found
    row = found["e", "f", "09:59:40"]
    assert (row["caller_tac"], row["callee_tac"], row["callee_cell"]) == ("35209901", IMEI[:8], "c1")
    assert row["callee_device"], "though the file that takes the place has no devices"


def test_what_an_event_knew_stays_known_where_the_file_has_no_handsets(store, files, tmp_path):
    load(store, files["tac"])
    (tmp_path / "bare.csv").write_text(BARE)
    assert load(store, tmp_path / "bare.csv").details["replaced_by_earlier_leg"] == 1
    found = named(store)
    assert ("e", "f", "10:00:00") not in found
    row = found["f", "e", "09:59:45"]
    assert (row["caller_tac"], row["callee_tac"]) == (None, "35209901")


@pytest.mark.parametrize("order", [list(FILES), ["imei", "plain", "data", "earlier", "tac"]])
def test_a_workspace_of_before_goes_on_as_a_new_one_does(store, files, order):
    """One whose table has every column stored, and kinds as text."""
    columns = [f"{c.name} {SQL_TYPES[c.type]} {'' if c.nullable else 'NOT NULL'}" for c in EVENTS.columns]
    old = DuckDBWarehouse()
    old.execute_text("DROP TABLE events")
    old.execute_text(f"CREATE TABLE events ({', '.join(columns)})")
    assert schema.state(old)[0] == [], "nothing is to be migrated"
    for name in order:
        assert load(old, files[name]) == load(store, files[name])
        for table in ("events", "pair_days", "parties"):
            assert old.read(table).equals(store.read(table)), (name, table)
    assert absent(old) == set()
    traffic = [s.query("report/explain_traffic", node=0) for s in (old, store)]
    assert traffic[0].equals(traffic[1])
    assert traffic[0]["kind"].dtype == pl.String
    old.close()


def test_a_file_that_fails_leaves_no_place_behind(store, files, monkeypatch):
    load(store, files["plain"])
    before = store.read("events")

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("engine.sources.unchanged", stop)
        with pytest.raises(KeyboardInterrupt):
            load(store, files["tac"])
    assert absent(store) == ABSENT
    assert store.read("events").equals(before)
    load(store, files["tac"])
    assert absent(store) == ABSENT - TACS


def test_a_table_that_is_migrated_keeps_its_rows(store, files):
    for name in ("plain", "tac"):
        load(store, files[name])
    before = store.read("events")
    store.execute_text("ALTER TABLE events DROP COLUMN callee_cell")
    store.execute_text("ALTER TABLE events ALTER kind TYPE VARCHAR")
    (change,) = schema.state(store)[0]
    assert (change.table, change.missing, change.retyped) == ("events", ("callee_cell",), ())
    assert schema.migrate(store, [change], {}) == {"events": "kept"}
    assert schema.state(store)[0] == []
    assert store.read("events").equals(before)

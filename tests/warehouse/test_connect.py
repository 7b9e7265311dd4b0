"""Spark Connect: what it refuses, what it hides, and what a server or a worker that dies leaves behind.

That it gives the tables of the other engines is asked in test_spark_equal, whose town it computes.
"""

from __future__ import annotations

import logging
import socket
import sys
import threading
from functools import partial

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import engine
from engine.errors import BackendError, ConfigError, EngineError
from engine.warehouse import connect, session, workers
from tests.warehouse.cluster import HOST, connect_server
from tests.warehouse.conftest import opened
from tests.warehouse.jobs import dies_at, doubled, piece_and_rows

CALLS = "caller,callee,started_at,duration_s\na,b,2026-03-01 10:00,60\na,c,2026-03-02 10:00,60\n"
ADDRESS = "sc://host:443/;use_ssl=true;token=squirrel"


def listening() -> socket.socket:
    """A port at which nobody talks Spark Connect."""
    made = socket.socket()
    made.bind((HOST, 0))
    made.listen()
    return made


# ---- addresses and secrets -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", [ADDRESS, "sc://me:squirrel@host:443", "sc://host/;x-aws-proxy-auth=squirrel"])
def test_a_secret_in_the_settings_is_refused_and_not_repeated(tmp_path, monkeypatch, said):
    space = engine.create(tmp_path / "space")
    with pytest.raises(ConfigError, match="SPARK_CONNECT_AUTHENTICATE_TOKEN") as refused:
        engine.open(space.path, warehouse__engine="spark", warehouse__master=said)
    assert "squirrel" not in str(refused.value)
    monkeypatch.setenv("KINDRED_WAREHOUSE_MASTER", said)
    with pytest.raises(ConfigError) as refused:
        engine.open(space.path)
    assert "squirrel" not in str(refused.value)
    assert b"squirrel" not in b"".join(path.read_bytes() for path in space.path.rglob("*") if path.is_file())


def test_what_is_no_secret_may_stand_there(tmp_path):
    said = "sc://host:443/;use_ssl=true;x-databricks-cluster-id=1234"
    space = engine.create(tmp_path / "space", warehouse__master=said)
    assert engine.open(space.path).config.warehouse.master == said


def test_an_address_is_shown_without_what_follows_the_port():
    assert connect.shown(ADDRESS) == "sc://host:443" and connect.shown("sc://host") == "sc://host:15002"
    for wrong in ("sc://", "sc://host:0", "sc://host:x", "sc://me:squirrel@host"):
        with pytest.raises(ConfigError, match="sc://host:15002") as refused:
            connect.place(wrong)
        assert "squirrel" not in str(refused.value)


@pytest.mark.spark
def test_the_address_of_the_environment_is_taken_and_its_secret_kept(monkeypatch, capfd, caplog):
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(connect, "TRIES", 0)
    with listening() as port:
        place = f"{HOST}:{port.getsockname()[1]}"
        port.close()
        monkeypatch.setenv("SPARK_REMOTE", f"sc://{place}/;token=squirrel")
        with pytest.raises(BackendError, match=f"sc://{place} does not answer") as failed:
            session.start()
    assert "squirrel" not in str(failed.value) + caplog.text + "".join(capfd.readouterr())


@pytest.mark.spark
def test_what_is_no_server_of_spark_connect_is_said(monkeypatch, capfd):
    monkeypatch.setattr(connect, "TRIES", 0)
    with listening() as port:
        port.settimeout(10)
        place = f"sc://{HOST}:{port.getsockname()[1]}"

        def closes():
            for _ in range(2):
                port.accept()[0].close()

        closing = threading.Thread(target=closes, daemon=True)
        closing.start()
        with pytest.raises(BackendError, match=f"What answers at {place} does not talk Spark Connect"):
            session.start(place)
    assert capfd.readouterr() == ("", "")


@pytest.mark.spark
def test_without_its_packages_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark.sql.connect.session", None)
    with pytest.raises(ConfigError, match=r"kindred-engine\[spark\]"):
        connect.start("sc://host", {})


@pytest.mark.spark
def test_a_server_that_is_too_old_is_refused(monkeypatch, server):
    monkeypatch.setattr(connect, "LEAST_SPARK", (9, 0))
    with pytest.raises(ConfigError, match=f"The server {server.master} runs Spark 4"):
        session.start(server.master)


@pytest.mark.spark
def test_a_server_without_kindred_is_said(tmp_path, monkeypatch, server):
    (tmp_path / "only_here.py").write_text("def job(rows, threads):\n    yield rows\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    import only_here

    space = engine.create(tmp_path / "space")
    with (
        opened(space.path, "spark", warehouse__master=server.master).warehouse() as store,
        pytest.raises(BackendError, match=r"no module only_here\. Install kindred-engine on every worker"),
    ):
        list(store.map_rows(pl.DataFrame({"n": [1]}), only_here.job, size=1, name="rows"))


# ---- what dies -------------------------------------------------------------------------------------------------------


@pytest.mark.spark
def test_a_killed_server_changes_nothing_and_the_error_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(connect, "TRIES", 1)
    (tmp_path / "calls.csv").write_text(CALLS)
    space = engine.create(tmp_path / "space")
    engine.import_logs(space, [tmp_path / "calls.csv"])
    with connect_server() as server:
        space = opened(space.path, "spark", warehouse__master=server.master)
        with pytest.raises(BackendError, match=r"connection to the cluster was lost\. Run the command again"):
            killed_at_the_second_part(space, server, monkeypatch)
    with opened(space.path, "spark").warehouse(read_only=True) as store:
        assert store.count("events") == 2 and store.count("edges") == 0 and not store.read("runs").height


def killed_at_the_second_part(space, server, monkeypatch) -> None:
    """Run a stage of which the server dies when the second table is to be written."""
    from engine.warehouse import sparkrows

    written, real = [], sparkrows.written

    def writes(rows, table, *rest):
        written.append(table)
        if len(written) == 2:
            server.kill()
        return real(rows, table, *rest)

    with space.writing("adopt"):
        pass
    monkeypatch.setattr(sparkrows, "written", writes)
    engine.run(space, until="edges")


@pytest.mark.spark
def test_a_worker_that_dies_is_named_and_the_session_goes_on(tmp_path, server):
    rows = pl.DataFrame({"n": range(6)})
    space = engine.create(tmp_path / "space")
    with opened(space.path, "spark", warehouse__master=server.master).warehouse() as store:
        with pytest.raises(BackendError, match="rows: a worker's Python was killed"):
            list(store.map_rows(rows, partial(dies_at, n=3), size=1, name="rows"))
        found = pl.concat(list(store.map_rows(rows, doubled, size=4, name="rows")))
        assert found["n"].to_list() == [0, 2, 4, 6, 1, 3, 5, 7, 8, 10, 9, 11]
        assert store.count("events") == 0


# ---- tables that only Spark reaches ----------------------------------------------------------------------------------


@pytest.mark.spark
def test_tables_at_a_url_are_spark_s_and_what_was_kept_for_a_while_has_no_rows(tmp_path, server):
    space = engine.create(tmp_path / "space")
    far = {"warehouse__master": server.master, "warehouse__folder": (tmp_path / "far").as_uri()}
    parties = pl.DataFrame({"node": [0, 1], "party_id": ["x", "y"], "is_customer": True, "opted_out": False})
    with opened(space.path, "spark", **far).writing("test") as store:
        store.write("parties", parties)
        store.execute_text("CREATE TEMP TABLE ids AS SELECT party_id FROM parties")
        assert store.count("ids") == 2
        files = list((tmp_path / "far" / "_scratch").rglob("*.parquet"))
        assert sum(pq.read_metadata(path).num_rows for path in files) == 2
    with opened(space.path, "spark", **far).warehouse(read_only=True) as store:
        assert store.read("parties").equals(parties.cast(store.read("parties").schema))
    files = list((tmp_path / "far" / "_scratch").rglob("*.parquet"))
    assert sum(pq.read_metadata(path).num_rows for path in files) == 0


@pytest.mark.spark
def test_a_row_without_what_it_must_have_is_not_stored(tmp_path, server):
    space = engine.create(tmp_path / "space")
    with opened(space.path, "spark", warehouse__master=server.master).writing("test") as store:
        with pytest.raises(BackendError, match="table hubs has a row without node, which it must have"):
            store.execute_text("INSERT INTO hubs SELECT NULL AS node FROM range(3)")
        assert store.count("hubs") == 0


# ---- pieces ----------------------------------------------------------------------------------------------------------


def test_several_pieces_in_one_task_are_each_done():
    given = pa.table({"piece": [4, 0, 7], "start": [1, 2, 3]})
    made = list(workers.Partition(piece_and_rows, "given", "made")(iter(given.to_batches())))
    rows = pa.Table.from_batches(made).to_pylist()
    assert [(r["start"], r[workers.PIECE], r[workers.PLACE]) for r in rows if r[workers.NOTE] is None] == [
        (1, 4, 0), (2, 0, 0), (3, 7, 0),
    ]  # fmt: skip
    assert [r[workers.NOTE] for r in rows if r[workers.NOTE]] == ['{"rows": 1}'] * 3


def test_another_kindred_on_a_worker_is_refused():
    """In a worker that is a worker's error, which comes back with its remedy."""
    other = workers.Pieces(doubled, version="0.0.1")
    sent, _ = workers.wave(pl.DataFrame({"n": [1]}), 1, 1)
    made = pa.Table.from_batches(list(other(iter(sent.to_batches()))))
    with pytest.raises(EngineError, match=r"this command is 0\.0\.1\. Install the same version"):
        list(workers.unpacked(made))
    with pytest.raises(BackendError, match="the workers have Kindred"):
        list(workers.Partition(piece_and_rows, "given", "made", version="0.0.1")(iter([])))


def test_a_wave_holds_every_row_once():
    rows = pl.DataFrame({"n": range(10)})
    sent, done = workers.wave(rows, 3, 2)
    assert done == 6 and sent["place"].to_pylist() == [0, 1]
    found = [pl.read_ipc_stream(one) for one in sent["rows"].to_pylist()]
    assert pl.concat(found).equals(rows.head(6))

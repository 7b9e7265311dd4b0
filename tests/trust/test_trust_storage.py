"""Old workspaces go forward, damaged ones come back, deleted bytes are gone, encrypted ones say nothing."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from engine import workspace
from engine.errors import ConfigError, EngineError, WorkspaceError
from engine.trust import audit, backups, schema
from engine.warehouse.duckdb import DuckDBWarehouse

ROOT = Path(__file__).resolve().parents[2]
DEVICES = pl.DataFrame({"tac": ["00000001", "00000002"], "manufacturer": ["A", "B"], "model": ["x", "PLANTED"]})


@pytest.fixture
def space(tmp_path):
    """A workspace with two devices and a backup of them."""
    made = workspace.create(tmp_path / "w")
    with made.writing("run", backup=True) as store:
        store.append("devices", DEVICES)
    return made


def change(space: workspace.Workspace, *statements: str) -> None:
    with duckdb.connect(str(space.database)) as connection:
        for statement in statements:
            connection.execute(statement)


def test_every_writing_command_is_in_the_audit_log(space):
    lines = [json.loads(line) for line in (space.path / audit.LOG).read_text().splitlines()]
    assert [(x["command"], x["event"]) for x in lines] == [
        ("init", "start"), ("init", "done"), ("run", "start"), ("run", "done"),
    ]  # fmt: skip
    assert lines[-1]["tables"] == {"devices": [0, 2]}
    assert audit.verify(space.path).whole


def test_an_older_workspace_is_migrated_and_a_copy_put_aside(space):
    change(
        space,
        "ALTER TABLE devices DROP COLUMN released",
        "ALTER TABLE devices ADD COLUMN price DOUBLE",
        "ALTER TABLE hubs ALTER contacts TYPE INTEGER",
        "INSERT INTO customers (customer_id) VALUES ('c1')",
        'ALTER TABLE customers ADD COLUMN "my ""column" DOUBLE',
        'UPDATE customers SET "my ""column" = 2.5',
        "ALTER TABLE customers DROP COLUMN age",
        "UPDATE meta SET value = '0' WHERE name = 'schema_version'",
    )
    with space.writing("import devices") as store:
        assert store.read("devices").drop("released").rows() == DEVICES.rows()
        assert store.columns("devices") == ["tac", "manufacturer", "model", "released"]
        assert store.read("customers").row(0, named=True)['my "column'] == 2.5
        assert schema.state(store) == ([], schema.VERSION)
    with duckdb.connect(str(space.path / "backups" / "before-migration-0.duckdb")) as old:
        assert "price" in old.sql("FROM devices").columns


def test_reading_an_older_workspace_brings_it_forward_first(space):
    change(space, "DROP TABLE meta", "DROP TABLE deliveries", "ALTER TABLE devices DROP COLUMN released")
    with space.warehouse(read_only=True) as store:
        assert store.count("deliveries") == 0 and store.read("devices").columns[-1] == "released"
    assert json.loads((space.path / audit.LOG).read_text().splitlines()[-1])["command"] == "migrate"


def test_a_computed_table_that_cannot_be_kept_is_computed_again(space):
    change(
        space,
        "INSERT INTO hubs VALUES (1, 500, 0.1, 'many_contacts')",
        "ALTER TABLE hubs DROP COLUMN reason",
        "INSERT INTO runs VALUES ('r', 'edges', 'i', 'c', '{}', NULL, '{}', '2026-01-01', '2026-01-01', 'done')",
    )
    with space.writing("run") as store:
        assert store.count("hubs") == 0 and store.count("runs") == 0


def test_imported_rows_are_never_dropped_by_a_migration(space):
    change(space, "ALTER TABLE devices DROP COLUMN model")
    before = space.database.read_bytes()
    with pytest.raises(WorkspaceError, match="has no model"), space.writing("run"):
        pass
    with duckdb.connect(str(space.database), read_only=True) as old:
        assert old.sql("FROM devices").columns == ["tac", "manufacturer", "released"]
        assert old.sql("FROM devices").fetchall() == [("00000001", "A", None), ("00000002", "B", None)]
    assert (space.path / "backups" / "before-migration-1.duckdb").stat().st_size == len(before)


def test_a_newer_workspace_is_left_alone(space):
    change(space, "UPDATE meta SET value = '99' WHERE name = 'schema_version'")
    with pytest.raises(WorkspaceError, match="newer Kindred"), space.writing("run"):
        pass


def test_a_backup_comes_back_and_what_it_replaces_is_kept(space):
    with space.writing("import devices") as store:
        store.write("devices", DEVICES.head(0))
    assert [b.name for b in backups.listed(space.database)] == ["last-run"]
    space.restore()
    with space.warehouse(read_only=True) as store:
        assert store.count("devices") == 2
    space.restore("replaced")
    with space.warehouse(read_only=True) as store:
        assert store.count("devices") == 0
    with pytest.raises(WorkspaceError, match="There is no backup 'yesterday'"):
        space.restore("yesterday")


def test_an_unchanged_database_is_not_copied_again(space):
    first = backups.take(space.database, "last-run", scratch=space.scratch)
    inode = first.path.stat().st_ino
    assert backups.take(space.database, "last-run", scratch=space.scratch).path.stat().st_ino == inode


READ = (
    "import sys; from pathlib import Path\nfrom engine import workspace\nfrom engine.errors import EngineError\n"
    "from engine.tables import TABLES\n"
    "try:\n"
    "    with workspace.open_(Path(sys.argv[1])).warehouse(read_only=True) as store:\n"
    "        for name in TABLES: store.read(name)\n"
    "    print('fine')\n"
    "except EngineError as error: print(type(error).__name__, error)\n"
)


@pytest.mark.parametrize("seed", range(3))
def test_a_damaged_database_is_said_and_the_backup_offered(tmp_path, seed):
    """Flipped, overwritten and cut files: a clear line that offers the backup, or rows that are still right."""
    import random

    made = workspace.create(tmp_path / "w")
    with made.writing("run", backup=True) as store:
        store.connection.execute("INSERT INTO parties SELECT i, md5(i::VARCHAR), true, false FROM range(50000) t(i)")
    random_ = random.Random(seed)
    size = made.database.stat().st_size
    with open(made.database, "r+b") as file:
        if seed % 3 == 0:
            file.truncate(random_.randrange(size))
        elif seed % 3 == 1:
            file.seek(random_.randrange(12288))
            file.write(random_.randbytes(4096))
        else:
            file.seek(random_.randrange(size // 2))
            file.write(random_.randbytes(size // 2))
    done = subprocess.run([sys.executable, "-c", READ, str(made.path)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("WorkspaceError") and "kindred restore" in done.stdout
    made.restore()
    with made.warehouse(read_only=True) as store:
        assert store.count("parties") == 50000


def test_rewriting_leaves_no_deleted_byte(tmp_path):
    path = tmp_path / "w.duckdb"
    store = DuckDBWarehouse(path)
    # Uncompressed, so that the search below can find what is there.
    store.connection.execute("SET force_compression = 'uncompressed'")
    store.connection.execute(
        "INSERT INTO devices SELECT i::VARCHAR, 'KEEP' || i, 'PLANTED' || i, NULL FROM range(9000) t(i)"
    )
    store.connection.execute("CHECKPOINT")
    assert b"PLANTED4444" in path.read_bytes() and b"KEEP4444" in path.read_bytes()
    store.connection.execute("UPDATE devices SET model = 'none'")
    store.connection.execute("CHECKPOINT")
    left = path.read_bytes()
    assert b"PLANTED4444" in left, "deleting alone would be enough: this test shows nothing"
    store.rewrite()
    assert b"PLANTED" not in path.read_bytes() and b"KEEP4444" in path.read_bytes()
    assert store.count("devices") == 9000
    store.close()
    assert [p.name for p in tmp_path.iterdir()] == ["w.duckdb"]


def encrypted(space: workspace.Workspace) -> bool:
    return b"PLANTED" not in space.database.read_bytes()


def test_encryption_can_be_turned_on_and_off(space):
    assert not encrypted(space)
    space = space.encrypt("weak")
    assert encrypted(space) and backups.listed(space.database) == []
    again = workspace.open_(space.path)
    assert again.config.storage.encryption == "weak"
    with again.warehouse(read_only=True) as store:
        assert store.read("devices")["model"].to_list() == ["x", "PLANTED"]
    with again.writing("import devices") as store:
        store.append("devices", DEVICES.with_columns(tac=pl.lit("00000003")).tail(1))
    assert encrypted(again)
    plain = again.encrypt("off")
    assert not encrypted(plain)
    with plain.warehouse(read_only=True) as store:
        assert store.count("devices") == 3


def test_an_encrypted_database_needs_its_key(space, monkeypatch, tmp_path):
    space = space.encrypt("weak")
    monkeypatch.setenv("KINDRED_KEYS", str(tmp_path / "nowhere"))
    with pytest.raises(WorkspaceError, match="pseudonym key"), space.warehouse(read_only=True):
        pass


def test_a_setting_that_is_not_what_the_file_is_never_reads_a_file_in_clear_as_an_encrypted_one(space):
    """What a killed `encrypt` can leave is read, and stays encrypted; the other way round is refused."""
    plain = space.database.read_bytes()
    config = (space.path / workspace.CONFIG).read_text()
    space.encrypt("weak")
    (space.path / workspace.CONFIG).write_text(config)
    mixed = workspace.open_(space.path)
    with mixed.writing("import devices") as store:
        assert store.read("devices")["model"].to_list() == ["x", "PLANTED"]
    assert encrypted(mixed) and mixed.config.storage.encryption == "off"
    other = mixed.encrypt("weak")
    space.database.write_bytes(plain)
    with pytest.raises(WorkspaceError, match="contradict each other"), other.warehouse(read_only=True):
        pass


def test_restoring_again_keeps_what_the_first_time_replaced(space):
    """Also the rows that a killed command had committed to the log only."""
    backups.take(space.database, backups.LAST_RUN, scratch=space.scratch)
    with space.warehouse() as store:
        store.execute_text("SET checkpoint_threshold = '1GB'")
        store.append("devices", DEVICES.with_columns(tac=pl.lit("00000009")).tail(1))
        left = {p: p.read_bytes() for p in (space.database, space.database.with_name("kindred.duckdb.wal"))}
    for path, data in left.items():
        path.write_bytes(data)
    replaced = space.restore()
    assert space.restore() == replaced
    with space.warehouse(read_only=True) as store:
        assert store.count("devices") == 2
    space.restore("replaced")
    with space.warehouse(read_only=True) as store:
        assert store.count("devices") == 3


def test_a_copy_in_clear_that_a_killed_encrypt_left_goes_with_the_next_command(space):
    left = space.database.with_name("kindred.duckdb.new")
    shutil.copy(space.database, left)
    with space.writing("import devices"):
        assert not left.exists()


def test_without_openssl_strong_encryption_is_refused_and_nothing_changes(space):
    try:
        duckdb.connect().execute("LOAD httpfs")
    except duckdb.Error:
        before = space.database.read_bytes()
        with pytest.raises(ConfigError, match="INSTALL httpfs"):
            space.encrypt("on")
        assert space.database.read_bytes() == before
        assert workspace.open_(space.path).config.storage.encryption == "off"
    else:
        assert encrypted(space.encrypt("on"))


@hypothesis_settings(max_examples=15)
@given(cut=st.integers(0, 2_000))
def test_a_cut_write_ahead_log_never_makes_a_workspace_unreadable(tmp_path_factory, cut):
    """A power cut leaves any prefix of the log: the state before or after the last transaction comes back."""
    folder = tmp_path_factory.mktemp("wal")
    path, log = folder / "w.duckdb", folder / "w.duckdb.wal"
    store = DuckDBWarehouse(path)
    store.connection.execute("CHECKPOINT")
    store.connection.execute("SET checkpoint_threshold = '1GB'")
    store.append("devices", DEVICES.head(1))
    first = log.stat().st_size
    store.append("devices", DEVICES.tail(1))
    shutil.copy(path, folder / "x.duckdb")
    shutil.copy(log, folder / "x.duckdb.wal")
    store.close()
    with open(folder / "x.duckdb.wal", "r+b") as file:
        size = file.seek(0, 2)
        kept = max(0, size - cut)
        file.truncate(kept)
    try:
        again = DuckDBWarehouse(folder / "x.duckdb")
    except EngineError as error:
        raise AssertionError(f"unreadable after a cut at {kept} of {size}: {error}") from error
    assert again.count("devices") in ((2,) if kept == size else (1, 2) if kept >= first else (0, 1))
    again.close()


def test_what_a_killed_process_left_is_swept_by_the_next_reader_but_not_under_another(tmp_path, monkeypatch):
    monkeypatch.setenv("KINDRED_KEYS", str(tmp_path / "keys"))
    space = workspace.create(tmp_path / "w")
    left = space.scratch / "duckdb_temp_1_0_storage_DEFAULT-0.tmp"
    further = space.path / "tables" / "_scratch" / "w-1" / "part"

    def leave():
        further.mkdir(parents=True, exist_ok=True)
        left.write_bytes(b"36207654321")

    leave()
    with space.warehouse(read_only=True):
        assert not left.exists() and not further.exists()
        leave()
        with space.warehouse(read_only=True):
            assert left.exists() and further.exists(), "another one reads: it may be his"
    with space.locked("import logs"), space.warehouse(read_only=True):
        assert left.exists(), "somebody writes: it may be his"
    with space.warehouse(read_only=True):
        assert not left.exists()
    assert space.scratch.is_dir()


def test_what_does_not_fit_in_memory_is_not_on_the_disk_in_clear(tmp_path):
    for read_only in (False, True):
        store = DuckDBWarehouse(tmp_path / "x.duckdb", memory="60MB", threads=1, scratch=tmp_path / "s",
                                read_only=read_only)  # fmt: skip
        store.connection.execute(
            "CREATE TEMP TABLE spilt AS SELECT '3620' || lpad((i * 7919 % 10000000)::VARCHAR, 7, '0') AS id, i "
            "FROM range(1500000) AS r(i) ORDER BY hash(i)"
        )
        held = [path.read_bytes() for path in (tmp_path / "s").iterdir()]
        assert sum(map(len, held)) > 1e6 and not any(b"36200007919" in p or p.count(b"3620") > 99 for p in held)
        store.close()

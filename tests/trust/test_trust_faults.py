"""Faults of the machine: little memory, no disk, no right to write. Each is one clear line, nothing is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import engine
from engine import workspace
from engine.errors import BackendError, ConfigError, InputError
from engine.export import export
from engine.trust import audit, files
from engine.warehouse.duckdb import DuckDBWarehouse
from tests.trust.photo import jpeg

ROOT = Path(__file__).resolve().parents[2]

BIG = "CREATE TEMP TABLE big AS SELECT i::VARCHAR || repeat('z', 100) AS s FROM range({rows}) t(i) ORDER BY hash(i)"


def test_what_does_not_fit_in_memory_goes_to_the_scratch_folder_and_is_gone_afterwards(tmp_path):
    store = DuckDBWarehouse(tmp_path / "w.duckdb", threads=2, memory="150MB", scratch=tmp_path / "scratch")
    store.execute_text(BIG.format(rows=1_500_000))
    assert store.connection.execute("SELECT count(*) FROM big").fetchone() == (1_500_000,)
    store.close()
    assert not (tmp_path / "scratch").exists() or not list((tmp_path / "scratch").iterdir())


@pytest.mark.parametrize("memory", ["-5GB", " -1", "lots", "5 apples"])
def test_what_is_no_size_is_refused(memory):
    with pytest.raises(ConfigError, match=r"is not a size.*4GB"):
        DuckDBWarehouse(memory=memory)


def test_too_little_memory_is_said_and_the_database_stays_whole(tmp_path):
    store = DuckDBWarehouse(tmp_path / "w.duckdb", threads=2, memory="20MB")
    store.connection.execute("SET max_temp_directory_size = '1MB'")
    with pytest.raises(BackendError, match=r"needs more memory.*Set a larger --memory"):
        store.execute_text(BIG.format(rows=1_500_000))
    store.close()
    again = DuckDBWarehouse(tmp_path / "w.duckdb")
    assert again.count("parties") == 0


CALLS = "caller,callee,started_at,duration_s\n" + "".join(
    f"p{n % 97},p{n % 89 + 100},2026-01-{n % 28 + 1:02d}T10:{n % 60:02d}:00,{n % 300}\n" for n in range(20_000)
)
LIMITED = (
    "import resource, sys\n"
    "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))\n"
    "sys.argv = ['kindred', *sys.argv[2:]]\nfrom cli.main import main\nmain()\n"
)


# Without any of root's powers, also that of writing where nobody may.
POWERLESS = (
    "import ctypes, sys\n"
    "assert ctypes.CDLL(None).capset((ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()) == 0\n"
    "sys.argv = ['kindred', *sys.argv[1:]]\nfrom cli.main import main\nmain()\n"
)
OWN_MOUNTS = ("unshare", "--mount", "--map-root-user")
FILLED = """
import subprocess, sys
from pathlib import Path
from tests.trust.test_trust_faults import kindred, one_clear_line, rows
from engine import workspace
from engine.trust import audit
base = Path(sys.argv[1])
disk, w = base / "disk", base / "disk" / "w"
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "none", disk], check=True)
def fill(leave):
    free = int(subprocess.run(["df", "--output=avail", "-B1", disk], capture_output=True, text=True).stdout.split()[1])
    (disk / "filler").write_bytes(b"x" * max(free - leave, 0))
assert kindred("init", w).returncode == 0
assert kindred("import", "customers", base / "customers.csv", "-w", w).returncode == 0
steps = [
    (("import", "logs", base / "calls.csv"), 300_000),
    (("run", "--until", "influencers"), 300_000),
    (("export", "events", "--format", "csv", "--to", disk / "out"), 100_000),
    (("erase", "p1"), 100_000),
]
for args, leave in steps:
    before = rows(workspace.open_(w))
    fill(leave)
    one_clear_line(kindred(*args, "-w", w), "Free ")
    assert args[0] == "erase" or rows(workspace.open_(w)) == before, args
    (disk / "filler").unlink()
    done = kindred(*args, "-w", w)
    assert done.returncode == 0, done.stderr
assert rows(workspace.open_(w)) == (0, 20_000 - sum("p1," in line for line in (base / "calls.csv").open()))
assert audit.verify(w).whole and not list((w / ".tmp").iterdir()) and len(list((w / "receipts").iterdir())) == 1
assert sorted(p.name for p in disk.iterdir()) == ["out", "w"]
"""


def kindred(*args: object, limit: int | None = None, start: str | None = None) -> subprocess.CompletedProcess[str]:
    begin = ["-m", "cli.main"] if start is None else ["-c", start]
    begin = begin if limit is None else ["-c", LIMITED, str(limit)]
    return subprocess.run([sys.executable, *begin, *map(str, args)], cwd=ROOT, capture_output=True, text=True)


def one_clear_line(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """It ended with 1 and one line that holds one of the words."""
    assert done.returncode == 1, (done.returncode, done.stderr)
    assert done.stderr.startswith("kindred: ") and len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert "unexpected" not in done.stderr and any(word in done.stderr for word in words), done.stderr


@pytest.fixture
def space(tmp_path) -> workspace.Workspace:
    """A workspace with one customer; 20,000 calls to import lie beside it."""
    (tmp_path / "calls.csv").write_text(CALLS)
    (tmp_path / "customers.csv").write_text("customer_id,age\np1,30\n")
    made = workspace.create(tmp_path / "w")
    engine.import_table(made, "customers", tmp_path / "customers.csv")
    return made


def rows(space: workspace.Workspace) -> tuple[int, int]:
    with space.warehouse(read_only=True) as store:
        return store.count("customers"), store.count("events")


def test_a_full_disk_is_one_clear_line_and_nothing_is_lost(space):
    """A limit on the size of files stands for a disk that fills up while the import writes."""
    limit = 100_000
    one_clear_line(kindred("import", "logs", space.path.parent / "calls.csv", "-w", space.path, limit=limit), "space")
    assert rows(space) == (1, 0)
    again = kindred("import", "logs", space.path.parent / "calls.csv", "-w", space.path)
    assert again.returncode == 0 and rows(space) == (1, 20_000), again.stderr
    assert audit.verify(space.path).whole and not list(space.scratch.iterdir())


def test_a_disk_too_full_for_the_audit_log_stops_before_anything_is_done(space):
    before = space.database.read_bytes()
    limit = (space.path / audit.LOG).stat().st_size + 50
    one_clear_line(kindred("purge", "--before", "2026-01-10", "-w", space.path, limit=limit), "audit.jsonl")
    assert space.database.read_bytes() == before
    assert kindred("purge", "--before", "2026-01-10", "-w", space.path).returncode == 0
    assert audit.verify(space.path).whole


def test_a_full_disk_during_an_export_leaves_the_old_export(space, tmp_path):
    engine.import_logs(space, [tmp_path / "calls.csv"])
    out = tmp_path / "out"
    export(space, "events", out, "csv")
    before = {p.name: p.read_bytes() for p in out.iterdir()}
    done = kindred("export", "events", "--to", out, "--format", "csv", "-w", space.path, limit=100_000)
    one_clear_line(done, "cannot be written")
    assert {p.name: p.read_bytes() for p in out.iterdir()} == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["calls.csv", "customers.csv", "out", "w"]


@pytest.mark.parametrize("target", ["logs", "customers"])
def test_a_file_that_changes_while_it_is_read_is_said_and_nothing_of_it_is_stored(space, tmp_path, target):
    path = tmp_path / f"growing {target}.csv"
    path.write_text(CALLS if target == "logs" else "customer_id\n" + "".join(f"p{n}\n" for n in range(50_000)))
    stop = threading.Event()

    def grow() -> None:
        while not stop.wait(0.001):
            with open(path, "a") as file:
                file.write(CALLS.splitlines()[1] + "\n" if target == "logs" else "p1\n")

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        with pytest.raises(InputError, match=r"growing.*changed while it was being read.*Import it again"):
            engine.import_logs(space, [path]) if target == "logs" else engine.import_table(space, target, path)
    finally:
        stop.set()
        writer.join()
    assert rows(space) == (1, 0)
    engine.import_logs(space, [path]) if target == "logs" else engine.import_table(space, target, path)
    assert rows(space) == ((1, 20_000) if target == "logs" else (50_000, 0))


def test_a_workspace_that_may_not_be_written_is_said(space):
    os.chmod(space.path, 0o500)
    try:
        for args in (("run",), ("import", "logs", space.path.parent / "calls.csv"), ("erase", "p1")):
            one_clear_line(kindred(*args, "-w", space.path, start=POWERLESS), "may not be written", "cannot be written")
        done = kindred("status", "-w", space.path, start=POWERLESS)
        assert done.returncode == 0, done.stderr
        out = space.path.parent / "out"
        out.mkdir(mode=0o500)
        done = kindred("export", "customers", "--to", out / "x", "-w", space.path, start=POWERLESS)
        one_clear_line(done, "cannot be written")
        assert not list(out.iterdir())
    finally:
        os.chmod(space.path, 0o700)
    assert rows(space) == (1, 0)


def test_a_disk_that_is_full_is_said_whatever_is_written_and_nothing_is_lost(tmp_path):
    """A real small disk (tmpfs in a mount namespace of its own), filled up by the import, the run or the export."""
    if subprocess.run([*OWN_MOUNTS, "true"], capture_output=True).returncode:
        pytest.skip("this system allows no mounts")
    (tmp_path / "calls.csv").write_text(CALLS)
    (tmp_path / "customers.csv").write_text("customer_id,age\np1,30\n")
    (tmp_path / "disk").mkdir()
    done = subprocess.run(
        [*OWN_MOUNTS, sys.executable, "-c", FILLED, tmp_path], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_a_clock_that_goes_back_makes_nothing_run_twice(space, monkeypatch):
    from datetime import datetime

    from engine import runner

    assert {r.status for r in runner.run(space, until="edges")} == {"done"}
    monkeypatch.setattr(runner, "utc_now", lambda: datetime(2001, 1, 1))
    assert {r.status for r in runner.run(space, until="edges", force=True)} == {"done"}
    assert {r.status for r in runner.run(space, until="edges")} == {"fresh"}


def test_two_processes_at_once_the_second_says_who_holds_the_lock(space):
    with space.locked("import logs"):
        one_clear_line(kindred("purge", "--before", "2026-01-01", "-w", space.path), "kindred import logs", "process")
    with space.writing("run"):
        one_clear_line(kindred("status", "-w", space.path), "in use by another process")


def test_a_killed_holder_leaves_no_lock(space):
    script = (
        "import os, signal, sys; from pathlib import Path; from engine import workspace\n"
        "with workspace.open_(Path(sys.argv[1])).writing('run'): os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", script, str(space.path)], cwd=ROOT).returncode == -signal.SIGKILL
    with space.writing("run") as store:
        assert store.count("customers") == 1
    assert audit.verify(space.path).whole


def test_photos_are_read_only_below_the_folder_named(tmp_path, space):
    """Neither a link, nor a linked folder, nor `..`, nor an absolute path brings a file from elsewhere in."""
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "s.jpg").write_bytes(jpeg(1) + b"TOPSECRET")
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "ok.jpg").write_bytes(jpeg(2))
    (folder / "p1.jpg").symlink_to(secret / "s.jpg")
    (folder / "sub").symlink_to(secret)
    lines = ["ok.jpg", "p1.jpg", "sub/s.jpg", "../secret/s.jpg", str(secret / "s.jpg"), "sub/../../secret/s.jpg"]
    (folder / "photos.csv").write_text("customer_id,path\n" + "".join(f"c{n},{x}\n" for n, x in enumerate(lines)))
    for source in (folder / "photos.csv", folder):
        engine.import_table(space, "photos", source)
    held = [p for p in space.faces.rglob("*") if p.is_file()]
    assert [p.read_bytes() for p in held] == [jpeg(2)]


def test_every_file_a_command_leaves_is_its_owners_only(space, tmp_path):
    os.chmod(tmp_path / "calls.csv", 0o644)
    for args in (("import", "logs", tmp_path / "calls.csv"), ("run", "--until", "edges")):
        assert kindred(*args, "-w", space.path).returncode == 0
    assert kindred("export", "events", "--to", tmp_path / "out", "-w", space.path).returncode == 0
    assert files.insecure_paths(space.path) == [] and files.insecure_paths(tmp_path / "out") == []

"""A workspace is made once, found from below, private, and written by one process at a time."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from engine import workspace
from engine.errors import WorkspaceError
from engine.trust import keys

ROOT = Path(__file__).resolve().parents[1]


def test_create_then_open_from_a_folder_below(tmp_path, monkeypatch):
    made = workspace.create(tmp_path / "w", preset={"ads__campaign": "spring"})
    monkeypatch.chdir(tmp_path / "w" / "faces")
    found = workspace.open_()
    assert found.path == made.path and found.config.ads.campaign == "spring"
    assert len(found.key()) == 32 and keys.key_id(found.key()) == found.config.ids.key_id


def test_everything_is_private_and_the_key_is_elsewhere(tmp_path):
    made = workspace.create(tmp_path / "w")
    key = made.key().hex()
    for path in [made.path, *made.path.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
        if path.is_file():
            assert key.encode() not in path.read_bytes()
    assert stat.S_IMODE((keys.folder() / f"{made.config.ids.key_id}.key").stat().st_mode) == 0o600


def test_refuses_what_is_there(tmp_path):
    workspace.create(tmp_path / "w")
    with pytest.raises(WorkspaceError, match="is a workspace already"):
        workspace.create(tmp_path / "w")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("mine")
    with pytest.raises(WorkspaceError, match="not empty"):
        workspace.create(tmp_path / "full")
    with pytest.raises(WorkspaceError, match="kindred init"):
        workspace.open_(tmp_path / "full")


def test_a_missing_or_wrong_key_is_said(tmp_path):
    made = workspace.create(tmp_path / "w")
    file = keys.folder() / f"{made.config.ids.key_id}.key"
    text = file.read_text()
    file.write_text("00" * 32)
    with pytest.raises(WorkspaceError, match="does not hold the key"):
        made.key()
    file.unlink()
    with pytest.raises(WorkspaceError, match="KINDRED_KEYS"):
        made.key()
    file.write_text(text)


def test_a_second_writer_is_told_who_holds_the_lock(tmp_path):
    made = workspace.create(tmp_path / "w")
    script = (
        "import sys; from pathlib import Path; from engine import workspace\n"
        "try:\n"
        "    with workspace.open_(Path(sys.argv[1])).writing('run'): pass\n"
        "except Exception as error: print(error)"
    )
    with made.writing("import logs"):
        other = subprocess.run(
            [sys.executable, "-c", script, str(made.path)], capture_output=True, text=True, cwd=ROOT, check=True
        )
    assert "being written by `kindred import logs` (process" in other.stdout
    with made.writing("run") as store:
        assert store.count("events") == 0


def test_a_damaged_database_is_said(tmp_path):
    made = workspace.create(tmp_path / "w")
    made.database.write_bytes(b"not a database" * 1000)
    with pytest.raises(WorkspaceError, match="cannot be opened"), made.warehouse():
        pass

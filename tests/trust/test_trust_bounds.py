"""A backup is restored by its name only, and a document that is too deep stops nothing that protects people."""

from __future__ import annotations

import json
import os

import pytest

import engine
from engine.errors import EngineError, InputError, WorkspaceError
from engine.export.check import verify
from engine.trust import backups
from engine.usecases import erase


def workspaces(folder):
    made = []
    for name in ("mine", "theirs"):
        space = engine.create(folder / name)
        (folder / "c.csv").write_text(f"customer_id\n{name}\nother\n")
        engine.import_table(space, "customers", folder / "c.csv")
        backups.take(space.database, backups.LAST_RUN, scratch=space.scratch)
        made.append(space)
    return made


def test_no_other_workspace_is_restored(tmp_path):
    mine, theirs = workspaces(tmp_path)
    before = mine.database.read_bytes()
    with mine.warehouse(read_only=True) as store:
        people = store.read("customers")["customer_id"].to_list()
    os.symlink(theirs.database, mine.path / "backups" / "link.duckdb")
    (mine.path / "backups" / "folder.duckdb").mkdir()
    names = [
        "../../theirs/backups/last-run", "../../theirs/kindred", "../kindred", "./last-run", "x/../last-run", "link",
        str(theirs.path / "kindred"), "folder", "", ".", "..", "last-run\0", "LAST-RUN", "last-run.duckdb", "*",
    ]  # fmt: skip
    for name in names:
        with pytest.raises(WorkspaceError, match="There is no backup"):
            mine.restore(name)
        assert mine.database.read_bytes() == before
    assert [copy.name for copy in backups.listed(mine.database)] == ["last-run"]
    mine.restore("last-run")
    with mine.warehouse(read_only=True) as store:
        assert store.read("customers")["customer_id"].to_list() == people


def test_dropping_the_copies_leaves_what_a_link_leads_to(tmp_path):
    mine, theirs = workspaces(tmp_path)
    os.symlink(theirs.database, mine.path / "backups" / "link.duckdb")
    (mine.path / "backups" / "folder.duckdb").mkdir()
    assert backups.drop(mine.database) == 2
    assert theirs.database.is_file()
    assert [path.name for path in (mine.path / "backups").iterdir()] == ["folder.duckdb"]


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "{}", '{"files": [{"path": 1}], "tables": 5}', "\udcff", '{"files": 5}']
)
def test_a_manifest_may_hold_anything(tmp_path, text):
    """Erasing goes on, and nothing is taken for a whole export."""
    mine, _ = workspaces(tmp_path)
    place = mine.exports / "a::b[1]"
    place.mkdir()
    (place / "manifest.json").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(InputError, match="no export of Kindred"):
        verify(place)
    with pytest.raises(EngineError, match="not an export of Kindred"):
        engine.export_to(mine, "customers", place)
    erase.erase(mine, ["other"])
    assert not place.exists()


def test_an_export_is_verified_under_any_name(tmp_path):
    mine, _ = workspaces(tmp_path)
    for name in ("a[1]", "*", "a::b", "kind=data", "~", "file:x", "é"):
        engine.export_to(mine, "customers", tmp_path / name)
        found = verify(tmp_path / name)
        assert found.files and not found.problems
        (tmp_path / name / "customers.parquet").write_bytes(b"other")
        assert [entry["status"] for entry in verify(tmp_path / name).problems] == ["truncated"]
        assert json.loads((tmp_path / name / "manifest.json").read_text())["files"]

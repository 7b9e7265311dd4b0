"""An export appears whole or not at all, and never in place of something that is not an earlier export."""

from __future__ import annotations

import hashlib
import json
import os

import pytest

from engine.errors import WorkspaceError
from engine.trust import folder


def files(path):
    return {str(p.relative_to(path)): p.read_bytes() for p in path.rglob("*") if p.is_file()}


def fill(target, **texts):
    with folder.replacing(target) as draft:
        for name, text in texts.items():
            draft.write(f"{name}.txt", text.encode())
        draft.finish({"what": "test"})


def test_the_manifest_tells_bytes_and_hash_of_each_file(tmp_path):
    fill(tmp_path / "out", a="one", b="zwei")
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    assert [f["path"] for f in manifest["files"]] == ["a.txt", "b.txt"]
    for entry in manifest["files"]:
        data = (tmp_path / "out" / entry["path"]).read_bytes()
        assert entry["bytes"] == len(data) and entry["sha256"] == hashlib.sha256(data).hexdigest()
    assert sorted(os.listdir(tmp_path / "out")) == ["_SUCCESS", "a.txt", "b.txt", "manifest.json"]


def test_nothing_is_left_beside_it(tmp_path):
    fill(tmp_path / "deep/er/out", a="one")
    fill(tmp_path / "deep/er/out", b="two")
    assert os.listdir(tmp_path / "deep/er") == ["out"]
    assert "b.txt" in files(tmp_path / "deep/er/out") and "a.txt" not in files(tmp_path / "deep/er/out")


def test_a_failure_leaves_the_earlier_export(tmp_path):
    fill(tmp_path / "out", a="one")
    before = files(tmp_path / "out")
    with pytest.raises(ZeroDivisionError), folder.replacing(tmp_path / "out") as draft:
        draft.write("b.txt", b"two")
        raise ZeroDivisionError
    assert files(tmp_path / "out") == before and os.listdir(tmp_path) == ["out"]


def test_what_a_kill_between_the_renames_set_aside_comes_back(tmp_path):
    fill(tmp_path / "out", a="one")
    os.rename(tmp_path / "out", tmp_path / ".out.old")
    with pytest.raises(ZeroDivisionError), folder.replacing(tmp_path / "out"):
        raise ZeroDivisionError
    assert (tmp_path / "out/a.txt").read_text() == "one"


def test_what_a_killed_export_left_is_swept(tmp_path):
    (tmp_path / ".out.part/deep").mkdir(parents=True)
    (tmp_path / ".out.part/deep/half.txt").write_text("half")
    (tmp_path / ".out.lock").write_text("")
    fill(tmp_path / "out", a="one")
    assert os.listdir(tmp_path) == ["out"] and "deep/half.txt" not in files(tmp_path / "out")


def test_a_link_leads_to_the_folder_that_is_written(tmp_path):
    fill(tmp_path / "real", a="one")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    fill(tmp_path / "link", b="two")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "real/b.txt").read_text() == "two"
    assert sorted(os.listdir(tmp_path)) == ["link", "real"]


@pytest.mark.parametrize("found", ["notes.txt", "manifest.json"])
def test_a_folder_of_somebody_else_is_refused(tmp_path, found):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / found).write_text("[1]")
    with pytest.raises(WorkspaceError, match=r"out holds something that is not an export of Kindred"):
        fill(tmp_path / "out", a="one")
    assert files(tmp_path / "out") == {found: b"[1]"}


def test_an_export_with_somebodys_file_in_it_is_refused(tmp_path):
    fill(tmp_path / "out", a="one")
    (tmp_path / "out/notes.txt").write_text("mine")
    with pytest.raises(WorkspaceError, match=r"notes\.txt in it is not part"):
        fill(tmp_path / "out", a="two")
    assert (tmp_path / "out/a.txt").read_text() == "one"


def test_a_file_in_the_way_is_refused(tmp_path):
    (tmp_path / "out").write_text("x")
    with pytest.raises(WorkspaceError, match="is not a folder"):
        fill(tmp_path / "out", a="one")


def test_two_exports_at_once(tmp_path):
    with folder.replacing(tmp_path / "out") as draft:
        with pytest.raises(WorkspaceError, match="Another export is writing"):
            fill(tmp_path / "out", a="second")
        draft.write("b.txt", b"first")
        draft.finish({})
    assert (tmp_path / "out/b.txt").read_bytes() == b"first"


def test_an_empty_folder_may_be_there(tmp_path):
    (tmp_path / "out").mkdir()
    fill(tmp_path / "out", a="one")
    assert (tmp_path / "out/a.txt").read_text() == "one"

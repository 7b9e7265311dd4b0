"""Keys lie outside every workspace: in a file of their own, the environment or a keyring, and are checked by id."""

from __future__ import annotations

import shlex
import stat
import sys

import pytest

from engine import workspace
from engine.errors import WorkspaceError
from engine.trust import keys


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.setenv("KINDRED_KEYS", str(tmp_path / "keys"))
    monkeypatch.delenv("KINDRED_KEY", raising=False)


def test_new_keys_are_private_listed_and_loaded():
    names = sorted(keys.new() for _ in range(3))
    assert [k.key_id for k in keys.listed()] == names
    assert {k.problem for k in keys.listed()} == {""}
    assert stat.S_IMODE((keys.folder() / f"{names[0]}.key").stat().st_mode) == 0o600
    assert keys.key_id(keys.load(names[0])) == names[0]
    assert len({keys.load(n) for n in names}) == 3


def test_no_folder_no_keys():
    assert keys.listed() == []


def test_a_key_that_others_may_read_is_refused():
    name = keys.new()
    (keys.folder() / f"{name}.key").chmod(0o640)
    with pytest.raises(WorkspaceError, match="chmod 600"):
        keys.load(name)
    assert keys.listed()[0].problem == "others may read it"


@pytest.mark.parametrize("text", ["", "zz" * 32, "ab" * 31, "é" * 64])
def test_a_spoilt_key_file_is_said(text):
    name = keys.new()
    (keys.folder() / f"{name}.key").write_text(text)
    with pytest.raises(WorkspaceError):
        keys.load(name)
    assert keys.listed()[0].problem == "not readable"


def test_the_environment_holds_a_key(monkeypatch, tmp_path):
    monkeypatch.setenv("KINDRED_KEY", "ab" * 32)
    made = workspace.create(tmp_path / "w")
    assert made.key() == bytes.fromhex("ab" * 32) and not keys.folder().exists()
    monkeypatch.setenv("KINDRED_KEY", "cd" * 32)
    with pytest.raises(WorkspaceError, match="does not hold the key"):
        made.key()
    monkeypatch.setenv("KINDRED_KEY", "secret but wrong")
    with pytest.raises(WorkspaceError, match="64 hex digits") as caught:
        made.key()
    assert "secret but wrong" not in str(caught.value)


def test_a_keyring_is_asked_by_command(monkeypatch):
    name = keys.new()
    key = keys.load(name)
    script = f"import sys; print({key.hex()!r} if sys.argv[1] == {name!r} else '')"
    monkeypatch.setenv("KINDRED_KEY_COMMAND", shlex.join([sys.executable, "-c", script, "{id}"]))
    assert keys.load(name) == key
    for broken in (f"{sys.executable} -c 'import sys; sys.exit(3)'", "/no/such/command", "'"):
        monkeypatch.setenv("KINDRED_KEY_COMMAND", broken)
        with pytest.raises(WorkspaceError, match="KINDRED_KEY_COMMAND gave no key"):
            keys.load(name)


def test_one_purpose_says_nothing_of_another():
    key = bytes(range(32))
    assert keys.derived(key, "database") != keys.derived(key, "audit") != key
    assert keys.derived(key, "database") == keys.derived(key, "database")

"""The trust commands as a script calls them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from engine.trust import audit


@pytest.fixture
def kindred(tmp_path, monkeypatch):
    """Call `kindred ARGS…` in an empty folder with a workspace `w`, its keys beside it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KINDRED_KEYS", str(tmp_path / "keys"))

    def call(*args: object):
        return CliRunner().invoke(app, [str(a) for a in args])

    assert call("init", "w").exit_code == 0
    return call


def test_keys_new_and_list(kindred):
    made = json.loads(kindred("keys", "new", "-o", "json").stdout)["key_id"]
    listed = json.loads(kindred("keys", "list", "-o", "json").stdout)
    assert made in [k["key_id"] for k in listed] and len(listed) == 2
    text = (Path("keys") / f"{made}.key").read_text().strip()
    assert text not in kindred("keys", "list").stdout


def test_audit_verify_prints_the_head_and_fails_on_a_changed_line(kindred):
    good = kindred("audit", "verify", "-w", "w", "-o", "json")
    assert good.exit_code == 0
    told = json.loads(good.stdout)
    assert told["whole"] and told["lines"] == 2
    assert kindred("audit", "verify", "-w", "w", "--head", told["head"]).exit_code == 0
    assert kindred("audit", "verify", "-w", "w", "--head", "0" * 64).exit_code == 1
    log = Path("w") / audit.LOG
    log.write_text(log.read_text().replace('"init"', '"iniT"', 1))
    bad = kindred("audit", "verify", "-w", "w", "-o", "json")
    assert bad.exit_code == 1 and "line 1 was altered" in json.loads(bad.stdout)["problems"]


def test_restore_without_a_backup_is_one_clear_line(kindred):
    assert kindred("backups", "-w", "w").exit_code == 0
    failed = kindred("restore", "-w", "w")
    assert failed.exit_code == 1 and "There is no backup 'last-run'" in failed.stderr


def test_encrypt_and_back(kindred):
    assert kindred("encrypt", "weak", "-w", "w").exit_code == 0
    assert kindred("status", "-w", "w").exit_code == 0
    assert kindred("encrypt", "off", "-w", "w").exit_code == 0
    assert kindred("encrypt", "rot13", "-w", "w").exit_code == 2
    assert kindred("audit", "verify", "-w", "w").exit_code == 0


def test_more_threads_than_any_machine_has_are_wrong_usage(kindred):
    """DuckDB would start them all, and the machine would stand still."""
    assert kindred("run", "--threads", "100000", "-w", "w").exit_code == 2
    assert CliRunner().invoke(app, ["run", "-w", "w"], env={"KINDRED_RUN_THREADS": "100000"}).exit_code == 1


def test_doctor_sees_loose_files_and_an_altered_audit_log(kindred):
    (Path("w") / audit.LOG).chmod(0o644)
    (Path("w") / audit.HEAD).unlink()
    found = {c["check"]: c["ok"] for c in json.loads(kindred("doctor", "-w", "w", "-o", "json").stdout)}
    assert not found["permissions"] and not found["audit log"]
    assert found["schema"] and found["backup"] and found["pseudonym key"]

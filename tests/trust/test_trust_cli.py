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


def test_a_broken_log_is_told_with_the_command_that_seals_it(kindred):
    assert "seal" not in kindred("audit", "verify", "-w", "w").stderr
    log = Path("w") / audit.LOG
    log.write_text(log.read_text().replace('"init"', '"iniT"', 1))
    assert "`kindred audit seal --reason TEXT`" in kindred("audit", "verify", "-w", "w").stderr
    assert kindred("audit", "seal", "--reason", "a test", "-w", "w").exit_code == 0


def test_erase_says_who_is_unknown_and_who_may_come_back(kindred):
    Path("people.csv").write_text("customer_id,age\n" + "".join(f"c{i},40\n" for i in range(5)))
    assert kindred("import", "customers", "people.csv", "-w", "w").exit_code == 0
    done = kindred("erase", "c1", "c77", "-w", "w")
    assert "1 id names nobody in this workspace" in done.stderr and "Without --opt-out" in done.stderr
    done = kindred("erase", "c2", "--opt-out", "-w", "w")
    assert "names nobody" not in done.stderr and "Without --opt-out" not in done.stderr
    assert "proofs" in done.stdout and "('" not in done.stdout


def test_an_export_of_what_is_stale_or_empty_says_so(kindred):
    Path("calls.csv").write_text("caller,callee,started_at,duration_s\na,b,2024-03-01 10:00:00,60\n")
    Path("offers.csv").write_text("offer_id,headline,body,call_to_action,value,cost\no1,H,B,Go,5,1\n")
    for what in ("logs", "offers"):
        assert kindred("import", what, {"logs": "calls.csv", "offers": "offers.csv"}[what], "-w", "w").exit_code == 0
    assert "nobody gets: o1 (there are no past campaigns)" in kindred("run", "-w", "w").stderr
    fresh = kindred("export", "delivery", "--to", "out", "-w", "w")
    assert fresh.exit_code == 0 and "No ad is to be sent" in fresh.stderr and "Stale" not in fresh.stderr
    Path("people.csv").write_text("customer_id,age\na,40\n")
    assert kindred("import", "customers", "people.csv", "-w", "w").exit_code == 0
    stale = kindred("export", "delivery", "--to", "out", "-w", "w")
    assert stale.exit_code == 0 and "`kindred run`, then export again" in stale.stderr


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

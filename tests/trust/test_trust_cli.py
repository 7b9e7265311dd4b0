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


def test_audit_show_reads_the_log(kindred):
    Path("people.csv").write_text("customer_id,age\nc1,40\nc2,41\n")
    assert kindred("import", "customers", "people.csv", "-w", "w").exit_code == 0
    for _ in range(12):
        assert kindred("export", "customers", "--to", "out", "-w", "w").exit_code == 0
    log = [json.loads(line) for line in (Path("w") / audit.LOG).read_text().splitlines()]
    assert json.loads(kindred("audit", "show", "--all", "-w", "w", "-o", "json").stdout) == log
    assert json.loads(kindred("audit", "show", "-w", "w", "-o", "json").stdout) == log[-20:]
    shown = kindred("audit", "show", "-w", "w").stdout.splitlines()
    assert len(shown) == 21 and shown[0].split() == ["seq", "at", "user", "command", "event", "rows", "details"]
    assert "export" in shown[-1] and "read" in shown[-1] and "customers 2" in shown[-1]
    assert "customers 0 > 2" in kindred("audit", "show", "--all", "-w", "w").stdout
    assert [json.loads(line) for line in (Path("w") / audit.LOG).read_text().splitlines()] == log, "reading adds none"


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


def test_restore_says_whether_it_keeps_what_it_replaces(kindred):
    Path("people.csv").write_text("customer_id,age\nc1,40\n")
    assert kindred("run", "-w", "w").exit_code == 0  # takes the copy
    assert kindred("import", "customers", "people.csv", "-w", "w").exit_code == 0
    first = kindred("restore", "-w", "w")
    assert first.exit_code == 0 and "`kindred restore replaced` brings that back" in first.stderr
    second = kindred("restore", "replaced", "-w", "w", "-o", "json")
    assert second.exit_code == 0 and "is not kept" in second.stderr and json.loads(second.stdout)["replaced"] is None
    assert json.loads(kindred("status", "-w", "w", "-o", "json").stdout)["tables"]["customers"] == 1
    assert "it replaces itself is not kept" in " ".join(kindred("restore", "--help").stdout.split())


def test_status_of_an_empty_workspace_says_what_comes_first(kindred):
    empty = kindred("status", "-w", "w")
    assert empty.exit_code == 0 and "`kindred import logs FILE`" in empty.stderr
    assert empty.stdout.split()[:2] == ["stage", "state"]
    Path("people.csv").write_text("customer_id,age\nc1,40\n")
    assert kindred("import", "customers", "people.csv", "-w", "w").exit_code == 0
    full = kindred("status", "-w", "w")
    assert "imported yet" not in full.stderr and full.stdout.split()[:2] == ["table", "rows"]


def test_exported_rejects_name_their_files(kindred):
    files = {"people.csv": "c1,x\nc2,40\n", "list-36201234567.csv": "c3,41\nc4,\nc5,-1\n"}
    for name, rows in files.items():
        Path(name).write_text(f"customer_id,age\n{rows}")
        assert kindred("import", "customers", name, "-w", "w").exit_code == 0
    assert kindred("export", "rejects", "--to", "out", "--format", "jsonl", "-w", "w").exit_code == 0
    text = Path("out/rejects.jsonl").read_text()
    rows = [json.loads(line) for line in text.splitlines()]
    assert sorted((row["file"] == "people.csv", row["row_number"]) for row in rows) == [(False, 3), (True, 1)]
    assert all(
        list(row) == ["source_id", "file", "row_number", "reason", "raw", "column_name", "detail"] for row in rows
    )
    assert "36201234567" not in text and "list-" in text
    columns = json.loads(Path("out/manifest.json").read_text())["tables"]["rejects"]["columns"]
    assert [c["name"] for c in columns][:2] == ["source_id", "file"]


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

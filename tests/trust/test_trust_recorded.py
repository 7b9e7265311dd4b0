"""Every command that opens a workspace's data says so in the audit log first; a new command cannot forget to."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from cli.main import app
from engine.trust import audit
from tests.trust.test_trust_faults import OWN_MOUNTS, ROOT

# What touches no person's data of a workspace, and why.
NOBODY = {
    "status": "how many rows, never whose",
    "next": "how many rows, never whose",
    "doctor": "how many rows, never whose",
    "backups": "names and sizes of files",
    "audit show": "reads the log itself",
    "audit verify": "reads the log itself",
    "audit seal": "writes a first line of its own",
    "init": "makes the workspace; writes lines of its own",
    "demo": "invents a town in a workspace of its own, and writes its lines",
    "synth": "invents a town; no workspace",
    "keys new": "no workspace",
    "keys list": "no workspace",
    "logs guess": "a file of the user's; no workspace",
    "faces evaluate": "photos of the user's; no workspace",
    "faces policy evaluate": "a file of the user's; no workspace",
    "faces finetune": "photos of the user's; no workspace",
    "weights list": "no workspace",
    "weights fetch": "no workspace",
    "weights verify": "no workspace",
    "experiment compare": "a file of the user's; no workspace",
}
READS = ("export", "customers", "--to", "out", "--dry-run")
GIVEN = {
    "report": ["all", "--to", "r.html"],
    "explain": ["36201234567"],
    "export": ["customers", "--to", "out"],
    "erase": ["36201234567"],
    "ids": ["x.csv", "-O", "out.csv"],
    "imports undo": ["0123456789abcdef"],
    "purge": ["--before", "2020-01-01"],
    "encrypt": ["off"],
    "graph export": ["--to", "out/graph"],
    **{f"persons {word}": ["36201234567", "36201234568"] for word in ("join", "split")},
    "graph ego": ["36201234567", "--to", "ego.svg"],
    "faces sheet": ["--to", "sheets"],
    "faces judge": ["--to", "judge"],
    "faces ambiguous": ["--to", "open"],
    "faces settle": ["x.csv"],
    "weights use": ["casia-webface"],
    "mapping keep": ["crm", "x.toml"],
    "mapping show": ["crm"],
    **{f"experiment {word}": ["spring"] for word in ("design", "power", "assign", "analyse", "simulate")},
    **{f"experiment import {word}": ["spring", "x.csv"] for word in ("exposures", "outcomes")},
    **{
        f"import {word}": ["x.csv"]
        for word in (
            "logs", "customers", "devices", "offers", "treatments", "acts", "photos", "inventory", "consents",
            "optouts",
        )
    },
}  # fmt: skip


def commands(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    if not hasattr(command, "commands"):
        yield " ".join(words), command
        return
    for name, inner in command.commands.items():
        yield from commands(inner, (*words, name))


ALL = dict(commands(typer.main.get_command(app)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("recorded")


@pytest.fixture
def kindred(folder, monkeypatch):
    """Call `kindred ARGS…` beside an empty workspace `w`; what fails for want of data has been recorded before."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("KINDRED_KEYS", str(folder / "keys"))

    def call(*args: object):
        return CliRunner().invoke(app, [str(a) for a in args])

    if not (folder / "w").exists():
        assert call("init", "w").exit_code == 0
    return call


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "w" / audit.LOG).read_text().splitlines()]


def test_the_list_of_commands_that_touch_nobody_names_no_other():
    assert set(NOBODY) <= set(ALL)


# `serve` stays until it is ended; tests/serve starts it.
@pytest.mark.parametrize("name", sorted(set(ALL) - set(NOBODY) - {"serve"}))
def test_a_command_is_recorded_before_it_does_anything(kindred, folder, name):
    before = len(lines(folder))
    done = kindred(*name.split(), *GIVEN.get(name, []), "-w", "w")
    assert done.exit_code in (0, 1), done.output
    first = lines(folder)[before]
    assert (first["command"], first["event"]) == (name, "open")
    assert "36201234567" not in (folder / "w" / audit.LOG).read_text() and audit.verify(folder / "w").whole


@pytest.mark.parametrize("name", ["status", "doctor", "backups", "audit verify"])
def test_what_touches_nobody_leaves_no_line(kindred, folder, name):
    before = (folder / "w" / audit.LOG).read_bytes()
    assert kindred(*name.split(), "-w", "w").exit_code in (0, 1)
    assert (folder / "w" / audit.LOG).read_bytes() == before


def test_workspaces_are_opened_in_one_place_only():
    """No command goes round the shell: `cli` opens no workspace but in `cli.command`."""
    for path in sorted((ROOT / "cli").glob("*.py")):
        if path.name == "command.py":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            assert not (isinstance(node, ast.Attribute) and node.attr == "open_"), (path, node.lineno)


def test_a_reading_command_is_recorded_while_another_writes(kindred, folder):
    """A writer holds the lock of the workspace, not of the log: the reader waits for nobody."""
    from engine import workspace

    before = len(lines(folder))
    with workspace.open_(folder / "w").locked("run"):
        assert kindred(*READS, "-w", "w").exit_code == 0
    assert [line["command"] for line in lines(folder)[before:]] == ["export"]


def test_a_broken_log_is_sealed_by_a_command_that_says_so(kindred, folder):
    assert kindred("audit", "seal", "--reason", "none", "-w", "w").exit_code == 1
    (folder / "w" / audit.HEAD).unlink()
    assert kindred("audit", "verify", "-w", "w").exit_code == 1
    sealed = kindred("audit", "seal", "--reason", "somebody tidied up", "-w", "w", "-o", "json")
    assert sealed.exit_code == 0 and "audit.head is missing" in sealed.stderr and "tidied" in sealed.stderr
    assert json.loads(sealed.stdout)["sealed"][0]["problems"] == ["audit.head is missing"]
    assert kindred(*READS, "-w", "w").exit_code == 0
    found = kindred("audit", "verify", "-w", "w", "-o", "json")
    assert found.exit_code == 0 and json.loads(found.stdout)["lines"] == 2 and "tidied" in found.stderr
    checks = {c["check"]: c for c in json.loads(kindred("doctor", "-w", "w", "-o", "json").stdout)}
    assert checks["audit log"]["ok"] and "1 sealed before" in checks["audit log"]["found"]


FULL = """
import subprocess, sys
from pathlib import Path
from tests.trust.test_trust_faults import kindred, one_clear_line
from tests.trust.test_trust_recorded import READS
from engine import workspace
from engine.errors import WorkspaceError
from engine.trust import audit
base = Path(sys.argv[1])
disk, w = base, base / "w"
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", disk], check=True)
def fill():
    with open(disk / "filler", "ab", buffering=0) as file:
        for size in (1 << 16, 4096, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                pass
def count():
    found = audit.verify(w)
    assert found.whole, found
    return found.lines
assert kindred("init", w).returncode == 0
before = count()
for rest in (0, 1, 100, 4096, 4200, 9000, 40000):
    fill()
    with open(disk / "filler", "ab") as file:
        file.truncate(max((disk / "filler").stat().st_size - rest, 0))
    if rest == 0:
        one_clear_line(kindred(*READS, "-w", w), "Free ")
    for _ in range(40):
        try:
            audit.append(w, "loyalty", "open")
        except WorkspaceError as error:
            assert "cannot be written" in error.message, error
    count()
    (disk / "filler").unlink()
space, before = workspace.open_(w), count()
with audit.recorded(w, "run") as record:
    fill()
    record.details["rows"] = 1
assert count() == before + 2
one_clear_line(kindred(*READS, "-w", w), "Free ")
assert count() == before + 2
(disk / "filler").unlink()
assert kindred(*READS, "-w", w).returncode == 0 and count() == before + 3
"""


def test_a_full_disk_refuses_the_command_and_the_chain_stays_whole(tmp_path):
    """A real disk without one free byte (tmpfs), or a few: dozens of attempts, then a command during which it fills."""
    if subprocess.run([*OWN_MOUNTS, "true"], capture_output=True).returncode:
        pytest.skip("this system allows no mounts")
    (tmp_path / "disk").mkdir()
    done = subprocess.run(
        [*OWN_MOUNTS, sys.executable, "-c", FULL, tmp_path / "disk"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr

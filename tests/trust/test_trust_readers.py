"""A thousand readers while records come in, stages run and the export is replaced: a whole old or a whole new one."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import engine
from engine import runner, workspace
from engine.export import export
from tests.trust.readers import READERS

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 4


def records(path: Path, month: int) -> Path:
    lines = [
        f"p{n % 23},p{(n * 7 + 1) % 23},2026-{month:02d}-{n % 28 + 1:02d}T10:{n % 60:02d}:00,{n % 300 + month}"
        for n in range(2000)
    ]
    path.write_text("caller,callee,started_at,duration_s\n" + "\n".join(lines) + "\n")
    return path


def test_readers_see_a_whole_old_or_a_whole_new_export_during_a_run(tmp_path):
    space, target = workspace.create(tmp_path / "w"), tmp_path / "out"
    versions = []

    def publish(month: int) -> None:
        engine.import_logs(space, [records(tmp_path / f"{month}.csv", month)])
        runner.run(space, until="influencers")
        export(space, "all", target, "csv")
        versions.append(hashlib.sha256((target / "manifest.json").read_bytes()).hexdigest())

    publish(1)
    with subprocess.Popen(
        [sys.executable, "-m", "tests.trust.readers", str(target)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as readers:  # fmt: skip
        assert readers.stdout.readline() == "reading\n"
        for month in range(2, ROUNDS + 1):
            publish(month)
        told = json.loads(readers.communicate()[0])
    assert told["wrong"] == [] and told["readers"] == READERS
    assert len(set(versions)) == ROUNDS and set(told["seen"]) <= set(versions)
    assert len(told["seen"]) >= 2, "nobody read while it was replaced"
    assert not [p.name for p in tmp_path.iterdir() if p.name not in {"out", "w", "1.csv", "2.csv", "3.csv", "4.csv"}]

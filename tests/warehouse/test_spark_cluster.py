"""The commands on a real standalone cluster, with drivers and workers killed on the way."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.warehouse.cluster import cluster
from tests.warehouse.compare import same_tables
from tests.warehouse.conftest import logs, opened

pytestmark = [pytest.mark.spark, pytest.mark.slow]
TABLES = ("rejects", "parties", "events", "pair_days", "edges", "hubs", "ties", "nodes", "influencers")


@pytest.fixture(scope="module")
def running():
    with cluster() as found:
        yield found


def kindred(path: Path, master: str, *command: str) -> subprocess.Popen:
    """A command of `kindred` on the cluster, in a process of its own."""
    options = ["-w", str(path), "--engine", "spark", "--master", master]
    return subprocess.Popen(
        [sys.executable, "-m", "cli.main", *command, *options],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip


def finished(process: subprocess.Popen) -> str:
    text, _ = process.communicate(timeout=500)
    assert process.returncode == 0, text
    return text


def test_a_killed_driver_and_a_killed_worker_change_nothing(bare, expected, running):
    path = bare.parent / "cluster"
    shutil.copytree(bare, path)
    finished(kindred(path, running.master, "import", "logs", *map(str, logs(bare))))

    # The driver is killed when the first part of the stage lies in the folder: nothing of it may count.
    first = kindred(path, running.master, "run", "--until", "edges")
    _until(lambda: list((path / "tables" / "edges").glob("*")), first)
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    with opened(path, "spark").warehouse(read_only=True) as store:
        assert store.count("edges") == 0
        assert not store.read("runs").height

    # A worker dies with its executor while the stage runs: the other one does its tasks again.
    second = kindred(path, running.master, "run", "--until", "influencers")
    _until(lambda: running.state()["activeapps"] and (path / "tables" / "_scratch").exists(), second)
    os.killpg(running.workers[0].pid, signal.SIGKILL)
    finished(second)
    rows = same_tables(expected, opened(path, "spark"), tables=TABLES)
    assert rows["edges"] and rows["influencers"]

    parts = {p.parent.name + "/" + p.name for p in (path / "tables").glob("*/*")}
    with opened(path, "spark").warehouse(read_only=True) as store:
        assert parts == {part["path"] for named in store.parts().values() for part in named}, "swept"


def test_under_spark_submit_workers_make_faces_scores_and_ads_too(bare, expected, running):
    """The command of the README: every table and every creative is that of one process of DuckDB."""
    import pyspark

    import cli.main
    import engine

    path = bare.parent / "submitted"
    shutil.copytree(bare, path)
    engine.import_logs(opened(path, "duckdb"), logs(bare))
    submit = Path(pyspark.__file__).parent / "bin" / "spark-submit"
    environment = {"KINDRED_WAREHOUSE_ENGINE": "spark", "PYSPARK_PYTHON": sys.executable}
    done = subprocess.run(
        [str(submit), "--master", running.master, "--conf", "spark.log.level=ERROR", cli.main.__file__,
         "run", "-w", str(path), "--quiet", "-o", "json"],
        env={**os.environ, **environment}, capture_output=True, text=True, timeout=500, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert [stage["stage"] for stage in json.loads(done.stdout)][-1] == "ads"
    rows = same_tables(expected, opened(path, "spark"))
    assert rows["ads"] and rows["faces"] and rows["uplift"]
    made = [{file.name: file.read_bytes() for file in (space / "ads").iterdir()} for space in (expected.path, path)]
    assert made[0] == made[1]


def _until(holds, process: subprocess.Popen) -> None:
    until = time.monotonic() + 300
    while not holds():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < until
        time.sleep(0.05)

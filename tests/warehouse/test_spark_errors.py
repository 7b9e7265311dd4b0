"""What a user reads when Spark cannot start or a job fails: one line that says what and how to mend it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import BackendError, ConfigError
from engine.warehouse import session
from tests.warehouse.conftest import ABSENT


def kindred(*command: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "cli.main", *command],
        env={**os.environ, **environment}, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


@pytest.fixture
def space(tmp_path) -> Path:
    """A workspace with one call."""
    import engine

    made = engine.create(tmp_path / "space")
    (tmp_path / "calls.csv").write_text("caller,callee,started_at,duration_s\na,b,2026-03-01 10:00,60\n")
    engine.import_logs(made, [tmp_path / "calls.csv"])
    return made.path


def fake_java(folder: Path, says: str) -> str:
    """A JAVA_HOME whose java says something about its version."""
    java = folder / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(f"#!/bin/sh\necho '{says}' >&2\n")
    java.chmod(0o700)
    return str(folder)


@pytest.mark.skipif("PySpark" in ABSENT or "extra" in ABSENT, reason=ABSENT or "never")
@pytest.mark.parametrize(
    ("says", "expected"),
    [
        (None, "needs Java, and there is none at JAVA_HOME"),
        ('openjdk version "11.0.2" 2019-01-15', "needs Java 17 or newer; "),
        ('java version "1.8.0_292"', "is Java 8"),
        ("nonsense", "does not say its version"),
    ],
)
def test_no_java_or_the_wrong_one(space, tmp_path, says, expected):
    home = str(tmp_path / "none") if says is None else fake_java(tmp_path / "java", says)
    done = kindred("run", "-w", str(space), "--engine", "spark", JAVA_HOME=home)
    assert done.returncode == 1
    assert expected in done.stderr
    assert "Install Java 17" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.spark
def test_a_master_that_does_not_answer_or_is_no_address(space):
    done = kindred("run", "-w", str(space), "--engine", "spark", "--master", "spark://127.0.0.1:9")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "kindred: The Spark master spark://127.0.0.1:9 does not answer. "
        "Check that it runs, its address, and the firewall."
    ]
    with pytest.raises(ConfigError, match="no address of a Spark master"):
        session._check_reachable("spark://nowhere")


@pytest.mark.spark
def test_a_java_machine_that_does_not_start_is_quoted_in_one_line(space):
    done = kindred("run", "-w", str(space), "--engine", "spark", "--master", "nonsense")
    assert done.returncode == 1
    expected = "kindred: Spark did not start with the master nonsense: Master must either be yarn or start with"
    assert done.stderr.startswith(expected)
    assert len(done.stderr.splitlines()) == 1
    said = "NOTE: Picked up options\nError occurred during initialization of VM\nToo small maximum heap\n"
    error = session.unreachable("local[2]", RuntimeError("The gateway exited before sending its port number."), said)
    assert error.message == "Spark did not start with the master local[2]: Too small maximum heap."


@pytest.mark.spark
@pytest.mark.slow
def test_spark_starts_without_a_word_and_talks_when_asked(space):
    options = ["run", "-w", str(space), "--until", "edges", "--force", "--engine", "spark", "--master", "local[1]"]
    quiet, loud = kindred(*options, "--quiet", "-o", "json"), kindred(*options, "--debug", "-o", "json")
    assert (quiet.returncode, quiet.stderr) == (0, "")
    assert json.loads(quiet.stdout)[0]["stage"] == json.loads(loud.stdout)[0]["stage"] == "edges"
    assert "incubator" in loud.stderr and "Physical Plan" in loud.stderr


def test_without_pyspark_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(ConfigError, match=r"kindred-engine\[spark\]"):
        session.start()


@pytest.mark.spark
@pytest.mark.slow
@pytest.mark.parametrize("worker", ["another version", "no such file"])
def test_another_python_on_the_workers(tmp_path, worker):
    import engine

    made = engine.create(tmp_path / "space")
    (tmp_path / "calls.csv").write_text("caller,callee,started_at,duration_s\na,b,2026-03-01 10:00,60\n")
    python, patch = tmp_path / "python", tmp_path / "patch"
    patch.mkdir()
    if worker == "another version":
        # What the workers' PySpark compares with the driver's.
        (patch / "sitecustomize.py").write_text(
            "import sys, collections\nkind = collections.namedtuple('kind', 'major minor micro releaselevel serial')\n"
            "sys.version_info = kind(3, 99, 0, 'final', 0)\n"
        )
    if worker != "no such file":
        python.write_text(f'#!/bin/sh\nPYTHONPATH="{patch}:$PYTHONPATH" exec {sys.executable} "$@"\n')
        python.chmod(0o700)
    done = kindred(
        "import", "logs", str(tmp_path / "calls.csv"), "-w", str(made.path), "--engine", "spark",
        "--master", "local[1]", PYSPARK_PYTHON=str(python), PYSPARK_DRIVER_PYTHON=sys.executable,
    )  # fmt: skip
    said = {
        "another version": "the workers run another Python than this one",
        "no such file": f"the workers have no Python at {python}",
    }
    assert done.returncode == 1
    assert said[worker] in done.stderr
    assert "Traceback" not in done.stderr
    with made.warehouse(read_only=True) as store:
        assert store.count("events") == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ModuleNotFoundError: No module named 'engine'", "the workers' Python has no module engine"),
        ("SparkException: Python worker exited unexpectedly (crashed)", "a worker's Python was killed"),
        ("Job aborted ... ExecutorLostFailure (executor 1 exited ...)", "workers were lost more often"),
        ("Cannot call methods on a stopped SparkContext: SparkContext was shut down", "connection to the cluster"),
        ("<_MultiThreadedRendezvous of RPC ... status = StatusCode.UNAVAILABLE", "connection to the cluster"),
        ("[INVALID_HANDLE.SESSION_NOT_FOUND] The handle 9cf is invalid.", "connection to the cluster"),
        ("java.lang.OutOfMemoryError: Java heap space", "more memory than a worker has"),
        ("java.io.IOException: No space left on device", "no space on a disk of the cluster"),
    ],
)
def test_what_a_failed_job_means(text, expected):
    error = session.failed("sql/graph/edges.sql", RuntimeError(text))
    assert isinstance(error, BackendError)
    assert str(error).startswith("sql/graph/edges.sql")
    assert expected in str(error)


@pytest.mark.spark
def test_a_workspace_of_spark_is_not_read_by_duckdb_by_mistake(space):
    from engine.errors import WorkspaceError
    from tests.warehouse.conftest import opened

    with opened(space, "duckdb").warehouse(read_only=True) as store:
        before = store.read("events")
        assert "caller_tac" not in store.ensure_columns("events", []), "no file told of handsets"
    with opened(space, "spark").writing("adopt") as store:
        assert store.count("events") == 1, "rows of the file became Parquet"
        assert store.read("events").equals(before)
        chosen = ", ".join(store.ensure_columns("events", []))
        assert store.query_text(f"SELECT {chosen} FROM events").equals(before), "and Spark reads all their columns"  # noqa: S608
    with pytest.raises(WorkspaceError, match="--engine spark"), opened(space, "duckdb").warehouse():
        pass

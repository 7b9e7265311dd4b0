"""A real standalone Spark cluster on this machine: one master, two workers, each a process with a limit on its memory.

`python -m tests.warehouse.cluster COMMAND…` (what `make spark-test` runs) starts it, sets KINDRED_WAREHOUSE_MASTER for
the command, and stops it. The programs come with the pip-installed PySpark.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

HOST = "127.0.0.1"
PATIENCE = 120.0


@dataclass
class Cluster:
    """A running cluster.

    Args:
        master: its address, spark://host:port.
        page: where the master answers in JSON.
        workers: the workers' processes.
        folder: logs and what the workers spill.
    """

    master: str
    page: str
    workers: list[subprocess.Popen] = field(default_factory=list)
    folder: Path = Path()

    def state(self) -> dict:
        """What the master says about itself."""
        with urllib.request.urlopen(f"{self.page}/json/", timeout=10) as answer:  # noqa: S310 (loopback)
            return json.load(answer)


@contextmanager
def cluster(*, workers: int = 2, cores: int = 1, memory: str = "1g") -> Iterator[Cluster]:
    """A cluster for the duration of a `with`.

    Args:
        workers: processes.
        cores: of each.
        memory: that each worker may give to its executors.
    """
    with tempfile.TemporaryDirectory(prefix="kindred-spark-") as folder, _stopped_whole():
        started: list[subprocess.Popen] = []
        try:
            port, page = _free_port(), _free_port()
            master = _start(folder, "master", "master.Master", "--host", HOST, "--port", port, "--webui-port", page)
            started.append(master)
            found = Cluster(f"spark://{HOST}:{port}", f"http://{HOST}:{page}", folder=Path(folder))
            _wait(lambda: found.state()["status"] == "ALIVE", "the master does not answer", Path(folder))
            for number in range(workers):
                name = f"worker{number}"
                own = str(Path(folder) / name)
                arguments = ["--host", HOST, "--cores", str(cores), "--memory", memory, "--webui-port", "0", "-d", own]
                started.append(_start(folder, name, "worker.Worker", *arguments, found.master))
                found.workers.append(started[-1])
            _wait(lambda: found.state()["aliveworkers"] == workers, "the workers do not register", Path(folder))
            yield found
        finally:
            for process in reversed(started):
                # Each is the leader of its own group: its executors stop with it.
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@dataclass
class Server:
    """A running server of Spark Connect, on two threads of its own.

    Args:
        master: its address, sc://host:port.
        process: it.
    """

    master: str
    process: subprocess.Popen

    def kill(self) -> None:
        """End it and its Python workers at once."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextmanager
def connect_server() -> Iterator[Server]:
    """A server of Spark Connect for the duration of a `with`."""
    with tempfile.TemporaryDirectory(prefix="kindred-connect-") as folder, _stopped_whole():
        port = _free_port()
        said = {"connect.grpc.binding.address": HOST, "connect.grpc.binding.port": port, "ui.enabled": "false",
                "sql.shuffle.partitions": "8", "log.level": "OFF", "local.dir": folder}  # fmt: skip
        options = [word for name, value in said.items() for word in ("--conf", f"spark.{name}={value}")]
        found = Server(f"sc://{HOST}:{port}", _start(
            folder, "server", "SparkSubmit", "--master", "local[2]", *options,
            "--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "spark-internal",
            memory="1g",
        ))  # fmt: skip
        try:
            _wait(lambda: _answers(found.process, port), "the server does not answer", Path(folder))
            yield found
        finally:
            found.kill()


def _answers(process: subprocess.Popen, port: str) -> bool:
    assert process.poll() is None, "the server ended"
    with socket.create_connection((HOST, int(port)), 1):
        return True


@contextmanager
def _stopped_whole() -> Iterator[None]:
    """Ask to stop as an exception, so that the cluster stops too."""
    old = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, old)


def _start(folder: str, name: str, program: str, *arguments: str, memory: str = "256m") -> subprocess.Popen:
    import pyspark

    home = Path(pyspark.__file__).parent
    environment = {**os.environ, "SPARK_HOME": str(home), "SPARK_DAEMON_MEMORY": memory, "SPARK_LOCAL_IP": HOST}
    environment["PYSPARK_PYTHON"] = sys.executable
    environment["SPARK_MASTER_OPTS"] = "-Dspark.master.rest.enabled=false"
    with open(Path(folder) / f"{name}.log", "wb") as log:
        return subprocess.Popen(
            [str(home / "bin" / "spark-class"), f"org.apache.spark.deploy.{program}", *arguments],
            stdout=log, stderr=log, env=environment, start_new_session=True,
        )  # fmt: skip


def _wait(ready, complaint: str, folder: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with suppress(OSError, ValueError):
            if ready():
                return
        time.sleep(0.2)
    logs = "\n".join(f"{path.name}: {path.read_text()[-500:]}" for path in sorted(folder.glob("*.log")))
    raise TimeoutError(f"{complaint}\n{logs}")


def _free_port() -> str:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return str(probe.getsockname()[1])


def main(command: list[str]) -> int:
    """Run a command beside a cluster; returns its exit code."""
    with cluster() as running:
        print(f"Spark master {running.master}, 2 workers of 1 core and 1 GB", file=sys.stderr)
        return subprocess.call(command, env={**os.environ, "KINDRED_TEST_MASTER": running.master})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

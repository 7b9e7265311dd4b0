"""A Spark session, or one clear sentence on why there is none: no Java, the wrong Java, no cluster at that address."""

from __future__ import annotations

import logging
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Collection
from contextlib import closing, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlsplit

from engine.errors import BackendError, ConfigError
from engine.warehouse import connect

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LEAST_JAVA = 17
PATIENCE = 10.0  # seconds a master has to answer
LOCAL = "local[*]"
# What is said where the driver's cluster, or the server of Spark Connect, is not there any more.
_GONE = (
    "SparkContext was shut down", "has been stopped", "All masters are unresponsive", "StatusCode.UNAVAILABLE",
    "RETRIES_EXCEEDED", "INVALID_HANDLE.SESSION",
)  # fmt: skip
_REMARKS = ("WARNING:", "NOTE:", "Error occurred during initialization of VM")  # before what matters
# Of every session, whatever the cluster says: else results would differ.
_SESSION = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.ansi.enabled": "true",
}


def start(master: str = "", *, memory: str = "", options: dict[str, str] | None = None) -> SparkSession:
    """A session of its own (temporary views are not shared), of this process's Spark application or of a server.

    Args:
        master: `local[4]`, `spark://host:7077`, `yarn`, `k8s://…`, `sc://host:15002` (Spark Connect); empty = what
            SPARK_REMOTE or spark-submit says, else `local[*]`.
        memory: of the driver's Java machine, e.g. "4GB"; empty = Spark's default. Only before the first session.
        options: further Spark settings.

    Raises:
        ConfigError: PySpark or a fitting Java is not installed, or another master is in use by this process.
        BackendError: the master cannot be reached.
    """
    # Said at every hand-over of a frame; frames go as Arrow here, not as pandas.
    warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas")
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise ConfigError(
            "The engine spark needs PySpark, which is not installed.", fix="Run `pip install 'kindred-engine[spark]'`."
        ) from None
    under_submit = "PYSPARK_GATEWAY_PORT" in os.environ
    remote = master if master or under_submit else os.environ.get("SPARK_REMOTE", "")
    if remote.startswith(connect.SCHEME):
        _check_reachable(connect.shown(remote))
        return connect.start(remote, _SESSION)
    os.environ.pop("SPARK_REMOTE", None)  # PySpark would take it beside a master, and print it
    running = SparkSession.getActiveSession()
    if running is None and not under_submit:
        check_java()
    if master.startswith("spark://"):
        _check_reachable(master)
    if running is not None:
        used = running.sparkContext.master
        if master and master != used:
            raise ConfigError(
                f"This process uses the Spark master {used} already; it cannot use {master} too.",
                fix="Use another process.",
            )
        fresh = running.newSession()
        for name, value in _SESSION.items():
            fresh.conf.set(name, value)
        return fresh
    # The driver and the workers must run the same Python; the driver's path is right on one machine, on a cluster the
    # user says PYSPARK_PYTHON.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("PYSPARK_DRIVER_PYTHON", sys.executable)
    builder = SparkSession.builder.appName("kindred")
    used = master or (_submitted_to() if under_submit else LOCAL)
    settings = {**_settings(used, memory), **(options or {}), "spark.master": used}
    for name, value in settings.items():
        builder = builder.config(name, value)
    with tempfile.TemporaryFile() as words:
        try:
            if not under_submit:
                _start_java(settings, words)
            return builder.getOrCreate()
        except Exception as error:
            words.seek(0)
            raise unreachable(used, error, words.read().decode(errors="replace")) from error


def _submitted_to() -> str:
    """The master that spark-submit was given."""
    from pyspark import SparkConf, SparkContext

    SparkContext._ensure_initialized()
    return SparkConf().get("spark.master", LOCAL)


def _start_java(settings: dict[str, str], words: IO[bytes]) -> None:
    """Start Spark's Java machine; what it remarks at every start goes to `words`, or to the user who asked for it."""
    from pyspark import SparkConf, SparkContext
    from pyspark.java_gateway import launch_gateway

    if SparkContext._gateway is None:
        conf = SparkConf().setAppName("kindred").setAll(list(settings.items()))
        # Never on our stdout, which is for data; 2 is our stderr.
        where = {"stdout": 2} if _debugging() else {"stdout": words, "stderr": words}
        SparkContext(conf=conf, gateway=launch_gateway(conf, where))


def end(session: SparkSession, views: Collection[str]) -> None:
    """Let a session go; in this process it lives on with Spark's application, so that its views go one by one."""
    if connect.is_one(session):
        connect.end(session)
        return
    for name in views:
        session.catalog.dropTempView(name)


def _debugging() -> bool:
    return logging.getLogger(__name__).isEnabledFor(logging.INFO)


def _settings(master: str, memory: str) -> dict[str, str]:
    level = "warn" if _debugging() else "off"
    words = Path(__file__).with_name("log4j2.properties").as_uri()
    settings = {
        "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={words} -Dkindred.log={level}",
        **_SESSION,
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        "spark.driver.maxResultSize": "0",
        "spark.ui.showConsoleProgress": "false",
        "spark.ui.enabled": "false",
    }
    if "PYTHONPATH" in os.environ:
        settings["spark.executorEnv.PYTHONPATH"] = os.environ["PYTHONPATH"]
    if memory:
        settings["spark.driver.memory"] = re.sub(r"(?i)i?b$", "", memory.replace(" ", "")).lower()
    if master.startswith("local"):
        settings |= {
            "spark.sql.shuffle.partitions": "8",
            "spark.driver.host": "127.0.0.1",
            "spark.io.encryption.enabled": "true",  # raw ids are spilt during an import
            "spark.hadoop.fs.permissions.umask-mode": "077",  # elsewhere workers may be another user than the driver
        }
    elif "127.0.0.1" in master or "localhost" in master:
        settings |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    return settings


def java_version() -> tuple[str, int] | None:
    """(path, major version) of the Java that Spark would use; None where there is none. 0 = not readable."""
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if java is None or not Path(java).exists():
        return None
    with suppress(OSError, subprocess.TimeoutExpired):
        said = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=60, check=False)
        found = re.search(r'version "(?:1\.)?(\d+)', said.stderr + said.stdout)
        return java, int(found[1]) if found else 0
    return java, 0


def check_java() -> None:
    """Raises ConfigError when there is no Java, or one that Spark 4 cannot use."""
    fix = f"Install Java {LEAST_JAVA} (Debian: openjdk-17-jre-headless) and set JAVA_HOME, or use --engine duckdb."
    found = java_version()
    if found is None:
        where = f" at JAVA_HOME = {os.environ['JAVA_HOME']}" if "JAVA_HOME" in os.environ else ""
        raise ConfigError(f"The engine spark needs Java, and there is none{where}.", fix=fix)
    path, version = found
    if version < LEAST_JAVA:
        says = f"is Java {version}" if version else "does not say its version"
        raise ConfigError(f"The engine spark needs Java {LEAST_JAVA} or newer; {path} {says}.", fix=fix)


def _check_reachable(master: str) -> None:
    """Ask each address of `spark://a:7077,b:7077` for a connection; Spark itself would try for minutes."""
    import socket

    for address in master.partition("://")[2].split(","):
        parts = urlsplit(f"//{address}")
        try:
            port = parts.port
        except ValueError:
            port = None
        if not parts.hostname or port is None:
            raise ConfigError(f"{master} is no address of a Spark master.", fix="Write it as spark://host:7077.")
        with suppress(OSError), closing(socket.create_connection((parts.hostname, port), PATIENCE)):
            return
    raise BackendError(
        f"The Spark master {master} does not answer.", fix="Check that it runs, its address, and the firewall."
    )


def unreachable(master: str, error: Exception, words: str = "") -> BackendError:
    """The error of a session that did not start; words: the Java machine's, which tell where it did not come to one."""
    said = [line for line in words.splitlines() if line.strip() and not line.startswith(_REMARKS)]
    why = reason(said[0]) if said and "exited before" in str(error) else reason(error)
    return BackendError(
        f"Spark did not start with the master {master}: {why}.",
        fix="Run again with --debug for Spark's own words.",
    )


def reason(error: Any) -> str:
    """Spark's error in one line: the message without its class, stack and plan."""
    text = str(error)
    found = re.findall(r"Caused by: (?:[\w.$]+: )?(.+)", text) or re.findall(r"(?:Exception|Error): (.+)", text)
    lines = [line.strip() for line in (found[-1] if found else text).splitlines() if line.strip()]
    line = lines[0] if lines else type(error).__name__
    return re.sub(r"^\[[A-Z_.]+\]\s*", "", line)[:300].rstrip(". ")


def failed(title: str, error: Exception) -> BackendError:
    """What a failed job means for the user: a lost worker, another Python there, Kindred missing there, or the words.

    Args:
        title: of the statement, e.g. "sql/graph/edges.sql".
        error: what PySpark raised.
    """
    text = str(error)
    if "PYTHON_VERSION_MISMATCH" in text or ("different version" in text and "Python" in text):
        return BackendError(
            f"{title}: the workers run another Python than this one ({platform.python_version()}).",
            fix="Set PYSPARK_PYTHON to the same Python on every machine, with kindred-engine installed in it.",
        )
    if "ModuleNotFoundError" in text:
        module = re.search(r"No module named '([^']+)'", text)
        return BackendError(
            f"{title}: the workers' Python has no module {module[1] if module else 'engine'}.",
            fix="Install kindred-engine on every worker, or set PYSPARK_PYTHON to the Python that has it.",
        )
    if re.search(r"Cannot run program|PYSPARK_PYTHON.*No such file", text):
        return BackendError(
            f"{title}: the workers have no Python at {os.environ.get('PYSPARK_PYTHON', 'python3')}.",
            fix="Set PYSPARK_PYTHON to the path of Python on the workers.",
        )
    if "Error from python worker" in text:
        said = re.search(r"Error from python worker:\s*\n((?:\s{2,}.*\n)+)", text)
        last = said[1].strip().splitlines()[-1].strip() if said else "it did not start"
        return BackendError(
            f"{title}: the workers' Python cannot run: {last[:200]}.",
            fix="Set PYSPARK_PYTHON to the same Python on every machine, with kindred-engine installed in it.",
        )
    if "Python worker exited unexpectedly" in text:
        return BackendError(
            f"{title}: a worker's Python was killed, most often because memory was short.",
            fix="Give workers more beside Java (spark.executor.memoryOverhead), then run again; it goes on there.",
        )
    lost = ("ExecutorLostFailure", "Worker lost", "Lost executor", "executor lost", "MetadataFetchFailed")
    if any(sign in text for sign in lost):
        return BackendError(
            f"{title}: workers were lost more often than Spark tries again.",
            fix="See the workers' logs (often too little memory), then run the command again; it goes on where it was.",
        )
    if any(sign in text for sign in _GONE):
        return BackendError(
            f"{title}: the connection to the cluster was lost.", fix="Run the command again; it goes on where it was."
        )
    if "OutOfMemoryError" in text:
        return BackendError(f"{title} needs more memory than a worker has.", fix="Give the workers more memory.")
    if "No space left" in text:
        return BackendError(f"{title} found no space on a disk of the cluster.", fix="Free some, then run again.")
    return BackendError(f"{title} failed on Spark: {reason(error)}.")

"""Nothing goes out and nothing is left in the home folder: the whole demo, its workers too, without a network.

Two watchers. A hook that Python calls before any socket connects, in every Python process (`sitecustomize`), refuses
and writes down. Below Python, where the system allows it, a network namespace of its own: no device in it is up, so
every IPv4 attempt, also to look a name up, ends for want of a route, and the kernel counts it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine import offline

ROOT = Path(__file__).resolve().parents[1]
WATCH = """
import os, socket, sys

def told(kind, text):
    with open(os.path.join(os.environ["WATCHED"], kind), "a") as file:
        file.write(f"{os.getpid()} {text}\\n")

def hook(event, args):
    if event == "socket.connect" and getattr(args[0], "family", None) == getattr(socket, "AF_UNIX", 0):
        return
    if event in WATCHED:
        told("attempts", f"{event} {args[1:]!r} {sys.argv}")
        raise PermissionError(f"{event} in a process that must stay offline")

WATCHED = {"socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.getnameinfo",
           "socket.gethostbyname", "socket.gethostbyaddr"}
told("processes", " ".join(sys.orig_argv))
sys.addaudithook(hook)
"""
COUNTED = """
import json, subprocess, sys
from pathlib import Path

def counters():
    names, numbers = (line.split()[1:] for line in Path("/proc/net/snmp").read_text().splitlines()[:2])
    ip = dict(zip(names, map(int, numbers)))
    six = dict(line.split() for line in Path("/proc/net/snmp6").read_text().splitlines())
    return {"v4": ip["OutNoRoutes"] + ip["OutRequests"], "v6": int(six["Ip6OutNoRoutes"]) + int(six["Ip6OutRequests"])}

assert counters() == {"v4": 0, "v6": 0}
code = subprocess.run(sys.argv[2:]).returncode
Path(sys.argv[1]).write_text(json.dumps(counters()))
sys.exit(code)
"""
ALONE = ("unshare", "--net")
# Where these are set, some packages report nothing of themselves: the test would see nothing either.
EXCUSES = ("CI", "TF_BUILD", "JENKINS_URL", "DO_NOT_TRACK", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "MPLCONFIGDIR")


def own_network() -> bool:
    try:
        return subprocess.run([*ALONE, "true"], capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


class Watched:
    """A command run where nothing may go out; what it tried.

    Args:
        folder: an empty one; `home` in it stands for the user's.
        command: to run.
    """

    def __init__(self, folder: Path, *command: object) -> None:
        self.home, self._watch = folder / "home", folder / "watch"
        self.home.mkdir(parents=True)
        self._watch.mkdir()
        (self._watch / "sitecustomize.py").write_text(WATCH)
        environment = {k: v for k, v in os.environ.items() if k not in EXCUSES and not k.startswith("KINDRED")}
        environment |= {
            "HOME": str(self.home),
            "WATCHED": str(self._watch),
            "PYTHONPATH": os.pathsep.join([str(self._watch), str(ROOT)]),
        }
        words, counted = [str(word) for word in command], self._watch / "counted"
        if own_network():
            words = [*ALONE, sys.executable, "-S", "-c", COUNTED, str(counted), *words]
        self.done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True)
        self.counted = json.loads(counted.read_text()) if counted.exists() else None

    def told(self, kind: str) -> list[str]:
        file = self._watch / kind
        return file.read_text().splitlines() if file.exists() else []


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Watched:
    folder = tmp_path_factory.mktemp("offline")
    return Watched(folder, sys.executable, "-m", "cli.main", "demo", "--quick", "--out", folder / "demo", "-o", "json")


@pytest.mark.slow
def test_the_demo_works_without_a_network_and_no_process_of_it_asks_for_one(demo):
    assert demo.done.returncode == 0, demo.done.stderr
    assert json.loads(demo.done.stdout)["counts"]["ads"] > 0
    assert demo.told("attempts") == []
    assert any("engine.ads.worker" in line for line in demo.told("processes"))


@pytest.mark.slow
def test_the_kernel_saw_the_demo_send_nothing(demo):
    if demo.counted is None:
        pytest.skip("this system allows no network namespaces")
    assert demo.counted == {"v4": 0, "v6": 0}


@pytest.mark.slow
def test_the_demo_leaves_caches_in_the_home_folder_and_nothing_else(demo):
    """Weights converted once (ours) and a list of fonts (matplotlib's)."""
    left = {path.relative_to(demo.home).parts[:2] for path in demo.home.rglob("*") if path.is_file()}
    assert (".cache", "kindred") in left
    assert left <= {(".cache", "kindred"), (".cache", "matplotlib"), (".config", "matplotlib")}


def test_the_watchers_see_what_they_should(tmp_path):
    """An attempt by Python, and one below it: a name looked up by the C library."""
    script = (
        "import ctypes, socket\n"
        "try: socket.create_connection(('192.0.2.1', 443), 1)\n"
        "except OSError: pass\n"
        "ctypes.CDLL(None).gethostbyname(b'example.com')\n"
    )
    found = Watched(tmp_path, sys.executable, "-c", script)
    assert found.done.returncode == 0, found.done.stderr
    assert ["socket.getaddrinfo" in line for line in found.told("attempts")] == [True]
    if found.counted is not None:
        assert found.counted["v4"] > 0


@pytest.mark.parametrize("imported", ["engine", "engine.faces.runtimes", "engine.ads.worker"])
def test_openvino_is_loaded_without_its_reporter(tmp_path, imported):
    pytest.importorskip("openvino")
    script = f"import {imported}, openvino, sys; from engine import offline\nsys.exit(len(offline.loaded()))"
    found = Watched(tmp_path, sys.executable, "-c", script)
    assert found.done.returncode == 0, found.done.stderr
    assert found.told("attempts") == [] and found.counted in (None, {"v4": 0, "v6": 0})
    assert not [path for path in found.home.rglob("*") if path.is_file()]


def test_a_reporter_that_was_there_before_is_named(monkeypatch):
    assert offline.loaded() == []
    monkeypatch.setitem(sys.modules, "openvino_telemetry", sys)
    offline.keep()
    assert offline.loaded() == ["openvino_telemetry"]


def test_the_database_fetches_no_extension():
    from engine.warehouse.duckdb import DuckDBWarehouse

    store = DuckDBWarehouse()
    names = ("autoinstall_known_extensions", "autoload_known_extensions")
    assert [store.connection.execute(f"SELECT current_setting('{n}')").fetchone()[0] for n in names] == [False, False]
    store.close()

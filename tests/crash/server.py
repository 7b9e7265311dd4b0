"""A process that has every library loaded and forks a real `kindred` for each call: seconds of imports saved a kill.

Nothing is computed before the fork and no thread is running then, so a child is what a fresh interpreter would be.
Libraries that start threads when they are imported (polars) are left to the child.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LIBRARIES = (
    "duckdb", "pandas", "numba", "igraph", "scipy.stats", "scipy.optimize",
    "scipy.sparse", "sklearn.linear_model", "sklearn.ensemble", "sklearn.pipeline", "sklearn.compose", "sklift.models",
    "sklift.metrics", "torch", "torchvision", "facenet_pytorch",
    "cv2", "PIL.Image", "PIL.ImageDraw", "PIL.ImageFont", "phonenumbers", "jinja2", "fontTools.ttLib",
)  # fmt: skip


class Server:
    """Runs command lines of `kindred`, each in a process of its own."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.server"],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        )  # fmt: skip

    def close(self) -> None:
        """End it."""
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def start(
        self,
        args: Sequence[str],
        environment: Mapping[str, str],
        errors: Path,
        step: int | None = None,
        sabotage: str = "",
    ) -> int:
        """Start one command; returns its id.

        Args:
            args: of `kindred`.
            environment: variables to set.
            errors: file for its stderr.
            step: it kills itself there; 0 = at none, but the names of its steps go to `errors` + ".steps".
            sabotage: a fault of `tests.crash.sabotage` to plant in it; empty = none.
        """
        call = {"args": list(args), "environment": dict(environment), "errors": str(errors), "step": step}
        call["sabotage"] = sabotage
        self._process.stdin.write(json.dumps(call) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def wait(self) -> int:
        """The exit code of the command started last; negative: the signal that ended it."""
        return int(self._process.stdout.readline())


def main() -> None:
    """Load everything, then answer one request a line."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    import engine

    for name in LIBRARIES:
        importlib.import_module(name)
    for module in pkgutil.walk_packages(engine.__path__, "engine."):
        importlib.import_module(module.name)
    importlib.import_module("cli.main")
    tasks = [(path / "comm").read_text().strip() for path in Path("/proc/self/task").glob("*")]
    threads = [name for name in tasks[1:] if name != "jemalloc_bg_thd"]  # an allocator's housekeeper, made for forks
    if threads:
        raise RuntimeError(f"threads are running, a fork would not be like a fresh process: {threads}")
    for line in sys.stdin:
        _fork(json.loads(line), answers)


def _fork(call: dict[str, Any], answers: Any) -> None:
    child = os.fork()
    if child == 0:
        os._exit(_kindred(call))
    print(child, file=answers, flush=True)
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), file=answers, flush=True)


def _kindred(call: dict[str, Any]) -> int:
    """In the child: one command line of `kindred`, as if typed."""
    os.setsid()
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    os.dup2(os.open(call["errors"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 2)
    os.dup2(os.open(os.devnull, os.O_RDWR), 1)
    os.environ |= call["environment"]
    sys.argv = ["kindred", *call["args"]]
    from cli.main import main as kindred
    from tests.crash.sabotage import SABOTAGES
    from tests.crash.stepper import Steps

    if call["sabotage"]:
        SABOTAGES[call["sabotage"]]()
    steps = Steps(call["step"]) if call["step"] is not None else None
    code: Any = 0
    try:
        kindred()
    except SystemExit as end:
        code = end.code or 0
    sys.stdout.flush()
    sys.stderr.flush()
    if steps:
        Path(f"{call['errors']}.steps").write_text("\n".join(steps.names))
    return int(code)


if __name__ == "__main__":
    main()

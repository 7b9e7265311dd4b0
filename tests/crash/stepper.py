"""`kindred`, counting the steps at which it could be killed, and killing itself at one of them.

A step is just before a statement or commit of the warehouse, a rename, replacement, deletion or flush of a file.
"""

from __future__ import annotations

import atexit
import os
import shutil
import signal
from collections.abc import Callable
from typing import Any

_STEP, _COUNTER = int(os.environ["CRASH_STEP"]), os.environ.get("CRASH_COUNTER", "")
_seen = 0


def _counted(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        global _seen
        _seen += 1
        if _seen == _STEP:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **kwargs)

    return call


class _Connection:
    """A DuckDB connection whose every statement is a step."""

    def __init__(self, real: Any) -> None:
        self._real = real
        self.execute = _counted(real.execute)
        self.close = _counted(real.close)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def _tell() -> None:
    if _COUNTER:
        with open(_COUNTER, "w") as file:
            file.write(str(_seen))


def main() -> None:
    """Run `kindred` with the arguments of this process."""
    import duckdb

    connect = duckdb.connect
    duckdb.connect = lambda *args, **kwargs: _Connection(connect(*args, **kwargs))
    for name in ("rename", "replace", "fsync", "unlink", "link", "mkdir"):
        setattr(os, name, _counted(getattr(os, name)))
    shutil.rmtree = _counted(shutil.rmtree)
    atexit.register(_tell)
    from cli.main import main as kindred

    kindred()


if __name__ == "__main__":
    main()

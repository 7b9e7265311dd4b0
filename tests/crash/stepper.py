"""Counting the steps at which `kindred` could be killed, and killing it at one of them.

A step is just before a statement or commit of the warehouse, a rename, replacement, deletion or flush of a file.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from typing import Any


class Steps:
    """The steps of this process from now on; at number `last` it kills itself.

    Args:
        last: the step that is not taken; 0 = none.
    """

    def __init__(self, last: int) -> None:
        import duckdb

        self.last, self.names = last, list[str]()
        connect = duckdb.connect
        duckdb.connect = lambda *args, **kwargs: _Connection(connect(*args, **kwargs), self)
        for name in ("rename", "replace", "fsync", "unlink", "link", "mkdir"):
            setattr(os, name, self.counted(getattr(os, name), name))
        shutil.rmtree = self.counted(shutil.rmtree, "rmtree")

    def counted(self, function: Callable[..., Any], name: str = "") -> Callable[..., Any]:
        """The function, a step before it; without a name it is called by its first argument, a statement."""

        def call(*args: Any, **kwargs: Any) -> Any:
            self.names.append(name or " ".join(str(args[0]).split())[:200])
            if len(self.names) == self.last:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*args, **kwargs)

        return call


class _Connection:
    """A DuckDB connection whose every statement is a step."""

    def __init__(self, real: Any, steps: Steps) -> None:
        self._real = real
        self.execute = steps.counted(real.execute)
        self.close = steps.counted(real.close, "close")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

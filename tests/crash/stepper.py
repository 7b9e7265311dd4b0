"""Counting the steps at which `kindred` could be killed, and killing it at one of them.

A step is just before a statement or commit of the warehouse, a rename, replacement, deletion or flush of a file, and
just after a file was opened to be written (and is empty, or torn where it is written in its place).
"""

from __future__ import annotations

import builtins
import io
import os
import shutil
import signal
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

_WRITING = os.O_WRONLY | os.O_RDWR


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
        builtins.open = io.open = self._opening(open)
        os.open = self._opening_a_handle(os.open)

    def step(self, name: str) -> None:
        """Here is one."""
        self.names.append(name)
        if len(self.names) == self.last:
            os.kill(os.getpid(), signal.SIGKILL)

    def counted(self, function: Callable[..., Any], name: str = "") -> Callable[..., Any]:
        """The function, a step before it; without a name it is called by its first argument, a statement."""

        def call(*args: Any, **kwargs: Any) -> Any:
            self.step(name or " ".join(str(args[0]).split())[:200])
            return function(*args, **kwargs)

        return call

    def _opening(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
            found = real(file, mode, *args, **kwargs)
            if set(mode) & set("wax+") and "opener" not in kwargs and _is_file(found.fileno()):
                self.step(_opened(file))
            return found

        return call

    def _opening_a_handle(self, real: Callable[..., int]) -> Callable[..., int]:
        def call(path: Any, flags: int, *args: Any, **kwargs: Any) -> int:
            found = real(path, flags, *args, **kwargs)
            if flags & _WRITING and _is_file(found):
                self.step(_opened(path))
            return found

        return call


class _Connection:
    """A DuckDB connection whose every statement is a step."""

    def __init__(self, real: Any, steps: Steps) -> None:
        self._real = real
        self.execute = steps.counted(real.execute)
        self.close = steps.counted(real.close, "close")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def _is_file(handle: int) -> bool:
    return stat.S_ISREG(os.fstat(handle).st_mode)


def _opened(file: Any) -> str:
    """The same name in every run: no ids of processes in it."""
    name = "a file" if isinstance(file, int) else Path(os.fsdecode(file)).name
    return f"opened {name.replace(str(os.getpid()), '#')}"

"""How long work reports itself: the engine calls these, the command line draws them, scripts see nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Task(Protocol):
    """One bar."""

    def advance(self, steps: int = 1) -> None:
        """`steps` more units are done."""


class Progress(Protocol):
    """Where bars are drawn."""

    def task(self, name: str, total: int | None = None) -> AbstractContextManager[Task]:
        """A bar called `name` for the duration of a `with`; total: number of units, None when unknown."""


class _Silent:
    def advance(self, steps: int = 1) -> None:
        pass


class SilentProgress:
    """Draws nothing: the default of every engine function."""

    @contextmanager
    def task(self, name: str, total: int | None = None) -> Iterator[Task]:
        """See `Progress.task`."""
        yield _Silent()


SILENT = SilentProgress()

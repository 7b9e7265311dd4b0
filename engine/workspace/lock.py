"""The lock that keeps a workspace from two writers; it dies with the process that holds it."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.errors import WorkspaceError
from engine.trust import files


def file_of(folder: Path) -> Path:
    """The lock's file in a workspace's folder."""
    return folder / ".lock"


@contextmanager
def held(folder: Path, command: str) -> Iterator[None]:
    """Hold the lock while the `with` lasts.

    Args:
        folder: of the workspace.
        command: what is running, told to whoever finds the lock taken.

    Raises:
        WorkspaceError: another process holds it (the message names it), or nothing can be written here.
    """
    path = file_of(folder)
    try:
        file = open(path, "a+", opener=files.private)  # noqa: SIM115 (closed below, also where flock fails)
    except OSError as error:
        raise files.unwritable(folder, error) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise WorkspaceError(f"{folder} is being written by {_holder(path)}.", fix="Wait for it to end.") from None
        try:
            file.seek(0)
            file.truncate()
            json.dump({"pid": os.getpid(), "command": command}, file)
            file.flush()
        except OSError as error:
            raise files.unwritable(path, error) from error
        yield


def _holder(path: Path) -> str:
    try:
        holder = json.loads(path.read_text())
        return f"`kindred {holder['command']}` (process {holder['pid']})"
    except (OSError, ValueError, KeyError):
        return "another process"

"""A copy of a workspace as it was at one moment, for long reading: no run waits for it, and it waits for none.

The database's file has one writer or several readers. Who keeps it open for reading keeps every run from starting, so
a snapshot is a copy: taken while nobody writes, opened, and its name deleted at once. So nothing is left of it when
the process ends, however it ends, and an erasure need not look for it.
"""

from __future__ import annotations

import dataclasses
import fcntl
import os
import shutil
import struct
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.errors import EngineError, WorkspaceError
from engine.warehouse import Warehouse
from engine.workspace import Workspace
from engine.workspace.layout import CONFIG

MEMORY, THREADS = "400MB", 2  # of the database, so that looking leaves the machine to runs


@dataclass(frozen=True)
class Reading(Workspace):
    """A workspace whose tables are those of a snapshot; its folders are the workspace's own.

    Args:
        store: the open copy.
        turn: who may ask it now.
    """

    store: Warehouse = field(kw_only=True)
    turn: threading.RLock = field(kw_only=True)

    @contextmanager
    def warehouse(self, *, read_only: bool = False) -> Iterator[Warehouse]:
        """See `Workspace.warehouse`; one thread after the other, and for reading only."""
        if not read_only:
            raise WorkspaceError("A snapshot cannot be written.", fix="Use the workspace itself.")
        with self.turn:
            yield self.store

    def to_do_first(self) -> str:
        """What has to be written before anybody may go on reading, as people who may not be shown any more; empty =
        nothing."""
        with self.turn:
            return self._to_do_first(self.store)


@dataclass(frozen=True)
class Snapshot:
    """Two ways into one copy of a workspace, so that short questions need not wait for long ones.

    Args:
        state: of the files that were copied, see `state`.
        figures: for what takes seconds.
        lookups: for what takes moments.
    """

    state: tuple[Any, ...]
    figures: Reading
    lookups: Reading

    def close(self) -> None:
        """Let the copy go, once nobody asks it any more."""
        for reading in (self.figures, self.lookups):
            with reading.turn:
                reading.store.close()


def state(workspace: Workspace) -> tuple[Any, ...]:
    """Names, sizes and times of the files a snapshot rests on: another state, another snapshot."""
    found: list[Any] = []
    for path in (*_files(workspace), workspace.path / CONFIG):
        with suppress(OSError):
            told = path.stat()
            found.append((path.name, told.st_ino, told.st_size, told.st_mtime_ns))
    return tuple(found)


def is_written(database: Path) -> bool:
    """Whether a process has the database open for writing; asked without taking the lock, so that none is kept out."""
    if not database.exists():
        return False
    linux = sys.platform.startswith("linux")
    layout, where = ("hhqqi", 0) if linux else ("qqihh", 3)
    asked = (fcntl.F_RDLCK, os.SEEK_SET, 0, 0, 0) if linux else (0, 0, 0, fcntl.F_RDLCK, os.SEEK_SET)
    with open(database, "rb") as file:
        told = fcntl.fcntl(file, fcntl.F_GETLK, struct.pack(layout, *asked))
    return struct.unpack(layout, told)[where] != fcntl.F_UNLCK


def take(workspace: Workspace, spill: Path) -> Snapshot | None:
    """Copy the database and open the copy.

    Args:
        workspace: whose.
        spill: folder for what does not fit in memory.

    Returns:
        The snapshot; None while somebody writes, or where somebody wrote while it was copied: to be tried again.

    Raises:
        EngineError: the copy cannot be made or opened.
    """
    before = state(workspace)
    if is_written(workspace.database):
        return None
    copy = workspace.scratch / f"snapshot.{os.getpid()}.duckdb"
    names = [copy, copy.with_name(f"{copy.name}.wal")]
    stores: list[Warehouse] = []
    try:
        workspace.scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        for source, name in zip(_files(workspace), names, strict=True):
            if source.exists():
                shutil.copyfile(source, name)
                os.chmod(name, 0o600)
        # A writer that came meanwhile also sweeps this folder: then the copy is not there any more.
        if is_written(workspace.database) or state(workspace) != before or not copy.exists():
            return None
        quiet = dataclasses.replace(workspace.config.run, memory=MEMORY, threads=THREADS)
        calm = dataclasses.replace(workspace, config=dataclasses.replace(workspace.config, run=quiet))
        opener = _Elsewhere(**{f.name: getattr(calm, f.name) for f in dataclasses.fields(calm)}, spill=spill)
        for _ in range(2):
            stores.append(opener.opened(copy))
    except OSError as error:
        raise WorkspaceError(f"{workspace.path} cannot be copied: {error.strerror}.", fix="Make room.") from error
    except EngineError:
        for store in stores:
            store.close()
        if state(workspace) != before:
            return None
        raise
    finally:
        for name in names:
            name.unlink(missing_ok=True)
    ways = [Reading(workspace.path, workspace.config, store=store, turn=threading.RLock()) for store in stores]
    return Snapshot(before, *ways)


@dataclass(frozen=True)
class _Elsewhere(Workspace):
    """A workspace that spills into another folder, which no run sweeps."""

    spill: Path = field(kw_only=True)

    @property
    def scratch(self) -> Path:
        """See `Layout.scratch`."""
        return self.spill

    def opened(self, path: Path) -> Warehouse:
        """The database at `path`, for reading."""
        return self._opened(read_only=True, path=path)


def _files(workspace: Workspace) -> tuple[Path, Path]:
    """The database and its log of what is not in it yet."""
    return workspace.database, workspace.database.with_name(f"{workspace.database.name}.wal")

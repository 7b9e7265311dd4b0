"""A workspace: one folder that holds one analysis (settings, database, faces, ads, exports, lock)."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine import config as settings
from engine.errors import WorkspaceError
from engine.trust import keys
from engine.warehouse.duckdb import DuckDBWarehouse

CONFIG = "kindred.toml"
DATABASE = "kindred.duckdb"


@dataclass(frozen=True)
class Workspace:
    """An opened workspace.

    Args:
        path: its folder.
        config: its resolved settings.
    """

    path: Path
    config: settings.Config

    @property
    def database(self) -> Path:
        """The DuckDB file."""
        return self.path / DATABASE

    @property
    def faces(self) -> Path:
        """Photos, by content."""
        return self.path / "faces"

    @property
    def ads(self) -> Path:
        """Rendered creatives."""
        return self.path / "ads"

    @property
    def exports(self) -> Path:
        """Default place of exports."""
        return self.path / "exports"

    @property
    def scratch(self) -> Path:
        """What may be deleted whenever no command runs."""
        return self.path / ".tmp"

    @contextmanager
    def warehouse(self, *, read_only: bool = False) -> Iterator[DuckDBWarehouse]:
        """The database, open for the duration of a `with`."""
        run = self.config.run
        if read_only and not self.database.exists():
            raise WorkspaceError(
                f"{self.path} has no database yet.", fix="Import something: `kindred import logs FILE`."
            )
        store = DuckDBWarehouse(
            self.database, threads=run.threads, memory=run.memory, scratch=self.scratch, read_only=read_only
        )
        if not read_only:
            os.chmod(self.database, 0o600)
        try:
            yield store
        finally:
            store.close()

    @contextmanager
    def writing(self, command: str) -> Iterator[DuckDBWarehouse]:
        """The database, locked against other writers; the lock dies with the process that holds it.

        Args:
            command: what is running, told to whoever finds the lock taken.

        Raises:
            WorkspaceError: another process writes; the message names it.
        """
        lock = self.path / ".lock"
        with open(lock, "a+", opener=_private) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise WorkspaceError(
                    f"{self.path} is being written by {_holder(lock)}.", fix="Wait for it to end."
                ) from None
            file.seek(0)
            file.truncate()
            json.dump({"pid": os.getpid(), "command": command}, file)
            file.flush()
            with self.warehouse() as store:
                yield store

    def key(self) -> bytes:
        """The pseudonym key this workspace was made with."""
        return keys.load(self.config.ids.key_id)


def create(path: Path, *, preset: Mapping[str, Any] | None = None) -> Workspace:
    """Make a workspace (and a pseudonym key outside it) and return it opened.

    Args:
        path: a folder that does not exist or is empty.
        preset: settings to write for real, `{"ads__campaign": "spring"}`.

    Raises:
        WorkspaceError: the folder holds something, or cannot be written.
    """
    if (path / CONFIG).exists():
        raise WorkspaceError(f"{path} is a workspace already.", fix="Use it with -w, or choose another folder.")
    try:
        if path.exists() and any(path.iterdir()):
            raise WorkspaceError(f"{path} is not empty.", fix="Choose a new folder.")
        path.mkdir(parents=True, exist_ok=True)
        os.chmod(path, 0o700)
        preset = {"ids__key_id": keys.new(), **(preset or {})}
        with open(path / CONFIG, "w", opener=_private, encoding="utf-8") as file:
            file.write(settings.template(**preset))
        for folder in ("faces", "ads", "exports"):
            (path / folder).mkdir(mode=0o700)
    except OSError as error:
        raise WorkspaceError(
            f"{path} cannot be written: {error.strerror}.", fix="Choose a folder you may write to."
        ) from error
    space = open_(path)
    with space.warehouse():
        pass
    return space


def open_(path: Path | None = None, *, flags: Mapping[str, Any] | None = None) -> Workspace:
    """Open a workspace.

    Args:
        path: its folder; None = the current folder or the nearest parent with a `kindred.toml`.
        flags: settings from the command line, see `engine.config.load`.
    """
    if path is None:
        here = Path.cwd()
        path = next((p for p in (here, *here.parents) if (p / CONFIG).is_file()), None)
        if path is None:
            raise WorkspaceError(
                f"{here} is not inside a workspace.", fix="Give one with -w DIR, or make one: `kindred init DIR`."
            )
    if not (path / CONFIG).is_file():
        raise WorkspaceError(f"{path} is not a workspace (no {CONFIG}).", fix=f"Make one: `kindred init {path}`.")
    return Workspace(path.resolve(), settings.load(path / CONFIG, flags=flags))


def _private(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)


def _holder(lock: Path) -> str:
    try:
        holder = json.loads(lock.read_text())
        return f"`kindred {holder['command']}` (process {holder['pid']})"
    except (OSError, ValueError, KeyError):
        return "another process"

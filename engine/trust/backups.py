"""Copies of the database: one after the last finished run, one before each migration; taken and restored whole."""

from __future__ import annotations

import filecmp
import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from engine.errors import WorkspaceError
from engine.trust import files

FOLDER = "backups"
LAST_RUN = "last-run"


@dataclass(frozen=True)
class Backup:
    """One copy: its name, file, when the database was last written (UTC), bytes."""

    name: str
    path: Path
    taken_at: datetime
    size: int


def take(database: Path, name: str, *, scratch: Path) -> Backup | None:
    """Copy a closed database; a copy of the same name is replaced when the new one is complete.

    Args:
        database: the file; no process may have it open for writing.
        name: of the copy, e.g. "last-run".
        scratch: folder on the same disk for the unfinished copy.

    Returns:
        The copy; the one that is there when the database has not changed since; None without a database.

    Raises:
        WorkspaceError: no space or no right to write; the copy before stays.
    """
    if not database.is_file():
        return None
    if _log(database).exists():
        raise WorkspaceError(f"{database} has unfinished changes beside it.", fix="Run any command that writes first.")
    target = database.parent / FOLDER / f"{name}.duckdb"
    state = database.stat()
    if target.is_file() and (target.stat().st_mtime_ns, target.stat().st_size) == (state.st_mtime_ns, state.st_size):
        return _described(target)
    try:
        target.parent.mkdir(mode=0o700, exist_ok=True)
        with files.replacing(target, scratch=scratch) as file, open(database, "rb") as source:
            shutil.copyfileobj(source, file, 1 << 22)
        os.utime(target, ns=(state.st_atime_ns, state.st_mtime_ns))
    except OSError as error:
        raise files.unwritable(target, error) from error
    return _described(target)


def listed(database: Path) -> list[Backup]:
    """The copies of a database, newest first; links are none, they lead to what is not this database's."""
    found = [_described(path) for path in _copies(database) if not path.is_symlink()]
    return sorted(found, key=lambda b: b.taken_at, reverse=True)


def restore(database: Path, name: str, *, scratch: Path) -> Path | None:
    """Put a copy in the place of the database; what stood there is kept beside the copies as `replaced.duckdb`.

    Args:
        database: the file; the caller holds the workspace's lock.
        name: of one of the copies that are listed, never a way to another file.
        scratch: folder on the same disk.

    Returns:
        Where the replaced file is, None when there was none.

    Raises:
        WorkspaceError: no copy of that name, or no space for it; the database is untouched.
    """
    copies = listed(database)
    source = next((copy.path for copy in copies if copy.name == name), None)
    if source is None:
        there = ", ".join(copy.name for copy in copies) or "none; import the files again into a new workspace"
        raise WorkspaceError(f"There is no backup {name!r}.", fix=f"There is: {there}.")
    replaced = source.with_name("replaced.duckdb")
    draft = scratch / "restored.duckdb"
    if is_restored(database, name):
        return replaced_by(database)
    try:
        scratch.mkdir(mode=0o700, exist_ok=True)
        shutil.copyfile(source, draft)
        os.chmod(draft, 0o600)
        keep = database.exists() and name != replaced.stem
        if keep:
            # A second name first, so that a database is there at every moment.
            _log(replaced).unlink(missing_ok=True)
            replaced.unlink(missing_ok=True)
            os.link(database, replaced)
        if database.exists():
            pending(database).unlink(missing_ok=True)
            os.link(database, pending(database))
        if _log(database).exists():
            os.replace(_log(database), _log(replaced))
        os.replace(draft, database)
    except OSError as error:
        raise files.unwritable(database, error) from error
    return replaced if keep else None


def replaced_by(database: Path) -> Path | None:
    """Where the file is that the last `restore` replaced."""
    path = database.parent / FOLDER / "replaced.duckdb"
    return path if path.exists() else None


def identity(database: Path, name: str) -> str:
    """Which copy this is: its name, size and time; empty when there is none."""
    path = database.parent / FOLDER / f"{name}.duckdb"
    if path not in _copies(database):
        return ""
    state = path.stat()
    return f"{name} {state.st_size} {state.st_mtime_ns}"


def is_restored(database: Path, name: str) -> bool:
    """Whether a database is a copy put back, maybe by a `restore` killed at its end; what it replaced stays then."""
    source = database.parent / FOLDER / f"{name}.duckdb"
    same = source in _copies(database) and database.is_file() and not _log(database).exists()
    return same and filecmp.cmp(source, database, shallow=False)


def pending(database: Path) -> Path:
    """Where the replaced file stands, under a second name, until what no copy may forget was taken over from it."""
    return database.parent / FOLDER / "restoring.old"


def drop(database: Path) -> int:
    """Delete every copy (they hold what was erased from the database); returns how many."""
    found = _copies(database)
    pending(database).unlink(missing_ok=True)
    for path in found:
        _log(path).unlink(missing_ok=True)
        path.unlink(missing_ok=True)
    return len(found)


def _copies(database: Path) -> list[Path]:
    paths = sorted((database.parent / FOLDER).glob("*.duckdb"))
    return [path for path in paths if path.is_symlink() or path.is_file()]


def _log(database: Path) -> Path:
    return database.with_name(f"{database.name}.wal")


def _described(path: Path) -> Backup:
    state = path.stat()
    return Backup(path.stem, path, datetime.fromtimestamp(state.st_mtime, UTC).replace(tzinfo=None), state.st_size)

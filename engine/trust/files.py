"""Files that only their owner reads and that appear whole or not at all."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from engine.errors import WorkspaceError


def private(name: str, flags: int) -> int:
    """An `opener` for `open()`: what it creates is readable and writable by its owner only."""
    return os.open(name, flags, 0o600)


@contextmanager
def replacing(path: Path, *, scratch: Path) -> Iterator[IO[bytes]]:
    """A new file at `path`, complete on disk before it takes the old one's place, or not there at all.

    Args:
        path: where the file appears (0600).
        scratch: folder on the same disk for the unfinished file; swept by the next writer.

    Raises:
        WorkspaceError: the file cannot be written (no space, no right); what stood at `path` is untouched.
    """
    draft = scratch / f"{path.name}.{os.getpid()}"
    try:
        scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(draft, "wb", opener=private) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        draft.unlink(missing_ok=True)


def written(path: Path, data: bytes) -> Path:
    """Write a file with this content, its folder made where absent; see `replacing`. Returns the path."""
    with replacing(path, scratch=path.parent) as file:
        file.write(data)
    return path


def flush_folder(folder: Path) -> None:
    """Put a folder's entries on the disk: new names, and renamed ones."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def unwritable(path: Path, error: OSError) -> WorkspaceError:
    """What to say when `path` cannot be written."""
    return WorkspaceError(
        f"{path} cannot be written: {error.strerror or error}.", fix="Free space or rights there, then try again."
    )


def sweep(folder: Path) -> int:
    """Delete everything below `folder` (left by killed processes), following no link; returns how many entries."""
    if not folder.is_dir():
        return 0
    entries = list(folder.iterdir())
    for entry in entries:
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)
    return len(entries)


def keep_only(folder: Path, needed: set[str]) -> int:
    """Delete the files below a folder that are not needed, and folders left empty; returns how many files.

    Args:
        folder: to look through.
        needed: paths below it, with `/`.
    """
    removed = 0
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink():
            if not any(path.iterdir()):
                path.rmdir()
        elif path.relative_to(folder).as_posix() not in needed:
            path.unlink(missing_ok=True)
            removed += 1
    return removed


@contextmanager
def reading(scratch: Path, written: Path, further: Sequence[Path] = ()) -> Iterator[None]:
    """Hold the scratch folder while something is read; whoever finds it idle sweeps what killed processes left in it.

    Args:
        scratch: folder of a workspace; others who read keep it from being swept.
        written: the lock of whoever writes, who keeps it from being swept too.
        further: folders that are swept with it.
    """
    try:
        scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(scratch, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:  # nothing can be written here, so nothing can be left here
        yield
        return
    try:
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            left = [folder for folder in (scratch, *further) if folder.is_dir() and any(folder.iterdir())]
            # Asked only where there is something: for a moment it would stop somebody who begins to write.
            if left and _free(written):
                for folder in left:
                    sweep(folder)
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_SH)
        yield
    finally:
        os.close(handle)


def _free(lock: Path) -> bool:
    """Whether nobody holds a lock."""
    with open(lock, "a+", opener=private) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return False
    return True


def insecure_paths(folder: Path) -> list[Path]:
    """What below `folder` (itself included) others than the owner may read, write or enter, in order."""
    found = []
    for path in [folder, *sorted(folder.rglob("*"))]:
        if not path.is_symlink() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            found.append(path)
    return found

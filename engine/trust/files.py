"""Files that only their owner reads, that appear whole or not at all, and paths that stay below their root."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from engine.errors import InputError, WorkspaceError


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


def below(root: Path, name: str | Path) -> Path:
    """The real path of file `name`, given relative to `root` or absolute, when it truly lies below `root`.

    Args:
        root: folder the user named.
        name: path found in a file; links are followed before judging.

    Raises:
        InputError: it lies elsewhere (`..`, an absolute path, a link that leads out).
    """
    real = Path(os.path.realpath(root / name))
    if not real.is_relative_to(os.path.realpath(root)):
        raise InputError(
            f"{str(name)!r} lies outside {root}.",
            fix="Photos are read only below the folder of the file that lists them.",
        )
    return real


def loose(folder: Path) -> list[Path]:
    """What below `folder` (itself included) others than the owner may read, write or enter, in order."""
    found = []
    for path in [folder, *sorted(folder.rglob("*"))]:
        if not path.is_symlink() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            found.append(path)
    return found


def tighten(folder: Path) -> int:
    """Take everybody else's rights from what is below `folder`; returns how many entries had some."""
    found = loose(folder)
    for path in found:
        os.chmod(path, 0o700 if path.is_dir() else 0o600)
    return len(found)

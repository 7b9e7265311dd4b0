"""Where an export goes: a local folder, or anything fsspec has a URL for (s3, gcs, abfs, memory …)."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import IO, Any

from engine import documents
from engine.errors import InputError, WorkspaceError
from engine.export.databases import is_database
from engine.trust.folder import DONE, MANIFEST


class Target:
    """The files of one folder somewhere.

    Args:
        system: an fsspec file system.
        root: the folder in it.
        name: as the user wrote it.
    """

    def __init__(self, system: Any, root: str, name: str) -> None:
        self.system, self.root, self.name = system, root.rstrip("/"), name

    def names(self) -> dict[str, int]:
        """Every file below the folder with its size."""
        self.system.invalidate_cache()
        if not self.system.exists(self.root):
            return {}
        listed = self.system.find(self.root, detail=True)
        return {path[len(self.root) :].lstrip("/"): info["size"] for path, info in listed.items()}

    def open(self, name: str) -> IO[bytes]:
        """A file for reading."""
        return self.system.open(f"{self.root}/{name}", "rb")

    def read(self, name: str, most: int) -> bytes:
        """A file's bytes, or one more than `most` of them."""
        with self.open(name) as file:
            return file.read(most + 1)

    def check(self) -> set[str]:
        """The files of an earlier export there.

        Raises:
            WorkspaceError: something else is there.
        """
        found = set(self.names())
        if not found:
            return set()
        try:
            document = documents.read_json(self.read(MANIFEST, documents.JSON))
            known = {entry["path"] for entry in document["files"]} | {MANIFEST, DONE}
        except (OSError, ValueError, KeyError, TypeError):
            known = set()
        if strange := sorted(found - known):
            raise WorkspaceError(
                f"{self.name} holds {strange[0]}, which is not part of an export of Kindred.",
                fix="Choose a new folder, or empty this one.",
            )
        return found

    def upload(self, folder: Path) -> None:
        """Copy a finished export there; `_SUCCESS` goes first and comes last, so whoever sees it sees everything.

        Raises:
            WorkspaceError: something else is there, or it cannot be written.
        """
        try:
            before = self.check()
            if DONE in before:
                self.system.rm_file(f"{self.root}/{DONE}")
            files = sorted(p for p in folder.rglob("*") if p.is_file())
            files.sort(key=lambda p: (p.name == DONE, p.name == MANIFEST))
            fresh = {str(p.relative_to(folder)) for p in files}
            for path in files:
                if path.name == DONE:
                    for stale in sorted(before - fresh):
                        self.system.rm_file(f"{self.root}/{stale}")
                name = f"{self.root}/{path.relative_to(folder)}"
                self.system.makedirs(name.rsplit("/", 1)[0], exist_ok=True)
                with open(path, "rb") as source, self.system.open(name, "wb") as file:
                    shutil.copyfileobj(source, file, 1 << 20)
        except WorkspaceError:
            raise
        except Exception as error:  # each store has errors of its own kind
            raise WorkspaceError(
                f"{self.name} cannot be written: {type(error).__name__}: {error}.",
                fix="Check its address and your rights; the missing _SUCCESS tells readers that it is incomplete.",
            ) from error


def is_url(place: Path | str) -> bool:
    """Whether a target is an address and not a local folder."""
    return "://" in str(place) or str(place).startswith("memory:") or is_database(place)


def target_of(place: Path | str) -> Target:
    """The file system and folder of a target.

    Raises:
        InputError: fsspec or the package for that kind of store is not installed, or there is no such kind.
    """
    if is_database(place):
        raise InputError(f"{place} has tables and no files.", fix="Ask the database for their rows.")
    try:
        import fsspec

        if is_url(place):
            system, root = fsspec.core.url_to_fs(str(place))
        else:
            # Not by its name, which may look like an address (`a::b`).
            system, root = fsspec.filesystem("file"), str(Path(place).absolute())
    except (ImportError, ValueError) as error:
        raise InputError(
            f"{place} cannot be used: {error}.", fix="Install the fsspec package of that store, such as s3fs or gcsfs."
        ) from error
    return Target(system, root, str(place))

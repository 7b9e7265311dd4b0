"""A folder that appears whole or not at all: filled beside its place, flushed to disk, renamed once."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, cast

from engine import documents
from engine.errors import WorkspaceError
from engine.trust import files

MANIFEST, DONE = "manifest.json", "_SUCCESS"
SCHEMA = "kindred-export/1"


class Draft:
    """The folder while it is being filled.

    Args:
        path: where it is filled.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.files: list[dict[str, Any]] = []

    @contextmanager
    def file(self, name: str, **facts: Any) -> Iterator[IO[bytes]]:
        """A new file, flushed to disk and entered in the manifest at the end.

        Args:
            name: relative path, `/` between folders.
            facts: what else the manifest says about it.
        """
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open(path, "xb", opener=files.private) as raw:
            hashing = _Hashing(raw)
            yield cast("IO[bytes]", hashing)  # what writers use of one
            raw.flush()
            os.fsync(raw.fileno())
        entry = {"path": name, **facts, "bytes": hashing.count, "sha256": hashing.digest.hexdigest()}
        self.files.append(entry)

    def write(self, name: str, data: bytes, **facts: Any) -> None:
        """A file with this content; see `file`."""
        with self.file(name, **facts) as file:
            file.write(data)

    def copy(self, source: Path, name: str, **facts: Any) -> None:
        """A copy of a file; see `file`."""
        with open(source, "rb") as opened, self.file(name, **facts) as file:
            shutil.copyfileobj(opened, file, 1 << 20)

    def adopt(self, name: str, **facts: Any) -> None:
        """Enter a file that others have written below the folder in the manifest."""
        digest, size = hashlib.sha256(), 0
        with open(self.path / name, "rb+") as file:
            while block := file.read(1 << 20):
                digest.update(block)
                size += len(block)
            os.fsync(file.fileno())
        os.chmod(self.path / name, 0o600)
        self.files.append({"path": name, **facts, "bytes": size, "sha256": digest.hexdigest()})

    def finish(self, facts: dict[str, Any]) -> None:
        """Write manifest.json with these facts and all files, and `_SUCCESS` last."""
        entries = sorted(self.files, key=lambda entry: entry["path"])
        document = {"schema": SCHEMA, **facts, "files": entries}
        text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
        for name, data in ((MANIFEST, text.encode()), (DONE, b"")):
            with open(self.path / name, "xb", opener=files.private) as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        for folder in {self.path, *(p.parent for p in self.path.rglob("*"))}:
            files.flush_folder(folder)


@contextmanager
def replacing(target: Path) -> Iterator[Draft]:
    """Fill a folder and put it at `target`, in place of an earlier export if one is there.

    Args:
        target: a path with nothing on it, an empty folder, or an earlier export.

    Raises:
        WorkspaceError: something else is at `target`, another export writes there now, or it cannot be written;
            what was there is untouched.
    """
    target = Path(os.path.realpath(target))
    check_target(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        lock = open(target.parent / f".{target.name}.lock", "a", opener=files.private)  # noqa: SIM115
    except OSError as error:
        raise files.unwritable(target, error) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever held it before has removed the file it was: the lock would guard nothing.
            if os.stat(lock.name).st_ino != os.fstat(lock.fileno()).st_ino:
                raise BlockingIOError
        except OSError:
            raise WorkspaceError(
                f"Another export is writing {target}.", fix="Wait for it to end, or choose another folder."
            ) from None
        draft = target.parent / f".{target.name}.part"
        old = target.parent / f".{target.name}.old"
        try:
            _recover(target, old)
            for left in (draft, old):
                if left.exists():
                    shutil.rmtree(left)
            draft.mkdir(mode=0o700)
            yield Draft(draft)
            check_target(target)
            if not (target.exists() and _exchange(draft, target)):
                if target.exists():
                    os.rename(target, old)
                os.rename(draft, target)
            files.flush_folder(target.parent)
        except OSError as error:
            raise files.unwritable(target, error) from error
        finally:
            with suppress(OSError):
                _recover(target, old)
            shutil.rmtree(draft, ignore_errors=True)
            shutil.rmtree(old, ignore_errors=True)
            (target.parent / f".{target.name}.lock").unlink(missing_ok=True)


def check_target(target: Path) -> None:
    """Raise WorkspaceError unless `target` may be replaced: nothing, an empty folder, or a whole earlier export."""
    if not target.exists() and not target.is_symlink():
        return
    if not target.is_dir():
        raise WorkspaceError(f"{target} is not a folder.", fix="Choose a new folder.")
    found = {str(p.relative_to(target)) for p in target.rglob("*") if not p.is_dir()}
    if not found:
        return
    try:
        document = documents.read_json((target / MANIFEST).read_bytes())
        known = {entry["path"] for entry in document["files"]} | {MANIFEST, DONE}
        if not document["schema"].startswith("kindred-export/"):
            raise ValueError
    except (OSError, ValueError, KeyError, TypeError):
        raise WorkspaceError(
            f"{target} holds something that is not an export of Kindred.", fix="Choose a new folder, or empty this one."
        ) from None
    if strange := sorted(found - known):
        raise WorkspaceError(
            f"{target} is an earlier export, but {strange[0]} in it is not part of that.",
            fix="Move it elsewhere, or choose a new folder.",
        )


def exports(root: Path, besides: Collection[Path]) -> Iterator[tuple[Path, set[str]]]:
    """Every export below a folder, with the tables it holds; of one that was killed too, whose tables are `unknown`.

    Args:
        root: the folder.
        besides: folders not to look into.
    """
    for name, folders, names in os.walk(root):
        place = Path(name)
        if place.name.endswith((".part", ".old")) and (place.parent / f"{place.name.rsplit('.', 1)[0]}.lock").exists():
            folders.clear()
            yield place, {"unknown"}
            continue
        folders[:] = sorted(folder for folder in folders if place / folder not in besides)
        with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            document = documents.read_json((place / MANIFEST).read_bytes()) if MANIFEST in names else {"schema": ""}
            if document["schema"].startswith("kindred-export/"):
                yield place, set(document["tables"])


def remove(place: Path) -> None:
    """Delete an export as `exports` finds it; whatever else was put into it stays."""
    if place.name.endswith((".part", ".old")):
        shutil.rmtree(place)
        return
    document = documents.read_json((place / MANIFEST).read_bytes())
    paths = [place / DONE, *(place / entry["path"] for entry in document["files"]), place / MANIFEST]
    paths = [path for path in paths if path.parent.resolve().is_relative_to(place.resolve())]
    for path in paths:
        path.unlink(missing_ok=True)
    for folder in sorted({path.parent for path in paths}, key=lambda f: -len(f.parts)):
        with suppress(OSError):
            folder.rmdir()


def _recover(target: Path, old: Path) -> None:
    """Put back what an export that was killed between its two renames had set aside."""
    if old.exists() and not target.exists():
        os.rename(old, target)


def _exchange(draft: Path, target: Path) -> bool:
    """Swap two folders in one step, so that readers see the old or the new one and never none; False where the
    system cannot (not Linux, or a file system without it: then two renames follow each other)."""
    import ctypes

    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    return rename(here, os.fsencode(draft), here, os.fsencode(target), exchange) == 0


class _Hashing:
    """A file that counts and hashes what is written to it."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.digest, self.count, self.closed = file, hashlib.sha256(), 0, False

    def write(self, data: Any) -> int:
        view = memoryview(data)
        self.file.write(view)
        self.digest.update(view)
        self.count += view.nbytes
        return view.nbytes

    def tell(self) -> int:
        return self.count

    def flush(self) -> None:
        self.file.flush()

    def close(self) -> None:
        """The folder closes it; writers that close what they are given may do so."""

    def writable(self) -> bool:
        return True

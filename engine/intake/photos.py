"""Photos into the workspace: found by table or folder, copied by content, readable by their owner only."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from engine.errors import InputError, masked
from engine.intake import metadata
from engine.intake.rejected import ROW, Why
from engine.pictures import ENDINGS
from engine.trust import pseudonyms

if TYPE_CHECKING:
    import polars as pl

    from engine.config import Config
    from engine.warehouse import Warehouse

FOLDER = "photos"
MAX_BYTES = 200_000_000
_STRANGE = re.compile(r"\\u(dc[89a-f][0-9a-f])")  # a byte that is no UTF-8, as `listed` writes it


def listed(folder: Path, *, person_per_folder: bool) -> tuple[pl.DataFrame, int]:
    """The photos below a folder, in order of their paths.

    Args:
        folder: to search, sub-folders too; hidden files are passed over.
        person_per_folder: the id of `sub/x.jpg` is `sub` (customers), else `sub/x` (inventory); of `x.jpg` it is `x`.
            Photos of an inventory that have the same name but for their endings are told apart by these.

    Returns:
        Text columns `id`, `path` (relative to the folder); how many other files were passed over.

    Raises:
        InputError: no photo is there.
    """
    import polars as pl

    found, others = list[tuple[str, str]](), 0
    for path in sorted(folder.rglob("*")):
        inner = path.relative_to(folder)
        if any(part.startswith(".") for part in inner.parts) or path.is_dir():
            continue
        if path.suffix.lower() not in ENDINGS:
            others += 1
            continue
        sub = person_per_folder and len(inner.parts) > 1
        name = inner.parts[0] if sub else inner.with_suffix("").as_posix()
        # A name that is no UTF-8 is nobody's id: written out, it is not found and rejected.
        found.append((_written(name), _written(inner.as_posix())))
    if not found:
        raise InputError("the folder holds no photo.", file=folder, fix=f"Photos end in {', '.join(ENDINGS)}.")
    if not person_per_folder:
        often = Counter(name for name, _ in found)
        found = [(path if often[name] > 1 else name, path) for name, path in found]
    return pl.DataFrame(found, schema={"id": pl.String, "path": pl.String}, orient="row"), others


def _written(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def bring(
    paths: list[str | None], root: Path, faces_folder: Path, *, new: set[str], max_megapixels: float = 40.0
) -> tuple[list[str | None], list[str | None], list[Why | None]]:
    """Copy photos into the workspace without their metadata, named by what is stored.

    Args:
        paths: of photos, relative to `root`; null = no photo named.
        root: photos outside it are refused, also by way of symbolic links or `..`.
        faces_folder: the workspace's; copies go to `photos/<first two hex digits>/<sha256><ending>` below it.
        new: gets the paths below `faces_folder` of copies that were not there before.
        max_megapixels: larger pictures of formats that must be decoded for it are refused.

    Returns:
        Three lists as long as `paths`: sha256, path below `faces_folder`, why there is none.
    """
    digests: list[str | None] = []
    places: list[str | None] = []
    whys: list[Why | None] = []
    top = root.resolve()
    for path in paths:
        digest, place, why = (
            _none("missing") if path is None else _bring_one(path, top, faces_folder, max_megapixels, new)
        )
        digests.append(digest)
        places.append(place)
        whys.append(why)
    return digests, places, whys


def _bring_one(
    path: str, top: Path, faces_folder: Path, max_megapixels: float, new: set[str]
) -> tuple[str | None, str | None, Why | None]:
    ending = Path(path).suffix.lower()
    if ending not in ENDINGS:
        return _none("not_a_photo_name")
    try:
        whole = _meant(top, path).resolve(strict=True)
        if not whole.is_relative_to(top):
            return _none("outside_the_folder")
        with _regular(whole) as source:
            bare = metadata.stripped(source.read(MAX_BYTES), max_megapixels=max_megapixels)
        return *_keep(bare, ending, faces_folder, new), None
    except FileNotFoundError:
        return _none("name_not_utf8" if _STRANGE.search(path) else "no_such_file")
    except (_NotAPhoto, metadata.UnknownPicture) as error:
        return _none("unusable_photo", str(error))
    except (OSError, RuntimeError, ValueError) as error:
        return _none("unreadable_file", getattr(error, "strerror", None) or "not a usable path")


def _meant(top: Path, path: str) -> Path:
    """The file; in a folder, which says whose it is, its own name need not be UTF-8."""
    folder, slash, name = path.rpartition("/")
    there = _STRANGE.sub(lambda byte: chr(int(byte[1], 16)), name)
    return top / path if not slash or (top / path).exists() else top / folder / there


def _none(reason: str, detail: str | None = None) -> tuple[None, None, Why]:
    return None, None, {"column": "path", "reason": reason, "detail": detail}


class _NotAPhoto(Exception):
    """A path that is there but is nothing to read."""


@contextmanager
def _regular(path: Path) -> Iterator[BinaryIO]:
    """The file, opened only if it is a regular one that is not empty (a pipe would block for ever)."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    with os.fdopen(handle, "rb") as file:
        state = os.fstat(handle)
        if not stat.S_ISREG(state.st_mode):
            raise _NotAPhoto("not a file")
        if not state.st_size:
            raise _NotAPhoto("the file is empty")
        if state.st_size > MAX_BYTES:
            raise _NotAPhoto(f"has {state.st_size / 1e6:.0f} MB, more than {MAX_BYTES / 1e6:.0f}")
        yield file


def named(store: Warehouse, files: pl.DataFrame, config: Config, key: bytes) -> pl.DataFrame:
    """Each row's file as it may be kept: with the person's name here instead of the id, numbers hidden.

    Args:
        store: the workspace's warehouse.
        files: `_row`, path and, of customers' photos, customer_id.
        config: section ids is used.
        key: the workspace's pseudonym key.

    Returns:
        `_row`, raw.
    """
    import polars as pl

    people: list[str | None] = [None] * files.height
    names = people
    if "customer_id" in files.columns:
        people = files["customer_id"].to_list()
        names = pseudonyms.name_series(store, files["customer_id"], config.ids, key).to_list()
    raw = [
        masked(path.replace(person, name) if person and name else path) if path else ""
        for path, person, name in zip(files["path"], people, names, strict=True)
    ]
    return files.select(ROW, pl.Series("raw", raw, dtype=pl.String))


def drop(places: set[str], faces_folder: Path) -> None:
    """Delete copies of photos that no row came to need.

    Args:
        places: paths below `faces_folder`.
        faces_folder: the workspace's.
    """
    for place in places:
        (faces_folder / place).unlink(missing_ok=True)


def _keep(content: bytes, ending: str, faces_folder: Path, new: set[str]) -> tuple[str, str]:
    """Write under a temporary name, then give it the name of its content; returns digest and place."""
    home = faces_folder / FOLDER
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = hashlib.sha256(content).hexdigest()
    inner = Path(FOLDER) / name[:2] / f"{name}{ending}"
    place = faces_folder / inner
    if place.exists():
        return name, inner.as_posix()
    passing = home / f".incoming-{os.getpid()}"
    try:
        passing.unlink(missing_ok=True)
        with os.fdopen(os.open(passing, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
            target.write(content)
        place.parent.mkdir(mode=0o700, exist_ok=True)
        passing.replace(place)
        new.add(inner.as_posix())
    finally:
        passing.unlink(missing_ok=True)
    return name, inner.as_posix()

"""A thousand readers while an export is replaced again and again: each sees a whole old or a whole new one."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from pathlib import Path

from engine.export import folder

READERS = 1000


def publish(target: Path, version: int) -> None:
    with folder.replacing(target) as draft:
        for name in ("a.txt", "deep/b.txt"):
            draft.write(name, f"{version} {name}".encode() * 500)
        draft.finish({"what": "all", "version": version, "tables": {}})


def read_whole(target: Path) -> int | None:
    """The version of the export at `target`, every file checked; None when it was replaced while being read."""
    handle = os.open(target, os.O_RDONLY)  # the folder itself: what is opened through it is of one version
    try:
        document = json.loads(_read(handle, "manifest.json"))
        for entry in document["files"]:
            data = _read(handle, entry["path"])
            assert hashlib.sha256(data).hexdigest() == entry["sha256"], "a mixture of two exports"
        return document["version"]
    except FileNotFoundError:
        return None
    finally:
        os.close(handle)


def _read(handle: int, name: str) -> bytes:
    with os.fdopen(os.open(name, os.O_RDONLY, dir_fd=handle), "rb") as file:
        return file.read()


def test_readers_see_a_whole_old_or_a_whole_new_export(tmp_path):
    target = tmp_path / "out"
    publish(target, 0)
    seen: list[int] = []
    wrong: list[BaseException] = []
    finished = threading.Event()

    def reader() -> None:
        try:
            last = -1
            while last < 0 or not finished.is_set():
                version = read_whole(target)
                if version is not None:
                    assert version >= last, "an older export came back"
                    last = version
                    seen.append(version)
                finished.wait(0.05)
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=reader) for _ in range(READERS)]
    for thread in threads:
        thread.start()
    for version in range(1, 6):
        publish(target, version)
    finished.set()
    for thread in threads:
        thread.join()
    assert wrong == [] and len(seen) >= READERS
    assert os.listdir(tmp_path) == ["out"] and read_whole(target) == 5

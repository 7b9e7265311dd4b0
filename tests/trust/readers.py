"""A thousand readers of one export, until their input ends: `python -m tests.trust.readers FOLDER`.

Each reads the export whole, again and again, through the folder it opened, and checks every file against the manifest.
Prints one JSON object: how often each manifest (by hash) was seen whole, how many readers saw one, and what was wrong.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import threading
from collections import Counter

READERS = 1000


def read_whole(target: str) -> str | None:
    """Hash of the manifest of the export, every file checked; None when it was replaced while being read."""
    handle = os.open(target, os.O_RDONLY)  # the folder itself: what is opened through it is of one version
    try:
        manifest = _read(handle, "manifest.json")
        for entry in json.loads(manifest)["files"]:
            if hashlib.sha256(_read(handle, entry["path"])).hexdigest() != entry["sha256"]:
                raise AssertionError(f"a mixture of two exports: {entry['path']}")
        return hashlib.sha256(manifest).hexdigest()
    except FileNotFoundError:
        return None
    finally:
        os.close(handle)


def _read(handle: int, name: str) -> bytes:
    with os.fdopen(os.open(name, os.O_RDONLY, dir_fd=handle), "rb") as file:
        return file.read()


def main() -> None:
    """Read until the input ends, and print what was seen."""
    target, over = sys.argv[1], threading.Event()
    seen: Counter[str] = Counter()
    wrong: list[str] = []
    served: list[int] = []

    def reader() -> None:
        order: list[str] = []
        try:
            while not order or not over.is_set():
                if (version := read_whole(target)) is not None and order[-1:] != [version]:
                    if version in order:
                        raise AssertionError("an older export came back")
                    order.append(version)
                seen.update([version] if version else [])
                over.wait(0.5)
        except Exception as error:
            wrong.append(f"{type(error).__name__}: {error}")
        served.append(len(order))

    threads = [threading.Thread(target=reader) for _ in range(READERS)]
    for thread in threads:
        thread.start()
    print("reading", flush=True)
    sys.stdin.read()
    over.set()
    for thread in threads:
        thread.join()
    print(json.dumps({"seen": seen, "readers": sum(n > 0 for n in served), "wrong": wrong[:5]}))


if __name__ == "__main__":
    main()

"""File and folder names that some reader takes for something else than a name."""

from __future__ import annotations

import os
from pathlib import Path

FILES = [
    "day[1]", "a*", "b?", "{1,2}", "a,b", "semi;colon", "100%41", "#hash", "sp ace", "quo'te", 'dou"ble', "back\\slash",
    "new\nline", "~", "~root", "-rf", "s3:", "a::b", "day=1", "kind=data", "$HOME", "x" * 200, "naïve-日本", "_hidden",
    os.fsdecode(b"latin-\xe9\xff"), "tab\there",
]  # fmt: skip
FOLDERS = ["kind=data", "caller=x", "a[1]", "*", "day=2020-01-01", "customer_id=ann", "age=7", os.fsdecode(b"\xff")]


def decoys(folder: Path, ending: str, content: bytes) -> None:
    """Files that a pattern among `FILES` would find too, or instead."""
    for name in ("day1", "aa", "ab", "bb", "1", "2", "day[1]x"):
        path = folder / f"{name}{ending}"
        if not path.exists():
            path.write_bytes(content)

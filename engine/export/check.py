"""Whether an export is still what was written: every file hashed again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine import documents
from engine.errors import InputError
from engine.export.targets import Target, target_of
from engine.trust.folder import DONE, MANIFEST


@dataclass(frozen=True)
class VerifyResult:
    """What a check found.

    Args:
        path: the export.
        files: one entry per file: path, bytes, status (ok, missing, truncated, altered or unexpected).
    """

    path: str
    files: list[dict[str, Any]]

    @property
    def problems(self) -> list[dict[str, Any]]:
        """The entries that are not ok."""
        return [entry for entry in self.files if entry["status"] != "ok"]


def verify(path: Path | str) -> VerifyResult:
    """Hash an export's files again.

    Args:
        path: a folder, or an fsspec URL.

    Returns:
        The status of every file; a file nobody wrote is `unexpected`.

    Raises:
        InputError: there is no whole export.
    """
    place = target_of(path)
    try:
        document = documents.read_json(place.read(MANIFEST, documents.JSON))
        listed = {str(entry["path"]): {"bytes": int(entry["bytes"]), "sha256": str(entry["sha256"])}
                  for entry in document["files"]}  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path} holds no export of Kindred.", fix="Name the folder that has manifest.json."
        ) from error
    found = place.names()
    if DONE not in found:
        raise InputError(f"{path} is incomplete: {DONE} is missing.", fix="Export again.")
    files = []
    for name, entry in sorted(listed.items()):
        status = "missing" if name not in found else _status(place, name, entry)
        files.append({"path": name, "bytes": entry["bytes"], "status": status})
    for name in sorted(set(found) - set(listed) - {MANIFEST, DONE}):
        files.append({"path": name, "bytes": found[name], "status": "unexpected"})
    return VerifyResult(str(path), files)


def _status(place: Target, name: str, entry: dict[str, Any]) -> str:
    digest, size = hashlib.sha256(), 0
    with place.open(name) as file:
        while block := file.read(1 << 20):
            digest.update(block)
            size += len(block)
    if size < entry["bytes"]:
        return "truncated"
    return "ok" if digest.hexdigest() == entry["sha256"] else "altered"

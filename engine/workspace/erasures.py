"""The end of an erasure: after the rows, the files are deleted and the receipt is written.

The rows go in one transaction that also notes what is still to be swept and receipted. Whoever is killed in between
finds the rest done when the workspace is next opened for writing. At the end the database is written anew, because a
deleted row's bytes stay in a file until something else needs the place. (METHODS section 8.)
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from engine import documents, sources
from engine.clock import utc_now
from engine.tables import TABLES
from engine.trust import backups, files, folder, forget
from engine.warehouse import Warehouse
from engine.workspace.layout import Layout

RECEIPTS = "receipts"
_UNFINISHED = "unfinished"
# What marks a page that may name people (engine/report/templates/base.html), and its figures as JSON.
_PAGE, _FIGURES = b'<meta name="kindred" content="of people">', b'"mode": "internal"'
_HEAD = 4096  # bytes at the beginning of a page, in which the mark stands


@dataclass(frozen=True)
class Receipt:
    """What was forgotten, without saying whom.

    Args:
        what: erase or purge.
        subjects: people found.
        unknown: ids of whom nothing was stored.
        rows: rows deleted per table.
        files: files deleted (photos, creatives, exports and pages inside the workspace, backups).
        proofs: per person an HMAC of the id, by which whoever has the key and the id can find this receipt.
        at: when (UTC).
        path: the receipt's own file; None after a dry run.
    """

    what: str
    subjects: int
    unknown: int
    rows: dict[str, int]
    files: dict[str, int]
    proofs: tuple[str, ...]
    at: datetime
    path: Path | None


def finish(workspace: Layout, store: Warehouse) -> Receipt | None:
    """Sweep the files that no row needs, write the database anew and the receipt, if a deletion left that to do.

    Args:
        workspace: whose files.
        store: its database, open for writing, outside a transaction.

    Returns:
        The receipt of that deletion; None when there was nothing to do.
    """
    noted = store.query("trust/meta", name=_UNFINISHED)
    if not noted.height:
        return None
    removed = {
        "photos": files.keep_only(workspace.faces, set(store.query("trust/photo_files")["path"])),
        "creatives": files.keep_only(workspace.ads, set(store.query("trust/creative_files")["file"])),
        "exports": _drop_exports(workspace.exports) + _drop_exports_elsewhere(workspace),
        "pages": _drop_pages(workspace.path),
        "backups": backups.drop(workspace.database),
    }
    store.rewrite()
    note = noted["value"][0]
    # The first release noted one word, and wrote no receipt of a deletion that was killed.
    receipt = _receipt(workspace, json.loads(note), removed) if note.startswith("{") else None
    store.execute("trust/forget_meta", name=_UNFINISHED)
    return receipt


def note(
    store: Warehouse,
    what: str,
    rows: dict[str, int],
    proofs: tuple[str, ...] = (),
    *,
    unknown: int = 0,
    how: dict[str, Any] | None = None,
) -> None:
    """Inside the transaction: every stage is stale now, files are still to be swept and the receipt to be written."""
    at = utc_now()
    number = hashlib.sha256(f"{what}\0{at.isoformat()}\0{store.count('sources')}".encode()).hexdigest()
    deleted = sum(rows.values())
    sources.note(
        store, source_id=number[:16], target="erasure", path="", sha256=number, format=what, rows_in=deleted,
        rows_kept=deleted, rows_duplicate=0, rows_rejected=0, details=json.dumps(rows, sort_keys=True), imported_at=at,
        how=json.dumps(how) if how else None,
    )  # fmt: skip
    store.execute("trust/forget_meta", name=_UNFINISHED)
    note = {"what": what, "unknown": unknown, "rows": rows, "proofs": proofs, "at": at.isoformat()}
    store.execute("trust/set_meta", name=_UNFINISHED, value=json.dumps(note, sort_keys=True))


def _drop_exports(place: Path) -> int:
    """Delete the exports inside the workspace that hold people; they can be made again. Returns how many."""
    removed = 0
    for path in sorted(place.iterdir()) if place.is_dir() else []:
        try:
            tables = set(documents.read_json((path / "manifest.json").read_bytes())["tables"])
        except (OSError, ValueError, KeyError, TypeError):
            tables = {"unknown"}
        if tables - _unnamed():
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
            removed += 1
    return removed


def _drop_exports_elsewhere(workspace: Layout) -> int:
    """Delete what exports to other folders below the workspace wrote; what lies beside their files stays."""
    own = [workspace.exports, workspace.faces, workspace.ads, workspace.scratch, workspace.database.parent / "backups"]
    found = [place for place, tables in folder.exports(workspace.path, own) if tables - _unnamed()]
    for place in found:
        folder.remove(place)
    return len(found)


def _drop_pages(place: Path) -> int:
    """Delete pages below the workspace that may name people, and their figures as JSON. Returns how many."""
    found = [path for path in place.rglob("*") if path.suffix in (".html", ".json") and _of_people(path)]
    for path in found:
        path.unlink()
    return len(found)


def _of_people(path: Path) -> bool:
    """Whether a file is a page of Kindred's that is not public, or the figures of one."""
    if path.is_symlink() or not path.is_file():
        return False
    if path.suffix == ".html":
        with path.open("rb") as file:
            return _PAGE in file.read(_HEAD)
    text = path.read_bytes()
    return _FIGURES in text and text.startswith(b"{\n")


def _unnamed() -> set[str]:
    """Tables in which nobody is named."""
    return {t for t, contract in TABLES.items() if not set(contract.names) & {*forget.PERSONS, *forget.NODES}}


def _receipt(workspace: Layout, note: dict[str, Any], removed: dict[str, int]) -> Receipt:
    """Write the receipt of what `_note` noted; written again after a kill it is the same file."""
    at, proofs = datetime.fromisoformat(note["at"]), tuple(note["proofs"])
    place = workspace.path / RECEIPTS
    place.mkdir(mode=0o700, exist_ok=True)
    path = place / f"{note['what']}-{at.strftime('%Y%m%dT%H%M%S%f')}.json"
    receipt = Receipt(note["what"], len(proofs), note["unknown"], note["rows"], removed, proofs, at, path)
    document = {**asdict(receipt), "at": at.isoformat() + "Z", "path": path.name}
    with files.replacing(path, scratch=workspace.scratch) as file:
        file.write(json.dumps(document, indent=1, sort_keys=True).encode() + b"\n")
    return receipt

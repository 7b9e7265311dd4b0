"""Lists imports and takes them back: after an undo a workspace is as if the file had never been imported.

An undo does not bring back people who opted out, withdrawn consents, or rows that were erased or purged.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from engine import sources
from engine.clock import utc_now
from engine.errors import InputError
from engine.logs import undo as calls
from engine.sources import takeback
from engine.tables import TABLES
from engine.usecases import erase
from engine.warehouse import Warehouse
from engine.workspace import UNSWEPT, Workspace

_LOGS = "logs"
_PHOTOS = ("photos", "inventory")
_OLD = "was imported by an older Kindred, which did not keep what taking it back needs"
_SHORTEST = 4  # letters of an id that are enough where only one begins so


@dataclass(frozen=True)
class Undone:
    """What taking imports back did, or would do.

    Args:
        ids: of the imports.
        files: their names as stored.
        rows: per table that changed, rows before and after.
        stays: what stays nevertheless, in words.
        done: False after a dry run.
    """

    ids: tuple[str, ...]
    files: tuple[str, ...]
    rows: dict[str, tuple[int, int]]
    stays: tuple[str, ...]
    done: bool


@contextmanager
def importing(workspace: Workspace, target: str, preview: bool = False) -> Iterator[tuple[Warehouse, Path]]:
    """The database to import into and the folder for photos: the workspace's, or a copy that is gone afterwards.

    Args:
        workspace: an opened workspace.
        target: what is imported, for the audit log.
        preview: into a copy.
    """
    if preview:
        with workspace.sandbox() as (store, folder):
            yield store, folder / "faces"
    else:
        with workspace.writing(f"import {target}") as store:
            yield store, workspace.faces


def listed(workspace: Workspace) -> list[dict[str, Any]]:
    """Every import in the order in which they came: id, table, file, mapping, when (UTC), rows, and whether it can be
    taken back.
    """
    with workspace.warehouse(read_only=True) as store:
        lines = store.query("intake/imports")
    columns = ("source_id", "target", "path", "format", "imported_at", "rows_in", "rows_kept", "rows_duplicate",
               "rows_rejected")  # fmt: skip
    names = ("id", "table", "file", "mapping", "imported_at", *columns[5:])
    found = []
    for line in lines.iter_rows(named=True):
        row = {name: line[column] for name, column in zip(names, columns, strict=True)}
        row["imported_at"] = line["imported_at"].isoformat(sep=" ", timespec="seconds")
        found.append({**row, "undo": "no: an older Kindred's" if line["number"] is None else "yes"})
    return found


def undo(workspace: Workspace, ids: Sequence[str], *, dry_run: bool = False) -> Undone:
    """Take imports back, all of them or none.

    Args:
        workspace: an opened workspace.
        ids: of imports as `listed` gives them, or how they begin.
        dry_run: try it, count, and leave everything as it is.

    Returns:
        What changed. Computed tables follow at the next run.

    Raises:
        InputError: no such import, it cannot be taken back, or what it brought was purged but for its daily sums.
    """
    with workspace.writing(f"imports undo{' --dry-run' if dry_run else ''}") as store:
        wanted = _find(store, ids)
        before = store.counts()
        with erase.trial(store) if dry_run else store.transaction():
            _take_out(workspace, store, wanted)
            after = store.counts()
        if dry_run:
            store.touched.clear()
    changed = {t: (before[t], n) for t, n in after.items() if n != before[t] and t not in ("meta", "runs")}
    targets = {line["target"] for line in wanted}
    return Undone(
        tuple(line["source_id"] for line in wanted),
        tuple(line["path"] for line in wanted),
        changed,
        tuple(_stays(targets)),
        not dry_run,
    )


def other_names(workspace: Workspace) -> str:
    """What to say where people's numbers were read with another `ids.region` than the one that is set; else nothing."""
    if not workspace.database.exists():
        return ""
    with workspace.warehouse(read_only=True) as store:
        lines = store.query("intake/imports")
    files: dict[str, list[str]] = {}
    was: set[str] = set()
    for line in lines.iter_rows(named=True):
        region = json.loads(line["how"] or "{}").get("region")
        named = line["target"] == _LOGS or "customer_id" in TABLES[line["target"]].names
        if named and region is not None and region != workspace.config.ids.region:
            files.setdefault(line["target"], []).append(line["path"])
            was.add(region or "no country")
    if not files:
        return ""
    again = "; ".join(f"`{_command(target)} {' '.join(paths)}`" for target, paths in files.items())
    many = sum(map(len, files.values()))
    those = f"{many} files were" if many > 1 else "1 file was"
    now = workspace.config.ids.region or "empty"
    return (
        f"ids.region is {now} now, but {those} read with {' and '.join(sorted(was))}: "
        "one person may be two, by a number in national and in international "
        f"form. Read again, each replaces its earlier reading (digits of names stand as #): {again}."
    )


def _command(target: str) -> str:
    return f"kindred {'experiment import' if target in ('exposures', 'outcomes') else 'import'} {target}"


def _find(store: Warehouse, ids: Sequence[str]) -> list[dict[str, Any]]:
    """The imports of these ids, each once, in their order."""
    lines = list(store.query("intake/imports").iter_rows(named=True))
    found: dict[str, dict[str, Any]] = {}
    for text in (text.strip().lower() for text in ids):
        fits = [line for line in lines if len(text) >= _SHORTEST and line["source_id"].startswith(text)]
        if len(fits) != 1:
            what = "more than one import has an id that begins with" if fits else "there is no import with the id"
            raise InputError(f"{what}: {text or 'nothing'}.", fix="`kindred imports` lists them.")
        line = fits[0]
        if line["number"] is None:
            raise InputError(
                f"{line['path']} ({line['source_id']}) {_OLD}.",
                fix="Make a new workspace and import the other files there.",
            )
        found[line["source_id"]] = line
    if not found:
        raise InputError("no import is named.", fix="`kindred imports` lists their ids.")
    return sorted(found.values(), key=lambda line: line["number"])


def _take_out(workspace: Workspace, store: Warehouse, wanted: list[dict[str, Any]]) -> None:
    """Inside the transaction."""
    by_target: dict[str, list[str]] = {}
    for line in wanted:
        by_target.setdefault(line["target"], []).append(line["source_id"])
    _check_sums(store, wanted)
    for target, gone in by_target.items():
        if target == _LOGS:
            calls.take_out(store, gone, workspace.config.logs)
        else:
            takeback.tables(store, target, gone, workspace.key())
    if by_target.keys() & set(_PHOTOS):
        store.execute("trust/forget_meta", name=UNSWEPT)
        store.execute("trust/set_meta", name=UNSWEPT, value="photos")
    at = utc_now()
    ids = [line["source_id"] for line in wanted]
    number = hashlib.sha256("\0".join(["undo", at.isoformat(), *ids]).encode()).hexdigest()
    sources.note(
        store, source_id=number[:16], target="undo", path="", sha256=number, format=",".join(sorted(by_target)),
        rows_in=0, rows_kept=0, rows_duplicate=0, rows_rejected=0, details=json.dumps({"undone": ids}), imported_at=at,
    )  # fmt: skip


def _check_sums(store: Warehouse, wanted: list[dict[str, Any]]) -> None:
    """Nobody knows which part of a purged day's sums a file brought."""
    purges: list[tuple[int, str]] = []
    for line in store.query("intake/purges").iter_rows(named=True):
        how = json.loads(line["how"])
        if how["keep_daily"]:
            purges.append((line["number"], how.get("start") or how["before"]))
        else:
            purges = [purge for purge in purges if purge[1] > (how.get("start") or how["before"])]
    for line in wanted:
        first = json.loads(line["how"] or "{}").get("first_at")
        for number, start in purges:
            day = _first_day(store, datetime.fromisoformat(start))
            if first and line["target"] == _LOGS and line["number"] < number and first < start:
                raise InputError(
                    f"{line['path']} ({line['source_id']}) holds calls before {day}, of which `purge --keep-daily` "
                    "left the sums of all files together.",
                    fix=f"Let these sums go too: `kindred purge --before {day}`, then undo it.",
                )


def _first_day(store: Warehouse, moment: datetime) -> date:
    """The first day that begins at a moment or after it."""
    day = store.clock.day(moment)
    return day if store.clock.start(day) >= moment else day + timedelta(days=1)


def _stays(targets: set[str]) -> Iterator[str]:
    if "optouts" in targets:
        yield "Who opted out stays opted out."
    if "consents" in targets:
        yield "Consents that were withdrawn stay withdrawn."

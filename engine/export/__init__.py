"""Tables and ads out of a workspace, as a folder that appears whole or not at all.

`export` is the one way data leaves: a folder with the files, `manifest.json` (versions, hashes of settings and inputs,
columns, rows, bytes and sha256 of each file) and `_SUCCESS`, written last. The same workspace gives the same bytes,
wherever and whenever it is exported. `verify` hashes an export again.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import InputError
from engine.progress import SILENT, Progress
from engine.tables import TABLES
from engine.trust import ages, audit
from engine.version import VERSION

if TYPE_CHECKING:
    from engine.config import Config
    from engine.export.check import VerifyResult
    from engine.export.views import Part
    from engine.trust.folder import Draft
    from engine.warehouse import Warehouse
    from engine.workspace import Workspace

FORMATS = ("parquet", "csv", "jsonl", "arrow")
GRAPH_FORMATS = ("graphml", "gexf")


@dataclass(frozen=True)
class ExportResult:
    """What was written.

    Args:
        path: the folder, or the URL.
        files: one entry per file: path in the folder, table, rows, bytes, sha256 (a dry run: table and rows only).
        withdrawn: ads handed out earlier that may no longer be shown; `withdraw.jsonl` names them.
    """

    path: Path | str
    files: list[dict[str, Any]]
    withdrawn: int = 0


@dataclass(frozen=True)
class _Wanted:
    """What was asked for, checked."""

    what: str
    format: str
    as_of: date
    shard_rows: int
    compress: bool
    raw: bool


def export(
    workspace: Workspace,
    what: str,
    to: Path | str,
    format: str = "parquet",
    *,
    as_of: date | None = None,
    since: str | None = None,
    shard_rows: int = 0,
    compress: bool = False,
    raw: bool = False,
    dry_run: bool = False,
    progress: Progress = SILENT,
) -> ExportResult:
    """Write a table, the ads or a group of tables to a folder.

    Args:
        workspace: an opened workspace.
        what: name of a contract table; `ads` = manifest.jsonl, the table, the creatives, gallery.html, and in
            withdraw.jsonl the ads handed out earlier that may no longer be shown; `delivery` = what a sending system
            needs, never the contact; `analysis` = scores and reasons under pseudonyms; `graph` = nodes, edges, ties;
            `all` = every table but the bookkeeping, and what `ads` gives.
        to: the folder (nothing, an empty folder or an earlier export may be there), or an fsspec URL.
        format: parquet, csv, jsonl or arrow; for `graph` also graphml or gexf.
        as_of: `delivery`: the day of sending on which consents and offers must hold; None = `run.today`.
        since: id of a run; only tables that changed after it are written.
        shard_rows: rows a file at most; 0 = one file a table.
        compress: gzip csv and jsonl (the others are compressed anyway).
        raw: csv: leave cells as they are, also those that a spreadsheet would run as formulas.
        dry_run: write nothing, say what would be written.
        progress: where bars are drawn.

    Returns:
        Where it is and what it holds.

    Raises:
        InputError: no such table, format or run.
        WorkspaceError: the folder holds something else, cannot be written, or another export writes there.
    """
    from engine.export import deliveries, targets, views
    from engine.trust import folder

    known = list(dict.fromkeys([*views.GROUPS, *TABLES]))
    if what not in known:
        raise InputError(f"there is no table {what!r} to export.", fix=_nearest(what, known))
    formats = (*FORMATS, *GRAPH_FORMATS) if what == "graph" else FORMATS
    if format not in formats:
        raise InputError(f"there is no format {format!r} for {what}.", fix=f"The formats are {', '.join(formats)}.")
    if shard_rows < 0:
        raise InputError(f"{shard_rows} rows a file are too few.", fix="Give 0 for one file, or a positive number.")
    if as_of is not None and what != "delivery":
        raise InputError(f"a day of sending says nothing about {what}.", fix="It belongs to `delivery`.")
    day = as_of or ages.moment(workspace.config).date()
    wanted = _Wanted(what, format, day, shard_rows, compress, raw)
    parts = views.parts(what)
    if dry_run:
        with workspace.warehouse(read_only=True) as store:
            chosen, _ = _changed(store, parts, since)
            return ExportResult(
                to, [{"table": p.table.name, "rows": _count(store, p, wanted, workspace.config)} for p in chosen]
            )
    remote = targets.target_of(to) if targets.is_url(to) else None
    if remote is not None:
        remote.check()
    else:
        folder.check_target(Path(to))
    hands_out = what in ("ads", "delivery", "all")
    if hands_out:
        deliveries.hand_out(workspace)
    place = Path(to) if remote is None else workspace.scratch / f"export.{os.getpid()}"
    try:
        with folder.replacing(place) as draft, workspace.warehouse(read_only=True) as store:
            facts, described = _facts(store, workspace, wanted, since), {}
            chosen, facts["unchanged"] = _changed(store, parts, since)
            with progress.task("export", len(chosen)) as bar:
                for part in chosen:
                    described[part.table.name] = _write(store, workspace, draft, part, wanted, progress)
                    bar.advance()
            if hands_out:
                facts["withdraw_these_creatives"] = _withdraw(store, draft, workspace)
            draft.finish({**facts, "tables": described})
            files = sorted(draft.files, key=lambda entry: entry["path"])
        if remote is not None:
            remote.upload(place)
    finally:
        if remote is not None:
            shutil.rmtree(place, ignore_errors=True)
    audit.append(workspace.path, "export", "read", tables={t: d["rows"] for t, d in described.items()})
    withdrawn = facts.get("withdraw_these_creatives", {}).get("ads", 0)
    return ExportResult(to if remote is not None else Path(to), files, withdrawn)


def verify(path: Path | str) -> VerifyResult:
    """Hash an export's files again; see `engine.export.check.verify`."""
    from engine.export import check

    return check.verify(path)


def _facts(store: Warehouse, workspace: Workspace, wanted: _Wanted, since: str | None) -> dict[str, Any]:
    from engine.export import facts

    return {
        "what": wanted.what,
        "format": wanted.format,
        "shard_rows": wanted.shard_rows,
        "compress": wanted.compress,
        "as_of": wanted.as_of.isoformat() if wanted.what == "delivery" else None,
        "since": since,
        "kindred": VERSION,
        "versions": facts.versions(),
        "config_sha256": facts.config_hash(workspace.config),
        "inputs_sha256": facts.inputs_hash(store),
    }


def _changed(store: Warehouse, parts: list[Part], since: str | None) -> tuple[list[Part], list[str]]:
    """The parts to write, and the names of those that did not change since a run."""
    from engine.export import facts

    if since is None:
        return parts, []
    changed = facts.changed_since(store, since)
    return [p for p in parts if changed & set(p.reads)], [p.table.name for p in parts if not changed & set(p.reads)]


def _write(
    store: Warehouse, workspace: Workspace, draft: Draft, part: Part, wanted: _Wanted, progress: Progress
) -> dict[str, Any]:
    """Write one table of an export; returns what the manifest says about it."""
    from engine.export import ads, rows, views

    table, name = part.table, part.table.name
    output: dict[str, Any] = {
        "format": wanted.format, "shard_rows": wanted.shard_rows, "compress": wanted.compress, "raw": wanted.raw,
    }  # fmt: skip
    found = store.columns(name) if name in TABLES and name not in views.JOINED else table.names
    if name == "ads":
        count = ads.write(store, workspace, draft, **output, progress=progress)
        found = ads.COLUMNS
    elif name == "delivery":
        frame = ads.deliverable(store, workspace.config, wanted.as_of)
        count = ads.write_delivery(frame, workspace, draft, **output, progress=progress)
    elif wanted.format in GRAPH_FORMATS:
        count = _graph(store, draft, wanted.format) if name == "nodes" else store.count(name)
    else:
        if name == "analysis":
            frame = store.query("export/analysis", definition=workspace.config.graph.definition)
            tables = iter([frame.to_arrow()])
        else:
            tables = rows.read(store, table)
        count = rows.write_files(draft, name, tables, **output)
    return {"grain": table.grain, "rows": count, "columns": rows.columns_of(table, found)}


def _graph(store: Warehouse, draft: Draft, format: str) -> int:
    """One file for Gephi and the like: people as nodes, ties that count as edges; returns the number of nodes."""
    from engine.graph import formats as drawn

    nodes = store.read("nodes")
    drawn.export(nodes, store.read("ties"), draft.path / f"graph.{format}", kind=format)
    draft.adopt(f"graph.{format}", table="nodes", rows=nodes.height)
    return nodes.height


def _withdraw(store: Warehouse, draft: Draft, workspace: Workspace) -> dict[str, Any]:
    """Write what was handed out and may no longer be shown."""
    from engine.export import deliveries, rows

    gone = deliveries.withdrawn(store, workspace.config)
    with draft.file("withdraw.jsonl", rows=gone.height) as file:
        rows.write(file, iter([gone.to_arrow()]), "jsonl")
    return {"file": "withdraw.jsonl", "ads": gone.height}


def _count(store: Warehouse, part: Part, wanted: _Wanted, config: Config) -> int:
    from engine.export import ads

    if part.table.name == "delivery":
        return ads.deliverable(store, config, wanted.as_of).height
    return store.count("matches" if part.table.name == "analysis" else part.table.name)


def _nearest(name: str, known: list[str]) -> str:
    import difflib

    close = difflib.get_close_matches(name, known, 1)
    return f"Did you mean {close[0]!r}?" if close else f"Choose one of {', '.join(known)}."

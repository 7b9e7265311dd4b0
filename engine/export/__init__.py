"""Tables and ads out of a workspace, as a folder that appears whole or not at all.

`export` is the one way data leaves: a folder with the files, `manifest.json` (columns, rows, bytes, sha256 of each)
and `_SUCCESS`, written last. The same workspace gives the same bytes, wherever and whenever it is exported.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import engine
from engine.errors import InputError
from engine.progress import SILENT, Progress
from engine.tables import BOOKKEEPING, TABLES
from engine.trust import audit

if TYPE_CHECKING:
    from engine.workspace import Workspace

FORMATS = ("parquet", "csv", "jsonl")


@dataclass(frozen=True)
class ExportResult:
    """What was written.

    Args:
        path: the folder.
        files: one entry per file: path in the folder, table, rows, bytes, sha256.
    """

    path: Path
    files: list[dict[str, Any]]


def export(
    workspace: Workspace, what: str, to: Path, format: str = "parquet", *, progress: Progress = SILENT
) -> ExportResult:
    """Write a table, the ads or everything to a folder.

    Args:
        workspace: an opened workspace.
        what: name of a contract table; `ads` = manifest.jsonl, the table, the creatives, gallery.html, and in
            withdraw.jsonl the ads handed out earlier that may no longer be shown; `all` = every table but the
            bookkeeping, and what `ads` gives.
        to: the folder; nothing, an empty folder or an earlier export may be there.
        format: parquet, csv or jsonl.
        progress: where bars are drawn.

    Returns:
        Where it is and what it holds.

    Raises:
        InputError: no such table or format.
        WorkspaceError: the folder holds something else, cannot be written, or the workspace is empty.
    """
    from engine import pipeline
    from engine.export import ads, deliveries, folder, rows

    if what not in ("all", *TABLES):
        raise InputError(f"there is no table {what!r} to export.", fix=_nearest(what, ["all", *TABLES]))
    if format not in FORMATS:
        raise InputError(f"there is no format {format!r}.", fix=f"The formats are {', '.join(FORMATS)}.")
    tables = [t for t in TABLES if t not in BOOKKEEPING] if what == "all" else [what]
    if "ads" in tables:
        folder.check_target(Path(to))
        deliveries.hand_out(workspace)
    with folder.replacing(to) as draft, workspace.warehouse(read_only=True) as store:
        described = {}
        facts_of_all = {"what": what, "format": format, "kindred": engine.__version__, "tables": described}
        with progress.task("export", len(tables)) as bar:
            for table in tables:
                facts = {"columns": rows.columns_of(store, table)}
                if table == "ads":
                    count = ads.write(store, workspace, draft, format=format, progress=progress)
                    gone = deliveries.withdrawn(store, pipeline.today(workspace.config))
                    with draft.file("withdraw.jsonl", rows=gone.height) as file:
                        rows.write(file, iter([gone.to_arrow()]), "jsonl")
                    facts_of_all["withdraw_these_creatives"] = {"file": "withdraw.jsonl", "ads": gone.height}
                else:
                    name = f"{table}.{format}"
                    entry: dict[str, Any] = {"table": table, "rows": 0}
                    with draft.file(name) as file:
                        count = rows.write(file, rows.read(store, table), format)
                    draft.files[-1].update(entry | {"rows": count})
                described[table] = {"grain": TABLES[table].grain, "rows": count, **facts}
                bar.advance()
        draft.finish(facts_of_all)
        files = sorted(draft.files, key=lambda entry: entry["path"])
    audit.append(workspace.path, "export", "read", tables={t: d["rows"] for t, d in described.items()})
    return ExportResult(Path(to), files)


def _nearest(name: str, known: list[str]) -> str:
    import difflib

    close = difflib.get_close_matches(name, known, 1)
    return f"Did you mean {close[0]!r}?" if close else f"Choose one of {', '.join(known)}."

"""The ads as files: what to send (manifest), what is shown (creatives) and what to look at (gallery)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import WorkspaceError
from engine.export import gallery, rows
from engine.progress import Progress

if TYPE_CHECKING:
    from engine.export.folder import Draft
    from engine.warehouse.duckdb import DuckDBWarehouse
    from engine.workspace import Workspace


def write(store: DuckDBWarehouse, workspace: Workspace, draft: Draft, *, format: str, progress: Progress) -> int:
    """Write manifest.jsonl, ads.<format>, creatives/ and gallery.html; returns the number of ads.

    Args:
        store: the workspace's database.
        workspace: whose creatives they are.
        draft: the folder being filled.
        format: of the table beside manifest.jsonl.
        progress: where bars are drawn.

    Raises:
        WorkspaceError: a creative is missing.
    """
    delivered = store.query("export/delivered")
    for name, kind in (("manifest.jsonl", "jsonl"), (f"ads.{format}", format)):
        with draft.file(name, table="ads", rows=delivered.height) as file:
            rows.write(file, iter([delivered.to_arrow()]), kind)
    names = delivered["files"].explode().drop_nulls().unique().sort().to_list()
    with progress.task("creatives", len(names)) as bar:
        for name in names:
            source = workspace.ads / name.removeprefix("creatives/")
            if not source.is_file():
                raise WorkspaceError(
                    f"The creative {source.name} is missing from the workspace.",
                    fix="Make it again: `kindred run --force` or delete nothing below ads/.",
                )
            draft.copy(source, name)
            bar.advance()
    draft.write("gallery.html", gallery.page(store, workspace.config.ads).encode())
    return delivered.height

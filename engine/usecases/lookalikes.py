"""Questions about the matched faces: pictures to look at, and what limits on the photos' uses cost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine import runner
from engine.pipeline import matches, prepared
from engine.progress import SILENT, Progress
from engine.workspace import Workspace


def contact_sheet(workspace: Workspace, to: Path, *, limit: int = 20, progress: Progress = SILENT) -> list[Path]:
    """Pictures of the matches to look at; see `engine.pipeline.matches.contact_sheet`."""
    runner.run(workspace, until="matches", progress=progress)
    with workspace.warehouse(read_only=True) as store:
        context = prepared(workspace, store, progress)
        return matches.contact_sheet(context, to, limit=limit)


def cost_of_caps(workspace: Workspace, *, progress: Progress = SILENT) -> dict[str, float]:
    """What the caps on photos' uses cost own faces in likeness; see `engine.pipeline.matches.caps`."""
    runner.run(workspace, until="matches", progress=progress)
    with workspace.warehouse(read_only=True) as store:
        return matches.caps(prepared(workspace, store, progress))


def cost_of_wishes(workspace: Workspace, *, progress: Progress = SILENT) -> list[dict[str, Any]]:
    """What wishes for sex, age and hair cost in likeness; see `engine.pipeline.matches.cost_of_wishes`."""
    runner.run(workspace, until="matches", progress=progress)
    with workspace.warehouse(read_only=True) as store:
        return matches.cost_of_wishes(prepared(workspace, store, progress))

"""Questions about the campaign's models: what is known of them, supplied or estimated, to look through and correct."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine import runner
from engine.errors import WorkspaceError
from engine.faces import cut, estimates, model_id, review, sheet
from engine.progress import SILENT, Progress
from engine.trust import files
from engine.workspace import Workspace

SHEET = "models.html"


def reviewed(
    workspace: Workspace, to: Path | None = None, *, progress: Progress = SILENT
) -> tuple[list[dict[str, Any]], list[Path]]:
    """What is known of each model, and a page of their faces.

    Args:
        workspace: an opened workspace; what is stale is run first.
        to: folder for the page; None = no page.
        progress: where bars are drawn.

    Returns:
        Rows (see `engine.faces.review.rows`), and the files written.

    Raises:
        WorkspaceError: there is no campaign photo, or the folder cannot be written.
    """
    import polars as pl

    runner.run(workspace, until="matches", progress=progress)
    settings = workspace.config.faces
    made_by = model_id(settings, "inventory")
    with workspace.warehouse(read_only=True) as store:
        inventory = store.read("inventory")
        if inventory.is_empty():
            raise WorkspaceError("There are no campaign photos.", fix="Run `kindred import inventory FILE`.")
        faces = store.read("faces").filter(pl.col("model_id") == made_by)
        looks = store.read("estimates").filter(pl.col("model_id") == estimates.model_id(made_by))
    rows = review.rows(inventory, faces, looks)
    if to is None:
        return rows, []
    place = {row["sha256"]: row for row in cut.main_faces(faces).iter_rows(named=True)}
    photo = {row["photo_id"]: row for row in inventory.iter_rows(named=True)}
    cards = []
    for row in rows:
        mine = photo[row["photo_id"]]
        face = place.get(mine["sha256"])
        picture = face and sheet.cropped({**face, "path": mine["path"]}, workspace.faces, settings)
        cards.append(sheet.figure(picture, row["photo_id"], review.caption(row)))
    says = (
        "Sex, age and hair as supplied, else as they look: estimates err, by 6 years on average. To correct them: "
        "`kindred inventory review -o csv > models.csv`, fill in gender, age_band and hair, `kindred import inventory "
        "models.csv`."
    )
    page = sheet.document("Models of the campaign", says, f'<div class="cards">{"".join(cards)}</div>')
    return rows, [files.written(to / SHEET, page.encode())]

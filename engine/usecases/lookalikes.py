"""Questions about the matched faces: pictures to look at, and how much likeness limits and preferences cost."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from engine import runner
from engine.errors import WorkspaceError
from engine.faces import sheet
from engine.faces.match import cap_gap, match
from engine.faces.sheet import sheet_rows
from engine.faces.traits import disagreements, wishes
from engine.pipeline import Context, matches, prepared
from engine.progress import SILENT, Progress
from engine.trust import files
from engine.workspace import Workspace

AGE_WEIGHTS = (0.0, 0.03, 0.06, 0.1, 0.2)  # tried by `cost_of_wishes`


def contact_sheet(workspace: Workspace, to: Path, *, limit: int = 20, progress: Progress = SILENT) -> list[Path]:
    """Pictures of the matches to look at; see `sheet_of`."""
    runner.run(workspace, until="matches", progress=progress)
    with workspace.warehouse(read_only=True) as store:
        return sheet_of(prepared(workspace, store, progress), to, limit=limit)


def cost_of_caps(workspace: Workspace, *, progress: Progress = SILENT) -> dict[str, float]:
    """How much likeness of own faces the limits on a photo's uses cost; see `caps_of`."""
    runner.run(workspace, until="matches", progress=progress)
    with workspace.warehouse(read_only=True) as store:
        return caps_of(prepared(workspace, store, progress))


def cost_of_wishes(workspace: Workspace, *, progress: Progress = SILENT) -> list[dict[str, Any]]:
    """How much likeness it costs to prefer photos of like sex, age and hair; see `wishes_of`."""
    runner.run(workspace, until="matches", progress=progress)
    with workspace.warehouse(read_only=True) as store:
        return wishes_of(prepared(workspace, store, progress))


def caps_of(context: Context) -> dict[str, float]:
    """How much likeness of own faces max_uses costs (contacts' photos are drawn); see `engine.faces.match.cap_gap`.

    Read-only.
    """
    import polars as pl

    asked = matches.request(context)
    asked["models"] = asked["models"].with_columns(max_uses=pl.lit(None, pl.Int32))
    mine = pl.col("arm") == "own_face"
    return cap_gap(context.warehouse.read("matches").filter(mine), match(**asked).filter(mine))


def wishes_of(context: Context) -> list[dict[str, Any]]:
    """How much likeness of own faces it costs to prefer photos of like sex, age and hair; read-only.

    Returns:
        For no preference, and for those set with each of some weights of age: the settings, matched, likeness (their
        mean), lost (share of the likeness without preferences), other_sex and years_apart (see `disagreements`).
    """
    settings = context.config.faces
    asked = matches.request(context)
    own = asked["wanted"]["arm"] == "own_face"
    asked |= {"wanted": asked["wanted"].filter(own), "hiding": None}
    kept = wishes(settings.filters, settings.hair_weight, 0, settings.sex_weight)
    rows: list[dict[str, Any]] = []
    for wish in (wishes("", 0, 0), *(replace(kept, age_weight=weight) for weight in AGE_WEIGHTS)):
        found = match(**asked | {"wishes": wish})
        alike = float(found["similarity"].mean() or 0.0)  # type: ignore[arg-type]
        free = rows[0]["likeness"] if rows else alike
        rows.append(
            {
                **asdict(wish),
                "filters": ",".join(wish.filters),
                "matched": int((found["status"] == "matched").sum()),
                "likeness": alike,
                "lost": 1 - alike / free if free else 0.0,
                **disagreements(found, asked["traits"], asked["models"]),
            }
        )
    return rows


def sheet_of(context: Context, folder: Path, *, limit: int = 20, nearest_photos: int = 5) -> list[Path]:
    """Pictures of the matches to look at: `contact_sheet.png` and `contact_sheet.html`; read-only.

    Args:
        context: of a workspace whose stage `matches` has run.
        folder: where to; made when absent. The files show customers' faces: only their owner may read them.
        limit: customers shown, in the order of their ids, those with a photo to show or to judge before the others.
        nearest_photos: campaign photos shown for each face.

    Returns:
        The two files.

    Raises:
        WorkspaceError: nothing is matched yet, or the folder cannot be written.
    """
    import polars as pl

    made = context.warehouse.read("matches").filter(pl.col("arm") != "random_face")
    if made.is_empty():
        raise WorkspaceError("There are no matches to show.", fix="Run `kindred run --until matches`.")
    faces = context.warehouse.read("faces")
    asked = matches.request(context)
    models = asked["models"]
    about = matches.places(context, faces)
    paths = context.warehouse.query("faces/paths")
    telling = (
        pl.col("status").is_in(["matched", "excluded", "used_up", "too_few", "nobody_alike", *matches.BAD_PHOTO]).any()
    )
    first = made.group_by("customer_id").agg(telling=telling).sort(~pl.col("telling"), "customer_id").head(limit)
    chosen = made.filter(pl.col("customer_id").is_in(first["customer_id"].implode()))
    rows = sheet_rows(
        chosen,
        asked["subjects"],
        models,
        about.join(paths, on="sha256"),
        root=context.workspace.faces,
        settings=context.config.faces,
        wishes=asked["wishes"],
        traits=asked["traits"],
        same_person=asked["same_person"] if asked["exclude_same_person"] else float("inf"),
        seed=context.config.run.seed,
        columns=nearest_photos,
    )
    pictures = {"contact_sheet.png": sheet.png(rows), "contact_sheet.html": sheet.page(rows).encode()}
    return [files.written(folder / name, data) for name, data in pictures.items()]

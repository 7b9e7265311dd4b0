"""What the operator's own people find alike: a page of questions about two photos, and the weights in their answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from engine import plaintable, runner
from engine.errors import InputError
from engine.faces import cut, judgements, model_id, sheet
from engine.pipeline import matches, prepared
from engine.progress import SILENT, Progress
from engine.trust import files
from engine.workspace import Workspace

PAGE = "judge.html"
SUBJECT, PHOTO = "s", "m"  # what a name in the page's data begins with


def page(workspace: Workspace, to: Path, *, count: int, seed: int = 7, progress: Progress = SILENT) -> Path:
    """Write a self-contained page that asks which of two campaign photos is more like a face.

    Args:
        workspace: an opened workspace; what is stale is run first.
        to: folder for the page. It shows customers' faces: only its owner may read it.
        count: questions.
        seed: of the draw.
        progress: where bars are drawn.

    Raises:
        InputError: there is nobody to ask about.
        WorkspaceError: the folder cannot be written.
    """
    import polars as pl

    asked, whom = _candidates(workspace, progress)
    drawn = judgements.questions(whom, count, seed=seed)
    with workspace.warehouse(read_only=True) as store:
        faces, paths = store.read("faces"), store.query("faces/paths")
    settings = workspace.config.faces
    ours = pl.col("model_id") == model_id(settings, "customer")
    shown = {True: faces.filter(ours), False: cut.main_faces(faces.filter(~ours))}
    place = {
        (mine, row["sha256"]): row
        for mine, rows in shown.items()
        for row in rows.filter(pl.col("status") == "ok").join(paths, on="sha256").iter_rows(named=True)
    }
    sha = dict(asked["models"].select("photo_id", "sha256").iter_rows())
    pictures: dict[str, str] = {}

    def named(kind: str, name: str) -> str:
        key = kind + name
        if key not in pictures:
            face = place.get((kind == SUBJECT, name if kind == SUBJECT else sha[name]))
            picture = sheet.cropped(face, workspace.faces, settings)
            pictures[key] = "" if picture is None else sheet.as_address(picture)
        return key

    lines = [
        [named(SUBJECT, whom.subjects[s]), named(PHOTO, whom.photos[a]), named(PHOTO, whom.photos[b])]
        for s, a, b in drawn
    ]
    lines = [line for line in lines if all(pictures[key] for key in line)]
    data = json.dumps({"faces": pictures, "questions": lines}).replace("<", "\\u003c")
    frame = (Path(judgements.__file__).with_name("judging.html")).read_text("utf-8")
    return files.written(to / PAGE, frame.replace("DATA", data).encode())


def weights(workspace: Workspace, file: Path, *, progress: Progress = SILENT) -> list[dict[str, Any]]:
    """The weights of likeness, age, hair and sex in people's answers; see `engine.faces.judgements.fit`.

    Args:
        workspace: the one whose faces were judged.
        file: what the page saved; several people's files may be put together.
        progress: where bars are drawn.

    Raises:
        InputError: no such table, an unknown photo, another word than left and right, or too few answers.
    """
    import polars as pl

    answers = plaintable.texts(file)
    answers = answers.rename({name: name.strip().lower() for name in answers.columns})
    if absent := [name for name in judgements.COLUMNS if name not in answers.columns]:
        raise InputError(
            f"the table has no column {' and '.join(absent)}.",
            file=file, row=0, fix=f"Its columns are {', '.join(judgements.COLUMNS)}.",
        )  # fmt: skip
    answers = answers.with_columns(pl.int_range(1, pl.len() + 1).alias("row"))
    _, whom = _candidates(workspace, progress)
    return judgements.fit(answers, whom, settings=workspace.config.faces)


def _candidates(workspace: Workspace, progress: Progress) -> tuple[dict[str, Any], judgements.Candidates]:
    runner.run(workspace, until="matches", progress=progress)
    with workspace.warehouse(read_only=True) as store:
        asked = matches.request(prepared(workspace, store, progress))
    return asked, judgements.candidates(asked["subjects"], asked["models"], asked["traits"])

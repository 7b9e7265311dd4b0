"""What the operator's own people find alike: questions about two photos, and the weights in their answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import plaintable, runner
from engine.errors import InputError
from engine.faces import cut, judgements, model_id, sheet
from engine.pipeline import matches, prepared
from engine.progress import SILENT, Progress
from engine.trust import files
from engine.warehouse import Warehouse
from engine.workspace import Workspace

if TYPE_CHECKING:
    import numpy as np

PAGE = "judge.html"
SUBJECT, PHOTO = "s", "m"  # what a name in the page's data begins with
PARTS = Path(judgements.__file__).parent  # of the page: judging.html and its frame, style and script


@dataclass(frozen=True)
class Questions:
    """What a page asks.

    Args:
        lines: names of a subject and of the photos on the left and on the right.
        faces: row of table `faces`, with its photo's path, for every name that may be asked about.
    """

    lines: list[tuple[str, str, str]]
    faces: Mapping[str, Mapping[str, Any]]


def questions(workspace: Workspace, store: Warehouse, *, count: int, seed: int = 7) -> Questions:
    """Draw questions about whoever may be shown now; nothing is run or written.

    Args:
        workspace: an opened workspace.
        store: its database, open for reading at least.
        count: questions.
        seed: of the draw.

    Raises:
        InputError: there is nobody to ask about.
    """
    import polars as pl

    asked, whom = _candidates(workspace, store, SILENT)
    drawn = judgements.questions(whom, count, seed=seed)
    faces, paths = store.read("faces"), store.query("faces/paths")
    ours = pl.col("model_id") == model_id(workspace.config.faces, "customer")
    place = {
        (mine, row["sha256"]): row
        for mine, rows in {True: faces.filter(ours), False: cut.main_faces(faces.filter(~ours))}.items()
        for row in rows.filter(pl.col("status") == "ok").join(paths, on="sha256").iter_rows(named=True)
    }
    sha = dict(asked["models"].select("photo_id", "sha256").iter_rows())
    named = {SUBJECT + one: place.get((True, one)) for one in whom.subjects}
    named |= {PHOTO + photo: place.get((False, sha[photo])) for photo in whom.photos}
    shown = {name: face for name, face in named.items() if face is not None}
    lines = [(SUBJECT + whom.subjects[s], PHOTO + whom.photos[a], PHOTO + whom.photos[b]) for s, a, b in drawn]
    return Questions([line for line in lines if all(name in shown for name in line)], shown)


def picture(workspace: Workspace, asked: Questions, name: str) -> bytes:
    """The face of a name as a JPEG.

    Raises:
        InputError: there is none, or its photo cannot be read any more.
    """
    pixels = _pixels(workspace, asked, name)
    if pixels is None:
        raise InputError("there is no such face, or its photo cannot be read any more.")
    return sheet.jpeg(pixels)


def body(lines: list[tuple[str, str, str]], addresses: Mapping[str, str]) -> str:
    """The questions as HTML that stands in a page with judging.css and judging.js.

    Args:
        lines: see `Questions`.
        addresses: of the picture of each name in them.
    """
    # A name may hold "</script>".
    data = json.dumps({"faces": addresses, "questions": lines}).replace("<", "\\u003c")
    return _part("judging.html").replace("DATA", data)


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
    runner.run(workspace, until="matches", progress=progress)
    with workspace.warehouse(read_only=True) as store:
        asked = questions(workspace, store, count=count, seed=seed)
    drawn = {name: _pixels(workspace, asked, name) for name in dict.fromkeys(n for line in asked.lines for n in line)}
    pictures = {name: sheet.as_address(pixels) for name, pixels in drawn.items() if pixels is not None}
    lines = [line for line in asked.lines if all(name in pictures for name in line)]
    text = _part("judging_frame.html").replace("STYLE", _part("judging.css")).replace("SCRIPT", _part("judging.js"))
    return files.written(to / PAGE, text.replace("BODY", body(lines, pictures)).encode())


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
    runner.run(workspace, until="matches", progress=progress)
    with workspace.warehouse(read_only=True) as store:
        _, whom = _candidates(workspace, store, progress)
    return judgements.fit(answers, whom, settings=workspace.config.faces)


def _pixels(workspace: Workspace, asked: Questions, name: str) -> np.ndarray | None:
    face = asked.faces.get(name)
    return sheet.cropped(dict(face) if face else None, workspace.faces, workspace.config.faces)


def _candidates(
    workspace: Workspace, store: Warehouse, progress: Progress
) -> tuple[dict[str, Any], judgements.Candidates]:
    asked = matches.request(prepared(workspace, store, progress))
    return asked, judgements.candidates(asked["subjects"], asked["models"], asked["traits"])


def _part(name: str) -> str:
    return (PARTS / name).read_text("utf-8")

"""Photos of several people where it is unclear who is the customer: shown with numbers, decided by a table."""

from __future__ import annotations

import io
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import plaintable, runner
from engine.errors import InputError
from engine.faces import gallery, sheet
from engine.faces.read import read
from engine.formulas import defused
from engine.pipeline import matches, prepared
from engine.progress import SILENT, Progress
from engine.tables import empty
from engine.trust import files
from engine.workspace import Workspace

if TYPE_CHECKING:
    import numpy as np

COLUMNS = ("customer_id", "sha256", "face", "x", "y", "chosen")
TABLE, PAGE = "ambiguous.csv", "ambiguous.html"
NO = ("", "0", "no", "n", "false")
YES = ("1", "yes", "y", "true", "x")


def listed(workspace: Workspace, to: Path, *, progress: Progress = SILENT) -> tuple[list[dict[str, Any]], list[Path]]:
    """Write a page of the photos where it is unclear which face is the customer's, and a table to say it.

    Args:
        workspace: an opened workspace; what is stale is run first.
        to: folder. The files show customers: only their owner may read them.
        progress: where bars are drawn.

    Returns:
        A row for each face: customer_id, sha256, face (from the left, from 1), x and y (its middle, shares of width and
        height), chosen (yes where it was settled before); and the files.

    Raises:
        WorkspaceError: the folder cannot be written.
    """
    import numpy as np
    import polars as pl

    runner.run(workspace, until="matches", progress=progress)
    settings = workspace.config.faces
    with workspace.warehouse(read_only=True) as store:
        photos = matches.subject_photos(prepared(workspace, store, progress)).filter("allowed")
        bad = store.read("faces").filter(pl.col("status") == "ambiguous").select("sha256", "model_id")
    open_ = photos.join(bad, on=["sha256", "model_id"], how="semi")
    asked = pl.concat([open_, photos.filter(pl.col("x").is_not_null())]).unique(["subject_id", "sha256"])
    examine = gallery.examiner("customer", settings, 1, workspace.faces) if asked.height else None
    rows: list[dict[str, Any]] = []
    cards = []
    for person, sha, path, x, y in (
        asked.sort("subject_id", "sha256").select("subject_id", "sha256", "path", "x", "y").iter_rows()
    ):
        boxes = examine.boxes(workspace.faces / path) if examine else np.empty((0, 4))
        for number, (x0, y0, x1, y1) in enumerate(boxes, start=1):
            mine = x is not None and x0 <= x <= x1 and y0 <= y <= y1
            middle = round((x0 + x1) / 2, 4), round((y0 + y1) / 2, 4)
            values = (person, sha, number, *middle, "yes" if mine else "")
            rows.append(dict(zip(COLUMNS, values, strict=True)))
        cards.append(sheet.figure(_numbered(workspace.faces / path, boxes, workspace), person, sha[:12]))
    table = pl.DataFrame(rows, schema=COLUMNS) if rows else pl.DataFrame(schema=dict.fromkeys(COLUMNS, pl.String))
    text = io.BytesIO()
    table.with_columns(defused(pl.col(name)) for name in COLUMNS[:2]).write_csv(text)
    says = (
        "In these photos it is unclear which face is the customer's. Write yes in the column chosen of "
        "ambiguous.csv beside the customer's "
        "own face, then `kindred faces settle ambiguous.csv`."
    )
    page = sheet.document("Whose face is it?", says, f'<div class="cards">{"".join(cards)}</div>')
    return rows, [files.written(to / TABLE, text.getvalue()), files.written(to / PAGE, page.encode())]


def settle(workspace: Workspace, file: Path) -> dict[str, int]:
    """Keep which face of a photo is the customer's; a photo of the table without a chosen face is open again.

    Args:
        workspace: an opened workspace.
        file: a table like the one of `listed`.

    Returns:
        settled and open: photos of the table.

    Raises:
        InputError: a column is missing, a photo is not the customer's, two faces of a photo are chosen, or a value
            cannot be read. Nothing is stored then.
    """
    import polars as pl

    frame = plaintable.texts(file, wanted=())
    if absent := [name for name in COLUMNS if name not in frame.columns]:
        raise InputError(
            f"the table has no column {' and '.join(absent)}.",
            file=file, row=0, fix="Take the one of `kindred faces ambiguous --to DIR`.",
        )  # fmt: skip
    with workspace.warehouse() as store:
        theirs = set(store.read("photos", ["customer_id", "sha256"]).iter_rows())
        named: dict[tuple[str, str], tuple[float, float] | None] = {}
        for number, row in enumerate(frame.iter_rows(named=True), start=1):
            key = (row["customer_id"], row["sha256"])
            if key not in theirs:
                raise InputError(
                    "this photo is not this customer's.", file=file, row=number, column="sha256",
                    fix="Remove the row, or make the table again: `kindred faces ambiguous --to DIR`.",
                )  # fmt: skip
            named.setdefault(key, None)
            if not _yes(row["chosen"], file, number):
                continue
            if named[key] is not None:
                raise InputError(
                    "two faces of one photo are chosen.", file=file, row=number, column="chosen", fix="Choose one."
                )
            named[key] = _share(row, "x", file, number), _share(row, "y", file, number)
        keys = pl.DataFrame(list(named), schema=["customer_id", "sha256"], orient="row")
        kept = store.read("settled").join(keys, on=["customer_id", "sha256"], how="anti")
        new = [(*key, *point) for key, point in named.items() if point is not None]
        made = pl.DataFrame(new, schema=empty("settled").schema, orient="row")
        with store.transaction():
            store.write("settled", pl.concat([kept, made]).sort("customer_id", "sha256"))
    return {"settled": len(new), "open": len(named) - len(new)}


def _yes(text: str | None, file: Path, row: int) -> bool:
    word = (text or "").strip().lower()
    if word not in (*YES, *NO):
        raise InputError(
            f"{word!r} is neither yes nor no.", file=file, row=row, column="chosen", fix="Write yes or nothing."
        )
    return word in YES


def _share(row: dict[str, str | None], name: str, file: Path, number: int) -> float:
    try:
        value = round(float(row[name] or "nan"), 4)
    except ValueError:
        value = float("nan")
    if not (isfinite(value) and 0 <= value <= 1):
        raise InputError(
            f"{row[name]!r} is not a number from 0 to 1.",
            file=file,
            row=number,
            column=name,
            fix="Make the table again: `kindred faces ambiguous --to DIR`.",
        )
    return value


def _numbered(path: Path, boxes: np.ndarray, workspace: Workspace) -> np.ndarray:
    """The photo with its faces framed and numbered."""
    import cv2

    settings = workspace.config.faces
    pixels = read(path, max_megapixels=settings.max_megapixels, max_side=480, root=workspace.faces).pixels.copy()
    height, width = pixels.shape[:2]
    for number, (x0, y0, x1, y1) in enumerate(boxes, start=1):
        left, top, right, bottom = (round(float(v)) for v in (x0 * width, y0 * height, x1 * width, y1 * height))
        cv2.rectangle(pixels, (left, top), (right, bottom), (11, 122, 95), 3)
        cv2.putText(pixels, str(number), (left + 4, top + 28), cv2.FONT_HERSHEY_SIMPLEX, 1, (11, 122, 95), 3)
    side = max(height, width)
    below, beside = side - height, side - width
    return cv2.copyMakeBorder(pixels, 0, below, 0, beside, cv2.BORDER_CONSTANT, value=(255, 255, 255))

"""A contact sheet to look at: each subject's face, the campaign photos most like it, or why there are none."""

from __future__ import annotations

import base64
import html
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.config import Faces
from engine.faces import align
from engine.faces.read import Unreadable, read

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

CELL, PAD, TEXT = 160, 12, 40
INK, PALE, PAPER = "#1c2024", "#6b7280", "#ffffff"


@dataclass(frozen=True)
class Likeness:
    """One campaign photo on the sheet.

    Args:
        photo_id: its id.
        picture: uint8 RGB crop of the face that is most alike.
        percentile: share of random inventory pairs that are less similar, 0..1; None where unknown.
        flag: e.g. same_person_likely.
    """

    photo_id: str
    picture: np.ndarray
    percentile: float | None
    flag: str | None = None


@dataclass(frozen=True)
class Row:
    """One line of the sheet.

    Args:
        title: whose face, e.g. the customer's id and the arm.
        picture: uint8 RGB crop of the subject's face; None where there is none.
        reason: why there is no match; None where there is one.
        nearest: best first.
    """

    title: str
    picture: np.ndarray | None
    reason: str | None
    nearest: tuple[Likeness, ...]


def png(rows: list[Row], *, columns: int = 5) -> bytes:
    """The sheet as a PNG; columns: campaign photos a line."""
    from PIL import Image, ImageDraw, ImageFont

    width = PAD + (columns + 1) * (CELL + PAD) + PAD
    tall = [TEXT + PAD + (CELL if row.picture is not None or row.nearest else 0) for row in rows]
    height = PAD + max(sum(tall), TEXT)
    sheet = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=13)

    def write(x: int, y: int, text: str, colour: str = INK) -> None:
        kept = len(text)  # the end says most: the arm, the number of a photo
        while kept > 2 and draw.textlength(text if kept == len(text) else _short(text, kept), font=font) > CELL:
            kept -= 1
        draw.text((x, y), text if kept == len(text) else _short(text, kept), fill=colour, font=font)

    bottom = PAD
    for row, needed in zip(rows, tall, strict=True):
        bottom += needed
        top, caption = bottom - needed, bottom - TEXT - PAD
        if row.picture is not None:
            sheet.paste(_fitted(row.picture), (PAD, top))
        write(PAD, caption + 3, row.title)
        if row.reason:
            write(PAD, caption + 20, row.reason, PALE)
        for place, near in enumerate(row.nearest[:columns]):
            x = 2 * PAD + (place + 1) * (CELL + PAD)
            sheet.paste(_fitted(near.picture), (x, top))
            write(x, caption + 3, near.photo_id)
            for line, text in enumerate(_rarity(near)):
                write(x, caption + 20 + 15 * line, text, PALE)
    file = io.BytesIO()
    sheet.save(file, "PNG", optimize=True)
    return file.getvalue()


def page(rows: list[Row], *, title: str = "Contact sheet", columns: int = 5) -> str:
    """The sheet as one self-contained HTML page; arguments as of `png`."""
    lines = []
    for row in rows:
        cells = [_figure(row.picture, row.title, row.reason or "")]
        cells += [_figure(near.picture, near.photo_id, ", ".join(_rarity(near))) for near in row.nearest[:columns]]
        lines.append(f"<section>{''.join(cells)}</section>")
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title><style>'
        f"body{{font:14px/1.4 system-ui,sans-serif;color:{INK};background:{PAPER};margin:2rem}}"
        f"section{{display:flex;gap:{PAD}px;flex-wrap:wrap;border-bottom:1px solid #e5e7eb;padding:{PAD}px 0}}"
        f"figure{{margin:0;width:{CELL}px}}figure:first-child{{margin-right:{2 * PAD}px}}"
        f"img{{width:{CELL}px;height:{CELL}px;display:block}}"
        f"small{{color:{PALE};display:block}}figcaption{{overflow-wrap:anywhere}}</style>"
        f"<h1>{html.escape(title)}</h1><p>Similar is not same: the share is how many random pairs of campaign photos "
        f"are less alike than this pair.</p>{''.join(lines)}</html>\n"
    )


def sheet_rows(
    matches: pl.DataFrame,
    subjects: pl.DataFrame,
    models: pl.DataFrame,
    faces: pl.DataFrame,
    *,
    root: Path,
    settings: Faces,
    seed: int = 7,
    columns: int = 5,
) -> list[Row]:
    """Lines of a sheet for matches: each face with the campaign photos most like it, caps and filters aside.

    Args:
        matches: rows of table `matches` with a subject.
        subjects: subject_id, sha256, embedding.
        models: photo_id, sha256, embedding, sorted by photo_id.
        faces: sha256, box, landmarks, path below `root` - where the faces of both lie.
        root: folder of the photos.
        settings: section `faces`.
        seed: of the random pairs.
        columns: campaign photos a line.
    """
    import numpy as np

    from engine.faces.likeness import percentile, random_similarities
    from engine.faces.match import nearest

    place = {row["sha256"]: row for row in faces.sort("sha256", "face").unique("sha256", keep="first").to_dicts()}
    first = subjects.sort("subject_id", "sha256").unique("subject_id", keep="first", maintain_order=True)
    vectors = dict(zip(first["subject_id"], first["embedding"].to_numpy(), strict=True))
    photo_of = dict(first.select("subject_id", "sha256").iter_rows())
    photos = models.unique("photo_id", keep="first", maintain_order=True)
    random = random_similarities(models, seed=seed)
    groups = models["photo_id"].rle_id().to_numpy().astype(np.int64)
    rows = []
    for row in matches.sort("customer_id", "arm").iter_rows(named=True):
        subject, near = row["subject_id"], []
        if subject in vectors and row["status"] == "matched" and len(photos):
            ids, likeness = nearest(vectors[subject][None], groups, models["embedding"].to_numpy(), columns)
            share = percentile(likeness[0].astype(np.float64), random)
            for photo, part in zip(ids[0], share, strict=True):
                sha, name = photos["sha256"][int(photo)], photos["photo_id"][int(photo)]
                picture = _cropped(place.get(sha), root, settings)
                if picture is not None:
                    flag = row["flag"] if name == row["photo_id"] else None
                    near.append(Likeness(name, picture, None if np.isnan(part) else float(part), flag))
        shown = _cropped(place.get(photo_of.get(subject)), root, settings) if row["status"] == "matched" else None
        reason = None if row["status"] == "matched" else row["status"]
        rows.append(Row(f"{row['customer_id']} {row['arm']}", shown, reason, tuple(near)))
    return rows


def _cropped(face: dict | None, root: Path, settings: Faces) -> np.ndarray | None:
    """The crop of a stored face, or None where its photo can no longer be read."""
    import numpy as np

    if face is None:
        return None
    try:
        photo = read(root / face["path"], max_megapixels=settings.max_megapixels, max_side=settings.max_side, root=root)
    except Unreadable:
        return None
    box, landmarks = (np.array(face[k], np.float32) / photo.scale for k in ("box", "landmarks"))
    picture = align.face(photo.pixels, box, landmarks, kind=settings.align, margin=settings.margin)
    turn, _ = align.standing(landmarks)
    return picture if settings.align != "crop" else np.rot90(picture, round(turn / 90))


def _figure(picture: np.ndarray | None, caption: str, note: str) -> str:
    if picture is None:
        image = ""
    else:
        file = io.BytesIO()
        _fitted(picture).save(file, "JPEG", quality=85)
        data = base64.b64encode(file.getvalue()).decode("ascii")
        image = f'<img alt="face of {html.escape(caption, quote=True)}" src="data:image/jpeg;base64,{data}">'
    return f"<figure>{image}<figcaption>{html.escape(caption)}<small>{html.escape(note)}</small></figcaption></figure>"


def _short(text: str, kept: int) -> str:
    """`kept` characters of a text, from both its ends."""
    return f"{text[: kept // 3]}…{text[-(kept - kept // 3) :]}"


def _rarity(near: Likeness) -> list[str]:
    share = "share not known" if near.percentile is None else f"{near.percentile:.1%} of pairs less alike"
    return [share, "same person?"] if near.flag else [share]


def _fitted(picture: np.ndarray):
    from PIL import Image

    return Image.fromarray(picture).resize((CELL, CELL))

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
from engine.faces.assignment import penalties
from engine.faces.read import Unreadable, read

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from engine.faces.traits import Wishes

CELL, PAD, TEXT = 160, 12, 55
INK, PALE, PAPER, MARK = "#1c2024", "#6b7280", "#ffffff", "#0b7a5f"
SHOWN = "shown"


@dataclass(frozen=True)
class Likeness:
    """One campaign photo on the sheet.

    Args:
        photo_id: its id.
        picture: uint8 RGB crop of the face that is most alike.
        percentile: share of random inventory pairs that are less similar, 0..1; None where unknown.
        flag: e.g. same_person_likely.
        note: `SHOWN` for the photo that was matched; else, of one that is more alike, why it was not.
    """

    photo_id: str
    picture: np.ndarray
    percentile: float | None
    flag: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class Row:
    """One line of the sheet.

    Args:
        title: whose face, e.g. the customer's id and the arm.
        picture: uint8 RGB crop of the subject's face; None where there is none.
        reason: why there is no match; None where there is one.
        nearest: the match, then the photos most like the face, best first.
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
            if near.note == SHOWN:
                draw.rectangle((x - 3, top - 3, x + CELL + 2, top + CELL + 2), outline=MARK, width=3)
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
        cells = [figure(row.picture, row.title, row.reason or "")]
        cells += [
            figure(near.picture, near.photo_id, ", ".join(_rarity(near)), shown=near.note == SHOWN)
            for near in row.nearest[:columns]
        ]
        lines.append(f"<section>{''.join(cells)}</section>")
    return document(
        title,
        "First in a line is the person's own photo, framed the campaign photo that is shown. Similar is not same: the "
        "share is how many random pairs of campaign photos are less alike than this pair.",
        "".join(lines),
    )


def document(title: str, says: str, body: str) -> str:
    """A self-contained HTML page of figures.

    Args:
        title: its heading.
        says: what there is to know, as text.
        body: HTML.
    """
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title><style>'
        f"body{{font:14px/1.4 system-ui,sans-serif;color:{INK};background:{PAPER};margin:2rem}}"
        f"section,.cards{{display:flex;gap:{PAD}px;flex-wrap:wrap;border-bottom:1px solid #e5e7eb;padding:{PAD}px 0}}"
        f"figure{{margin:0;width:{CELL}px}}section figure:first-child{{margin-right:{2 * PAD}px}}"
        f".shown img{{outline:3px solid {MARK}}}"
        f"img{{width:{CELL}px;height:{CELL}px;display:block}}"
        f"small{{color:{PALE};display:block}}figcaption{{overflow-wrap:anywhere}}</style>"
        f"<h1>{html.escape(title)}</h1><p>{html.escape(says)}</p>{body}</html>\n"
    )


def sheet_rows(
    matches: pl.DataFrame,
    subjects: pl.DataFrame,
    models: pl.DataFrame,
    faces: pl.DataFrame,
    *,
    root: Path,
    settings: Faces,
    wishes: Wishes | None = None,
    traits: pl.DataFrame | None = None,
    same_person: float = float("inf"),
    seed: int = 7,
    columns: int = 5,
) -> list[Row]:
    """Lines of a sheet for matches: each face, the photo matched with it, and those most like it whatever was wished.

    Args:
        matches: rows of table `matches` with a subject.
        subjects: subject_id, sha256, embedding.
        models: photo_id, sha256, embedding, sorted by photo_id; attributes and hair where there are wishes.
        faces: subject_id (null = a campaign photo's), sha256, box, landmarks, path below `root`: one face each.
        root: folder of the photos.
        settings: section `faces`.
        wishes: as for `engine.faces.match.match`, and so is `traits`.
        traits: see there.
        same_person: similarity above which a photo was excluded; infinite where none was.
        seed: of the random pairs.
        columns: campaign photos a line.

    Returns:
        By customer and arm, the matched before those who say why there is no match.
    """
    import numpy as np
    import polars as pl

    from engine.faces.likeness import percentile, random_similarities
    from engine.faces.match import nearest

    place = {(row["subject_id"], row["sha256"]): row for row in faces.iter_rows(named=True)}
    first = subjects.sort("subject_id", "sha256").unique("subject_id", keep="first", maintain_order=True)
    vectors = dict(zip(first["subject_id"], first["embedding"].to_numpy(), strict=True))
    photo_of = dict(first.select("subject_id", "sha256").iter_rows())
    photos = models.unique("photo_id", keep="first", maintain_order=True)
    names = photos["photo_id"].to_list()
    random = random_similarities(models, seed=seed)
    groups = models["photo_id"].rle_id().to_numpy().astype(np.int64)
    off = penalties(first["subject_id"].to_numpy(), photos, models, wishes, traits)
    number = {subject: k for k, subject in enumerate(first["subject_id"])}
    rows = []
    for row in matches.sort(pl.col("status") != "matched", "customer_id", "arm").iter_rows(named=True):
        subject, near = row["subject_id"], []
        if subject in vectors and row["status"] == "matched" and len(photos):
            ids, likeness = nearest(vectors[subject][None], groups, models["embedding"].to_numpy(), len(photos))
            made = names.index(row["photo_id"])
            at = [int(np.flatnonzero(ids[0] == made)[0]), *np.flatnonzero(ids[0] != made)[: columns - 1]]
            taken = np.zeros(len(photos)) if off is None else off(np.array([number[subject]]))[0]
            share = percentile(likeness[0].astype(np.float64), random)
            for k in at:
                photo, alike = int(ids[0][k]), float(likeness[0][k])
                own = photos["sha256"][photo] in {photo_of[subject], photo_of.get(row["customer_id"])}
                why = SHOWN if photo == made else None
                if k < at[0]:
                    worse = alike - taken[photo] < float(likeness[0][at[0]]) - taken[made]
                    why = _why(row["arm"], own, float(taken[photo]), worse, alike > same_person)
                picture = cropped(place.get((None, photos["sha256"][photo])), root, settings)
                if picture is not None:
                    flag = row["flag"] if photo == made else None
                    near.append(
                        Likeness(names[photo], picture, None if np.isnan(share[k]) else float(share[k]), flag, why)
                    )
        shown = (
            cropped(place.get((subject, photo_of.get(subject))), root, settings) if row["status"] == "matched" else None
        )
        reason = None if row["status"] == "matched" else row["status"]
        rows.append(Row(f"{row['customer_id']} {row['arm']}", shown, reason, tuple(near)))
    return rows


def _why(arm: str, own: bool, taken: float, worse: bool, same: bool) -> str:
    """Why a photo that is more alike than the one shown was not shown."""
    if own:
        return "the person's own photo"
    if taken == float("inf"):
        return "barred by faces.filters"
    if same:
        return "may be the same person"
    if worse:
        return "age or hair differ"
    return "drawn, to hide the contact" if arm == "influencer_face" else "used up"


def cropped(face: dict | None, root: Path, settings: Faces) -> np.ndarray | None:
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


def figure(picture: np.ndarray | None, caption: str, note: str, *, shown: bool = False) -> str:
    """A picture with its caption and a paler note as HTML; shown: framed."""
    image = ""
    if picture is not None:
        image = f'<img alt="face of {html.escape(caption, quote=True)}" src="{as_address(picture)}">'
    kind = ' class="shown"' if shown else ""
    text = f"{html.escape(caption)}<small>{html.escape(note)}</small>"
    return f"<figure{kind}>{image}<figcaption>{text}</figcaption></figure>"


def as_address(picture: np.ndarray) -> str:
    """A face as an address that holds the picture itself."""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg(picture)).decode('ascii')}"


def jpeg(picture: np.ndarray) -> bytes:
    """A face as a small JPEG."""
    file = io.BytesIO()
    _fitted(picture).save(file, "JPEG", quality=85)
    return file.getvalue()


def _short(text: str, kept: int) -> str:
    """`kept` characters of a text, from both its ends."""
    return f"{text[: kept // 3]}…{text[-(kept - kept // 3) :]}"


def _rarity(near: Likeness) -> list[str]:
    share = "share not known" if near.percentile is None else f"{near.percentile:.1%} of pairs less alike"
    return [share, *(["same person?"] if near.flag else []), *([near.note] if near.note else [])]


def _fitted(picture: np.ndarray):
    from PIL import Image

    return Image.fromarray(picture).resize((CELL, CELL))

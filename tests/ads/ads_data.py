"""A small workspace that is ready for the stage `ads`: customers, offers, drawn campaign photos, faces, matches."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import polars as pl

from engine import workspace as workspaces
from engine.ads.crop import Face, Window
from engine.ads.photo import Photo
from engine.ads.render import Offer
from engine.pipeline import ads, face_choices, prepared

TODAY = date(2024, 6, 1)
PURPOSES = ("own_face", "likeness_for_contacts", "offers")
OFFER = Offer("spring", "A phone for people like you", "Swap yours this month and keep your number.", "Get it")


def portrait(path: Path, number: int = 0, size: tuple[int, int] = (400, 500)) -> Photo:
    """Draw a head with eyes on a plain ground; the face box and the eyes' middle are known."""
    from PIL import Image, ImageDraw

    width, height = size
    hue = (37 * number) % 200
    image = Image.new("RGB", size, (40 + hue, 90, 200 - hue))
    pen = ImageDraw.Draw(image)
    x, y, r = width // 2 + (number % 3 - 1) * width // 12, int(height * 0.42), width // 5
    pen.ellipse((x - 2.2 * r, y + 1.2 * r, x + 2.2 * r, y + 5 * r), fill=(30, 40, 60))
    pen.ellipse((x - r, y - 1.3 * r, x + r, y + 1.3 * r), fill=(226, 178 - number % 40, 150))
    for side in (-1, 1):
        pen.ellipse(
            (x + side * 0.4 * r - 6, y - 0.2 * r - 6, x + side * 0.4 * r + 6, y - 0.2 * r + 6), fill=(20, 20, 30)
        )
    image.save(path, quality=92)
    box = (x - r, y - 1.0 * r, x + r, y + 1.3 * r)
    sha = hashlib.sha256(path.read_bytes()).hexdigest()
    return Photo(path.stem, sha, path, size, (Face(tuple(map(float, box)), (float(x), y - 0.2 * r)),))


BRAND = """
[brand]
name = "Star Mobile"
legal = "Terms apply."

[language.tr]
name = "Yıldız Mobil"
legal = "Kampanya koşulları geçerlidir; stoklarla sınırlıdır."
alt_face = "Yıldız Mobil reklamında bir modelin portresi."
alt_plain = "Yıldız Mobil reklamı"

[language.ar]
name = "نجمة موبايل"
legal = "تطبق الشروط والأحكام."
"""


def brand(folder: Path, text: str = BRAND) -> Path:
    """A folder with a brand that composes no size of its own."""
    folder.mkdir()
    (folder / "brand.toml").write_text(text, encoding="utf-8")
    return folder


def named(text: str) -> set[str]:
    """The customers whose ids stand in a text; four letters of a hash are no id, though they may look like one."""
    return set(re.findall(r"(?<![0-9a-f])c\d{3}(?![0-9a-f])", text))


def make(folder: Path, *, customers: int = 6, photos: int = 3, preset: dict | None = None):
    """A workspace with everything the stages `face_choices` and `ads` read; ads are rendered for three arms, all."""
    settings = {"ads__render": "all", "ads__arms": "own_face,influencer_face,random_face", "run__threads": 1}
    space = workspaces.create(folder, preset={"run__today": TODAY.isoformat(), **settings, **(preset or {})})
    models = [portrait(space.faces / f"model{n}.jpg", n) for n in range(photos)]
    ids = [f"c{n:03}" for n in range(customers)]
    arms = ("influencer_face", "own_face", "random_face")
    matches = [
        {
            "customer_id": who,
            "arm": arm,
            "subject_id": {"own_face": who, "influencer_face": ids[(n + 1) % customers]}.get(arm),
            "rank": 1 if arm == "influencer_face" else None,
            "photo_id": models[(n + a) % photos].photo_id,
            "similarity": None if arm == "random_face" else 0.5,
            "percentile": None if arm == "random_face" else 0.97,
            "flag": "same_person_likely" if n == 0 and arm == "own_face" else None,
            "status": "matched",
        }
        for n, who in enumerate(ids)
        for a, arm in enumerate(arms)
    ]
    offers = [
        {"offer_id": o, "headline": h, "body": "Swap yours.", "call_to_action": "Get it", "value": 9.0, "cost": 1.0}
        for o, h in (("galaxy", "A new Galaxy for you"), ("pixel", "Pixel, half price <b>today</b>"))
    ]  # fmt: skip
    choices = [
        {"customer_id": who, "offer_id": offers[n % 2]["offer_id"], "expected_value": 0.5, "reason": "highest value"}
        for n, who in enumerate(ids)
    ]
    faces = [
        {
            "sha256": m.sha256, "face": 0, "model_id": "m", "status": "ok", "box": list(m.faces[0].box),
            "landmarks": _eyes(m.faces[0]) + [0.0] * 6,
            "width": m.size[0], "height": m.size[1],
        }
        for m in models
    ]  # fmt: skip
    consents = [{"customer_id": who, "purpose": p, "granted_at": datetime(2020, 1, 1)} for who in ids for p in PURPOSES]
    with space.writing("test") as store:
        for table, rows in (
            ("offers", offers), ("choices", choices), ("matches", matches), ("consents", consents), ("faces", faces),
            ("customers", [{"customer_id": who, "age": 40, "tariff": "=1+1"} for who in ids]),
            ("inventory", [{"photo_id": m.photo_id, "sha256": m.sha256, "path": m.path.name} for m in models]),
        ):  # fmt: skip
            store.write(table, pl.DataFrame(rows, infer_schema_length=None))
    return space


def _eyes(face: Face) -> list[float]:
    x, y = face.eyes
    return [x - 20, y, x + 20, y]


def run(space) -> pl.DataFrame:
    """Run the stages `face_choices` and `ads`; returns the table `ads`."""
    return told(space)[0]


def told(space) -> tuple[pl.DataFrame, list[str]]:
    """The same, with what the stage `ads` said."""
    with space.writing("test") as store:
        with store.transaction():
            context = prepared(space, store)
            face_choices.run(context)
            context.notes.clear()
            ads.run(context)
        return store.read("ads"), context.notes


def on_canvas(cut: Window, box: Sequence[float]) -> tuple[float, float, float, float]:
    """A box of the photo in pixels of the canvas box."""
    x0, y0, x1, y1 = box
    s = cut.scale
    return (x0 - cut.x0) * s, (y0 - cut.y0) * s, (x1 - cut.x0) * s, (y1 - cut.y0) * s

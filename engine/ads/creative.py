"""Which creatives are needed and what they are called: one per offer, photo and size, shared by customers.

A name is `campaign_variant_size_hash.jpg` (or .png, .webp), the variant being `offer-photo`: what is seen, never who
sees it. The hash
covers everything that decides the picture, so a file that exists under its name need not be made again.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from engine.ads.brands import Brand
from engine.ads.encode import FORMATS
from engine.ads.photo import Photo
from engine.ads.render import Offer, Size

_LONGEST = 40
NAME = re.compile(r"[A-Za-z0-9.-]+_[A-Za-z0-9.-]+_\d+x\d+_[0-9a-f]{12}\.(jpg|png|webp)")


@dataclass(frozen=True)
class Creative:
    """One picture to make.

    Args:
        offer: its texts.
        photo: its face.
        size: its canvas.
        name: its file's name.
    """

    offer: Offer
    photo: Photo
    size: Size
    name: str


def creative(
    campaign: str, brand: Brand, offer: Offer, photo: Photo, size: Size, *, format: str = "jpeg", banner_kb: int = 150
) -> Creative:
    """A creative and its name.

    Args:
        campaign: first part of the name.
        brand: how it is composed.
        offer: texts.
        photo: campaign photo with faces.
        size: canvas.
        format: jpeg, png or webp.
        banner_kb: byte budget of small canvases, in thousands.
    """
    seen = [offer.offer_id, offer.headline, offer.body, offer.call_to_action, photo.sha256, photo.size, photo.faces]
    parts = [brand.digest, code(), repr(seen), repr((size, format, banner_kb))]
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]
    variant = f"{slug(offer.offer_id)}-{slug(photo.photo_id)}"
    return Creative(offer, photo, size, f"{slug(campaign)}_{variant}_{size[0]}x{size[1]}_{digest}.{FORMATS[format]}")


def slug(text: str) -> str:
    """A text as part of a file name: letters a-z, digits, hyphens, dots; never empty, never with an underscore."""
    plain = re.sub(r"[^A-Za-z0-9.]+", "-", text).strip("-.")
    if plain == text and len(plain) <= _LONGEST:
        return plain
    # Different ids must not become the same name.
    return f"{plain[: _LONGEST - 7]}-{hashlib.sha256(text.encode()).hexdigest()[:6]}".strip("-")


def alt_text(offer: Offer, brand: Brand, *, face: bool = True) -> str:
    """The creative in the brand's words, for those who do not see it; names neither customer nor contact."""
    said = " ".join(part if part.endswith((".", "!", "?", "…")) else f"{part}." for part in _said(offer))
    shown = brand.alt_face if face else brand.alt_plain
    if not shown:
        shown = ("Portrait of a model in an ad" if face else "Ad") + (f" of {brand.name}" if brand.name else "")
    return f"{shown.removesuffix('.')}. {said}"


def _said(offer: Offer) -> list[str]:
    from engine.ads.text import clean

    texts = (clean(t).replace("\n", " ") for t in (offer.headline, offer.body, offer.call_to_action))
    return [t for t in texts if t]


@cache
def code() -> str:
    """A hash of what draws: this folder's source and the imaging library's version."""
    import PIL

    digest = hashlib.sha256(PIL.__version__.encode())
    for file in (
        "brands.py",
        "contrast.py",
        "creative.py",
        "crop.py",
        "draw.py",
        "encode.py",
        "photo.py",
        "render.py",
        "text.py",
    ):
        digest.update((Path(__file__).parent / file).read_bytes())
    return digest.hexdigest()

"""A campaign photo on the canvas: read upright, cut around the face, its background extended where it is too tight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.ads.brands import Layer
from engine.ads.crop import Face, Window, window
from engine.errors import InputError

if TYPE_CHECKING:
    from PIL import Image

MAX_PIXELS = 100_000_000
SOFT = 2.0  # times a photo is enlarged, beyond which it looks soft


@dataclass(frozen=True)
class Photo:
    """A campaign photo and the faces found in it.

    Args:
        photo_id: of the inventory.
        sha256: of the file's bytes.
        path: where it lies.
        size: width and height that the faces' coordinates refer to, pixels of the upright photo.
        faces: the face the ad is about first.
    """

    photo_id: str
    sha256: str
    path: Path
    size: tuple[int, int] | None
    faces: tuple[Face, ...]


def read(photo: Photo, need: float = 0.0) -> tuple[Image.Image, list[Face]]:
    """Decode a photo upright, in RGB.

    Args:
        photo: which.
        need: long side that is enough, pixels (JPEGs are decoded smaller then, which is faster); 0 = all there is.

    Returns:
        The picture, and the faces in its pixels.

    Raises:
        InputError: the file is missing, damaged or no picture.
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(photo.path) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise InputError(
                    f"the photo has {opened.width}x{opened.height} pixels.",
                    file=photo.path,
                    fix="Supply a smaller one.",
                )
            if need and opened.format == "JPEG":
                ratio = need / max(opened.size)
                if ratio < 1:
                    opened.draft("RGB", (round(opened.width * ratio), round(opened.height * ratio)))
            opened.load()
            image = ImageOps.exif_transpose(opened)
            if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
                image = image.convert("RGBA")
                white = Image.new("RGBA", image.size, "white")
                image = Image.alpha_composite(white, image)
            image = image.convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise InputError(
            f"photo {photo.photo_id} cannot be read: {error}.",
            file=photo.path,
            fix="Import the inventory again with a whole file.",
        ) from error
    sx = image.width / photo.size[0] if photo.size else 1.0
    sy = image.height / photo.size[1] if photo.size else 1.0
    faces = []
    for face in photo.faces:
        x0, y0, x1, y1 = face.box
        faces.append(Face((x0 * sx, y0 * sy, x1 * sx, y1 * sy), (face.eyes[0] * sx, face.eyes[1] * sy)))
    return image, faces


def place(image: Image.Image, faces: Sequence[Face], layer: Layer) -> tuple[Image.Image, Window]:
    """The part of a photo that fills a photo layer's box.

    Args:
        image: upright photo, RGB.
        faces: in its pixels.
        layer: of kind photo.

    Returns:
        A picture of the box's size, and the window of the photo it shows.
    """
    cut = shown(image.size, faces, layer)
    return _cut(image, cut, layer.box[2:]), cut


def shown(size: tuple[int, int], faces: Sequence[Face], layer: Layer) -> Window:
    """The part of a photo that a layer shows.

    Args:
        size: of the photo, pixels.
        faces: in its pixels, the face the ad is about first.
        layer: of kind photo.
    """
    left, top, width, height = layer.box
    region = None
    if layer.face is not None:
        x, y, w, h = layer.face
        region = (float(x - left), float(y - top), float(x - left + w), float(y - top + h))
    return window(size, (width, height), faces, region=region, eyes=layer.eyes, height=layer.height)


def enlarged(photo: Photo, layers: Sequence[Layer]) -> float | None:
    """How many pixels of a canvas one pixel of a photo becomes, at most; None where the photo's size is not known.

    Args:
        photo: with its faces.
        layers: of one or several sizes; those of kind photo count.
    """
    if photo.size is None:
        return None
    return max((shown(photo.size, photo.faces, layer).scale for layer in layers if layer.kind == "photo"), default=None)


def _cut(image: Image.Image, cut: Window, size: tuple[int, int]) -> Image.Image:
    from PIL import Image

    box = (cut.x0, cut.y0, cut.x1, cut.y1)
    inside = (max(box[0], 0.0), max(box[1], 0.0), min(box[2], float(image.width)), min(box[3], float(image.height)))
    if all(abs(a - b) < 0.01 for a, b in zip(box, inside, strict=True)):
        return image.resize(size, Image.Resampling.LANCZOS, box=inside, reducing_gap=2.0)
    x0, y0 = round((inside[0] - box[0]) * cut.scale), round((inside[1] - box[1]) * cut.scale)
    x1, y1 = round((inside[2] - box[0]) * cut.scale), round((inside[3] - box[1]) * cut.scale)
    part = image.resize((max(x1 - x0, 1), max(y1 - y0, 1)), Image.Resampling.LANCZOS, box=inside, reducing_gap=2.0)
    return _extended(part, (x0, y0), size)


def _extended(part: Image.Image, at: tuple[int, int], size: tuple[int, int]) -> Image.Image:
    """A picture grown to a size: its edges continued outwards and blurred, blending into the picture."""
    import numpy as np
    from PIL import Image, ImageFilter

    right, bottom = size[0] - at[0] - part.width, size[1] - at[1] - part.height
    padded = np.pad(np.asarray(part), ((at[1], bottom), (at[0], right), (0, 0)), mode="edge")
    grown = Image.fromarray(padded)
    small = grown.resize((max(size[0] // 24, 1), max(size[1] // 24, 1)), Image.Resampling.BOX)
    soft = small.filter(ImageFilter.GaussianBlur(4)).resize(size, Image.Resampling.BICUBIC)
    feather = max(min(part.size) // 12, 1)
    keep = np.ones((size[1], size[0]), dtype=np.float32)
    columns, rows = np.arange(size[0]), np.arange(size[1])
    if at[0]:
        keep *= np.clip((columns - at[0]) / feather, 0, 1)[None, :]
    if right:
        keep *= np.clip((at[0] + part.width - 1 - columns) / feather, 0, 1)[None, :]
    if at[1]:
        keep *= np.clip((rows - at[1]) / feather, 0, 1)[:, None]
    if bottom:
        keep *= np.clip((at[1] + part.height - 1 - rows) / feather, 0, 1)[:, None]
    return Image.composite(grown, soft, Image.fromarray((keep * 255 + 0.5).astype(np.uint8)))

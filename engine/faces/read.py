"""Photos from files: upright RGB of bounded size, or a sentence that says why not."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine import pictures

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

MAX_BYTES = 200_000_000
MISSING = "is missing"
# A JPEG may have this many times the megapixels: it is decoded reduced. A progressive one is whole in memory all the
# same, some 6 bytes a pixel.
REDUCED, PROGRESSIVE = 5, 2
GREY = 128  # what a decoder puts where a JPEG ends too early


class Unreadable(Exception):
    """A file that gives no picture; the message is the reason told to the user."""


@dataclass(frozen=True)
class Photo:
    """A decoded photo.

    Args:
        pixels: uint8 RGB, shape (height, width, 3), upright, long side at most what was asked for.
        width: of the upright photo as stored in the file, pixels.
        height: likewise.
    """

    pixels: np.ndarray
    width: int
    height: int

    @property
    def scale(self) -> float:
        """Stored pixels per pixel here."""
        return max(self.width, self.height) / max(self.pixels.shape[:2])

    def turned(self, quarters: int) -> Photo:
        """The photo turned by quarters of a circle, against the clock."""
        import numpy as np

        size = (self.height, self.width) if quarters % 2 else (self.width, self.height)
        return Photo(np.ascontiguousarray(np.rot90(self.pixels, quarters)), *size)


def read(path: Path, *, max_megapixels: float = 40.0, max_side: int = 1024, root: Path | None = None) -> Photo:
    """Decode a photo: EXIF orientation applied, transparency over white, long side reduced.

    What lacks its last bytes, or has texts that Pillow does not take, is read as any viewer shows it.

    Args:
        path: the file (of `pictures.formats`; whatever its name).
        max_megapixels: larger pictures are refused by what the header says, before anything is decoded; JPEGs of up
            to five times as many (progressive ones: twice) are decoded reduced.
        max_side: a longer picture is reduced by area averaging.
        root: folder the file must lie in after links are followed; None = anywhere.

    Raises:
        Unreadable: for whatever reason there is no picture.
    """
    from PIL import Image

    try:
        if path.is_symlink() and not path.exists():
            raise Unreadable("is a link to nothing")
        if root is not None and not path.resolve().is_relative_to(root.resolve()):
            raise Unreadable("lies outside the folder of photos")
        if path.is_dir():
            raise Unreadable("is a folder")
        if not path.is_file():
            raise Unreadable("is not a file" if path.exists() else MISSING)
        size = path.stat().st_size
        if size == 0:
            raise Unreadable("is empty (0 bytes)")
        if size > MAX_BYTES:
            raise Unreadable(f"has {size / 1e6:.0f} MB, more than {MAX_BYTES / 1e6:.0f}")
        data = path.read_bytes()
        try:
            return _decoded(data, max_megapixels, max_side)
        except (OSError, SyntaxError, ValueError):
            mended = pictures.mended(data)
            if mended is None:
                raise
            return _decoded(mended, max_megapixels, max_side, mended=True)
    except Unreadable:
        raise
    except Image.UnidentifiedImageError:
        raise Unreadable(pictures.unknown(data)) from None
    except Image.DecompressionBombError:
        raise Unreadable(f"has more than {max_megapixels:g} megapixels") from None
    except Exception as error:  # decoders fail on damaged files in every possible way; each is a damaged file
        raise Unreadable(f"is damaged: {' '.join(str(error).split())[:120] or type(error).__name__}") from None


def _decoded(data: bytes, max_megapixels: float, max_side: int, *, mended: bool = False) -> Photo:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's remarks on odd metadata are nothing to act on
        with pictures.opened(data) as image:
            return _decode(image, max_megapixels, max_side, mended)


def _decode(image: Image.Image, max_megapixels: float, max_side: int, mended: bool) -> Photo:
    import cv2
    import numpy as np

    width, height = image.size
    jpeg = image.format in ("JPEG", "MPO")
    times = (PROGRESSIVE if image.info.get("progressive") else REDUCED) if jpeg else 1
    if width * height > max_megapixels * times * 1e6:
        raise Unreadable(f"has {width * height / 1e6:.1f} megapixels, more than {max_megapixels * times:g}")
    if min(width, height) < 2:
        raise Unreadable(f"measures {width} x {height} pixels")
    if jpeg:
        image.draft("RGB", (max_side, max_side))  # decodes at 1/2, 1/4 or 1/8, never below the size asked for
        if image.width * image.height > max_megapixels * 1e6:
            raise Unreadable(f"has {width * height / 1e6:.1f} megapixels and cannot be decoded reduced")
        image.load()
    else:
        pictures.load(image)
    turn = 1 if image.format == "TIFF" else pictures.orientation(image)  # of a TIFF Pillow undoes it itself
    pixels = np.asarray(_rgb(image))
    if mended and jpeg and (pixels == GREY).all(axis=(1, 2)).mean() > 1 - pictures.ENOUGH:
        raise Unreadable("is damaged: less than three quarters of the picture are there")
    long = max(pixels.shape[:2])
    if long > max_side:
        factor = max_side / long
        size = [max(1, round(side * factor)) for side in (pixels.shape[1], pixels.shape[0])]
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    pixels = _upright(pixels, turn)
    if turn >= 5:
        width, height = height, width
    return Photo(np.ascontiguousarray(pixels), width, height)


def _rgb(image: Image.Image) -> Image.Image:
    from PIL import Image

    if pictures.deep(image):
        return pictures.eight_bits(image).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        over = image.convert("RGBA")
        paper = Image.new("RGBA", over.size, "white")
        return Image.alpha_composite(paper, over).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")


def _upright(pixels: np.ndarray, turn: int) -> np.ndarray:
    """Undo an EXIF orientation (Exif 2.32, table 6)."""
    if turn >= 5:
        pixels = pixels.swapaxes(0, 1)
    if turn in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if turn in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return pixels

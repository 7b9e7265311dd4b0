"""Photos from files: upright RGB of bounded size, or a sentence that says why not."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "HEIF")
ORIENTATION = 0x0112
MAX_BYTES = 200_000_000
MISSING = "is missing"


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


def read(path: Path, *, max_megapixels: float = 40.0, max_side: int = 1024, root: Path | None = None) -> Photo:
    """Decode a photo: EXIF orientation applied, transparency over white, long side reduced.

    Args:
        path: the file (JPEG, PNG, WebP, TIFF, BMP, GIF, AVIF, or with the package pillow-heif HEIC; whatever its
            name).
        max_megapixels: larger pictures are refused by what the header says, before anything is decoded.
        max_side: a longer picture is reduced by area averaging.
        root: folder the file must lie in after links are followed; None = anywhere.

    Raises:
        Unreadable: for whatever reason there is no picture.
    """
    from PIL import Image

    formats = FORMATS if _reads_heic() else FORMATS[:-1]
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
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's remarks on odd metadata are nothing to act on
            with Image.open(path, formats=formats) as image:
                return _decode(image, max_megapixels, max_side)
    except Unreadable:
        raise
    except Image.UnidentifiedImageError:
        raise Unreadable(f"is not a picture of a known format ({', '.join(formats)})") from None
    except Image.DecompressionBombError:
        raise Unreadable(f"has more than {max_megapixels:g} megapixels") from None
    except Exception as error:  # decoders fail on damaged files in every possible way; each is a damaged file
        raise Unreadable(f"is damaged: {' '.join(str(error).split())[:120] or type(error).__name__}") from None


@cache
def _reads_heic() -> bool:
    """Whether Pillow reads HEIC: it learns it from the package pillow-heif, where that is installed."""
    try:
        from pillow_heif import register_heif_opener
    except ImportError:
        return False
    register_heif_opener()
    return True


def _decode(image: Image.Image, max_megapixels: float, max_side: int) -> Photo:
    import cv2
    import numpy as np

    width, height = image.size
    if width * height > max_megapixels * 1e6:
        raise Unreadable(f"has {width * height / 1e6:.1f} megapixels, more than {max_megapixels:g}")
    if min(width, height) < 2:
        raise Unreadable(f"measures {width} x {height} pixels")
    turn = _orientation(image)
    if image.format in ("JPEG", "MPO"):
        image.draft("RGB", (max_side, max_side))  # decodes at 1/2, 1/4 or 1/8, never below the size asked for
    pixels = np.asarray(_rgb(image))
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
    import numpy as np
    from PIL import Image

    if image.mode in ("I", "F") or image.mode.startswith("I;16"):  # 16 or 32 bits: keep the upper 8
        values = np.nan_to_num(np.asarray(image).astype(np.float64))
        top = 65535.0 if values.max(initial=0) > 255 else 255.0
        return Image.fromarray(np.clip(values * (255.0 / top), 0, 255).astype(np.uint8)).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        over = image.convert("RGBA")
        paper = Image.new("RGBA", over.size, "white")
        return Image.alpha_composite(paper, over).convert("RGB")
    if image.mode != "RGB":
        return image.convert("RGB")
    image.load()  # not left to numpy, which would not say what is damaged
    return image


def _orientation(image: Image.Image) -> int:
    """EXIF's orientation 1..8; 1 where there is none, it cannot be read, or Pillow undoes it itself (TIFF)."""
    if image.format == "TIFF":
        return 1
    try:
        value = image.getexif().get(ORIENTATION, 1)
    except Exception:  # a photo with broken EXIF is still a photo
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _upright(pixels: np.ndarray, turn: int) -> np.ndarray:
    """Undo an EXIF orientation (Exif 2.32, table 6)."""
    if turn >= 5:
        pixels = pixels.swapaxes(0, 1)
    if turn in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if turn in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return pixels

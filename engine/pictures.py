"""Pictures opened by Pillow, however odd: their formats, how many bits they have, which way is up, and what any viewer
shows although Pillow refuses it.
"""

from __future__ import annotations

import io
import struct
import zlib
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

# How the names of pictures end: what else lies in a folder of photos is passed over.
ENDINGS = (
    ".jpg", ".jpeg", ".jfif", ".jpe", ".png", ".webp", ".bmp", ".dib", ".tif", ".tiff", ".gif", ".heic", ".heif",
    ".avif", ".jp2", ".ppm", ".pgm",
)  # fmt: skip
JPEG, PNG = b"\xff\xd8", b"\x89PNG\r\n\x1a\n"
HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")  # brands, ISO/IEC 23008-12
ORIENTATION = 0x0112
# What the brightest value of a picture with more than 8 bits stands for: cameras store 10, 12 or 14 of 16 bits.
FULL = (255, 1023, 4095, 16383, 65535)
TEXTS = (b"tEXt", b"zTXt", b"iTXt", b"iCCP")
# The share of a picture's rows that must have come where a file ends too early.
ENOUGH = 0.75
PHOTOMETRIC, WHITE_IS_ZERO = 262, 0  # TIFF 6.0
DOTS = 1.5  # pixels: a picture of black and white dots is grey when it is seen from so far that they flow together


@cache
def formats() -> tuple[str, ...]:
    """The formats that are read here; HEIF where the package pillow-heif is installed, of which Pillow learns it."""
    known = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "JPEG2000", "PPM")
    try:
        from pillow_heif import register_heif_opener
    except ImportError:
        return known
    register_heif_opener()
    return (*known, "HEIF")


def opened(data: bytes) -> Image.Image:
    """A picture whose header is read and nothing else.

    Of a JPEG any size: whoever asks looks at it first, and may have it decoded reduced.

    Raises:
        PIL.UnidentifiedImageError: no picture of a known format.
        PIL.Image.DecompressionBombError: larger than Pillow takes.
    """
    from PIL import Image, JpegImagePlugin

    known = formats()
    if data.startswith(JPEG):
        try:
            return JpegImagePlugin.jpeg_factory(io.BytesIO(data))
        except SyntaxError:
            pass  # Pillow's own way of opening says it in its own words
    return Image.open(io.BytesIO(data), formats=known)


def unknown(data: bytes) -> str:
    """Why a file whose format is not known here is no picture, and what mends it."""
    if data[4:8] == b"ftyp" and data[8:12] in HEIC and "HEIF" not in formats():
        return "is a HEIC photo, which pillow-heif reads: pip install 'kindred-engine[heic]'"
    return f"is no picture of a known format ({', '.join(formats())})"


def load(image: Image.Image) -> None:
    """Decode a picture; of one that ends too early what came stays, its missing rows black, as viewers show it.

    Raises:
        OSError: less than three quarters of its rows came, or it is damaged.
    """
    import numpy as np

    try:
        image.load()
    except OSError:
        image.tile = []  # type: ignore[attr-defined]  # nothing more is asked of the file
        rows = np.asarray(image)
        if (rows == 0).reshape(len(rows), -1).all(axis=1).mean() > 1 - ENOUGH:
            raise


def orientation(image: Image.Image) -> int:
    """EXIF's orientation 1..8 (Exif 2.32, table 6); 1 where there is none or it cannot be read."""
    try:
        value = image.getexif().get(ORIENTATION, 1)
    except Exception:  # a photo with broken metadata is still a photo
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def deep(image: Image.Image) -> bool:
    """Whether a picture has more than 8 bits a sample, or a single one."""
    return image.mode in ("1", "I", "F") or image.mode.startswith("I;16")


def eight_bits(image: Image.Image) -> Image.Image:
    """A grey picture in 8 bits.

    One of 10 to 32 bits or of floating-point numbers is scaled by what its brightest can mean; one of black and white
    dots is as it looks from afar.
    """
    import numpy as np
    from PIL import Image, ImageFilter

    if image.mode == "1":
        return image.convert("L").filter(ImageFilter.GaussianBlur(DOTS))
    values = np.nan_to_num(np.asarray(image).astype(np.float64))
    values -= min(values.min(initial=0), 0)
    most = values.max(initial=0)
    top = 1 if image.mode == "F" and most <= 1 else next((full for full in FULL if most <= full), most)
    grey = (values * (255.0 / top)).astype(np.uint8)
    white = getattr(image, "tag_v2", {}).get(PHOTOMETRIC) == WHITE_IS_ZERO  # Pillow sees to it in 8 bits only
    return Image.fromarray(255 - grey if white else grey)


def mended(data: bytes) -> bytes | None:
    """A damaged picture as viewers take it: a JPEG with an end; a PNG without texts and with right check sums.

    Args:
        data: of the file.

    Returns:
        None where nothing is known to mend.
    """
    if data.startswith(JPEG):
        return data + b"\xff\xd9"
    return _mended_png(data) if data.startswith(PNG) else None


def _mended_png(data: bytes) -> bytes:
    place, head, pixels = len(PNG), [], b""
    while place + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        part = data[place + 8 : place + 8 + length]
        place += 12 + length
        if kind == b"IDAT":
            pixels += part
        elif not pixels and kind not in TEXTS and len(part) == length:
            head.append((kind, part))
    chunks = [*head, (b"IDAT", pixels), (b"IEND", b"")]
    return PNG + b"".join(png_chunk(kind, part) for kind, part in chunks)


def png_chunk(kind: bytes, part: bytes) -> bytes:
    """One part of a PNG with its length and check sum (W3C PNG, third edition)."""
    return struct.pack(">I", len(part)) + kind + part + struct.pack(">I", zlib.crc32(kind + part))

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

JPEG, PNG = b"\xff\xd8", b"\x89PNG\r\n\x1a\n"
ORIENTATION = 0x0112
# What the brightest value of a picture with more than 8 bits stands for: cameras store 10, 12 or 14 of 16 bits.
FULL = (255, 1023, 4095, 16383, 65535)
TEXTS = (b"tEXt", b"zTXt", b"iTXt", b"iCCP")
# Bytes a pixel of a PNG takes by its colour type, in samples.
SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


@cache
def formats() -> tuple[str, ...]:
    """The formats that are read here; HEIF where the package pillow-heif is installed, of which Pillow learns it."""
    known = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF")
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


def orientation(image: Image.Image) -> int:
    """EXIF's orientation 1..8 (Exif 2.32, table 6); 1 where there is none or it cannot be read."""
    try:
        value = image.getexif().get(ORIENTATION, 1)
    except Exception:  # a photo with broken metadata is still a photo
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def deep(image: Image.Image) -> bool:
    """Whether a picture has more than 8 bits a sample."""
    return image.mode in ("I", "F") or image.mode.startswith("I;16")


def eight_bits(image: Image.Image) -> Image.Image:
    """A grey picture of 10 to 32 bits or of floating-point numbers in 8 bits, scaled by what its brightest can mean."""
    import numpy as np
    from PIL import Image

    values = np.nan_to_num(np.asarray(image).astype(np.float64))
    values -= min(values.min(initial=0), 0)
    most = values.max(initial=0)
    top = 1 if image.mode == "F" and most <= 1 else next((full for full in FULL if most <= full), most)
    return Image.fromarray((values * (255.0 / top)).astype(np.uint8))


def mended(data: bytes, most_pixels: float) -> bytes | None:
    """A damaged picture as viewers take it: a JPEG with an end; a PNG without texts, its missing rows black.

    Args:
        data: of the file.
        most_pixels: a larger PNG is not decompressed.

    Returns:
        None where nothing is known to mend.
    """
    if data.startswith(JPEG):
        return data + b"\xff\xd9"
    return _mended_png(data, most_pixels) if data.startswith(PNG) else None


def _mended_png(data: bytes, most_pixels: float) -> bytes | None:
    place, head, pixels = len(PNG), [], b""
    while place + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        part = data[place + 8 : place + 8 + length]
        place += 12 + length
        if kind == b"IDAT":
            pixels += part
        elif not pixels and kind not in TEXTS and len(part) == length:
            head.append((kind, part))
    if not head or head[0][0] != b"IHDR" or len(head[0][1]) != 13:
        return None
    width, height, bits, colour, _, _, interlaced = struct.unpack(">IIBBBBB", head[0][1])
    if interlaced or colour not in SAMPLES or width * height > most_pixels:
        return None
    row = 1 + -(-width * bits * SAMPLES[colour] // 8)
    reader = zlib.decompressobj()
    try:
        raw = reader.decompress(pixels, row * height)
    except zlib.error:
        return None
    if len(raw) < row * height * 3 // 4:  # too little of it to be called a picture
        return None
    whole = zlib.compress(raw + bytes(row * height - len(raw)), 1)
    chunks = [*head, (b"IDAT", whole), (b"IEND", b"")]
    return PNG + b"".join(png_chunk(kind, part) for kind, part in chunks)


def png_chunk(kind: bytes, part: bytes) -> bytes:
    """One part of a PNG with its length and check sum (W3C PNG, third edition)."""
    return struct.pack(">I", len(part)) + kind + part + struct.pack(">I", zlib.crc32(kind + part))

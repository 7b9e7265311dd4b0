"""Photos without what is not the picture: where and when it was taken, with what, by whom, notes, thumbnails.

JPEG, PNG and WebP lose their segments, their coded pixels stay byte for byte; other formats are decoded and kept as PNG
of the same pixels. Of metadata only the orientation stays, written anew. What cannot be read part by part is refused:
nobody knows what it holds. The same picture gives the same bytes, whatever it was tagged with.
"""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from typing import TYPE_CHECKING

from engine import pictures
from engine.pictures import JPEG, ORIENTATION, PNG, png_chunk

if TYPE_CHECKING:
    from PIL import Image

_PNG_FIXED = {b"IHDR": 13, b"gAMA": 4, b"cHRM": 32, b"sRGB": 1}  # chunks with the length that they always have
_PNG_BOUND = {b"PLTE": 768, b"tRNS": 256, b"sBIT": 4}  # the longest that they can be
_SOI, _EOI, _SOS, _COM, _APP0, _ADOBE = 0xD8, 0xD9, 0xDA, 0xFE, 0xE0, 0xEE
_ALONE = {0x01, *range(0xD0, 0xD8)}  # markers without a length: TEM and restarts
_CODED = {*range(0xC0, 0xD0), 0xDA, 0xDB, 0xDC, 0xDD} - {0xC8}  # frames, tables, scans, lines
_MODES = ("L", "LA", "P", "RGB", "RGBA")
_WEBP_ALPHA = 0x10
_WEBP_NOTES = (b"EXIF", b"XMP ", b"Exif")


class UnknownPicture(Exception):
    """What was read is no picture whose parts are all known; the message is the reason told to the user."""


def stripped(data: bytes, *, max_megapixels: float) -> bytes:
    """The same picture without metadata.

    Args:
        data: a photo's bytes, of whatever format.
        max_megapixels: larger pictures are not decoded; of JPEG, PNG and WebP nothing is.

    Raises:
        UnknownPicture: the bytes are no picture, or one that cannot be had without its metadata.
    """
    if data.startswith(JPEG):
        return _jpeg(data)
    if data.startswith(PNG):
        return _png(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP" and b"ANIM" not in data[:64]:
        return _webp(data, max_megapixels)
    return _decoded(data, max_megapixels)


# ---- JPEG (ITU-T T.81 annex B)


def _jpeg(data: bytes) -> bytes:
    """What decoding needs: frame, tables, scans, the JFIF and Adobe headers in their bare form; up to the end of the
    first image."""
    turn = _turned(data)
    head, body, place, seen_scan = [b"\xff\xd8"], [], 2, False
    while True:
        if place >= len(data):  # cut off in the middle: what is there is all of the picture
            break
        place = data.find(b"\xff", place)  # what stands between parts is none
        if place < 0:
            break
        while place < len(data) and data[place] == 0xFF:
            place += 1
        if place >= len(data):
            break
        marker = data[place]
        place += 1
        if marker == _EOI:
            body.append(b"\xff\xd9")
            break
        if marker in _ALONE:
            continue
        if place + 2 > len(data):
            break
        length = struct.unpack_from(">H", data, place)[0]
        part = data[place : place + length]
        if length < 2 or marker in (0x00, _SOI):
            raise UnknownPicture("is damaged: a part of it has no length")
        if len(part) < length:
            break
        place += length
        if marker == _APP0 and part[2:7] == b"JFIF\0" and length >= 16:
            head.append(b"\xff\xe0\x00\x10" + part[2:14] + b"\0\0")
        elif marker == _ADOBE and part[2:7] == b"Adobe" and length >= 14:
            head.append(b"\xff\xee\x00\x0e" + part[2:14])
        elif marker in _CODED:
            body.append(bytes((0xFF, marker)) + part)
            if marker == _SOS:
                seen_scan = True
                end = _scan_end(data, place)
                body.append(data[place:end])
                place = end
    if not seen_scan:
        raise UnknownPicture("is damaged: there is no picture in it")
    tag = [] if turn == 1 else [b"\xff\xe1" + struct.pack(">H", 2 + len(_exif(turn)) + 6) + b"Exif\0\0" + _exif(turn)]
    # One of each header: a second one could hold anything.
    return b"".join([*dict.fromkeys(head[:1] + _first(head, b"\xff\xe0") + _first(head, b"\xff\xee")), *tag, *body])


def _first(parts: list[bytes], marker: bytes) -> list[bytes]:
    return [part for part in parts if part.startswith(marker)][:1]


def _scan_end(data: bytes, place: int) -> int:
    """Where the coded data of a scan end: at the next marker that is none of its own."""
    while True:
        place = data.find(b"\xff", place)
        if place < 0 or place + 1 >= len(data):
            return len(data)
        follows = data[place + 1]
        if follows == 0x00 or 0xD0 <= follows <= 0xD7:
            place += 2
        elif follows == 0xFF:
            place += 1
        else:
            return place


# ---- PNG (W3C PNG, third edition)


def _png(data: bytes) -> bytes:
    """Header, palette, transparency, how colours are meant, and the coded pixels as one part."""
    turn, place = _turned(data), len(PNG)
    kept: list[bytes] = []
    pixels, ended = bytearray(), False
    while place + 8 <= len(data) and not ended:
        length, kind = struct.unpack_from(">I4s", data, place)
        part = data[place + 8 : place + 8 + length]
        if len(part) < length:
            part = part if kind == b"IDAT" else b""
        place += 12 + length
        if kind == b"IDAT":
            pixels += part
        elif kind == b"IEND":
            ended = True
        elif not pixels and (_PNG_FIXED.get(kind) == len(part) or len(part) <= _PNG_BOUND.get(kind, -1)):
            if any(one[4:8] == kind for one in kept):
                raise UnknownPicture("is damaged: a part of it stands twice")
            kept.append(png_chunk(kind, part))
    if not pixels or not kept or kept[0][4:8] != b"IHDR":
        raise UnknownPicture("is damaged: there is no picture in it")
    tag = [] if turn == 1 else [png_chunk(b"eXIf", _exif(turn))]
    end = [png_chunk(b"IEND", b"")] if ended else []
    return b"".join([PNG, *kept, *tag, png_chunk(b"IDAT", bytes(_deflated(pixels))), *end])


def _deflated(pixels: bytearray) -> bytearray:
    """The coded pixels without what follows their end."""
    reader, taken = zlib.decompressobj(), 0
    try:
        while taken < len(pixels) and not reader.eof:
            block = bytes(pixels[taken : taken + (1 << 16)])
            taken += len(block)
            while block and not reader.eof:
                reader.decompress(block, 1 << 20)
                block = reader.unconsumed_tail
    except zlib.error:
        return pixels  # a damaged picture, which whoever decodes it will say
    return pixels[: taken - len(reader.unused_data)]


# ---- WebP (RFC 9649)


def _webp(data: bytes, max_megapixels: float) -> bytes:
    """The picture and its transparency; decoded where a part may have swallowed those behind it."""
    turn, place = _turned(data), 12
    end = min(len(data), 8 + struct.unpack_from("<I", data, 4)[0])
    parts: dict[bytes, bytes] = {}
    while place + 8 <= end:
        kind, length = struct.unpack_from("<4sI", data, place)
        part = data[place + 8 : place + 8 + length]
        place += 8 + length + length % 2
        if kind in (b"VP8X", b"ALPH", b"VP8 ", b"VP8L"):
            if kind in parts:
                raise UnknownPicture("is damaged: a part of it stands twice")
            parts[kind] = part
    if not parts.keys() & {b"VP8 ", b"VP8L"}:
        raise UnknownPicture("is damaged: there is no picture in it")
    if any(name in part for part in parts.values() for name in _WEBP_NOTES):
        return _decoded(data, max_megapixels)
    extended = parts.pop(b"VP8X", b"")
    if b"ALPH" in parts or turn != 1:
        size = extended[4:10] if len(extended) >= 10 else _webp_size(data)
        flags = (extended[0] & _WEBP_ALPHA if extended else 0) | (0x08 if turn != 1 else 0)
        parts = {b"VP8X": bytes((flags, 0, 0, 0)) + size, **parts}
    if turn != 1:
        parts[b"EXIF"] = _exif(turn)
    body = b"".join(k + struct.pack("<I", len(p)) + p + b"\0" * (len(p) % 2) for k, p in parts.items())
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def _webp_size(data: bytes) -> bytes:
    with _opened(data) as image:
        return b"".join(struct.pack("<I", side - 1)[:3] for side in image.size)


# ---- the rest


def _decoded(data: bytes, max_megapixels: float) -> bytes:
    """The first picture of any other format as PNG, upright."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with _opened(data) as image:
            width, height = image.size
            if width * height > max_megapixels * 1e6:
                raise UnknownPicture(f"has {width * height / 1e6:.1f} megapixels, more than {max_megapixels:g}")
            pictures.load(image)
            upright = pictures.eight_bits(image) if pictures.deep(image) else image  # a TIFF is upright by now
            upright = ImageOps.exif_transpose(upright)
            if upright.mode not in _MODES:
                upright = upright.convert("RGB")
            bare = Image.frombytes(upright.mode, upright.size, upright.tobytes())
            if upright.mode == "P" and upright.palette is not None:
                colours = upright.getpalette(upright.palette.mode)
                bare.putpalette(colours or [], upright.palette.mode)
            clear = upright.info.get("transparency")
            with io.BytesIO() as file:
                bare.save(file, "PNG", **({} if clear is None else {"transparency": clear}))
                return file.getvalue()
    except UnknownPicture:
        raise
    except UnidentifiedImageError:
        raise UnknownPicture(pictures.unknown(data)) from None
    except Exception as error:  # decoders fail on damaged files in every possible way; each is a damaged file
        raise UnknownPicture("is damaged") from error


def _opened(data: bytes) -> Image.Image:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's remarks on odd metadata are nothing to act on
        return pictures.opened(data)


def _turned(data: bytes) -> int:
    """The orientation (Exif 2.32, table 6) that whoever reads the whole file would see; 1 where there is none."""
    try:
        with warnings.catch_warnings(), _opened(data) as image:
            warnings.simplefilter("ignore")
            return pictures.orientation(image)
    except Exception:  # a photo with broken metadata is still a photo
        return 1


def _exif(turn: int) -> bytes:
    """Metadata that say nothing but the orientation: one directory with one entry."""
    return b"II*\0" + struct.pack("<IHHHIHHI", 8, 1, ORIENTATION, 3, 1, turn, 0, 0)

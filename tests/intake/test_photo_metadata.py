"""What is stored of a photo is the picture and which way up it is; nothing else that was in the file."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from engine.faces import read
from engine.intake import metadata, photos

MARK = b"PLANTED +36 20 765 4321 47.4979N"
PIXELS = np.random.default_rng(1).integers(0, 255, (24, 40, 3), dtype=np.uint8)


def tagged(turn: int = 6) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112], exif[0x010E], exif[0x013B] = turn, MARK.decode(), MARK.decode()
    exif.get_ifd(0x8825).update({1: "N", 2: (47.0, 29.0, 52.0), 29: MARK.decode()})
    exif.get_ifd(0x8769)[0x9286] = MARK
    return exif


def photo(format: str, mode: str = "RGB", **more) -> bytes:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", MARK.decode())
    notes.add_itxt("XML:com.adobe.xmp", MARK.decode(), zip=True)
    options = {
        "JPEG": {"exif": tagged(), "comment": MARK, "icc_profile": MARK * 3, "xmp": MARK, "dpi": (300, 300)},
        "PNG": {"exif": tagged(), "pnginfo": notes, "icc_profile": MARK * 3},
        "WEBP": {"exif": tagged(), "xmp": MARK, "icc_profile": MARK * 3, "lossless": True},
        "TIFF": {"exif": tagged(), "icc_profile": MARK * 3},
        "GIF": {"comment": MARK},
        "AVIF": {"exif": tagged(), "xmp": MARK, "icc_profile": b""},
        "BMP": {},
    }
    with io.BytesIO() as file:
        Image.fromarray(PIXELS).convert(mode).save(file, format, **{**options[format], **more})
        return file.getvalue()


def seen(content: bytes, folder: Path) -> np.ndarray:
    path = folder / "seen"
    path.write_bytes(content)
    return read.read(path).pixels


def bare(content: bytes) -> bytes:
    return metadata.stripped(content, max_megapixels=40)


FORMATS = [
    ("JPEG", "RGB", {}), ("JPEG", "RGB", {"progressive": True}), ("JPEG", "L", {}), ("JPEG", "CMYK", {}),
    ("PNG", "RGB", {}), ("PNG", "RGBA", {}), ("PNG", "P", {"transparency": 3}), ("PNG", "I;16", {}),
    ("WEBP", "RGB", {}), ("WEBP", "RGBA", {}),
    ("WEBP", "RGB", {"lossless": False}), ("TIFF", "RGB", {}), ("TIFF", "CMYK", {"exif": b""}),
    ("TIFF", "F", {}), ("GIF", "P", {}), ("BMP", "RGB", {}), ("AVIF", "RGB", {}),
]  # fmt: skip


@pytest.mark.parametrize(("format", "mode", "more"), FORMATS)
def test_the_picture_stays_and_all_else_goes(tmp_path, format, mode, more):
    content = photo(format, mode, **more)
    assert MARK in content or format in ("PNG", "BMP")
    stored = bare(content + MARK)  # motion photos and notes hang behind the end
    assert MARK not in stored and b"PLANTED" not in stored
    assert np.array_equal(seen(content, tmp_path), seen(stored, tmp_path))
    with Image.open(io.BytesIO(stored)) as image:
        assert set(image.getexif()) <= {0x0112} and not {"comment", "xmp", "icc_profile", "Comment"} & set(image.info)
        assert not getattr(image, "text", {})
    assert bare(stored) == stored


def test_the_same_picture_gives_the_same_bytes_whatever_was_noted():
    for format in ("JPEG", "PNG", "WEBP"):
        plain = {"exif": b"", "comment": b"", "xmp": b"", "icc_profile": None, "pnginfo": None}
        one = bare(photo(format, exif=tagged(1)))
        assert one == bare(photo(format, **plain))


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_every_orientation_stays(tmp_path, format, turn):
    content = photo(format, exif=tagged(turn))
    assert np.array_equal(seen(content, tmp_path), seen(bare(content), tmp_path))


def test_pixels_of_a_jpeg_are_not_coded_anew():
    content = photo("JPEG")
    scan = content[content.rindex(b"\xff\xda") : content.rindex(b"\xff\xd9")]
    assert scan in bare(content)


def test_what_hides_in_odd_places_goes():
    content = photo("JPEG")
    segment = b"\xff\xed" + struct.pack(">H", len(MARK) + 2) + MARK
    thumbnail = b"\xff\xe0" + struct.pack(">H", 2 + 14 + len(MARK)) + b"JFIF\0\1\1\0\0\1\0\1\x05\x02" + MARK
    comment = b"\xff\xfe" + struct.pack(">H", len(MARK) + 2) + MARK
    odd = content[:2] + thumbnail + segment * 3 + MARK + content[2:]
    odd = odd.replace(b"\xff\xda", comment + b"\xff\xda", 1)
    assert MARK not in bare(odd) and MARK not in bare(content[:-2] + comment + b"\xff\xd9" + MARK)
    png = photo("PNG")
    chunk = struct.pack(">I4s", len(MARK), b"teXt") + MARK + struct.pack(">I", zlib.crc32(b"teXt" + MARK))
    place = png.index(b"IDAT") - 4
    assert MARK not in bare(png[:place] + chunk + png[place:])
    size = struct.unpack_from(">I", png, place)[0]
    data = png[place + 8 : place + 8 + size] + MARK  # behind the end of the coded pixels
    grown = struct.pack(">I4s", len(data), b"IDAT") + data + struct.pack(">I", zlib.crc32(b"IDAT" + data))
    assert MARK not in bare(png[:place] + grown + png[place + 12 + size :])
    webp = photo("WEBP")
    extra = b"NOTE" + struct.pack("<I", len(MARK)) + MARK
    body = webp[12:] + extra
    assert MARK not in bare(b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body)


@given(
    st.binary(max_size=400), st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF....WEBP", b"II*\0"])
)
def test_what_is_no_picture_is_refused(content, start):
    try:
        stored = bare(start + content)
    except metadata.UnknownPicture:
        return
    assert len(stored) < len(start + content) + 60


@settings(max_examples=60)
@given(st.sampled_from(["JPEG", "PNG", "WEBP"]), st.integers(0, 5000), st.integers(0, 255), st.integers(0, 5000))
def test_damaged_photos_are_kept_without_notes_or_refused(format, place, value, cut):
    content = bytearray(photo(format))
    content[place % len(content)] = value
    content = bytes(content[: len(content) - cut % (len(content) // 2)])
    try:
        stored = bare(content)
    except metadata.UnknownPicture:
        return
    assert MARK not in stored


def test_tagging_a_photo_makes_no_new_one_and_large_ones_are_refused(tmp_path):
    for name, content in {"a.jpg": photo("JPEG", exif=tagged(1)), "b.jpg": photo("JPEG", exif=b""),
                          "c.tif": photo("TIFF"), "d.jpg": b"no photo"}.items():  # fmt: skip
        (tmp_path / name).write_bytes(content)
    digests, places, whys = photos.bring(
        ["a.jpg", "b.jpg", "c.tif", "d.jpg"], tmp_path, tmp_path / "faces", new=set(), max_megapixels=0.0001
    )
    assert digests[0] == digests[1] and places[0] == places[1] and whys[0] is None
    assert digests[2:] == [None, None] and {why["reason"] for why in whys[2:]} == {"unusable_photo"}
    assert "megapixels" in whys[2]["detail"] and "no picture" in whys[3]["detail"]

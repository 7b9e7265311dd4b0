"""One portrait in every form in which pictures come: what any viewer shows is read, also after it lost its metadata."""

from __future__ import annotations

import io
import struct
import sys
import zlib
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image, ImageCms

from engine import pictures
from engine.faces.read import Photo, Unreadable, read
from engine.intake import metadata
from engine.pictures import PNG, png_chunk
from engine.synth import looks, portraits

SIDE = 200
Forms = dict[str, bytes]


@pytest.fixture(scope="module")
def portrait() -> Image.Image:
    people = looks.people(np.random.default_rng(41), np.array([35]), np.array([True]))
    return Image.fromarray(portraits.draw(people[0], size=SIDE, seed=2, studio=True))


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def jpegs(image: Image.Image) -> Iterator[tuple[str, bytes]]:
    plain = encoded(image, "JPEG", quality=90)
    for name, options in {
        "progressive": {"progressive": True}, "4:4:4": {"subsampling": 0}, "4:2:2": {"subsampling": 1},
        "RGB": {"keep_rgb": True}, "restarts": {"restart_marker_blocks": 3}, "poor": {"quality": 20},
        "comment": {"comment": b"x" * 65000}, "colours of no use": {"icc_profile": bytes(70_000)},
        "metadata of no use": {"exif": b"Exif\0\0" + bytes(range(250))},
    }.items():  # fmt: skip
        yield name, encoded(image, "JPEG", **{"quality": 90, **options})
    for mode in ("L", "CMYK"):
        yield mode, encoded(image.convert(mode), "JPEG", quality=90)
    yield "several", encoded(image, "MPO", save_all=True, append_images=[image.rotate(90)])
    segment = b"\xff\xe5" + struct.pack(">H", 3002) + bytes(3000)
    yield "many segments", plain[:2] + segment * 50 + plain[2:]
    yield "bytes between", plain[:2] + b"\xff" * 20 + plain[2:]
    yield "a film behind", plain + b"\0\0\0\x18ftypmp42" + bytes(5000)
    for lost in (1, 2, 60):
        yield f"lacks {lost}", plain[:-lost]
    yield "nine tenths", plain[: len(plain) * 9 // 10]


def pngs(image: Image.Image) -> Iterator[tuple[str, bytes]]:
    import cv2

    plain = encoded(image, "PNG")
    for mode in ("L", "LA", "RGBA", "P", "1"):
        yield mode, encoded(image.convert(mode), "PNG")
    yield "16 colours", encoded(image.quantize(16), "PNG", bits=4)
    yield "clear colour", encoded(image, "PNG", transparency=(1, 2, 3))
    yield "film", encoded(image, "PNG", save_all=True, append_images=[image.rotate(90)])
    wide = np.asarray(image)[:, :, ::-1].astype(np.uint16) * 257
    yield "16 bits", cv2.imencode(".png", wide)[1].tobytes()
    yield "16 bits, grey", cv2.imencode(".png", wide[:, :, 1])[1].tobytes()
    for kind, body in {
        b"tEXt": b"n\0" + b"y" * 3_000_000, b"zTXt": b"n\0\0" + zlib.compress(bytes(80_000_000), 1),
        b"iCCP": b"n\0\0" + bytes(100), b"eXIf": bytes(range(50)), b"quUx": b"1234",
    }.items():  # fmt: skip
        yield kind.decode(), plain[:33] + png_chunk(kind, body) + plain[33:]
    rows = plain.index(b"IDAT") - 4
    yield "wrong sum", plain[: rows - 1] + bytes([plain[rows - 1] ^ 255]) + plain[rows:]
    yield "without an end", plain[:-12]
    yield "nine tenths", plain[: len(plain) * 9 // 10]
    woven = interlaced(np.asarray(image))
    yield "interlaced", woven
    yield "interlaced, nine tenths", woven[: len(woven) * 9 // 10]


def interlaced(pixels: np.ndarray) -> bytes:
    """A PNG in seven passes (W3C PNG, section 8)."""
    passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    rows = [b"\0" + row.tobytes() for x, y, dx, dy in passes for row in np.ascontiguousarray(pixels[y::dy, x::dx])]
    header = struct.pack(">IIBBBBB", *pixels.shape[1::-1], 8, 2, 0, 0, 1)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b"")]
    return PNG + b"".join(png_chunk(*chunk) for chunk in chunks)


def tiffs(image: Image.Image) -> Iterator[tuple[str, bytes]]:
    import cv2

    for how in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"):
        yield how, encoded(image, "TIFF", compression=how)
    for mode in ("L", "LA", "P", "RGBA", "CMYK", "YCbCr", "1"):
        yield mode, encoded(image.convert(mode), "TIFF")
    profiles = (ImageCms.createProfile(space) for space in ("sRGB", "LAB"))
    yield "LAB", encoded(ImageCms.profileToProfile(image, *profiles, outputMode="LAB"), "TIFF")
    yield "facsimile", encoded(image.convert("1"), "TIFF", compression="group4")
    yield "several", encoded(image, "TIFF", save_all=True, append_images=[image.rotate(90)])
    yield "64 bits", encoded(image, "TIFF", big_tiff=True)
    yield "nearly all", encoded(image, "TIFF")[:-300]
    grey = np.asarray(image.convert("L"))
    for kind, most in ((np.uint16, 65535), (np.uint16, 4095), (np.int32, 65535), (np.float32, 1)):
        yield f"{kind.__name__} to {most}", encoded(Image.fromarray((grey / 255 * most).astype(kind)), "TIFF")
    yield "16 bits", cv2.imencode(".tif", np.asarray(image)[:, :, ::-1].astype(np.uint16) * 257)[1].tobytes()
    negative = Image.fromarray((255 - grey).astype(np.uint16) * 257)  # of 8 bits Pillow turns what it writes
    for name, one in {"8 bits": Image.fromarray(grey), "16 bits": negative}.items():
        yield f"white is 0, {name}", encoded(one, "TIFF", tiffinfo={pictures.PHOTOMETRIC: 0})


def others(image: Image.Image) -> Iterator[tuple[str, bytes]]:
    gif, bmp, webp = (encoded(image, kind) for kind in ("GIF", "BMP", "WEBP"))
    yield "GIF", gif
    yield "GIF, film", encoded(image, "GIF", save_all=True, append_images=[image.rotate(90)])
    yield "GIF, interlaced", encoded(image.quantize(64), "GIF", interlace=1)
    yield "GIF, nine tenths", gif[: len(gif) * 9 // 10]
    for mode in ("L", "P", "RGBA", "1"):
        yield f"BMP, {mode}", encoded(image.convert(mode), "BMP")
    yield "BMP, wrong length", bmp[:2] + struct.pack("<I", 7) + bmp[6:]
    yield "BMP, nearly all", bmp[:-900]
    for name, options in {"lossless": {"lossless": True}, "film": {"save_all": True, "append_images": [image]}}.items():
        yield f"WebP, {name}", encoded(image, "WEBP", **options)
    yield "WebP, more behind", webp + bytes(77)
    yield "WebP, clear", encoded(image.convert("RGBA"), "WEBP")
    for bits in ("4:0:0", "4:4:4"):
        yield f"AVIF, {bits}", encoded(image, "AVIF", subsampling=bits)
    yield "JPEG 2000", encoded(image, "JPEG2000")
    yield "PPM", encoded(image, "PPM")
    yield "PGM", encoded(image.convert("L"), "PPM")
    if "HEIF" in pictures.formats():
        yield "HEIC", encoded(image, "HEIF")
        yield "HEIC, clear", encoded(image.convert("RGBA"), "HEIF")


@pytest.mark.parametrize("forms", [jpegs, pngs, tiffs, others])
def test_what_any_viewer_shows_is_read(tmp_path, portrait, forms):
    """Seen as grey, blurred by some pixels: colours may be fewer, and of dots each is black or white."""
    made: Forms = dict(forms(portrait))
    path, wrong = tmp_path / "x", {}
    for name, data in made.items():
        for when, content in (("as it came", data), ("as it is kept", metadata.stripped(data, max_megapixels=1))):
            path.write_bytes(content)
            alike = np.corrcoef(blurred(read(path)), blurred(Photo(np.asarray(portrait), SIDE, SIDE)))[0, 1]
            if not alike > 0.85:
                wrong[f"{name}, {when}"] = alike
    assert not wrong and len(made) >= 15


def blurred(photo: Photo) -> np.ndarray:
    """The upper three quarters, in which nothing may be missing; of BMP, which begins below, a row more."""
    import cv2

    assert photo.pixels.shape == (SIDE, SIDE, 3)
    return cv2.GaussianBlur(photo.pixels.mean(axis=2), (0, 0), 3)[8 : SIDE * 3 // 4].ravel()


def test_a_heic_photo_says_what_reads_it(tmp_path, portrait, monkeypatch):
    if "HEIF" not in pictures.formats():
        pytest.skip("pillow-heif is not installed")
    (tmp_path / "x").write_bytes(encoded(portrait, "HEIF"))
    monkeypatch.setitem(sys.modules, "pillow_heif", None)  # as where it is not installed
    pictures.formats.cache_clear()
    try:
        with pytest.raises(Unreadable, match=r"HEIC photo.*kindred-engine\[heic\]"):
            read(tmp_path / "x")
        with pytest.raises(metadata.UnknownPicture, match="HEIC photo"):
            metadata.stripped((tmp_path / "x").read_bytes(), max_megapixels=1)
    finally:
        pictures.formats.cache_clear()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "JPEG2000", "PPM", "HEIF"])
def test_half_a_file_is_a_picture_or_says_that_it_is_damaged(tmp_path, portrait, kind):
    """However much is missing: no half picture passes as a whole one, and nothing else than the reason comes out."""
    if kind not in pictures.formats():
        pytest.skip("pillow-heif is not installed")
    data, whole = encoded(portrait, kind), np.asarray(portrait.convert("L"), float)
    path = tmp_path / "x"
    for tenths in range(10):
        path.write_bytes(data[: len(data) * tenths // 10])
        try:
            seen = read(path).pixels.mean(axis=2)
        except Unreadable as why:
            assert "damaged" in str(why) or "known format" in str(why) or "empty" in str(why)
            continue
        there = (np.abs(seen - whole).mean(axis=1) < 20).mean()
        assert there >= 0.7, (tenths, there)

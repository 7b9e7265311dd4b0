"""A thousand damaged, odd and hostile files: each gets a status and a reason, none stops the rest."""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from engine.config import Faces
from engine.faces import analyse
from engine.faces.read import Unreadable, read
from engine.synth import looks, portraits, scenery
from engine.tables import check

SEED = 20261123


@pytest.fixture(scope="module")
def portrait() -> Image.Image:
    rng = np.random.default_rng(SEED)
    z = looks.people(rng, np.array([30]), np.array([True]))[0]
    return Image.fromarray(portraits.draw(z, size=220, seed=1, studio=True))


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def png(width: int, height: int) -> bytes:
    """A PNG whose header promises width x height and whose data is one compressed run of zeros."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    body = zlib.compress(bytes(min(width * height // 8 + height, 12_000_000)), 9)
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def mutated(data: bytes, rng: np.random.Generator) -> bytes:
    """One random injury: cut, bytes flipped, a piece dropped, doubled, swapped or blanked."""
    raw = bytearray(data)
    kind = rng.integers(6)
    a, b = sorted(int(v) for v in rng.integers(0, len(raw), 2))
    if kind == 0:
        return bytes(raw[:a])
    if kind == 1:
        for at in rng.integers(0, len(raw), rng.integers(1, 40)):
            raw[at] = rng.integers(256)
    elif kind == 2:
        del raw[a:b]
    elif kind == 3:
        raw[a:a] = raw[a:b]
    elif kind == 4:
        raw[a:b] = rng.bytes(b - a)
    else:
        for at in rng.integers(0, min(len(raw), 64), 8):  # the header
            raw[at] = rng.integers(256)
    return bytes(raw)


def test_a_thousand_hostile_files_give_a_thousand_statuses(tmp_path, portrait):
    rng = np.random.default_rng(SEED)
    hills = Image.fromarray(scenery.nobody(size=220, seed=1))  # nobody to embed: half of the work
    sources = [
        encoded(portrait, "JPEG", quality=90),
        encoded(hills, "JPEG", progressive=True),
        encoded(hills, "PNG"),
        encoded(hills, "WEBP"),
        encoded(portrait, "TIFF", compression="tiff_lzw"),
        encoded(portrait.convert("P"), "GIF"),
        encoded(portrait, "BMP"),
        encoded(portrait.convert("CMYK"), "JPEG"),
    ]
    paths = {}
    for k in range(1000):
        path = tmp_path / f"photo {k} é.jpg"
        path.write_bytes(mutated(sources[k % len(sources)], rng))
        paths[f"{k:04d}"] = path
    import resource

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rows = 0
    statuses: Counter = Counter()
    for batch in analyse(paths, mode="customer", settings=Faces(max_megapixels=4)):
        assert batch["sha256"].n_unique() == batch.height  # one face a portrait
        assert batch.filter((batch["status"] != "ok") & batch["reason"].is_null()).is_empty()
        assert check(batch, "faces").height == batch.height
        statuses.update(batch["status"])
        rows += batch.height
    assert rows == 1000, f"seed {SEED}"
    assert statuses["unreadable"] > 100 and statuses["ok"] > 100, statuses
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown < 1500, f"{grown:.0f} MB more"


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda p, image: p.write_bytes(b""), "is empty"),
        (lambda p, image: p.mkdir(), "is a folder"),
        (lambda p, image: None, "is missing"),
        (lambda p, image: p.write_text("not a picture"), "known format"),
        (lambda p, image: p.write_bytes(png(9000, 9000)), "81.0 megapixels"),
        (lambda p, image: p.write_bytes(png(60000, 60000)), "megapixels"),
        (lambda p, image: image.resize((400, 1)).save(p, "PNG"), "400 x 1"),
        (lambda p, image: p.write_bytes(encoded(image, "JPEG")[:2000]), "damaged"),
        (lambda p, image: p.symlink_to(p), "link to nothing"),
        (lambda p, image: p.symlink_to("/etc/hostname"), "outside"),
        (lambda p, image: os.mkfifo(p), "is not a file"),
    ],
)  # fmt: skip
def test_what_is_no_photo_says_why(tmp_path, portrait, make, reason):
    path = tmp_path / "x.jpg"
    make(path, portrait)
    with pytest.raises(Unreadable, match=reason):
        read(path, root=tmp_path)


def test_a_symlink_out_of_the_root_is_not_followed(tmp_path, portrait):
    inside, outside = tmp_path / "in", tmp_path / "out.png"
    inside.mkdir()
    portrait.save(outside)
    (inside / "x.png").symlink_to(outside)
    with pytest.raises(Unreadable, match="outside"):
        read(inside / "x.png", root=inside)
    assert read(inside / "x.png").width == 220


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF", "HEIF"])
def test_exif_orientation_is_undone(tmp_path, turn, kind):
    """Against Pillow's own reading of the tag."""
    from PIL import ImageOps

    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    ramp = np.zeros((64, 96, 3), np.uint8)
    ramp[:32, :48], ramp[:32, 48:], ramp[32:, :48] = (250, 0, 0), (0, 250, 0), (0, 0, 250)
    image, path = Image.fromarray(ramp), tmp_path / "x"
    exif = image.getexif()
    exif[0x0112] = turn
    image.save(path, kind, exif=exif, **({"quality": 95} if kind in ("JPEG", "WEBP") else {}))
    with Image.open(path) as opened:
        expected = np.asarray(ImageOps.exif_transpose(opened).convert("RGB"))
    photo = read(path)
    assert (photo.width, photo.height) == (expected.shape[1], expected.shape[0])
    assert np.abs(photo.pixels.astype(int) - expected).mean() < 2


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "YCbCr", "I;16", "I", "F", "HSV", "LAB"])
def test_every_colour_mode_becomes_rgb(tmp_path, portrait, mode):
    grey = np.asarray(portrait.convert("L"))
    if mode == "I;16":
        image = Image.fromarray(grey.astype(np.uint16) * 257)
    elif mode in ("I", "F"):
        image = Image.fromarray(grey.astype({"I": np.int32, "F": np.float32}[mode]))
    elif mode == "HSV":
        image = portrait.convert("HSV").convert("RGB")
    elif mode == "LAB":
        from PIL import ImageCms

        image = ImageCms.profileToProfile(
            portrait, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
        )
    else:
        image = portrait.convert(mode)
    path = tmp_path / "x"
    image.save(path, "TIFF")
    pixels = read(path).pixels
    assert pixels.shape == (220, 220, 3) and pixels.dtype == np.uint8
    if mode != "1":
        assert np.corrcoef(pixels.mean(axis=2).ravel(), grey.ravel())[0, 1] > 0.9


def test_transparent_pixels_become_white(tmp_path):
    Image.new("RGBA", (40, 40), (0, 0, 0, 0)).save(tmp_path / "x.png")
    assert (read(tmp_path / "x.png").pixels == 255).all()


def test_a_long_photo_is_reduced_and_remembers_its_size(tmp_path):
    Image.new("RGB", (3000, 1500), (9, 90, 200)).save(tmp_path / "x.jpg")
    photo = read(tmp_path / "x.jpg", max_side=1024)
    assert photo.pixels.shape == (512, 1024, 3) and (photo.width, photo.height) == (3000, 1500)
    assert photo.scale == pytest.approx(3000 / 1024)

"""Photos as they come: on their side, dark, cut short, with a small face in a large picture, of many bits."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from engine import pictures
from engine.config import Faces
from engine.faces import align, cut, gallery
from engine.faces.look import Seen, back
from engine.faces.mtcnn import Detections
from engine.faces.read import Photo, Unreadable, read
from engine.synth import looks, portraits, scenery


@pytest.fixture(scope="module")
def portrait() -> np.ndarray:
    people = looks.people(np.random.default_rng(5), np.array([40]), np.array([False]))
    return portraits.draw(people[0], size=320, seed=3, studio=True)


@pytest.fixture(scope="module")
def examine():
    return gallery.examiner("customer", Faces(), 1)


def saved(folder, name: str, pixels: np.ndarray, **options):
    Image.fromarray(pixels).save(folder / name, **options)
    return folder / name


def test_photos_on_their_side_dark_and_wide_are_the_same_face(tmp_path, portrait, examine):
    wide = np.full((2400, 3600, 3), 200, np.uint8)
    wide[900:1220, 1600:1920] = portrait
    paths = [
        saved(tmp_path, "base.png", portrait),
        *(saved(tmp_path, f"{k}.png", np.ascontiguousarray(np.rot90(portrait, k))) for k in (1, 2, 3)),
        saved(tmp_path, "dark.png", (portrait * 0.1).astype(np.uint8)),
        saved(tmp_path, "wide.jpg", wide, quality=95),
    ]
    found = examine(paths)
    assert [row["status"] for (row,) in found.rows] == ["ok"] * 6
    likeness = found.vectors @ found.vectors[0]
    assert (likeness > [0.99, 0.9, 0.9, 0.9, 0.9, 0.9]).all(), likeness
    boxes = np.array([row["box"] for (row,) in found.rows])
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    x, y = middle[0]  # where the face lies in the photo as it is stored
    np.testing.assert_allclose(middle[1:4], [(y, 320 - x), (320 - x, 320 - y), (320 - y, x)], atol=6)
    np.testing.assert_allclose(middle[5], (1600 + x, 900 + y), atol=12)
    assert found.rows[5][0]["box"][2] - found.rows[5][0]["box"][0] == pytest.approx(boxes[0, 2] - boxes[0, 0], rel=0.1)


def test_a_model_on_its_side_is_refused_with_the_turn_that_mends_it(tmp_path, portrait):
    examine = gallery.examiner("inventory", Faces(), 1)
    path = saved(tmp_path, "side.png", np.ascontiguousarray(np.rot90(portrait, 1)))
    ((row,),) = examine([path]).rows
    assert (row["status"], row["reason"]) == (
        "low_quality", "the photo is not upright: turn it a quarter to the right",
    )  # fmt: skip


def test_nobody_is_found_where_nobody_is(tmp_path, examine):
    noise = np.random.default_rng(1).integers(0, 256, (200, 200, 3)).astype(np.uint8)
    paths = [saved(tmp_path, f"{k}.png", scenery.nobody(size=200, seed=k)) for k in range(3)]
    found = examine([*paths, saved(tmp_path, "noise.png", noise), saved(tmp_path, "grey.png", noise * 0 + 90)])
    assert [row["status"] for (row,) in found.rows] == ["no_face"] * 5


@pytest.mark.parametrize("quarters", range(4))
def test_points_come_back_to_where_numpy_turned_them_from(quarters):
    pixels = np.zeros((5, 8, 3), np.uint8)
    pixels[1, 6] = 255
    photo = Photo(pixels, 8, 5).turned(quarters)
    y, x = np.argwhere(photo.pixels[:, :, 0])[0]
    none = Detections(np.zeros((0, 4)), np.zeros((0, 10)), np.zeros(0))
    there = back(np.array([[x + 0.5, y + 0.5]]), Seen(photo, quarters, none))
    np.testing.assert_allclose(there, [[6.5, 1.5]])


@pytest.mark.parametrize("angle", [-120, -90, 0, 30, 90, 170])
def test_a_face_stands_as_it_was_turned(angle):
    a = np.deg2rad(angle)
    face = np.array(align.TEMPLATE)
    face[:, 0] = (face[:, 0] - 80) / align.STRETCH
    turned = face @ np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]])
    turn, misfit = align.standing(turned.ravel())
    assert (turn, misfit) == (pytest.approx(angle), pytest.approx(0, abs=1e-9))
    assert align.standing(np.zeros(10))[1] == 1


def test_sharpness_does_not_tell_dark_from_bright(portrait):
    import cv2

    face = cv2.resize(portrait[40:280, 40:280], (160, 160))
    for light in (1.0, 0.5, 0.2):
        seen = cut.sharpness((face * light).astype(np.uint8))
        assert seen == pytest.approx(cut.sharpness(face), rel=0.2)
        assert cut.sharpness(cv2.GaussianBlur((face * light).astype(np.uint8), (0, 0), 7)) < Faces().min_sharpness
        lit = cut.lit((face * light).astype(np.uint8)).astype(float)
        assert np.corrcoef(lit.ravel(), face.ravel())[0, 1] > 0.98 and lit.std() > cut.DIM


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def test_what_any_viewer_shows_is_read(tmp_path, portrait):
    image, path = Image.fromarray(portrait), tmp_path / "x"
    texts = PngImagePlugin.PngInfo()
    texts.add_text("note", "y" * 70_000_000, zip=True)
    jpeg, png = encoded(image, "JPEG", quality=90), encoded(image, "PNG")
    for data in (jpeg[:-60], jpeg[: len(jpeg) * 9 // 10], encoded(image, "PNG", pnginfo=texts), png[:-300]):
        path.write_bytes(data)
        seen = read(path).pixels
        assert np.abs(seen[:200].astype(int) - portrait[:200]).mean() < 4
    for data in (jpeg[: len(jpeg) // 2], png[: len(png) // 2]):
        path.write_bytes(data)
        with pytest.raises(Unreadable, match="damaged"):
            read(path)


@pytest.mark.parametrize(
    ("most", "kind"), [(1.0, np.float32), (4095, np.uint16), (16383, np.uint16), (65535, np.int32)]
)
def test_pictures_of_many_bits_are_as_bright_as_they_were(tmp_path, portrait, most, kind):
    grey = portrait.mean(axis=2)
    path = tmp_path / "x.tif"
    Image.fromarray((grey / 255 * most).astype(kind)).save(path)
    assert np.abs(read(path).pixels[:, :, 0] - grey).max() < 2


def test_values_below_zero_are_the_darkest():
    ramp = np.linspace(-2, 6, 64, dtype=np.float32).reshape(8, 8)
    seen = np.asarray(pictures.eight_bits(Image.fromarray(ramp)))
    assert seen[0, 0] == 0 and (np.diff(seen.ravel().astype(int)) >= 0).all()


def test_large_jpegs_are_decoded_reduced_and_what_cannot_be_is_refused(tmp_path, portrait):
    large = Image.fromarray(portrait).resize((2000, 2000))
    plain, progressive, png = (tmp_path / name for name in ("a.jpg", "b.jpg", "c.png"))
    large.save(plain)
    large.save(progressive, progressive=True)
    large.save(png)
    seen = read(plain, max_megapixels=1, max_side=400)
    assert (seen.width, seen.height, seen.pixels.shape) == (2000, 2000, (400, 400, 3))
    for path in (progressive, png):
        with pytest.raises(Unreadable, match=r"4\.0 megapixels"):
            read(path, max_megapixels=1)
    with pytest.raises(Unreadable, match="cannot be decoded reduced"):
        read(plain, max_megapixels=1, max_side=1500)
    data = bytearray(encoded(large, "JPEG"))
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = struct.pack(">HH", 60000, 60000)  # what the header says decides
    plain.write_bytes(data)
    with pytest.raises(Unreadable, match=r"3600\.0 megapixels"):
        read(plain)

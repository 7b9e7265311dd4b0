"""Creatives themselves: readable, whole faces, no metadata, small files, the same bytes each time."""

from __future__ import annotations

import copy
import io
import math
import shutil
from datetime import datetime

import numpy as np
import pytest
from PIL import Image

from engine import documents
from engine.ads import brands, contrast
from engine.ads.photo import place, read
from engine.ads.render import Offer, Renderer
from engine.errors import ConfigError, InputError
from tests.ads import ads_data

SIZES = [(1080, 1080), (1080, 1920), (1200, 628), (300, 250), (728, 90), (160, 600)]


@pytest.fixture(scope="module")
def renderer(tmp_path_factory):
    return Renderer(brands.load(ads_data.brand(tmp_path_factory.mktemp("brand") / "own")))


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    return ads_data.portrait(tmp_path_factory.mktemp("photos") / "model.jpg", 1)


def wcag(a, b):
    """The contrast ratio written out for two colours: the oracle."""

    def lum(c):
        r, g, b = ((v / 255 / 12.92) if v / 255 <= 0.04045 else ((v / 255 + 0.055) / 1.055) ** 2.4 for v in c)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    high, low = sorted((lum(a), lum(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_contrast_is_wcags():
    assert contrast.worst(Image.new("RGB", (4, 4), "white"), (0, 0, 4, 4), (0, 0, 0)) == pytest.approx(21, abs=1e-4)
    rng = np.random.default_rng(5)
    for _ in range(50):
        pixels = rng.integers(0, 256, (3, 4, 3), dtype=np.uint8)
        colour = tuple(int(v) for v in rng.integers(0, 256, 3))
        expected = min(wcag(colour, tuple(map(int, p))) for p in pixels.reshape(-1, 3))
        assert contrast.worst(Image.fromarray(pixels), (0, 0, 4, 3), colour) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("size", SIZES)
def test_each_size_is_composed_with_all_texts_and_the_face(renderer, photo, size):
    offer = ads_data.OFFER
    image = renderer.render(photo, offer, size)
    assert image.size == size and image.mode == "RGB"
    for missing in ("headline", "body", "call_to_action"):
        other = Offer(**{**offer.__dict__, missing: ""})
        assert renderer.render(photo, other, size).tobytes() != image.tobytes(), missing
    layer = next(la for la in renderer.brand.sizes[size] if la.kind == "photo")
    picture, faces = read(photo)
    _, cut = place(picture, faces, layer)
    x0, y0, x1, y1 = ads_data.on_canvas(cut, faces[0].box)
    left, top, width, height = layer.face
    assert left <= x0 + layer.box[0] and x1 + layer.box[0] <= left + width
    assert top <= y0 + layer.box[1] and y1 + layer.box[1] <= top + height


@pytest.mark.parametrize("size", SIZES)
def test_no_text_touches_the_face(renderer, photo, size):
    """The picture differs from one of another offer nowhere near the face."""
    one = np.asarray(renderer.render(photo, ads_data.OFFER, size)).astype(int)
    other = Offer("b", "WWWW MMMM " * 12, "MMMM WWWW " * 30, "Now or never again")
    two = np.asarray(renderer.render(photo, other, size)).astype(int)
    layer = next(la for la in renderer.brand.sizes[size] if la.kind == "photo")
    picture, faces = read(photo)
    _, cut = place(picture, faces, layer)
    x0, y0, x1, y1 = (round(v) for v in ads_data.on_canvas(cut, faces[0].box))
    x, y = layer.box[:2]
    region = (slice(max(y + y0, 0), y + y1), slice(max(x + x0, 0), x + x1))
    assert np.abs(one[region] - two[region]).max() <= 60  # a scrim may be stronger; letters would be white on skin


@pytest.mark.parametrize("ground", ["white", "black", "#888888", "noise"])
def test_text_over_a_photo_is_readable_on_any_photo(renderer, tmp_path, ground):
    path = tmp_path / "p.png"
    if ground == "noise":
        noise = np.random.default_rng(1).integers(0, 256, (700, 500, 3), dtype=np.uint8)
        Image.fromarray(noise).save(path)
    else:
        Image.new("RGB", (500, 700), ground).save(path)
    photo = ads_data.portrait(tmp_path / "face.jpg")
    photo = type(photo)("p", f"ground {ground}", path, (500, 700), photo.faces)
    size = (1080, 1920)
    plain = renderer.background(photo, ads_data.OFFER, size)
    full = np.asarray(renderer.render(photo, ads_data.OFFER, size))
    letters = (np.abs(full.astype(int) - np.asarray(plain)).sum(2) > 0) & (full == 255).all(2)  # the white ones
    assert letters.sum() > 5000
    worst = min(wcag((255, 255, 255), p) for p in np.unique(np.asarray(plain)[letters], axis=0)[::7].tolist())
    assert worst >= 4.5 - 1e-3


def test_a_scrim_is_no_stronger_than_needed(renderer, tmp_path):
    """On a white photo the worst letter is just readable; on a black one the scrim keeps the template's strength."""
    face = ads_data.portrait(tmp_path / "face.jpg")
    for grey, expected in ((255, (4.5, 5.4)), (0, (15.0, 21.0))):
        path = tmp_path / f"{grey}.png"
        Image.new("RGB", (500, 700), (grey,) * 3).save(path)
        photo = type(face)("p", f"grey {grey}", path, (500, 700), face.faces)
        canvas = renderer.background(photo, ads_data.OFFER, (1080, 1920))
        assert expected[0] <= contrast.worst(canvas, (80, 1300, 400, 100), (255, 255, 255)) <= expected[1]


def test_jpegs_carry_no_metadata_and_keep_the_budget(renderer, tmp_path):
    noise = np.random.default_rng(2).integers(0, 256, (900, 900, 3), dtype=np.uint8)
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    Image.fromarray(noise).save(tmp_path / "n.jpg", exif=exif, comment=b"secret", quality=95)
    face = ads_data.portrait(tmp_path / "face.jpg", size=(900, 900)).faces
    photo = type(ads_data.portrait(tmp_path / "x.jpg"))("n", "1" * 64, tmp_path / "n.jpg", (900, 900), face)
    for size in SIZES:
        data = renderer.file(photo, ads_data.OFFER, size)
        assert b"secret" not in data and b"Exif" not in data
        assert set(Image.open(io.BytesIO(data)).info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        if size in ((300, 250), (728, 90), (160, 600)):
            assert len(data) <= 150_000


def test_the_same_inputs_give_the_same_bytes(photo):
    one, two = (Renderer(brands.load()).file(photo, ads_data.OFFER, (300, 250)) for _ in range(2))
    assert one == two


def test_a_small_memory_changes_nothing(photo, renderer):
    poor = Renderer(renderer.brand, memory=1)
    for size in SIZES[:2]:
        assert (
            poor.render(photo, ads_data.OFFER, size).tobytes() == renderer.render(photo, ads_data.OFFER, size).tobytes()
        )


def test_right_to_left_text_stands_at_the_right(renderer, photo):
    ground = np.asarray(renderer.render(photo, Offer("r", "", "", ""), (1200, 628))).astype(int)
    drawn = np.asarray(renderer.render(photo, Offer("r", "هاتف جديد لك", "", ""), (1200, 628))).astype(int)
    columns = np.flatnonzero(np.abs(drawn - ground).sum((0, 2)))
    assert columns.max() > 590 and columns.min() > 100


def test_markup_in_texts_is_drawn_as_it_stands(renderer, photo):
    one = renderer.render(photo, Offer("m", "<b>Bold</b>", "", ""), (300, 250))
    two = renderer.render(photo, Offer("m", "Bold", "", ""), (300, 250))
    assert one.tobytes() != two.tobytes()


@pytest.mark.parametrize("damage", ["missing", "truncated", "text"])
def test_a_bad_photo_is_named(renderer, photo, tmp_path, damage):
    path = tmp_path / "bad.jpg"
    if damage != "missing":
        path.write_bytes(photo.path.read_bytes()[:900] if damage == "truncated" else b"hello")
    bad = type(photo)("bad", "2" * 64, path, None, ())
    with pytest.raises(InputError, match=r"bad\.jpg: photo bad cannot be read"):
        renderer.render(bad, ads_data.OFFER, (300, 250))


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "I;16"])
def test_photos_of_any_colour_mode(renderer, tmp_path, mode):
    path = tmp_path / ("p.jpg" if mode == "CMYK" else "p.png")
    Image.new(mode, (300, 300)).save(path)
    photo = type(ads_data.portrait(tmp_path / "x.jpg"))("p", mode, path, None, ())
    assert renderer.render(photo, ads_data.OFFER, (300, 250)).size == (300, 250)


def test_a_turned_photo_is_shown_upright(renderer, photo, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    upright = Image.open(photo.path)
    upright.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "turned.jpg", exif=exif, quality=95)
    turned = type(photo)("t", "3" * 64, tmp_path / "turned.jpg", photo.size, photo.faces)
    a = np.asarray(renderer.render(photo, ads_data.OFFER, (300, 250))).astype(int)
    b = np.asarray(renderer.render(turned, ads_data.OFFER, (300, 250))).astype(int)
    assert np.abs(a - b).mean() < 3


@pytest.fixture
def brand(tmp_path):
    shutil.copytree(brands.BUILT_IN, tmp_path / "brand")
    return tmp_path / "brand"


def edit(folder, old, new):
    file = folder / "brand.toml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Manrope-Bold.ttf", "Absent.ttf", r"Absent\.ttf cannot be read"),
        ("fonts/Manrope-Bold.ttf", "../../../etc/hostname", "outside the brand's folder"),
        ('night = "#17153B"', 'night = "dark"', r"night = 'dark' is not a colour"),
        ('kind = "photo"', 'kind = "foto"', r"size 1080x1080, layer 1: kind = 'foto'.*photo"),
        ("eyes = 0.40", "eyes = 42", r"layer 1: eyes = 42 should lie between 0 and 1"),
        ("eyes = 0.40", "nose = 0.40", r"layer 1: does not know 'nose'"),
        ("box = [0, 0, 1080, 704]", "box = [0, 0, 1080]", r"box = \[0, 0, 1080\] should be 4 whole numbers"),
        ('text = "headline"', 'text = "price"', r"layer 4: text = 'price' is not one of headline"),
        ('colour = "paper"', 'colour = "gold"', r"colour 'gold' is not one of"),
        ("[brand]", "[brand", "is not TOML"),
        (
            "box = [48, 44, 984, 72]",
            "box = [48, 84, 984, 72]",
            r"size 1080x1080: layer 3 \(text\) covers a part of layer 1",
        ),
        ("canvas = [1080, 1080]", "canvas = [1080, 99999]", "should lie between 16 and 4096"),
    ],
)
def test_a_wrong_brand_names_file_size_and_layer(brand, old, new, said):
    edit(brand, old, new)
    with pytest.raises(ConfigError, match=rf"brand\.toml.*{said}"):
        brands.load(brand)


def test_whatever_stands_in_a_brand_it_is_read_or_refused():
    """Every value of the first size, and what is above it, replaced by values of every type."""
    file = brands.BUILT_IN / "brand.toml"
    document, raw = documents.read_toml(file)
    document["size"] = document["size"][:1]
    refused = 0
    for path in walk(document):
        for value in (7, -1, True, 1.5, math.nan, "{name}", [], [[]], {}, {"a": 1}, [None], datetime(2026, 1, 1)):
            other = copy.deepcopy(document)
            place = other
            for step in path[:-1]:
                place = place[step]
            place[path[-1]] = value
            try:
                brands._Reader(file.parent, file).brand(other, raw)
            except ConfigError as error:
                refused += str(file) in str(error)
    assert refused > 500


def walk(value, path=()):
    """The place of every value in tables and lists."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*path, key)
        if isinstance(inner, (dict, list)):
            yield from walk(inner, (*path, key))


def test_no_brand_folder(tmp_path):
    with pytest.raises(ConfigError, match=r"brand\.toml cannot be read"):
        brands.load(tmp_path / "none")


def test_a_brand_whose_colours_cannot_be_read_is_refused(brand, photo):
    edit(brand, 'mist = "#DAD9F2"', 'mist = "#3A3880"')
    with pytest.raises(ConfigError, match=r"size 1080x1080: the body has a contrast of [1-4]\.\d to 1"):
        Renderer(brands.load(brand)).render(photo, ads_data.OFFER, (1080, 1080))


def test_the_digest_follows_what_is_seen(brand):
    first = brands.load(brand).digest
    assert first == brands.load().digest
    (brand / "notes.txt").write_text("hello")
    assert brands.load(brand).digest == first
    edit(brand, "#FF7A59", "#FF7A58")
    assert brands.load(brand).digest != first

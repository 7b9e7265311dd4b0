"""A brand's own words: in the campaign's language, on every size, and nobody's name where no brand says one."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from engine.ads import brands, creative, photo
from engine.ads.render import Offer, Renderer
from engine.errors import ConfigError
from tests.ads import ads_data

OFFERS = {
    "tr": Offer("o", "Size en yakın telefon", "Bu ay değiştirin, numaranız sizde kalsın.", "Şimdi alın"),
    "ar": Offer("o", "هاتف لأشخاص مثلك", "بدّل هاتفك هذا الشهر واحتفظ برقمك.", "احصل عليه"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return ads_data.brand(tmp_path_factory.mktemp("brand") / "own")


@pytest.mark.parametrize(("language", "name"), [("", "Star Mobile"), ("tr", "Yıldız Mobil"), ("ar", "نجمة موبايل")])
def test_name_and_small_print_are_those_of_the_language(folder, language, name):
    own = brands.load(folder, language)
    assert own.name == name and own.language == language
    assert own.sizes.keys() == brands.load().sizes.keys()
    offer = OFFERS.get(language, ads_data.OFFER)
    for size in own.sizes:
        said = [(b.item.text, " ".join(b.lines)) for blocks in Renderer(own)._set(offer, size).values() for b in blocks]
        assert {"brand", "legal", "headline"} <= {what for what, _ in said}
        assert all(text == name for what, text in said if what == "brand")
        assert all(text == own.legal for what, text in said if what == "legal")


def test_each_language_is_another_picture(folder, tmp_path):
    shown = ads_data.portrait(tmp_path / "m.jpg", 1)
    made = [
        np.asarray(Renderer(brands.load(folder, language)).render(shown, ads_data.OFFER, (300, 250)))
        for language in ("", "tr", "ar")
    ]
    assert all(not np.array_equal(made[a], made[b]) for a, b in ((0, 1), (0, 2), (1, 2)))
    assert len({brands.load(folder, language).digest for language in ("", "tr", "ar")}) == 3


def test_alternative_texts_are_the_language_s(folder):
    turkish, english = brands.load(folder, "tr"), brands.load(folder)
    said = creative.alt_text(OFFERS["tr"], turkish)
    assert said.startswith("Yıldız Mobil reklamında bir modelin portresi. Size en yakın telefon.")
    assert creative.alt_text(OFFERS["tr"], turkish, face=False).startswith("Yıldız Mobil reklamı. ")
    assert creative.alt_text(ads_data.OFFER, english).startswith("Portrait of a model in an ad of Star Mobile. ")


def test_a_language_that_is_not_there_is_refused(folder):
    with pytest.raises(ConfigError, match=r"brand\.toml: has no \[language\.de\].*tr, ar"):
        brands.load(folder, "de")


@pytest.mark.parametrize(
    "text", ['[brand]\nslogan = "x"', "[language.tr]\nname = 7", "language = 3", "[language]\ntr = 1"]
)
def test_a_wrong_word_is_refused(tmp_path, text):
    with pytest.raises(ConfigError, match=r"brand\.toml"):
        brands.load(ads_data.brand(tmp_path / "b", text))


def test_colours_of_its_own_take_the_place_of_the_built_in_ones(tmp_path):
    plain = brands.load(ads_data.brand(tmp_path / "a"))
    other = brands.load(ads_data.brand(tmp_path / "b", ads_data.BRAND + '\n[colours]\ncoral = "#FFB000"\n'))
    fills = {item.fill for layers in other.sizes.values() for layer in layers for item in layer.items}
    assert (255, 176, 0) in fills and plain.digest != other.digest


def test_nobody_is_named_until_a_brand_is(tmp_path):
    own = brands.load()
    assert (own.name, own.legal) == ("", "")
    texts = [item.text for blocks in Renderer(own)._set(ads_data.OFFER, (1080, 1080)).values() for item in
             (block.item for block in blocks)]  # fmt: skip
    assert "brand" not in texts and "legal" not in texts
    assert creative.alt_text(ads_data.OFFER, own).startswith("Portrait of a model in an ad. ")


@pytest.mark.parametrize(("side", "soft"), [((400, 500), True), ((1600, 2000), False)])
def test_how_much_a_photo_is_enlarged_is_counted_in_pixels(tmp_path, side, soft):
    shown = ads_data.portrait(tmp_path / "m.jpg", 1, size=side)
    layers = brands.load().sizes[1080, 1920]
    layer = next(one for one in layers if one.kind == "photo")
    times = photo.enlarged(shown, layers)
    _, cut = photo.place(*photo.read(shown), layer)
    assert times == pytest.approx(layer.box[2] / (cut.x1 - cut.x0)) and (times > photo.SOFT) == soft
    assert photo.enlarged(photo.Photo("g", "0" * 64, tmp_path, None, ()), layers) is None


def test_the_stage_says_who_is_not_named_and_which_photos_are_too_small(tmp_path):
    space = ads_data.make(tmp_path / "ws", preset={"ads__sizes": "1080x1080,1080x1920"})
    ads, notes = ads_data.told(space)
    assert len(notes) == 2 and "name no company" in notes[0]
    worst = ads.group_by("photo_id").agg(pl.col("enlarged").max()).filter(pl.col("enlarged") > photo.SOFT)
    assert notes[1].startswith(f"{worst.height} of 3 photos are enlarged more than 2 times")
    assert f"{worst['enlarged'].max():.1f} times" in notes[1]
    named = ads_data.brand(tmp_path / "brand")
    again = ads_data.make(tmp_path / "named", preset={"ads__brand": str(named), "ads__language": "tr",
                                                      "ads__sizes": "300x250"})  # fmt: skip
    ads, notes = ads_data.told(again)
    assert notes == [] and ads["alt_text"].str.contains("Yıldız Mobil").all()

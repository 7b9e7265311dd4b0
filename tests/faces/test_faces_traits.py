"""Hair colour as measured, filters and penalties against plain loops, contact sheets."""

from __future__ import annotations

import io
import json
import re

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from engine import sexes
from engine.attributes import band
from engine.config import Faces
from engine.errors import ConfigError
from engine.faces import cut, sheet, traits
from engine.faces.match import cap_gap, match
from tests.faces.test_faces_match import likeness, world


def scene(colour, background=(230, 230, 240)):
    """A head: a coloured cap of hair above a face box at (60, 80)-(140, 180)."""
    pixels = np.full((240, 200, 3), background, np.uint8)
    pixels[40:120, 55:145] = colour
    pixels[82:180, 60:140] = (224, 172, 140)
    return pixels, np.array([60, 80, 140, 180])


@pytest.mark.parametrize("name", ["black", "brown", "blond", "red", "grey"])
def test_hair_has_the_colour_it_has(name):
    import cv2

    lab = np.float32([[traits.HAIR[name]]])
    colour = (cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)[0, 0] * 255).round().astype(np.uint8)
    measured = traits.hair(*scene(colour))
    assert np.linalg.norm(np.array(measured[:3]) - traits.HAIR[name]) < 4
    assert measured[3] > 0.5
    assert traits._nearest_name(np.array(measured[:3])) == name


def test_hair_that_looks_like_the_wall_or_lies_outside_is_not_trusted():
    same = traits.hair(*scene((90, 60, 40), background=(90, 60, 40)))
    assert same[3] < 0.1
    pixels, box = scene((90, 60, 40))
    assert traits.hair(pixels[80:], box - (0, 80, 0, 80))[3] < traits.SURE
    noise = np.random.default_rng(1).integers(0, 256, (240, 200, 3)).astype(np.uint8)
    assert traits.hair(noise, box)[3] < traits.SURE


@pytest.mark.parametrize("name", ["race", "Ethnicity", "skin_tone", "nationality"])
def test_what_concerns_race_is_no_filter(name):
    with pytest.raises(ConfigError, match="not accepted"):
        traits.wishes(f"gender,{name}", 0, 0)


def test_bands_of_age():
    assert band("30-39") == (30, 39) and band("60+") == (60, 120) and band(" 45 ") == (45, 45)
    assert all(np.isnan(band(text)).all() for text in ("", "old", "30-", "-5"))


def known(models, subjects, seed=3):
    rng = np.random.default_rng(seed)
    people = sorted(set(subjects["subject_id"]))
    about = pl.DataFrame(
        {
            "subject_id": people,
            "age": rng.integers(18, 80, len(people)),
            "gender": rng.choice(["Woman", "man"], len(people)),
        }
    ).with_columns(age=pl.when(pl.col("subject_id") == people[0]).then(None).otherwise("age"))
    photos = models["photo_id"].unique().sort().to_list()
    attributes = {
        p: json.dumps({"gender": str(rng.choice(["woman", "man"])), "age_band": f"{10 * d}-{10 * d + 9}"})
        for p, d in zip(photos, rng.integers(2, 8, len(photos)), strict=True)
    }
    attributes[photos[0]] = None
    attributes[photos[1]] = "not json"
    return about, models.with_columns(attributes=pl.col("photo_id").replace_strict(attributes, return_dtype=pl.String))


def test_filters_and_penalties_equal_plain_loops():
    wanted, subjects, models = world(11, arms=("own_face", "influencer_face"))
    about, models = known(models, subjects)
    got = match(
        wanted, subjects, models, wishes=traits.wishes("gender", 0, 0.2), traits=about
    )  # fmt: skip
    plain = {r["subject_id"]: r for r in about.iter_rows(named=True)}
    texts = dict(models.select("photo_id", "attributes").unique().iter_rows())
    matched = got.filter(pl.col("status") == "matched")
    assert len(matched)
    for row in matched.iter_rows(named=True):
        scores = {}
        for photo, text in texts.items():
            person = plain[row["subject_id"]]
            has = json.loads(text) if text and text.startswith("{") else {}
            if has and has["gender"] != person["gender"].lower():
                continue
            years = 0
            if has and person["age"] is not None:
                low, high = (int(v) for v in has["age_band"].split("-"))
                years = max(low - person["age"], person["age"] - high, 0)
            scores[photo] = likeness(subjects, models, row["subject_id"], photo) - 0.2 * years / 10
        best = max(sorted(scores), key=scores.get)
        assert row["photo_id"] == best
        assert row["similarity"] == pytest.approx(likeness(subjects, models, row["subject_id"], best), abs=1e-5)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_the_other_sex_is_shown_only_where_no_photo_of_the_same_may_be(seed):
    """By the weights that are set from the start, whatever the ages and hair, and were it the same face."""
    rng, asked = np.random.default_rng(seed), Faces()
    wanted, subjects, models = world(seed, arms=("own_face",))
    people = subjects["subject_id"].unique().sort().to_list()
    photos = models["photo_id"].unique().sort().to_list()
    sexes_of = dict(zip([*people, *photos], rng.choice(["f", "m"], len(people) + len(photos)), strict=True))
    twin = subjects.row(0, named=True)
    sexes_of[twin["subject_id"]], sexes_of[photos[0]] = "f", "m"
    faces = [twin["embedding"] if row["photo_id"] == photos[0] else row["embedding"] for row in models.to_dicts()]
    ages = {p: "90" if sexes_of[p] == "f" else "18" for p in photos}
    looks = [json.dumps({"sex": sexes_of[p], "age": ages[p], "hair": "white"}) for p in photos]
    models = models.with_columns(
        pl.Series("embedding", faces, dtype=models.schema["embedding"]),
        attributes=pl.col("photo_id").replace_strict(photos, looks),
    )
    about = pl.DataFrame(
        {"subject_id": people, "gender": [sexes_of[p] for p in people], "age": rng.integers(18, 30, len(people)),
         "hair": pl.Series([[14.0, 1, 1, 0.9]] * len(people), dtype=pl.Array(pl.Float32, 4))}
    )  # fmt: skip
    wish = traits.wishes(asked.filters, asked.hair_weight, asked.age_weight, asked.sex_weight)
    got = match(wanted, subjects, models, least=asked.min_similarity, wishes=wish, traits=about)
    seen = got.filter(pl.col("status") == "matched")
    for who, photo in seen.select("subject_id", "photo_id").iter_rows():
        if sexes_of[who] != sexes_of[photo]:
            same = [likeness(subjects, models, who, p) for p in photos if sexes_of[p] == sexes_of[who]]
            assert max(same, default=-1) < asked.min_similarity
    assert len(seen)


def test_an_age_is_one_of_some_years():
    people = pl.DataFrame({"subject_id": ["a"], "age": [40]})
    ages = ["40", "47", "48", "60-69", "30-50"]
    photos = pl.DataFrame({"photo_id": list("pqrst"), "attributes": [json.dumps({"age_band": age}) for age in ages]})
    off = traits.Penalties(people, photos, traits.Wishes(age_weight=1.0))(np.arange(1))
    np.testing.assert_allclose(off[0], [0, 0, 0.1, 2, 0], atol=1e-6)


def test_hair_takes_off_in_proportion_and_unknown_hair_takes_off_nothing():
    people = pl.DataFrame(
        {"subject_id": ["a", "b"], "hair": [[14.0, 1, 1, 0.9], [14.0, 1, 1, 0.1]]},
        schema_overrides={"hair": pl.Array(pl.Float32, 4)},
    )
    photos = pl.DataFrame({"photo_id": ["p", "q", "r"], "attributes": ['{"hair":"black"}', '{"hair":"white"}', "{}"]})
    off = traits.Penalties(people, photos, traits.Wishes(hair_weight=0.3))(np.arange(2))
    np.testing.assert_allclose(off, [[0, 0.3, 0], [0, 0, 0]], atol=1e-6)
    barred = traits.Penalties(people, photos, traits.Wishes(filters=("hair",)))(np.arange(2))
    np.testing.assert_array_equal(np.isinf(barred), [[False, True, False], [False, False, False]])


@pytest.mark.parametrize(
    ("words", "means"),
    [
        ("f m", "f m"), ("Female MALE", "f m"), ("w m", "f m"), ("Frau Mann divers", "f m -"), ("k m", "f m"),
        ("mujer hombre", "f m"), ("h m", "m f"), ("h f", "m f"), ("n f", "f m"), ("nő férfi", "f m"), ("v m", "f m"),
        ("ж м", "f m"), ("k e", "f m"), ("1 2 9 0", "m f - -"), ("0 1", "- -"), ("yes no", "- -"), ("", ""),
    ],
)  # fmt: skip
def test_sex_is_understood_in_the_words_of_its_column(words, means):
    got = sexes.understood(words.split())
    assert [got.get(w.lower(), "-") for w in words.split()] == means.split()


def test_codes_of_two_sides_meet_or_the_run_stops_naming_them():
    people = pl.DataFrame({"subject_id": ["a", "b", "c"], "gender": ["m", "f", None], "style": ["x", "y", "z"]})
    photos = pl.DataFrame(
        {
            "photo_id": ["p", "q", "r"],
            "attributes": ['{"gender":"male","style":"1"}', '{"sex":"Frau","style":"2"}', "{}"],
        }
    )
    barred = np.isinf(traits.Penalties(people, photos, traits.wishes("gender", 0, 0))(np.arange(3)))
    np.testing.assert_array_equal(barred, [[False, True, False], [True, False, False], [False, False, False]])
    taken = traits.Penalties(people, photos, traits.wishes("", 0, 0, 0.7))(np.arange(3))
    np.testing.assert_allclose(taken, np.where(barred, 0.7, 0), atol=1e-6)
    with pytest.raises(ConfigError, match="customers' aa, bb say no sex"):
        strange = people.with_columns(gender=pl.Series(["aa", "bb", None]))
        traits.Penalties(strange, photos, traits.wishes("gender", 0, 0))
    with pytest.raises(ConfigError, match="x, y, z and the models' 1, 2 have no word in common"):
        traits.Penalties(people, photos, traits.wishes("style", 0, 0))


def test_disagreements_are_counted_where_both_sides_are_known():
    people = pl.DataFrame({"subject_id": ["a", "b", "c"], "gender": ["m", "f", None], "age": [50, 20, None]})
    models = pl.DataFrame(
        {
            "photo_id": ["p", "q", "q"],
            "attributes": ['{"gender":"female","age_band":"60-69"}', '{"gender":"f","age":"36"}', None],
        }
    )
    found = pl.DataFrame(
        {"subject_id": ["a", "b", "c", "a"], "photo_id": ["p", "q", "p", None], "status": ["matched"] * 3 + ["used_up"]}
    )
    assert traits.disagreements(found, people, models) == {"other_sex": 0.5, "years_apart": 0.5}
    nobody = traits.disagreements(found.clear(), people, models)
    assert nobody == {"other_sex": None, "years_apart": None}


def test_a_photo_is_of_its_main_face_not_of_a_bystander():
    boxes = [[0, 0, 60, 60], [150, 100, 250, 220], [10, 10, 110, 130], None]
    faces = pl.DataFrame(
        {
            "sha256": ["a", "a", "b", "c"],
            "face": [0, 1, 0, -1],
            "status": ["ok", "low_quality", "ok", "no_face"],
            "box": pl.Series(boxes, dtype=pl.Array(pl.Float32, 4)),
            "width": [400, 400, 120, 9],
            "height": [300, 300, 140, 9],
        }
    )
    assert cut.main_faces(faces).select("sha256", "face").rows() == [("a", 1), ("b", 0)]
    assert cut.main_faces(faces.tail(1)).is_empty()


def test_when_every_photo_is_barred_the_status_says_so():
    wanted, subjects, models = world(12, arms=("own_face",))
    models = models.with_columns(attributes=pl.lit('{"gender":"man"}'))
    about = subjects.select("subject_id").unique().with_columns(gender=pl.lit("woman"))
    got = match(wanted, subjects, models, wishes=traits.wishes("gender", 0, 0), traits=about)
    assert "excluded" in set(got["status"]) and set(got["status"]) <= {"excluded", "no_photo"}


def test_what_caps_cost():
    wanted, subjects, models = world(13, arms=("own_face", "influencer_face"))
    free = match(wanted, subjects, models)
    capped = match(wanted, subjects, models.with_columns(max_uses=pl.lit(2, pl.Int32)))
    cost = cap_gap(capped, free)
    assert cost["gap"] > 0 and 0 < cost["moved"] <= 1 and 0 <= cost["lost"] < 1
    assert cap_gap(free, free) == {"matched": cost["free"] if cost["lost"] == 0 else pytest.approx(
        float(free["similarity"].mean())), "free": pytest.approx(float(free["similarity"].mean())), "gap": 0.0,
        "moved": 0.0, "lost": 0.0}  # fmt: skip


def test_a_sheet_shows_everything_and_runs_nothing():
    picture = np.full((160, 160, 3), 120, np.uint8)
    evil = "<script>alert(1)</script>"
    rows = [
        sheet.Row(f"c1 {evil}", picture, None, (sheet.Likeness("m1", picture, 0.987, "same_person_likely"),)),
        sheet.Row("c2", None, "no_face", ()),
    ]
    text = sheet.page(rows)
    assert "<script" not in text and "98.7%" in text and "no_face" in text
    assert not re.search(r"(src|href)=\"(?!data:)", text)
    with Image.open(io.BytesIO(sheet.png(rows))) as image:
        assert image.format == "PNG" and image.width > 6 * 160
        assert 160 < image.height < 2 * 160  # without a face a line is only as tall as its words
    assert sheet.png(rows) == sheet.png(rows) and sheet.png([])

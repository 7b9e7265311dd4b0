"""What all faces share is taken off, photos of a person count as one, and who is the same person depends on how many
were searched."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.faces import likeness
from engine.faces.match import match

SHAPE = pl.Array(pl.Float32, 512)


def unit(vectors):
    return (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)


def models(vectors):
    return pl.DataFrame(
        {
            "photo_id": [f"m{k:06d}" for k in range(len(vectors))],
            "sha256": [f"i{k:06d}" for k in range(len(vectors))],
            "max_uses": pl.Series([None] * len(vectors), dtype=pl.Int32),
            "embedding": pl.Series(vectors, dtype=SHAPE),
        }
    )


def pairs(vectors):
    return likeness.random_similarities(models(likeness.without(vectors, likeness.common(vectors))), seed=1)


class People:
    """Persons who differ in few directions of the 512, and photos of them that differ less."""

    def __init__(self, seed: int, directions: int, noise: float = 0.6) -> None:
        self._draw = np.random.default_rng(seed)
        self._basis = np.linalg.qr(self._draw.standard_normal((512, directions + 1)))[0].T
        self._noise = noise

    def some(self, n: int) -> np.ndarray:
        return unit(self._draw.standard_normal((n, len(self._basis) - 1)))

    def photos(self, persons: np.ndarray) -> np.ndarray:
        other = unit(self._draw.standard_normal(persons.shape))
        return unit(unit(persons + self._noise * other) @ self._basis[1:] + 0.5 * self._basis[0])


@pytest.mark.parametrize(("count", "directions"), [(100, 83), (1000, 83), (1000, 20), (50_000, 83)])
def test_two_in_a_hundred_best_matches_are_taken_for_the_same_person_and_the_same_ones_found(count, directions):
    people = People(3, directions)
    gallery = people.photos(people.some(count))
    persons = people.some(300)
    mean = likeness.common(gallery)
    shown = likeness.without(gallery, mean)
    bar = likeness.same_person(likeness.random_similarities(models(shown), seed=1), count)
    queries = likeness.without(people.photos(persons), mean)
    best = np.concatenate([(queries[k : k + 50] @ shown.T).max(axis=1) for k in range(0, 300, 50)])
    assert (best > bar).mean() <= 0.05  # 2 % of 300, drawn by chance
    others = likeness.without(people.photos(persons), mean)
    same = np.einsum("ij,ij->i", queries, others)
    assert (same > bar).mean() >= (0.95 if directions > 20 else 0.3)


def test_of_few_models_customers_tell_how_alike_different_persons_are():
    """Over 30 towns of 24 models and 40 customers, a tenth of whom are models."""
    false, by_models = [], []
    for seed in range(30):
        people = People(seed, 20)
        persons = people.some(24)
        gallery = people.photos(persons)
        mean = likeness.common(gallery)
        shown = models(likeness.without(gallery, mean))
        who = np.concatenate([persons[:4], people.some(36)])
        asked = pl.DataFrame(
            {"subject_id": [f"c{k:02}" for k in range(40)], "sha256": [f"s{k}" for k in range(40)],
             "embedding": pl.Series(likeness.without(people.photos(who), mean), dtype=SHAPE)}
        )  # fmt: skip
        best = (likeness.without(people.photos(people.some(100)), mean) @ shown["embedding"].to_numpy().T).max(axis=1)
        random = likeness.random_similarities(shown, seed=1)
        for used, share in ((likeness.of_others(random, asked, shown), false), (random, by_models)):
            share.append((best > likeness.same_person(used, 24)).mean())
        assert (
            likeness.of_others(random, asked[::-1], shown).tobytes()
            == likeness.of_others(random, asked, shown).tobytes()
        )
        assert likeness.of_others(random, asked[:2], shown) is random  # too few to tell
    assert np.mean(false) < 0.04 < np.mean(by_models)


def test_who_is_a_model_with_the_very_photo_is_no_pair_of_different_persons():
    people = People(1, 83)
    shown = models(people.photos(people.some(8)))
    asked = shown.select(subject_id="photo_id", sha256="sha256", embedding="embedding")
    others = pl.DataFrame({"subject_id": [f"o{k}" for k in range(9)], "sha256": [f"o{k}" for k in range(9)],
                           "embedding": pl.Series(people.photos(people.some(9)), dtype=SHAPE)})  # fmt: skip
    found = likeness.of_others(np.zeros(3), pl.concat([asked, others]), shown)
    assert len(found) == 72 and found[-1] < 0.9


def test_a_fixed_bar_takes_most_best_matches_for_the_same_person():
    """The planted fault: the threshold of a pair, used for the best of a thousand."""
    people = People(4, 83)
    gallery, queries = people.photos(people.some(1000)), people.photos(people.some(200))
    random = np.sort(np.einsum("ij,ij->i", gallery[:-1], gallery[1:]))
    assert ((queries @ gallery.T).max(axis=1) > random[int(0.99 * len(random))]).mean() > 0.9


def test_more_photos_raise_the_bar_and_photos_of_the_same_models_hardly_do():
    people = People(5, 83)
    one = pairs(people.photos(people.some(100)))
    bars = [likeness.same_person(one, n) for n in (1, 10, 100, 1000, 50_000)]
    assert bars == sorted(bars) and bars[-1] < 0.8
    several = pairs(people.photos(np.repeat(people.some(20), 5, axis=0)))
    assert likeness.same_person(several, 100) < bars[2] + 0.2
    assert likeness.same_person(one[:10], 100) == likeness.same_person(np.zeros(0), 100)  # too few to tell


@given(st.integers(0, 2**32 - 1), st.integers(10, 40), st.floats(0, 0.9))
@settings(max_examples=30, deadline=None)
def test_what_all_share_is_found_and_nothing_where_they_share_nothing(seed, n, share):
    draw = np.random.default_rng(seed)
    common = unit(draw.standard_normal(512))
    vectors = unit(share * common + (1 - share**2) ** 0.5 * unit(draw.standard_normal((n, 512))))
    found = likeness.common(vectors)
    assert np.linalg.norm(found) <= np.linalg.norm(vectors.mean(axis=0)) + 1e-6
    assert abs(float(found @ common) - share) < 0.3 or share < 0.3
    rest = likeness.without(vectors, found)
    np.testing.assert_allclose(np.linalg.norm(rest, axis=1), 1, atol=1e-5)
    assert not likeness.common(vectors[:1]).any()
    np.testing.assert_array_equal(likeness.without(vectors, vectors[0])[0], vectors[0])  # nothing would be left


def test_photos_of_a_person_are_one_and_the_poor_ones_count_less():
    draw = np.random.default_rng(2)
    a, b = unit(draw.standard_normal((2, 512)))
    rows = {
        "subject_id": ["x", "x", "y"],
        "sha256": ["2", "1", "3"],
        "embedding": pl.Series([a, b, b], dtype=SHAPE),
        "box": pl.Series([[0, 0, 200, 240], [0, 0, 28, 40], [0, 0, 28, 40]], dtype=pl.Array(pl.Float32, 4)),
        "sharpness": [50.0, 50.0, 0.0],
        "yaw": [0.0, 0.0, 1.0],
    }
    faces = pl.DataFrame(rows)
    got = likeness.as_one(faces)
    one = got["embedding"].to_numpy()
    np.testing.assert_allclose(one[0], unit(a + 0.25 * b), atol=1e-6)
    np.testing.assert_array_equal(one[0], one[1])
    np.testing.assert_allclose(one[2], b, atol=1e-6)  # poor is better than nothing
    again = likeness.as_one(faces[::-1])[::-1]
    assert again.equals(got)
    assert likeness.as_one(faces.clear()).is_empty()


def test_who_is_like_nobody_gets_nobody():
    draw = np.random.default_rng(9)
    gallery = unit(draw.standard_normal((5, 512)))
    people = pl.DataFrame(
        {
            "subject_id": ["near", "far"],
            "sha256": ["a", "b"],
            "embedding": pl.Series(unit(np.stack([gallery[2] + 0.1 * gallery[1], -gallery.sum(axis=0)])), dtype=SHAPE),
        }
    )
    wanted = pl.DataFrame(
        {"customer_id": ["near", "far"], "arm": ["own_face"] * 2, "subject_id": ["near", "far"], "status": [None] * 2},
        schema_overrides={"status": pl.String},
    )
    got = match(wanted, people, models(gallery), least=0.0)
    assert got.select("customer_id", "status", "photo_id").rows() == [
        ("far", "nobody_alike", None),
        ("near", "matched", "m000002"),
    ]
    assert got["similarity"][0] is None
    assert match(wanted, people, models(gallery))["status"].to_list() == ["matched", "matched"]

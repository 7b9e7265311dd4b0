"""Matching against slow, obvious computations: nearest photo, greedy caps, own photos, percentile, random photos."""

from __future__ import annotations

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.faces.likeness import percentile, random_similarities
from engine.faces.match import match, nearest
from engine.tables import check


def unit(rng, n):
    v = rng.normal(size=(n, 512)).astype(np.float32)
    v[:, 8:] *= 0.05  # few directions matter, so that likenesses spread
    return v / np.linalg.norm(v, axis=1, keepdims=True)


def frame(keys: dict, vectors) -> pl.DataFrame:
    return pl.DataFrame({**keys, "embedding": pl.Series(vectors, dtype=pl.Array(pl.Float32, 512))})


def world(seed, customers=12, photos=9, caps=None, arms=("own_face", "influencer_face", "random_face")):
    rng = np.random.default_rng(seed)
    names = [f"c{i:02d}" for i in range(customers)]
    owner = rng.choice(names, customers * 2)
    subjects = frame({"subject_id": owner, "sha256": [f"s{i}" for i in range(len(owner))]}, unit(rng, len(owner)))
    of = np.sort(rng.integers(0, photos, photos * 2))
    limits = np.array([None] * photos if caps is None else caps, dtype=object)
    models = frame(
        {
            "photo_id": [f"m{p}" for p in of],
            "sha256": [f"i{p}" for p in of],
            "max_uses": pl.Series(limits[of].tolist(), dtype=pl.Int32),
        },
        unit(rng, len(of)),
    )
    has = set(owner)
    rows = []
    for name in names:
        for arm in arms:
            subject = None if arm == "random_face" else name if arm == "own_face" else str(rng.choice(sorted(has)))
            status = None if subject is None or subject in has else "no_photo"
            rows.append({"customer_id": name, "arm": arm, "subject_id": subject, "status": status})
    return pl.DataFrame(rows, schema_overrides={"subject_id": pl.String, "status": pl.String}), subjects, models


def likeness(subjects, models, subject, photo):
    a = subjects.filter(pl.col("subject_id") == subject)["embedding"].to_numpy()
    b = models.filter(pl.col("photo_id") == photo)["embedding"].to_numpy()
    return float((a @ b.T).max())


def greedy(wanted, subjects, models):
    """Oracle: all pairs sorted by likeness, each granted while the photo has uses left."""
    photos = models.unique("photo_id", keep="first").sort("photo_id")
    left = {p: np.inf if u is None else u for p, u in photos.select("photo_id", "max_uses").iter_rows()}
    pairs = []
    for row in wanted.filter(pl.col("status").is_null(), pl.col("arm") != "random_face").iter_rows(named=True):
        for p in left:
            pairs.append((-likeness(subjects, models, row["subject_id"], p), row["customer_id"], row["arm"], p))
    done = {}
    for _, customer, arm, p in sorted(pairs):
        if (customer, arm) not in done and left[p] > 0:
            done[customer, arm] = p
            left[p] -= 1
    return done


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.integers(0, 3))
def test_caps_are_kept_greedily_over_all_pairs(seed, least):
    caps = np.random.default_rng(seed).integers(least, 4, 9).tolist()
    wanted, subjects, models = world(seed, caps=caps, arms=("own_face", "influencer_face"))
    got = check(match(wanted, subjects, models, same_person=2.0), "matches")
    matched = got.filter(pl.col("photo_id").is_not_null())
    assert {(r["customer_id"], r["arm"]): r["photo_id"] for r in matched.iter_rows(named=True)} == greedy(
        wanted, subjects, models
    )
    unmatched = got.filter(pl.col("photo_id").is_null())
    assert set(unmatched["status"]) <= {"no_photo", "used_up"}


def test_without_caps_each_gets_the_most_alike_photo():
    wanted, subjects, models = world(4)
    got = match(wanted, subjects, models, same_person=0.9)
    for row in got.filter(pl.col("status") == "matched", pl.col("arm") != "random_face").iter_rows(named=True):
        every = {p: likeness(subjects, models, row["subject_id"], p) for p in models["photo_id"].unique()}
        assert row["photo_id"] == max(sorted(every), key=every.get)
        assert abs(row["similarity"] - every[row["photo_id"]]) < 1e-5
        assert (row["flag"] == "same_person_likely") == (row["similarity"] > 0.9)
    assert (
        got.rows() == match(wanted.sample(fraction=1, shuffle=True, seed=1), subjects, models, same_person=0.9).rows()
    )


def test_equally_alike_photos_go_to_the_lower_id():
    wanted, subjects, models = world(4, photos=1, arms=("own_face",))
    face = models.head(1)
    twins = pl.concat([face.with_columns(photo_id=pl.lit(p), sha256=pl.lit(p)) for p in ("b", "a", "c")])
    got = match(wanted, subjects, twins, same_person=2.0)
    assert set(got.filter(pl.col("status") == "matched")["photo_id"]) == {"a"}


def test_nobody_sees_the_own_or_the_contacts_own_photo():
    wanted, subjects, models = world(5, arms=("own_face", "influencer_face", "random_face"))
    shared = subjects.select("sha256", "embedding", pl.col("subject_id").alias("owner"))
    planted = shared.with_columns(photo_id=pl.col("sha256") + "-model", max_uses=pl.lit(None, pl.Int32))
    models = pl.concat([models, planted.select(models.columns)])
    owner = dict(planted.select("photo_id", "owner").iter_rows())
    got = match(wanted, subjects, models, same_person=2.0)
    for row in got.iter_rows(named=True):
        assert owner.get(row["photo_id"], "nobody") not in (row["customer_id"], row["subject_id"])


def test_excluding_probable_same_persons():
    wanted, subjects, models = world(6)
    free = match(wanted, subjects, models, same_person=0.3)
    strict = match(wanted, subjects, models, same_person=0.3, exclude_same_person=True)
    assert free["similarity"].max() > 0.3 and (strict["similarity"].drop_nulls() <= 0.3).all()
    assert strict["flag"].is_null().all()


def test_random_photos_are_random_stable_and_within_their_caps():
    wanted, subjects, models = world(7, customers=300, photos=10, arms=("random_face",))
    got = match(wanted, subjects, models, same_person=1.0, seed=3)
    share = got["photo_id"].value_counts()["count"]
    assert len(share) == models["photo_id"].n_unique() and share.min() > 10
    fewer = match(wanted.head(100), subjects, models, same_person=1.0, seed=3)
    assert fewer.rows() == got.filter(pl.col("customer_id").is_in(fewer["customer_id"].implode())).rows()
    assert match(wanted, subjects, models, same_person=1.0, seed=4)["photo_id"].to_list() != got["photo_id"].to_list()
    capped = models.with_columns(max_uses=pl.lit(20, pl.Int32))
    some = match(wanted, subjects, capped, same_person=1.0)["photo_id"].value_counts()
    assert (
        some.drop_nulls()["count"].max() <= 20
        and some.drop_nulls()["count"].sum() == 20 * capped["photo_id"].n_unique()
    )


def test_an_empty_inventory_and_no_requests():
    wanted, subjects, models = world(8)
    got = match(wanted, subjects, models.clear(), same_person=1.0)
    assert set(got["status"]) <= {"no_inventory", "no_photo"} and got["photo_id"].is_null().all()
    assert match(wanted.clear(), subjects, models, same_person=1.0).is_empty()
    alone = match(wanted, subjects.clear(), models, same_person=1.0)
    assert check(alone, "matches").height == wanted.height


def test_nearest_is_exact_over_faces_of_a_photo():
    rng = np.random.default_rng(9)
    queries, faces = unit(rng, 50), unit(rng, 200)
    groups = np.sort(rng.integers(0, 60, 200))
    groups = np.unique(groups, return_inverse=True)[1]
    table = np.full((50, groups.max() + 1), -2.0)
    for f, g in enumerate(groups):
        table[:, g] = np.maximum(table[:, g], queries @ faces[f])
    for k in (1, 5, table.shape[1]):
        ids, likeness = nearest(queries, groups, faces, k)
        np.testing.assert_array_equal(ids, np.argsort(-table, axis=1, kind="stable")[:, :k])
        np.testing.assert_allclose(likeness, np.take_along_axis(table, ids, axis=1), atol=1e-5)


def test_percentile_is_the_share_of_pairs_of_different_photos_below():
    _, _, models = world(10, photos=12)
    models = models.sort("photo_id")
    pairs = random_similarities(models, seed=1)
    v, photo = models["embedding"].to_numpy(), models["photo_id"].to_list()
    every = [float(v[a] @ v[b]) for a in range(len(v)) for b in range(a) if photo[a] != photo[b]]
    np.testing.assert_allclose(pairs, np.sort(every), atol=1e-5)
    asked = np.array([-1.0, 0.0, 0.3, 1.1, np.nan])
    got = percentile(asked, pairs)
    np.testing.assert_allclose(got[:4], [np.mean(np.array(every) < s) for s in asked[:4]])
    assert np.isnan(got[4])
    drawn = random_similarities(models, seed=1, pairs=100)
    assert len(drawn) <= 100 and abs(np.median(drawn) - np.median(every)) < 0.3

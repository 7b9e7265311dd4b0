"""Which of two is more alike: planted weights are found again, and what cannot be known is refused."""

from __future__ import annotations

import csv
import json
import re
from datetime import datetime

import numpy as np
import polars as pl
import pytest

from engine import workspace
from engine.config import Faces
from engine.errors import InputError
from engine.faces import judgements
from engine.usecases import judging

PEOPLE, PHOTOS = 60, 80
PLANTED = {"age": 0.05, "hair": 0.1, "sex": 0.4}
STEEP = 12.0  # log-odds of a likeness that is greater by 1


def world(seed):
    draw = np.random.default_rng(seed)
    features = np.zeros((PEOPLE, PHOTOS, 4))
    features[..., 0] = draw.normal(0.1, 0.12, (PEOPLE, PHOTOS))
    features[..., 1] = draw.gamma(1, 1.5, (PEOPLE, PHOTOS))
    features[..., 2] = draw.random((PEOPLE, PHOTOS))
    features[..., 3] = draw.random((PEOPLE, PHOTOS)) < 0.5
    subjects, photos = [f"{k:064x}" for k in range(PEOPLE)], [f"m{k:02d}" for k in range(PHOTOS)]
    return judgements.Candidates(subjects, photos, features, np.zeros((PEOPLE, PHOTOS), bool))


def answered(whom, count, seed, *, noise=1.0):
    """Answers of a person who weighs as planted, with a logistic doubt."""
    draw = np.random.default_rng(seed)
    rows = []
    for n, (subject, left, right) in enumerate(judgements.questions(whom, count, seed=seed)):
        gap = whom.features[subject, left] - whom.features[subject, right]
        worth = STEEP * (gap[0] - sum(weight * gap[k] for k, weight in enumerate(PLANTED.values(), start=1)))
        chosen = "left" if worth > noise * draw.logistic() else "right"
        rows.append((whom.subjects[subject], whom.photos[left], whom.photos[right], chosen, n + 1))
    return pl.DataFrame(rows, schema=[*judgements.COLUMNS, "row"], orient="row")


def test_planted_weights_are_found_and_intervals_cover_them_as_often_as_they_say():
    covered, weights = [], {name: [] for name in PLANTED}
    for town in range(30):
        whom = world(town)
        rows = {row["feature"]: row for row in judgements.fit(answered(whom, 400, town), whom, settings=Faces())}
        for name, planted in PLANTED.items():
            weights[name].append(rows[name]["weight"])
            covered.append(rows[name]["weight_low"] <= planted <= rows[name]["weight_high"])
        assert rows["agreement"]["log_odds"] > rows["alone"]["log_odds"]
    assert 0.90 <= np.mean(covered) <= 0.99
    for name, planted in PLANTED.items():
        assert np.median(weights[name]) == pytest.approx(planted, rel=0.15)
    assert rows["sex"]["setting"] == "faces.sex_weight" and rows["sex"]["now"] == Faces().sex_weight


def test_where_likeness_decides_nothing_no_weight_beside_it_is_claimed():
    whom = world(1)
    answers = answered(whom, 300, 1)
    coins = np.where(np.random.default_rng(2).random(300) < 0.5, "left", "right")
    rows = {r["feature"]: r for r in judgements.fit(answers.with_columns(chosen=pl.Series(coins)), whom)}
    assert all(rows[name]["weight"] is None for name in PLANTED)
    assert rows["agreement"]["low"] < 0.5 < rows["agreement"]["high"] + 0.02


def test_what_decides_every_answer_gets_a_finite_weight():
    whom = world(3)
    rows = {r["feature"]: r for r in judgements.fit(answered(whom, 300, 3, noise=0.0), whom)}
    assert all(np.isfinite([row["low"], row["high"]]).all() and abs(row["log_odds"]) < 50 for row in rows.values())
    assert rows["likeness"]["low"] > 0 > rows["sex"]["high"]


def test_answers_about_unknown_photos_other_words_and_too_few_are_refused():
    whom = world(4)
    answers = answered(whom, 40, 4)
    for column, value, says in (
        ("subject", "ff", "not here"), ("left", "nobody", "not here"), ("chosen", "both", "'both' is not an answer"),
    ):  # fmt: skip
        bad = answers.with_columns(pl.when(pl.col("row") == 7).then(pl.lit(value)).otherwise(column).alias(column))
        with pytest.raises(InputError, match=says) as told:
            judgements.fit(bad, whom)
        assert (told.value.row, told.value.column) == (7, column)
    doubts = answers.with_columns(pl.when(pl.col("row") > 20).then(pl.lit(" ")).otherwise("chosen").alias("chosen"))
    with pytest.raises(InputError, match="20 answers are too few"):
        judgements.fit(doubts, whom)


def test_questions_are_drawn_fairly_and_never_show_a_person_the_own_photo():
    whom = world(5)
    whom.own[0, :] = np.arange(PHOTOS) > 2
    whom.own[1, :] = True
    asked = judgements.questions(whom, 300, seed=9)
    assert asked == judgements.questions(whom, 300, seed=9) != judgements.questions(whom, 300, seed=10)
    assert all(left != right and not whom.own[subject, [left, right]].any() for subject, left, right in asked)
    counts = np.bincount([subject for subject, _, _ in asked], minlength=PEOPLE)
    assert counts[1] == 0 and set(counts[counts > 0]) <= {5, 6}
    rank = np.argsort(np.argsort(-whom.features[..., 0], axis=1), axis=1)
    near = np.array([(rank[s, [a, b]] < judgements.NEAR).sum() for s, a, b in asked if s > 0])
    assert near.min() >= 1 and 0.4 < (near == 2).mean() < 0.8
    better_left = np.mean([whom.features[s, a, 0] > whom.features[s, b, 0] for s, a, b in asked])
    assert 0.4 < better_left < 0.6
    whom.own[:] = True
    with pytest.raises(InputError, match="nobody"):
        judgements.questions(whom, 1, seed=1)


@pytest.fixture
def town(tmp_path):
    """A workspace with three customers' photos and six models, drawn."""
    from PIL import Image

    from engine.synth import looks, portraits

    latent = looks.people(np.random.default_rng(5), np.full(6, 30), np.arange(6) % 2 == 0)
    made = workspace.create(tmp_path / "w", preset={"people__unknown_age_is_adult": True})
    people, models = [], []
    for n, z in enumerate(latent):
        for kind, rows in (("c", people), ("m", models)):
            if kind == "m" or n < 3:
                sha = f"{kind}{n}"
                Image.fromarray(portraits.draw(z, size=200, seed=n, studio=kind == "m")).save(made.faces / f"{sha}.png")
                rows.append({"sha256": sha, "path": f"{sha}.png", "customer_id": sha, "photo_id": f"model, {n}"})
    with made.warehouse() as store:
        given = [{"customer_id": f"c{n}", "purpose": "own_face", "granted_at": datetime(2025, 1, 1)} for n in range(3)]
        store.write("customers", pl.DataFrame({"customer_id": ["c0", "c1", "c2"], "age": [30, 31, 32]}))
        store.write("photos", pl.DataFrame(people).drop("photo_id"))
        store.write("inventory", pl.DataFrame(models).drop("customer_id"))
        store.write("consents", pl.DataFrame(given))
    return made


def test_a_page_asks_with_the_pictures_in_it_and_its_answers_come_back(town, tmp_path):
    file = judging.page(town, tmp_path / "out", count=40)
    text = file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)[1])
    assert len(data["questions"]) == 40 and all(key in data["faces"] for line in data["questions"] for key in line)
    assert all(address.startswith("data:image/jpeg;base64,") for address in data["faces"].values())
    assert not re.search(r"https?://", text) and "default-src 'none'" in text
    with open(tmp_path / "answers.csv", "w", newline="") as out:
        write = csv.writer(out)
        write.writerow(["Subject", "left", "right", "chosen"])
        write.writerows(
            [*(key[1:] for key in line), "left" if n % 3 else ""] for n, line in enumerate(data["questions"])
        )
    with pytest.raises(InputError, match="26 answers are too few"):
        judging.weights(town, tmp_path / "answers.csv")
    lines = (tmp_path / "answers.csv").read_text().splitlines(keepends=True)
    (tmp_path / "two.csv").write_text("".join([*lines, *lines[1:]]))
    found = {row["feature"] for row in judging.weights(town, tmp_path / "two.csv")}
    assert {"likeness", "position", "agreement", "alone"} <= found
    (tmp_path / "strange.csv").write_text("subject,left,chosen\nx,y,left\n")
    with pytest.raises(InputError, match="no column right"):
        judging.weights(town, tmp_path / "strange.csv")

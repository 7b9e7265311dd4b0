"""Photos of two people: settled by hand, kept, open again, wrong tables refused, and gone with the person."""

from __future__ import annotations

import csv

import numpy as np
import polars as pl
import pytest
from PIL import Image

from engine.errors import InputError
from engine.faces import cut, gallery
from engine.synth import looks, portraits
from engine.trust import forget, people
from engine.usecases import lookalikes, settling
from tests.faces.test_faces_judgements import town

__all__ = ["town"]


@pytest.fixture
def couple(town):
    """c0 and c1 have the same photo: c0's face on the left, c1's on the right; models m0 and m1 look like them."""
    latent = looks.people(np.random.default_rng(5), np.full(6, 30), np.arange(6) % 2 == 0)
    both = np.concatenate([portraits.draw(latent[n], size=240, seed=n, studio=True) for n in (0, 1)], axis=1)
    Image.fromarray(both).save(town.faces / "both.png")
    with town.warehouse() as store:
        photos = store.read("photos").filter(pl.col("customer_id") == "c2")
        shared = pl.DataFrame({"customer_id": ["c0", "c1"], "sha256": ["both"] * 2, "path": ["both.png"] * 2})
        store.write("photos", pl.concat([photos, shared.select(photos.columns)]))
    return town


def run(space):
    lookalikes.cost_of_caps(space)  # runs what is stale
    with space.warehouse(read_only=True) as store:
        rows = store.read("matches").filter(pl.col("arm") == "own_face")
        return {row["customer_id"]: row for row in rows.iter_rows(named=True)}, store.read("faces")


def table(path, rows):
    with open(path, "w", newline="") as file:
        write = csv.DictWriter(file, settling.COLUMNS)
        write.writeheader()
        write.writerows(rows)
    return path


def test_each_of_two_gets_the_own_face_until_it_is_taken_back(couple, tmp_path):
    rows, files = settling.listed(couple, tmp_path / "open")
    assert [(r["customer_id"], r["face"], r["chosen"]) for r in rows] == [
        ("c0", 1, ""), ("c0", 2, ""), ("c1", 1, ""), ("c1", 2, "")
    ]  # fmt: skip
    assert rows[0]["x"] < 0.5 < rows[1]["x"] and [f.stat().st_mode & 0o777 for f in files] == [0o600] * 2
    chosen = [{**row, "chosen": "yes" if (row["customer_id"] == "c0") == (row["face"] == 1) else ""} for row in rows]
    assert settling.settle(couple, table(tmp_path / "t.csv", chosen)) == {"settled": 2, "open": 0}
    made, faces = run(couple)
    assert {who: row["status"] for who, row in made.items()} == dict.fromkeys(("c0", "c1", "c2"), "matched")
    assert (made["c0"]["photo_id"], made["c1"]["photo_id"]) == ("model, 0", "model, 1")
    again, _ = settling.listed(couple, tmp_path / "open")
    assert [r["chosen"] for r in again] == ["yes", "", "", "yes"]
    assert run(couple)[1].equals(faces)
    assert settling.settle(couple, table(tmp_path / "t.csv", [{**r, "chosen": ""} for r in rows[:2]])) == {
        "settled": 0, "open": 1,
    }  # fmt: skip
    made, faces = run(couple)
    assert made["c0"]["status"] == "ambiguous" and made["c1"]["status"] == "matched"
    with couple.warehouse() as store, store.transaction():
        gone = forget.rows(store, ["c1"], keep=())
        left = store.read("faces").filter(pl.col("sha256") == "both")
        assert gone["settled"] == 1 and not left["model_id"].str.contains(gallery.CHOSEN).any()


def test_who_may_not_be_shown_loses_the_chosen_face_at_once(couple, tmp_path):
    rows, _ = settling.listed(couple, tmp_path)
    settling.settle(couple, table(tmp_path / "t.csv", [{**rows[0], "chosen": "yes"}]))
    run(couple)
    with couple.warehouse() as store:
        store.write("consents", store.read("consents").filter(pl.col("customer_id") != "c0"))
        people.standing(store, people.rules(couple.config, store))
        store.execute("trust/bar_faces")
        assert not store.read("faces")["model_id"].str.contains(gallery.CHOSEN).any()


@pytest.mark.parametrize(
    ("change", "says", "row"),
    [
        ({"customer_id": "c9"}, "not this customer", 1), ({"sha256": "m0"}, "not this customer", 1),
        ({"chosen": "maybe"}, "neither yes nor no", 1), ({"x": "1.5", "chosen": "yes"}, "not a number from 0 to 1", 1),
        ({"x": "", "chosen": "yes"}, "not a number from 0 to 1", 1), (None, "two faces", 2),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_right_is_refused_with_its_row(couple, tmp_path, change, says, row):
    face = {"customer_id": "c0", "sha256": "both", "face": "1", "x": ".2", "y": ".5", "chosen": ""}
    rows = [{**face, "chosen": "yes"}] * 2 if change is None else [face | change]
    with pytest.raises(InputError, match=says) as told:
        settling.settle(couple, table(tmp_path / "t.csv", rows))
    assert told.value.row == row
    with couple.warehouse(read_only=True) as store:
        assert store.count("settled") == 0


def test_the_face_that_holds_a_point_is_the_nearest_one():
    boxes = np.array([[0.1, 0.1, 0.5, 0.5], [0.3, 0.3, 0.9, 0.9]])
    assert cut.holding(boxes, (0.2, 0.2)) == 0 and cut.holding(boxes, (0.8, 0.8)) == 1
    assert cut.holding(boxes, (0.35, 0.35)) == 0 and cut.holding(boxes, (0.48, 0.48)) == 1
    assert cut.holding(boxes, (0.95, 0.1)) is None and cut.holding(boxes[:0], (0.5, 0.5)) is None

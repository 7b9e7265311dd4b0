"""A portrait's face is first looked for among the large ones: what is chosen is what a full search would choose."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from engine import processes
from engine.config import Faces
from engine.errors import EngineError, ModelError
from engine.faces import cut, gallery, lines
from engine.faces.mtcnn import THRESHOLDS
from engine.synth import looks, portraits, scenery


@given(
    st.floats(20, 100),
    st.lists(st.tuples(st.floats(0.5, 2.5), st.floats(60, 340), st.floats(60, 340)), min_size=1, max_size=3),
    st.lists(st.tuples(st.floats(0.7, 1), st.floats(150, 250), st.floats(150, 250)), min_size=1, max_size=3),
)
def test_what_is_settled_no_smaller_face_changes(smallest, seen, unseen):
    """Faces of 0.5 to 2.5 times the size looked for were seen; some of up to that size near the centre were not."""

    def boxes(faces):
        sides = [(part * smallest / 2, x, y) for part, x, y in faces]
        return np.array([(x - half, y - half, x + half, y + half) for half, x, y in sides])

    found = boxes(seen)
    if cut.settled(found, 400, 400, smallest):
        assert cut.choose(np.concatenate([found, boxes(unseen)]), 400, 400) == cut.choose(found, 400, 400)


def test_a_large_face_in_the_middle_settles_and_what_is_small_or_nothing_does_not():
    middle = np.array([[120.0, 120, 280, 280]])
    assert cut.settled(middle, 400, 400, 100)
    assert not cut.settled(middle, 400, 400, 150)  # one of 150 pixels could be meant as well
    assert not cut.settled(np.array([[0.0, 0, 160, 160]]), 400, 400, 100)  # nor is one in a corner sure
    assert not cut.settled(np.zeros((0, 4)), 400, 400, 100)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """A portrait, one with a small face, two people, nobody and no picture."""
    rng = np.random.default_rng(8)
    people = looks.people(rng, rng.integers(20, 70, 4), rng.random(4) < 0.5)
    drawn = [portraits.draw(z, size=240, seed=i, studio=True) for i, z in enumerate(people)]
    wide = np.full((720, 900, 3), 200, np.uint8)
    wide[240:480, 300:540] = drawn[1]
    pictures = {
        "portrait": drawn[0],
        "far": wide,
        "two": np.concatenate([drawn[2], drawn[3]], axis=1),
        "nobody": scenery.nobody(size=200, seed=1),
    }
    folder = tmp_path_factory.mktemp("photos")
    for name, picture in pictures.items():
        Image.fromarray(picture).save(folder / f"{name}.png")
    (folder / "text.png").write_text("no picture")
    return {name: folder / f"{name}.png" for name in (*pictures, "text")}


def told(parts) -> dict[str, tuple]:
    """Rows and embeddings by photo."""
    found = {}
    for keys, part in parts:
        vectors = iter(part.vectors)
        for key, rows in zip(keys, part.rows, strict=True):
            found[key] = rows, [next(vectors).tolist() for row in rows if row["status"] == "ok"]
    return found


def test_a_full_search_finds_nobody_else(photos, monkeypatch):
    asked = gallery.examiner("customer", Faces(), 1)
    searched = []
    whole = asked._detector.many

    def told(given, smallest=None, thresholds=THRESHOLDS):
        searched.append((len(given), smallest is not None))
        return whole(given, smallest, thresholds)

    monkeypatch.setattr(asked._detector, "many", told)
    quick = asked(list(photos.values()))
    assert searched[:2] == [(4, True), (3, False)]  # only the portrait was settled at once
    monkeypatch.setattr(
        asked._detector,
        "many",
        lambda given, smallest=None, thresholds=THRESHOLDS: whole(given, None, thresholds),
    )
    full = asked(list(photos.values()))
    statuses = [rows[0]["status"] for rows in quick.rows]
    assert statuses == ["ok", "ok", "ambiguous", "no_face", "unreadable"]
    assert [rows[0]["status"] for rows in full.rows] == statuses
    assert ((quick.vectors * full.vectors).sum(axis=1) > 0.9999).all()


def test_processes_find_what_threads_find(photos, monkeypatch):
    monkeypatch.setattr(gallery, "HANDED", 2)
    settings = Faces()
    alone = told(gallery._by_threads(photos, gallery.examiner("customer", settings, 1), 1))
    shared = gallery._by_processes(photos, "customer", settings, 1, next(iter(photos.values())).parent)
    parts = list(shared)
    assert [keys for keys, _ in parts] == [["portrait", "far"], ["two", "nobody"], ["text"]]
    assert told(parts) == alone


def test_answers_come_in_the_order_of_their_lines():
    assert list(processes.in_order([(1, "b"), (0, "a"), (3, "d"), (2, "c")])) == list("abcd")


def test_what_a_process_cannot_do_is_said_in_its_words(tmp_path):
    missing = lines.arguments("customer", Faces(weights=str(tmp_path / "no.pt")), None)
    with pytest.raises(EngineError, match="no weights"):
        list(processes.answers("engine.faces.worker", missing, [lines.line([tmp_path / "a.jpg"])], 1))


def test_what_was_found_survives_being_told(photos):
    class Pool:
        map = staticmethod(map)

    asked = gallery.examiner("inventory", Faces(), 1)
    files = list(photos.values())
    answer = json.loads(json.dumps(lines.work(asked, Pool, lines.line(files))))
    again, once = lines.found(answer), asked(files)
    assert again.rows == once.rows and (again.vectors == once.vectors).all()


def test_a_gpu_that_is_not_there_is_not_used():
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(ModelError, match="cuda"):
        gallery.detector_for(Faces(runtime="cuda"))

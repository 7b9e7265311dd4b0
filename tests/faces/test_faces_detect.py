"""Detection against facenet-pytorch's own driver; choice, gates, crops and alignment against simple computations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from engine.config import Faces
from engine.errors import EngineError
from engine.faces import align, analyse, cut, model_id, mtcnn, networks
from engine.synth import looks, portraits, scenery
from tests.faces.threads import asking


@pytest.fixture(scope="module")
def drawn():
    rng = np.random.default_rng(8)
    people = looks.people(rng, rng.integers(20, 70, 6), rng.random(6) < 0.5)
    return [portraits.draw(z, size=240, seed=i, studio=True) for i, z in enumerate(people)]


@pytest.fixture(scope="module", params=["auto", "torch", "opencv"])
def detector(request):
    if request.param == "opencv":
        return mtcnn.Detector(40, "opencv")
    return mtcnn.Detector(40, runtime=request.param)


def overlap(a, b):
    inner = np.clip(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0, None).prod()
    return inner / ((a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod() - inner)


def compare(pictures, detector):
    """Every face of at least 50 pixels that facenet-pytorch finds is found, at the same place, with its landmarks."""
    from facenet_pytorch import MTCNN

    theirs, seen = MTCNN(keep_all=True), 0
    for picture in pictures:
        boxes, _, points = theirs.detect(Image.fromarray(picture), landmarks=True)
        found = detector(picture)
        for box, landmarks in zip(boxes if boxes is not None else [], points if boxes is not None else [], strict=True):
            if min(box[2] - box[0], box[3] - box[1]) < 50:
                continue
            seen += 1
            shares = [overlap(box, other) for other in found.boxes]
            assert shares and max(shares) > 0.6
            best = int(np.argmax(shares))
            assert np.abs(found.landmarks[best].reshape(5, 2) - landmarks).max() < 0.2 * (box[2] - box[0])
    return seen


def test_drawn_faces_are_found_where_facenet_pytorch_finds_them(drawn, detector):
    assert compare(drawn, detector) >= 5


@pytest.mark.real
def test_no_real_face_is_lost_to_speed(real_data, detector):
    files = sorted((real_data / "faces10x10").glob("*/*.jpg"))[::10]
    assert compare([np.asarray(Image.open(f).convert("RGB")) for f in files], detector) >= 10


@given(st.integers(12, 1100), st.integers(12, 1100), st.integers(20, 200), st.floats(0, 400))
def test_levels_of_the_pyramid_do_not_touch(height, width, least, smallest):
    every, places = mtcnn._pyramid(height, width, least, 0), mtcnn._pyramid(height, width, least, smallest)
    assert bool(every) == (min(height, width) * 12 / least >= 12)
    assert [p.scale for p in places] == [p.scale for p in every][len(every) - len(places) :]
    for p in every[: len(every) - len(places)]:
        assert 12 / p.scale < smallest
    for i, p in enumerate(places):
        assert p.x % 2 == 0 and p.y % 2 == 0
        assert p.width == int(width * p.scale + 1) and p.height == int(height * p.scale + 1)
        for q in places[:i]:
            assert (
                p.x >= q.x + q.width + 1 or q.x >= p.x + p.width + 1 or p.y >= q.y + q.height + 1
                or q.y >= p.y + p.height + 1
            )  # fmt: skip


def test_a_photo_without_anybody_and_a_tiny_one(detector):
    for picture in (
        scenery.nobody(size=200, seed=1),
        np.zeros((10, 10, 3), np.uint8),
        np.zeros((300, 20, 3), np.uint8),
    ):
        assert len(detector(picture).boxes) == 0


@pytest.mark.parametrize("threads", [None, 1, 3])
def test_detection_does_not_depend_on_company_or_on_threads(drawn, detector, threads):
    """Whoever asks, and whatever number of threads torch was told for that one: None = what it takes by itself."""
    others = [scenery.nobody(size=200, seed=1), np.zeros((10, 10, 3), np.uint8), drawn[0][:, :150], *drawn]
    alone = [detector(p) for p in drawn]
    with asking(2, threads) as pool:
        for found in pool.map(detector.many, [drawn, [*others, *drawn]]):
            for one, other in zip(alone, found[-len(drawn) :], strict=True):
                np.testing.assert_array_equal(one.boxes, other.boxes)
                np.testing.assert_array_equal(one.landmarks, other.landmarks)
                np.testing.assert_array_equal(one.probabilities, other.probabilities)


def test_openvino_gives_torchs_numbers(drawn):
    pytest.importorskip("openvino")
    for ours, theirs, side in zip(
        networks.networks("mtcnn", "openvino"), networks.networks("mtcnn", "torch"), (90, 24, 48), strict=True
    ):
        crops = np.stack([cut.crop(p, np.array([60, 50, 170, 200]))[:side, :side] for p in drawn])
        for one, other in zip(ours(crops), theirs(crops), strict=True):
            assert one.shape == other.shape and one.dtype == other.dtype
            np.testing.assert_allclose(one, other, atol=1e-5)


@given(st.lists(st.tuples(*[st.floats(0, 100)] * 2, *[st.floats(1, 60)] * 2, st.floats(0, 1)), min_size=1, max_size=20))
def test_suppression_keeps_what_a_plain_loop_keeps(rows):
    boxes = np.array([(x, y, x + w, y + h, s) for x, y, w, h, s in rows])
    kept = []
    for i in sorted(range(len(boxes)), key=lambda i: -boxes[i, 4]):
        a = boxes[i]

        def share(k, a=a):
            b = boxes[k]
            w, h = min(a[2], b[2]) - max(a[0], b[0]) + 1, min(a[3], b[3]) - max(a[1], b[1]) + 1
            area = [(c[2] - c[0] + 1) * (c[3] - c[1] + 1) for c in (a, b)]
            inner = max(w, 0) * max(h, 0)
            return inner / (sum(area) - inner)

        if all(share(k) <= 0.5 for k in kept):
            kept.append(i)
    assert mtcnn._suppress(boxes, 0.5).tolist() == kept


def test_the_face_near_the_centre_is_meant_unless_two_are():
    small, big_aside = (100, 80, 150, 140), (0, 60, 70, 150)
    assert cut.choose(np.array([big_aside, small]), 240, 240) == (1, False)
    assert cut.choose(np.array([small, (30, 80, 90, 150)]), 240, 240)[0] == 0
    pair = np.array([(40, 80, 110, 170), (130, 80, 200, 170)])
    assert cut.choose(pair, 240, 240) == (0, True)
    assert cut.choose(np.array([(60, 60, 180, 200), (10, 10, 40, 50)]), 240, 240) == (0, False)


def test_yaw_is_nought_from_the_front_and_one_in_profile():
    front = np.array([30, 40, 70, 40, 50, 60, 35, 80, 65, 80], np.float32)
    assert cut.yaw(front) == pytest.approx(0)
    for nose, expected in ((70, 1.0), (30, -1.0), (60, 0.5), (90, 1.0)):
        turned = front.copy()
        turned[4] = nose
        assert cut.yaw(turned) == pytest.approx(expected)
    angle = np.deg2rad(30)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    assert cut.yaw((front.reshape(5, 2) @ turn.T).ravel()) == pytest.approx(0, abs=1e-6)
    assert cut.yaw(np.zeros(10)) == 1


def test_a_blurred_face_is_less_sharp(drawn):
    import cv2

    picture = cv2.resize(drawn[0], (160, 160))
    assert cut.sharpness(cv2.GaussianBlur(picture, (0, 0), 4)) < cut.sharpness(picture) / 3


def test_crops_show_what_facenet_pytorch_crops(drawn):
    """Its extract_face scales with another filter; the picture is the same."""
    from facenet_pytorch import extract_face

    for box in ([60, 50, 170, 200], [-20, -10, 120, 150], [100, 120, 300, 260]):
        theirs = extract_face(Image.fromarray(drawn[0]), np.array(box, float), 160, 32).permute(1, 2, 0).numpy()
        ours = cut.crop(drawn[0], np.array(box), 32)
        assert ours.shape == (160, 160, 3)
        assert np.abs(ours - theirs).mean() < 4


@given(st.floats(-40, 40), st.floats(0.4, 3), st.floats(-200, 200), st.floats(-200, 200))
def test_a_turned_scaled_and_moved_face_is_brought_back(angle, scale, dx, dy):
    a = np.deg2rad(angle)
    turn = scale * np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    upright = np.array(align.TEMPLATE)
    upright[:, 0] = (upright[:, 0] - 80) / align.STRETCH + 80
    move = align.similarity(upright @ turn.T + (dx, dy))
    np.testing.assert_allclose((upright @ turn.T + (dx, dy)) @ move[:, :2].T + move[:, 2], align.TEMPLATE, atol=1e-6)


def test_the_frontal_warp_puts_the_landmarks_on_the_template(drawn):
    """Bright dots at the landmarks of a turned face end where the template has them."""
    picture = np.zeros((240, 240, 3), np.uint8)
    marks = np.array([(80, 90), (140, 95), (125, 120), (95, 150), (140, 152)], np.float32)
    for x, y in marks.astype(int):
        picture[y - 2 : y + 3, x - 2 : x + 3] = 255
    out = align.face(picture, np.array([60, 60, 160, 180]), marks.ravel(), kind="frontal")[:, :, 0]
    for x, y in align.TEMPLATE:
        assert out[round(y) - 2 : round(y) + 3, round(x) - 2 : round(x) + 3].max() > 150
    np.testing.assert_array_equal(
        align.face(drawn[0], np.array([60, 60, 160, 180]), np.full(10, 80.0), kind="similarity").shape, (160, 160, 3)
    )


def test_small_blurred_and_turned_faces_are_told_with_a_reason(tmp_path, drawn):
    import cv2

    pictures = {
        "fine": drawn[0],
        "small": cv2.resize(drawn[0], (84, 84)),
        "blurred": cv2.GaussianBlur(drawn[0], (0, 0), 7),
    }
    both = np.concatenate([drawn[0], drawn[1]], axis=1)
    pictures |= {"two": both, "nobody": scenery.nobody(size=200, seed=1)}
    paths = {}
    for name, picture in pictures.items():
        paths[name] = tmp_path / f"{name}.png"
        Image.fromarray(picture).save(paths[name])
    rows = {r["sha256"]: r for batch in analyse(paths, mode="customer") for r in batch.iter_rows(named=True)}
    assert {n: r["status"] for n, r in rows.items()} == {
        "fine": "ok", "small": "low_quality", "blurred": "low_quality", "two": "ambiguous", "nobody": "no_face",
    }  # fmt: skip
    assert "pixels" in rows["small"]["reason"] and "blurred" in rows["blurred"]["reason"]
    assert rows["fine"]["embedding"] is not None and rows["two"]["embedding"] is None
    every = [r for b in analyse({"two": paths["two"]}, mode="inventory") for r in b.iter_rows(named=True)]
    assert [r["status"] for r in every] == ["ok", "ok"] and [r["face"] for r in every] == [0, 1]


def test_what_makes_an_embedding_is_in_its_key():
    base = Faces()
    keys = [model_id(base, "customer"), model_id(base, "inventory")]
    for change in ({"align": "similarity"}, {"margin": 14}, {"mirror": True}, {"min_face": 60}, {"max_yaw": 0.5}):
        keys.append(model_id(Faces(**change), "customer"))
    assert len(set(keys)) == len(keys) and model_id(Faces(), "customer") == keys[0]
    with pytest.raises(EngineError, match="mode"):
        model_id(base, "everybody")

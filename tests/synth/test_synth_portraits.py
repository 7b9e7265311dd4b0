"""Drawn portraits: found by the face detector, the same person alike, different people different."""

from __future__ import annotations

import numpy as np
import pytest

from engine.synth import looks, portraits, scenery
from engine.synth.canvas import Canvas, ribbon, spline


@pytest.fixture(scope="module")
def crowd() -> np.ndarray:
    rng = np.random.default_rng(21)
    return looks.people(rng, rng.integers(16, 85, 40), rng.random(40) < 0.5)


def test_mtcnn_finds_the_faces(crowd):
    """At least 95 % of the snapshots and of the campaign photos, one face in each where the face is."""
    from facenet_pytorch import MTCNN
    from PIL import Image

    detector = MTCNN(thresholds=[0.6, 0.7, 0.7])
    found, alone = 0, 0
    for seed, person in enumerate(crowd):
        image = portraits.draw(person, size=320, seed=seed, studio=seed % 4 == 0)
        boxes, _ = detector.detect(Image.fromarray(image))
        if boxes is None:
            continue
        x0, y0, x1, y1 = (float(v) for v in boxes[0])
        found += x0 < 160 < x1 and y0 < 170 < y1 and 90 < y1 - y0 < 260
        alone += len(boxes) == 1
    assert found >= 38
    assert alone >= 36


def test_a_scene_shows_nobody():
    from facenet_pytorch import MTCNN
    from PIL import Image

    detector = MTCNN(thresholds=[0.6, 0.7, 0.7])
    boxes, _ = detector.detect(Image.fromarray(scenery.nobody(size=320, seed=2)))
    assert boxes is None


def test_same_arguments_same_bytes_and_another_seed_another_photo(crowd):
    one = portraits.draw(crowd[0], size=200, seed=4)
    assert one.shape == (200, 200, 3)
    assert one.dtype == np.uint8
    assert np.array_equal(one, portraits.draw(crowd[0], size=200, seed=4))
    assert not np.array_equal(one, portraits.draw(crowd[0], size=200, seed=5))


@pytest.mark.parametrize("extreme", [0.0, 1.0])
@pytest.mark.parametrize("woman", [0.0, 1.0])
def test_extreme_parameters_still_draw(extreme, woman):
    z = np.full(len(looks.PARAMETERS), extreme)
    z[looks.PARAMETERS.index("woman")] = woman
    image = portraits.draw(z, size=160, seed=0)
    assert image.std() > 10


def test_every_style_draws():
    for woman in (0.0, 1.0):
        pictures = []
        for style in np.linspace(0, 1, 9):
            z = np.full(len(looks.PARAMETERS), 0.5)
            z[looks.PARAMETERS.index("woman")], z[looks.PARAMETERS.index("style")] = woman, style
            pictures.append(portraits.draw(z, size=120, seed=1).tobytes())
        assert len(set(pictures)) >= 7


def test_look_alikes_keep_what_cannot_be_blended(crowd):
    near = looks.alike(np.random.default_rng(1), crowd, 0.05)
    kinds = [looks.PARAMETERS.index(k) for k in looks.KINDS]
    free = [i for i in range(len(looks.PARAMETERS)) if i not in kinds]
    assert np.array_equal(near[:, kinds], crowd[:, kinds])
    assert 0.02 < np.abs(near - crowd)[:, free].mean() < 0.06
    assert near.min() >= 0
    assert near.max() <= 1


def test_hair_names_are_the_drawn_colours(crowd):
    assert {looks.hair_name(z) for z in crowd} <= set(looks.HAIR)


def test_spline_goes_through_its_points():
    points = np.array([(0, 0), (4, 0), (4, 4), (0, 4)], dtype=float)
    curve = spline(points, steps=5)
    assert all(np.abs(curve - p).sum(axis=1).min() < 1e-9 for p in points)
    line = spline(points, closed=False, steps=5)
    assert np.allclose(line[0], points[0])
    assert np.allclose(line[-1], points[-1])


def test_fill_covers_the_area_of_the_polygon():
    """Coverage is the polygon's area and at most its fringe of one pixel; nothing is painted outside a clip."""
    canvas = Canvas(64)
    square = np.array([(10.0, 10.0), (30.0, 10.0), (30.0, 30.0), (10.0, 30.0)])
    clip = np.zeros((64, 64), dtype=np.float32)
    clip[:, :20] = 1
    canvas.fill(square, np.array((255, 255, 255.0)))
    assert 400 <= canvas.pixels[..., 0].sum() / 255 <= 22 * 22
    clipped = Canvas(64)
    clipped.fill(square, np.array((255, 255, 255.0)), clip=clip)
    assert clipped.pixels[:, 20:].max() == 0
    assert clipped.pixels[:, :20].max() > 250


def test_shapes_beyond_the_canvas_are_cut():
    canvas = Canvas(32)
    canvas.fill(np.array([(-50.0, -50.0), (-20.0, -50.0), (-20.0, -20.0)]), np.array((9, 9, 9.0)), soft=2)
    assert canvas.pixels.max() == 0
    canvas.line(np.linspace((-10.0, 5.0), (50.0, 5.0), 9), np.array((90, 90, 90.0)), 4)
    assert canvas.pixels[5, 16, 0] > 60


def test_ribbon_is_as_wide_as_asked():
    curve = np.stack([np.linspace(0, 100, 21), np.zeros(21)], axis=1)
    outline = ribbon(curve, 6.0, taper=False)
    assert np.isclose(np.ptp(outline[:, 1]), 6.0)

"""Parts of photos made smaller: OpenCV's area means, however many are taken at once and whatever the photo's size."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.faces import areas


def photo(seed: int, height: int, width: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)


@settings(max_examples=40)
@given(st.data(), st.integers(30, 90), st.integers(30, 90))
def test_parts_are_opencvs_area_means(data, height, width):
    pixels = photo(height * width, height, width)
    tall, wide = data.draw(st.integers(4, 12)), data.draw(st.integers(4, 12))
    out = np.zeros((3 * tall, wide, 3), np.uint8)
    parts = []
    for _ in range(3):
        x, y = data.draw(st.integers(0, width - 2 * wide)), data.draw(st.integers(0, height - 2 * tall))
        parts.append((x, y, data.draw(st.integers(x + 2 * wide, width)), data.draw(st.integers(y + 2 * tall, height))))
    areas.take(pixels, np.array(parts, float), np.array([(0, k * tall, wide, tall) for k in range(3)]), out)
    for k, (x0, y0, x1, y1) in enumerate(parts):
        expected = cv2.resize(pixels[y0:y1, x0:x1], (wide, tall), interpolation=cv2.INTER_AREA)
        assert np.abs(out[k * tall : (k + 1) * tall].astype(int) - expected).max() <= 1


def test_a_part_between_pixels_is_weighted_by_what_it_covers():
    pixels = np.zeros((4, 4, 3), np.uint8)
    pixels[:, 1] = 200
    out = np.zeros((1, 2, 3), np.uint8)
    areas.take(pixels, np.array([[0.5, 0.25, 3.5, 3.0]]), np.array([[0, 0, 2, 1]]), out)
    assert out[0, :, 0].tolist() == [133, 0]  # one pixel's width of 1.5; then nothing


@pytest.mark.parametrize("most", [areas.MOST_PIXELS, 10])
def test_photos_too_large_for_32_bits_give_the_same(monkeypatch, most):
    monkeypatch.setattr(areas, "MOST_PIXELS", most)
    pixels, out = photo(1, 60, 50), np.zeros((9, 8, 3), np.uint8)
    areas.take(pixels, np.array([[1.0, 2.0, 49.0, 58.0]]), np.array([[0, 0, 8, 9]]), out)
    expected = cv2.resize(pixels[2:58, 1:49], (8, 9), interpolation=cv2.INTER_AREA)
    assert np.abs(out.astype(int) - expected).max() <= 1
    # a smaller photo after a larger one does not see what the larger one left
    small, again = photo(2, 20, 30), np.zeros((5, 5, 3), np.uint8)
    areas.take(small, np.array([[0.0, 0.0, 30.0, 20.0]]), np.array([[0, 0, 5, 5]]), again)
    assert np.abs(again.astype(int) - cv2.resize(small, (5, 5), interpolation=cv2.INTER_AREA)).max() <= 1

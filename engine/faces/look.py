"""Where the faces of photos are, also where a photo lies on its side, is dark, or shows a small face in much else.

One look finds nearly all. Where it leaves a doubt the other three directions are looked at, and where there is nothing
at all, the picture with more light and lower thresholds, and the picture larger.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from engine.faces import align, cut
from engine.faces.mtcnn import THRESHOLDS, Detections, Detector
from engine.faces.read import Photo

if TYPE_CHECKING:
    import numpy as np

# The face a portrait is of is first looked for among those of at least this share of the photo's short side.
PORTRAIT = 0.25
# A face so probable, so near to a face's proportions and so little turned is upright beyond doubt. 60 drawn photos and
# the 100 of faces10x10 turned by quarters came upright in 473 of 480 cases; upright ones stayed so in 160 of 160.
PROBABLE, PROPORTIONS, UPRIGHT = 0.999, 0.05, 45.0
# A photo is turned for a face that is better than the upright one by this, and probable enough by itself.
BETTER, TURNED = 0.005, 0.9
# With the picture's light stretched, these find 100 of faces10x10 at an eighth of their light (42 as they are), and
# nothing in 60 drawn scenes.
SECOND = (0.4, 0.5, 0.5)
LARGER = 4  # times `faces.max_side`


class Seen(NamedTuple):
    """A photo in the direction in which its faces stand, and where they are.

    Args:
        photo: turned by `quarters`.
        quarters: of a circle, against the clock.
        faces: in pixels of the turned photo.
    """

    photo: Photo
    quarters: int
    faces: Detections


def look(
    detector: Detector, photos: list[Photo], larger: Callable[[int, int], Photo], *, portraits: bool
) -> list[Seen]:
    """Find the faces of photos.

    Args:
        detector: finds faces that stand upright.
        photos: upright as far as their files say.
        larger: number of a photo and the long side wanted -> the same photo, decoded larger.
        portraits: only the face a photo is of is wanted, and those that could be meant instead.
    """
    found = _portraits(detector, photos) if portraits else detector.many([photo.pixels for photo in photos])
    seen = [Seen(photo, 0, faces) for photo, faces in zip(photos, found, strict=True)]
    for k, one in enumerate(seen):
        if not _sure(one):
            seen[k] = _again(detector, one, partial(larger, k))
    return seen


def back(points: np.ndarray, seen: Seen) -> np.ndarray:
    """Points of the turned photo in pixels of the photo as it was; points: (n, 2) x y."""
    import numpy as np

    height, width = seen.photo.pixels.shape[:2]
    for _ in range(seen.quarters):
        points = np.stack([height - points[:, 1], points[:, 0]], axis=1)
        height, width = width, height
    return points


def _portraits(detector: Detector, photos: list[Photo]) -> list[Detections]:
    """Faces of each; only large ones, where smaller ones could not be meant."""
    pixels = [photo.pixels for photo in photos]
    least = [PORTRAIT * min(one.shape[:2]) for one in pixels]
    found = detector.many(pixels, least)
    again = [
        k
        for k, one in enumerate(pixels)
        if least[k] > detector.min_face and not cut.settled(found[k].boxes, one.shape[0], one.shape[1], least[k])
    ]
    for k, every in zip(again, detector.many([pixels[k] for k in again]), strict=True):
        found[k] = every
    return found


def _again(detector: Detector, first: Seen, larger: Callable[[int], Photo]) -> Seen:
    """What the other directions, and for want of any face a second look, make of a photo."""
    best = _turned(detector, first)
    if len(best.faces.boxes):
        return best
    bright = replace(first.photo, pixels=cut.lit(first.photo.pixels))
    once = Seen(bright, 0, detector.many([bright.pixels], thresholds=SECOND)[0])
    best = _turned(detector, once, SECOND)
    if _value(best) >= SECOND[2]:
        return best._replace(photo=first.photo.turned(best.quarters))
    if first.photo.scale > 1:
        photo = larger(LARGER * max(first.photo.pixels.shape[:2]))
        return Seen(photo, 0, detector.many([photo.pixels])[0])
    return first


def _turned(detector: Detector, first: Seen, thresholds: tuple[float, float, float] = THRESHOLDS) -> Seen:
    """The direction in which a photo's main face stands best; first: what was found without turning it."""
    sides = [first.photo.turned(quarters) for quarters in (1, 2, 3)]
    # a face that would be rather meant is no smaller than half of the one that was found
    least = max(cut.main_side(first.faces.boxes, *first.photo.pixels.shape[:2]) / 2, detector.min_face)
    found = detector.many([side.pixels for side in sides], [least] * 3, thresholds)
    best, value = first, max(_value(first) + BETTER, TURNED)
    for quarters, side, faces in zip((1, 2, 3), sides, found, strict=True):
        here = Seen(side, quarters, faces)
        if _value(here) > value:
            best, value = here, _value(here)
    return best


def _sure(seen: Seen) -> bool:
    """Whether the main face stands upright beyond doubt."""
    probability, turn, misfit = _main(seen)
    return probability >= PROBABLE and misfit <= PROPORTIONS and abs(turn) <= UPRIGHT


def _value(seen: Seen) -> float:
    """How much the main face looks like an upright face: 0 to 1."""
    probability, turn, misfit = _main(seen)
    return probability * (1 - misfit) if abs(turn) <= UPRIGHT else 0.0


def _main(seen: Seen) -> tuple[float, float, float]:
    """Of the main face: its probability, degrees it is turned, how little its landmarks look like a face's."""
    if not len(seen.faces.boxes):
        return 0.0, 0.0, 1.0
    main, _ = cut.choose(seen.faces.boxes, *seen.photo.pixels.shape[:2])
    return float(seen.faces.probabilities[main]), *align.standing(seen.faces.landmarks[main])

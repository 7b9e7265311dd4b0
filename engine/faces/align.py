"""Faces brought to one place, size and turn by their five landmarks, before embedding."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from engine.faces import cut
from engine.faces.cut import SIZE

if TYPE_CHECKING:
    import numpy as np

# MTCNN's boxes are this much taller than wide, and cropping to a square stretches faces so: FaceNet saw them wide.
STRETCH = 1.35
KINDS = ("crop", "similarity", "frontal")
# Where eyes, nose and mouth corners lie on average in crops with margin 32 (faces10x10, made symmetric).
TEMPLATE = ((52.0, 66.8), (108.0, 66.8), (80.0, 92.3), (55.1, 113.3), (104.9, 113.3))


def face(pixels: np.ndarray, box: np.ndarray, landmarks: np.ndarray, *, kind: str = "crop", margin: int = 32):
    """The picture of a face that is embedded.

    Args:
        pixels: uint8 RGB (height, width, 3).
        box: x0 y0 x1 y1 in its pixels.
        landmarks: (10,) x y of left eye, right eye, nose, left and right mouth corner.
        kind: "crop" = box with margin; "similarity" = turned, scaled and moved so that the landmarks come as near
            as they can to the template; "frontal" = that, then bent piecewise so that they lie on it.
        margin: of the crop; the other kinds show as much as margin 32 does.

    Returns:
        uint8 (160, 160, 3).
    """
    import cv2

    if kind == "crop":
        return cut.crop(pixels, box, margin)
    move = similarity(landmarks.reshape(5, 2))
    upright = cv2.warpAffine(pixels, move, (SIZE, SIZE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    if kind == "similarity":
        return upright
    points = landmarks.reshape(5, 2) @ move[:, :2].T + move[:, 2]
    x, y = _sources(points)
    return cv2.remap(upright, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def similarity(points: np.ndarray) -> np.ndarray:
    """The turn, scale and shift that brings landmarks nearest to the template.

    Args:
        points: (5, 2) x y.

    Returns:
        float64 (2, 3): the least-squares similarity [[a, -b, tx], [b, a, ty]] to the template squeezed to a face's
        own proportions, then the stretch every crop has.

    Source: Umeyama 1991 (without reflection, in closed form for the plane).
    """
    import numpy as np

    widen = np.array([[STRETCH, 0, (1 - STRETCH) * SIZE / 2], [0, 1, 0], [0, 0, 1]])
    a, b, centre, goal, _ = _fit(points)
    turn = np.array([[a, -b], [b, a]])
    return (widen @ np.vstack([np.column_stack([turn, goal - turn @ centre]), [0, 0, 1]]))[:2]


def upright(pixels: np.ndarray, landmarks: np.ndarray, size: int, eyes: tuple[float, float, float]) -> np.ndarray:
    """A square picture of a face with its eyes on a level, as unlike FaceNet's other networks want it.

    Args:
        pixels: uint8 RGB (height, width, 3).
        landmarks: (10,) as `face` takes them.
        size: of the picture, pixels.
        eyes: where they come to lie: x of the left one, x of the right one, y, as shares of the size.

    Returns:
        uint8 (size, size, 3), black where the photo ends; where it shrinks a pixel is the mean of what it covers.
    """
    import cv2
    import numpy as np

    a, b, centre, goal, _ = _fit(landmarks.reshape(5, 2))
    template = (np.array(TEMPLATE)[:2] - (SIZE / 2, 0)) / (STRETCH, 1) + (SIZE / 2, 0)
    scale = (eyes[1] - eyes[0]) * size / (template[1, 0] - template[0, 0])
    turn = scale * np.array([[a, -b], [b, a]])
    middle = np.array([(eyes[0] + eyes[1]) / 2, eyes[2]]) * size
    times = max(int(np.ceil(1 / max(np.hypot(*turn[0]), 1 / SIZE))), 1)
    move = times * np.column_stack([turn, middle + (goal - template.mean(axis=0)) * scale - turn @ centre])
    move[:, 2] += (times - 1) / 2
    large = cv2.warpAffine(pixels, move, (size * times, size * times), flags=cv2.INTER_LINEAR)
    return cv2.resize(large, (size, size), interpolation=cv2.INTER_AREA)


def standing(landmarks: np.ndarray) -> tuple[float, float]:
    """How a face stands in its photo, and how little its landmarks look like a face's.

    Args:
        landmarks: (10,) as `face` takes them.

    Returns:
        Degrees it is turned, -180 to 180, 0 = upright, 90 = its eyes' line goes down the photo; and the share of the
        landmarks' spread that no turn, scale and shift brings to the template: 0 frontal, .04 at most in 95 of 100
        photos of faces10x10, .1 to 1 for what is no face.
    """
    from math import atan2, degrees

    a, b, _, _, left = _fit(landmarks.reshape(5, 2))
    return -degrees(atan2(b, a)), left


def _fit(points: np.ndarray) -> tuple[float, float, np.ndarray, np.ndarray, float]:
    """a and b of the similarity to the template in a face's own proportions, the two centres, the share left over."""
    import numpy as np

    source, target = np.asarray(points, np.float64), np.array(TEMPLATE)
    target[:, 0] = (target[:, 0] - SIZE / 2) / STRETCH + SIZE / 2
    centre, goal = source.mean(axis=0), target.mean(axis=0)
    p, q = source - centre, target - goal
    size = float((p**2).sum())
    if size == 0:  # all landmarks on one spot: nothing to align by
        return 1.0, 0.0, centre, goal, 1.0
    a = float((p * q).sum()) / size
    b = float((p[:, 0] * q[:, 1] - p[:, 1] * q[:, 0]).sum()) / size
    return a, b, centre, goal, 1 - (a * a + b * b) * size / float((q**2).sum())


def _sources(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where each pixel of the frontal picture is taken from; points: landmarks in the upright one, (5, 2)."""
    import numpy as np

    corners, weights, frame = _mesh()
    knots = np.concatenate([points, frame])
    place = np.einsum("pk,pkc->pc", weights, knots[corners]).astype(np.float32)
    return place[:, 0].reshape(SIZE, SIZE), place[:, 1].reshape(SIZE, SIZE)


@lru_cache(maxsize=1)
def _mesh() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Triangles between the template and the unmoved frame: corners and weights of each pixel, points of the frame."""
    import numpy as np
    from scipy.spatial import Delaunay

    side = np.array([0.0, SIZE / 2, SIZE - 1])
    frame = np.array([(x, y) for x in side for y in side if (x, y) != (SIZE / 2, SIZE / 2)])
    mesh = Delaunay(np.concatenate([TEMPLATE, frame]))
    pixels = np.stack(np.meshgrid(np.arange(SIZE), np.arange(SIZE)), axis=-1).reshape(-1, 2).astype(np.float64)
    triangle = mesh.find_simplex(pixels)
    turn = mesh.transform[triangle]
    first = np.einsum("pij,pj->pi", turn[:, :2], pixels - turn[:, 2])
    weights = np.column_stack([first, 1 - first.sum(axis=1)])
    return mesh.simplices[triangle], weights, frame

"""From a detected face to the 160 x 160 crop FaceNet takes, and what tells whether the face can be used."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

SIZE = 160
# A second face makes a portrait ambiguous when it has this share of the chosen one's area ...
RIVAL_AREA = 0.6
# ... and lies at most this much farther from the centre (1 = from the centre to a corner).
RIVAL_DISTANCE = 0.1
# A detector told to find faces of some size and more may miss one that is up to this much larger.
UNSURE = 1.15
# Variances of brightness: a usual face's, and the least that is not flat.
USUAL, FLAT = 2500.0, 4.0
# Standard deviation of a picture's values; the crops of faces10x10 have 33 and more.
DIM = 28.0


def crop(pixels: np.ndarray, box: np.ndarray, margin: int = 32) -> np.ndarray:
    """The face with its surroundings, 160 x 160.

    Args:
        pixels: uint8 RGB (height, width, 3).
        box: x0 y0 x1 y1 in its pixels.
        margin: pixels of the result, both sides together, that lie outside the box.

    Returns:
        uint8 (160, 160, 3). What would lie outside the photo is left out, as facenet-pytorch does.
    """
    import cv2

    height, width = pixels.shape[:2]
    x0, y0, x1, y1 = (float(v) for v in box)
    dx, dy = (margin * side / (SIZE - margin) / 2 for side in (x1 - x0, y1 - y0))
    left, top = int(max(x0 - dx, 0)), int(max(y0 - dy, 0))
    right, bottom = int(min(x1 + dx, width)), int(min(y1 + dy, height))
    part = pixels[top : max(bottom, top + 1), left : max(right, left + 1)]
    shrinks = min(part.shape[:2]) >= SIZE
    return cv2.resize(part, (SIZE, SIZE), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


def sharpness(face: np.ndarray) -> float:
    """How sharp a crop is, whatever its light: below .7 faces are taken for others.

    The variance of the brightness' Laplacian, smoothed so that rounding of dark pictures is not taken for edges, as if
    the brightness itself had a standard deviation of 50.

    Args:
        face: uint8 (160, 160, 3).
    """
    import cv2
    import numpy as np

    grey = cv2.GaussianBlur(cv2.cvtColor(face, cv2.COLOR_RGB2GRAY).astype(np.float32), (0, 0), 1)
    return USUAL * _spread(cv2.Laplacian(grey, cv2.CV_32F)) ** 2 / max(_spread(grey) ** 2, FLAT)


def lit(pixels: np.ndarray) -> np.ndarray:
    """A picture that is dark, pale or of little contrast brought to all of the range; others as they are.

    Args:
        pixels: uint8 (height, width, 3).
    """
    import numpy as np

    if _spread(pixels) >= DIM:
        return pixels
    low, high = np.percentile(pixels, (1, 99))
    scale = 255 / max(high - low, 1)
    return np.clip((pixels.astype(np.float32) - low) * scale, 0, 255).astype(np.uint8)


def _spread(pixels: np.ndarray) -> float:
    """Standard deviation of the values, the largest of all channels."""
    import cv2

    return float(cv2.meanStdDev(pixels)[1].max())


def yaw(landmarks: np.ndarray) -> float:
    """How far the head is turned, from the nose's place between the eyes.

    Args:
        landmarks: (10,) x y of left eye, right eye, nose, mouth corners.

    Returns:
        -1 (nose over or beyond the left eye) ... 0 (midway) ... 1 (the right eye).
    """
    import numpy as np

    left, right, nose = landmarks.reshape(5, 2)[:3].astype(np.float64)
    axis = right - left
    length = float(axis @ axis)
    if length == 0:
        return 1.0
    return float(np.clip((nose - (left + right) / 2) @ axis / length * 2, -1, 1))


def choose(boxes: np.ndarray, height: int, width: int) -> tuple[int, bool]:
    """Which face a portrait is of: near the centre, weighted by size.

    Args:
        boxes: (n >= 1, 4) in pixels of the photo.
        height: of the photo.
        width: of the photo.

    Returns:
        Index of the face, and whether another one could as well be meant.

    Source: METHODS section 6.
    """
    import numpy as np

    side, distance = _standing(boxes, height, width)
    order = np.lexsort((np.arange(len(boxes)), -_weight(side, distance)))
    first, others = order[0], order[1:]
    rivals = (side[others] ** 2 >= RIVAL_AREA * side[first] ** 2) & (
        distance[others] <= distance[first] + RIVAL_DISTANCE
    )
    return int(first), bool(rivals.any())


def holding(boxes: np.ndarray, point: tuple[float, float]) -> int | None:
    """The box that holds a point; of several the one whose centre is nearest; None where none does.

    Args:
        boxes: (n, 4) in any unit.
        point: x y in it.
    """
    import numpy as np

    x, y = point
    inside = (boxes[:, 0] <= x) & (x <= boxes[:, 2]) & (boxes[:, 1] <= y) & (y <= boxes[:, 3])
    if not inside.any():
        return None
    away = np.hypot((boxes[:, 0] + boxes[:, 2]) / 2 - x, (boxes[:, 1] + boxes[:, 3]) / 2 - y)
    return int(np.argmin(np.where(inside, away, np.inf)))


def main_faces(faces: pl.DataFrame) -> pl.DataFrame:
    """Of each photo the face it is of, by `choose` among all faces found in it, usable or not.

    Args:
        faces: sha256, face, box, width, height of photos' faces; rows of photos without a face are left out.
    """
    import numpy as np
    import polars as pl

    found = faces.filter(pl.col("box").is_not_null()).sort("sha256", "face")
    if found.is_empty():
        return found
    boxes, photo = found["box"].to_numpy(), found["sha256"].rle_id().to_numpy()
    starts = np.flatnonzero(np.r_[True, np.diff(photo) > 0])
    size = found.select("height", "width").to_numpy()[starts]
    parts = zip(np.split(boxes, starts[1:]), starts, size, strict=True)
    return found[[int(start) + choose(part, int(h), int(w))[0] for part, start, (h, w) in parts]]


def main_side(boxes: np.ndarray, height: int, width: int) -> float:
    """Side in pixels of the face that `choose` says, with the same arguments; 0 where there is none."""
    return float(_standing(boxes, height, width)[0][choose(boxes, height, width)[0]]) if len(boxes) else 0.0


def settled(boxes: np.ndarray, height: int, width: int, smallest: float) -> bool:
    """Whether faces smaller than `smallest`, which nobody looked for, could not change what `choose` says.

    Args:
        boxes: (n, 4) in pixels of the photo.
        height: of the photo.
        width: of the photo.
        smallest: side of a face, pixels.
    """
    if not len(boxes):
        return False
    side, distance = _standing(boxes, height, width)
    first, _ = choose(boxes, height, width)
    # the most that a smaller face could weigh is its side, in the very centre
    chosen = _weight(side, distance)[first] > smallest * UNSURE
    return bool(chosen and RIVAL_AREA * side[first] ** 2 > (smallest * UNSURE) ** 2)


def _standing(boxes: np.ndarray, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Each box's side in pixels, and its distance from the photo's centre (1 = a corner)."""
    import numpy as np

    boxes = boxes.astype(np.float64)
    side = np.sqrt(np.clip(boxes[:, 2] - boxes[:, 0], 0, None) * np.clip(boxes[:, 3] - boxes[:, 1], 0, None))
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2 - (width / 2, height / 2)
    return side, np.hypot(*centre.T) / np.hypot(width / 2, height / 2)


def _weight(side: np.ndarray, distance: np.ndarray) -> np.ndarray:
    return side * (1 - distance) ** 4

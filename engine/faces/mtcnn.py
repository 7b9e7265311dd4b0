"""Face detection: MTCNN's three networks with a driver of our own, one photo at a time.

Why not facenet-pytorch's `MTCNN` class: that one runs P-Net once a scale, cuts candidates out one by one in Python,
searches down to 20 pixels and fails on batches of unequal photos. Here the whole pyramid lies on one canvas (P-Net has
no padding, so neighbours do not see each other), bounded below by the smallest face asked for.

Source: Zhang et al. 2016, Joint Face Detection and Alignment Using Multitask Cascaded Convolutional Networks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.faces.networks import networks

if TYPE_CHECKING:
    import numpy as np

THRESHOLDS = (0.6, 0.7, 0.7)
FACTOR = 0.709
CELL, STRIDE = 12, 2
GAP = 2  # keeps levels apart and their origins even, so that P-Net's stride hits the same pixels as on its own
MAX_CANDIDATES = 1000


@dataclass(frozen=True)
class Detections:
    """The faces of one photo, most probable first.

    Args:
        boxes: float32 (n, 4), x0 y0 x1 y1 in pixels of the photo given; may stand out beyond its edges.
        landmarks: float32 (n, 10), x y of left eye, right eye, nose, left and right mouth corner.
        probabilities: float32 (n,).
    """

    boxes: np.ndarray
    landmarks: np.ndarray
    probabilities: np.ndarray


class Detector:
    """MTCNN with thresholds .6/.7/.7; safe to call from several threads.

    Args:
        min_face: smallest face searched for, pixels.
        kind: who computes the networks, see `engine.faces.networks.networks`.
    """

    def __init__(self, min_face: float = 40.0, kind: str = "mtcnn") -> None:
        self.min_face = min_face
        self._pnet, self._rnet, self._onet = networks(kind)

    def __call__(self, pixels: np.ndarray) -> Detections:
        """Find the faces in one photo; pixels: uint8 RGB (height, width, 3)."""
        import numpy as np

        boxes = self._propose(pixels)
        for net, size, threshold in ((self._rnet, 24, THRESHOLDS[1]), (self._onet, 48, THRESHOLDS[2])):
            if not len(boxes):
                break
            out = net(_crops(pixels, boxes, size))
            score = out[-1][:, 1]
            keep = score > threshold
            boxes = np.concatenate([boxes[keep, :4], score[keep, None]], axis=1)
            shift = out[0][keep]
            if net is self._rnet:
                picked = _suppress(boxes, 0.7)
                boxes = _square(_shifted(boxes[picked], shift[picked]))
            else:
                points = _points(boxes, out[1][keep])
                boxes = _shifted(boxes, shift)
                picked = _suppress(boxes, 0.7, of_smaller=True)
                boxes, points = boxes[picked], points[picked]
        if not len(boxes):
            return Detections(*(np.zeros(shape, np.float32) for shape in ((0, 4), (0, 10), (0,))))
        return Detections(boxes[:, :4].copy(), points, boxes[:, 4].copy())

    def _propose(self, pixels: np.ndarray) -> np.ndarray:
        """P-Net over the pyramid: (n, 5) square boxes with score."""
        import cv2
        import numpy as np

        height, width = pixels.shape[:2]
        places = _pyramid(height, width, self.min_face)
        if not places:
            return np.zeros((0, 5), np.float32)
        tall, wide = max(p.y + p.height for p in places), max(p.x + p.width for p in places)
        canvas = np.full((tall, wide, 3), 127, np.uint8)
        for p in places:
            canvas[p.y : p.y + p.height, p.x : p.x + p.width] = cv2.resize(
                pixels, (p.width, p.height), interpolation=cv2.INTER_AREA
            )
        shift, probability = self._pnet(canvas[None])
        score, shift = probability[0, 1], shift[0]
        found = []
        for p in places:
            rows, columns = (p.height - CELL) // STRIDE + 1, (p.width - CELL) // STRIDE + 1
            window = np.s_[p.y // STRIDE : p.y // STRIDE + rows, p.x // STRIDE : p.x // STRIDE + columns]
            part = score[window]
            y, x = np.nonzero(part >= THRESHOLDS[0])
            if not len(y):
                continue
            corner = np.stack([x, y], axis=1) * STRIDE
            boxes = np.concatenate(
                [
                    np.floor((corner + 1) / p.scale),
                    np.floor((corner + CELL) / p.scale),
                    part[y, x][:, None],
                    shift[:, window[0], window[1]][:, y, x].T,
                ],
                axis=1,
            ).astype(np.float32)
            found.append(boxes[_suppress(boxes, 0.5)])
        if not found:
            return np.zeros((0, 5), np.float32)
        boxes = np.concatenate(found)
        boxes = boxes[_suppress(boxes, 0.7)][:MAX_CANDIDATES]
        size = np.tile(boxes[:, 2:4] - boxes[:, :2], 2)
        return _square(np.concatenate([boxes[:, :4] + boxes[:, 5:9] * size, boxes[:, 4:5]], axis=1))


@dataclass(frozen=True)
class _Level:
    """One level of the pyramid and its place on the canvas."""

    scale: float
    width: int
    height: int
    x: int
    y: int


def _pyramid(height: int, width: int, min_face: float) -> list[_Level]:
    """Levels from the finest (a face of `min_face` becomes 12 pixels) down, laid out in two columns."""
    levels, scale = [], CELL / min_face
    x = y = column = 0
    while min(height, width) * scale >= CELL - 1e-9:  # a face of just `min_face` is looked for
        tall, wide = int(height * scale + 1), int(width * scale + 1)
        if len(levels) == 1:  # the first level stands alone, the rest in columns to its right
            x, y = _even(levels[0].width), 0
        elif len(levels) > 1:
            y = _even(levels[-1].y + levels[-1].height)
            if y + tall > levels[0].height:
                x, y = _even(x + column), 0
                column = 0
        column = max(column, wide)
        levels.append(_Level(scale, wide, tall, x, y))
        if len(levels) == 1:
            column = 0
        scale *= FACTOR
    return levels


def _even(position: int) -> int:
    return -(-(position + GAP) // 2) * 2


def _crops(pixels: np.ndarray, boxes: np.ndarray, size: int) -> np.ndarray:
    """Candidates cut out, clipped to the photo and brought to size x size: uint8 (n, size, size, 3)."""
    import cv2
    import numpy as np

    height, width = pixels.shape[:2]
    out = np.zeros((len(boxes), size, size, 3), np.uint8)
    for k, (x0, y0, x1, y1) in enumerate(np.trunc(boxes[:, :4]).astype(int)):
        part = pixels[max(y0, 1) - 1 : min(y1, height), max(x0, 1) - 1 : min(x1, width)]
        if part.size:
            out[k] = cv2.resize(part, (size, size), interpolation=cv2.INTER_AREA)
    return out


def _shifted(boxes: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Boxes moved by the regression, in parts of their size."""
    import numpy as np

    size = np.tile(boxes[:, 2:4] - boxes[:, :2] + 1, 2)
    return np.concatenate([boxes[:, :4] + shift * size, boxes[:, 4:5]], axis=1)


def _square(boxes: np.ndarray) -> np.ndarray:
    """Boxes made square around their centre by the longer side."""
    import numpy as np

    size = boxes[:, 2:4] - boxes[:, :2]
    corner = boxes[:, :2] + size / 2 - size.max(axis=1, keepdims=True) / 2
    return np.concatenate([corner, corner + size.max(axis=1, keepdims=True), boxes[:, 4:5]], axis=1)


def _points(boxes: np.ndarray, parts: np.ndarray) -> np.ndarray:
    """Landmarks (n, 10) as x y pairs from O-Net's five x and five y in parts of the box."""
    import numpy as np

    size = boxes[:, 2:4] - boxes[:, :2] + 1
    x = boxes[:, :1] - 1 + size[:, :1] * parts[:, :5]
    y = boxes[:, 1:2] - 1 + size[:, 1:2] * parts[:, 5:]
    return np.stack([x, y], axis=2).reshape(len(boxes), 10).astype(np.float32)


def _suppress(boxes: np.ndarray, overlap: float, *, of_smaller: bool = False) -> np.ndarray:
    """Greedy non-maximum suppression: indices kept, best score first, ties by order.

    Args:
        boxes: (n, >= 5), x0 y0 x1 y1 score.
        overlap: a box that overlaps a better one by more is dropped.
        of_smaller: overlap as a share of the smaller box, not of the union.
    """
    import numpy as np

    x0, y0, x1, y1, score = boxes[:, :5].T
    area = (x1 - x0 + 1) * (y1 - y0 + 1)
    order = np.argsort(-score, kind="stable")
    kept = []
    while len(order):
        best, rest = order[0], order[1:]
        kept.append(best)
        wide = np.minimum(x1[best], x1[rest]) - np.maximum(x0[best], x0[rest]) + 1
        tall = np.minimum(y1[best], y1[rest]) - np.maximum(y0[best], y0[rest]) + 1
        inner = np.maximum(wide, 0) * np.maximum(tall, 0)
        whole = np.minimum(area[best], area[rest]) if of_smaller else area[best] + area[rest] - inner
        order = rest[inner <= overlap * whole]
    return np.array(kept, dtype=np.intp)

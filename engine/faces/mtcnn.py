"""Face detection: MTCNN's three networks with a driver of our own, some photos at a time.

Why not facenet-pytorch's `MTCNN` class: that one runs P-Net once a scale, cuts candidates out one by one in Python,
searches down to 20 pixels and fails on batches of unequal photos. Here the whole pyramid lies on one canvas (P-Net has
no padding, so neighbours do not see each other), bounded below by the smallest face asked for.

Source: Zhang et al. 2016, Joint Face Detection and Alignment Using Multitask Cascaded Convolutional Networks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.faces import areas
from engine.faces.networks import Network, networks

if TYPE_CHECKING:
    import numpy as np

THRESHOLDS = (0.6, 0.7, 0.7)
FACTOR = 0.709
CELL, STRIDE = 12, 2
GAP = 2  # keeps levels apart and their origins even, so that P-Net's stride hits the same pixels as on its own
# Sides of a canvas are multiples of this: for each size it has not seen OpenVINO takes a millisecond to get ready.
GRID = 16
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
        runtime: where, likewise.
        callers: threads that will call at the same time.
    """

    def __init__(self, min_face: float = 40.0, kind: str = "mtcnn", runtime: str = "auto", callers: int = 1) -> None:
        self.min_face = min_face
        self._pnet, self._rnet, self._onet = networks(kind, runtime, callers)

    def __call__(self, pixels: np.ndarray) -> Detections:
        """Find the faces in one photo; pixels: uint8 RGB (height, width, 3)."""
        return self.many([pixels])[0]

    def many(
        self,
        photos: Sequence[np.ndarray],
        smallest: Sequence[float] | None = None,
        thresholds: tuple[float, float, float] = THRESHOLDS,
    ) -> list[Detections]:
        """Find the faces in photos; what is found in one does not depend on the others.

        Args:
            photos: uint8 RGB (height, width, 3) each.
            smallest: for each photo, the face below which none need be found, pixels; None = `min_face`.
            thresholds: of P-Net, R-Net and O-Net.
        """
        least = smallest or [self.min_face] * len(photos)
        places = [_pyramid(p.shape[0], p.shape[1], self.min_face, size) for p, size in zip(photos, least, strict=True)]
        first, second, third = thresholds
        boxes = self._propose(photos, places, first)
        boxes = [_refined(*found) for found in self._judged(self._rnet, 24, second, photos, boxes)]
        return [_located(*found) for found in self._judged(self._onet, 48, third, photos, boxes)]

    def _propose(self, photos: Sequence[np.ndarray], places: list[list[_Level]], threshold: float) -> list[np.ndarray]:
        """P-Net over the pyramids: for each photo (n, 5) square boxes with score."""
        import numpy as np

        found = [np.zeros((0, 5), np.float32)] * len(photos)
        alike: dict[tuple[int, int], list[int]] = {}
        for k, levels in enumerate(places):
            if levels:
                alike.setdefault(_extent(levels), []).append(k)
        for chosen in alike.values():
            shift, probability = self._pnet(np.stack([_canvas(photos[k], places[k]) for k in chosen]))
            for k, moves, score in zip(chosen, shift, probability[:, 1], strict=True):
                found[k] = _proposals(places[k], moves, score, threshold)
        return found

    def _judged(
        self, net: Network, size: int, threshold: float, photos: Sequence[np.ndarray], boxes: list[np.ndarray]
    ) -> Iterator[tuple[np.ndarray, ...]]:
        """For each photo its boxes that pass a network, with the network's score, and its other outputs for them."""
        import numpy as np

        crops = [_crops(pixels, found, size) for pixels, found in zip(photos, boxes, strict=True)]
        if not any(len(part) for part in crops):  # networks take one picture at least
            crops.append(np.zeros((1, size, size, 3), np.uint8))
        outputs = net(np.concatenate(crops))
        start = 0
        for found in boxes:
            *rest, score = (out[start : start + len(found)] for out in outputs)
            start += len(found)
            keep = score[:, 1] > threshold
            yield np.concatenate([found[keep, :4], score[keep, 1:]], axis=1), *(out[keep] for out in rest)


def _proposals(places: list[_Level], shift: np.ndarray, score: np.ndarray, threshold: float) -> np.ndarray:
    """Boxes where P-Net sees a face, of one photo; shift (4, y, x) and score (y, x) are its outputs."""
    import numpy as np

    found = []
    for p in places:
        rows, columns = (p.height - CELL) // STRIDE + 1, (p.width - CELL) // STRIDE + 1
        window = np.s_[p.y // STRIDE : p.y // STRIDE + rows, p.x // STRIDE : p.x // STRIDE + columns]
        part = score[window]
        y, x = np.nonzero(part >= threshold)
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


def _refined(boxes: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """What R-Net makes of the boxes of one photo that pass it: square boxes with score."""
    picked = _suppress(boxes, 0.7)
    return _square(_shifted(boxes[picked], shift[picked]))


def _located(boxes: np.ndarray, shift: np.ndarray, parts: np.ndarray) -> Detections:
    """What O-Net makes of the boxes of one photo that pass it."""
    points = _points(boxes, parts)
    boxes = _shifted(boxes, shift)
    picked = _suppress_within(boxes, 0.7)
    return Detections(boxes[picked, :4], points[picked], boxes[picked, 4])


@dataclass(frozen=True)
class _Level:
    """One level of the pyramid and its place on the canvas."""

    scale: float
    width: int
    height: int
    x: int
    y: int


def _pyramid(height: int, width: int, min_face: float, smallest: float) -> list[_Level]:
    """Levels from the finest down, laid out in two columns.

    A face of `min_face` is 12 pixels on the finest; levels finer than one that shows faces of `smallest` so are left
    out. The scales are the same whatever is left out, and what a level shows is, too.
    """
    levels: list[_Level] = []
    scale = CELL / min_face
    while CELL / (scale * FACTOR) <= smallest:
        scale *= FACTOR
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


def _extent(places: list[_Level]) -> tuple[int, int]:
    """Height and width of the canvas that holds the levels."""
    tall, wide = max(p.y + p.height for p in places), max(p.x + p.width for p in places)
    return -(-tall // GRID) * GRID, -(-wide // GRID) * GRID


def _canvas(pixels: np.ndarray, places: list[_Level]) -> np.ndarray:
    """The levels of one photo on one picture: uint8 (height, width, 3)."""
    import numpy as np

    canvas = np.full((*_extent(places), 3), 127, np.uint8)
    whole = np.tile(np.array([0.0, 0.0, pixels.shape[1], pixels.shape[0]]), (len(places), 1))
    areas.take(pixels, whole, np.array([(p.x, p.y, p.width, p.height) for p in places]), canvas)
    return canvas


def _even(position: int) -> int:
    return -(-(position + GAP) // 2) * 2


def _crops(pixels: np.ndarray, boxes: np.ndarray, size: int) -> np.ndarray:
    """Candidates cut out, clipped to the photo and brought to size x size: uint8 (n, size, size, 3)."""
    import numpy as np

    out = np.zeros((len(boxes), size, size, 3), np.uint8)
    if not len(boxes):
        return out
    height, width = pixels.shape[:2]
    parts = np.trunc(boxes[:, :4]).astype(np.float64)
    parts[:, :2] = np.maximum(parts[:, :2], 1) - 1
    parts[:, 2:] = np.minimum(parts[:, 2:], (width, height))
    inside = np.flatnonzero((parts[:, :2] < parts[:, 2:]).all(axis=1))
    places = np.stack([inside * 0, inside * size, inside * 0 + size, inside * 0 + size], axis=1)
    areas.take(pixels, parts[inside], places, out.reshape(-1, size, 3))
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


def _suppress(boxes: np.ndarray, overlap: float) -> np.ndarray:
    """Greedy non-maximum suppression: indices kept, best score first, ties by order.

    Args:
        boxes: (n, >= 5), x0 y0 x1 y1 score; pixels x1 and y1 belong to the box.
        overlap: a box that overlaps a better one by more, as a share of their union, is dropped.
    """
    import torch
    from torchvision.ops import nms

    given = torch.from_numpy(boxes[:, :5].copy())
    given[:, 2:4] += 1
    return nms(given[:, :4], given[:, 4], overlap).numpy()


def _suppress_within(boxes: np.ndarray, overlap: float) -> np.ndarray:
    """Likewise, with the overlap as a share of the smaller box: a face inside another is dropped."""
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
        order = rest[inner <= overlap * np.minimum(area[best], area[rest])]
    return np.array(kept, dtype=np.intp)

"""Some photos from files to crops and embeddings: read, find, judge, cut out, embed, on the thread that asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.faces import align, cut, traits
from engine.faces.look import Seen, back, look
from engine.faces.read import Photo, Unreadable, read

if TYPE_CHECKING:
    import numpy as np

    from engine.config import Faces
    from engine.faces.embed import Embedder
    from engine.faces.mtcnn import Detector

# A face smaller than its crop is cut from the photo decoded larger, up to so many times.
LARGER = 4
ENLARGED = 1.1  # less is not worth decoding it again
# What brings a photo upright, by the quarters against the clock.
TURNS = {1: "a quarter to the left", 2: "by half", 3: "a quarter to the right"}


class Found(NamedTuple):
    """What was found in some photos.

    Args:
        rows: for each photo, its rows of table `faces` without keys and embedding: one at least.
        vectors: float32 (n, 512), the embeddings of the rows that are `ok`, in their order.
    """

    rows: list[list[dict[str, Any]]]
    vectors: np.ndarray


class Examiner:
    """Finds, judges and embeds the faces of photos; safe to call from several threads.

    Args:
        embedder: computes embeddings.
        detector: finds faces.
        mode: "customer" = the one face the portrait is of; "inventory" = every face.
        settings: section `faces`.
        root: folder the files must lie in; None = anywhere.
        chosen: file -> a point in the face that it is of, as shares of width and height; of other files the face is
            chosen by its place and size.

    Attributes:
        photos: how many to give at once, so that their faces fill a batch.
        runtime: who computes the embeddings.
    """

    def __init__(
        self,
        embedder: Embedder,
        detector: Detector,
        mode: str,
        settings: Faces,
        root: Path | None = None,
        chosen: Mapping[Path, tuple[float, float]] | None = None,
    ) -> None:
        self._embedder, self._detector = embedder, detector
        self._mode, self._settings, self._root, self._chosen = mode, settings, root, chosen or {}
        self.runtime = embedder.runtime
        self.photos = self.runtime.batch

    def __call__(self, paths: Sequence[Path]) -> Found:
        """What is found in photos; it does not depend on their company."""
        import numpy as np

        photos = [self._read(path) for path in paths]
        readable = [(path, photo) for path, photo in zip(paths, photos, strict=True) if isinstance(photo, Photo)]
        found = iter(
            look(
                self._detector,
                [photo for _, photo in readable],
                lambda k, side: self._larger(*readable[k], side),
                portraits=self._mode == "customer",
            )
        )
        judged = [
            self._judged(path, next(found))
            if isinstance(photo, Photo)
            else [({"face": -1, "status": "unreadable", "reason": photo}, None)]
            for path, photo in zip(paths, photos, strict=True)
        ]
        crops = [crop for faces in judged for _, crop in faces if crop is not None]
        vectors = self._embedder(np.stack(crops) if crops else np.zeros((0, cut.SIZE, cut.SIZE, 3), np.uint8))
        return Found([[row for row, _ in faces] for faces in judged], vectors)

    def boxes(self, path: Path) -> np.ndarray:
        """Where the faces of a photo lie: x0 y0 x1 y1 as shares of its width and height, (n, 4), from left to right."""
        import numpy as np

        photo = self._read(path)
        if isinstance(photo, str):
            return np.zeros((0, 4))
        seen = look(self._detector, [photo], lambda k, side: self._larger(path, photo, side), portraits=True)[0]
        found = _shares(seen)
        return found[np.lexsort((found[:, 1], found[:, 0]))]

    def _read(self, path: Path, max_side: int | None = None) -> Photo | str:
        """The photo, or why there is none."""
        asked = self._settings
        try:
            return read(path, max_megapixels=asked.max_megapixels, max_side=max_side or asked.max_side, root=self._root)
        except Unreadable as why:
            return str(why)

    def _larger(self, path: Path, photo: Photo, side: float) -> Photo:
        """The same photo with a long side of so many pixels, where it has them."""
        found = self._read(path, ceil(side))
        return found if isinstance(found, Photo) else photo

    def _judged(self, path: Path, seen: Seen) -> list[tuple[dict[str, Any], np.ndarray | None]]:
        """Rows of one photo without embeddings, and the crop to embed for those that are ok."""
        photo, quarters, found = seen
        if not len(found.boxes):
            size = {"width": photo.width, "height": photo.height}
            return [({"face": -1, "status": "no_face", "reason": "no face found", **size}, None)]
        main, rivals = cut.choose(found.boxes, *photo.pixels.shape[:2])
        if path in self._chosen:
            at = cut.holding(_shares(seen), self._chosen[path])
            main, rivals = (main, True) if at is None else (at, False)
        faces = range(len(found.boxes)) if self._mode == "inventory" else [main]
        larger = self._for_crops(path, seen, min(_side(found.boxes[face]) for face in faces))
        rows = [_judge(seen, larger, face, self._settings) for face in faces]
        if self._mode == "inventory" and quarters:  # its ad would lie on its side, too
            reason = f"the photo is not upright: turn it {TURNS[quarters]}"
            return [({**row, "status": "low_quality", "reason": reason}, None) for row, _ in rows]
        if self._mode == "customer" and rivals and rows[0][0]["status"] == "ok":
            several = f"{len(found.boxes)} faces"
            lost = path in self._chosen
            reason = f"{several}, none where one was chosen" if lost else f"{several}, two of which may be meant"
            return [({**rows[0][0], "status": "ambiguous", "reason": reason}, None)]
        return rows

    def _for_crops(self, path: Path, seen: Seen, side: float) -> Photo:
        """The photo large enough to cut out a face of so many pixels here, turned alike."""
        photo, quarters, _ = seen
        factor = min((cut.SIZE - self._settings.margin) / max(side, 1), photo.scale, LARGER)
        if factor <= ENLARGED:
            return photo
        larger = self._larger(path, photo, factor * max(photo.pixels.shape[:2]))
        return larger if larger is photo else larger.turned(quarters)


def _side(box: np.ndarray) -> float:
    return float(min(box[2] - box[0], box[3] - box[1]))


def _shares(seen: Seen) -> np.ndarray:
    """Boxes of faces as shares of the photo's width and height, not turned, (n, 4)."""
    import numpy as np

    height, width = seen.photo.pixels.shape[:2]
    if seen.quarters % 2:
        height, width = width, height
    corners = [back(box.reshape(2, 2), seen) / (width, height) for box in seen.faces.boxes]
    return np.array([[*c.min(axis=0), *c.max(axis=0)] for c in corners]).reshape(-1, 4)


def _judge(seen: Seen, larger: Photo, face: int, settings: Faces) -> tuple[dict[str, Any], np.ndarray | None]:
    """The row of one face, and its crop if it is ok; larger: the photo it is cut from."""
    import numpy as np

    photo, quarters, found = seen
    box, landmarks = found.boxes[face], found.landmarks[face]
    side = _side(box) * photo.scale
    factor = photo.scale / larger.scale
    picture = align.face(larger.pixels, box * factor, landmarks * factor, kind=settings.align, margin=settings.margin)
    sharp, turn = cut.sharpness(picture), cut.yaw(landmarks)
    corners = back(box.reshape(2, 2), seen)
    row = {
        "face": face,
        "status": "ok",
        "reason": None,
        "box": (np.concatenate([corners.min(axis=0), corners.max(axis=0)]) * photo.scale).tolist(),
        "landmarks": (back(landmarks.reshape(5, 2), seen).ravel() * photo.scale).tolist(),
        "probability": float(found.probabilities[face]),
        "sharpness": sharp,
        "yaw": turn,
        "hair": traits.hair(photo.pixels, box),
        "width": photo.height if quarters % 2 else photo.width,
        "height": photo.width if quarters % 2 else photo.height,
    }
    reason = None
    if side < settings.min_face:
        reason = f"the face measures {side:.0f} pixels, {settings.min_face} are needed"
    elif sharp < settings.min_sharpness:
        reason = f"blurred: sharpness {sharp:.2f}, {settings.min_sharpness:g} is needed"
    elif abs(turn) > settings.max_yaw:
        reason = f"turned away: {abs(turn):.2f} of a profile, at most {settings.max_yaw:g}"
    if reason:
        row |= {"status": "low_quality", "reason": reason}
    return row, None if reason else cut.lit(picture)

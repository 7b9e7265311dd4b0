"""Some photos from files to crops and embeddings: read, find, judge, cut out, embed, on the thread that asks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.faces import align, cut, traits
from engine.faces.read import Photo, Unreadable, read

if TYPE_CHECKING:
    import numpy as np

    from engine.config import Faces
    from engine.faces.embed import Embedder
    from engine.faces.mtcnn import Detections, Detector

# The face a portrait is of is first looked for among those of at least this share of the photo's short side.
PORTRAIT = 0.25


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

    Attributes:
        photos: how many to give at once, so that their faces fill a batch.
        runtime: who computes the embeddings.
    """

    def __init__(
        self, embedder: Embedder, detector: Detector, mode: str, settings: Faces, root: Path | None = None
    ) -> None:
        self._embedder, self._detector = embedder, detector
        self._mode, self._settings, self._root = mode, settings, root
        self.runtime = embedder.runtime
        self.photos = self.runtime.batch

    def __call__(self, paths: Sequence[Path]) -> Found:
        """What is found in photos; it does not depend on their company."""
        import numpy as np

        photos = [self._read(path) for path in paths]
        readable = [photo for photo in photos if isinstance(photo, Photo)]
        found = iter(self._detect([photo.pixels for photo in readable]))
        judged = [
            self._judged(photo, next(found))
            if isinstance(photo, Photo)
            else [({"face": -1, "status": "unreadable", "reason": photo}, None)]
            for photo in photos
        ]
        crops = [crop for faces in judged for _, crop in faces if crop is not None]
        vectors = self._embedder(np.stack(crops) if crops else np.zeros((0, cut.SIZE, cut.SIZE, 3), np.uint8))
        return Found([[row for row, _ in faces] for faces in judged], vectors)

    def _read(self, path: Path) -> Photo | str:
        """The photo, or why there is none."""
        asked = self._settings
        try:
            return read(path, max_megapixels=asked.max_megapixels, max_side=asked.max_side, root=self._root)
        except Unreadable as why:
            return str(why)

    def _detect(self, photos: list[np.ndarray]) -> list[Detections]:
        """Faces of each; of portraits only large ones, where smaller ones could not be meant."""
        if self._mode == "inventory":
            return self._detector.many(photos)
        least = [PORTRAIT * min(pixels.shape[:2]) for pixels in photos]
        found = self._detector.many(photos, least)
        again = [
            k
            for k, (height, width, *_) in enumerate(pixels.shape for pixels in photos)
            if least[k] > self._detector.min_face and not cut.settled(found[k].boxes, height, width, least[k])
        ]
        for k, every in zip(again, self._detector.many([photos[k] for k in again]), strict=True):
            found[k] = every
        return found

    def _judged(self, photo: Photo, found: Detections) -> list[tuple[dict[str, Any], np.ndarray | None]]:
        """Rows of one photo without embeddings, and the crop to embed for those that are ok."""
        if not len(found.boxes):
            size = {"width": photo.width, "height": photo.height}
            return [({"face": -1, "status": "no_face", "reason": "no face found", **size}, None)]
        if self._mode == "inventory":
            return [_judge(photo, found, face, self._settings) for face in range(len(found.boxes))]
        face, rivals = cut.choose(found.boxes, *photo.pixels.shape[:2])
        row, picture = _judge(photo, found, face, self._settings)
        if rivals and row["status"] == "ok":
            row |= {"status": "ambiguous", "reason": f"{len(found.boxes)} faces, two of which may be meant"}
            picture = None
        return [(row, picture)]


def _judge(photo: Photo, found: Detections, face: int, settings: Faces) -> tuple[dict[str, Any], np.ndarray | None]:
    box, landmarks = found.boxes[face], found.landmarks[face]
    side = float(min(box[2] - box[0], box[3] - box[1]))
    picture = align.face(photo.pixels, box, landmarks, kind=settings.align, margin=settings.margin)
    sharp, turn = cut.sharpness(picture), cut.yaw(landmarks)
    row = {
        "face": face,
        "status": "ok",
        "reason": None,
        "box": (box * photo.scale).tolist(),
        "landmarks": (landmarks * photo.scale).tolist(),
        "probability": float(found.probabilities[face]),
        "sharpness": sharp,
        "yaw": turn,
        "hair": traits.hair(photo.pixels, box),
        "width": photo.width,
        "height": photo.height,
    }
    reason = None
    if side < settings.min_face:
        reason = f"the face measures {side:.0f} pixels, {settings.min_face} are needed"
    elif sharp < settings.min_sharpness:
        reason = f"blurred: sharpness {sharp:.0f}, {settings.min_sharpness:g} is needed"
    elif abs(turn) > settings.max_yaw:
        reason = f"turned away: {abs(turn):.2f} of a profile, at most {settings.max_yaw:g}"
    if reason:
        row |= {"status": "low_quality", "reason": reason}
    return row, None if reason else picture

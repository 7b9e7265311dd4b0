"""From photos to rows of table `faces`: read, detect, judge, cut, embed, in batches that can be kept as they come."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.config import Faces
from engine.errors import EngineError
from engine.faces import align, cut, traits, weights
from engine.faces.read import Photo, Unreadable, read
from engine.progress import SILENT, Progress
from engine.tables import empty

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from engine.faces.embed import Embedder
    from engine.faces.mtcnn import Detections, Detector

# Raised when detection, judging or cutting changes: rows of another version are made anew.
VERSION = 2
CHUNK = 64
MODES = ("customer", "inventory")


def model_id(settings: Faces, mode: str) -> str:
    """What makes a row of `faces`, as text: detector, alignment, weights, and a hash of the gates.

    Rows of customers' and of inventory photos are told apart because a customer's photo gives one face (nobody
    else in it is embedded: they did not consent) and a campaign photo every face.

    Args:
        settings: section `faces` of the configuration.
        mode: "customer" or "inventory".
    """
    if mode not in MODES:
        raise EngineError(f"mode {mode!r} is not one of {', '.join(MODES)}.")
    gates = (settings.max_megapixels, settings.max_side, settings.min_face, settings.min_sharpness, settings.max_yaw)
    gates_hash = hashlib.sha256(repr((VERSION, gates)).encode()).hexdigest()[:8]
    known = weights.describe(settings.weights)
    cutting = f"{settings.align}{settings.margin}" if settings.align == "crop" else settings.align
    mirrored = "-mirror" if settings.mirror else ""
    return f"{settings.detector}/{cutting}/{known.name}-{known.version}{mirrored}/{mode}-{gates_hash}"


def analyse(
    paths: Mapping[str, Path],
    *,
    mode: str,
    settings: Faces | None = None,
    threads: int = 0,
    root: Path | None = None,
    progress: Progress = SILENT,
) -> Iterator[pl.DataFrame]:
    """Find, judge and embed the faces of photos.

    Args:
        paths: sha256 of the content -> file.
        mode: "customer" = the one face the portrait is of; "inventory" = every face.
        settings: section `faces`; None = defaults.
        threads: processor threads, at most as many as there are; 0 = all.
        root: folder the files must lie in; None = anywhere.
        progress: where a bar is drawn, one step a photo.

    Yields:
        Frames of contract table `faces`, some 64 photos each, in the order of `paths`: at least one row a photo,
        whatever the photo is.

    Raises:
        ModelError: the weights are missing.
    """
    settings = settings or Faces()
    key = model_id(settings, mode)
    if not paths:
        return
    import os
    from concurrent.futures import ThreadPoolExecutor

    import numpy as np

    from engine.faces.runtimes import BATCH

    cores = len(os.sched_getaffinity(0))
    threads = min(threads or cores, cores)  # each holds a stream of the network
    embedder, detector = _loaded(weights.describe(settings.weights).version, settings, threads)
    items = list(paths.items())

    def examine(item: tuple[str, Path]) -> list[tuple[dict[str, Any], np.ndarray | None]]:
        return _examine(item[1], mode, settings, detector, root)

    # Threads share photos and batches, not the inside of one (`engine.faces.networks.one_thread`): nobody waits for
    # anybody, and the numbers do not depend on how many threads there are.
    workers = ThreadPoolExecutor(threads)
    with workers, progress.task(f"faces of {mode} photos ({embedder.runtime})", total=len(items)) as bar:
        for start in range(0, len(items), CHUNK):
            chunk = items[start : start + CHUNK]
            found = list(workers.map(examine, chunk))
            crops = [picture for faces in found for _, picture in faces if picture is not None]
            batches = [np.stack(crops[k : k + BATCH]) for k in range(0, len(crops), BATCH)]
            yield _frame([sha for sha, _ in chunk], found, list(workers.map(embedder, batches)), key)
            bar.advance(len(chunk))


@lru_cache(maxsize=1)
def _loaded(version: str, settings: Faces, callers: int) -> tuple[Embedder, Detector]:
    """The networks, kept for the photos that come next to this process.

    Args:
        version: of the weights, which tells another content under the same name.
        settings: section `faces`.
        callers: threads that will call at the same time.
    """
    from engine.faces.embed import Embedder

    embedder = Embedder(
        settings.weights,
        runtime=settings.runtime,
        precision=settings.precision,
        mirror=settings.mirror,
        callers=callers,
    )
    return embedder, detector_for(settings)


def detector_for(settings: Faces) -> Detector:
    """The detector that section `faces` asks for; raises ModelError when its files are missing."""
    from engine.faces.mtcnn import Detector

    # Faces somewhat below the gate are looked for too, so that they can be called too small instead of missing.
    return Detector(settings.min_face * 0.8, settings.detector)


def _examine(
    path: Path, mode: str, settings: Faces, detector: Detector, root: Path | None
) -> list[tuple[dict[str, Any], np.ndarray | None]]:
    """Rows of one photo without embeddings, and the crop to embed for those that are ok."""
    try:
        photo = read(path, max_megapixels=settings.max_megapixels, max_side=settings.max_side, root=root)
    except Unreadable as why:
        return [({"face": -1, "status": "unreadable", "reason": str(why)}, None)]
    size = {"width": photo.width, "height": photo.height}
    found = detector(photo.pixels)
    if not len(found.boxes):
        return [({"face": -1, "status": "no_face", "reason": "no face found", **size}, None)]
    if mode == "inventory":
        return [_judge(photo, found, face, settings) for face in range(len(found.boxes))]
    face, rivals = cut.choose(found.boxes, *photo.pixels.shape[:2])
    row, picture = _judge(photo, found, face, settings)
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


def _frame(shas: list[str], found: list, vectors: list[np.ndarray], key: str) -> pl.DataFrame:
    import numpy as np
    import polars as pl

    rows = [{"sha256": sha, "model_id": key, **row} for sha, faces in zip(shas, found, strict=True) for row, _ in faces]
    shape = empty("faces")
    frame = pl.DataFrame(rows, schema={k: v for k, v in shape.schema.items() if k != "embedding"})
    at = np.flatnonzero((frame["status"] == "ok").to_numpy())
    table = pl.DataFrame({"at": at}, schema={"at": pl.UInt32})
    numbers = np.concatenate([np.zeros((0, 512), np.float32), *vectors])
    table = table.with_columns(pl.Series("embedding", numbers, dtype=shape.schema["embedding"]))
    return frame.with_row_index("at").join(table, on="at", how="left", maintain_order="left").select(shape.columns)

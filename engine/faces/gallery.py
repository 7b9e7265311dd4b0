"""From photos to rows of table `faces`, in batches that can be kept as they come."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from engine import processes
from engine.config import Faces
from engine.errors import EngineError
from engine.faces import lines, weights
from engine.faces.examine import Examiner, Found
from engine.progress import SILENT, Progress
from engine.tables import empty

if TYPE_CHECKING:
    from concurrent.futures import Future

    import polars as pl

    from engine.faces.embed import Embedder
    from engine.faces.mtcnn import Detector

# Raised when detection, judging or cutting changes: rows of another version are made anew.
VERSION = 4
CHUNK = 64
AHEAD = 2  # groups of photos a thread, at most, that are done before somebody takes them
FEW = 2000  # photos that are not worth starting a process for, which takes 5 processor seconds and 1.2 GB
HANDED = 256  # photos given to a process at once
MODES = ("customer", "inventory")
CHOSEN = "@"  # in a model_id, before the point that was chosen; sql/trust knows it, too


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
    group: list[tuple[list[str], Found]] = []
    with progress.task(f"faces of {mode} photos", total=len(paths)) as bar:
        for part in examined(paths, mode, settings, threads=threads, root=root):
            group.append(part)
            bar.advance(len(part[0]))
            if sum(len(shas) for shas, _ in group) >= CHUNK:
                yield _frame(group, key)
                group = []
    if group:
        yield _frame(group, key)


def chosen(
    photos: Iterable[tuple[str, str, float, float]], *, root: Path, settings: Faces | None = None
) -> Iterator[pl.DataFrame]:
    """Judge and embed the face that a person chose in each of some photos of several people.

    Args:
        photos: sha256, path below `root`, x and y of a point in the face, as shares.
        root: the workspace's folder of photos.
        settings: section `faces`; None = defaults.

    Yields:
        A frame of contract table `faces` with one row, its model_id by `chosen_id`.
    """
    settings = settings or Faces()
    loaded = _loaded(weights.describe(settings.weights).version, settings, 1)
    for sha, path, x, y in photos:
        examine = Examiner(*loaded, "customer", settings, root, {root / path: (x, y)})
        yield _frame([([sha], examine([root / path]))], chosen_id(model_id(settings, "customer"), x, y))


def chosen_id(made_by: str, x: float, y: float) -> str:
    """`model_id` of a row whose face was chosen by hand."""
    return f"{made_by}{CHOSEN}{x:.4f},{y:.4f}"


def examined(
    paths: Mapping[str, Path], mode: str, settings: Faces, *, threads: int = 0, root: Path | None = None
) -> Iterator[tuple[list[str], Found]]:
    """What was found in photos, some at a time, in their order; see `analyse`.

    Yields:
        Keys of `paths`, and what was found in their files.
    """
    import os

    cores = len(os.sched_getaffinity(0))
    threads = min(threads or cores, cores)  # each holds a stream of the network
    several = min(threads // lines.THREADS, len(paths) // FEW)
    if several > 1:
        yield from _by_processes(paths, mode, settings, several, root)
    else:
        yield from _by_threads(paths, examiner(mode, settings, threads, root), threads)


def _by_processes(
    paths: Mapping[str, Path], mode: str, settings: Faces, several: int, root: Path | None
) -> Iterator[tuple[list[str], Found]]:
    shas = list(paths)
    parts = [shas[k : k + HANDED] for k in range(0, len(shas), HANDED)]
    work = (lines.line([paths[sha] for sha in part]) for part in parts)
    given = lines.arguments(mode, settings, root)
    answers = processes.in_order(processes.answers("engine.faces.worker", given, work, several))
    for part, answer in zip(parts, answers, strict=True):
        yield part, lines.found(answer)


def _by_threads(paths: Mapping[str, Path], examine: Examiner, threads: int) -> Iterator[tuple[list[str], Found]]:
    from concurrent.futures import ThreadPoolExecutor

    shas = list(paths)
    parts = [shas[k : k + examine.photos] for k in range(0, len(shas), examine.photos)]
    # A thread takes some photos from file to embedding: nobody waits for anybody, and the numbers do not depend on how
    # many threads there are (`engine.faces.networks.one_thread`).
    with ThreadPoolExecutor(threads) as workers:
        waiting: deque[Future[Found]] = deque()
        for k in range(len(parts) + AHEAD * threads):
            if k < len(parts):
                waiting.append(workers.submit(examine, [paths[sha] for sha in parts[k]]))
            if AHEAD * threads <= k:
                yield parts[k - AHEAD * threads], waiting.popleft().result()


def examiner(mode: str, settings: Faces, threads: int, root: Path | None = None) -> Examiner:
    """Who finds faces and embeds them for so many threads; see `analyse`."""
    return Examiner(*_loaded(weights.describe(settings.weights).version, settings, threads), mode, settings, root)


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
    return embedder, detector_for(settings, callers)


def detector_for(settings: Faces, callers: int = 1) -> Detector:
    """The detector that section `faces` asks for, for so many threads; raises ModelError when its files are missing."""
    from engine.faces.mtcnn import Detector

    # Faces somewhat below the gate are looked for too, so that they can be called too small instead of missing.
    return Detector(settings.min_face * 0.8, settings.detector, settings.runtime, callers)


def _frame(group: list[tuple[list[str], Found]], key: str) -> pl.DataFrame:
    import numpy as np
    import polars as pl

    rows = [
        {"sha256": sha, "model_id": key, **row}
        for shas, found in group
        for sha, faces in zip(shas, found.rows, strict=True)
        for row in faces
    ]
    shape = empty("faces")
    frame = pl.DataFrame(rows, schema={k: v for k, v in shape.schema.items() if k != "embedding"})
    at = np.flatnonzero((frame["status"] == "ok").to_numpy())
    table = pl.DataFrame({"at": at}, schema={"at": pl.UInt32})
    numbers = np.concatenate([found.vectors for _, found in group])
    table = table.with_columns(pl.Series("embedding", numbers, dtype=shape.schema["embedding"]))
    return frame.with_row_index("at").join(table, on="at", how="left", maintain_order="left").select(shape.columns)

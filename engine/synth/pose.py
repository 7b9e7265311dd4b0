"""One photo before it is painted: how the head is held, where it lies, and the colours of the person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.synth.canvas import Canvas
from engine.synth.looks import HAIR, PARAMETERS, STYLES

if TYPE_CHECKING:
    import numpy as np

SKIN = ((253, 222, 202), (244, 204, 175), (232, 184, 148), (214, 160, 120), (178, 122, 84), (128, 84, 58), (96, 62, 44))


class Pose:
    """Pose (unit face coordinates to pixels) and colours of one photo; `face_mask` is there once the face is."""

    face_mask: np.ndarray

    def __init__(self, z: np.ndarray, size: int, rng: np.random.Generator, studio: bool) -> None:
        import numpy as np

        self.p = dict(zip(PARAMETERS, z.tolist(), strict=True))
        self.rng, self.size, self.studio = rng, size, studio
        calm = 0.45 if studio else 1.0
        self.roll, self.yaw, self.pitch = (rng.normal(0, s) * calm for s in (0.05, 0.11, 0.06))
        self.light = np.array([rng.choice((-1, 1)) * rng.uniform(0.25, 0.6), -0.45, 0.75])
        self.light /= np.linalg.norm(self.light)
        self.unit = size * (0.225 if studio else rng.uniform(0.212, 0.242))
        self.centre = np.array([0.5, 0.5]) * size + rng.normal(0, 0.01 if studio else 0.02, 2) * size
        self.smile = np.clip(0.25 + 0.6 * self.p["smile"] + rng.normal(0, 0.12), 0, 1)
        tone = self.p["skin"] * (len(SKIN) - 1)
        low = min(int(tone), len(SKIN) - 2)
        base = np.array(SKIN[low]) * (low + 1 - tone) + np.array(SKIN[low + 1]) * (tone - low)
        self.skin = base * (1 + (self.p["warmth"] - 0.5) * np.array([0.04, 0.0, -0.08]))
        self.shade = self.skin * (0.68, 0.56, 0.52)
        self.hair = np.array(list(HAIR.values())[round(self.p["hair_colour"] * 5)], dtype=float)
        self.age = self.p["age"]
        self.woman = self.p["woman"] > 0.5
        self.style = STYLES[self.woman][int(self.p["style"] * len(STYLES[self.woman]) * 0.999)]
        self.canvas = Canvas(size)

    def at(self, points, z: float | None = None) -> np.ndarray:
        """Pixels [n, 2] of unit face coordinates [n, 2] (x right, y down, face about 1.9 wide and 2.6 high).

        z: depth towards the viewer; None = on the face's surface.
        """
        import numpy as np

        p = np.atleast_2d(np.asarray(points, dtype=np.float64))
        x, y = p[:, 0], p[:, 1]
        depth = np.sqrt(np.maximum(0, 1 - (x / 1.15) ** 2 - (y / 1.6) ** 2)) if z is None else np.full(len(x), z)
        x, y = (
            x * np.cos(self.yaw) + 0.8 * depth * np.sin(self.yaw),
            y * np.cos(self.pitch) + depth * np.sin(self.pitch),
        )
        cos, sin = np.cos(self.roll), np.sin(self.roll)
        return np.stack([x * cos - y * sin, x * sin + y * cos], axis=1) * self.unit + self.centre

    def px(self, units: float) -> float:
        """Pixels of a length in face units."""
        return units * self.unit

    def both(self, points) -> tuple[np.ndarray, np.ndarray]:
        """The points and their mirror image, in face units."""
        import numpy as np

        p = np.asarray(points, dtype=np.float64)
        return p, p * (-1, 1)

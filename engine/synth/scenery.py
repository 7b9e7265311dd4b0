"""Photos that show nobody, for what must find no face."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.synth.canvas import Canvas

if TYPE_CHECKING:
    import numpy as np


def nobody(*, size: int, seed: int) -> np.ndarray:
    """A photo without anybody in it: hills under a sky; uint8 [size, size, 3], RGB."""
    import numpy as np

    rng = np.random.default_rng(seed)
    canvas = Canvas(size)
    rows = np.linspace(0, 1, size)[:, None, None]
    canvas.pixels[:] = np.array((150, 195, 230)) * (1 - rows) + np.array((240, 232, 214)) * rows
    for layer in range(3):
        x = np.linspace(0, size, 40)
        y = size * (0.55 + 0.13 * layer + 0.06 * np.sin(x / size * (5 + 3 * layer) + rng.uniform(0, 6)))
        hill = np.vstack([np.stack([x, y], 1), [[size, size + 5], [0, size + 5]]])
        canvas.fill(hill, np.array((120, 165, 110)) * (1 - 0.22 * layer))
    return canvas.finished()

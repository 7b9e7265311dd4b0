"""Parts of a photo brought to a smaller size, each pixel the mean of the area it covers, all of them at once.

A level of a pyramid or a candidate's crop costs as much as it has pixels, not as much as it covers: the means are
differences of sums. They are OpenCV's `INTER_AREA` to the bit.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from engine.compiled import compiled

if TYPE_CHECKING:
    import numpy as np

# Sums of more pixels than this could pass 32 bits.
MOST_PIXELS = (2**31 - 1) // 255
_own = threading.local()


def take(pixels: np.ndarray, parts: np.ndarray, places: np.ndarray, out: np.ndarray) -> None:
    """Draw parts of a photo into a picture.

    Args:
        pixels: uint8 RGB (height, width, 3).
        parts: float64 (n, 4), x0 y0 x1 y1 in pixels of the photo and within it; x1 > x0 and y1 > y0.
        places: int64 (n, 4), x y width height in `out`.
        out: uint8 (height, width, 3), C-contiguous.

    Source: Crow 1984, Summed-area tables for texture mapping.
    """
    import numpy as np

    compiled(draw)(_sums(pixels), parts, places, np.zeros(3), out)


def _sums(pixels: np.ndarray) -> np.ndarray:
    """Sums of all pixels above and to the left, (height + 1, width + 1, 3); the calling thread's until it asks again.

    New memory for each photo costs tens of times as much as adding up.
    """
    import cv2
    import numpy as np

    height, width = pixels.shape[:2]
    if height * width > MOST_PIXELS:
        return cv2.integral(pixels, sdepth=cv2.CV_64F)
    size = (height + 1) * (width + 1) * 3
    if getattr(_own, "room", np.zeros(0)).size < size:
        _own.room = np.zeros(size, np.int32)
    return cv2.integral(pixels, _own.room[:size].reshape(height + 1, width + 1, 3))


def draw(sums, parts, places, before, out):
    """`take`, compiled; sums: of all pixels above and to the left; before: float64 (3,), room to work in."""
    for k in range(len(parts)):
        x0, y0, x1, y1 = parts[k]
        left, top, wide, tall = places[k]
        step_x, step_y = (x1 - x0) / wide, (y1 - y0) / tall
        share = 1 / (step_x * step_y)
        for i in range(tall):
            upper, lower = y0 + i * step_y, y0 + (i + 1) * step_y
            a, b = min(int(upper), sums.shape[0] - 2), min(int(lower), sums.shape[0] - 2)
            u, v = upper - a, lower - b
            for j in range(wide + 1):
                x = x0 + j * step_x
                g = min(int(x), sums.shape[1] - 2)
                t = x - g
                for c in range(3):
                    # the sum of the rows between `upper` and `lower` up to column g, to g + 1, and to x between them
                    first = sums[b, g, c] - sums[a, g, c] + v * (sums[b + 1, g, c] - sums[b, g, c])
                    first -= u * (sums[a + 1, g, c] - sums[a, g, c])
                    after = sums[b, g + 1, c] - sums[a, g + 1, c] + v * (sums[b + 1, g + 1, c] - sums[b, g + 1, c])
                    after -= u * (sums[a + 1, g + 1, c] - sums[a, g + 1, c])
                    here = first + t * (after - first)
                    if j:
                        out[top + i, left + j - 1, c] = min(max(int((here - before[c]) * share + 0.5), 0), 255)
                    before[c] = here

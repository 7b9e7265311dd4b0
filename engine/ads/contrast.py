"""Whether a text can be read on what lies behind it: the contrast ratio of WCAG 2.2 against the actual pixels."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

READABLE = 4.5  # WCAG 2.2, success criterion 1.4.3


def worst(background: Image.Image, box: Sequence[int], colour: Sequence[int]) -> float:
    """The lowest contrast of a colour with any pixel of a region.

    Args:
        background: RGB, without the text.
        box: left, top, width, height, pixels; cut off at the picture's edges.
        colour: RGB of the text.

    Returns:
        Ratio, 1 (none) to 21 (black on white).

    Source: WCAG 2.2, definitions of contrast ratio and relative luminance.
    """
    import numpy as np

    left, top = max(box[0], 0), max(box[1], 0)
    right, bottom = min(box[0] + box[2], background.width), min(box[1] + box[3], background.height)
    if right <= left or bottom <= top:
        return 21.0
    pixels = np.asarray(background.crop((left, top, right, bottom)))
    behind = luminance(pixels)
    own = float(luminance(np.array([colour], dtype=np.uint8))[0])
    return float(((np.maximum(own, behind) + 0.05) / (np.minimum(own, behind) + 0.05)).min())


def luminance(pixels: np.ndarray) -> np.ndarray:
    """Relative luminance 0..1 of sRGB pixels uint8 [..., 3]."""
    red, green, blue = _table()
    return red[pixels[..., 0]] + green[pixels[..., 1]] + blue[pixels[..., 2]]


@cache
def _table() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each channel's share of the luminance for its 256 values."""
    import numpy as np

    value = np.arange(256) / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    red, green, blue = ((weight * linear).astype(np.float32) for weight in (0.2126, 0.7152, 0.0722))
    return red, green, blue

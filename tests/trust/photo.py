"""A small photo of nothing, made without a camera."""

from __future__ import annotations

import io


def jpeg(seed: int, size: tuple[int, int] = (64, 64)) -> bytes:
    """A JPEG of noise; another seed, another picture."""
    import numpy as np
    from PIL import Image

    pixels = np.random.default_rng(seed).integers(0, 255, (*size, 3), dtype=np.uint8)
    with io.BytesIO() as file:
        Image.fromarray(pixels).save(file, "JPEG")
        return file.getvalue()

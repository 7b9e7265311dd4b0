"""Pictures as files: JPEG, PNG or WebP, no metadata, within a byte budget, the same bytes each time."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import EngineError

if TYPE_CHECKING:
    from PIL import Image

FORMATS = {"jpeg": "jpg", "png": "png", "webp": "webp"}
QUALITIES = (90, 84, 78, 72, 66, 58, 50, 42, 34)
COLOURS = (256, 128, 64, 32)  # of a PNG that is too large in full colour
SMALL = 400_000  # canvas pixels up to which the budget for banners counts
BUDGET_LARGE = 2_000_000
BUDGET_LARGE_PNG = 8_000_000


def encode(image: Image.Image, format: str, *, banner_bytes: int, owner: str) -> bytes:
    """A picture as a file at the best quality that keeps the budget.

    Args:
        image: RGB.
        format: a key of `FORMATS`.
        banner_bytes: budget of pictures up to `SMALL` pixels; larger ones have one of their own.
        owner: who gets the blame.

    Raises:
        EngineError: it does not get small enough.
    """
    large = BUDGET_LARGE_PNG if format == "png" else BUDGET_LARGE
    budget = banner_bytes if image.width * image.height <= SMALL else large
    for attempt in range(len(QUALITIES)):
        data = _attempt(image, format, attempt)
        if data is None:
            break
        if len(data) <= budget:
            return data
    raise EngineError(
        f"{owner}: the {image.width}x{image.height} creative has more than {budget:,} bytes even at the lowest quality "
        f"of {format}.",
        fix="Choose a calmer photo, another ads.format or a larger ads.banner_kb.",
    )


def is_whole(path: Path) -> bool:
    """Whether a file is there and ends as its format ends; a file cut short does not."""
    try:
        with open(path, "rb") as file:
            start = file.read(12)
            size = file.seek(0, 2)
            file.seek(-min(size, 8), 2)
            end = file.read()
    except OSError:
        return False
    if start[:4] == b"RIFF":
        return size == int.from_bytes(start[4:8], "little") + 8
    if start[:4] == b"\x89PNG":
        return end == b"IEND\xaeB`\x82"
    return start[:2] == b"\xff\xd8" and end[-2:] == b"\xff\xd9"


def _attempt(image: Image.Image, format: str, attempt: int) -> bytes | None:
    """The file of one attempt, each smaller than the one before; None when there is none left."""
    from PIL import Image

    file = io.BytesIO()
    if format == "jpeg":
        image.save(file, "JPEG", quality=QUALITIES[attempt], subsampling=0)
    elif format == "webp":
        image.save(file, "WEBP", quality=QUALITIES[attempt], method=3, exact=True)
    elif attempt > len(COLOURS):
        return None
    else:
        reduced = image if attempt == 0 else image.quantize(COLOURS[attempt - 1], Image.Quantize.MEDIANCUT)
        reduced.save(file, "PNG", compress_level=6)
    return file.getvalue()

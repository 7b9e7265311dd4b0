"""Where to cut a photo so that the face sits where the template wants it: numbers in, numbers out.

The face is never cut and never leaves the region the template keeps free for it. Where a photo is too tight for
that, the window reaches beyond the photo and the renderer extends the background.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# MTCNN's box runs from mid-forehead to chin; these shares of its size are added so that hair and chin stay in.
# Full hair first, then less of it, where the photo or the box has no room.
_ABOVE, _BELOW, _BESIDE = (0.6, 0.45, 0.3), 0.12, 0.18
_SAFE = 0.04
_SHARPEST = 1.5  # photo pixels are not enlarged beyond this unless the box cannot be filled otherwise
_STEPS = 24


@dataclass(frozen=True)
class Face:
    """One face of a photo, in pixels of the upright photo.

    Args:
        box: x0, y0, x1, y1.
        eyes: x, y of the point between the eyes.
    """

    box: tuple[float, float, float, float]
    eyes: tuple[float, float]


@dataclass(frozen=True)
class Window:
    """What part of the photo fills the box: photo pixels, x0, y0, x1, y1; may reach beyond the photo.

    Args:
        x0: left edge.
        y0: top edge.
        x1: right edge.
        y1: bottom edge.
        scale: canvas pixels per photo pixel.
    """

    x0: float
    y0: float
    x1: float
    y1: float
    scale: float


def window(
    photo: tuple[int, int],
    box: tuple[int, int],
    faces: Sequence[Face],
    *,
    region: tuple[float, float, float, float] | None = None,
    eyes: float = 0.4,
    height: float = 0.5,
) -> Window:
    """Choose the part of a photo that fills a box.

    Args:
        photo: width and height of the upright photo, pixels.
        box: width and height of the box on the canvas, pixels.
        faces: the face the ad is about first, then others that should stay whole where possible.
        region: x0, y0, x1, y1 inside the box where faces may be (hair may reach above); None = the whole box.
        eyes: wanted height of the eyes in the region, 0 top to 1 bottom.
        height: wanted height of the first face's box as a share of the region's.

    Returns:
        The window; the first face's box lies inside the region, all faces' where they fit together.
    """
    region = region or (0.0, 0.0, float(box[0]), float(box[1]))
    cover = max(box[0] / photo[0], box[1] / photo[1])
    if not faces:
        x0, y0 = (photo[0] - box[0] / cover) / 2, (photo[1] - box[1] / cover) / 2
        return Window(x0, y0, x0 + box[0] / cover, y0 + box[1] / cover, cover)
    inside = [_clipped(f.box, photo) for f in faces]
    first = Face(inside[0], faces[0].eyes)
    # From what one would like to what must be: everybody's whole head, the first head, the first face.
    wishes = [_union(inside), first.box] if len(inside) > 1 else [first.box]
    heads = [(w, _grown(w, photo, above)) for w in wishes for above in _ABOVE]
    loose = (region[0], 0.0, region[2], region[3])  # hair may reach above the region, as far as the box goes
    for face, head in (*heads, (first.box, first.box)):
        keeps = ((_padded(face, photo), region), (head, loose))
        found = _place(photo, box, region, keeps, first, cover, eyes, height)
        if found is not None:
            return found
    return _beyond(box, region, _padded(first.box, photo), first, cover, eyes, height)


def _place(photo, box, region, keeps, first, cover, eyes, height) -> Window | None:
    """A window inside the photo that has each box of `keeps` inside its region, or None."""
    largest = min(min((r[2] - r[0]) / (k[2] - k[0]), (r[3] - r[1]) / (k[3] - k[1])) for k, r in keeps)
    if largest < cover:
        return None
    wanted = height * (region[3] - region[1]) / (first.box[3] - first.box[1])
    start = min(max(cover, min(wanted, _SHARPEST)), largest)
    for step in range(_STEPS + 1):
        scale = start + (largest - start) * step / _STEPS
        spans = []
        for axis, share in ((0, 0.5), (1, eyes)):
            target = region[axis] + share * (region[axis + 2] - region[axis])
            ideal = target - first.eyes[axis] * scale
            low = max(box[axis] - photo[axis] * scale, *(r[axis] - k[axis] * scale for k, r in keeps))
            high = min(0.0, *(r[axis + 2] - k[axis + 2] * scale for k, r in keeps))
            if low > high + 1e-9:
                break
            spans.append(min(max(ideal, low), max(low, high)))
        if len(spans) == 2:
            return _window(box, spans, scale)
    return None


def _beyond(box, region, keep, first, cover, eyes, height) -> Window:
    """A window that keeps the face in the region although the photo cannot fill the box."""
    largest = min((region[2] - region[0]) / (keep[2] - keep[0]), (region[3] - region[1]) / (keep[3] - keep[1]))
    wanted = height * (region[3] - region[1]) / (first.box[3] - first.box[1])
    scale = min(largest, max(wanted, min(cover, largest)))
    offsets = []
    for axis, share in ((0, 0.5), (1, eyes)):
        target = region[axis] + share * (region[axis + 2] - region[axis])
        low, high = region[axis] - keep[axis] * scale, region[axis + 2] - keep[axis + 2] * scale
        offsets.append(min(max(target - first.eyes[axis] * scale, low), high))
    return _window(box, offsets, scale)


def _window(box, offsets, scale) -> Window:
    x0, y0 = -offsets[0] / scale, -offsets[1] / scale
    return Window(x0, y0, x0 + box[0] / scale, y0 + box[1] / scale, scale)


def _grown(box, photo, above) -> tuple[float, float, float, float]:
    """A face box with hair and chin, as far as the photo has them."""
    width, height = box[2] - box[0], box[3] - box[1]
    head = (box[0] - _BESIDE * width, box[1] - above * height, box[2] + _BESIDE * width, box[3] + _BELOW * height)
    return _clipped(head, photo)


def _padded(box, photo) -> tuple[float, float, float, float]:
    x, y = _SAFE * (box[2] - box[0]), _SAFE * (box[3] - box[1])
    return _clipped((box[0] - x, box[1] - y, box[2] + x, box[3] + y), photo)


def _clipped(box, photo) -> tuple[float, float, float, float]:
    """The part of a box inside the photo (detectors report boxes beyond the edge), at least one pixel."""
    x0, y0 = min(max(box[0], 0.0), photo[0] - 1.0), min(max(box[1], 0.0), photo[1] - 1.0)
    return x0, y0, max(min(box[2], photo[0]), x0 + 1.0), max(min(box[3], photo[1]), y0 + 1.0)


def _union(boxes) -> tuple[float, float, float, float]:
    return (
        min(b[0] for b in boxes),
        min(b[1] for b in boxes),
        max(b[2] for b in boxes),
        max(b[3] for b in boxes),
    )

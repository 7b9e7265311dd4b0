"""An anti-aliased drawing surface for portraits: filled splines, soft shadows, gradients, all on small regions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

_SHIFT = 4  # sub-pixel bits OpenCV keeps of a coordinate


def spline(points: np.ndarray, *, closed: bool = True, steps: int = 8) -> np.ndarray:
    """A smooth curve through `points` (Catmull-Rom).

    Args:
        points: control points [n, 2], any unit.
        closed: join the last point to the first.
        steps: points drawn per span.

    Returns:
        Curve points [m, 2] in the same unit.
    """
    import numpy as np

    p = np.asarray(points, dtype=np.float64)
    if closed:
        before, start, end, after = np.roll(p, 1, 0), p, np.roll(p, -1, 0), np.roll(p, -2, 0)
    else:
        padded = np.vstack([2 * p[0] - p[1], p, 2 * p[-1] - p[-2]])
        before, start, end, after = padded[:-3], padded[1:-2], padded[2:-1], padded[3:]
    t = (np.arange(steps) / steps)[None, :, None]
    a, b, c, d = (x[:, None, :] for x in (before, start, end, after))
    curve = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    curve = curve.reshape(-1, 2)
    return curve if closed else np.vstack([curve, p[-1:]])


class Canvas:
    """A square picture being painted.

    Args:
        size: side in pixels.
    """

    def __init__(self, size: int) -> None:
        import numpy as np

        self.size = size
        self.pixels: np.ndarray = np.zeros((size, size, 3), dtype=np.float32)

    def fill(
        self,
        shape: np.ndarray,
        colour: np.ndarray,
        *,
        alpha: float = 1.0,
        soft: float = 0.0,
        clip: np.ndarray | None = None,
    ) -> None:
        """Fill a polygon.

        Args:
            shape: corners [n, 2] in pixels.
            colour: RGB 0..255 [3], or one colour per pixel of the whole canvas [size, size, 3].
            alpha: opacity 0..1.
            soft: blur of the edge, pixels (standard deviation).
            clip: mask [size, size] 0..1 outside which nothing is painted.
        """
        region, mask = self._mask([shape], soft)
        self._blend(region, mask, colour, alpha, clip)

    def line(
        self,
        curve: np.ndarray,
        colour: np.ndarray,
        width: float,
        *,
        alpha: float = 1.0,
        soft: float = 0.0,
        taper: bool = True,
        clip: np.ndarray | None = None,
    ) -> None:
        """Draw a curve [n, 2] of `width` pixels, thinner towards its ends when `taper`; the rest as in `fill`."""
        self.fill(ribbon(curve, width, taper=taper), colour, alpha=alpha, soft=soft, clip=clip)

    def strands(self, curves: list[np.ndarray], colours: np.ndarray, width: float, clip: np.ndarray) -> None:
        """Draw many curves, each in its colour [n, 3], inside mask `clip` [size, size]; the texture of hair."""
        import cv2
        import numpy as np

        x, y, wide, high = cv2.boundingRect((clip > 0).astype(np.uint8))
        part, amount = self.pixels[y : y + high, x : x + wide], clip[y : y + high, x : x + wide, None]
        layer = np.clip(part, 0, 255).astype(np.uint8)
        thick = max(1, round(width))
        for curve, colour in zip(curves, colours, strict=True):
            cv2.polylines(layer, [_fixed(curve - (x, y))], False, colour.tolist(), thick, cv2.LINE_AA, _SHIFT)
        part += (layer - part) * amount

    def mask(self, shapes: list[np.ndarray], *, soft: float = 0.0) -> np.ndarray:
        """The union of polygons as a mask [size, size] 0..1."""
        import numpy as np

        region, mask = self._mask(shapes, soft)
        whole = np.zeros((self.size, self.size), dtype=np.float32)
        whole[region] = mask
        return whole

    def finished(self) -> np.ndarray:
        """The picture as uint8 [size, size, 3], RGB."""
        import numpy as np

        return np.clip(self.pixels + 0.5, 0, 255).astype(np.uint8)

    def _mask(self, shapes: list[np.ndarray], soft: float) -> tuple[tuple[slice, slice], np.ndarray]:
        import cv2
        import numpy as np

        corners = np.concatenate(shapes)
        pad = int(3 * soft) + 2
        x0, y0 = (int(v) - pad for v in corners.min(axis=0))
        x1, y1 = (int(v) + pad + 1 for v in corners.max(axis=0))
        x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, self.size), min(y1, self.size)
        region = (slice(y0, max(y1, y0)), slice(x0, max(x1, x0)))
        mask = np.zeros((max(y1 - y0, 0), max(x1 - x0, 0)), dtype=np.uint8)
        if mask.size == 0:
            return region, mask.astype(np.float32)
        for shape in shapes:
            cv2.fillPoly(mask, [_fixed(shape - (x0, y0))], 255, cv2.LINE_AA, _SHIFT)
        if soft > 0:
            # A soft edge has no detail: blurring a smaller copy costs a fraction and looks the same.
            step = max(1, int(soft / 2))
            if step > 1 and min(mask.shape) > 4 * step:
                small = cv2.resize(mask, None, fx=1 / step, fy=1 / step, interpolation=cv2.INTER_AREA)
                small = cv2.GaussianBlur(small, (0, 0), soft / step)
                mask = cv2.resize(small, mask.shape[::-1], interpolation=cv2.INTER_LINEAR)
            else:
                mask = cv2.GaussianBlur(mask, (0, 0), soft)
        return region, mask.astype(np.float32) / 255

    def _blend(self, region, mask: np.ndarray, colour: np.ndarray, alpha: float, clip: np.ndarray | None) -> None:
        import numpy as np

        if mask.size == 0:
            return
        amount = mask * alpha if clip is None else mask * clip[region] * alpha
        colour = np.asarray(colour, dtype=np.float32)
        part = self.pixels[region]
        target = colour if colour.ndim == 1 else colour[region]
        part += (target - part) * amount[..., None]


def ribbon(curve: np.ndarray, width: float, *, taper: bool = True) -> np.ndarray:
    """The outline [2n, 2] of a stroke of `width` along `curve` [n, 2], thin at both ends when `taper`."""
    import numpy as np

    along = np.gradient(curve, axis=0)
    normal = np.stack([-along[:, 1], along[:, 0]], axis=1)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
    t = np.linspace(0, 1, len(curve))[:, None]
    half = width / 2 * (np.sqrt(np.maximum(np.sin(np.pi * t), 0.02)) if taper else np.ones_like(t))
    return np.vstack([curve + normal * half, (curve - normal * half)[::-1]])


def _fixed(points: np.ndarray) -> np.ndarray:
    import numpy as np

    return np.round(np.asarray(points) * (1 << _SHIFT)).astype(np.int32).reshape(-1, 1, 2)

"""Drawn portraits: each person is a vector of latent parameters, each photo a pose, a light, a blur and noise.

No real person's face is in them. The parameters are geometry and colour of a drawing (0..1 each), nothing more;
people drawn from nearby vectors look alike, which is how look-alikes are planted.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from engine.synth.canvas import spline
from engine.synth.hair import hair_back, hair_front
from engine.synth.pose import Pose

if TYPE_CHECKING:
    import numpy as np

CLOTH = (
    (38, 70, 83), (42, 157, 143), (233, 196, 106), (244, 162, 97), (231, 111, 81), (69, 123, 157), (120, 100, 160),
    (235, 235, 230), (60, 60, 70), (188, 108, 137),
)  # fmt: skip
BACKGROUND = (
    (214, 228, 236), (238, 226, 214), (222, 234, 220), (236, 220, 224), (226, 222, 238), (244, 236, 214),
    (206, 218, 226), (232, 232, 228),
)  # fmt: skip


def draw(z: np.ndarray, *, size: int, seed: int, studio: bool = False) -> np.ndarray:
    """One photo of a person.

    Args:
        z: the person's parameters [p].
        size: side of the square picture in pixels.
        seed: of pose, light, background, blur and noise.
        studio: a campaign photo (calm pose, clean light, no noise) and not a snapshot.

    Returns:
        uint8 [size, size, 3], RGB; the same bytes for the same arguments.
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    return _Portrait(z, size, rng, studio).paint()


class _Portrait(Pose):
    """The painter of one photo."""

    def paint(self) -> np.ndarray:
        """All layers from back to front."""
        self._background()
        hair_back(self)
        self._body()
        self._ears()
        self._face()
        for side in (-1, 1):
            self._eye(side)
        self._nose()
        self._mouth()
        self._beard()
        self._lines()
        hair_front(self)
        for side in (-1, 1):
            self._brow(side)
        self._glasses()
        return self._photograph()

    def _background(self) -> None:
        import cv2
        import numpy as np

        rng, size = self.rng, self.size
        tint = np.array(BACKGROUND[rng.integers(len(BACKGROUND))], dtype=np.float32)
        grid = np.linspace(-1, 1, 32, dtype=np.float32)
        far = np.sqrt((grid[None] - 0.5 * self.light[0]) ** 2 + (grid[:, None] + 0.35) ** 2)
        small = tint * (1.06 - 0.17 * far[..., None])
        self.canvas.pixels[:] = cv2.resize(small, (size, size), interpolation=cv2.INTER_CUBIC)
        for _ in range(0 if self.studio else 5):
            turn = np.linspace(0, 2 * np.pi, 24)
            spot = (
                rng.uniform(0, 1, 2) * size + np.stack([np.cos(turn), np.sin(turn)], 1) * rng.uniform(0.05, 0.16) * size
            )
            self.canvas.fill(spot, tint * rng.uniform(0.88, 1.1), alpha=0.5, soft=size * 0.02)

    def _body(self) -> None:
        import numpy as np

        p, canvas = self.p, self.canvas
        neck = 0.44 + 0.12 * p["neck"] + (0 if self.woman else 0.1)
        slope = 0.12 if self.woman else 0.0
        cloth = np.array(CLOTH[int(p["cloth"] * 9.99)], dtype=float)
        wide = 1.62 + (0 if self.woman else 0.22)
        right = [(neck + 0.02, 1.55), (neck + 0.3, 1.72 + slope), (wide, 2.05 + slope), (wide + 0.3, 3.2), (0.6, 3.4)]
        body = np.array(right + [(-x, y) for x, y in reversed(right)])
        shoulders = self.at(spline(body), -0.35)
        canvas.fill(shoulders, cloth)
        clip = canvas.mask([shoulders])
        for side, colour in ((1, cloth * 0.72), (-1, np.minimum(cloth * 1.18 + 8, 255))):
            x = side * np.sign(self.light[0]) * -1.5
            blob = np.array([(x - 0.5, 1.5), (x + 0.5, 1.5), (x + 0.6, 3.6), (x - 0.6, 3.6)])
            canvas.fill(self.at(blob, -0.35), colour, alpha=0.5, soft=self.px(0.3), clip=clip)
        stem = np.array(
            [(neck, 0.7), (neck - 0.02, 1.3), (neck + 0.14, 1.72), (0, 2.08), (-neck - 0.14, 1.72), (-neck + 0.02, 1.3),
             (-neck, 0.7)]
        )  # fmt: skip
        throat = self.at(spline(stem), -0.2)
        canvas.fill(throat, self.skin * 0.93)
        clip = canvas.mask([throat])
        under = np.array([(-0.75, 0.6), (0.75, 0.6), (0.6, 1.38), (0, 1.56), (-0.6, 1.38)])
        canvas.fill(self.at(spline(under), 0), self.shade, alpha=0.7, soft=self.px(0.09), clip=clip)
        collar = np.array([(-neck - 0.16, 1.7), (-0.3, 1.98), (0, 2.1), (0.3, 1.98), (neck + 0.16, 1.7)])
        canvas.line(self.at(spline(collar, closed=False), -0.2), cloth * 0.8, self.px(0.09), taper=False)

    def _ears(self) -> None:
        import numpy as np

        size = 0.2 + 0.07 * self.p["ear"]
        for side in (-1, 1):
            turn = np.linspace(0, 2 * np.pi, 20, endpoint=False)
            x = side * (0.9 + 0.1 * self.p["width"])
            ear = np.stack([x + 0.14 * np.cos(turn), 0.05 + 1.35 * size * np.sin(turn)], 1)
            self.canvas.fill(self.at(ear, -0.1), self.skin * 0.93)
            inner = (ear - (x, 0.05)) * 0.55 + (x + side * 0.01, 0.05)
            self.canvas.fill(self.at(inner, -0.1), self.shade, alpha=0.5, soft=self.px(0.03))

    @functools.cached_property
    def outline(self) -> np.ndarray:
        """The face's contour in units [n, 2]."""
        import numpy as np

        p = self.p
        man = 0.0 if self.woman else 0.05
        wide, jaw = 0.9 + 0.13 * p["width"], 0.7 + 0.2 * p["jaw"] + man
        chin, low = 0.3 + 0.16 * p["chin"] + man, 1.16 + 0.2 * p["chin"] + man
        crown = 0.1 if self.style in ("bald", "receding") else 0.0
        right = [
            (0.0, -1.3 - crown), (0.5 + crown, -1.22 - 0.6 * crown), (wide * (0.88 + 0.6 * crown), -0.78),
            (wide, -0.2), (wide * (0.95 + 0.05 * p["cheek"]), 0.25),
            (jaw, 0.72), (chin + 0.16, low - 0.2), (chin * 0.62, low - 0.03), (0.0, low),
        ]  # fmt: skip
        return spline(np.array(right + [(-x, y) for x, y in right[-2:0:-1]]))

    def _face(self) -> None:
        import cv2
        import numpy as np

        canvas, size = self.canvas, self.size
        shape = self.at(self.outline, 0)
        step = 8
        grid = (np.arange(0, size, step) + step / 2).astype(np.float32)
        x = (grid[None] - self.centre[0]) / self.unit
        y = (grid[:, None] - self.centre[1]) / self.unit
        nx, ny = np.clip(x / 1.12 - 0.6 * self.yaw, -1, 1), np.clip(y / 1.75, -1, 1)
        nz = np.sqrt(np.maximum(0.05, 1 - nx**2 - ny**2))
        lit = np.clip(nx * self.light[0] + ny * self.light[1] + nz * self.light[2], 0, 1)
        lit = (lit * 1.12)[..., None]
        dark, bright = self.skin * (0.74, 0.64, 0.61), np.minimum(self.skin * 1.09 + 4, 255)
        shaded = (dark + (bright - dark) * np.minimum(lit, 1)).astype(np.float32)
        shaded = cv2.resize(shaded, (size, size), interpolation=cv2.INTER_LINEAR)
        canvas.fill(shape, shaded)
        self.face_mask = canvas.mask([shape])
        rosy = self.skin * (1.02, 0.78, 0.76)
        turn = np.linspace(0, 2 * np.pi, 20, endpoint=False)
        round_ = np.stack([np.cos(turn), np.sin(turn)], 1)
        for side in (-1, 1):
            cheek = round_ * (0.24, 0.18) + (side * 0.52, 0.4)
            amount = 0.18 + 0.4 * self.p["blush"] * (1 if self.woman else 0.6)
            canvas.fill(self.at(cheek), rosy, alpha=amount, soft=self.px(0.12), clip=self.face_mask)
            bone = np.array([(side * 0.98, 0.1), (side * 0.66, 0.62), (side * 0.5, 1.0), (side * 0.95, 0.9)])
            hollow = 0.12 + 0.3 * (1 - self.p["cheek"])
            canvas.fill(self.at(bone), self.shade, alpha=hollow, soft=self.px(0.13), clip=self.face_mask)
            socket = round_ * (0.27, 0.17) + (side * self.eye_x, self.eye_y - 0.05)
            canvas.fill(self.at(socket), self.shade, alpha=0.4, soft=self.px(0.08))
        shine = round_ * (0.3, 0.14) + (0.25 * np.sign(self.light[0]), -0.75)
        canvas.fill(self.at(shine), np.minimum(self.skin * 1.2 + 18, 255), alpha=0.3, soft=self.px(0.13))
        if self.p["freckles"] > 0.78:
            spots = np.random.default_rng(int(self.p["freckles"] * 1e6)).normal(0, 1, (26, 2)) * (0.36, 0.1)
            for dot in np.add(spots, (0, 0.26)):
                canvas.fill(self.at(round_[::3] * 0.016 + dot), self.shade, alpha=0.5)

    @property
    def eye_x(self) -> float:
        """Distance of an eye from the middle, units."""
        return 0.37 + 0.09 * self.p["eye_gap"]

    @property
    def eye_y(self) -> float:
        """Height of the eyes, units."""
        return -0.16 + 0.12 * self.p["eye_y"]

    def _eye(self, side: int) -> None:
        import numpy as np

        p, canvas = self.p, self.canvas
        half = 0.205 + 0.06 * p["eye_size"]
        tall = (0.085 + 0.07 * p["eye_open"] * (0.5 + p["eye_size"])) * (1 - 0.25 * self.age)
        tilt = (p["eye_tilt"] - 0.5) * 0.12
        cx, cy = side * self.eye_x, self.eye_y
        across = np.array([-1, -0.55, 0.0, 0.55, 1.0])
        upper = np.stack([across * half, -np.array([0, 0.8, 1.08, 0.85, 0]) * tall - tilt * across], 1)
        lower = np.stack([across * half, np.array([0, 0.55, 0.75, 0.62, 0]) * tall - tilt * across], 1)
        upper, lower = (spline(c * (side, 1) + (cx, cy), closed=False) for c in (upper, lower))
        almond = self.at(np.vstack([upper, lower[::-1]]))
        canvas.fill(almond, np.array((246, 243, 240.0)))
        clip = canvas.mask([almond])
        turn = np.linspace(0, 2 * np.pi, 28, endpoint=False)
        ring = np.stack([np.cos(turn), np.sin(turn)], 1)
        iris = np.array(((96, 62, 36), (60, 40, 28), (92, 120, 80), (88, 128, 160), (70, 96, 140), (120, 92, 48)))
        colour = iris[int(p["iris"] * 5.99)].astype(float)
        size = 0.105 + 0.02 * p["eye_size"]
        middle = np.array([cx + 0.04 * np.sin(self.yaw), cy - 0.01])
        canvas.fill(self.at(ring * size + middle), colour * 0.55, clip=clip)
        canvas.fill(self.at(ring * size * 0.84 + middle), colour, clip=clip, soft=self.px(0.008))
        glow = ring * size * 0.5 + middle + (0, size * 0.35)
        canvas.fill(self.at(glow), np.minimum(colour * 1.5 + 20, 255), alpha=0.6, clip=clip, soft=self.px(0.02))
        canvas.fill(self.at(ring * size * 0.44 + middle), np.array((16, 13, 14.0)), clip=clip)
        canvas.line(self.at(np.add(upper, (0, 0.03))), np.array((70, 50, 50.0)), self.px(0.07), alpha=0.35,
                    soft=self.px(0.025), clip=clip)  # fmt: skip
        spark = middle + np.array([0.35 * np.sign(self.light[0]), -0.4]) * size
        canvas.fill(self.at(ring * size * 0.2 + spark), np.array((255, 255, 255.0)))
        lash = 0.035 + (0.03 * p["lashes"] + 0.012 if self.woman else 0.008)
        ink = np.minimum(self.hair * 0.4, 50)
        canvas.line(self.at(upper), ink, self.px(lash))
        canvas.line(self.at(lower), self.shade * 0.7, self.px(0.022), alpha=0.7)
        fold = (upper - (cx, cy)) * (1.05, 1.25) + (cx, cy - 0.035)
        canvas.line(self.at(fold), self.shade * 0.8, self.px(0.026), alpha=0.75)
        if self.woman:
            tip = np.array([[cx + side * half * 0.8, cy - tall * 0.4], [cx + side * (half + 0.06), cy - tall - 0.02]])
            canvas.line(self.at(np.linspace(tip[0], tip[1], 6)), ink, self.px(0.03))

    def _brow(self, side: int) -> None:
        import numpy as np

        p = self.p
        y = self.eye_y - 0.27 - 0.1 * p["brow_y"]
        arch, tilt = 0.03 + 0.09 * p["brow_arch"], (p["brow_tilt"] - 0.5) * 0.12
        x = np.array([-0.24, -0.1, 0.1, 0.28])
        curve = np.stack([x, np.array([0.02, -arch * 0.6, -arch, 0.05]) - tilt * x / 0.24], 1)
        curve = spline(curve * (side, 1) + (side * self.eye_x, y), closed=False)
        thick = 0.055 + 0.085 * p["brow_thick"] + (-0.02 if self.woman else 0.025)
        colour = self.hair * 0.72 if self.hair.sum() > 160 else self.hair
        self.canvas.line(self.at(curve), colour, self.px(thick), alpha=0.9, soft=self.px(0.012))

    def _nose(self) -> None:
        import numpy as np

        p, canvas, lean = self.p, self.canvas, -np.sign(self.light[0])
        tip = 0.3 + 0.16 * p["nose_length"]
        wide = 0.14 + 0.1 * p["nose_width"] + (0 if self.woman else 0.02)
        bridge = 0.07 + 0.05 * p["nose_bridge"]
        flank = np.array([(lean * bridge, -0.2), (lean * bridge * 1.2, tip - 0.2), (lean * wide, tip), (0, tip - 0.02),
                          (lean * 0.02, -0.1)])  # fmt: skip
        canvas.fill(self.at(spline(flank), 1.12), self.shade, alpha=0.45, soft=self.px(0.045))
        ridge = np.array([(-0.045, -0.15), (0.045, -0.15), (0.06, tip - 0.06), (0, tip), (-0.06, tip - 0.06)])
        bright = np.minimum(self.skin * 1.15 + 14, 255)
        canvas.fill(self.at(spline(ridge - (lean * 0.03, 0)), 1.12), bright, alpha=0.5, soft=self.px(0.035))
        under = np.array([(-wide, tip + 0.01), (-wide * 0.5, tip + 0.1), (0, tip + 0.12), (wide * 0.5, tip + 0.1),
                          (wide, tip + 0.01), (0, tip + 0.04)])  # fmt: skip
        canvas.fill(self.at(spline(under), 1.1), self.shade * 0.85, alpha=0.55, soft=self.px(0.025))
        for side in (-1, 1):
            wing = np.array(
                [(side * wide * 0.85, tip - 0.12), (side * wide * 1.08, tip), (side * wide * 0.8, tip + 0.07)]
            )
            canvas.line(self.at(spline(wing, closed=False), 1.05), self.shade * 0.8, self.px(0.035), alpha=0.8)
            turn = np.linspace(0, 2 * np.pi, 14, endpoint=False)
            hole = np.stack([0.4 * wide * np.cos(turn) + side * wide * 0.48, 0.032 * np.sin(turn) + tip + 0.055], 1)
            canvas.fill(self.at(hole, 1.1), self.shade * 0.42, alpha=0.85, soft=self.px(0.008))

    def _mouth(self) -> None:
        import numpy as np

        p, canvas = self.p, self.canvas
        half = 0.27 + 0.11 * p["mouth_width"] + 0.05 * self.smile
        y = 0.66 + 0.1 * p["mouth_y"] + 0.05 * p["nose_length"]
        lift = 0.02 + 0.08 * self.smile
        across = np.array([-1, -0.5, -0.12, 0, 0.12, 0.5, 1])
        slim = 1 - 0.35 * self.age
        top = np.array([0, 0.75, 1.08, 0.86, 1.08, 0.75, 0]) * (0.05 + 0.07 * p["lip_upper"]) * slim
        low = np.array([0, 0.7, 0.98, 1, 0.98, 0.7, 0]) * (0.07 + 0.09 * p["lip_lower"]) * slim
        bow = (1 - across**2) * lift - lift * 0.6
        gap = np.maximum(0, self.smile - 0.5) * 0.2 * (1 - across**2)
        upper, seam, seam2, lower = (
            np.stack([across * half, y + dy], 1) for dy in (bow - top, bow, bow + gap, bow + gap + low)
        )
        rouge = np.array((176, 58, 72.0)) if self.woman else np.array((170, 92, 84.0))
        lips = self.skin * 0.42 + rouge * (0.5 if self.woman else 0.42)
        upper, seam, seam2, lower = (spline(c, closed=False) for c in (upper, seam, seam2, lower))
        canvas.fill(self.at(np.vstack([upper, seam[::-1]]), 1.0), lips * 0.86)
        canvas.fill(self.at(np.vstack([seam2, lower[::-1]]), 1.0), lips)
        if gap.max() > 0.005:
            inside = self.at(np.vstack([seam, seam2[::-1]]), 0.98)
            canvas.fill(inside, np.array((92, 36, 38.0)))
            teeth = np.vstack([seam, (seam * 0.25 + seam2 * 0.75)[::-1]])
            canvas.fill(self.at(teeth, 0.98), np.array((246, 242, 236.0)), clip=canvas.mask([inside]))
        glint = np.stack([across * half * 0.4, y + bow + gap + low * 0.45], 1)
        canvas.line(self.at(spline(glint, closed=False), 1.0), np.minimum(lips * 1.35 + 20, 255), self.px(0.04),
                    alpha=0.45, soft=self.px(0.015))  # fmt: skip
        canvas.line(self.at(seam, 1.0), lips * 0.42, self.px(0.026), alpha=0.9)
        below = y + low.max() + gap.max() + 0.09
        cup = np.array([(-half * 0.5, below), (0, below + 0.05), (half * 0.5, below)])
        canvas.line(self.at(spline(cup, closed=False), 0.95), self.shade, self.px(0.07), alpha=0.4, soft=self.px(0.03))
        for side in (-1, 1):
            corner = np.array([(side * (half + 0.02), y - lift * 0.8), (side * (half + 0.06), y + 0.02)])
            canvas.line(self.at(np.linspace(corner[0], corner[1], 6)), self.shade * 0.8, self.px(0.035), alpha=0.6,
                        soft=self.px(0.01))  # fmt: skip
        self.mouth_y, self.mouth_half = y, half

    def _beard(self) -> None:
        import numpy as np

        if self.woman or self.age < 0.08:
            return
        kind = int(self.p["beard"] * 6.99)  # 0-2 none, 3 stubble, 4 moustache, 5 goatee, 6 full
        canvas, y, half = self.canvas, self.mouth_y, self.mouth_half
        colour = self.hair * 0.9
        hole = canvas.mask([self.at(spline(np.array([(-half, y), (0, y - 0.09), (half, y), (0, y + 0.19)])), 1.0)],
                           soft=self.px(0.02))  # fmt: skip
        clip = self.face_mask * (1 - hole)
        low = self.outline[:, 1].max()
        full = np.array(
            [(-1.0, 0.1), (-0.82, 0.45), (-half - 0.1, y - 0.16), (0, y - 0.2), (half + 0.1, y - 0.16), (0.82, 0.45),
             (1.0, 0.1), (0.95, 0.8), (0.5, low + 0.04), (0, low + 0.1), (-0.5, low + 0.04), (-0.95, 0.8)]
        )  # fmt: skip
        if kind in (3, 6):
            amount = 0.3 if kind == 3 else 0.88
            canvas.fill(self.at(spline(full), 0.6), colour, alpha=amount, soft=self.px(0.06), clip=clip)
        if kind in (4, 5):
            lip = np.array([(-half - 0.04, y + 0.02), (-0.18, y - 0.17), (0, y - 0.15), (0.18, y - 0.17),
                            (half + 0.04, y + 0.02), (0.1, y - 0.07), (-0.1, y - 0.07)])  # fmt: skip
            canvas.fill(self.at(spline(lip), 1.0), colour, alpha=0.88, soft=self.px(0.018))
        if kind == 5:
            goatee = np.array([(-0.22, y + 0.2), (0.22, y + 0.2), (0.26, low), (0, low + 0.08), (-0.26, low)])
            canvas.fill(self.at(spline(goatee), 0.8), colour, alpha=0.85, soft=self.px(0.04), clip=clip)

    def _lines(self) -> None:
        import numpy as np

        strength = np.clip(self.age * 1.25 - 0.2, 0, 0.85)
        if strength <= 0.02:
            return
        canvas, pen = self.canvas, self.shade * 0.86
        for side in (-1, 1):
            fold = np.array([(side * 0.24, 0.36), (side * 0.42, 0.55), (side * (self.mouth_half + 0.1), 0.82)])
            canvas.line(self.at(spline(fold, closed=False)), pen, self.px(0.04), alpha=strength, soft=self.px(0.012))
            bag = np.add([(-0.17, 0.14), (0.0, 0.2), (0.17, 0.14)], (side * self.eye_x, self.eye_y))
            canvas.line(
                self.at(spline(bag, closed=False)), pen, self.px(0.04), alpha=strength * 0.8, soft=self.px(0.012)
            )
            for dy in (-0.05, 0.03, 0.1):
                x = side * (self.eye_x + 0.27)
                foot = np.array([(x, self.eye_y + dy * 0.4), (x + side * 0.13, self.eye_y + dy * 1.6)])
                canvas.line(self.at(np.linspace(foot[0], foot[1], 6)), pen, self.px(0.022), alpha=strength * 0.7)
        for dy in (-0.62, -0.76):
            brow = np.array([(-0.4, dy + 0.02), (0, dy), (0.4, dy + 0.02)])
            canvas.line(self.at(spline(brow, closed=False)), pen, self.px(0.026), alpha=strength * 0.6,
                        soft=self.px(0.008))  # fmt: skip

    def _glasses(self) -> None:
        import numpy as np

        if self.p["glasses"] < 0.74:
            return
        square = self.p["glasses"] > 0.87
        canvas, power = self.canvas, 0.5 if square else 0.9
        turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
        rim = np.stack([np.sign(np.cos(turn)) * np.abs(np.cos(turn)) ** power,
                        np.sign(np.sin(turn)) * np.abs(np.sin(turn)) ** power], 1)  # fmt: skip
        frame = np.array((38, 34, 40.0)) if self.p["cloth"] > 0.4 else np.array((120, 72, 44.0))
        for side in (-1, 1):
            lens = rim * (0.31, 0.25 if square else 0.28) + (side * (self.eye_x + 0.01), self.eye_y + 0.03)
            canvas.fill(self.at(lens, 1.0), np.array((255, 255, 255.0)), alpha=0.08)
            closed = np.vstack([lens, lens[:2]])
            canvas.line(self.at(closed, 1.0), frame, self.px(0.05 if square else 0.035), taper=False)
            arm = np.array([(side * (self.eye_x + 0.32), self.eye_y - 0.02), (side * 1.0, self.eye_y - 0.06)])
            canvas.line(self.at(np.linspace(arm[0], arm[1], 6), 0.6), frame, self.px(0.045), taper=False)
        gap = self.eye_x - 0.3
        bridge = np.array([(-gap, self.eye_y), (0, self.eye_y - 0.05), (gap, self.eye_y)])
        canvas.line(self.at(spline(bridge, closed=False), 1.05), frame, self.px(0.045), taper=False)

    def _photograph(self) -> np.ndarray:
        """The camera's part: exposure, colour cast, a little blur, noise."""
        import cv2
        import numpy as np

        rng, canvas = self.rng, self.canvas
        calm = 0.3 if self.studio else 1.0
        canvas.pixels *= (1 + rng.normal(0, 0.06) * calm) * (1 + rng.normal(0, 0.02, 3) * calm).astype(np.float32)
        blur = (0.0 if self.studio else rng.uniform(0.0, 0.9)) * self.size / 320
        if blur > 0.3:
            canvas.pixels = cv2.GaussianBlur(canvas.pixels, (0, 0), blur)
        if not self.studio:
            noise = rng.standard_normal((self.size, self.size, 1), dtype=np.float32)
            canvas.pixels += noise * np.float32(rng.uniform(0.8, 3.5))
        return canvas.finished()

"""Hair of drawn portraits: a mass behind the head, a cap with a hairline in front, strands for texture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.synth.canvas import spline
from engine.synth.pose import Pose

if TYPE_CHECKING:
    import numpy as np

_LONG = {"long": 2.1, "wavy": 2.2, "bob": 1.05, "fringe": 1.7}


def hair_back(portrait: Pose) -> None:
    """Paint what lies behind neck and ears."""
    import numpy as np

    p, style, canvas = portrait.p, portrait.style, portrait.canvas
    volume = 0.1 * p["hair_volume"]
    dark = portrait.hair * 0.68
    if style in _LONG:
        low = _LONG[style] if portrait.woman else 1.3
        wave = 0.1 if style == "wavy" else 0.0
        right = [
            (0, -1.52 - volume), (0.7, -1.4 - volume), (1.14 + volume, -0.75), (1.2 + volume, 0.0),
            (1.16 + volume + wave, 0.6), (1.14 + volume - wave, 1.05), (1.1 + volume + wave, low - 0.2), (0.75, low),
        ]  # fmt: skip
        right = [(x, min(y, low)) for x, y in right]
        mass = np.array([*right, *((-x, y) for x, y in right[::-1][:-1])])
        shape = portrait.at(spline(mass), -0.3)
        canvas.fill(shape, dark)
        _strands(portrait, canvas.mask([shape]), low, spread=1.2, count=60, shade=0.72)
    elif style == "curly":
        _cloud(portrait, 1.22 + volume, dark)
    elif style == "bun":
        turn = np.linspace(0, 2 * np.pi, 30, endpoint=False)
        knot = np.add(np.stack([0.42 * np.cos(turn), 0.38 * np.sin(turn)], 1), (0, -1.72 - volume))
        canvas.fill(portrait.at(knot, -0.2), portrait.hair * 0.9)
        mask = canvas.mask([portrait.at(knot, -0.2)])
        canvas.fill(portrait.at(knot * 0.5 + (0.1 * np.sign(portrait.light[0]), -1.0), -0.2),
                    np.minimum(portrait.hair * 1.25 + 12, 255), alpha=0.5, soft=portrait.px(0.1),
                    clip=mask)  # fmt: skip


def hair_front(portrait: Pose) -> None:
    """Paint the cap of hair above the forehead and at the temples."""
    import numpy as np

    p, style, canvas = portrait.p, portrait.style, portrait.canvas
    wide = 0.97 + 0.1 * p["width"]
    top = -1.5 - 0.12 * p["hair_volume"]
    line = -0.92 - 0.14 * p["hair_line"] + (0.05 if portrait.woman else 0.0)
    part = (p["part"] - 0.5) * 0.9
    temple = -0.1
    if style == "bald":
        shape = portrait.at(spline(np.array([(-0.5, -1.25), (0, -1.33), (0.5, -1.25), (0, -1.1)])), 0)
        canvas.fill(shape, np.minimum(portrait.skin * 1.15 + 14, 255), alpha=0.35, soft=portrait.px(0.08))
        return
    if style == "receding":
        inner = [(0.92, temple), (0.8, -0.62), (0.66, -1.05), (0.34, -1.16), (0, -1.1)]
    elif style == "fringe":
        inner = [(0.9, temple + 0.3), (0.82, -0.3), (0.55, -0.5), (0.25, -0.53), (0, -0.5)]
    elif style in ("side", "long", "wavy", "bob", "pixie"):
        inner = None
    else:
        inner = [(0.92, temple), (0.8, -0.55), (0.6, line + 0.08), (0.3, line), (0, line - 0.02)]
    height = {"buzz": top + 0.16, "quiff": top - 0.12, "bun": top + 0.06, "receding": top + 0.1}.get(style, top)
    outer = [(wide + 0.02, temple + 0.12), (wide + 0.08, -0.45), (wide * 0.93, -1.0), (0.55, height + 0.1), (0, height)]
    if style in ("long", "wavy", "bob", "fringe"):
        drop = 0.75 if style == "bob" else 1.1
        outer = [(wide + 0.1, drop), (wide + 0.16, 0.2), *outer[1:]]
    left_outer = [(-x, y) for x, y in outer[::-1][1:]]
    if inner is None:
        # The hair falls from a parting: the hairline rises to it and drops to both temples.
        near, far = (0.86, 0.3), (0.9, 0.3)
        hang = 0.45 if style in ("long", "wavy", "bob") else 0.0
        inner_all = [
            (-near[0], temple + hang), (-0.84, -0.45), (-0.62, line + 0.2), (part - 0.15, line - 0.1),
            (part, line - 0.16), (part + 0.15, line - 0.06), (0.64, line + 0.24), (0.85, -0.42),
            (far[0], temple + hang),
        ]  # fmt: skip
        inner_all.sort()
    else:
        inner_all = [(-x, y) for x, y in inner[:-1]] + inner[::-1]
    cap = np.array([*outer, *left_outer, *inner_all])
    shape = portrait.at(spline(cap, steps=6), 0.1)
    if style == "buzz":
        canvas.fill(shape, portrait.hair, alpha=0.75, soft=portrait.px(0.02))
        return
    if style == "curly":
        _cloud(portrait, 1.0, portrait.hair, front=True, line=line)
        return
    lower = np.add(shape, (0, portrait.px(0.08)))
    shadow = canvas.mask([lower], soft=portrait.px(0.06)) * portrait.face_mask
    canvas.fill(lower, portrait.shade, alpha=0.5, soft=portrait.px(0.05), clip=shadow)
    canvas.fill(shape, portrait.hair, soft=portrait.px(0.008))
    mask = canvas.mask([shape])
    _strands(portrait, mask, 1.2, spread=1.0, count=70, shade=0.95, origin=(part, height + 0.02))
    glow = np.array([(-0.7, -1.05), (0, -1.32), (0.7, -1.05), (0.3, -1.12), (-0.3, -1.12)])
    glow = np.add(glow, (0.2 * np.sign(portrait.light[0]), 0.0))
    canvas.fill(portrait.at(spline(glow), 0.2), np.minimum(portrait.hair * 1.45 + 22, 255), alpha=0.4,
                soft=portrait.px(0.07), clip=mask)  # fmt: skip


def _strands(portrait: Pose, mask, low: float, *, spread: float, count: int, shade: float, origin=(0.0, -1.5)):
    """Curves from the crown downwards, lighter and darker than the hair, inside `mask`."""
    import numpy as np

    rng = np.random.default_rng(int(portrait.p["part"] * 1e6) + count)
    ends = np.linspace(-1.25, 1.25, count) * spread
    wave = 0.07 if portrait.style == "wavy" else 0.015
    t = np.linspace(0, 1, 9)
    curves = []
    for end in ends:
        bulge = np.sin(np.pi * t / 2) ** 0.8
        x = origin[0] + (end - origin[0]) * bulge + wave * np.sin(t * 12 + end * 5)
        y = origin[1] + (low - origin[1]) * (1 - np.cos(np.pi * t / 2)) ** 1.1
        curves.append(portrait.at(np.stack([x, y], 1), 0.1))
    tones = portrait.hair * (shade * rng.uniform(0.78, 1.22, (count, 1)))
    tones = np.clip(tones + rng.normal(0, 3, (count, 1)), 0, 255)
    portrait.canvas.strands(curves, tones, portrait.px(0.035), mask * 0.85)


def _cloud(portrait: Pose, radius: float, colour: np.ndarray, *, front: bool = False, line: float = -1.0) -> None:
    """Overlapping locks around the head."""
    import numpy as np

    rng = np.random.default_rng(int(portrait.p["hair_volume"] * 1e6))
    turn = np.linspace(0, 2 * np.pi, 14, endpoint=False)
    ring = np.stack([np.cos(turn), np.sin(turn)], 1)
    if front:
        angles = np.linspace(-0.92 * np.pi, -0.08 * np.pi, 15)
        spots = np.stack([0.86 * np.cos(angles), line + 0.3 + 0.42 * np.sin(angles)], 1)
        spots = np.vstack([spots * (1.1, 1) - (0, 0.16), spots - (0, 0.02)])
        sizes = rng.uniform(0.2, 0.27, len(spots))
    else:
        angles = np.linspace(-1.15 * np.pi, 0.15 * np.pi, 22)
        spots = np.stack([radius * 0.92 * np.cos(angles), -0.45 + radius * 0.92 * np.sin(angles)], 1)
        spots = np.vstack([spots, spots * 0.75])
        sizes = rng.uniform(0.25, 0.33, len(spots))
    for spot, size in zip(spots + rng.normal(0, 0.02, spots.shape), sizes, strict=True):
        lock = portrait.at(ring * size + spot, 0.0)
        tone = colour * rng.uniform(0.82, 1.08)
        portrait.canvas.fill(lock, tone)
        portrait.canvas.fill(lock + portrait.px(0.05) * np.array([np.sign(portrait.light[0]), -1]),
                             np.minimum(colour * 1.25 + 8, 255), alpha=0.3, soft=portrait.px(0.07))  # fmt: skip

"""Drawing a brand's layers: rounded shapes, gradients, set text, buttons and marks on transparent sheets."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING

from engine.ads.brands import Box, Layer
from engine.ads.text import Block

if TYPE_CHECKING:
    from PIL import Image

_FINE = 4  # shapes are drawn this many times larger and scaled down: smooth edges


@lru_cache(maxsize=16)
def gradient(size: tuple[int, int], colours: tuple[tuple[int, int, int], ...]) -> Image.Image:
    """An RGB picture of one colour, or of two from top left to bottom right; not to be drawn on."""
    import numpy as np
    from PIL import Image

    if len(colours) == 1:
        return Image.new("RGB", size, colours[0])
    x = np.linspace(0, 1, size[0], dtype=np.float32)[None, :]
    y = np.linspace(0, 1, size[1], dtype=np.float32)[:, None]
    share = ((x + y) / 2)[..., None]
    first, last = (np.array(c, dtype=np.float32) for c in colours)
    return Image.fromarray((first + (last - first) * share + 0.5).astype(np.uint8))


def rounded(size: tuple[int, int], radius: tuple[int, int, int, int]) -> Image.Image:
    """A mask (L) of a box with rounded corners: top left, top right, bottom right, bottom left, pixels."""
    from PIL import Image, ImageDraw

    mask = Image.new("L", size, 255)
    for corner, wanted in enumerate(radius):
        r = min(wanted, size[0] // 2, size[1] // 2)
        if r <= 0:
            continue
        fine = Image.new("L", (r * _FINE, r * _FINE), 0)
        ImageDraw.Draw(fine).ellipse((0, 0, 2 * r * _FINE - 1, 2 * r * _FINE - 1), fill=255)
        piece = fine.resize((r, r), Image.Resampling.BOX)
        if corner in (1, 2):
            piece = piece.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        if corner in (2, 3):
            piece = piece.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
        mask.paste(piece, (size[0] - r if corner in (1, 2) else 0, size[1] - r if corner in (2, 3) else 0))
    return mask


def shape(sheet: Image.Image, layer: Layer) -> None:
    """Draw a fill or shape layer on a transparent sheet (RGBA)."""
    left, top, width, height = layer.box
    colour = gradient((width, height), layer.fill)
    _over(sheet, colour, rounded((width, height), layer.radius), (left, top))


def picture(sheet: Image.Image, layer: Layer) -> None:
    """Draw a picture of the brand into a layer's box, whole, never enlarged beyond it."""
    from PIL import Image

    with Image.open(layer.path) as opened:
        image = opened.convert("RGBA")
    left, top, width, height = layer.box
    scale = min(width / image.width, height / image.height)
    size = max(round(image.width * scale), 1), max(round(image.height * scale), 1)
    image = image.resize(size, Image.Resampling.LANCZOS)
    free = width - size[0]
    x = left + {"start": 0, "centre": free // 2, "end": free}[layer.align]
    sheet.alpha_composite(image, (x, top + (height - size[1]) // 2))


@lru_cache(maxsize=24)
def scrim(size: tuple[int, int], layer: Layer, strength: float) -> Image.Image:
    """A mask (L) that is `strength` on one side of a scrim's box and fades out to the other; not to be drawn on."""
    import numpy as np
    from PIL import Image

    length = size[1] if layer.fade in ("top", "bottom") else size[0]
    along = (np.arange(length) + 0.5) / length
    if layer.fade in ("bottom", "right"):
        along = 1 - along
    rest = np.clip((1 - along) / max(1 - layer.solid, 1e-6), 0, 1)
    smooth = rest * rest * (3 - 2 * rest)  # no edge where the fade begins or ends
    line = (smooth * strength * 255 + 0.5).astype(np.uint8)
    shape = (1, length) if layer.fade in ("left", "right") else (length, 1)
    return Image.fromarray(np.ascontiguousarray(np.broadcast_to(line.reshape(shape), (size[1], size[0]))))


def stack(sheet: Image.Image, letters: Image.Image, layer: Layer, blocks: list[Block]) -> list[tuple[Box, Block]]:
    """Draw a text layer.

    Args:
        sheet: transparent sheet (RGBA) for what lies under the letters: buttons and marks.
        letters: transparent sheet (RGBA) for the letters.
        layer: of kind text.
        blocks: its texts, set.

    Returns:
        Where each block's letters came to lie, canvas pixels.
    """
    left, top, width, height = layer.box
    used = sum(b.height for b in blocks) + layer.gap * (len(blocks) - 1)
    y = top + {"top": 0, "middle": (height - used) // 2, "bottom": height - used}[layer.anchor]
    placed = []
    for block in blocks:
        free = width - block.width
        at_end = (layer.align == "end") != block.rtl
        x = left + (free // 2 if layer.align == "centre" else free if at_end else 0)
        _block(sheet, letters, block, layer.align, (x, y))
        pad_x, pad_y = block.pad
        start = x + pad_x + (0 if block.rtl else block.lead)
        placed.append(((start, y + pad_y, block.width - 2 * pad_x - block.lead, block.height - 2 * pad_y), block))
        y += block.height + layer.gap
    return placed


def _block(sheet: Image.Image, letters: Image.Image, block: Block, align: str, at: tuple[int, int]) -> None:
    from PIL import Image, ImageDraw

    x, y = at
    (pad_x, pad_y), item = block.pad, block.item
    if item.pill and item.fill:
        corner = block.height // 2 if len(block.lines) == 1 else min(block.height // 2, round(block.size * 0.9))
        mask = rounded((block.width, block.height), (corner,) * 4)
        _over(sheet, gradient((block.width, block.height), (item.fill,)), mask, at)
    ascent = block.font.getmetrics()[0] / block.fine
    # Letters of a button are centred by their capitals (about 0.72 of the size), other text hangs from its ascent.
    baseline = pad_y + (round(block.size * 0.86) if item.pill else ascent)
    room = block.width - 2 * pad_x - block.lead
    start = pad_x + (0 if block.rtl else block.lead)
    spill, fine = block.size, block.fine  # italics and accents may reach beyond the block
    mask = Image.new("L", ((block.width + 2 * spill) * fine, (block.height + 2 * spill) * fine), 0)
    pen = ImageDraw.Draw(mask)
    direction = "rtl" if block.rtl and shaped() else None
    for number, (line, width) in enumerate(zip(block.lines, block.widths, strict=True)):
        free = room - width
        centred = align == "centre" or (item.pill is not None and item.mark is None)
        at_end = (align == "end") != block.rtl
        line_x = start + (free / 2 if centred else free if at_end else 0)
        line_y = baseline + number * block.size * item.leading
        spot = ((spill + line_x) * fine, (spill + round(line_y)) * fine)
        pen.text(spot, line, fill=255, font=block.font, anchor="ls", direction=direction)
    if fine > 1:
        mask = mask.reduce(fine)
    if item.mark:
        beside = block.width - pad_x - _across(block.size) if block.rtl else pad_x
        _mark(sheet, block, (x + beside, round(y + baseline)))
    _over(letters, gradient(mask.size, (item.colour,)), mask, (x - spill, y - spill))


def _across(size: int) -> int:
    """Width of the mark before a text of a size, pixels."""
    return round(size * 0.46) + round(size * 0.86)


def _mark(sheet: Image.Image, block: Block, at: tuple[int, int]) -> None:
    """Two discs that overlap, centred on the capitals: the sign before a brand's name."""
    from PIL import Image, ImageDraw

    size = block.size
    disc = round(size * 0.86)
    for colour, shift, alpha in zip(block.item.mark or (), (0, round(size * 0.46)), (255, 225), strict=True):
        fine = Image.new("L", (disc * _FINE, disc * _FINE), 0)
        ImageDraw.Draw(fine).ellipse((0, 0, disc * _FINE - 1, disc * _FINE - 1), fill=alpha)
        mask = fine.resize((disc, disc), Image.Resampling.BOX)
        place = (at[0] + shift, round(at[1] - 0.36 * size - disc / 2))
        _over(sheet, gradient(mask.size, (colour,)), mask, place)


def _over(sheet: Image.Image, colour: Image.Image, mask: Image.Image, at: tuple[int, int]) -> None:
    """Lay a coloured mask over a sheet, cut off at the sheet's edges."""
    piece = colour.convert("RGBA")
    piece.putalpha(mask)
    left, top = max(-at[0], 0), max(-at[1], 0)
    right, bottom = min(sheet.width - at[0], piece.width), min(sheet.height - at[1], piece.height)
    if right > left and bottom > top:
        sheet.alpha_composite(piece.crop((left, top, right, bottom)), (at[0] + left, at[1] + top))


@cache
def shaped() -> bool:
    """Whether Pillow shapes text with raqm (kerning, ligatures, right-to-left)."""
    from PIL import features

    return bool(features.check("raqm"))

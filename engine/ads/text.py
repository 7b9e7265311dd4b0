"""Text that fits: fonts by coverage, wrapping without hyphenation, sizes by binary search.

Why our own: Pillow draws a line of text but neither wraps nor fits it; what does (Pango, a browser) is no Python
package alone.
Shaping (kerning, ligatures, right-to-left) is Pillow's raqm layout where Pillow has it.
"""

from __future__ import annotations

import dataclasses
import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from engine.ads.brands import Item
from engine.errors import EngineError

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

LONGEST = 4000  # characters of one text; more cannot be read on any creative
# Small letters are drawn larger and scaled down: at their own size hinting would round every advance to a whole pixel.
_FINE, _FINE_BELOW = 4, 48
_STEPS = 48  # of the common scale between smallest and largest sizes
_BREAK_ANYWHERE = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\u0e00-\u0e7f]")


@dataclass(frozen=True)
class Block:
    """One text, set: its lines in a font at a size.

    Args:
        item: what the template says about it.
        font: the loaded font, `fine` times larger than it will look.
        fine: how much larger.
        size: its size, pixels.
        lines: lines in logical order.
        widths: of the lines, pixels.
        rtl: it reads from right to left.
        width: of the block with button and mark, pixels.
        height: of the block with button, pixels.
    """

    item: Item
    font: FreeTypeFont
    fine: int
    size: int
    lines: tuple[str, ...]
    widths: tuple[float, ...]
    rtl: bool
    width: int
    height: int

    @property
    def pad(self) -> tuple[int, int]:
        """Space between the button's edge and the text, x and y; 0, 0 without a button."""
        return _pad(self.item, self.size)

    @property
    def lead(self) -> int:
        """Width of the mark before the text with the space after it."""
        return _lead(self.item, self.size)


def clean(text: str | None) -> str:
    """A text as it will be drawn: composed (NFC), line ends as \\n, no control characters, single spaces."""
    composed = unicodedata.normalize("NFC", text or "").replace("\r\n", "\n").replace("\r", "\n")
    composed = "".join(
        c if c == "\n" or unicodedata.category(c) not in ("Cc", "Cs", "Co", "Cn") else " " for c in composed
    )
    return "\n".join(" ".join(line.split()) for line in composed.split("\n")).strip()


def check_length(text: str, name: str, owner: str) -> None:
    """Raise EngineError where a text is longer than any creative can show."""
    if len(text) > LONGEST:
        raise EngineError(f"{owner}: the {name} has {len(text):,} characters.", fix=f"Shorten it below {LONGEST:,}.")


def fit(
    texts: Sequence[tuple[Item, str]],
    fonts: dict[str, tuple[Path, ...]],
    room: tuple[int, int],
    gap: int,
    *,
    owner: str,
    place: str,
) -> list[Block]:
    """Set a stack of texts as large as a box allows.

    First all sizes grow together, then each on its own from the first, all by binary search; so a long body
    does not make the headline tiny, nor the other way round.

    Args:
        texts: items with their cleaned texts; empty texts are left out.
        fonts: role -> font files, first choice first.
        room: width and height of the box, pixels.
        gap: pixels between blocks.
        owner: who gets the blame, such as "offer X1".
        place: which box, such as "1080x1080".

    Returns:
        One block per text that is not empty.

    Raises:
        EngineError: a text does not fit at its smallest size, or no font has one of its characters; the message
            names owner, size and box.
    """
    wanted = [(item, text) for item, text in texts if text]
    if not wanted:
        return []
    for item, text in wanted:
        check_length(text, item.text, owner)
    files = [_font_for(item, text, fonts, owner) for item, text in wanted]

    def blocks_at(sizes: Sequence[int]) -> list[Block] | None:
        blocks = []
        left = room[1] - gap * (len(wanted) - 1)
        for (item, text), file, size in zip(wanted, files, sizes, strict=True):
            block = _set(item, text, file, size, room[0])
            if block is None or (left := left - block.height) < 0:
                return None
            blocks.append(block)
        return blocks

    def sizes_at(step: int) -> list[int]:
        return [i.size[0] + (i.size[1] - i.size[0]) * step // _STEPS for i, _ in wanted]

    best = blocks_at(sizes_at(0))
    if best is None:
        raise _too_long(wanted, files, room, owner, place)
    step = _largest(0, _STEPS, lambda s: blocks_at(sizes_at(s)) is not None)
    sizes = sizes_at(step)
    for index, (item, _) in enumerate(wanted):

        def grown(size: int, index: int = index) -> bool:
            return blocks_at([*sizes[:index], size, *sizes[index + 1 :]]) is not None

        sizes[index] = _largest(sizes[index], item.size[1], grown)
    blocks = blocks_at(sizes) or best  # the largest sizes that fit: they do
    return [_balanced(b, text, room[0]) if b.item.balance else b for b, (_, text) in zip(blocks, wanted, strict=True)]


def is_rtl(text: str) -> bool:
    """Whether a text reads from right to left: its first strong character decides (Unicode Bidi, rule P2)."""
    for character in text:
        direction = unicodedata.bidirectional(character)
        if direction in ("R", "AL", "L"):
            return direction != "L"
    return False


def wrap(text: str, font: FreeTypeFont, width: float) -> list[str] | None:
    """Lines of a text no wider than `width`, broken at spaces, after hyphens and slashes, and between CJK characters.

    Args:
        text: cleaned; \\n always breaks.
        font: in which it is set.
        width: pixels.

    Returns:
        The lines, or None where a word is wider than `width`.
    """
    lines = []
    for paragraph in text.split("\n"):
        line = ""
        for piece in _pieces(paragraph):
            if line and font.getlength((line + piece).rstrip()) <= width:
                line += piece
                continue
            if line:
                lines.append(line.rstrip())
            if font.getlength(piece.rstrip()) > width:
                return None
            line = piece
        lines.append(line.rstrip())
    return lines


def _pieces(paragraph: str) -> list[str]:
    """What must not be broken, each with the space that follows it."""
    pieces = []
    for word in re.findall(r"\S+\s*", paragraph):
        for part in re.findall(r"[^-/\u200b]+[-/\u200b]*\s*|[-/\u200b]+\s*", word):
            if _BREAK_ANYWHERE.search(part):
                pieces += re.findall(r".\s*", part)
            else:
                pieces.append(part)
    return pieces


@lru_cache(maxsize=8192)
def _set(item: Item, text: str, file: Path, size: int, width: int) -> Block | None:
    """A text at a size in a width, or None where it does not fit sideways or needs more lines than it may have."""
    fine = _FINE if size < _FINE_BELOW else 1
    font = load_font(file, size * fine)
    (pad_x, pad_y), lead = _pad(item, size), _lead(item, size)
    lines = wrap(text, font, (width - 2 * pad_x - lead) * fine)
    if lines is None or (item.lines and len(lines) > item.lines):
        return None
    widths = tuple(font.getlength(line) / fine for line in lines)
    height = round((len(lines) - 1) * size * item.leading + sum(font.getmetrics()) / fine) + 2 * pad_y
    if item.pill:  # a button is as high as its letters look, not as high as its tallest accents
        height = round(((len(lines) - 1) * item.leading + 1.0) * size) + 2 * pad_y
    right_to_left = is_rtl(text)
    across = math.ceil(max(widths)) + 2 * pad_x + lead
    return Block(item, font, fine, size, tuple(lines), widths, right_to_left, across, height)


def _balanced(block: Block, text: str, width: int) -> Block:
    """The same number of lines, with lines of about equal length: the narrowest width that does not need one more."""
    if len(block.lines) < 2:
        return block
    width -= 2 * block.pad[0] + block.lead
    low, high = round(max(block.widths) / 2), width

    def lines_in(w: int) -> list[str] | None:
        lines = wrap(text, block.font, w * block.fine)
        return lines if lines is not None and len(lines) <= len(block.lines) else None

    while low < high:
        middle = (low + high) // 2
        if lines_in(middle) is not None:
            high = middle
        else:
            low = middle + 1
    lines = lines_in(high)
    if lines is None:
        return block
    widths = tuple(block.font.getlength(line) / block.fine for line in lines)
    across = math.ceil(max(widths)) + 2 * block.pad[0] + block.lead
    return dataclasses.replace(block, lines=tuple(lines), widths=widths, width=across)


def _largest(low: int, high: int, fits) -> int:
    """The largest number in low..high that fits, low being known to."""
    while low < high:
        middle = (low + high + 1) // 2
        if fits(middle):
            low = middle
        else:
            high = middle - 1
    return low


def _pad(item: Item, size: int) -> tuple[int, int]:
    if item.pill is None:
        return 0, 0
    return round(item.pill[0] * size / item.size[1]), round(item.pill[1] * size / item.size[1])


def _lead(item: Item, size: int) -> int:
    return round(size * 1.75) if item.mark else 0


def _too_long(wanted, files, room, owner, place) -> EngineError:
    """Say which text is to blame: the one that does not fit alone, else the longest."""
    alone = []
    for (item, text), file in zip(wanted, files, strict=True):
        block = _set(item, text, file, item.size[0], room[0])
        if block is None or block.height > room[1]:
            alone.append((item, text))
    item, text = max(alone or wanted, key=lambda pair: len(pair[1]))
    shown = text if len(text) <= 40 else text[:39] + "…"
    return EngineError(
        f"{owner}: the {item.text} ({len(text)} characters, {shown!r}) does not fit the {room[0]}x{room[1]} pixel box "
        f"of {place} even at {item.size[0]} px.",
        fix="Shorten it, break long words with spaces, or leave that size out of ads.sizes.",
    )


def _font_for(item: Item, text: str, fonts: dict[str, tuple[Path, ...]], owner: str) -> Path:
    """The first font of a role that has all characters of a text."""
    lacking = ""
    for file in fonts[item.font]:
        lacking = next((c for c in text if not _has(file, c)), "")
        if not lacking:
            return file
    name = unicodedata.name(lacking, "unnamed")
    raise EngineError(
        f"{owner}: no font of the brand has {lacking!r} (U+{ord(lacking):04X}, {name.lower()}), "
        f"which the {item.text} uses.",
        fix=f"Remove the character, or add a font that has it to {item.font!r} under [fonts] of the brand.",
    )


@lru_cache(maxsize=4096)
def _has(file: Path, character: str) -> bool:
    """Whether a font has a character: what it draws differs from what it draws for one that cannot exist."""
    if character.isspace() or unicodedata.category(character) in ("Cf", "Mn"):
        return True
    font = load_font(file, 24)
    return _drawn(font, character) != _nothing(file)


@cache
def _nothing(file: Path) -> tuple[tuple[int, int], bytes]:
    return _drawn(load_font(file, 24), "\U0010fffe")


def _drawn(font: FreeTypeFont, character: str) -> tuple[tuple[int, int], bytes]:
    mask = font.getmask(character, mode="L")
    return mask.size, bytes(mask)


@lru_cache(maxsize=512)
def load_font(file: Path, size: int) -> FreeTypeFont:
    """A font file at a size, loaded once a process.

    Raises:
        EngineError: the file is no font.
    """
    from PIL import ImageFont

    try:
        return ImageFont.truetype(str(file), size)
    except OSError as error:
        raise EngineError(
            f"{file} is not a font: {error}.", fix="Replace it with a TrueType or OpenType file."
        ) from error

"""Text that fits its box, whatever its length, and says so when it cannot."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.ads import brands, text
from engine.ads.brands import Item
from engine.errors import EngineError

BRAND = brands.load()
HEAD = Item("headline", "display", (0, 0, 0), (7, 40), 1.1, balance=True)
BODY = Item("body", "text", (0, 0, 0), (7, 20), 1.3)
words = st.lists(st.text("abcdefghijklmnopqrstuvwxyzÁŐűßжΩ", min_size=1, max_size=9), min_size=1, max_size=60).map(
    " ".join
)


def fit(texts, room=(200, 200), gap=6):
    return text.fit(texts, BRAND.fonts, room, gap, owner="offer X1", place="300x250")


@settings(max_examples=25)
@given(head=words, body=words)
def test_what_fits_lies_within_its_box_and_loses_no_word(head, body):
    try:
        blocks = fit([(HEAD, head), (BODY, body)])
    except EngineError as error:
        assert "offer X1" in error.message and "200x200" in error.message
        return
    assert sum(b.height for b in blocks) + 6 <= 200
    for block, source in zip(blocks, (head, body), strict=True):
        assert " ".join(block.lines).split() == source.split()
        assert max(block.widths) <= 200.01
        assert block.item.size[0] <= block.size <= block.item.size[1]


@settings(max_examples=30)
@given(words)
def test_the_size_is_the_largest_that_fits(body):
    """Oracle: try every size from the largest down."""
    room = (160, 90)

    def fits(size):
        font = text.load_font(BRAND.fonts["text"][0], size * 4)
        lines = text.wrap(body, font, room[0] * 4)
        return lines is not None and round((len(lines) - 1) * size * 1.3 + sum(font.getmetrics()) / 4) <= room[1]

    best = next((s for s in range(20, 6, -1) if fits(s)), None)
    if best is None:
        with pytest.raises(EngineError):
            fit([(BODY, body)], room)
    else:
        # Line breaks move in jumps, so a size may fit above one that does not: never smaller than the first gap.
        gap = next((s for s in range(7, 21) if not fits(s)), 21)
        assert gap - 1 <= fit([(BODY, body)], room)[0].size <= best


def test_400_characters_fit_every_size_of_the_brand():
    long = ("All of this is yours, and more of it than anybody could ever want to read " * 6)[:400]
    from engine.ads.render import Offer, Renderer

    for size in BRAND.sizes:
        Renderer(BRAND).check(Offer("X1", "A headline", long, "Get it"), size)
        Renderer(BRAND).check(Offer("X1", long, "A body", "Get it"), size)


def test_an_unbreakable_text_names_offer_size_and_box():
    with pytest.raises(EngineError, match=r"offer X1: the body \(400 characters.*200x200 pixel box of 300x250.*7 px"):
        fit([(HEAD, "Short"), (BODY, "x" * 400)])


def test_ten_megabytes_are_refused_at_once():
    started = time.monotonic()
    with pytest.raises(EngineError, match=r"headline has 10,000,000 characters"):
        fit([(HEAD, "ab " * 3_333_333 + "c"), (BODY, "b")])
    assert time.monotonic() - started < 5


def test_a_character_no_font_has_is_named():
    with pytest.raises(EngineError, match=r"offer X1: no font of the brand has .*U\+1F9A6, otter.*\[fonts\]"):
        fit([(HEAD, "An otter 🦦")])


@pytest.mark.parametrize(
    ("said", "rtl"), [("Hello", False), ("العربية", True), ("שלום", True), ("120 % العربية", True), ("5 Ω", False)]
)
def test_direction_is_that_of_the_first_strong_character(said, rtl):
    assert text.is_rtl(said) == rtl
    assert fit([(BODY, said)])[0].rtl == rtl


def test_cleaning_keeps_what_is_readable():
    assert text.clean(" a\tb \r\n  c\x00d\u0007 ") == "a b\nc d"
    assert text.clean("e\u0301") == "é"
    assert text.clean(None) == ""


def test_chinese_breaks_between_characters():
    font = text.load_font(BRAND.fonts["text"][-1], 20)
    lines = text.wrap("中" * 30, font, 100)
    assert "".join(lines) == "中" * 30 and max(font.getlength(line) for line in lines) <= 100


def test_nothing_breaks_inside_a_word_but_after_hyphens():
    font = text.load_font(BRAND.fonts["text"][0], 20)
    lines = text.wrap("anti-establishment one/two", font, 150)
    assert lines == ["anti-", "establishment", "one/two"]

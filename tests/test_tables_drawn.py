"""Tables that commands print: whole in a pipe, and made to fit a terminal without losing what a reader needs."""

from __future__ import annotations

import io
import re
import sys

from hypothesis import given, settings
from hypothesis import strategies as st

from cli import output, tables

_WORD = st.text("abcdefgh", min_size=1, max_size=12)
_CELLS = st.one_of(_WORD, st.lists(_WORD, min_size=2, max_size=8).map(" ".join), st.just("0123456789abcdef" * 2))
_NUMBERS = st.floats(-1e6, 1e6).map(lambda value: f"{value:.6g}")


@st.composite
def grids(draw):
    """Tables of one to nine columns: words, sentences, pseudonyms and numbers under headings with underscores."""
    numeric = draw(st.lists(st.booleans(), min_size=1, max_size=9))
    names = [draw(st.lists(_WORD, min_size=1, max_size=3).map("_".join)) for _ in numeric]
    rows = draw(st.integers(0, 4))
    cells = [[draw(_NUMBERS if number else _CELLS) for number in numeric] for _ in range(rows)]
    return tables.Grid(names, cells, numeric)


def _squeezed(text: str) -> str:
    return "".join(text.split())


@given(grids(), st.integers(80, 140))
@settings(max_examples=150, deadline=None)
def test_a_terminal_is_never_overrun_and_no_column_is_lost(grid, width):
    text = tables.drawn(grid, width)
    assert max(map(len, text.splitlines()), default=0) <= width
    found = {name.replace("\n", "") for part in tables.fitted(grid, width) for name in part.names}
    assert found == set(grid.names)
    for row in grid.rows:
        for cell, number in zip(row, grid.numeric, strict=True):
            if not number and " " not in cell:
                assert (cell[:12] if len(cell) == 32 else cell) in text


@given(grids())
@settings(max_examples=60, deadline=None)
def test_a_pipe_gets_every_cell_whole(grid):
    text = tables.drawn(grid, None)
    assert len(text.splitlines()) == 1 + len(grid.rows)
    for line, row in zip(text.splitlines()[1:], grid.rows, strict=True):
        assert _squeezed(line) == _squeezed("".join(row))


def test_what_does_not_fit_is_shortened_only_as_far_as_needed():
    one = tables.Grid(["customer_id", "share"], [["0123456789abcdef" * 2, "0.123456"]], [False, True])
    assert tables.fitted(one, 42) == [one]
    assert tables.fitted(one, 30)[0].rows == [["0123456789ab", "0.123456"]]
    assert tables.fitted(one, 19)[0].rows == [["0123456789ab", "0.1235"]]


def test_parts_begin_with_the_columns_that_tell_the_rows_apart():
    names = ["by", "make", *(f"a_long_figure_{n}" for n in range(6))]
    rows = [["age", "Apple", *["0.123456"] * 6], ["age", "Nokia", *["0.654321"] * 6]]
    parts = tables.fitted(tables.Grid(names, rows, [False, False] + [True] * 6), 40)
    assert len(parts) > 1
    for part in parts:
        assert part.names[:2] == ["by", "make"] and [row[:2] for row in part.rows] == [
            ["age", "Apple"],
            ["age", "Nokia"],
        ]


def test_headings_break_at_an_underscore_only_where_they_are_wider_than_their_cells():
    grid = tables.Grid(["party_id", "horizon_days"], [["0123456789ab", "30"]], [False, True])
    assert tables.fitted(grid, 23)[0].names == ["party_id", "horizon_\ndays"]


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_s_columns_are_asked_for(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    rows = [{"customer_id": "ab" * 16, "other_id": "cd" * 16, "ready": True, "rows": {"ads": 3, "faces": 4}}]
    printed = {}
    for name, stream in (("terminal", _Terminal()), ("pipe", io.StringIO())):
        monkeypatch.setattr(sys, "stdout", stream)
        output.emit(rows, output.Output.table)
        printed[name] = stream.getvalue()
    plain = re.sub(r"\x1b\[\d*m", "", printed["terminal"])
    assert plain.split() == [
        "customer_id", "other_id", "ready", "rows", "abababababab", "cdcdcdcdcdcd", "yes", "ads", "3,", "faces", "4",
    ]  # fmt: skip
    assert "ab" * 16 in printed["pipe"] and "cd" * 16 in printed["pipe"]


def test_empty_columns_are_left_out_only_where_space_is_short():
    grid = tables.Grid(["name", "problem"], [["a" * 12, ""], ["b" * 12, ""]], [False, True])
    assert tables.fitted(grid, 21) == [grid]
    assert tables.fitted(grid, 20)[0].names == ["name"]

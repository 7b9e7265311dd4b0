"""Tables as people read them: in a terminal they fit its width, with headings, ids and numbers whole."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

_GAP = 2  # spaces between columns
_LEAST_TEXT = 24  # a column of sentences is not made narrower than this
_DIGITS = 4  # significant ones, where space is short
_LONG_HEX = re.compile(r"^([0-9a-f]{12})[0-9a-f]{20,}$")  # a pseudonym or hash; its beginning says which


class Grid(NamedTuple):
    """A table: its headings, its rows of cells, and which columns are numbers."""

    names: list[str]
    rows: list[list[str]]
    numeric: list[bool]

    def columns(self, chosen: Sequence[int]) -> Grid:
        """Only these columns, by their places."""
        return Grid(
            [self.names[i] for i in chosen],
            [[row[i] for i in chosen] for row in self.rows],
            [self.numeric[i] for i in chosen],
        )


def drawn(grid: Grid, width: int | None) -> str:
    """The text of a table.

    Args:
        grid: the table.
        width: columns of the terminal; None where nobody looks at a width (a pipe, a file): all cells are whole then.
    """
    return "\n\n".join(_text(part, width) for part in ([grid] if width is None else fitted(grid, width)))


def fitted(grid: Grid, width: int) -> list[Grid]:
    """The table so that it fits a width: shortened only as far as needed, and at last in several tables.

    Long hexadecimal ids lose their end, numbers their last digits, headings break at an underscore, empty columns are
    left out. What then still is too wide is split by columns; each part begins with the columns that tell rows apart.

    Args:
        grid: the table.
        width: characters of a line.
    """
    for shorter in (_as_it_is, _short_ids, _short_numbers, _broken_headings, _without_empty):
        grid = shorter(grid)
        if _width(grid) <= width:
            return [grid]
    needs, first = _needs(grid), _telling(grid, width)
    parts = [first]
    for place in range(len(first), len(needs)):
        if len(parts[-1]) > len(first) and sum(needs[i] + _GAP for i in [*parts[-1], place]) - _GAP > width:
            parts.append(first)
        parts[-1] = [*parts[-1], place]
    return [grid.columns(part) for part in parts]


def _telling(grid: Grid, width: int) -> list[int]:
    """The first columns, as many as tell each row from the others; the first alone where that takes too much room."""
    needs = _needs(grid)
    for last in range(1, len(grid.names)):
        if sum(need + _GAP for need in needs[:last]) > width // 2:
            break
        if len({tuple(row[:last]) for row in grid.rows}) == len(grid.rows):
            return list(range(last))
    return [0]


def _as_it_is(grid: Grid) -> Grid:
    return grid


def _short_ids(grid: Grid) -> Grid:
    return grid._replace(rows=[[_LONG_HEX.sub(r"\1", cell) for cell in row] for row in grid.rows])


def _short_numbers(grid: Grid) -> Grid:
    def short(cell: str, numeric: bool) -> str:
        return f"{float(cell):.{_DIGITS}g}" if numeric and "." in cell else cell

    rows = [[short(cell, numeric) for cell, numeric in zip(row, grid.numeric, strict=True)] for row in grid.rows]
    return grid._replace(rows=rows)


def _broken_headings(grid: Grid) -> Grid:
    names = []
    for place, name in enumerate(grid.names):
        pieces = re.findall(r"[^_]*_?", name)
        room = max(len(text) for text in [*pieces, *(row[place] for row in grid.rows)])
        lines = [""]
        for piece in pieces:
            if lines[-1] and len(lines[-1] + piece) > room:
                lines.append("")
            lines[-1] += piece
        names.append("\n".join(lines))
    return grid._replace(names=names)


def _without_empty(grid: Grid) -> Grid:
    filled = [place for place in range(len(grid.names)) if any(row[place] for row in grid.rows)]
    return grid.columns(filled) if filled else grid


def _needs(grid: Grid) -> list[int]:
    """The width that each column needs: sentences may be wrapped, headings and single words may not."""
    needs = []
    for place, name in enumerate(grid.names):
        cells = [row[place] for row in grid.rows]
        whole = max((len(cell) for cell in cells), default=0)
        if _wraps(cells):
            whole = min(whole, max(_LEAST_TEXT, *(len(word) for cell in cells for word in cell.split() or [""])))
        needs.append(max(whole, *(len(line) for line in name.split("\n"))))
    return needs


def _width(grid: Grid) -> int:
    return sum(need + _GAP for need in _needs(grid)) - _GAP


def _wraps(cells: list[str]) -> bool:
    return any(" " in cell for cell in cells)


def _text(grid: Grid, width: int | None) -> str:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    fits = width is None or _width(grid) <= width  # else even single words have to be folded
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, _GAP, 0, 0))
    for place, (name, right) in enumerate(zip(grid.names, grid.numeric, strict=True)):
        whole = fits and not _wraps([row[place] for row in grid.rows])
        table.add_column(name, justify="right" if right else "left", overflow="fold", no_wrap=whole)
    for row in grid.rows:
        table.add_row(*(Text(cell) for cell in row))
    console = Console(width=width or 10_000)
    with console.capture() as captured:
        console.print(table)
    return "\n".join(line.rstrip() for line in captured.get().splitlines())

"""What a chart is: a title, a Vega-Lite specification and the rows it shows; and what all specifications share.

Colours stand in a specification as the roles of `palette.css` ("var(--c1)"): pages follow light, dark and print.
Every mark has a text (`says`) with its name and exact value: shown where the pointer is, read out by screen readers.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
WIDTH, WIDE = 330, 640  # pixels
SIZE = 13  # of letters, in pixels
LINE = 14  # pixels between the lines of a wrapped name
FONT = (
    "Liberation Sans, Arial, Helvetica, sans-serif"  # the first one comes with vl-convert: the same layout everywhere
)
INK, MUTED, GRID, PAPER = "var(--ink)", "var(--muted)", "var(--grid)", "var(--paper)"
COLOURS = [f"var(--c{i})" for i in range(1, 9)]
SHADES = [f"var(--s{i})" for i in range(7)]
CONFIG = {
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "labelColor": MUTED, "titleColor": MUTED, "labelFontSize": SIZE, "titleFontSize": SIZE, "domain": False,
        "titleFontWeight": "normal", "gridColor": GRID, "ticks": False, "labelPadding": 5, "labelLimit": 0,
        "titleLimit": 0,
    },
    "legend": {
        "orient": "top", "title": None, "labelColor": INK, "labelFontSize": SIZE, "labelLimit": 0, "offset": 8,
        "symbolStrokeWidth": 2, "symbolOpacity": 1, "columnPadding": 12, "rowPadding": 4,
    },
    "text": {"color": INK, "fontSize": SIZE},
    "title": {"color": INK, "fontSize": 14, "anchor": "start", "frame": "bounds"},
}  # fmt: skip


@dataclass(frozen=True)
class Chart:
    """One chart of a page or a file.

    Args:
        title: what it shows, one line above it.
        spec: Vega-Lite specification; None where there is nothing to draw.
        data: rows it was drawn from, for its table and its download.
        wide: takes the full width.
        why: why nothing is drawn.
    """

    title: str
    spec: Mapping[str, Any] | None
    data: Sequence[Mapping[str, Any]]
    wide: bool = False
    why: str = ""


def specification(layers: Sequence[Mapping[str, Any]], *, height: float, width: int = WIDTH) -> dict[str, Any]:
    """A whole specification of layers.

    Args:
        layers: Vega-Lite layers, each with its own data.
        height: of the plot alone, in pixels.
        width: of everything, in pixels.
    """
    return {
        "$schema": SCHEMA,
        "width": width,
        "height": height,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "padding": {"left": 14, "right": 8, "top": 5, "bottom": 5},  # more where names are, for other fonts
        "background": "transparent",
        "layer": list(layers),
        "config": CONFIG,
    }


def layer(mark: Mapping[str, Any], rows: Iterable[Mapping[str, Any]], **encoding: Any) -> dict[str, Any]:
    """One layer; its rows' `says`, where they have one, is the mark's text, otherwise the mark is decoration."""
    values = [{key: plain(value) for key, value in row.items()} for row in rows]
    if any("says" in row for row in values):
        encoding |= {"description": {"field": "says"}, "tooltip": {"field": "says", "type": "nominal"}}
    else:
        mark = {**mark, "aria": False}
    return {"data": {"values": values}, "mark": dict(mark), "encoding": encoding}


def plain(value: Any) -> Any:
    """A value as JSON knows it; what is no finite number is None."""
    if isinstance(value, date):
        return value.isoformat()
    return None if isinstance(value, float) and not abs(value) < float("inf") else value


def names(field: str, labels: Sequence[str]) -> dict[str, Any]:
    """An encoding by names in their given order, wrapped."""
    breaks = any("\n" in label for label in labels)
    along: dict[str, Any] = {"title": None, "grid": False, "labelExpr": "split(datum.label, '\\n')", "labelColor": INK}
    if breaks:
        up = {"test": "indexof(datum.label, '\\n') >= 0", "value": -LINE / 2}
        along |= {"labelLineHeight": LINE, "labelOffset": {"condition": up, "value": 0}}
    return {"field": field, "type": "nominal", "sort": None, "scale": {"domain": list(labels)}, "axis": along}


def axis(title: str = "", *, form: str = "number", grid: bool = True, **more: Any) -> dict[str, Any]:
    """A quantitative axis, its numbers spelled as `form` (`engine.figures.spell`) has it."""
    unit = "pp" if form.startswith("points") else "%" if form.startswith("share") else ""
    value = f"format(100 * datum.value, '~r') + ' {unit}'"
    short = "abs(datum.value) >= 1000 ? format(datum.value, '~s') : format(datum.value, '~r')"
    return {
        "title": lines(title), "grid": grid, "tickCount": 5, "labelExpr": value if unit else short,
        "labelOverlap": "greedy", "labelSeparation": 6, "labelFlush": True, **more,
    }  # fmt: skip


def above(title: str, *, form: str = "number") -> dict[str, Any]:
    """A vertical axis with its title above it, from left to right."""
    return axis(title, form=form) | {
        "titleAngle": 0, "titleAlign": "left", "titleAnchor": "start", "titleX": 0, "titleY": -12,
        "titleBaseline": "bottom", "title": title or None, "labelFlush": False,
    }  # fmt: skip


def wrapped(labels: Iterable[Any], letters: int = 20) -> list[str]:
    """Names on at most two lines that fit beside a chart, all of them different.

    Args:
        labels: names; what does not fit ends in "…" (the mark's text has it whole).
        letters: on a line.
    """
    found: list[str] = []
    for label in labels:
        text = " ".join("".join(c if c.isprintable() else " " for c in str(label)).split()) or "–"
        lines = textwrap.wrap(text, letters, max_lines=2, placeholder="…", break_on_hyphens=False)
        short = "\n".join(lines)
        while short in found:
            short += "\u200b"  # takes no room
        found.append(short)
    return found


def lines(title: str, letters: int = 32) -> list[str] | None:
    """The title of a horizontal axis on as many lines as it takes."""
    return textwrap.wrap(title, letters) or None


def longest(labels: Iterable[str]) -> int:
    """Letters of the longest line."""
    return max((len(line) for label in labels for line in label.split("\n")), default=1)


def legend(labels: Sequence[str], beside: Sequence[str] = ()) -> dict[str, Any]:
    """A legend above the plot with as many columns as there is room for, right of the names `beside` the plot."""
    room = WIDTH - 20 - (longest(beside) * 7 if beside else 0)
    return {"columns": max(1, room // (longest(labels) * 7 + 40)), "labelExpr": "split(datum.label, '\\n')"}


def rows_high(labels: Sequence[str], each: float = 25) -> float:
    """Height in pixels of a plot with one row a name."""
    tall = max((label.count("\n") for label in labels), default=0)
    return max(1, len(labels)) * max(each, LINE * (tall + 1) + 6)

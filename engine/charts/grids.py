"""Tables in colours: figures of two names, and one square a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from engine.charts.chart import (
    GRID,
    INK,
    MUTED,
    PAPER,
    SHADES,
    WIDTH,
    above,
    layer,
    lines,
    names,
    plain,
    specification,
    wrapped,
)
from engine.figures import WITHHELD, spell

CELL = 15  # pixels of a day
KEY = 5  # week below which the shades of a calendar are explained: on a telephone the right is not seen
DARK = 4  # the first shade on which text is drawn in the paper's colour


def shade(value: float, least: float, most: float) -> int:
    """Which of the shades a value has, 0 to 6."""
    return min(6, max(0, round(6 * (value - least) / ((most - least) or 1))))


def matrix(
    rows: Sequence[str],
    columns: Sequence[str],
    values: Sequence[Sequence[float | None]],
    *,
    x: str,
    y: str,
    form: str = "count",
    width: int = WIDTH,
) -> dict[str, Any]:
    """A table in colours with the figures in its cells.

    Args:
        rows: names, from the top down.
        columns: names, from left to right.
        values: per row, of each column; None is withheld (a dot).
        x: what the columns are.
        y: what the rows are.
        form: how values are spelled.
        width: of everything, in pixels.
    """
    most = max((v for row in values for v in row if v is not None), default=1) or 1
    room = max(4, round(0.72 * width / max(1, len(columns)) / 7.2))  # letters over a column
    down, across = wrapped(rows, 16), wrapped(columns, room if room > 6 else 12)
    cells = []
    for short, name, row in zip(down, rows, values, strict=True):
        for top, column, value in zip(across, columns, row, strict=True):
            step = None if value is None else shade(value, 0, most)
            text = WITHHELD if value is None else spell(value, form)
            cells.append({
                "row": short, "column": top, "fill": GRID if step is None else SHADES[step],
                "ink": PAPER if (step or 0) >= DARK else INK, "text": "·" if value is None else text,
                "says": f"{y} {name}, {x} {column}: {text}",
            })  # fmt: skip
    vertical, horizontal = names("row", down), names("column", across)
    vertical["axis"] |= {**above(y), "labelExpr": vertical["axis"]["labelExpr"], "grid": False, "titleY": -6}
    horizontal["axis"] |= {
        "title": lines(x),
        "titleColor": MUTED,
        "labelAngle": 0 if room > 6 else -40,
        "labelOffset": 0,
    }
    # Colours are given cell by cell, so that figures stay readable on each of them.
    given = {"scale": None, "legend": None}
    boxes = layer(
        {"type": "rect", "stroke": PAPER, "strokeWidth": 2}, cells, y=vertical, x=horizontal,
        color={"field": "fill", "type": "nominal", **given},
    )  # fmt: skip
    written = [{key: cell[key] for key in ("row", "column", "ink", "text")} for cell in cells]
    figures = layer(
        {"type": "text"}, written, y=vertical, x=horizontal, text={"field": "text"},
        color={"field": "ink", "type": "nominal", **given},
    )  # fmt: skip
    return specification([boxes, figures], height=max(1, len(rows)) * 34, width=width)


def calendar(days: Mapping[date, float], *, unit: str) -> dict[str, Any]:
    """One square a day, a column a week, Monday on top; from the quietest day to the busiest, with a key.

    Args:
        days: value of each day.
        unit: what is counted.
    """
    first = min(days) - timedelta(days=min(days).weekday())
    weeks = (max(days) - first).days // 7 + 1
    least, most = min(days.values()), max(days.values())
    cells: list[dict[str, Any]] = [
        {"week": (day - first).days // 7, "day": day.weekday(), "fill": SHADES[shade(value, least, most)],
         "says": f"{day:%a} {day}: {spell(value, 'count')} {unit}"}
        for day, value in days.items() if plain(value) is not None
    ]  # fmt: skip
    mondays = [first + timedelta(days=7 * week) for week in range(weeks)]
    starts = [w for w, day in enumerate(mondays) if w == 0 or day.month != mondays[w - 1].month]
    kept = [w for i, w in enumerate(starts) if i == len(starts) - 1 or starts[i + 1] - w > 2]
    months, last = [], None
    for week, following in pairwise([*kept, kept[-1] + 9]):
        monday = mondays[week]
        year = monday.year != last and following - week > 4  # a year takes the room of four weeks
        last = monday.year if year else last
        months.append({"week": week, "text": f"{monday:%b %Y}" if year else f"{monday:%b}"})
    columns = max(weeks, 24)
    across = {"field": "week", "type": "quantitative", "axis": None, "scale": {"domain": [0, columns], "nice": False}}
    places = {"axis": None, "scale": {"domain": [-1.4, 9], "reverse": True, "nice": False, "zero": False}}
    down = {"field": "day", "type": "quantitative", **places}
    squares = [{**cell, "week2": cell["week"] + 0.88, "day2": cell["day"] + 0.88} for cell in cells]
    key = [{"week": KEY + i, "week2": KEY + i + 0.88, "day": 7.9, "day2": 8.6, "fill": SHADES[i]} for i in range(7)]
    fill = {"field": "fill", "type": "nominal", "scale": None, "legend": None}
    to = {"x2": {"field": "week2"}, "y2": {"field": "day2"}, "color": fill}
    label = {"type": "text", "baseline": "middle", "color": MUTED}
    ends = [{"week": KEY - 0.4, "day": 8.25, "text": f"{spell(least, 'count')}"}]
    end = [{"week": KEY + 7.4, "day": 8.25, "text": f"{spell(most, 'count')}"}]
    sides = [
        {"week": -0.3, "day": i + 0.44, "text": name} for i, name in ((0, "Mon"), (2, "Wed"), (4, "Fri"), (6, "Sun"))
    ]
    texts = {"x": across, "y": down, "text": {"field": "text"}}
    layers = [
        layer({"type": "rect"}, squares, x=across, y=down, **to),
        layer({"type": "rect"}, key, x=across, y=down, **to),
        layer({**label, "align": "left"}, [{**month, "day": -0.7} for month in months], **texts),
        layer({**label, "align": "right"}, [*ends, *sides], **texts),
        layer({**label, "align": "left"}, end, **texts),
    ]
    spec = specification(layers, height=round(10.4 * CELL), width=columns * CELL)
    # The names of days stand left of the plot, so it is the plot whose size is given.
    return spec | {"autosize": {"type": "pad"}}

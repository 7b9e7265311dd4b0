"""Bars: vertical, horizontal with their values, and shares that make up 100 %."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.charts import chart
from engine.charts.chart import COLOURS, GRID, MUTED, PAPER, above, axis, layer, names, specification, wrapped
from engine.figures import WITHHELD, spell

SHARES = 8  # parts with a colour of their own


def vertical(
    labels: Sequence[str], values: Sequence[float | None], *, x: str, y: str, edges: bool = False
) -> dict[str, Any]:
    """Vertical bars, for numbers in their order.

    Args:
        labels: of the bars; as many are written as fit.
        values: heights; None draws no bar.
        x: title of the horizontal axis.
        y: of the vertical one.
        edges: each label names the left edge of its bar.
    """
    shown = wrapped(labels, 12)
    rows = [
        {"bar": short, "value": value, "says": f"{x} {'from ' if edges else ''}{label}: {spell(value, 'count')} {y}"}
        for short, label, value in zip(shown, labels, values, strict=True)
        if value is not None
    ]
    step = max(1, -(-len(shown) // max(1, 270 // (chart.longest(shown) * 7 + 8))))
    below = {
        **names("bar", shown)["axis"], "title": chart.lines(x, 42), "values": shown[::step], "labelAngle": 0,
        "labelColor": MUTED, "bandPosition": 0 if edges else 0.5,
    }  # fmt: skip
    bars = layer(
        {"type": "bar", "color": COLOURS[0]}, rows,
        x={**names("bar", shown), "axis": below, "scale": {"domain": shown, "paddingInner": 0.14}},
        y={"field": "value", "type": "quantitative", "axis": above(y)},
    )  # fmt: skip
    return specification([bars], height=170)


def horizontal(
    labels: Sequence[str], values: Sequence[float | None], *, x: str = "", form: str = "count"
) -> dict[str, Any]:
    """Horizontal bars with the value at the end, for names; losses lie left of the line at 0.

    Args:
        labels: names, from the top down.
        values: lengths; None is written as withheld.
        x: what the values are.
        form: how they are spelled (`engine.figures.spell`).
    """
    shown = wrapped(labels)
    texts = [WITHHELD if value is None else spell(value, form) for value in values]
    rows = [
        {"name": short, "value": value, "text": text, "at": max(value or 0, 0), "says": f"{label}: {text}"}
        for short, label, value, text in zip(shown, labels, values, texts, strict=True)
    ]
    known = [value or 0 for value in values]
    least, most = min([0, *known]), max([0, *known])
    room = (most - least or 1) * 0.05 * max((len(text) for text in texts), default=0)
    scale = {"domain": [least, most + room], "nice": False, "zero": False}
    y = names("name", shown)
    bars = layer(
        {"type": "bar", "color": COLOURS[0], "height": {"band": 0.7}}, rows, y=y,
        x={"field": "value", "type": "quantitative", "scale": scale,
           "axis": axis(x, grid=False, labels=False, values=[0], domain=False)},
    )  # fmt: skip
    written = [{"name": row["name"], "at": row["at"], "text": row["text"]} for row in rows]
    text = layer(
        {"type": "text", "align": "left", "dx": 5, "color": MUTED}, written, y=y,
        x={"field": "at", "type": "quantitative"}, text={"field": "text"},
    )  # fmt: skip
    zero = [layer({"type": "rule", "color": MUTED}, [{"at": 0}], x={"field": "at", "type": "quantitative"})]
    return specification([bars, text, *(zero if least < 0 else [])], height=chart.rows_high(shown))


def stacked(labels: Sequence[str], parts: Sequence[tuple[str, Sequence[float | None]]]) -> dict[str, Any]:
    """Lying bars of shares that make up 100 %; what is withheld is grey.

    Args:
        labels: of the bars, from the top down.
        parts: name and shares (0 to 1) of each part; what comes after the seventh of more than eight stands together.
    """
    if len(parts) > SHARES:
        rest = [[v for _, values in parts[SHARES - 1 :] if (v := values[i]) is not None] for i in range(len(labels))]
        parts = [*parts[: SHARES - 1], ("further ones", [sum(r) if r else None for r in rest])]
    shown, legend = wrapped(labels), wrapped([part for part, _ in parts], 26)
    rows, gaps = [], []
    for i, (short, label) in enumerate(zip(shown, labels, strict=True)):
        end = 0.0
        for name, (part, values) in zip(legend, parts, strict=True):
            if value := values[i]:
                says = f"{label}, {part}: {spell(value, 'share')}"
                rows.append({"name": short, "part": name, "from": end, "to": end + value, "says": says})
                end += value
        if end < 0.995:
            gaps.append({"name": short, "part": WITHHELD, "from": end, "to": 1.0, "says": f"{label}: {WITHHELD}"})
    keys, colours = list(legend), COLOURS[: len(legend)]
    if gaps:
        keys, colours = [*keys, WITHHELD], [*colours, GRID]
    bars = layer(
        {"type": "bar", "stroke": PAPER, "strokeWidth": 1, "height": {"band": 0.74}}, [*rows, *gaps],
        y=names("name", shown),
        x={"field": "from", "type": "quantitative", "scale": {"domain": [0, 1]},
           "axis": axis("share of customers", form="share", grid=False, values=[0, 0.25, 0.5, 0.75, 1])},
        x2={"field": "to"},
        color={"field": "part", "type": "nominal", "scale": {"domain": keys, "range": colours},
               "legend": chart.legend(keys, shown) | {"symbolType": "square"}},
    )  # fmt: skip
    return specification([bars], height=chart.rows_high(shown, 24))

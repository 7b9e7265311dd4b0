"""Curves with their bands, and points with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from engine.charts import chart
from engine.charts.chart import COLOURS, MUTED, above, axis, layer, names, plain, specification, wrapped
from engine.figures import WITHHELD, spell

DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3])
BESIDE = {"symbolType": "stroke", "symbolSize": 300, "offset": 29}  # room for the title of the axis
TENS = [1e-4, 1e-3, 1e-2, 1e-1, 1]  # of a logarithmic axis of shares
DOTTED = 15  # points from which on a curve is drawn without them


def curves(
    series: Sequence[tuple[str, Sequence[Any], Sequence[float | None]]],
    *,
    x: str,
    y: str,
    form: str = "number",
    x_form: str = "number",
    bands: Sequence[tuple[Sequence[Any], Sequence[float | None], Sequence[float | None]] | None] = (),
    steps: bool = False,
    log: bool = False,
) -> dict[str, Any] | None:
    """Curves with a legend; None where no curve has two points. One that has fewer is named only: a dot is no curve.

    Args:
        series: name, positions (numbers or days) and values of each curve; None breaks it.
        x: title of the horizontal axis.
        y: of the vertical one, which starts at 0 or below.
        form: how values are spelled; shares are drawn in per cent.
        x_form: likewise positions that are numbers.
        bands: positions, lows and highs of each curve's interval.
        steps: a value holds until the next one.
        log: positions are shares on a logarithmic axis.
    """
    drawn = [
        len({at for at, value in zip(xs, ys, strict=True) if plain(value) is not None}) > 1 for _, xs, ys in series
    ]
    if not any(drawn):
        return None
    called = [name if whole else f"{name} (too few)" for whole, (name, _, _) in zip(drawn, series, strict=True)]
    keys = wrapped(called, 28)
    rows, held = [], []
    for key, whole, (name, xs, ys) in zip(keys, drawn, series, strict=True):
        if not whole:
            continue
        for at, value in zip(xs, ys, strict=True):
            if plain(value) is None:
                rows.append({"curve": key, "x": at, "y": None})
                continue
            where = at.isoformat() if isinstance(at, date) else spell(at, x_form)
            text = f"{name + ', ' if len(series) > 1 else ''}{x} {where}: {spell(value, form)}"
            rows.append({"curve": key, "x": at, "y": value, "says": text})
    for key, whole, band in zip(keys, drawn, bands, strict=False):
        held += [
            {"curve": key, "x": at, "low": low, "high": high}
            for at, low, high in zip(*(band if band and whole else ((),) * 3), strict=True)
        ]
    known = [row for row in rows if row["y"] is not None]
    days = isinstance(known[0]["x"], date)
    across = {
        "field": "x", "type": "temporal" if days else "quantitative",
        "scale": {"type": "utc"} if days else {"type": "log"} if log else {"zero": False, "nice": False},
        "axis": {"title": x or None, "grid": False, "tickCount": 5, "labelOverlap": "greedy", "format": "%b %Y"}
        if days else axis(x, form=x_form, grid=False, **({"values": TENS} if log else {})),
    }  # fmt: skip
    upward = {"field": "y", "type": "quantitative", "axis": above(y, form=form)}
    colour = {
        "field": "curve", "type": "nominal", "legend": chart.legend(keys) | BESIDE if len(keys) > 1 else None,
        "scale": {"domain": keys, "range": [COLOURS[i % 8] for i in range(len(keys))]},
    }  # fmt: skip
    dash = {**colour, "scale": {"domain": keys, "range": [DASHES[i % 4] for i in range(len(keys))]}}
    line = [{key: row[key] for key in ("curve", "x", "y")} for row in rows]
    most = max(sum(row["curve"] == key for row in known) for key in keys)
    layers = [
        layer({"type": "area", "opacity": 0.18}, held, x=across, y=upward | {"field": "low"}, y2={"field": "high"},
              color=colour),
        layer({"type": "line", "strokeWidth": 2, "interpolate": "step-after" if steps else "linear"}, line, x=across,
              y=upward, color=colour, strokeDash=dash),
        layer({"type": "point", "filled": True, "size": 28, "opacity": 1 if most < DOTTED else 0}, known, x=across,
              y=upward, color=colour),
    ]  # fmt: skip
    return specification(layers if held else layers[1:], height=190)


def intervals(
    labels: Sequence[str],
    rows: Sequence[tuple | None],
    *,
    form: str,
    x: str,
    reference: float | None = None,
    marks: Sequence[float | None] = (),
    mark: str = "",
) -> dict[str, Any]:
    """A point with its interval per name.

    Args:
        labels: names, from the top down.
        rows: value, low and high, perhaps the low and high of a wider interval; None is written as withheld.
        form: how values are spelled; shares and points are drawn in per cent.
        x: title of the axis.
        reference: where a line stands for no difference.
        marks: a second value per name, drawn hollow.
        mark: what it is.
    """
    shown = wrapped(labels)
    points, bars, wide, hidden, hollow = [], [], [], [], []
    for short, label, row in zip(shown, labels, rows, strict=True):
        value, low, high, *more = row or (None, None, None)
        if value is None:
            hidden.append({"name": short, "text": WITHHELD})
            continue
        held = "" if low is None or high is None else f" ({spell(low, form)} to {spell(high, form)})"
        points.append({"name": short, "x": value, "says": f"{label}: {spell(value, form)}{held}"})
        if held:
            bars.append({"name": short, "x": low, "x2": high})
        if more and None not in more:
            wide.append({"name": short, "x": more[0], "x2": more[1]})
    for short, label, value in zip(shown, labels, marks, strict=False):
        if value is not None:
            hollow.append({"name": short, "x": value, "says": f"{label}, {mark}: {spell(value, form)}"})
    scale, beside = {"zero": False, "padding": 8}, f" (dot), {mark} (diamond)" if hollow else ""
    across = {"field": "x", "type": "quantitative", "scale": scale, "axis": axis(x + beside, form=form)}
    y, to = names("name", shown), {"x2": {"field": "x2"}}
    layers = [
        layer({"type": "rule", "color": COLOURS[0], "strokeWidth": 1.3, "opacity": 0.7}, wide, y=y, x=across, **to),
        layer({"type": "rule", "color": COLOURS[0], "strokeWidth": 5, "opacity": 0.35}, bars, y=y, x=across, **to),
        layer({"type": "point", "filled": True, "size": 55, "opacity": 1, "color": COLOURS[0]}, points, y=y, x=across),
        layer({"type": "point", "shape": "diamond", "size": 60, "opacity": 1, "strokeWidth": 1.6, "color": COLOURS[1]},
              hollow, y=y, x=across),
        layer({"type": "text", "align": "left", "color": MUTED, "fontStyle": "italic"}, hidden, y=y,
              x={"value": 4}, text={"field": "text"}),
    ]  # fmt: skip
    layers = [one for one in layers if one["data"]["values"]]
    if reference is not None and points:
        line = {"type": "rule", "color": MUTED, "strokeDash": [4, 3]}
        layers.insert(0, layer(line, [{"x": reference}], x=across))
    return specification(layers, height=chart.rows_high(shown, 27))

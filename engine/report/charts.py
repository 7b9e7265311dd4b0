"""The kinds of charts: each takes plain rows and labels and returns one SVG picture."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from engine.report.drawing import canvas, colour, sequential

WITHHELD = "withheld"


def short(value: float) -> str:
    """A number as an axis shows it: 1.2k, 3M, 0.25."""
    size = abs(value)
    for limit, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if size >= limit:
            return f"{value / limit:.3g}{letter}"
    return f"{value:.3g}"


def full(value: float) -> str:
    """A number at the end of a bar: 1,234 up to 100,000, then as on an axis."""
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e5 else short(value)


def bars(
    name: str,
    title: str,
    labels: Sequence[str],
    values: Sequence[float | None],
    *,
    x: str = "",
    y: str = "",
    unit: str = "",
    edges: bool = False,
) -> str:
    """Upright bars; None draws none. Up to 8 labels are shown; edges: each names the left edge of its bar."""
    with canvas(name, title) as drawn:
        axes = drawn.axes
        places = range(len(labels))
        axes.bar(places, [v or 0 for v in values], width=0.86, color=colour("c1"), linewidth=0)
        step = max(1, -(-len(labels) // 8))
        left = 0.5 if edges else 0.0
        axes.set_xticks([place - left for place in places][::step], [clip(text) for text in labels][::step])
        axes.yaxis.set_major_formatter(lambda v, _: short(v) + unit)
        axes.set_xlabel(x)
        axes.set_ylabel(y)
    return drawn.svg


def histogram(
    name: str, title: str, bins: Sequence[Mapping[str, Any]], *, label: Any, x: str, y: str, edges: bool = False
) -> str:
    """Bars of unequal bins drawn side by side; label(bin) names one, or with edges its left edge."""
    return bars(name, title, [label(b) for b in bins], [b["n"] for b in bins], x=x, y=y, edges=edges)


def sideways(
    name: str, title: str, labels: Sequence[str], values: Sequence[float | None], *, unit: str = "", x: str = ""
) -> str:
    """Lying bars with the value at the end: for names. Losses lie left of the line, their values right of it."""
    with canvas(name, title, height=(44 if x else 22) + 25 * len(labels)) as drawn:
        axes = drawn.axes
        places = list(range(len(labels)))[::-1]
        axes.barh(places, [v or 0 for v in values], height=0.7, color=colour("c1"), linewidth=0)
        known = [v or 0 for v in values]
        least, most = min([0, *known]), max([0, *known])
        span = (most - least) or 1
        for place, value in zip(places, values, strict=True):
            text = WITHHELD if value is None else (full(value) + unit).replace("-", "−")
            axes.text(max(value or 0, 0) + span * 0.015, place, text, va="center", color=colour("muted"))
        axes.set_yticks(places, [clip(text, 26) for text in labels])
        axes.tick_params(axis="y", colors=colour("ink"))
        if least < 0:
            axes.axvline(0, color=colour("muted"), linewidth=1)
        axes.set_xlim(least - (span * 0.02 if least < 0 else 0), most + span * 0.18)
        axes.set_ylim(-0.6, len(labels) - 0.4)
        axes.grid(False)
        axes.set_xticks([])
        axes.spines["bottom"].set_visible(False)
        axes.set_xlabel(x)
    return drawn.svg


def stacked(name: str, title: str, labels: Sequence[str], parts: Sequence[tuple[str, Sequence[float | None]]]) -> str:
    """Lying bars of shares that make up 100 %: one bar a label, one colour a part; what is withheld is grey."""
    with canvas(name, title, height=max(150, 84 + 23 * len(labels))) as drawn:
        axes = drawn.axes
        places = list(range(len(labels)))[::-1]
        left = [0.0] * len(labels)
        for i, (part, values) in enumerate(parts):
            shares = [100 * (v or 0) for v in values]
            axes.barh(
                places,
                shares,
                left=left,
                height=0.72,
                color=colour(f"c{i % 8 + 1}"),
                label=clip(part, 22),
                edgecolor=colour("paper"),
                linewidth=0.8,
            )
            left = [a + b for a, b in zip(left, shares, strict=True)]
        rest = [max(0.0, 100 - value) for value in left]
        if max(rest) > 0.5:
            axes.barh(places, rest, left=left, height=0.72, color=colour("grid"), label=WITHHELD)
        axes.set_yticks(places, [clip(text, 26) for text in labels])
        axes.set_xlim(0, 100)
        axes.grid(False)
        axes.xaxis.set_major_formatter(lambda v, _: f"{v:.0f}%")
        axes.spines["bottom"].set_visible(False)
        drawn.axes.figure.legend(loc="outside upper left", ncols=3, handlelength=0.9, columnspacing=1.2)
    return drawn.svg


def lines(
    name: str,
    title: str,
    series: Sequence[tuple[str, Sequence[Any], Sequence[float | None]]],
    *,
    x: str = "",
    y: str = "",
    percent: bool = False,
    bands: Sequence[tuple] = (),
    steps: bool = False,
    zero: bool = True,
) -> str:
    """Curves with a legend; bands: (xs, lows, highs) per curve, drawn behind it."""
    with canvas(name, title, height=280) as drawn:
        axes = drawn.axes
        for i, (xs, lows, highs) in enumerate(bands):
            axes.fill_between(xs, lows, highs, color=colour(f"c{i % 8 + 1}"), alpha=0.18, linewidth=0)
        for i, (label, xs, ys) in enumerate(series):
            style = {"drawstyle": "steps-post"} if steps else {"marker": "o", "markersize": 3.5 if len(xs) < 15 else 0}
            axes.plot(
                xs,
                [float("nan") if v is None else v for v in ys],
                color=colour(f"c{i % 8 + 1}"),
                label=clip(label, 32),
                linestyle=("-", "--", "-.", ":")[i // 4 % 4],
                **style,
            )
        if zero:
            axes.set_ylim(bottom=min(0, axes.get_ylim()[0]))
        axes.yaxis.set_major_formatter(lambda v, _: (f"{100 * v:.3g}%" if percent else short(v)).replace("-", "−"))
        if not (series and isinstance(series[0][1][0], date)):
            axes.xaxis.set_major_formatter(lambda v, _: short(v).replace("-", "−"))
        axes.set_xlabel(x)
        axes.set_ylabel(y)
        if series and isinstance(series[0][1][0], date):
            from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

            locator = AutoDateLocator(minticks=3, maxticks=6)
            axes.xaxis.set_major_locator(locator)
            axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
        if len(series) > 1:
            axes.figure.legend(loc="outside upper left", ncols=3, handlelength=1.4, columnspacing=1.2)
    return drawn.svg


def dots(
    name: str,
    title: str,
    labels: Sequence[str],
    rows: Sequence[tuple | None],
    *,
    percent: bool = True,
    marks: Sequence[float | None] = (),
    mark_label: str = "",
    reference: float | None = None,
    x: str = "",
) -> str:
    """A point with its interval per label, and a wider, thinner one where rows hold five numbers.

    None rows are empty; marks: a second, hollow value per label.
    """
    with canvas(name, title, height=max(120, 64 + 27 * len(labels))) as drawn:
        axes = drawn.axes
        places = list(range(len(labels)))[::-1]
        if reference is not None:
            axes.axvline(reference, color=colour("muted"), linewidth=1, linestyle="--")
        for place, row in zip(places, rows, strict=True):
            if row is None:
                continue
            value, low, high, *wide = row
            if wide and None not in wide:
                axes.plot(wide, [place, place], color=colour("c1"), linewidth=1.3, alpha=0.7)
            if low is not None and high is not None:
                axes.plot([low, high], [place, place], color=colour("c1"), linewidth=5, alpha=0.35)
            axes.plot([value], [place], "o", color=colour("c1"), markersize=7)
        shown = [(m, p) for m, p in zip(marks, places, strict=False) if m is not None]
        if shown:
            axes.plot(
                *zip(*shown, strict=True),
                "D",
                markerfacecolor="none",
                markeredgecolor=colour("c2"),
                markersize=7,
                label=mark_label,
                linestyle="none",
            )
            axes.figure.legend(loc="outside upper left", handlelength=0.9)
        axes.set_yticks(places, [clip(text, 30) for text in labels])
        axes.tick_params(axis="y", colors=colour("ink"))
        axes.set_ylim(-0.6, max(len(labels) - 0.4, 0.6))
        axes.grid(axis="x")
        axes.grid(False, axis="y")
        axes.xaxis.set_major_formatter(lambda v, _: (f"{100 * v:.3g}%" if percent else short(v)).replace("-", "−"))
        axes.set_xlabel(x, loc="right")  # grows to the left, below the names, where there is room
    return drawn.svg


def matrix(
    name: str,
    title: str,
    rows: Sequence[str],
    columns: Sequence[str],
    values: Sequence[Sequence[float | None]],
    *,
    percent: bool = False,
    x: str = "",
    y: str = "",
) -> str:
    """A table in colours with the figures in its cells; None is drawn as withheld (a dot)."""
    most = max((v for row in values for v in row if v is not None), default=1) or 1
    with canvas(name, title, height=max(130, 70 + 34 * len(rows))) as drawn:
        axes = drawn.axes
        for i, row in enumerate(values):
            for j, value in enumerate(row):
                share = 0 if value is None else value / most
                fill = colour("grid") if value is None else sequential(share)
                box = axes.bar(j, 0.94, bottom=len(rows) - 1 - i - 0.47, width=0.96, color=fill, linewidth=0)
                box.set_label("")
                text = "·" if value is None else (f"{100 * value:.0f}%" if percent else short(value))
                ink = "paper" if share > 0.5 else "ink"
                axes.text(j, len(rows) - 1 - i, text, ha="center", va="center", color=colour(ink))
        axes.set_xticks(range(len(columns)), [clip(c, 14) for c in columns])
        axes.set_yticks(range(len(rows)), [clip(r) for r in rows][::-1])
        axes.tick_params(colors=colour("ink"))
        axes.set_xlim(-0.5, len(columns) - 0.5)
        axes.set_ylim(-0.5, len(rows) - 0.5)
        axes.grid(False)
        axes.spines["bottom"].set_visible(False)
        axes.set_xlabel(x)
        axes.set_ylabel(y)
    return drawn.svg


def calendar(name: str, title: str, days: Mapping[date, float]) -> str:
    """One square a day, a column a week, Monday on top; from the quietest day to the busiest, with a key."""
    first = min(days) - timedelta(days=min(days).weekday())
    weeks = (max(days) - first).days // 7 + 1
    least, most = min(days.values()), max(days.values())
    cell, columns = 16, max(weeks, 22)
    with canvas(name, title, width=52 + round((columns + 2.2) * cell), height=30 + round(8.6 * cell)) as drawn:
        axes = drawn.axes
        for day, value in days.items():
            place = (day - first).days
            share = (value - least) / ((most - least) or 1)
            axes.bar(place // 7, 0.88, bottom=6 - place % 7 - 0.44, width=0.88, color=sequential(share), linewidth=0)
        for step in range(7):
            axes.bar(columns - 7 + step, 0.7, bottom=7.15, width=0.88, color=sequential(step / 6), linewidth=0)
        place = {"va": "center", "color": colour("muted"), "fontsize": 11}
        axes.text(columns - 7.8, 7.5, full(least), ha="right", **place)
        axes.text(columns + 0.0, 7.5, full(most), ha="left", **place)
        months = [first + timedelta(days=7 * w) for w in range(weeks)]
        starts = [w for w, d in enumerate(months) if w == 0 or d.month != months[w - 1].month]
        kept = [w for i, w in enumerate(starts) if i == len(starts) - 1 or starts[i + 1] - w > 2]
        axes.set_xticks(kept, [f"{months[w]:%b %Y}" if i == 0 else f"{months[w]:%b}" for i, w in enumerate(kept)])
        axes.set_yticks([6, 4, 2, 0], ["Mon", "Wed", "Fri", "Sun"])
        axes.set_xlim(-0.6, columns + 1.6)
        axes.set_ylim(-0.6, 8)
        axes.set_aspect("equal")
        axes.grid(False)
        axes.spines["bottom"].set_visible(False)
    return drawn.svg


def sankey(
    name: str,
    title: str,
    sources: Sequence[tuple[str, float | None]],
    targets: Sequence[tuple[str, float | None]],
    flows: Sequence[Sequence[float | None]],
) -> str:
    """Flows from the left names to the right ones, as wide as they are large.

    Args:
        name: of the picture.
        title: of the picture.
        sources: name and total on the left; None = withheld.
        targets: likewise on the right.
        flows: per source, to each target; withheld ones (None) leave their part of the block without a band.
    """
    from matplotlib.patches import PathPatch, Rectangle
    from matplotlib.path import Path

    grid = [[v or 0.0 for v in row] for row in flows]
    out = [max(n or 0.0, sum(row)) for (_, n), row in zip(sources, grid, strict=True)]
    into = [max(n or 0.0, sum(row[j] for row in grid)) for j, (_, n) in enumerate(targets)]
    everything = max(sum(out), sum(into)) or 1.0
    gap = 0.04 * everything

    def stack(sizes: Sequence[float]) -> list[float]:
        """Top edge of each block, from the top down, with gaps."""
        tops, level = [], everything + gap * len(sizes)
        for size in sizes:
            tops.append(level)
            level -= size + (gap if size else 0)
        return tops

    left, right = stack(out), stack(into)
    with canvas(name, title, width=560, height=330, bare=True) as drawn:
        axes = drawn.axes
        down_left, down_right = list(left), list(right)
        for i in range(len(sources)):
            for j in range(len(targets)):
                size = grid[i][j]
                if not size:
                    continue
                a, b = down_left[i], down_right[j]
                down_left[i] -= size
                down_right[j] -= size
                upper = [(0.03, a), (0.5, a), (0.5, b), (0.97, b)]
                lower = [(0.97, b - size), (0.5, b - size), (0.5, a - size), (0.03, a - size)]
                codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
                band = Path([*upper, *lower, (0.03, a)], codes)
                axes.add_patch(PathPatch(band, facecolor=colour(f"c{i % 8 + 1}"), alpha=0.38, linewidth=0))
        sides = ((0, left, out, sources, "right", -0.02), (0.97, right, into, targets, "left", 1.02))
        for x, tops, sizes, names, side, at in sides:
            for i, (top, size) in enumerate(zip(tops, sizes, strict=True)):
                if not size:
                    continue
                axes.add_patch(Rectangle((x, top - size), 0.03, size, facecolor=colour(f"c{i % 8 + 1}"), linewidth=0))
                known = "" if names[i][1] is None else f" {short(names[i][1])}"
                axes.text(at, top - size / 2, clip(names[i][0], 16) + known, ha=side, va="center")
        axes.set_xlim(-0.3, 1.3)
        axes.set_ylim(-gap, everything + gap * (max(len(sources), len(targets)) + 1))
    return drawn.svg


def network(name: str, title: str, nodes: Sequence[Mapping[str, Any]], ties: Sequence[Mapping[str, Any]]) -> str:
    """An ego network: the customer in the middle (place 0), the chosen contact filled, heavier ties thicker."""
    import networkx as nx

    graph = nx.Graph()
    graph.add_nodes_from(range(len(nodes)))
    heaviest = max((t["weight"] for t in ties), default=1.0) or 1.0
    graph.add_weighted_edges_from((t["a"], t["b"], (t["weight"] / heaviest) ** 0.5) for t in ties)
    start = {i: _on_circle(i, len(nodes)) for i in graph}
    at = nx.spring_layout(graph, seed=7, iterations=120, pos=start, fixed=[0], k=1.1 / max(len(nodes), 2) ** 0.5)
    with canvas(name, title, width=250, height=230, bare=True) as drawn:
        axes = drawn.axes
        for tie in ties:
            (x1, y1), (x2, y2) = at[tie["a"]], at[tie["b"]]
            strong = (tie["weight"] / heaviest) ** 0.5
            own = 0 in (tie["a"], tie["b"])
            axes.plot(
                [x1, x2],
                [y1, y2],
                color=colour("c1" if own else "muted"),
                alpha=0.75 if own else 0.3,
                linewidth=0.6 + 3.2 * strong,
                zorder=1,
            )
        for i, node in enumerate(nodes):
            chosen = bool(node.get("chosen"))
            size = 15 if i == 0 else 7 + 7 * (node.get("centrality_pct") or 0.2)
            face = "ink" if i == 0 else "c2" if chosen else "paper"
            edge = colour("paper" if i == 0 else "c2" if chosen else "c1")
            spot = {"markersize": size, "markeredgecolor": edge, "markeredgewidth": 1.6}
            axes.plot([at[i][0]], [at[i][1]], "o", color=colour(face), zorder=2, **spot)
        axes.margins(0.12)
    return drawn.svg


def clip(text: str, letters: int = 20) -> str:
    """`text` shortened to fit beside a chart; matplotlib's formulas are not read into it."""
    text = str(text)
    return (text if len(text) <= letters else text[: letters - 1] + "…").replace("$", r"\$")


def _on_circle(place: int, nodes: int) -> tuple[float, float]:
    """Where a node starts: the customer in the middle, the others around."""
    angle = 2 * math.pi * place / max(nodes - 1, 1)
    return (0.0, 0.0) if place == 0 else (math.cos(angle), math.sin(angle))

"""People and their ties around one of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from engine.charts.chart import COLOURS, INK, MUTED, PAPER, WIDE, Chart, layer, specification

EDGE = 1.15  # of the square that the layout from -1 to 1 lies in


def contacts(
    nodes: Sequence[Mapping[str, Any]], ties: Sequence[Mapping[str, Any]], *, left_out: int, seed: int
) -> Chart:
    """One customer's contacts as a chart of its own, with names.

    Args:
        nodes: see `around`.
        ties: likewise.
        left_out: contacts that are not among them.
        seed: of the layout.
    """
    more = f" and {left_out} more" if left_out else ""
    title = f"Contacts of {nodes[0]['name']}: {len(nodes) - 1}{more}. Orange: the most influential one."
    return Chart(title, around(nodes, ties, size=WIDE, seed=seed), ties)


def around(
    nodes: Sequence[Mapping[str, Any]], ties: Sequence[Mapping[str, Any]], *, size: int = 250, seed: int = 7
) -> dict[str, Any]:
    """An ego network: the customer in the middle, the chosen contact filled, heavier ties thicker.

    Args:
        nodes: the customer first; `id`, perhaps `name` (written beside it), `chosen` and `centrality_pct` (0 to 1).
        ties: places `a` and `b` in nodes, and `weight`.
        size: of the square, in pixels.
        seed: of the layout (networkx, Fruchterman and Reingold).
    """
    at = layout(nodes, ties, seed)
    heaviest = max((tie["weight"] for tie in ties), default=1.0) or 1.0
    scale = size / 250
    people, written = [], []
    for place, node in enumerate(nodes):
        chosen, name = bool(node.get("chosen")), str(node.get("name") or node["id"])
        role = "the customer" if place == 0 else "most influential contact" if chosen else "contact"
        x, y = at[place]
        radius = scale * (7.5 if place == 0 else 3.5 + 3.5 * (node.get("centrality_pct") or 0.2))
        people.append({
            "x": x, "y": y, "fill": INK if place == 0 else COLOURS[1] if chosen else PAPER,
            "edge": PAPER if place == 0 else COLOURS[1 if chosen else 0], "says": f"{name}: {role}",
            "size": math.pi * radius**2,
        })  # fmt: skip
        if node.get("name"):
            written.append({"x": x, "y": y + (radius + 9) * 2 * EDGE / size, "text": name})
    lines = []
    for tie in sorted(ties, key=lambda tie: (tie["weight"], tie["a"], tie["b"])):
        (x, y), (x2, y2) = at[tie["a"]], at[tie["b"]]
        own = 0 in (tie["a"], tie["b"])
        lines.append({
            "x": x, "y": y, "x2": x2, "y2": y2, "edge": COLOURS[0] if own else MUTED, "seen": 0.75 if own else 0.3,
            "width": scale * (0.6 + 3.2 * (tie["weight"] / heaviest) ** 0.5),
        })  # fmt: skip
    across, down = (
        {"field": field, "type": "quantitative", "axis": None, "scale": {"domain": [-EDGE, EDGE], "nice": False}}
        for field in ("x", "y")
    )
    drawn = {"scale": None, "legend": None}
    colour = {"color": {"field": "edge", "type": "nominal", **drawn}}
    layers = [
        layer({"type": "rule"}, lines, x=across, y=down, x2={"field": "x2"}, y2={"field": "y2"},
              size={"field": "width", "type": "quantitative", **drawn},
              opacity={"field": "seen", "type": "quantitative", **drawn}, **colour),
        layer({"type": "point", "filled": True, "opacity": 1, "strokeWidth": 1.6}, people, x=across, y=down,
              size={"field": "size", "type": "quantitative", **drawn},
              fill={"field": "fill", "type": "nominal", **drawn},
              stroke={"field": "edge", "type": "nominal", **drawn}),
        # Names twice, for a rim in the paper's colour where they lie on a line.
        layer({"type": "text", "stroke": PAPER, "strokeWidth": 3}, written, x=across, y=down, text={"field": "text"}),
        layer({"type": "text"}, written, x=across, y=down, text={"field": "text"}),
    ]  # fmt: skip
    return specification([one for one in layers if one["data"]["values"]], height=size - 8, width=size)


def layout(nodes: Sequence[Any], ties: Sequence[Mapping[str, Any]], seed: int) -> list[tuple[float, float]]:
    """Where each node stands in a square from -1 to 1, the first in the middle."""
    import networkx as nx

    graph = nx.Graph()
    graph.add_nodes_from(range(len(nodes)))
    heaviest = max((tie["weight"] for tie in ties), default=1.0) or 1.0
    graph.add_weighted_edges_from((tie["a"], tie["b"], (tie["weight"] / heaviest) ** 0.5) for tie in ties)
    angles = [2 * math.pi * place / max(len(nodes) - 1, 1) for place in range(len(nodes))]
    start = {place: (math.cos(a), math.sin(a)) if place else (0.0, 0.0) for place, a in enumerate(angles)}
    spots = nx.spring_layout(graph, seed=seed, iterations=120, pos=start, fixed=[0], k=1.1 / max(len(nodes), 2) ** 0.5)
    reach = max((max(abs(x), abs(y)) for x, y in spots.values()), default=1.0) or 1.0
    # Four digits: the last ones differ between processors.
    return [(round(float(spots[i][0]) / reach, 4), round(float(spots[i][1]) / reach, 4)) for i in range(len(nodes))]


def spread(count: int, ties: Sequence[tuple[int, int]]) -> list[tuple[float, float]]:
    """Where each of many people stands in a square from -1 to 1: as far apart as there are ties between them.

    Args:
        count: of people.
        ties: places of two people each.

    Source: Kamada & Kawai 1989, by igraph; it begins with a circle, so no chance is in it.
    """
    import igraph

    if count < 2:
        return [(0.0, 0.0)] * count
    circle = [(math.cos(2 * math.pi * i / count), math.sin(2 * math.pi * i / count)) for i in range(count)]
    spots = igraph.Graph(n=count, edges=list(ties)).layout_kamada_kawai(seed=circle).coords
    sides = [(min(axis), max(axis)) for axis in zip(*spots, strict=True)]
    reach = max(high - low for low, high in sides) / 2 or 1.0
    # Three digits: the last ones differ between processors.
    return [(round((x - sum(sides[0]) / 2) / reach, 3), round((y - sum(sides[1]) / 2) / reach, 3)) for x, y in spots]

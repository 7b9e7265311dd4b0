"""One customer's contacts as a picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from engine.errors import InputError

if TYPE_CHECKING:
    from engine.graph.network import Network

MOST = 30
SIZE = 720
MARGIN = 90
INK, LINE, EGO, TOP, OTHER = "#1c2430", "#9aa7b5", "#1c2430", "#d1495b", "#5b8fb9"


@dataclass(frozen=True)
class Drawing:
    """An ego network laid out on a square canvas.

    Args:
        title: the customer.
        circles: (x, y, radius, colour, label) in pixels.
        lines: (x0, y0, x1, y1, width) in pixels.
        left_out: contacts beyond the 30 that are drawn.
    """

    title: str
    circles: list[tuple[float, float, float, str, str]]
    lines: list[tuple[float, float, float, float, float]]
    left_out: int

    def svg(self) -> str:
        """The picture as SVG text."""
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{SIZE}" height="{SIZE}" viewBox="0 0 {SIZE} {SIZE}" '
            f'font-family="sans-serif" font-size="12" fill="{INK}">',
            f"<title>Contacts of {escape(self.title)}</title>",
            f'<rect width="{SIZE}" height="{SIZE}" fill="#ffffff"/>',
        ]
        for x0, y0, x1, y1, width in self.lines:
            parts.append(
                f'<line x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}" stroke="{LINE}" '
                f'stroke-width="{width:.1f}"/>'
            )
        for x, y, radius, colour, label in self.circles:
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{colour}"/>')
            parts.append(f'<text x="{x:.1f}" y="{y - radius - 4:.1f}" text-anchor="middle">{escape(label)}</text>')
        parts.append(f'<text x="16" y="{SIZE - 16}">{escape(self.caption())}</text>')
        return "\n".join([*parts, "</svg>", ""])

    def png(self) -> bytes:
        """The picture as PNG bytes, drawn at twice the size and reduced."""
        import io

        from PIL import Image, ImageDraw, ImageFont

        scale = 2
        image = Image.new("RGB", (SIZE * scale, SIZE * scale), "#ffffff")
        pen, font = ImageDraw.Draw(image), ImageFont.load_default(12 * scale)
        for *ends, width in self.lines:
            pen.line([v * scale for v in ends], fill=LINE, width=max(round(width * scale), 1))
        for x, y, radius, colour, label in self.circles:
            box = [(x - radius) * scale, (y - radius) * scale, (x + radius) * scale, (y + radius) * scale]
            pen.ellipse(box, fill=colour)
            pen.text((x * scale, (y - radius - 4) * scale), label, fill=INK, font=font, anchor="ms")
        pen.text((16 * scale, (SIZE - 16) * scale), self.caption(), fill=INK, font=font, anchor="ls")
        stream = io.BytesIO()
        image.resize((SIZE, SIZE), Image.Resampling.LANCZOS).save(stream, "PNG")
        return stream.getvalue()

    def caption(self) -> str:
        """What the picture shows, in one line."""
        more = f" and {self.left_out} more" if self.left_out else ""
        return f"Contacts of {self.title}: {len(self.circles) - 1}{more}. Red: the most influential one."


def ego(
    network: Network,
    customer_id: str,
    *,
    first: str | None = None,
    name: Callable[[str], str] = str,
    most: int = MOST,
    seed: int = 7,
) -> Drawing:
    """Lay out a customer's strongest contacts and the ties among them.

    Args:
        network: the graph.
        customer_id: whose contacts.
        first: id of the most influential contact, drawn in red.
        name: how ids are written; pass a pseudonym where ids are not pseudonyms already (METHODS section 8).
        most: circles drawn at most, the customer among them; never above 30.
        seed: of the layout (networkx, Fruchterman-Reingold).

    Raises:
        InputError: nobody of that id has contact in the window.
    """
    import networkx as nx
    import numpy as np

    at = network.party_id.search_sorted(customer_id) if network.n else 0
    if at >= network.n or network.party_id[int(at)] != customer_id:
        raise InputError(f"{customer_id} has no contact in the window.", fix="Take an id from `kindred influencers`.")
    ego_at, graph = int(at), network.contacts
    begin, end = graph.indptr[ego_at], graph.indptr[ego_at + 1]
    near, weights = graph.indices[begin:end], graph.weights[begin:end]
    order = np.lexsort((near, -weights))[: min(most, MOST) - 1]
    drawn = [ego_at, *near[order].tolist()]
    picture = nx.Graph()
    picture.add_nodes_from(drawn)
    for u in drawn:
        for v, weight in zip(*_row(graph, u), strict=True):
            if u < v and v in picture:
                picture.add_edge(u, v, weight=weight)
    top = max((w for *_, w in picture.edges(data="weight")), default=1.0)
    spots = nx.spring_layout(picture, seed=seed, weight=None, pos={ego_at: (0.0, 0.0)}, fixed=[ego_at], k=0.9)
    reach = max((max(abs(x), abs(y)) for x, y in spots.values()), default=1.0) or 1.0
    half = SIZE / 2
    place = {u: (half + x / reach * (half - MARGIN), half + y / reach * (half - MARGIN)) for u, (x, y) in spots.items()}
    lines = [(*place[u], *place[v], 1 + 6 * np.sqrt(w / top)) for u, v, w in sorted(picture.edges(data="weight"))]
    circles = []
    for u in drawn:
        identity = network.party_id[u]
        colour = EGO if u == ego_at else TOP if identity == first else OTHER
        circles.append((*place[u], 16.0 if u == ego_at else 10.0, colour, name(identity)))
    return Drawing(name(customer_id), circles, lines, len(near) - len(order))


def _row(graph, node: int) -> tuple[list[int], list[float]]:
    begin, end = graph.indptr[node], graph.indptr[node + 1]
    return graph.indices[begin:end].tolist(), graph.weights[begin:end].tolist()

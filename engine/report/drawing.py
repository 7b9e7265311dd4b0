"""Matplotlib figures as inline SVG that follows the page: colours are CSS variables, text stays text, ids are unique.

matplotlib draws with stand-in colours; each is replaced by the variable of its role, so that one picture serves
light, dark and print. Coordinates are rounded: a picture takes a few kilobytes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Role -> stand-in colour. Categorical c1.., sequential s0 (least) to s6 (most).
ROLES = {
    "ink": "#0a0b01",
    "muted": "#0a0b02",
    "grid": "#0a0b03",
    "paper": "#0a0b04",
    **{f"c{i}": f"#0a0c{i:02x}" for i in range(1, 9)},
    **{f"s{i}": f"#0a0d{i:02x}" for i in range(7)},
}
ENLARGED = 1.12  # CSS pixels to a unit of the drawing, at most
_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "kindred",
    "font.family": "sans-serif",
    "font.size": 12,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.edgecolor": ROLES["muted"],
    "axes.labelcolor": ROLES["muted"],
    "axes.labelsize": 11.5,
    "axes.facecolor": "none",
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": ROLES["grid"],
    "grid.linewidth": 0.8,
    "text.color": ROLES["ink"],
    "xtick.color": ROLES["muted"],
    "ytick.color": ROLES["muted"],
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "figure.facecolor": "none",
    "savefig.facecolor": "none",
    "legend.frameon": False,
    "legend.fontsize": 11.5,
    "lines.linewidth": 2.0,
    "lines.solid_capstyle": "round",
}


class Canvas:
    """One picture being drawn; `svg` is there once its `with` block has ended.

    Args:
        axes: matplotlib axes to draw on.
    """

    def __init__(self, axes: Axes) -> None:
        self.axes = axes
        self.svg = ""


@contextmanager
def canvas(name: str, title: str, *, width: int = 400, height: int = 235, bare: bool = False) -> Iterator[Canvas]:
    """Draw one picture.

    Args:
        name: identifier, unique on the page; begins every id inside the picture.
        title: what it shows, for screen readers.
        width: of the drawing's own units (about pixels).
        height: likewise.
        bare: no axes around it: nothing to make room for.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(width / 72, height / 72), layout=None if bare else "constrained")
        FigureCanvasSVG(figure)
        drawn = Canvas(figure.add_axes((0, 0, 1, 1)) if bare else figure.subplots())
        if bare:
            drawn.axes.set_axis_off()
        yield drawn
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    drawn.svg = _dress(buffer.getvalue(), name, title)


def colour(role: str) -> str:
    """The stand-in colour of a role ("ink", "c1", "s3" …)."""
    return ROLES[role]


def sequential(share: float) -> str:
    """The stand-in colour for a share of the largest value, 0 to 1."""
    return ROLES[f"s{min(6, max(0, round(share * 6)))}"]


def _dress(svg: str, name: str, title: str) -> str:
    """The `<svg>` element alone, with title, unique ids, variables for colours and short numbers."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL)
    # matplotlib's style rule would reach the whole page, and its fonts would differ from the page's.
    svg = re.sub(r"<style.*?</style>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font-family: [^;]*; ?", "", svg)
    svg = re.sub(r' transform="rotate\(-0 [^"]*\)"', "", svg)
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', svg)
    svg = re.sub(r'((?:xlink:)?href)="#([^"]+)"', rf'href="#{name}-\2"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", svg)
    for role, stand_in in ROLES.items():
        svg = svg.replace(stand_in, f"var(--{role})")
    # Coordinates only: numbers in texts stay as they are written.
    svg = re.sub(r"<[^>]+>", lambda tag: re.sub(r"-?\d+\.\d{2,}", _round, tag.group()), svg)
    svg = re.sub(r"font: ?([\d.]+)px[^;\"]*", r"font-size: \1px", svg)
    svg = re.sub(r"\s*\n\s*", " ", svg)
    view = re.search(r'viewBox="([^"]+)"', svg).group(1)
    inner = svg[svg.index(">") + 1 :]
    # No picture is drawn larger than this, so that texts are of one size all over the page.
    widest = round(float(view.split()[2]) * ENLARGED)
    head = (
        f'<svg viewBox="{view}" style="max-width: {widest}px" role="img" aria-labelledby="{name}-title" '
        'xmlns="http://www.w3.org/2000/svg">'
    )
    return f'{head}<title id="{name}-title">{_escape(title)}</title>{inner}'.strip()


def _round(number: re.Match) -> str:
    return f"{float(number.group()):.1f}".removesuffix(".0")


def _escape(text: Any) -> str:
    return str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

"""Specifications as pictures: inside a page, or as a file of their own. No network, the same bytes each time."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Callable, Mapping
from functools import cache, partial
from html import escape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from engine.charts.chart import Chart
from engine.errors import InputError

ENDINGS = (".svg", ".png", ".html")
VERSION = "6.4"  # of Vega-Lite
ENLARGED = 1.2  # CSS pixels to a unit of a drawing, at most
SMALLER = 0.88  # letters of a page, whose font may be wider than the one that was measured
SVG = "http://www.w3.org/2000/svg"
PALETTE = Path(__file__).with_name("palette.css")
_NO_XML = dict.fromkeys((*range(9), 11, 12, *range(14, 32), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF), "\ufffd")
# What a page's picture does without: names of parts, roles that the whole picture has, the page's own font, defaults.
_LEFT_OUT = {
    "class", "role", "aria-label", "aria-roledescription", "aria-hidden", "pointer-events", "font-family",
    "stroke-miterlimit", "version", "width", "height", "stroke-offset",
}  # fmt: skip
_PLAIN = {"opacity": "1", "fill-opacity": "1", "stroke-opacity": "1", "font-weight": "normal", "x2": "0", "y2": "0",
          "transform": "translate(0,0)", "stroke-dasharray": "1,0"}  # fmt: skip
_EMPTY = ("", "M0,0h0v0h0Z")
_HTML = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<style>{style} body {{ background: var(--paper); margin: 1rem; }}</style></head>
<body><main id="chart"></main><script>{library}</script>
<script>vegaEmbed("#chart", {spec}, {{"actions": false, "renderer": "svg"}});</script></body></html>
"""


def inline(name: str, chart: Chart) -> str:
    """The `<svg>` element for a page: in the page's colours and font, each mark's text where the pointer is.

    Args:
        name: of the picture, unique on the page.
        chart: with a specification.
    """
    root = ET.fromstring(_drawn(_texts(chart.spec, _safe)))  # noqa: S314 - our own drawing
    width, height = (float(number) for number in root.get("viewBox", "").split()[2:])
    _lighten(root, name)
    # No picture is drawn much larger than this, so that texts are of one size all over the page.
    style = f"max-width: {round(width * ENLARGED)}px" + (f"; min-width: {round(0.8 * width)}px" if chart.wide else "")
    root.attrib = {
        "viewBox": f"0 0 {width:g} {height:g}", "style": style, "role": "img", "aria-label": _safe(chart.title),
    }  # fmt: skip
    return ET.tostring(root, encoding="unicode", short_empty_elements=True)


def write(path: Path, chart: Chart, *, dark: bool = False) -> None:
    """Write a chart as a file of its own, with its title.

    Args:
        path: ends in .svg, .png or .html (values where the pointer is, by a script inside the file).
        chart: what to draw.
        dark: in the dark colours; HTML follows its reader.

    Raises:
        InputError: another ending, or there is nothing to draw.
    """
    import vl_convert

    ending = check(path)
    if chart.spec is None:
        raise InputError(f"{path.name} was not drawn: {chart.why}.")
    title = textwrap.wrap(_safe(chart.title), int(chart.spec["width"] / 7.2))
    spec = _texts({**chart.spec, "title": title}, _safe)
    if ending == ".html":
        # A name may hold "</script>".
        text = json.dumps(spec, ensure_ascii=False).replace("<", "\\u003c")
        page = _HTML.format(
            title=escape(chart.title), style=PALETTE.read_text(encoding="utf-8"), spec=text,
            library=vl_convert.javascript_bundle("", vl_version=VERSION),
        )  # fmt: skip
        path.write_text(page, encoding="utf-8")
        return
    spec = _texts({**spec, "background": "var(--paper)"}, partial(_coloured, dark=dark))
    if ending == ".png":
        path.write_bytes(vl_convert.vegalite_to_png(spec, vl_version=VERSION, scale=2, allowed_base_urls=[]))
    else:
        path.write_text(_drawn(spec) + "\n", encoding="utf-8")


def check(path: Path) -> str:
    """The ending of a picture's file.

    Raises:
        InputError: none that can be written.
    """
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise InputError(f"{path.name} is no picture.", fix="Name the file .svg, .png or .html.")
    return ending


@cache
def palette(*, dark: bool = False) -> dict[str, str]:
    """Role -> colour, as pages have them."""
    part = PALETTE.read_text(encoding="utf-8").split("@media")[1 if dark else 0]
    return dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]+);", part))


def _coloured(text: str, *, dark: bool) -> str:
    """A text without roles: the colours stand in their place."""
    colours = palette(dark=dark)
    role = re.fullmatch(r"var\(--([a-z0-9]+)\)", text)
    return colours[role[1]] if role else text


def _safe(text: str) -> str:
    """A text as XML may hold it: what draws ends the whole process at a control character."""
    return text.translate(_NO_XML)


def _texts(value: Any, change: Callable[[str], str]) -> Any:
    """A specification with every text changed."""
    if isinstance(value, Mapping):
        return {key: _texts(inner, change) for key, inner in value.items()}
    if isinstance(value, list):
        return [_texts(inner, change) for inner in value]
    return change(value) if isinstance(value, str) else value


def _drawn(spec: Mapping[str, Any]) -> str:
    import vl_convert

    return vl_convert.vegalite_to_svg(json.dumps(spec), vl_version=VERSION, allowed_base_urls=[])


def _lighten(element: ET.Element, name: str) -> None:
    """Drop what a page's picture does without, and turn marks' texts into titles, in place."""
    text = element.get("aria-label")
    part = element.get("aria-roledescription")
    mark = text is not None and element.get("role") == "graphics-symbol" and part not in ("axis", "legend", "title")
    for key, value in list(element.attrib.items()):
        if key in _LEFT_OUT or _PLAIN.get(key) == value:
            del element.attrib[key]
        elif key == "id":
            element.set(key, f"{name}-{value}")
        elif "url(#" in value:
            element.set(key, value.replace("url(#", f"url(#{name}-"))
        elif key == "font-size":
            element.set(key, f"{SMALLER * float(value.removesuffix('px')):.1f}px")
        else:
            element.set(key, re.sub(r"-?\d+\.\d{2,}", lambda number: f"{float(number[0]):.1f}", value))
    kept = []
    for child in element:
        unseen = child.get("display") == "none" or child.get("fill") == "transparent" or child.get("d") in _EMPTY
        if unseen or (child.tag == f"{{{SVG}}}text" and child.get("opacity") == "0"):  # a label that had no room
            continue
        _lighten(child, name)
        if child.tag == f"{{{SVG}}}g" and not child.attrib:
            kept += list(child)
        else:
            kept.append(child)
    element[:] = kept
    if mark:
        title = ET.Element(f"{{{SVG}}}title")
        title.text = text
        element.insert(0, title)


ET.register_namespace("", SVG)

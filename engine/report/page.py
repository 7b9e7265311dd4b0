"""Facts -> one self-contained HTML page. A number reaches the page only through its path in the facts."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import glossary
from engine.charts.chart import Chart
from engine.charts.render import PALETTE, inline
from engine.figures import WITHHELD, look_up, spell, word
from engine.formulas import defuse

if TYPE_CHECKING:
    from markupsafe import Markup

TEMPLATES = Path(__file__).parent / "templates"
WORDS = ("text", "word")
_CODE = re.compile(r"`([^`]+)`")


def render(
    template: str,
    facts: Mapping[str, Any],
    charts: Mapping[str, Chart],
    *,
    folders: Sequence[Path] = (),
    **more: Any,
) -> str:
    """The page.

    Args:
        template: file below templates/ with the page's body.
        facts: every figure the page may show.
        charts: pictures by name.
        folders: looked into for templates before templates/ is.
        more: what else the template asks for: title, lead, contents (anchor and heading of each part) …

    Returns:
        HTML that needs no network and no file beside it.
    """
    from markupsafe import Markup

    script = (TEMPLATES / "page.js").read_text(encoding="utf-8")
    seal = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    given = {
        "fact": lambda path: look_up(facts, path),
        "n": lambda path, form="count": number(facts, path, form),
        "chart_of": charts.get,
        # Our own drawings, whose texts are escaped.
        "drawing": lambda name: Markup(inline(name, charts[name])),  # noqa: S704
        "cell": cell,
        "step": lambda row, key: look_up(row, key) if isinstance(row, Mapping) else None,
        "plain_cell": plain_cell,
        "csv_link": csv_link,
        "short_id": short_id,
        "word": word,
        "coded": coded,
        "words_in": lambda content: glossary.used_in(content.striptags()),
        "meaning": meaning,
        "columns_of": lambda rows: list(dict.fromkeys(key for row in rows for key in row)),
        # Our own files; everything else is escaped.
        "style": Markup(PALETTE.read_text(encoding="utf-8") + (TEMPLATES / "page.css").read_text(encoding="utf-8")),  # noqa: S704
        "script": Markup(script),  # noqa: S704
        "seal": seal,
        "opening": None,
        "uncut": (),
        "internal": facts.get("mode") == "internal",
        "of_people": facts.get("mode") != "public",  # an erasure finds such pages by it
        **more,
    }
    return _templates((*folders, TEMPLATES)).get_template(template).render(given)


@cache
def _templates(folders: tuple[Path, ...]) -> Any:
    """The templates of some folders, each read once."""
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folders),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )


def number(facts: Mapping[str, Any], path: str, form: str = "count") -> Markup:
    """The figure at `path` as marked-up text that carries the exact value and its path."""
    from markupsafe import Markup

    value = look_up(facts, path)
    if value is None:
        return Markup('<span class="withheld" data-fact="{}">{}</span>').format(path, WITHHELD)
    return Markup('<data value="{}" data-fact="{}">{}</data>').format(json.dumps(value), path, spell(value, form))


def cell(value: Any, form: str) -> Markup:
    """A table cell: sort key in `data-sort`, the exact value in `data-value`."""
    from markupsafe import Markup

    if form == "yes":
        return Markup("<td>{}</td>").format("yes" if value else "")
    if value is None:
        blank = "–" if form in (*WORDS, "id") or form.startswith("maybe") else WITHHELD
        kind = "withheld" if blank == WITHHELD else "none" if form in WORDS else "none num"
        return Markup('<td class="{}" data-sort="">{}</td>').format(kind, blank)
    if form == "id":
        return Markup('<td class="id" data-sort="{}" title="{}">{}</td>').format(value, value, short_id(value))
    if form == "word":
        return Markup('<td class="word">{}</td>').format(word(value))
    if form in ("text", "community"):
        return Markup("<td>{}</td>").format(coded(str(value)))
    return Markup('<td class="num" data-sort="{}">{}</td>').format(json.dumps(value), spell(value, form))


def meaning(head: str) -> Markup:
    """What the terms in the name of a figure mean, as an attribute that shows where the pointer is; else nothing."""
    from markupsafe import Markup

    words = glossary.used_in(head)
    told = " ".join(f"{term}: {text}" for term, text in words.items())
    return Markup(' title="{}"').format(told) if words else Markup("")


def coded(line: str) -> Markup:
    """A line of text in which what stands in backticks is code."""
    from markupsafe import Markup, escape

    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(line))))  # noqa: S704 - escaped before


def short_id(value: str) -> str:
    """A long pseudonym by its beginning, which `kindred explain` takes too."""
    return value if len(value) <= 14 else value[:12] + "…"


def plain_cell(value: Any) -> str:
    """A value of a data table as text."""
    return "" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)


def csv_link(rows: Sequence[Mapping[str, Any]]) -> str:
    """A `data:` address that downloads rows as CSV, no script needed."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([defuse(column) for column in columns])
    writer.writerows([[defuse(plain_cell(row.get(c))) for c in columns] for row in rows])
    return "data:text/csv;charset=utf-8;base64," + base64.b64encode(text.getvalue().encode()).decode()

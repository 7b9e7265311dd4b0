"""How `make docs` builds the site: Sphinx over Markdown, reference pages filled from the code, no network."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

import generated  # noqa: E402 - from beside this file

from engine.version import VERSION  # noqa: E402

project = "Kindred"
author = "the Kindred developers"
release = version = VERSION
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "Kindred"
html_static_path = ["_static"]
html_css_files = ["kindred.css"]
html_show_sphinx = html_show_copyright = False
html_copy_source = False
html_theme_options = {"top_of_page_buttons": []}
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 4
default_role = "code"  # docstrings mark code by single backticks
autodoc_typehints = "description"
autodoc_member_order = "bysource"
napoleon_use_rtype = False


def setup(app: Any) -> None:
    """What Sphinx calls first."""
    from pygments.lexers.special import TextLexer

    for fence in ("csv", "gives"):  # the examples of docs/mapping.md: a file, and the rows that come of it
        app.add_lexer(fence, TextLexer)
    app.connect("source-read", _fill)


def _fill(_app: Any, _page: str, source: list[str]) -> None:
    source[0] = generated.filled(source[0])

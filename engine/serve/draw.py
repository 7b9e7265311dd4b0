"""A page as HTML, with what every page carries: where one may go, who is looked at, and which pictures come later."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from engine.report import page as reports
from engine.serve import people
from engine.serve.board import Board, View
from engine.serve.pages import NAV, Page
from engine.serve.segment import Segment, named, spelled
from engine.usecases import changes

if TYPE_CHECKING:
    from markupsafe import Markup

TEMPLATES = Path(__file__).parent / "templates"
LIBRARY = Path(__file__).parent / "library"  # of others, with their licences


def tail(segment: Segment, **more: Any) -> str:
    """The end of an address that keeps the segment: `?community=12`, or nothing."""
    values = [*segment.conditions, *((name, str(value)) for name, value in more.items())]
    return f"?{urlencode(values)}" if values else ""


def html(board: Board, view: View | None, page: Page, segment: Segment, **more: Any) -> str:
    """A page.

    Args:
        board: of which workspace.
        view: of which snapshot; None = none yet.
        page: what stands on it.
        segment: of whom.
        more: what its templates ask for beside.
    """
    from markupsafe import Markup

    def drawing(name: str) -> Markup:
        return Markup('<div data-chart="chart{}"></div>').format(
            tail(segment, page=page.name or "today", name=name, **more.get("subject", {}))
        )

    given: dict[str, Any] = {
        "charts": {}, "formulas": (), "refresh": False, "opening": None, "scripts": (), "styles": (),
        **page.more, **more,
        "nav": NAV, "here": page.name, "tail": tail(segment), "segment": segment,
        "whole_tail": tail(segment, **more.get("subject", {})),
        "number": view.number if view else 0,
        "facets": view.facets if view and page.name in dict(NAV) and page.name not in ("data", "runs") else (),
        "chosen": dict(segment.conditions),
        "size": people.size(view.snapshot.lookups, segment) if view and segment and board.internal else None,
        "drawing": drawing, "cell": cell, "named": named, "spelled": spelled,
        "plain_tail": more.get("plain_tail", tail(segment)),
    }  # fmt: skip
    charts = given.pop("charts")
    given.pop("subject", None)
    return reports.render("desk.html", page.facts, charts, folders=(TEMPLATES,), **given)


def trouble(title: str, text: str, fix: str = "", *, refresh: bool = False) -> str:
    """A page that says why there is none."""
    return reports.render(
        "trouble.html", {}, {}, folders=(TEMPLATES,), title=title, text=text, fix=fix, refresh=refresh
    )


def cell(value: Any, form: str) -> Markup:
    """See `engine.report.page.cell`; whoever is named leads to the page about that person."""
    from markupsafe import Markup

    if form == "id" and value == changes.UNTOLD:
        return reports.cell("may not be told", "text")
    if form == "id" and value is not None:
        return Markup('<td class="id" data-sort="{}" title="{}"><a href="customer?{}">{}</a></td>').format(
            value, value, urlencode({"id": value}), reports.short_id(value)
        )
    if form == "community" and value is not None:
        return Markup('<td class="num" data-sort="{0}"><a href="community?id={0}">{0}</a></td>').format(value)
    return reports.cell(value, "maybe" if form == "community" else form)


def sorting(segment: Segment, asked: Mapping[str, Any]) -> dict[str, Any]:
    """What the list of customers needs to lead to itself in another order, or on another page."""

    def at(**changed: Any) -> str:
        return "customers" + tail(segment, **{k: v for k, v in {**asked, **changed}.items() if v not in ("", 0, None)})

    return {
        "sorted_by": lambda name: at(sort=name, down=int(asked["sort"] == name and not asked["down"]), page=None),
        "page_at": lambda page: at(page=page),
        "plain_tail": tail(segment, **{k: asked[k] for k in ("q", "sort", "down") if asked[k]}),
    }

"""What stands on each page: figures of the reports, and a few lists of the workspace's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from engine.charts.influence import influence
from engine.report import customer_page, data_page
from engine.report import pages as reports
from engine.report.book import plain
from engine.report.opening import opening
from engine.serve import cuts, graph, people
from engine.serve import runs as histories
from engine.serve.board import Board, View
from engine.serve.segment import Segment
from engine.usecases import data_report, explain, judging, reporting_said

LATEST = 50  # imports that are listed
MEMBERS = 500
QUESTIONS = 50
JUDGE = "Which of the two is more like this face?"
_ANSWERS_LATER = "Being analysed from the newest snapshot. They appear here by themselves."
NAV = (
    ("", "Today"), ("customers", "Customers"), ("influence", "Influence"), ("offers", "Offers"), ("faces", "Faces"),
    ("experiments", "Experiments"), ("data", "Data"), ("runs", "Runs"),
)  # fmt: skip
_KINDS = {"influence": "influence", "offers": "offers", "faces": "faces", "experiments": "experiment"}


@dataclass(frozen=True)
class Page:
    """One page before it is drawn.

    Args:
        name: its address.
        facts: every figure on it, by path.
        more: title, lead, charts, bodies, contents, headings, formulas: see `engine.report.pages.parts`.
    """

    name: str
    facts: Mapping[str, Any]
    more: Mapping[str, Any] = field(default_factory=dict)


def build(board: Board, view: View, name: str, segment: Segment, *, wait_s: float) -> Page:
    """A page of figures.

    Args:
        board: of which workspace.
        view: of which snapshot.
        name: of `NAV`.
        segment: of whom.
        wait_s: how long to wait for figures.

    Raises:
        TimeoutError: the figures take longer.
        EngineError: they cannot be made.
    """
    if name in _KINDS:
        kind = _KINDS[name]
        facts = cuts.of_segment(board.figures(view, segment, (kind,)).result(wait_s), segment)
        parts = _for_segment(reports.parts(kind, facts), segment)
        return Page(name, facts, _by_hand(parts) if name == "faces" and board.internal else parts)
    return _OWN[name](board, view, segment, wait_s)


def _by_hand(parts: dict[str, Any]) -> dict[str, Any]:
    """The page of faces with a part that leads to judging."""
    *before, last = parts["bodies"]
    *parts_before, hidden, method = parts["contents"]
    contents = [*parts_before, ("byhand", "Judged by hand"), hidden, method]
    return {**parts, "bodies": [*before, "desk_faces.html", last], "contents": contents, "headings": dict(contents),
            "questions": QUESTIONS}  # fmt: skip


def _for_segment(parts: dict[str, Any], segment: Segment) -> dict[str, Any]:
    """Parts of a report, without those that a segment does not cut."""
    if not segment:
        return parts
    kept = [(id_, head) for id_, head in parts["contents"] if not reports.of_all(id_)]
    return {**parts, "contents": kept, "headings": dict(kept)}


def _today(board: Board, view: View, segment: Segment, wait_s: float) -> Page:
    whole = board.figures(view, segment)
    early = board.internal and not segment and not whole.done()
    facts = (board.early(view) if early else whole).result(wait_s)
    said = board.answer(
        view, ("said", segment, early), lambda: reporting_said.said(view.snapshot.lookups, facts), draw=True
    ).result(wait_s)  # fmt: skip
    sections = {**said, **({"experiments": [_ANSWERS_LATER]} if early and facts["experiments"] else {})}
    found = {**facts, **histories.state(board, view), "said": sections}
    contents = [("now", "Now"), ("sections", "In words"), ("state", "What is up to date"), ("closing", "Method")]
    own = _parts("Today", "What came in, what it is worth, and what to do next.", "today", contents)
    charts = {name: chart for name, chart in influence(facts).items() if name == "calendar"}
    return Page("", found, {**own, "charts": charts, "opening": opening(facts), "refresh": early})


def _data(board: Board, view: View, segment: Segment, wait_s: float) -> Page:
    if board.internal:
        found = board.answer(view, "data", lambda: data_report.figures(view.snapshot.figures)).result(wait_s)
        found = {**found, "imports": _imports(view)}
        parts = data_page.parts(found)
        own = _parts(parts["title"], parts["lead"], "imports", [*parts["contents"], ("files", "Files imported")])
        return Page("data", found, {**own, "charts": parts["charts"], "bodies": ["data.html", "desk_imports.html"]})
    facts = board.figures(view, Segment()).result(wait_s)
    parts = reports.parts("influence", facts)
    contents = [entry for entry in parts["contents"] if entry[0] in ("coverage", "suppressed")]
    lead = "What the records cover. Checks of the data count exactly: `kindred serve --internal` shows them."
    return Page("data", facts, {**parts, "title": "Is the data right?", "lead": lead, "contents": contents,
                                "headings": dict(contents)})  # fmt: skip


def runs(board: Board, view: View, before: int | None, after: int | None) -> Page:
    """What was computed, and what two runs decided otherwise; arguments as of `engine.serve.runs.compared`."""
    internal = board.internal
    found = {"mode": board.mode, **histories.state(board, view), "kept": histories.kept(view),
             "compared": histories.compared(board, view, before, after),
             "runs": histories.latest(view, internal=internal)}  # fmt: skip
    contents = [("compared", "Two runs compared"), ("state", "What is up to date"), ("runs", "Runs, the newest first")]
    lead = "What was computed, when, and what changed by it."
    return Page("runs", found, {**_parts("Runs", lead, "runs", contents), "most": histories.MOST})


def _imports(view: View) -> list[dict[str, Any]]:
    with view.snapshot.lookups.warehouse(read_only=True) as store:
        return [plain(row) for row in store.query("serve/imports", limit=LATEST).iter_rows(named=True)]


def customer(board: Board, view: View, who: str) -> Page:
    """Everything about one customer, in internal mode.

    Args:
        board: of which workspace.
        view: of which snapshot.
        who: see `engine.usecases.customers.find`.

    Raises:
        InputError: nobody or several people are called so.
    """
    found = explain.facts(view.snapshot.lookups, who)
    id_ = found["customer"]["customer_id"]
    found["graph"] = board.kept(view, ("around", id_), lambda: graph.around(view.snapshot.lookups, id_))
    pictures = {
        row["arm"]: row["arm"] for row in found["matches"] if explain.smallest(board.workspace.ads, row["files"] or [])
    }
    return Page("customer", found, {**customer_page.parts(found), "pictures": pictures})


def labels(facts: Mapping[str, Any]) -> dict[str, str]:
    """What is written into the graph of a customer's page: who is in question, and who counts most."""
    counted = [row for row in facts["influencers"] if row["definition"] == facts["definition"] and row["rank"] == 1]
    first = {row["contact_id"]: "most influential" for row in counted}
    return first | {facts["customer"]["customer_id"]: "customer" if facts["customer"]["is_customer"] else "this one"}


def community(board: Board, view: View, number: int) -> Page:
    """Who is in a community, in internal mode."""
    rows = [plain(row) for row in people.members(view.snapshot.lookups, number, limit=MEMBERS)]
    mix: dict[str, int] = {}
    for row in rows:
        mix[row["manufacturer"] or "not known"] = mix.get(row["manufacturer"] or "not known", 0) + 1
    found = {
        "mode": board.mode, "workspace": board.workspace.path.name, "community": number, "members": rows,
        "mix": [{"manufacturer": name, "n": mix[name]} for name in sorted(mix, key=lambda name: (-mix[name], name))],
        "listed": MEMBERS,
        "graph": board.kept(view, ("community", number), lambda: graph.of_community(view.snapshot.lookups, number)),
    }  # fmt: skip
    contents = [("graph", "Who knows whom"), ("mix", "Handsets"), ("members", "Members")]
    return Page("community", found, _parts(f"Community {number}", "Who is in it, the most central first.", "community",
                                           contents))  # fmt: skip


def questions(board: Board, view: View, wait_s: float) -> judging.Questions:
    """What is asked about likeness, the same for a snapshot."""
    reading = view.snapshot.figures

    def ask() -> judging.Questions:
        with reading.warehouse(read_only=True) as store:
            return judging.questions(reading, store, count=QUESTIONS, seed=reading.config.run.seed)

    asked: judging.Questions = board.answer(view, "judge", ask).result(wait_s)
    return asked


def judge(board: Board, view: View, *, wait_s: float) -> Page:
    """Questions about two photos, in internal mode.

    Raises:
        TimeoutError: they take longer.
        InputError: there is nobody to ask about.
    """
    from markupsafe import Markup

    asked = questions(board, view, wait_s)
    addresses = {name: f"face?{urlencode({'name': name})}" for line in asked.lines for name in line}
    lead = "Answers stay on this page until you save them; `kindred faces evaluate --judgements` makes weights of them."
    own = _parts(JUDGE, lead, "judge", [("pair", "Two photos")])
    found = {"mode": board.mode, "workspace": board.workspace.path.name}
    shown = {**own, "asked": Markup(judging.body(asked.lines, addresses)), "scripts": ("judging.js",)}  # noqa: S704 - ours
    return Page("judge", found, {**shown, "styles": ("judging.css",)})


def waiting(board: Board, name: str) -> Page:
    """The page that stands while figures are made."""
    title = dict(NAV).get(name, JUDGE)
    found = {"mode": board.mode, "workspace": board.workspace.path.name}
    return Page(name, found, _parts(title, "Being computed from the newest snapshot. This page comes by itself.",
                                    "waiting", [("waiting", "A moment")]))  # fmt: skip


def _parts(title: str, lead: str, body: str, contents: list[tuple[str, str]]) -> dict[str, Any]:
    return {"title": title, "lead": lead, "charts": {}, "bodies": [f"desk_{body}.html"], "contents": contents,
            "headings": dict(contents)}  # fmt: skip


_OWN: dict[str, Callable[[Board, View, Segment, float], Page]] = {"": _today, "data": _data}

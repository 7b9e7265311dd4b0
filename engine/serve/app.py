"""The addresses: which page, picture or file each one gives."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import CancelledError, TimeoutError
from typing import TYPE_CHECKING, Any

from engine.charts.render import PALETTE, inline
from engine.errors import EngineError, InputError
from engine.report.page import TEMPLATES as REPORTS
from engine.serve import draw, files, graph, pages, people
from engine.serve import runs as histories
from engine.serve.board import Board, NotNow, View
from engine.serve.pages import NAV, Page
from engine.serve.segment import ASSIGNED, Segment, named, parse
from engine.usecases import explain, judging

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

APART = ("customers", "runs")  # pages that ask for more than a segment
WAIT_S, FILE_WAIT_S = 0.7, 120.0  # for a page's figures before it comes without; for those of a file or picture
STATIC = {
    "palette.css": (PALETTE, "text/css"), "page.css": (REPORTS / "page.css", "text/css"),
    "page.js": (REPORTS / "page.js", "text/javascript"), "desk.css": (draw.TEMPLATES / "desk.css", "text/css"),
    "icon.svg": (draw.TEMPLATES / "icon.svg", "image/svg+xml"),
    "desk.js": (draw.TEMPLATES / "desk.js", "text/javascript"),
    "graph.js": (draw.TEMPLATES / "graph.js", "text/javascript"),
    "judging.css": (judging.PARTS / "judging.css", "text/css"),
    "judging.js": (judging.PARTS / "judging.js", "text/javascript"),
    "panzoom.min.js": (draw.LIBRARY / "panzoom.min.js", "text/javascript"),
}  # fmt: skip
_NUMBER = re.compile(r"[0-9]{1,9}")
_FORMS = {"tie_share": "maybe_share", "expected_value": "maybe_money", "contact_id": "id", "customer_id": "id",
          "community": "community", "arm": "word"}  # fmt: skip
_HEADS = {"customer_id": "Customer", "contact_id": "Most influential contact", "tie_share": "Tie share",
          "offer_id": "Offer", "expected_value": "Expected value", "arm": "Face shown", "age_band": "Age"}  # fmt: skip


def app(board: Board) -> Starlette:
    """The application of a board; `engine.serve.guard` stands before it."""
    from starlette.applications import Starlette
    from starlette.routing import Route

    desk = _Desk(board)
    routes = [Route("/" + name, desk.page(name)) for name, _ in NAV if name not in APART]
    routes += [
        Route("/runs", desk.answering(desk.runs)),
        Route("/customers", desk.answering(desk.customers)),
        Route("/customers.{kind}", desk.answering(desk.customers_file)),
        Route("/customer", desk.answering(desk.customer)),
        Route("/community", desk.answering(desk.community)),
        Route("/judge", desk.answering(desk.judge)),
        Route("/face", desk.answering(desk.face)),
        Route("/table.{kind}", desk.answering(desk.table)),
        Route("/chart", desk.answering(desk.chart)),
        Route("/ad", desk.answering(desk.ad)),
        Route("/state", desk.answering(desk.state)),
        Route("/static/{name}", desk.answering(desk.static)),
    ]
    return Starlette(routes=routes)


class _Desk:
    """Answers, each a function of a request."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def answering(self, answer: Callable[[Request], Response]) -> Callable[[Request], Any]:
        """An answer in a thread of its own, in which what cannot be shown says why."""
        from starlette.concurrency import run_in_threadpool
        from starlette.responses import HTMLResponse

        def safely(request: Request) -> Response:
            try:
                return answer(request)
            except NotNow as error:
                text = draw.trouble("Not now", str(error), refresh=True)
                return HTMLResponse(text, 503, {"retry-after": "3"})
            except CancelledError:
                text = draw.trouble("Not now", "A run has finished meanwhile.", refresh=True)
                return HTMLResponse(text, 503, {"retry-after": "1"})
            except TimeoutError:
                return HTMLResponse(draw.trouble("Not now", "This takes longer than expected.", refresh=True), 503)
            except EngineError as error:
                status = 400 if isinstance(error, InputError) else 503
                return HTMLResponse(draw.trouble("This cannot be shown", error.message, error.fix or ""), status)
            except Exception as error:  # no traceback leaves: it may name people
                return HTMLResponse(draw.trouble("Something went wrong", f"{type(error).__name__}."), 500)

        async def answered(request: Request) -> Response:
            return await run_in_threadpool(safely, request)

        return answered

    # ---- pages

    def page(self, name: str) -> Callable[[Request], Any]:
        """A page of `NAV`."""
        return self.answering(lambda request: self._page(request, name))

    def _page(self, request: Request, name: str) -> Response:
        from starlette.responses import HTMLResponse

        view, segment = self._asked(request)
        self._board.record(name or "today")
        try:
            page = pages.build(self._board, view, name, segment, wait_s=WAIT_S)
        except TimeoutError:
            return self._html(view, pages.waiting(self._board, name), segment, refresh=True)
        if page.more.get("refresh"):  # not all of it is there yet
            return self._html(view, page, segment)
        drawn = self._board.kept(view, ("html", name, segment), lambda: draw.html(self._board, view, page, segment))
        return HTMLResponse(drawn)

    def customers(self, request: Request) -> Response:
        """The list of customers, or that it is for internal eyes."""
        from starlette.responses import RedirectResponse

        view, segment = self._asked(request)
        contents = [("find", "Customers")]
        lead = "By their own id or pseudonym; each leads to everything that decided."
        facts = {"mode": self._board.mode, "workspace": self._board.workspace.path.name}
        page = Page("customers", facts, {"title": "Customers", "lead": lead, "bodies": ["desk_customers.html"],
                                         "contents": contents, "headings": dict(contents)})  # fmt: skip
        if not self._board.internal:
            return self._html(view, page, Segment())
        self._board.record("customers")
        asked = self._listing(request)
        found = people.listed(view.snapshot.lookups, segment, asked)
        if asked.text and found.total == 1:
            return RedirectResponse("customer" + draw.tail(Segment(), id=found.rows["customer_id"][0]), 303)
        query = {"q": asked.text, "sort": asked.sort, "down": int(asked.down), "page": asked.page}
        columns = [(name, _HEADS.get(name) or _large(named(name)),
                    _form(name, str(found.rows.schema[name]))) for name in found.rows.columns]  # fmt: skip
        return self._html(
            view, page, segment, asked=asked, found=found, columns=columns, rows=found.rows.to_dicts(),
            last_page=max(1, -(-found.total // people.ROWS)), **draw.sorting(segment, query),
        )  # fmt: skip

    def customer(self, request: Request) -> Response:
        """Everything about one."""
        view, who = self._internal(), request.query_params.get("id", "")
        self._board.record("customer")
        page = pages.customer(self._board, view, who)
        subject = {"id": page.facts["customer"]["customer_id"]}
        pictures = {arm: "ad" + draw.tail(Segment(), arm=arm, **subject) for arm in page.more["pictures"]}
        drawn = graph.given(page.facts["graph"], graph.look(request.query_params), pages.labels(page.facts))
        return self._html(view, page, Segment(), subject=subject, pictures=pictures, **drawn)

    def community(self, request: Request) -> Response:
        """Who is in one."""
        view, number = self._internal(), _number(request.query_params.get("id", ""))
        self._board.record("community")
        page = pages.community(self._board, view, number)
        drawn = graph.given(page.facts["graph"], graph.look(request.query_params), {})
        return self._html(view, page, Segment(), subject={"id": number}, **drawn)

    def runs(self, request: Request) -> Response:
        """What was computed, and two runs compared."""
        view = self._board.view()
        self._board.record("runs")
        page, subject = self._runs(request, view)
        return self._html(view, page, Segment(), subject=subject)

    def _runs(self, request: Request, view: View) -> tuple[Page, dict[str, int]]:
        """The page of two runs, and the end of its address."""
        asked = {name: histories.number(request.query_params.get(name, "")) for name in ("before", "after")}
        page = pages.runs(self._board, view, asked["before"], asked["after"])
        return page, {name: number for name, number in asked.items() if number is not None}

    def judge(self, request: Request) -> Response:
        """Questions about two photos, whose answers the reader saves."""
        view = self._internal()
        self._board.record("judge")
        try:
            page = pages.judge(self._board, view, wait_s=WAIT_S)
        except TimeoutError:
            return self._html(view, pages.waiting(self._board, "judge"), Segment(), refresh=True)
        return self._html(view, page, Segment())

    # ---- pictures and files

    def chart(self, request: Request) -> Response:
        """A picture of a page, as SVG that stands in it."""
        from starlette.responses import HTMLResponse

        view, name = self._board.view(), request.query_params.get("name", "")
        page, segment = self._whole(request, view)
        chart = page.more.get("charts", {}).get(name)
        if chart is None or not chart.spec:
            raise InputError("there is no such picture on this page.")
        key = ("chart", page.name, segment, name, request.query_params.get("id"))
        drawn = self._board.answer(view, key, lambda: inline(name, chart), draw=True)
        return HTMLResponse(drawn.result(FILE_WAIT_S))

    def table(self, request: Request) -> Response:
        """A table of a page as a file."""
        view, path = self._board.view(), request.query_params.get("table", "")
        page, _ = self._whole(request, view)
        self._board.record(f"table {page.name or 'today'}")
        return self._file(files.frame(page.facts, path), request.path_params["kind"], path.replace(".", "-"))

    def customers_file(self, request: Request) -> Response:
        """The list of customers as a file."""
        self._internal()
        view, segment = self._asked(request)
        self._board.record("table customers")
        found = people.listed(view.snapshot.lookups, segment, self._listing(request), rows=people.MOST)
        if found.total > people.MOST:
            raise InputError(
                f"a file of {found.total:,} customers is too long for a browser; {people.MOST:,} are the most.",
                fix="Choose a segment, or use `kindred export`.",
            )
        return self._file(found.rows, request.path_params["kind"], "customers")

    def ad(self, request: Request) -> Response:
        """The picture of a customer's ad."""
        from starlette.responses import FileResponse

        view, query = self._internal(), request.query_params
        self._board.record("ad")
        with view.snapshot.lookups.warehouse(read_only=True) as store:
            found = store.query_text(
                "SELECT files FROM ads WHERE customer_id = $id AND arm = $arm",
                {"id": query.get("id", ""), "arm": query.get("arm", "")},
            )
        folder = self._board.workspace.ads.resolve()
        path = explain.smallest(folder, found["files"][0].to_list()) if found.height else None
        if path is None or not path.resolve().is_relative_to(folder):
            raise InputError("there is no such ad.")
        return FileResponse(path, media_type=explain.PICTURES[path.suffix.lower()])

    def face(self, request: Request) -> Response:
        """The crop of a face that is asked about."""
        from starlette.responses import Response

        view = self._internal()
        asked = pages.questions(self._board, view, FILE_WAIT_S)
        return Response(
            judging.picture(view.snapshot.figures, asked, request.query_params.get("name", "")), media_type="image/jpeg"
        )

    def state(self, request: Request) -> Response:
        """What an open page asks from time to time."""
        from starlette.responses import JSONResponse

        return JSONResponse(self._board.state())

    def static(self, request: Request) -> Response:
        """A file of ours."""
        from starlette.responses import FileResponse

        if request.path_params["name"] not in STATIC:
            raise InputError("there is no such file.")
        path, kind = STATIC[request.path_params["name"]]
        return FileResponse(path, media_type=kind)

    # ---- what requests share

    def _asked(self, request: Request) -> tuple[View, Segment]:
        view = self._board.view()
        return view, parse(request.query_params.multi_items(), view.facets, public=not self._board.internal)

    def _internal(self) -> View:
        if not self._board.internal:
            raise InputError("single people are shown in internal mode only.", fix="Start `kindred serve --internal`.")
        return self._board.view()

    def _whole(self, request: Request, view: View) -> tuple[Page, Segment]:
        """The page that an address names, with its figures, however long they take."""
        name = request.query_params.get("page", "")
        name = "" if name == "today" else name
        if name == "customer":
            return pages.customer(self._board, self._internal(), request.query_params.get("id", "")), Segment()
        if name == "community":
            return pages.community(
                self._board, self._internal(), _number(request.query_params.get("id", ""))
            ), Segment()
        if name == "runs":
            return self._runs(request, view)[0], Segment()
        if name not in dict(NAV) or name in APART:
            raise InputError("there is no such page.")
        _, segment = self._asked(request)
        return pages.build(self._board, view, name, segment, wait_s=FILE_WAIT_S), segment

    def _listing(self, request: Request) -> people.Asked:
        query = request.query_params
        return people.Asked(
            query.get("q", "").strip()[:200], query.get("sort", "customer_id"), query.get("down") == "1",
            _number(query.get("page", "1")),
        )  # fmt: skip

    def _html(self, view: View, page: Page, segment: Segment, **more: Any) -> Response:
        from starlette.responses import HTMLResponse

        return HTMLResponse(draw.html(self._board, view, page, segment, **more))

    def _file(self, rows: Any, kind: str, name: str) -> Response:
        from starlette.responses import Response

        if kind not in files.KINDS:
            raise InputError(f"files are {' or '.join(files.KINDS)}.")
        safe = re.sub(r"[^a-z0-9-]", "", name.replace("_", "-"))
        mark = "internal-" if self._board.internal else ""
        told = {"content-disposition": f'attachment; filename="{mark}{safe}.{kind}"'}
        return Response(files.written(rows, kind), media_type=files.KINDS[kind], headers=told)


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise InputError("this is no number.")
    return int(text)


def _large(text: str) -> str:
    """A text with its first letter large; names in it stay as they are."""
    return text[:1].upper() + text[1:]


def _form(name: str, kind: str) -> str:
    """How a column of the list is spelled."""
    if name in _FORMS:
        return _FORMS[name]
    if name.startswith(ASSIGNED):
        return "word"
    return "maybe" if kind.startswith(("Int", "UInt", "Float")) else "text"

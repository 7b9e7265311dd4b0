"""Reports: asks the workspace for small frames, lets engine/report make facts of them, writes page and JSON.

The only module that knows both a workspace and a report. A report never runs a stage: it says which are missing or
stale, and offers the command.
"""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import engine
from engine import pipeline
from engine.errors import EngineError, InputError
from engine.experiment import plan as plans
from engine.graph.prediction import HORIZONS
from engine.pipeline.validation import validate
from engine.progress import SILENT, Progress
from engine.report import experiment, faces, influence, loyalty, offers
from engine.report.book import Book
from engine.report.pages import KINDS, page
from engine.report.stability import stability
from engine.usecases import experiment as conduct
from engine.usecases.experiment_analysis import analyse

if TYPE_CHECKING:
    import polars as pl

    from engine.warehouse.duckdb import DuckDBWarehouse
    from engine.workspace import Workspace

ALL = "all"
NEEDED = {
    "influence": ("edges", "influencers", "handsets", "choices"),
    "loyalty": ("handsets",),
    "offers": ("choices",),
    "faces": ("matches", "ads"),
    "experiment": ("choices", "matches", "ads"),
}
SECTIONS = {
    "influence": ("graph", "offers", "report", "run"),
    "loyalty": ("offers", "report", "run"),
    "offers": ("offers", "report", "run"),
    "faces": ("faces", "ads", "report", "run"),
    "experiment": ("ads", "report", "run"),
}
PARTS = {
    "influence": ("coverage", "influence", "health", "top", "certainty", "communities", "diffusion", "validation",
                  "quadrants", "egos"),
    "loyalty": ("loyalty",),
    "offers": ("offers",),
    "faces": ("faces",),
    "experiment": ("experiments", "experiment"),
}  # fmt: skip
EGO_PEOPLE = 30


@dataclass(frozen=True)
class ReportResult:
    """What was written: kind, page, JSON (None when not asked for), size of the page, warnings it carries."""

    report: str
    page: str
    json: str | None
    bytes: int
    warnings: list[str]


def report(
    workspace: Workspace, kind: str, to: Path, *, json_to: Path | None = None, progress: Progress = SILENT
) -> ReportResult:
    """Write a report.

    Args:
        workspace: an opened workspace; nothing in it is changed.
        kind: influence, loyalty, offers, faces, experiment or all.
        to: the page to write (replaced whole or not at all).
        json_to: also write the same figures as JSON.
        progress: where bars are drawn.

    Raises:
        InputError: no such report, or a file cannot be written.
    """
    figures = facts(workspace, kind, progress=progress)
    with progress.task("draw the page", 1) as task:
        html = page(kind, figures)
        task.advance()
    write(to, html)
    if json_to is not None:
        write(json_to, json.dumps(figures, indent=1, ensure_ascii=False, sort_keys=True) + "\n")
    return ReportResult(
        kind,
        str(to),
        None if json_to is None else str(json_to),
        len(html.encode()),
        [warning["text"] for warning in figures["warnings"]],
    )


def facts(workspace: Workspace, kind: str, *, progress: Progress = SILENT) -> dict[str, Any]:
    """Every figure of a report, small cells withheld: what page and JSON both hold.

    Args:
        workspace: an opened workspace.
        kind: influence, loyalty, offers, faces, experiment or all.
        progress: where bars are drawn.

    Returns:
        Nested plain data; `suppression` says what was withheld, `warnings` which stages are missing or stale.

    Raises:
        InputError: no such report.
    """
    if kind not in (*KINDS, ALL):
        raise InputError(f"there is no report {kind!r}.", fix=f"Reports are {', '.join(KINDS)} and {ALL}.")
    kinds = KINDS if kind == ALL else (kind,)
    config = workspace.config
    book = Book(config.report.min_cell)
    book.put("report", kind)
    book.put("workspace", workspace.path.name)
    analyses = _analyses(workspace, progress) if "experiment" in kinds else {}
    with workspace.warehouse(read_only=True) as store:
        states = {line["stage"]: line["state"] for line in pipeline.status(store, config)}
        ask = _Ask(workspace, store, analyses)
        book.put("as_of", ask.as_of and ask.as_of.isoformat())
        # Every report's counts are entered whichever is asked for, so that all reports withhold the same ones and
        # putting two of them side by side tells no more than either.
        with progress.task("read the tables", len(KINDS)) as task:
            for name in KINDS:
                _FILL[name](book, ask)
                task.advance()
        _method(book, ask, kinds, states)
    _warn(book, kinds, states)
    with progress.task("withhold small cells", 1) as task:
        book.settle([part for name in KINDS if name not in kinds for part in PARTS[name]])
        task.advance()
    return book.facts


class _Ask:
    """Statements of sql/report/ with the parameters they share, and the analyses of the experiments by name."""

    def __init__(self, workspace: Workspace, store: DuckDBWarehouse, analyses: Mapping[str, dict[str, Any]]) -> None:
        self.workspace = workspace
        self.store = store
        self.config = config = workspace.config
        self.analyses = analyses
        self.span = self.row("as_of")
        fixed = config.graph.as_of
        self.as_of: date | None = date.fromisoformat(fixed) if fixed else self.span["as_of"]

    def frame(self, statement: str, **params: Any) -> Any:
        """Rows of sql/report/<statement>.sql."""
        return self.store.query(f"report/{statement}", **params)

    def row(self, statement: str, **params: Any) -> dict[str, Any]:
        """The one row of a statement."""
        return self.frame(statement, **params).row(0, named=True)


def _influence(book: Book, ask: _Ask) -> None:
    graph, settings = ask.config.graph, ask.config.report
    as_of = ask.as_of or date(1970, 1, 1)
    since = as_of - timedelta(days=graph.window_days)
    definition = {"definition": graph.definition}
    influence.coverage(
        book,
        sources=ask.frame("sources"),
        rejects=ask.frame("rejects"),
        population=ask.row("population", **definition),
        traffic=ask.frame("traffic"),
        span={**ask.span, "as_of": ask.as_of},
        window_days=graph.window_days,
    )
    influence.health(
        book,
        degrees=ask.frame("degrees"),
        strengths=ask.frame("strengths"),
        tie_bins=ask.frame("tie_bins"),
        gates=ask.frame("gates"),
        hubs=ask.frame("hubs", limit=settings.rows),
        hub_reasons=ask.frame("hub_reasons"),
    )
    influence.top(
        book,
        influencers=ask.frame("top_influencers", limit=settings.rows, **definition),
        concentration=ask.frame("concentration", **definition),
        definition=graph.definition,
    )
    influence.certainty(
        book,
        margins=ask.frame("margins", **definition),
        agreement=ask.frame("agreement"),
        stability=_stability(ask, as_of, since),
    )
    largest = ask.frame("communities", limit=settings.rows)
    influence.communities(
        book,
        count=ask.row("community_count"),
        top=largest,
        mix=ask.frame("community_mix", communities=largest["community"].to_list(), since=since),
    )
    influence.diffusion(book, ask.frame("diffusion"))
    table, why_not = _validation(ask)
    influence.validation(book, table, why_not=why_not, definition=graph.definition)
    influence.quadrants(book, ask.frame("quadrants", **definition))
    examples = ask.frame("examples", limit=settings.examples, **definition)
    around = ask.frame("ego_nodes", egos=examples["node"].to_list(), limit=EGO_PEOPLE)
    drawn = sorted({*examples["node"].to_list(), *around["node"].to_list()})
    influence.egos(book, examples=examples, around=around, ties=ask.frame("ego_ties", nodes=drawn))


def _validation(ask: _Ask) -> tuple[Any, str]:
    """The validation table, or None and why there is none."""
    limit = ask.config.report.validate_up_to
    if ask.store.count("parties") > limit:
        return None, f"more than {limit:,} parties (setting report.validate_up_to)."
    definitions = list(dict.fromkeys((ask.config.graph.definition, "strongest")))
    first, last = ask.span["first_day"], ask.span["last_day"]
    days = 0 if first is None else (last - first).days + 1
    # A horizon needs as many days before the cut, in which contacts change, as after it.
    horizons = [h for h in HORIZONS if days > 2 * h] or HORIZONS[:1]
    try:
        return validate(ask.store, ask.config, definitions=definitions, horizons=horizons), ""
    except EngineError as error:
        return None, error.message


def _stability(ask: _Ask, as_of: date, since: date) -> dict[str, Any] | None:
    """Over the definitions whose score the days alone decide; for the others that of the strongest tie."""
    graph, settings, seed = ask.config.graph, ask.config.report, ask.config.run.seed
    definition = graph.definition if graph.definition in ("tie_reach", "strongest") else "strongest"
    # At most half of them, so that the size of the sample does not tell how many have a contact.
    chosen = ask.row("population", definition=definition)["chosen"]
    limit = min(settings.sample, chosen // 20 * 10)
    sample = ask.frame("sample_customers", definition=definition, seed=seed, limit=limit)
    nodes = sample["node"].to_list()
    days = ask.frame("sample_days", nodes=nodes, since=since, as_of=as_of)
    return stability(
        days,
        dict(zip(nodes, sample["contact_node"].to_list(), strict=True)),
        as_of=as_of,
        window_days=graph.window_days,
        half_life_days=graph.half_life_days,
        gamma=graph.gamma if definition == "tie_reach" else 0.0,
        draws=settings.resamples,
        seed=seed,
    )


def _loyalty(book: Book, ask: _Ask) -> None:
    loyalty.fill(
        book,
        transitions=ask.frame("transitions"),
        table=ask.store.read("loyalty"),
        durations=ask.frame("durations"),
    )


def _offers(book: Book, ask: _Ask) -> None:
    offers.fill(
        book,
        offers=ask.store.read("offers"),
        metrics=ask.store.read("offer_metrics"),
        choices=ask.frame("choices"),
        reasons=ask.frame("choice_reasons"),
        uplift=ask.frame("uplift_bins"),
        campaigns=ask.frame("campaigns"),
        gains=ask.frame("gains"),
        budget=ask.frame("budget"),
        policy=ask.frame("policy"),
        test_share=ask.config.offers.test_share,
        draws=ask.config.report.resamples,
        seed=ask.config.run.seed,
    )


def _faces(book: Book, ask: _Ask) -> None:
    faces.fill(
        book,
        statuses=ask.frame("photo_statuses"),
        matches=ask.frame("match_statuses"),
        percentiles=ask.frame("percentiles"),
        uses=ask.frame("photo_uses", limit=ask.config.report.rows),
        groups=ask.frame("match_groups"),
        named=ask.row("contacts_named"),
        margin=ask.config.faces.contact_margin,
    )


def _experiment(book: Book, ask: _Ask) -> None:
    experiment.fill(book, arms=ask.frame("arms"), funnel=ask.row("funnel"))
    book.put("experiments", [])
    book.put("experiment.unread", [])
    for state in ask.frame("experiments").iter_rows(named=True):
        lines = ask.store.query("experiment/plans", experiment_id=state["experiment_id"]).sort("version")
        try:
            versions = [(version, digest, plans.read(text)) for version, text, digest in lines.iter_rows()]
        except EngineError as error:
            book.get("experiment.unread").append({"name": state["experiment_id"], "why": str(error)})
            continue
        _trial(book, ask, len(book.get("experiments")), state, versions)


def _trial(book: Book, ask: _Ask, i: int, state: dict[str, Any], versions: list[tuple[int, str, plans.Plan]]) -> None:
    """One experiment: plan and people always, the answer where it was analysed."""
    name, plan = state["experiment_id"], versions[-1][2]
    funnel, why_not = [], ""
    try:
        funnel = conduct.population(ask.workspace, ask.store, plan).funnel
    except EngineError as error:
        why_not = str(error)
    told = [(version, digest, vars(fields)) for version, digest, fields in versions]
    experiment.trial(book, i, versions=told, state=state, funnel=funnel, why_no_funnel=why_not)
    if not state["assigned"]:
        return
    known = {"experiment_id": name, "definition": ask.config.graph.definition}
    ask.store.temp("experiment_known", "report/experiment_known", **known)
    acts = _acts(ask, plan)
    cells = ask.frame("experiment_cells")
    experiment.arms(
        book,
        i,
        sizes=ask.frame("experiment_arms", experiment_id=name),
        acts=acts if state["answered"] else acts.clear(),
        cells=cells if state["answered"] else cells.clear(),
        guardrails={own.metric: _acts(ask, own) for own in map(plan.on, plan.guardrails)},
    )
    experiment.balance(book, i, ask.frame("experiment_balance"))
    if name in ask.analyses:
        experiment.analysis(book, i, ask.analyses[name], acts)


def _acts(ask: _Ask, plan: plans.Plan) -> pl.DataFrame:
    """Rows of experiment_acts, which leaves `first_acts`; what counts as acting of a ratio is having its first part."""
    ask.store.temp(
        "first_acts",
        "report/experiment_first_acts",
        experiment_id=plan.experiment_id,
        metric=plan.metric.partition("/")[0] if plan.kind == plans.RATIO else plan.metric,
        positive=plan.kind == "any",
        horizon_days=plan.horizon_days,
    )
    return ask.frame("experiment_acts", experiment_id=plan.experiment_id)


def _analyses(workspace: Workspace, progress: Progress) -> dict[str, dict[str, Any]]:
    """What every experiment with outcomes says; one that cannot be analysed says why."""
    with workspace.warehouse(read_only=True) as store:
        states = store.query("report/experiments")
    names = states.filter(states["answered"] & states["assigned"])["experiment_id"].to_list()
    found: dict[str, dict[str, Any]] = {}
    with progress.task("analyse the experiments", len(names)) as task, _nothing_to_collect():
        for name in names:
            try:
                found[name] = analyse(
                    workspace, name, sequential=True, interference=True, by=plans.STRATA, over_time=True
                )
            except EngineError as error:
                found[name] = {"decisions": [f"broken: {error}"]}
            task.advance()
    return found


@contextmanager
def _nothing_to_collect() -> Iterator[None]:
    """statsmodels collects garbage at each adjustment of p values: three quarters of the time, unless what is there
    now is set aside."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


_FILL: dict[str, Callable[[Book, _Ask], None]] = {
    "influence": _influence,
    "loyalty": _loyalty,
    "offers": _offers,
    "faces": _faces,
    "experiment": _experiment,
}


def _method(book: Book, ask: _Ask, kinds: tuple[str, ...], states: dict[str, str]) -> None:
    """Parameters, seed, versions and hashes: what made these figures."""
    sections = dict.fromkeys(s for kind in kinds for s in SECTIONS[kind])
    rows = [
        {"setting": f"{section}.{name}", "value": str(value)}
        for section in sections
        for name, value in vars(getattr(ask.config, section)).items()
    ]
    book.put("method.settings", rows)
    runs = {row["stage"]: row for row in ask.frame("runs").iter_rows(named=True)}
    stages = dict.fromkeys(stage for kind in kinds for stage in NEEDED[kind])
    book.put(
        "method.stages",
        [
            {
                "stage": stage,
                "state": states[stage],
                "inputs_hash": runs[stage]["inputs_hash"][:16] if stage in runs else None,
                "config_hash": runs[stage]["config_hash"][:16] if stage in runs else None,
                "versions": runs[stage]["versions"] if stage in runs else None,
            }
            for stage in stages
        ],
    )
    book.put("method.inputs", ask.frame("inputs").to_dicts())
    book.put("method.version", engine.__version__)
    book.put("method.seed", ask.config.run.seed)


def _warn(book: Book, kinds: tuple[str, ...], states: dict[str, str]) -> None:
    stages = list(dict.fromkeys(stage for kind in kinds for stage in NEEDED[kind]))
    warnings = []
    never = [s for s in stages if states[s] == "never"]
    stale = [s for s in stages if states[s] == "stale"]
    if never:
        text = f"Not computed yet: {', '.join(never)}. What rests on it is missing here."
        warnings.append({"text": text, "command": f"kindred run --until {never[-1]}"})
    if stale:
        text = (
            f"Inputs, settings or code changed since the last run of: {', '.join(stale)}. Its figures are out of date."
        )
        warnings.append({"text": text, "command": f"kindred run --until {stale[-1]}"})
    book.put("warnings", warnings)


def write(path: Path, text: str) -> None:
    """Write a page or JSON whole or not at all, readable by its owner only until it is passed on.

    Args:
        path: file to make or replace.
        text: its content.

    Raises:
        InputError: it cannot be written.
    """
    beside = path.with_name(f".{path.name}.part")
    try:
        with open(beside, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(text)
        os.replace(beside, path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise InputError(
            f"cannot be written: {error.strerror}.", file=path, fix="Choose a file in a folder that exists."
        ) from error

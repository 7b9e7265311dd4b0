"""Reports: asks the workspace for small frames, lets engine/report make facts of them, writes page and JSON.

The only module that knows both a workspace and a report. A report never runs a stage: it says which are missing or
stale, and offers the command.
"""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import runner
from engine.errors import EngineError, InputError
from engine.experiment import plan as plans
from engine.experiment.decision import BROKEN, Decision
from engine.graph.prediction import HORIZONS
from engine.progress import SILENT, Progress
from engine.report import experiment_figures, faces_figures, influence_figures, loyalty_figures, offers_figures
from engine.report.book import Book
from engine.report.pages import KINDS, page
from engine.report.stability import stability
from engine.trust import ages, audit
from engine.trust import noise as noises
from engine.usecases import experiment_design
from engine.usecases.experiment_analysis import analyse
from engine.usecases.reporting_ask import Ask
from engine.usecases.validation import validate
from engine.version import VERSION

if TYPE_CHECKING:
    import polars as pl

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
PUBLIC, INTERNAL = "public", "internal"


@dataclass(frozen=True)
class ReportResult:
    """What was written: kind, mode, page, JSON (None when not asked for), size of the page, warnings it carries."""

    report: str
    mode: str
    page: str
    json: str | None
    bytes: int
    warnings: list[str]


def report(
    workspace: Workspace,
    kind: str,
    to: Path,
    *,
    json_to: Path | None = None,
    internal: bool = False,
    progress: Progress = SILENT,
) -> ReportResult:
    """Write a report.

    Args:
        workspace: an opened workspace; none of its tables is changed, the reading is in its audit log.
        kind: influence, loyalty, offers, faces, experiment or all.
        to: the page to write (replaced whole or not at all).
        json_to: also write the same figures as JSON.
        internal: withhold and round nothing: for the company's own eyes.
        progress: where bars are drawn.

    Raises:
        InputError: no such report, or a file cannot be written.
    """
    figures = facts(workspace, kind, internal=internal, progress=progress)
    with progress.task("draw the page", 1) as task:
        html = page(kind, figures)
        task.advance()
    write(to, html)
    if json_to is not None:
        write(json_to, json.dumps(figures, indent=1, ensure_ascii=False, sort_keys=True) + "\n")
    return ReportResult(
        kind,
        figures["mode"],
        str(to),
        None if json_to is None else str(json_to),
        len(html.encode()),
        [warning["text"] for warning in figures["warnings"]],
    )


def facts(workspace: Workspace, kind: str, *, internal: bool = False, progress: Progress = SILENT) -> dict[str, Any]:
    """Every figure of a report, for the public unless `internal`: what page and JSON both hold.

    A public report has no row about one person, no count under `report.min_cell`, and no figure from which one
    person's joining could be read.

    Args:
        workspace: an opened workspace.
        kind: influence, loyalty, offers, faces, experiment or all.
        internal: withhold and round nothing.
        progress: where bars are drawn.

    Returns:
        Nested plain data; `mode` is public or internal, `suppression` says what was withheld, `warnings` which stages
        are missing or stale.

    Raises:
        InputError: no such report.
    """
    if kind not in (*KINDS, ALL):
        raise InputError(f"there is no report {kind!r}.", fix=f"Reports are data, {', '.join(KINDS)} and {ALL}.")
    kinds = KINDS if kind == ALL else (kind,)
    mode = INTERNAL if internal else PUBLIC
    # Written before anything is read: what cannot be recorded is not done.
    audit.append(workspace.path, "report", "read", details={"report": kind, "mode": mode})
    config = workspace.config
    analyses = _analyses(workspace, progress) if "experiment" in kinds else {}
    with workspace.warehouse(read_only=True) as store:
        states = {line["stage"]: line["state"] for line in runner.status(store, config)}
        ask = Ask(workspace, store, analyses)
        noise = None
        # Every report's counts are entered whichever is asked for, so that all reports withhold the same ones and
        # putting two of them side by side tells no more than either.
        with progress.task("read the tables", len(KINDS)) as task:
            if not internal:
                _fill(Book(config.report.min_cell), ask, KINDS)
                noise = noises.of(workspace.path, ask.digest(), config.report.min_cell)
            book = Book(config.report.min_cell, noise)
            book.put("report", kind)
            book.put("mode", mode)
            book.put("workspace", workspace.path.name)
            _fill(book, ask, KINDS, task.advance)
        book.put("as_of", book.get("coverage.as_of"))
        _method(book, ask, kinds, states)
    _warn(book, kinds, states)
    with progress.task("withhold small cells", 1) as task:
        book.settle([part for name in KINDS if name not in kinds for part in PARTS[name]])
        task.advance()
    return book.facts


def _fill(book: Book, ask: Ask, kinds: Sequence[str], done: Callable[[], Any] = lambda: None) -> None:
    for name in kinds:
        _FILL[name](book, ask)
        done()


def _influence(book: Book, ask: Ask) -> None:
    graph, settings = ask.config.graph, ask.config.report
    as_of = ask.as_of or date(1970, 1, 1)
    since = as_of - timedelta(days=graph.window_days)
    definition = {"definition": graph.definition}
    influence_figures.coverage(
        book,
        sources=ask.frame("sources"),
        rejects=ask.frame("rejects"),
        population=ask.row("population", **definition),
        traffic=ask.frame("traffic"),
        span={**ask.span, "as_of": ask.as_of},
        window_days=graph.window_days,
    )
    influence_figures.health(
        book,
        degrees=ask.frame("degrees"),
        strengths=ask.frame("strengths"),
        tie_bins=ask.frame("tie_bins"),
        gates=ask.frame("gates"),
        hubs=ask.frame("hubs", limit=settings.rows),
        hub_reasons=ask.frame("hub_reasons"),
    )
    influence_figures.top(
        book,
        influencers=ask.frame("top_influencers", limit=settings.rows, **definition),
        concentration=ask.frame("concentration", **definition),
        definition=graph.definition,
    )
    influence_figures.certainty(
        book,
        margins=ask.frame("margins", **definition),
        agreement=ask.frame("agreement"),
        stability=ask.once("stability", lambda: _stability(ask, as_of, since)),
    )
    largest = ask.frame("communities", limit=settings.rows)
    influence_figures.communities(
        book,
        count=ask.row("community_count"),
        top=largest,
        mix=ask.frame("community_mix", communities=largest["community"].to_list(), since=since),
    )
    influence_figures.diffusion(book, ask.frame("diffusion"))
    table, why_not = ask.once("validation", lambda: _validation(ask))
    influence_figures.validation(book, table, why_not=why_not, definition=graph.definition)
    influence_figures.quadrants(book, ask.frame("quadrants", **definition))
    if book.public:
        return
    examples = ask.frame("examples", limit=settings.examples, **definition)
    around = ask.frame("ego_nodes", egos=examples["node"].to_list(), limit=EGO_PEOPLE)
    drawn = sorted({*examples["node"].to_list(), *around["node"].to_list()})
    influence_figures.egos(book, examples=examples, around=around, ties=ask.frame("ego_ties", nodes=drawn))


def _validation(ask: Ask) -> tuple[Any, str]:
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


def _stability(ask: Ask, as_of: date, since: date) -> dict[str, Any] | None:
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


def _loyalty(book: Book, ask: Ask) -> None:
    loyalty_figures.fill(
        book,
        transitions=ask.frame("transitions"),
        table=ask.table("loyalty"),
        durations=ask.frame("durations"),
    )


def _offers(book: Book, ask: Ask) -> None:
    offers_figures.fill(
        book,
        offers=ask.table("offers"),
        metrics=ask.table("offer_metrics"),
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


def _faces(book: Book, ask: Ask) -> None:
    faces_figures.fill(
        book,
        statuses=ask.frame("photo_statuses"),
        matches=ask.frame("match_statuses"),
        ranks=ask.frame("match_ranks"),
        percentiles=ask.frame("percentiles"),
        uses=ask.frame("photo_uses", limit=ask.config.report.rows),
        groups=ask.frame("match_groups"),
        named=ask.row("contacts_named"),
        margin=ask.config.faces.contact_margin,
    )


def _experiment(book: Book, ask: Ask) -> None:
    one_each = ask.config.ads.render == "decided"
    experiment_figures.fill(book, arms=ask.frame("arms"), funnel=ask.row("funnel"), one_each=one_each)
    book.put("experiments", [])
    book.put("experiment.unread", [])
    for state in ask.frame("experiments").iter_rows(named=True):
        name = state["experiment_id"]
        lines = ask.once(f"plans {name}", lambda name=name: ask.store.query("experiment/plans", experiment_id=name))
        lines = lines.sort("version")
        try:
            versions = [(version, digest, plans.read(text)) for version, text, digest in lines.iter_rows()]
        except EngineError as error:
            book.get("experiment.unread").append({"name": state["experiment_id"], "why": str(error)})
            continue
        _trial(book, ask, len(book.get("experiments")), state, versions)


def _trial(book: Book, ask: Ask, i: int, state: dict[str, Any], versions: list[tuple[int, str, plans.Plan]]) -> None:
    """One experiment: plan and people always, the answer where it was analysed."""
    name, plan = state["experiment_id"], versions[-1][2]
    funnel, why_not = ask.once(f"funnel of {name}", lambda: _funnel(ask, plan))
    told = [(version, digest, vars(fields)) for version, digest, fields in versions]
    experiment_figures.trial(book, i, versions=told, state=state, funnel=funnel, why_no_funnel=why_not)
    if not state["assigned"]:
        return
    read = ask.once(
        f"trial {name}", lambda: _read(ask, plan, since=state["assigned_at"].date(), answered=state["answered"])
    )
    experiment_figures.arms(
        book, i, sizes=read["sizes"], acts=read["acts"], cells=read["cells"], guardrails=read["guardrails"]
    )
    experiment_figures.balance(book, i, read["balance"])
    if name in ask.analyses:
        experiment_figures.analysis(book, i, ask.analyses[name], read["all_acts"])


def _funnel(ask: Ask, plan: plans.Plan) -> tuple[Any, str]:
    """Who could take part, gate by gate, or nothing and why."""
    try:
        return experiment_design.population(ask.workspace, ask.store, plan).funnel, ""
    except EngineError as error:
        return [], str(error)


def _read(ask: Ask, plan: plans.Plan, *, since: date, answered: bool) -> dict[str, Any]:
    """The frames of one experiment; they rest on temporary tables that the next one replaces.

    Args:
        ask: of whom.
        plan: its plan.
        since: the day of the first assignment: what was known of people is of that day.
        answered: outcomes are there.
    """
    known = {"experiment_id": plan.experiment_id, "definition": ask.config.graph.definition}
    ages.ages(ask.store, since)
    ask.store.temp("experiment_known", "report/experiment_known", **known)
    acts = _acts(ask, plan)
    cells = ask.store.query("report/experiment_cells")
    return {
        "sizes": ask.store.query("report/experiment_arms", experiment_id=plan.experiment_id),
        "all_acts": acts,
        "acts": acts if answered else acts.clear(),
        "cells": cells if answered else cells.clear(),
        "guardrails": {own.metric: _acts(ask, own) for own in map(plan.on, plan.guardrails)},
        "balance": ask.store.query("report/experiment_balance"),
    }


def _acts(ask: Ask, plan: plans.Plan) -> pl.DataFrame:
    """Rows of experiment_acts, which leaves `first_acts`; what counts as acting of a ratio is having its first part."""
    ask.store.temp(
        "first_acts",
        "report/experiment_first_acts",
        experiment_id=plan.experiment_id,
        metric=plan.metric.partition("/")[0] if plan.kind == plans.RATIO else plan.metric,
        positive=plan.kind == "any",
        horizon_days=plan.horizon_days,
    )
    return ask.store.query("report/experiment_acts", experiment_id=plan.experiment_id)


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
                found[name] = {"decisions": [Decision(BROKEN, f"broken: {error}")]}
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


_FILL: dict[str, Callable[[Book, Ask], None]] = {
    "influence": _influence,
    "loyalty": _loyalty,
    "offers": _offers,
    "faces": _faces,
    "experiment": _experiment,
}


def _method(book: Book, ask: Ask, kinds: tuple[str, ...], states: dict[str, str]) -> None:
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
                "inputs_hash": runs[stage]["inputs_hash"][:16] if stage in runs and not book.public else None,
                "config_hash": runs[stage]["config_hash"][:16] if stage in runs else None,
                "versions": runs[stage]["versions"] if stage in runs else None,
            }
            for stage in stages
        ],
    )
    # The hash of a file of one line is that line to whoever tries all numbers.
    book.put("method.inputs", [] if book.public else ask.frame("inputs").to_dicts())
    book.put("method.version", VERSION)
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

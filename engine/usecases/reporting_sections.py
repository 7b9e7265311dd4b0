"""What each report puts into its book: the frames it asks for, and who makes figures of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from engine.errors import EngineError
from engine.experiment import plan as plans
from engine.graph.prediction import HORIZONS
from engine.pipeline import learned
from engine.report import (
    experiment_answers,
    experiment_figures,
    faces_figures,
    influence_figures,
    input_figures,
    loyalty_figures,
    offers_figures,
)
from engine.report.book import Book
from engine.report.stability import stability
from engine.trust import ages
from engine.usecases import experiment_design
from engine.usecases.reporting_ask import Ask
from engine.usecases.validation import validate

if TYPE_CHECKING:
    import polars as pl

EGO_PEOPLE = 30  # drawn around one example


def fill(book: Book, ask: Ask, kinds: Sequence[str], done: Callable[[], Any] = lambda: None) -> None:
    """Enter the figures of some reports.

    Args:
        book: to fill.
        ask: the workspace.
        kinds: keys of `_FILL`.
        done: called after each.
    """
    for name in kinds:
        _FILL[name](book, ask)
        done()


def _influence(book: Book, ask: Ask) -> None:
    graph, settings = ask.config.graph, ask.config.report
    as_of = ask.as_of or date(1970, 1, 1)
    since = as_of - timedelta(days=graph.window_days)
    definition = {"definition": graph.definition}
    input_figures.coverage(
        book,
        sources=ask.frame("sources"),
        rejects=ask.frame("rejects"),
        population=ask.row("population", **definition),
        traffic=ask.frame("traffic"),
        span={**ask.span, "as_of": ask.as_of},
        window_days=graph.window_days,
    )
    input_figures.health(
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
        because=ask.once("learned", lambda: learned.said(ask.store)),
    )
    influence_figures.certainty(
        book,
        margins=ask.frame("margins", **definition),
        agreement=ask.whole("agreement"),
        stability=None if ask.segment else ask.once("stability", lambda: _stability(ask, as_of, since)),
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
    if book.public or ask.segment:
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
        lines = ask.once(f"plans {name}", partial(ask.store.query, "experiment/plans", experiment_id=name))
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
    numbered = [(version, digest, vars(fields)) for version, digest, fields in versions]
    experiment_figures.trial(book, i, versions=numbered, state=state, funnel=funnel, why_no_funnel=why_not)
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
        experiment_answers.analysis(book, i, ask.analyses[name], read["all_acts"])


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
        "guardrails": {own.metric: _acts(ask, own) for own in map(plan.for_guardrail, plan.guardrails)},
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


_FILL: dict[str, Callable[[Book, Ask], None]] = {
    "influence": _influence,
    "loyalty": _loyalty,
    "offers": _offers,
    "faces": _faces,
    "experiment": _experiment,
}

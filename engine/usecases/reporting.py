"""Reports: asks the workspace for small frames, lets engine/report make facts of them, writes page and JSON.

The only module that knows both a workspace and a report. A report never runs a stage: it says which are missing or
stale, and offers the command.
"""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import runner
from engine.errors import EngineError, InputError
from engine.experiment import plan as plans
from engine.experiment.decision import BROKEN, Decision
from engine.progress import SILENT, Progress
from engine.report.book import Book
from engine.report.pages import KINDS, page
from engine.trust import audit
from engine.trust import noise as noises
from engine.usecases.experiment_analysis import analyse
from engine.usecases.reporting_ask import Ask
from engine.usecases.reporting_said import said
from engine.usecases.reporting_sections import fill
from engine.version import VERSION

if TYPE_CHECKING:
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
    return written(
        kind, facts(workspace, kind, internal=internal, progress=progress), to, json_to=json_to, progress=progress
    )


def written(
    kind: str, figures: dict[str, Any], to: Path, *, json_to: Path | None = None, progress: Progress = SILENT
) -> ReportResult:
    """Write the page of facts that are there; see `report`."""
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
        are missing or stale; of report `all` also `said`, the campaign in sentences.

    Raises:
        InputError: no such report.
    """
    kinds = kinds_of(kind)
    # Written before anything is read: what cannot be recorded is not done.
    audit.append(workspace.path, "report", "read", details={"report": kind, "mode": INTERNAL if internal else PUBLIC})
    found = figures(workspace, kinds, kind=kind, internal=internal, progress=progress)
    return {**found, "said": said(workspace, found)} if kind == ALL else found


def kinds_of(kind: str) -> tuple[str, ...]:
    """The reports that one is made of.

    Raises:
        InputError: there is none of that name.
    """
    if kind not in (*KINDS, ALL):
        raise InputError(f"there is no report {kind!r}.", fix=f"Reports are data, {', '.join(KINDS)} and {ALL}.")
    return KINDS if kind == ALL else (kind,)


def figures(
    workspace: Workspace,
    kinds: tuple[str, ...],
    *,
    kind: str = ALL,
    internal: bool = False,
    segment: bool = False,
    shared: dict[str, Any] | None = None,
    answered: bool = True,
    progress: Progress = SILENT,
) -> dict[str, Any]:
    """See `facts`; whoever calls this records the reading.

    Args:
        workspace: an opened workspace.
        kinds: of report.
        kind: name that the figures stand under.
        internal: withhold and round nothing.
        segment: the database shows some customers only, so that nothing is said of spillover along their ties.
        shared: what is told of everybody only, kept from one call to the next for the same data; the first one must be
            about everybody.
        answered: with what experiments say, which takes longest; False = only who is in them.
        progress: where bars are drawn.
    """
    mode = INTERNAL if internal else PUBLIC
    config = workspace.config
    analyses = _analyses(workspace, progress, interference=not segment) if answered and "experiment" in kinds else {}
    with workspace.warehouse(read_only=True) as store:
        states = {str(line["stage"]): str(line["state"]) for line in runner.status(store, config)}
        # Influence of a segment asks nobody's age or consent, and has to be there at once.
        judged = not (segment and internal and kinds == ("influence",))
        ask = Ask(workspace, store, analyses, shared, segment=segment, judged=judged)
        noise = None
        # For the public every report's counts are entered whichever is asked for, so that all reports withhold the
        # same ones and putting two of them side by side tells no more than either.
        entered = kinds if internal else KINDS
        with progress.task("read the tables", len(entered)) as task:
            if not internal:
                fill(Book(config.report.min_cell), ask, KINDS)
                noise = noises.of(workspace.path, ask.digest(), config.report.min_cell)
            book = Book(config.report.min_cell, noise)
            book.put("report", kind)
            book.put("mode", mode)
            book.put("workspace", workspace.path.name)
            fill(book, ask, entered, task.advance)
        book.put("as_of", ask.as_of)
        _method(book, ask, kinds, states)
    _warn(book, kinds, states)
    with progress.task("withhold small cells", 1) as task:
        book.finish([part for name in KINDS if name not in kinds for part in PARTS[name]])
        task.advance()
    return book.facts


def _analyses(workspace: Workspace, progress: Progress, *, interference: bool) -> dict[str, dict[str, Any]]:
    """What every experiment with outcomes says; one that cannot be analysed says why."""
    with workspace.warehouse(read_only=True) as store:
        states = store.query("report/experiments")
    names = states.filter(states["answered"] & states["assigned"])["experiment_id"].to_list()
    found: dict[str, dict[str, Any]] = {}
    with progress.task("analyse the experiments", len(names)) as task, _nothing_to_collect():
        for name in names:
            try:
                found[name] = analyse(workspace, name, interference=interference, by=plans.STRATA, over_time=True)
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
        text = f"Not computed yet: {', '.join(never)}. Figures that need it are missing here."
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

"""`kindred summary`: a campaign on one page, for mail and chat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.progress import SILENT, Progress
from engine.report import summary as words
from engine.sources import health
from engine.usecases import next_steps, reporting

if TYPE_CHECKING:
    from engine.workspace import Workspace


def summary(workspace: Workspace, *, internal: bool = False, progress: Progress = SILENT) -> dict[str, Any]:
    """What the campaign is worth, whom it reaches, what experiments say, how the data are, what to do next.

    Args:
        workspace: an opened workspace; nothing is run or stored, the reading is in its audit log.
        internal: exact figures, and the warnings of the data with theirs; else those of the public reports.
        progress: where bars are drawn.

    Returns:
        workspace, as_of, mode, sections (sentences per part), markdown (all of it as one text).
    """
    return said(workspace, reporting.facts(workspace, reporting.ALL, internal=internal, progress=progress))


def said(workspace: Workspace, facts: dict[str, Any]) -> dict[str, Any]:
    """See `summary`, of facts that are there: those of report `all`."""
    internal = facts["mode"] == reporting.INTERNAL
    with workspace.warehouse(read_only=True) as store:
        warnings = health.warnings(store, workspace.config)
    if warnings and not internal:  # they count exactly
        checks = "check of the data warns" if len(warnings) == 1 else "checks of the data warn"
        warnings = [f"{len(warnings)} {checks}: `kindred report data` says which, for the company's own eyes."]
    steps = [f"`{step.command}`{f': {step.why}' if internal else ''}" for step in next_steps.steps(workspace)]
    sections = words.summary(facts, warnings=warnings, steps=steps)
    found = {"workspace": facts["workspace"], "as_of": facts["as_of"], "mode": facts["mode"]}
    return {**found, "sections": sections, "markdown": words.markdown(sections, **found)}

"""A campaign in sentences: figures of report `all`, what looks wrong in the data, what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.report import summary as words
from engine.sources import health
from engine.usecases import next_steps

if TYPE_CHECKING:
    from engine.workspace import Workspace


def said(workspace: Workspace, facts: Mapping[str, Any]) -> dict[str, list[str]]:
    """Sentences per part of `engine.report.summary.HEADINGS`.

    Args:
        workspace: an opened workspace; only read.
        facts: of report `all`, for the public or internal.
    """
    with workspace.warehouse(read_only=True) as store:
        warnings = health.warnings(store, workspace.config)
    if warnings and facts["mode"] == "public":  # they count exactly
        checks = "check of the data warns" if len(warnings) == 1 else "checks of the data warn"
        warnings = [f"{len(warnings)} {checks}: `kindred report data` says which, for the company's own eyes."]
    steps = [f"`{step.command}`: {step.why}" for step in next_steps.steps(workspace) if not step.reads]
    return words.summary(facts, warnings=warnings, steps=steps)

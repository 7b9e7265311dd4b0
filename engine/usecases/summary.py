"""`kindred summary`: a campaign on one page, for mail and chat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.progress import SILENT, Progress
from engine.report import summary as words
from engine.usecases import reporting

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
    facts = reporting.facts(workspace, reporting.ALL, internal=internal, progress=progress)
    found = {"workspace": facts["workspace"], "as_of": facts["as_of"], "mode": facts["mode"]}
    return {**found, "sections": facts["said"], "markdown": words.markdown(facts["said"], **found)}

"""`kindred report data`: the checks of the data as a page and as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.report import data_page as pages
from engine.sources import health
from engine.trust import audit
from engine.usecases.reporting import INTERNAL, ReportResult, write

if TYPE_CHECKING:
    from engine.workspace import Workspace


def figures(workspace: Workspace) -> dict[str, Any]:
    """Everything the page holds, as plain data; exact, so for the company's own eyes. Whoever calls this records the
    reading."""
    with workspace.warehouse(read_only=True) as store:
        facts = health.Facts(store, workspace.config)
        return pages.figures(facts, health.checks(facts, workspace.config), workspace=workspace.path.name)


def report(workspace: Workspace, to: Path, *, json_to: Path | None = None) -> ReportResult:
    """Write the page about the data itself.

    Args:
        workspace: an opened workspace; none of its tables is changed, the reading is in its audit log.
        to: the page to write (replaced whole or not at all).
        json_to: also write the same figures as JSON.

    Returns:
        What was written; `warnings` are the checks that found something wrong.

    Raises:
        InputError: a file cannot be written.
    """
    audit.append(workspace.path, "report", "read", details={"report": "data", "mode": INTERNAL})
    found = figures(workspace)
    html = pages.page(found)
    write(to, html)
    if json_to is not None:
        write(json_to, json.dumps(found, indent=1, ensure_ascii=False, sort_keys=True) + "\n")
    checks = [check for check in found["checks"] if check["level"] == health.WARN]
    warnings = [f"{check['found']}. {check['remedy']}".strip() for check in checks]
    return ReportResult(
        "data", INTERNAL, str(to), None if json_to is None else str(json_to), len(html.encode()), warnings
    )

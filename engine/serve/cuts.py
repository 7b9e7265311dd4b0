"""Figures of some customers: by which columns a workspace may be cut, and reports of a segment."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import InputError, WorkspaceError
from engine.progress import SILENT, Progress
from engine.serve import people
from engine.serve.segment import COMPUTED, OWN, Facet, Segment, named, parse, within
from engine.trust import audit
from engine.trust import noise as noises
from engine.usecases import reporting
from engine.usecases.reporting_said import said
from engine.workspace import snapshot as snapshots

if TYPE_CHECKING:
    from engine.trust.noise import Noise
    from engine.workspace import Workspace
    from engine.workspace.snapshot import Snapshot

TRIES, PAUSE_S = 20, 0.25  # to take a snapshot while somebody writes
_OF_ALL = ("certainty", "diffusion", "validation")


def facets_of(taken: Snapshot, *, internal: bool) -> list[Facet]:
    """Columns that a snapshot may be cut by; for the public those whose words are had by enough customers.

    Args:
        taken: the snapshot; the list of its customers is made (`engine.serve.people.prepare`).
        internal: for the company's own eyes.
    """
    facets = people.prepare(taken.lookups)
    if internal:
        return facets
    reading = taken.lookups
    noise = noises.of(reading.path, repr(facets).encode(), reading.config.report.min_cell)
    everybody = people.size(reading, Segment())
    return [shown for facet in facets if (shown := _public(facet, noise, everybody)) is not None]


def _public(facet: Facet, noise: Noise, everybody: int) -> Facet | None:
    """A column as the public may cut by it: words that enough customers have, and enough have not; in the order of the
    words, as their customers are not told. A community is no figure for the public."""
    words = {
        word: n
        for word, n in sorted((facet.words or {}).items())
        if noise.shows(f"{facet.column} {word}", n) and noise.shows(f"not {facet.column} {word}", everybody - n)
    }
    return Facet(facet.column, words) if words else None


def figures(
    taken: Snapshot, segment: Segment, kinds: tuple[str, ...], *, internal: bool, shared: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Figures of reports, of a segment's customers; see `engine.usecases.reporting.figures`."""
    reading = taken.figures
    if not segment:
        return reporting.figures(reading, kinds, internal=internal, shared=shared)
    chosen = people.ids(taken.lookups, segment)
    with reading.warehouse(read_only=True) as store, within(store, chosen):
        return reporting.figures(reading, kinds, internal=internal, segment=True, shared=shared)


def of_segment(facts: dict[str, Any], segment: Segment) -> dict[str, Any]:
    """Facts without those that a segment does not cut and of which other parts would speak."""
    return {name: value for name, value in facts.items() if not segment or name not in _OF_ALL}


def report(
    workspace: Workspace,
    kind: str,
    to: Path,
    conditions: Iterable[str],
    *,
    json_to: Path | None = None,
    internal: bool = False,
    progress: Progress = SILENT,
) -> reporting.ReportResult:
    """Write a report of some customers: what `kindred serve` shows of the same segment.

    Args:
        workspace: an opened workspace; nothing in it is changed, the reading is in its audit log.
        kind: influence, loyalty, offers, faces, experiment or all.
        to: the page to write.
        conditions: `COLUMN=WORD` each; customers with all of them. A column of the customers' own file by its name.
        json_to: also write the same figures as JSON.
        internal: withhold and round nothing.
        progress: where bars are drawn.

    Raises:
        InputError: no such report, column or word; too few customers for the public; a file cannot be written.
        WorkspaceError: a command writes into the workspace at this moment.
    """
    kinds = reporting.kinds_of(kind)
    asked = [_condition(text) for text in conditions]
    mode = reporting.INTERNAL if internal else reporting.PUBLIC
    details = {"report": kind, "mode": mode, "columns": ", ".join(column for column, _ in asked)}
    audit.append(workspace.path, "report", "read", details=details)
    with tempfile.TemporaryDirectory(prefix="kindred-") as spill:
        taken = _taken(workspace, Path(spill))
        try:
            facets = facets_of(taken, internal=internal)
            segment = parse(asked, facets, public=not internal)
            shared: dict[str, Any] = {}
            figures(taken, Segment(), kinds, internal=internal, shared=shared)  # what stays that of everybody
            found = of_segment(figures(taken, segment, kinds, internal=internal, shared=shared), segment)
            if kind == reporting.ALL:
                found["said"] = said(taken.figures, found)
        finally:
            taken.close()
    found["report"] = kind
    found["segment"] = [{"column": named(column), "word": word} for column, word in segment.conditions]
    return reporting.written(kind, found, to, json_to=json_to, progress=progress)


def _taken(workspace: Workspace, spill: Path) -> Snapshot:
    """A snapshot, waiting a moment for whoever writes."""
    for _ in range(TRIES):
        if (taken := snapshots.take(workspace, spill)) is not None:
            return taken
        time.sleep(PAUSE_S)
    raise WorkspaceError("A command is writing into this workspace.", fix="Try again when it is done.")


def _condition(text: str) -> tuple[str, str]:
    """Column and word of `COLUMN=WORD`."""
    column, equals, word = text.partition("=")
    if not (equals and column.strip() and word.strip()):
        raise InputError(f"the segment {text!r} is not COLUMN=WORD.", fix="Write it like residence=urban.")
    column = column.strip()
    return (column if column in COMPUTED or column.startswith(OWN) else OWN + column), word.strip()

"""`kindred loyalty`: how loyal each manufacturer's customers are, from the workspace's handset histories."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from engine import runner
from engine.handsets import loyalty_public, loyalty_report
from engine.offers import owning
from engine.pipeline import handsets as stage
from engine.progress import SILENT, Progress
from engine.trust import noise as noises
from engine.workspace import Workspace


def loyalty(
    workspace: Workspace, *, by: Sequence[str] = (), public: bool = False, progress: Progress = SILENT
) -> loyalty_report.Report:
    """Loyalty by manufacturer and by columns of the customers, from the workspace's handset histories.

    Args:
        workspace: an opened workspace.
        by: columns of the customers, or `age_band`.
        public: withhold what tells of fewer than `report.min_cell` customers.
        progress: where bars are drawn.
    """
    runner.run(workspace, until="handsets", progress=progress)
    with workspace.warehouse(read_only=True) as store:
        handsets, customers = store.read("handsets"), stage.described(store, workspace.config)
    found = loyalty_report.report(
        handsets, customers, by=by, effects=partial(owning.effects, seed=workspace.config.run.seed)
    )
    if not public:
        return found
    content = noises.digest(handsets, customers.select(sorted(customers.columns)))
    return loyalty_public.public(
        found, handsets, customers, noises.of(workspace.path, content, workspace.config.report.min_cell)
    )

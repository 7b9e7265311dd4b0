"""What `kindred offers` does: train to files, judge, score from files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine import runner
from engine.errors import ModelError
from engine.learning.bases import BASES
from engine.offers import learners, models, policy, training
from engine.pipeline import Context, choices, prepared
from engine.progress import SILENT, Progress
from engine.tables import empty
from engine.workspace import Workspace

if TYPE_CHECKING:
    import polars as pl

CURRENT = "current.json"
GRAPH_PREFIXES = ("contacts_", "influencer_")
GRAPH_COLUMNS = ("degree", "in_strength", "out_strength", "coreness", "centrality_pct")


def train(workspace: Workspace, *, folder: Path | None = None, progress: Progress = SILENT) -> list[dict[str, object]]:
    """Train each offer's model on the past campaigns and keep it as a file.

    Args:
        workspace: an opened workspace; its settings say which learners are compared.
        folder: where the files go; None = `models/` in the workspace.
        progress: where bars are drawn.

    Returns:
        One row per offer: offer_id, learner, base, model_id, file, reason (why there is no model).
    """
    folder = folder or workspace.path / "models"
    with _context(workspace, "offers train", progress) as context:
        offers = context.warehouse.read("offers")
        policy.check_offers(offers)
        past = choices.read_past(context, offers, choices.acts(context))
        trained = choices.train_all(context, past, offers, choices.plan(context))
    rows: list[dict[str, object]] = []
    current = {}
    for one in trained:
        row: dict[str, object] = dict.fromkeys(("offer_id", "learner", "base", "model_id", "file"))
        row["offer_id"] = one.offer_id
        if one.model is not None:
            path = models.save(one.model, folder)
            current[one.offer_id] = path.name
            row |= {"learner": one.model.learner, "base": one.model.base, "model_id": one.model.model_id}
            row["file"] = str(path)
        rows.append({**row, "reason": one.reason or None})
    if current:
        (folder / CURRENT).write_text(json.dumps(current, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return rows


def evaluate(
    workspace: Workspace, *, learner_names: Sequence[str] | None = None, bases: Sequence[str] | None = None,
    progress: Progress = SILENT,
) -> pl.DataFrame:  # fmt: skip
    """Judge the learners on the past campaigns by every measure, what the graph adds, and the policies they lead to.

    Args:
        workspace: an opened workspace.
        learner_names: of `engine.offers.learners.LEARNERS`; None = all.
        bases: of `engine.learning.bases.BASES`; None = both.
        progress: where bars are drawn.

    Returns:
        Rows of table `offer_metrics`; nothing is stored.
    """
    with _context(workspace, "offers evaluate", progress) as context:
        offers = context.warehouse.read("offers")
        policy.check_offers(offers)
        wanted = replace(
            choices.plan(context),
            learners=tuple(learner_names or learners.LEARNERS),
            bases=tuple(bases or BASES),
            thorough=True,
        )
        past = choices.read_past(context, offers, choices.acts(context))
        trained = choices.train_all(context, past, offers, wanted)
        rows = [row for one in trained for row in one.metrics]
        graph = [c for c in past.known.columns if c in GRAPH_COLUMNS or c.startswith(GRAPH_PREFIXES)]
        for offer, one in zip(offers.iter_rows(named=True), trained, strict=True):
            if one.model is not None:
                known = choices.training_rows(context, past, offer)
                rows.append(training.added_by(known, one.offer_id, wanted, one, graph))
        return choices.metric_table(rows + choices.policies(context, past, offers, trained))


def score(workspace: Workspace, *, folder: Path | None = None, progress: Progress = SILENT) -> pl.DataFrame:
    """Score every customer by the stored models.

    Args:
        workspace: an opened workspace.
        folder: where `train` put the files; None = `models/` in the workspace.
        progress: where bars are drawn.

    Returns:
        Rows of table `uplift`; nothing is stored.

    Raises:
        ModelError: no models there, or one that does not fit (see `engine.offers.models.load`).
    """
    import polars as pl

    folder = folder or workspace.path / "models"
    try:
        current = json.loads((folder / CURRENT).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder} holds no trained models.", fix="Train them: `kindred offers train`.") from error
    loaded = [models.load(folder / name) for _, name in sorted(current.items())]
    with _context(workspace, "offers score", progress) as context:
        now = choices.score_features(context, context.warehouse.read("offers"), choices.acts(context))
    parts = []
    with progress.task("customers", now.height) as bar:
        for start in range(0, now.height, models.BATCH):
            some = now[start : start + models.BATCH]
            parts.append(choices.uplift_table(some, {m.offer_id: (m.predict(some), m.model_id) for m in loaded}))
            bar.advance(some.height)
    return pl.concat(parts) if parts else empty("uplift")


@contextmanager
def _context(workspace: Workspace, command: str, progress: Progress) -> Iterator[Context]:
    """What the stage's functions need, after the stages before it."""
    runner.run(workspace, until="handsets", progress=progress)
    with workspace.writing(command) as store:
        yield prepared(workspace, store, progress)

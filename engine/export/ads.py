"""The ads as files: what to send (manifest), what is shown (creatives) and what to look at (gallery)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import WorkspaceError
from engine.export import gallery, rows
from engine.export.form import Form
from engine.export.views import VIEWS
from engine.progress import Progress
from engine.tables import NOT_EXPORTED, TABLES
from engine.trust import ages, people

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

    from engine.config import Config
    from engine.trust.folder import Draft
    from engine.warehouse import Warehouse
    from engine.workspace import Workspace


# Of the exported table: the contract's, and the texts of the offer.
COLUMNS = [
    *(name for name in TABLES["ads"].names if name not in NOT_EXPORTED["ads"]),
    "headline",
    "body",
    "call_to_action",
]


def write(
    store: Warehouse,
    workspace: Workspace,
    draft: Draft,
    *,
    form: Form,
    progress: Progress,
) -> int:
    """Write manifest.jsonl, ads.<format>, creatives/ and gallery.html; returns the number of ads.

    Args:
        store: the workspace's database.
        workspace: whose creatives they are.
        draft: the folder being filled.
        form: of the table beside manifest.jsonl.
        progress: where bars are drawn.

    Raises:
        WorkspaceError: a creative is missing.
    """
    from engine.ads.texts import with_texts

    delivered = with_texts(store, store.query("export/delivered"))
    with draft.file("manifest.jsonl", table="ads", rows=delivered.height) as file:
        rows.write(file, iter([form.placed(delivered).to_arrow()]), Form("jsonl"))
    rows.write_files(draft, "ads", iter([form.placed(delivered).to_arrow()]), form)
    _creatives(delivered, workspace, draft, progress)
    draft.write("gallery.html", gallery.page(store, workspace.config.ads).encode())
    return delivered.height


def deliverable(store: Warehouse, config: Config, as_of: date) -> pl.DataFrame:
    """Rows of the view `delivery`: what may be sent on a day, by consent, opt-out and the offer's validity.

    One row per customer, as table `face_choices` decided. Whoever takes part in an experiment that runs on that day
    gets the ad of the assigned arm or none: where it was decided before the assignment, none until the next run.

    Args:
        store: the workspace's database.
        config: its settings.
        as_of: the day of sending, through all of which consents must hold, as they must now.
    """
    import polars as pl

    from engine.ads.texts import with_texts
    from engine.experiment.register import running

    rules = people.rules(config, store, ages.end_of(as_of))
    people.standing(store, rules)
    people.showable(store, rules)
    found = store.query("export/delivery", as_of=as_of)
    drawn = running(store, as_of).select("customer_id", assigned="arm", within="experiment_id")
    found = found.join(drawn, on="customer_id", how="left", maintain_order="left")
    as_drawn = (pl.col("assigned") == pl.col("arm")) & pl.col("within").eq_missing(pl.col("experiment_id"))
    found = found.filter(pl.col("assigned").is_null() | as_drawn)
    return with_texts(store, found).select(VIEWS["delivery"].names)


def write_delivery(
    found: pl.DataFrame,
    workspace: Workspace,
    draft: Draft,
    *,
    form: Form,
    progress: Progress,
) -> int:
    """Write delivery.<format> and the creatives it names; see `write`."""
    rows.write_files(draft, "delivery", iter([form.placed(found).to_arrow()]), form)
    _creatives(found, workspace, draft, progress)
    return found.height


def _creatives(ads: pl.DataFrame, workspace: Workspace, draft: Draft, progress: Progress) -> None:
    """Copy every creative that a frame names, once."""
    names = ads["files"].explode(empty_as_null=True).drop_nulls().unique().sort().to_list()
    with progress.task("creatives", len(names)) as bar:
        for name in names:
            source = workspace.ads / name.removeprefix("creatives/")
            if not source.is_file():
                raise WorkspaceError(
                    f"The creative {source.name} is missing from the workspace.",
                    fix="Make it again: `kindred run --force`, and delete nothing below ads/.",
                )
            draft.copy(source, name)
            bar.advance()

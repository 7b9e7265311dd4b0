"""Runs everything on an invented town, and says how much of the planted truth was found again.

Everything lies below one folder: `town/` (import files and the truth), `workspace/`, `export/`, `keys/`. The truth is
read only by `demo_truth`, after everything has run.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import config_file, runner, stages, workspace
from engine.errors import InputError, WorkspaceError
from engine.experiment import plan as plans
from engine.graph.ranking import DEFINITIONS
from engine.progress import SILENT, Progress
from engine.synth import response, town
from engine.trust import keys
from engine.usecases import (
    demo_truth,
    experiment_analysis,
    experiment_design,
    experiment_events,
    influence,
    lookalikes,
    reporting,
)

if TYPE_CHECKING:
    from engine.workspace import Workspace

MARK = ".kindred-demo"
QUICK_CUSTOMERS, QUICK_PHOTOS = 300, 36
FACES_SHOWN = 60  # customers of the page of faces
TABLES = ("devices", "customers", "offers", "treatments", "consents", "optouts", "photos", "inventory", "acts")
COMPARED = tuple(name for name in DEFINITIONS if name != "learned")  # which is what `auto` takes, where it holds
TRIAL = "simulated"  # an experiment whose answers are invented, and named so wherever it is shown
CHANCES = {"own_face": 0.4, "influencer_face": 0.75}  # planted: to buy, of those who see it; far apart, for a town
TRIAL_CUSTOMERS = 60  # fewer show nothing


@dataclass(frozen=True)
class DemoResult:
    """What the demo did; every field is plain JSON.

    Args:
        customers: in the town.
        seed: of the town.
        counts: rows per table.
        recovered: shares of the truth found, by subject.
        seconds: per step, and in all.
        paths: what to open.
    """

    customers: int
    seed: int
    counts: dict[str, int]
    recovered: dict[str, Any]
    seconds: dict[str, float]
    paths: dict[str, str]


def run(
    out: Path,
    *,
    customers: int = 1500,
    seed: int = 7,
    quick: bool = False,
    settings: Mapping[str, Any] | None = None,
    progress: Progress = SILENT,
) -> DemoResult:
    """Synthesise a town, import it, run every stage, export, and compare with the truth.

    Args:
        out: a new or empty folder, or one an earlier demo made (which is replaced).
        customers: in the town; at least 50.
        seed: of the town and of the workspace's pseudonym key: the same seed gives the same exports.
        quick: a town of at most 300 customers and 36 photos.
        settings: of the workspace it makes, `{"warehouse__engine": "spark"}`; None values are not set.
        progress: where bars are drawn.

    Raises:
        WorkspaceError: the folder holds something that is not a demo's.
        InputError: too few customers.
    """
    if customers < 50:
        raise InputError(f"{customers} customers are too few for a demo.", fix="Give at least 50.")
    settings = {name: value for name, value in (settings or {}).items() if value is not None}
    # Refused before anything is made.
    config_file.load(flags={name.replace("__", ".", 1): value for name, value in settings.items()})
    out = Path(out).resolve()
    _claim(out)
    count = min(customers, QUICK_CUSTOMERS) if quick else customers
    clock = _Clock()
    summary = town.write(
        out / "town", customers=count, seed=seed, photos=min(QUICK_PHOTOS, count) if quick else None, progress=progress
    )
    clock.lap("synth")
    with _keys_in(out / "keys"):
        space = _workspace(out, seed, summary.today, settings)
        sources = _import(space, out / "town", progress)
        clock.lap("import")
        for stage in runner.run(space, progress=progress):
            clock.seconds[stage.stage] = stage.seconds
        clock.lap("")
        trial = _experiment(space, out / "town", seed, progress)
        clock.lap("experiment")
        paths = _export(space, out, progress)
        clock.lap("export")
        paths["report"] = reporting.report(space, "all", out / "report.html", progress=progress).page
        clock.lap("report")
        # the people are invented: here alone a page may show whose face was matched with which model
        paths["faces"] = str(lookalikes.contact_sheet(space, out / "faces", limit=FACES_SHOWN, progress=progress)[1])
        named = influence.influencers(space, definitions=COMPARED, where_possible=True)
        with space.warehouse(read_only=True) as store:
            recovered = demo_truth.compare(store, out / "town" / "truth", space, named)
            counts = {name: store.count(name) for name in _counted()}
    clock.lap("compare")
    recovered = {"records": demo_truth.records(out / "town" / "truth", sources), **recovered, "experiment": trial}
    return DemoResult(count, seed, counts, recovered, clock.total(), paths)


def _experiment(space: Workspace, folder: Path, seed: int, progress: Progress = SILENT) -> dict[str, Any]:
    """Own against influencer's face on everybody eligible, with invented answers; what was planted and what is found.

    Customers are drawn one by one: a town of this size has too few clusters for an answer.
    """
    plan = plans.design(TRIAL, arms=dict.fromkeys(CHANCES, 0.5), metric="simulated_sale")
    with space.warehouse(read_only=True) as store:
        customers = len(experiment_design.population(space, store, plan).customers)
    planted = response.SEEN * (CHANCES["influencer_face"] - CHANCES["own_face"])
    facts = {"customers": customers, "planted": round(planted, 4), "found": None, "low": None, "high": None}
    if customers < TRIAL_CUSTOMERS:
        return facts
    experiment_design.design(space, TRIAL, arms=plan.arms, metric=plan.metric)
    experiment_design.assign(space, TRIAL)
    runner.run(space, progress=progress)  # whoever takes part is shown the arm that was drawn
    with space.warehouse(read_only=True) as store:
        assigned = store.query("experiment/assigned", experiment_id=TRIAL)
    for target, rows in zip(("exposures", "outcomes"), response.responses(assigned, CHANCES, seed=seed), strict=True):
        rows.write_csv(folder / f"{target}.csv", datetime_format="%Y-%m-%d %H:%M:%S")
        experiment_events.import_events(space, TRIAL, target, folder / f"{target}.csv")
    effect = experiment_analysis.analyse(space, TRIAL)["effects"][0]
    names = {"found": "difference", "low": "low", "high": "high"}
    return facts | {name: demo_truth.number(effect[column]) for name, column in names.items()}


def _claim(out: Path) -> None:
    """Make `out` ours: new, empty, or made by an earlier demo (whose parts are removed)."""
    try:
        if out.exists() and not (out / MARK).is_file() and any(out.iterdir()):
            raise WorkspaceError(f"{out} holds something that no demo made.", fix="Choose another folder with --out.")
        out.mkdir(parents=True, exist_ok=True)
        (out / MARK).write_text("Made by `kindred demo`; the next demo in this folder replaces it.\n", encoding="utf-8")
        for part in ("town", "workspace", "export", "keys"):
            if (out / part).exists():
                shutil.rmtree(out / part)
    except OSError as error:
        raise WorkspaceError(f"{out} cannot be written: {error.strerror}.", fix="Choose another folder.") from error


@contextmanager
def _keys_in(folder: Path) -> Iterator[None]:
    """Keys lie in `folder` for the duration of a `with`: a demo leaves nothing among the user's keys."""
    before = os.environ.get("KINDRED_KEYS")
    os.environ["KINDRED_KEYS"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["KINDRED_KEYS"]
        else:
            os.environ["KINDRED_KEYS"] = before


def _workspace(out: Path, seed: int, today: str, settings: Mapping[str, Any]) -> Workspace:
    """A workspace whose key follows from the seed: nobody in the town is real, and the exports can be repeated."""
    key = hashlib.sha256(b"kindred demo %d" % seed).digest()
    # The gallery shows the faces side by side.
    preset = {"ids__key_id": keys.save(key), "run__today": today, "ads__campaign": "demo", "ads__render": "all"}
    preset["ads__brand"] = str(out / "town" / "brand")
    return workspace.create(out / "workspace", preset={**preset, **settings})


def _import(space: Workspace, folder: Path, progress: Progress) -> list[Any]:
    from engine.intake.importer import import_table
    from engine.logs.importer import import_logs

    shared: dict[str, Any] = {"config": space.config, "key": space.key(), "progress": progress}
    with space.writing("demo") as store:
        done = import_logs(store, [folder / "logs" / "calls.csv"], format=None, mapping=None, options={}, **shared)
        for table in TABLES:
            done.append(
                import_table(store, table, folder / f"{table}.csv", format=None, faces_folder=space.faces, **shared)
            )
    return done


def _export(space: Workspace, out: Path, progress: Progress) -> dict[str, str]:
    from engine.export import export

    paths = {"workspace": str(space.path), "export": str(out / "export"), "keys": str(out / "keys")}
    for what, folder in (("all", "tables"), ("ads", "ads")):
        export(space, what, out / "export" / folder, format="parquet", progress=progress)
    galleries = sorted((out / "export" / "ads").rglob("*.html"))
    if galleries:
        paths["gallery"] = str(galleries[0])
    return {**paths, "truth": str(out / "town" / "truth")}


def _counted() -> list[str]:
    written = [table for stage in stages.STAGES for table in stage.writes]
    return ["parties", "events", "pair_days", *TABLES, *written]


class _Clock:
    """Seconds since the last lap."""

    def __init__(self) -> None:
        self.begun = self.last = time.monotonic()
        self.seconds: dict[str, float] = {}

    def lap(self, name: str) -> None:
        now = time.monotonic()
        if name:
            self.seconds[name] = round(now - self.last, 2)
        self.last = now

    def total(self) -> dict[str, float]:
        return {**self.seconds, "total": round(time.monotonic() - self.begun, 2)}

"""The whole job on an invented town, and how much of the planted truth the engine recovered.

Everything lies below one folder: `town/` (import files and the truth), `workspace/`, `export/`, `keys/`. The truth is
read only here, after everything has run.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import config, runner, stages, workspace
from engine.errors import InputError, WorkspaceError
from engine.experiment import plan as plans
from engine.progress import SILENT, Progress
from engine.synth import response, town
from engine.trust import keys, people
from engine.trust.pseudonyms import pseudonym
from engine.usecases import experiment_analysis, experiment_design, experiment_events, reporting

if TYPE_CHECKING:
    import polars as pl

    from engine.warehouse import Warehouse
    from engine.workspace import Workspace

MARK = ".kindred-demo"
QUICK_CUSTOMERS, QUICK_PHOTOS = 300, 36
TABLES = ("devices", "customers", "offers", "treatments", "consents", "optouts", "photos", "inventory")
TRIAL = "simulated"  # an experiment whose answers are invented, and named so wherever it is shown
CHANCES = {"own_face": 0.4, "influencer_face": 0.75}  # planted: to buy, of those who see it; far apart, for a town
TRIAL_CUSTOMERS = 60  # fewer show nothing
LATE_DAYS = 8  # a handset must be kept 7 days to count: later changes cannot be seen yet
CHANGE_SLACK_DAYS = 10  # a change is seen with the first record from the new handset


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
    config.load(flags={name.replace("__", ".", 1): value for name, value in settings.items()})
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
        trial = _experiment(space, out / "town", seed)
        clock.lap("experiment")
        paths = _export(space, out, progress)
        clock.lap("export")
        paths["report"] = reporting.report(space, "all", out / "report.html", progress=progress).page
        clock.lap("report")
        with space.warehouse(read_only=True) as store:
            recovered = compare(store, out / "town" / "truth", space)
            counts = {name: store.count(name) for name in _counted()}
    clock.lap("compare")
    recovered = {"records": _records(out / "town" / "truth", sources), **recovered, "experiment": trial}
    return DemoResult(count, seed, counts, recovered, clock.total(), paths)


def compare(store: Warehouse, truth: Path, space: Workspace) -> dict[str, Any]:
    """What the engine found of the planted truth.

    Args:
        store: the workspace's database, after a full run.
        truth: the town's folder `truth`.
        space: the workspace (its settings and its key).

    Returns:
        Plain figures by subject; a share is None where there was nothing to find.
    """
    known = _Truth(truth, space.key())
    return {
        "influencers": _influencers(store, known, space.config.graph.definition),
        "call_centres": _hubs(store, known),
        "handset_changes": _changes(store, known),
        "uplift": _uplift(store, known),
        "policy": _policy(store, known, space),
        "faces": _faces(store, known),
        "look_alikes": _look_alikes(store, known),
    }


class _Truth:
    """The truth's files, ids turned into the workspace's pseudonyms."""

    def __init__(self, folder: Path, key: bytes) -> None:
        self.folder, self.key = folder, key
        self.facts: dict[str, Any] = json.loads((folder / "truth.json").read_text(encoding="utf-8"))

    def table(self, name: str, *ids: str) -> pl.DataFrame:
        import polars as pl

        content = (self.folder / f"{name}.csv").read_bytes()  # polars would take the folder's name for a pattern
        frame = pl.read_csv(content, schema_overrides=dict.fromkeys(ids, pl.String))
        return frame.with_columns(
            pl.col(c).map_elements(lambda v: pseudonym(v, self.key), return_dtype=pl.String) for c in ids
        )


def _influencers(store: Warehouse, known: _Truth, definition: str) -> dict[str, Any]:
    """Top-1 and top-3 agreement over customers who have contacts and whose planted influencer may be used."""
    import polars as pl

    parties = store.read("parties")
    out = parties.filter("opted_out")["party_id"].implode()
    planted = known.table("influencers", "customer_id", "influencer_id")
    planted = planted.filter(~pl.col("influencer_id").is_in(out))
    found = store.read("influencers").join(planted, on="customer_id")
    hit = pl.col("contact_id") == pl.col("influencer_id")
    result: dict[str, Any] = {"customers": found["customer_id"].n_unique()}
    for name in dict.fromkeys((definition, "strongest")):
        rows = found.filter(pl.col("definition") == name)
        result[f"{name}_first"] = _mean(rows.filter(pl.col("rank") == 1).select(hit).to_series())
        result[f"{name}_among_3"] = _mean(
            rows.filter(pl.col("rank") <= 3).group_by("customer_id").agg(hit.any().alias("hit"))["hit"]
        )
    return result


def _hubs(store: Warehouse, known: _Truth) -> dict[str, Any]:
    planted = {pseudonym(hub, known.key) for hub in known.facts["hubs"]}
    parties = store.read("parties")
    found = set(store.read("hubs").join(parties, on="node")["party_id"])
    return {"planted": len(planted), "found": len(planted & found), "wrong": len(found - planted)}


def _changes(store: Warehouse, known: _Truth) -> dict[str, Any]:
    """Planted changes that a spell starting within ten days shows, and spells that nothing planted explains."""
    import polars as pl

    last = town.TODAY - timedelta(days=LATE_DAYS)
    out = store.read("parties").filter("opted_out")["party_id"].implode()
    planted = known.table("handset_changes", "customer_id").with_columns(pl.col("day").str.to_date())
    planted = planted.filter((pl.col("day") <= last.date()) & ~pl.col("customer_id").is_in(out))
    spells = store.read("handsets").filter(pl.col("spell") > 1)
    pairs = planted.join(spells, on=["customer_id", "manufacturer"])
    late = (pl.col("first_at") - pl.col("day")).dt.total_days()
    pairs = pairs.filter((late >= 0) & (late <= CHANGE_SLACK_DAYS))
    found = pairs.unique(["customer_id", "day"]).height
    return {
        "planted": planted.height,
        "found": found,
        "share": found / planted.height if planted.height else None,
        "wrong": spells.height - pairs.unique(["customer_id", "spell"]).height,
    }


def _uplift(store: Warehouse, known: _Truth) -> dict[str, Any]:
    """Correlation of predicted with true uplift, over everything and per offer."""
    import polars as pl

    both = store.read("uplift").join(
        known.table("uplift", "customer_id").rename({"uplift": "true"}), on=["customer_id", "offer_id"]
    )
    if both.height < 3:
        return {"pairs": both.height, "correlation": None, "by_offer": {}}
    varies = pl.col("uplift").std() > 1e-9  # one effect for all differs in its last digit at most
    by_offer = both.group_by("offer_id").agg(r=pl.when(varies).then(pl.corr("uplift", "true"))).sort("offer_id")
    return {
        "pairs": both.height,
        "correlation": _number(both.select(pl.corr("uplift", "true")).item()),
        "by_offer": {offer: _number(r) for offer, r in by_offer.iter_rows()},
    }


def _policy(store: Warehouse, known: _Truth, space: Workspace) -> dict[str, Any]:
    """True value per customer of the choices, beside the oracle's and the simple alternatives'.

    Over adults who agreed to offers; value x true uplift - cost, 0 for no offer.
    """
    import polars as pl

    people.standing(store, people.rules(space.config, store))
    choices = store.read("choices").join(store.query("trust/may_get_offers"), on="customer_id", how="semi")
    worth = known.table("uplift", "customer_id").join(store.read("offers"), on="offer_id")
    worth = worth.join(choices.select("customer_id"), on="customer_id")
    worth = worth.select("customer_id", "offer_id", gain=pl.col("value") * pl.col("uplift") - pl.col("cost"))
    if not worth.height:
        return {"customers": 0}
    chosen = choices.join(worth, on=["customer_id", "offer_id"], how="left")["gain"].fill_null(0.0)
    best = worth.group_by("customer_id").agg(pl.col("gain").max().clip(0))
    single = worth.group_by("offer_id").agg(pl.col("gain").mean()).sort("gain", "offer_id").row(-1, named=True)
    oracle = best["gain"].mean()
    return {
        "customers": choices.height,
        "offers_made": choices["offer_id"].count(),
        "value": _number(chosen.mean()),
        "oracle": _number(oracle),
        "share_of_oracle": _number(chosen.mean() / oracle) if oracle else None,
        "best_single_offer": single["offer_id"],
        "best_single": _number(max(single["gain"], 0.0)),
        "random_offer": _number(worth["gain"].mean()),
    }


def _faces(store: Warehouse, known: _Truth) -> dict[str, Any]:
    import polars as pl

    faces = store.read("faces", ["sha256", "face", "status", "model_id"])
    best = faces.group_by("sha256", "model_id").agg(ok=(pl.col("status") == "ok").any(), st=pl.col("status").first())
    counts = dict(best["st"].value_counts(sort=True).sort("st").iter_rows())
    return {
        "photos": best.height,
        "usable": _mean(best["ok"]),
        "without_a_face": known.facts["photos_without_a_face"],
        "status": counts,
        "influencers_by_rank": {str(rank): n for rank, n in store.query("report/match_ranks").iter_rows()},
    }


def _look_alikes(store: Warehouse, known: _Truth) -> dict[str, Any]:
    """Share of planted look-alikes that were the match, by arm; influencer's only where the influencer was found.

    An influencer's look-alike is to be found seldom: the photo would name the influencer (`engine.faces.contacts`).
    """
    import polars as pl

    planted = known.table("lookalikes", "customer_id").rename({"photo_id": "planted"})
    matches = store.read("matches").filter(pl.col("status") == "matched")
    leads = known.table("influencers", "customer_id", "influencer_id")
    both = matches.join(planted, on=["customer_id", "arm"]).join(leads, on="customer_id", how="left")
    found = (pl.col("arm") == "own_face") | (pl.col("subject_id") == pl.col("influencer_id"))
    result: dict[str, Any] = {}
    for arm in ("own_face", "influencer_face"):
        rows = both.filter((pl.col("arm") == arm) & found)
        result[arm] = {
            "planted": rows.height,
            "found": _mean(rows.select(pl.col("photo_id") == pl.col("planted")).to_series()),
        }
    return result


def _records(truth: Path, sources: list[Any]) -> dict[str, Any]:
    """Rows kept, merged and rejected at import, beside the dirt that was planted."""
    log = json.loads((truth / "truth.json").read_text(encoding="utf-8"))["log"]
    logs = [s for s in sources if s.target == "logs"]
    rejected = ("self_call", "missing_party", "negative_duration", "bad_time", "implausible_time")
    return {
        "rows": sum(s.rows_in for s in logs),
        "planted_rows": log["rows"],
        "events": sum(s.rows_kept for s in logs),
        "planted_events": log["events"],
        "duplicate": sum(s.rows_duplicate for s in logs),
        "planted_duplicate": log["second_legs"] + log["repeated_rows"],
        "rejected": sum(s.rows_rejected for s in logs),
        "planted_rejected": sum(log[name] for name in rejected),
    }


def _experiment(space: Workspace, folder: Path, seed: int) -> dict[str, Any]:
    """Own against influencer's face on everybody eligible, with invented answers; what was planted and what is found.

    Customers are drawn one by one: a town of this size has too few clusters for an answer.
    """
    plan = plans.design(TRIAL, arms=dict.fromkeys(CHANCES, 0.5), metric="simulated_sale")
    with space.warehouse(read_only=True) as store:
        customers = len(experiment_design.population(space, store, plan).customers)
    planted = response.SEEN * (CHANCES["influencer_face"] - CHANCES["own_face"])
    told = {"customers": customers, "planted": round(planted, 4), "found": None, "low": None, "high": None}
    if customers < TRIAL_CUSTOMERS:
        return told
    experiment_design.design(space, TRIAL, arms=plan.arms, metric=plan.metric)
    experiment_design.assign(space, TRIAL)
    with space.warehouse(read_only=True) as store:
        assigned = store.query("experiment/assigned", experiment_id=TRIAL)
    for target, rows in zip(("exposures", "outcomes"), response.responses(assigned, CHANCES, seed=seed), strict=True):
        rows.write_csv(folder / f"{target}.csv", datetime_format="%Y-%m-%d %H:%M:%S")
        experiment_events.import_events(space, TRIAL, target, folder / f"{target}.csv")
    effect = experiment_analysis.analyse(space, TRIAL)["effects"][0]
    names = {"found": "difference", "low": "low", "high": "high"}
    return told | {name: _number(effect[column]) for name, column in names.items()}


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
    return workspace.create(out / "workspace", preset={**preset, **settings})


def _import(space: Workspace, folder: Path, progress: Progress) -> list[Any]:
    from engine.intake.importer import import_table
    from engine.logs.importer import import_logs

    shared = {"config": space.config, "key": space.key(), "progress": progress}
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


def _mean(values: pl.Series) -> float | None:
    return None if values.len() == 0 else round(float(values.mean()), 4)


def _number(value: float | None) -> float | None:
    """Rounded for printing; None where there is no number (a constant has no correlation)."""
    return None if value is None or value != value else round(float(value), 4)


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

"""Workspaces that histories start from: made once, then copied."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

from tests.rules import checks, steps
from tests.rules.model import PURPOSES, Consent, Rules, Settings
from tests.rules.world import CROWD, FRIENDS, PORTRAITS, Base, World

if TYPE_CHECKING:
    from engine.workspace import Workspace

SETTINGS = {
    "run__threads": 1, "ids__rules": 1, "graph__min_active_days": 1, "offers__bases": "logistic", "offers__folds": 2,
    "offers__bootstrap": 20, "offers__min_rows_per_arm": 2, "offers__level": 0.0, "ads__sizes": "300x250",
    "faces__explore": 0.0,
}  # fmt: skip
CAMPAIGN = datetime(2026, 2, 18, 10)


@contextmanager
def remembered() -> Iterator[None]:
    """What the analysis of a photo gave is kept for the next workspace: the same photo gives the same rows."""
    from engine.pipeline import matches

    real, known = matches.analyse, {}

    def analyse(paths: dict[str, Path], *, mode: str, **options: Any) -> Iterator[Any]:
        import polars as pl

        new = {sha: path for sha, path in paths.items() if (mode, sha) not in known}
        for batch in real(new, mode=mode, **options) if new else ():
            for (sha,), rows in batch.group_by("sha256"):
                known[mode, sha] = rows
        if paths:
            yield pl.concat([known[mode, sha] for sha in sorted(paths)])

    with mock.patch.object(matches, "analyse", analyse):
        yield


@contextmanager
def quick_commands() -> Iterator[None]:
    """The tree of commands is built once and not for every command."""
    from typer.main import get_command

    with mock.patch("typer.testing._get_command", cache(get_command)):
        yield


class Bases:
    """The workspaces that histories start from, made once: call it with a name.

    bare: call records, offers, past campaigns and campaign photos. full: customers of 30, their photos and consents
    as well, after a finished run.

    Args:
        folder: where they lie.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._made: dict[str, Base] = {}
        self._open = ExitStack()
        self._open.enter_context(remembered())
        self._open.enter_context(quick_commands())

    def close(self) -> None:
        """Let the process be as it was."""
        self._open.close()

    def __call__(self, name: str) -> Base:
        """The base of that name."""
        if not self._made:
            self._make()
        return self._made[name]

    def _make(self) -> None:
        import engine

        empty = self.folder / "empty"
        draw(empty / "files")
        _with_policy(engine.create(empty / "w", **SETTINGS))
        start = Base(empty, Rules(Settings()), {}, [])
        learned = World(start, self.folder / "learned", Settings())
        learned._command("import", "photos", _table_of_portraits(learned.files))
        known = checks.look(learned.path / "kindred.duckdb")["photos"]
        start.portraits = {row["sha256"]: row["customer_id"] for row in known}
        bare = World(start, self.folder / "bare", Settings())
        bare._command("import", "inventory", bare.files / "inventory")
        bare.play([_calls(), steps.Offers((("alpha", 1, None), ("beta", 1, None))), _campaign()])
        self._made["bare"] = Base(bare.folder, bare.rules, start.portraits, bare.imports)
        full = World(self._made["bare"], self.folder / "full", Settings())
        full.play([
            steps.Customers(tuple((p, 30, None) for p in FRIENDS), ("age",)),
            steps.Photos(tuple(zip(FRIENDS, PORTRAITS, strict=False))),
            steps.Consents(tuple(Consent(p, purpose, steps.LONG_AGO) for p in FRIENDS for purpose in PURPOSES)),
            steps.Run(),
        ])  # fmt: skip
        self._made["full"] = Base(full.folder, full.rules, start.portraits, full.imports)


def _with_policy(space: Workspace) -> None:
    """A policy that prefers faces as the rules do without one: so deliveries note what is known of whom they reach."""
    from engine.faces import model_id
    from engine.policy import stored
    from engine.policy.model import SINGLE, FacePolicy

    arms, about = ("own_face", "influencer_face", "no_face"), {"faces_model": model_id(space.config.faces, "inventory")}
    with space.writing("test") as store, store.transaction():
        stored.write(store, FacePolicy(SINGLE, arms, (3.0, 2.0, 1.0), arms[0], about=about), {})


def draw(folder: Path) -> None:
    """Portraits of the people and, in `inventory/`, campaign photos of others."""
    import numpy as np
    from PIL import Image

    from engine.synth import looks, portraits

    (folder / "inventory").mkdir(parents=True)
    people = looks.people(np.random.default_rng(5), np.full(11, 30), np.arange(11) % 2 == 0)
    for number, name in enumerate(PORTRAITS):
        Image.fromarray(portraits.draw(people[number], size=200, seed=number)).save(folder / f"{name}.png")
    for number in range(4):
        picture = portraits.draw(people[7 + number], size=200, seed=50 + number, studio=True)
        Image.fromarray(picture).save(folder / "inventory" / f"m{number}.png")


def _table_of_portraits(folder: Path) -> Path:
    path = folder / "all.csv"
    path.write_text("customer_id,path\n" + "".join(f"{name},{name}.png\n" for name in PORTRAITS))
    return path


def _calls() -> steps.Logs:
    """Six friends who call each other on six days; whose influence is whose is for the product to say."""
    pairs = ((0, 1), (1, 0), (2, 0), (0, 2), (3, 4), (4, 3), (5, 1), (1, 5), (3, 0), (0, 3))
    return steps.Logs(tuple(
        (FRIENDS[a], FRIENDS[b], datetime(2026, 2, 15 + number, 8 + a, 10 * b)) for number in range(6) for a, b in pairs
    ))  # fmt: skip


def _campaign() -> steps.Treatments:
    """A third got each offer and a third none; either offer doubles the share that accepts, for everybody alike."""
    rows = []
    for number, person in enumerate(CROWD):
        offer = ("alpha", "beta", "")[number % 3]
        accepted = (number // 3) % 3 != 0 if offer else (number // 3) % 3 == 0
        rows.append((person, offer, int(accepted), (CAMPAIGN.date() - steps.FIRST_DAY).days))
    return steps.Treatments(tuple(rows))

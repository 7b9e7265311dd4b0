"""Kill `kindred` anywhere, run it again, and compare with an undisturbed run, byte for byte.

Each command of a short story (import …, run, export) starts from a copy of the workspace as it was before it. It is
killed with SIGKILL, either after a random time or at a numbered step (just before the n-th statement, commit, rename,
replacement or fsync), run again, and must then have left exactly what the undisturbed command left: the same rows in
every table, the same bytes in `export all`, a whole audit log, no unfinished file.

`python -m tests.crash` runs many moments; tests/crash/test_crash_moments.py a few.
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from engine import workspace
from engine.errors import EngineError
from engine.synth import town as synth
from engine.tables import TABLES
from engine.trust import audit
from tests.crash.server import Server

# What may differ between two runs: when something ran.
TIMES = ("imported_at",)
LATER = ("audit.jsonl", "audit.head", ".lock", "backups", "kindred.duckdb", "kindred.duckdb.wal")


@dataclass(frozen=True)
class Command:
    """One command of the story: a name for messages, its arguments; `{in}`, `{w}`, `{out}` stand for the folders."""

    name: str
    args: tuple[str, ...]


@dataclass
class Story:
    """The commands with, per command, the workspace before it, how long it takes undisturbed and in which steps."""

    folder: Path
    commands: tuple[Command, ...]
    server: Server
    seconds: dict[str, float] = field(default_factory=dict)
    steps: dict[str, list[str]] = field(default_factory=dict)
    after: dict[str, dict[str, str]] = field(default_factory=dict)

    def before(self, command: Command) -> Path:
        """The folder that holds workspace and export as they were before `command`."""
        return self.folder / "before" / command.name.replace(" ", "-")


def commands(tables: Sequence[str]) -> tuple[Command, ...]:
    """The story: imports of these tables, then run, then export."""
    imports = [Command(f"import {t}", ("import", t, f"{{in}}/{_file(t)}", "-w", "{w}")) for t in tables]
    run = Command("run", ("run", "-w", "{w}", "--threads", "1"))
    export = Command("export", ("export", "all", "--to", "{out}", "--format", "jsonl", "-w", "{w}"))
    again = Command("export again", export.args)
    return (*imports, run, export, again)


def tell(server: Server, folder: Path, inputs: Path, story: Sequence[Command]) -> Story:
    """Run the story undisturbed, keeping a copy before each command.

    Args:
        server: what runs the commands.
        folder: empty; everything is kept below it.
        inputs: the import files.
        story: its commands.
    """
    told = Story(folder, tuple(story), server)
    shutil.copytree(inputs, folder / "in")
    place = folder / "undisturbed"
    place.mkdir()
    if complaint := _run(told, place, ("init", "{w}")):
        raise RuntimeError(complaint)
    for command in story:
        shutil.copytree(place, told.before(command))
        started = time.monotonic()
        if complaint := _run(told, place, command.args):
            raise RuntimeError(f"{command.name}: {complaint}")
        told.seconds[command.name] = time.monotonic() - started
        told.after[command.name] = state(place)
    return told


def steps(told: Story, command: Command) -> list[str]:
    """The names of the steps at which a command can be killed, in order; the n-th is step n, from 1."""
    if command.name not in told.steps:
        place = told.folder / "counting"
        shutil.copytree(told.before(command), place)
        _start(told, place, command.args, step=0)
        if code := told.server.wait():
            raise RuntimeError(f"{command.name} ends with {code} when its steps are counted")
        told.steps[command.name] = (told.folder / "said.steps").read_text().splitlines()
        shutil.rmtree(place)
    return told.steps[command.name]


def named_steps(told: Story) -> list[tuple[Command, int]]:
    """Every differently named step of the story, where it comes first."""
    first: dict[str, tuple[Command, int]] = {}
    for command in told.commands:
        for number, name in enumerate(steps(told, command), start=1):
            first.setdefault(name, (command, number))
    return list(first.values())


def kill(told: Story, command: Command, *, after: float | None = None, step: int | None = None) -> list[str]:
    """Kill a command after some seconds or at a step, run it again and compare.

    Returns:
        What is wrong, in words; empty when all is well.
    """
    place = told.folder / "killed"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(told.before(command), place)
    process = _start(told, place, command.args, step=step)
    if after is not None:
        time.sleep(after)
        # Its workers too: what is killed is the machine's process, not a polite parent. (No such group: it has not
        # become a group yet, or it was faster.)
        for end in (os.killpg, os.kill):
            with suppress(ProcessLookupError):
                end(process, signal.SIGKILL)
                break
    killed = told.server.wait()
    if killed not in (0, -signal.SIGKILL):
        return [f"ended with {killed} instead of being killed"]
    wrong = []
    try:
        _tables(place / "w")
    except EngineError as error:
        wrong.append(f"unreadable after the kill: {error}")
    if complaint := _run(told, place, command.args):
        return [*wrong, f"cannot be run again: {complaint}"]
    wrong += differences(told.after[command.name], state(place))
    verdict = audit.verify(place / "w")
    return wrong + [f"audit log: {problem}" for problem in verdict.problems]


def differences(wanted: dict[str, str], found: dict[str, str]) -> list[str]:
    """What differs between two states, in words."""
    lines = [f"{name} is missing" for name in sorted(wanted.keys() - found.keys())]
    lines += [f"{name} should not be there" for name in sorted(found.keys() - wanted.keys())]
    return lines + [f"{name} differs" for name in sorted(wanted.keys() & found.keys()) if wanted[name] != found[name]]


def state(place: Path) -> dict[str, str]:
    """A hash of every table's rows (when something ran left out) and of every file, by name."""
    found = {f"table {name}": digest for name, digest in _tables(place / "w").items()}
    for path in sorted(place.rglob("*")):
        inner = path.relative_to(place)
        if path.is_file() and inner.parts[1:2] not in [(name,) for name in LATER]:
            found[str(inner)] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def _tables(folder: Path) -> dict[str, str]:
    found = {}
    with workspace.open_(folder).warehouse(read_only=True) as store:
        for name in TABLES:
            frame = store.read(name)
            if name == "runs":
                frame = frame.select("stage", "rows", "status").sort("stage")
            rows = frame.drop(TIMES, strict=False).write_json()
            found[name] = hashlib.sha256(rows.encode()).hexdigest()
    return found


def _campaigns(town: Path, file: Path) -> None:
    """Past campaigns in which the first two offers plainly persuade: fifty people are too few for subtler truths."""
    offers = [line.split(",")[0] for line in (town / "offers.csv").read_text().splitlines()[1:3]]
    customers = [line.split(",")[0] for line in (town / "customers.csv").read_text().splitlines()[1:]]
    chance = random.Random(5)
    lines = ["customer_id,campaign_id,offer_id,sent_at,propensity,accepted"]
    for campaign in range(4):
        for customer in customers:
            arm = chance.choice([*offers, ""])
            accepted = chance.random() < (0.7 if arm else 0.3)
            day = f"2025-0{campaign + 5}-01T09:00:00"
            lines.append(f"{customer},c{campaign},{arm},{day},0.3333,{str(accepted).lower()}")
    file.write_text("\n".join(lines) + "\n")


def _file(table: str) -> str:
    return f"{table}.csv"


def _filled(folder: Path, place: Path, args: Sequence[str]) -> list[str]:
    return [a.format_map({"in": folder / "in", "w": place / "w", "out": place / "out"}) for a in args]


def _start(told: Story, place: Path, args: Sequence[str], step: int | None = None) -> int:
    fixed = {
        # One key and one day, so that two workspaces give the same bytes.
        "KINDRED_KEY": "5a" * 32,
        "KINDRED_RUN_TODAY": "2026-01-15",
        # As little to compute as there may be: every step is taken, none is long.
        "KINDRED_OFFERS_MIN_ROWS_PER_ARM": "3",
        "KINDRED_OFFERS_BASES": "logistic",
        "KINDRED_OFFERS_BOOTSTRAP": "20",
        "KINDRED_OFFERS_FOLDS": "2",
        "KINDRED_FACES_PRECISION": "fp32",
        "KINDRED_ADS_SIZES": "300x250",
        "KINDRED_KEYS": str(told.folder / "keys"),
    }
    return told.server.start(_filled(told.folder, place, args), fixed, told.folder / "said", step)


def _run(told: Story, place: Path, args: Sequence[str]) -> str:
    """Run a command to its end; returns what it complained of, empty when it ended well."""
    _start(told, place, args)
    code = told.server.wait()
    return f"ends with {code}: {(told.folder / 'said').read_text().strip()}" if code else ""


def tiny(folder: Path, *, photos: int = 1, models: int = 2, calls: int = 600) -> Path:
    """Import files of a small invented town below `folder`, with few photos because each costs most of a run."""
    town = folder / "town"
    synth.write(town, customers=50, photos=photos, seed=3)
    inputs = folder / "tiny"
    inputs.mkdir()
    for name in ("customers", "devices", "offers", "consents"):
        shutil.copy(town / f"{name}.csv", inputs)
    _campaigns(town, inputs / "treatments.csv")
    with open(town / "logs" / "calls.csv") as whole, open(inputs / "logs.csv", "w") as part:
        part.writelines(line for number, line in enumerate(whole) if number <= calls)
    (inputs / "optouts.csv").write_text("customer_id,since\n+36209999999,2026-01-01T00:00:00\n")
    for name, kept in (("photos", photos), ("inventory", models)):
        lines = (town / f"{name}.csv").read_text().splitlines()[: kept + 1]
        (inputs / name).mkdir()
        (inputs / f"{name}.csv").write_text("\n".join(lines) + "\n")
        for path in sorted((town / name).iterdir()):
            if any(path.name in line for line in lines):
                shutil.copy(path, inputs / name)
    return inputs

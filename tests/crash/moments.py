"""Kill `kindred` anywhere, look at what is there, run it again, and compare with an undisturbed run.

Each command of a story starts from a copy of the workspace as it was before it. It is killed with SIGKILL, either
after a random time or at a numbered step (see `stepper`). What is there then must be the state before, the state
after, or one that the command's rule allows (`rules`). Run again, it must have left exactly what the undisturbed
command left: the same rows in every table and backup, the same bytes in every file, a whole audit log, no unfinished
file.

`python -m tests.crash` runs many moments; tests/crash/test_crash_*.py a few.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from engine.workspace import DATABASE
from tests.crash import rules
from tests.crash.server import Server
from tests.crash.state import FIXED, State, read, state
from tests.crash.story import LITTLE, Command, customers, middle


@dataclass
class Story:
    """The commands with, per command, how long it takes undisturbed, in which steps, and the states around it."""

    folder: Path
    commands: tuple[Command, ...]
    server: Server
    seconds: dict[str, float] = field(default_factory=dict)
    steps: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    states: dict[str, tuple[State, State]] = field(default_factory=dict)

    def before(self, command: Command) -> Path:
        """The folder that holds workspace and exports as they were before `command`."""
        return self.folder / "before" / command.name.replace(" ", "-")

    def command(self, name: str) -> Command:
        """The command of that name."""
        return next(command for command in self.commands if command.name == name)


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
    found = State()
    for command in story:
        if command.prepare:
            command.prepare(place)
            found = state(place)
        shutil.copytree(place, told.before(command))
        started = time.monotonic()
        if complaint := _run(told, place, command.args):
            raise RuntimeError(f"{command.name}: {complaint}")
        told.seconds[command.name] = time.monotonic() - started
        before, found = found, state(place)
        told.states[command.name] = before, found
    return told


def steps(told: Story, command: Command, sabotage: str = "") -> list[str]:
    """The names of the steps at which a command can be killed, in order; the n-th is step n, from 1."""
    key = command.name, sabotage
    if key not in told.steps:
        place = told.folder / "counting"
        shutil.copytree(told.before(command), place)
        _start(told, place, command.args, step=0, sabotage=sabotage)
        if code := told.server.wait():
            raise RuntimeError(f"{command.name} ends with {code} when its steps are counted: {_said(told)}")
        told.steps[key] = (told.folder / "said.steps").read_text().splitlines()
        shutil.rmtree(place)
    return told.steps[key]


def named_steps(told: Story, sabotage: str = "") -> list[tuple[Command, int]]:
    """Every differently named step of each command, where it comes first."""
    found = []
    for command in told.commands:
        first: dict[str, int] = {}
        for number, name in enumerate(steps(told, command, sabotage), start=1):
            first.setdefault(name, number)
        found += [(command, number) for number in first.values()]
    return found


def kill(
    told: Story, command: Command, *, after: float | None = None, step: int | None = None, sabotage: str = ""
) -> list[str]:
    """Kill a command after some seconds or at a step, look, run it again and compare.

    Args:
        told: the story.
        command: of it.
        after: seconds.
        step: or the step at which it ends.
        sabotage: run it with that fault, and do not run it again: what counts is what the kill leaves.

    Returns:
        What is wrong, in words; empty when all is well.
    """
    place = told.folder / "killed"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(told.before(command), place)
    process = _start(told, place, command.args, step=step, sabotage=sabotage)
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
        return [f"ended with {killed} instead of being killed: {_said(told)}"]
    before, wanted = told.states[command.name]
    found = state(place)
    wrong = [f"after the kill: {text}" for text in rules.check(command.rule, before, wanted, found)]
    return wrong if sabotage else wrong + _again(told, command, place, found)


def _again(told: Story, command: Command, place: Path, found: State) -> list[str]:
    """Run a command that was killed again and compare; returns what is wrong."""
    before, wanted = told.states[command.name]
    complaint = _run(told, place, command.args)
    if not complaint:
        left = state(place)
        if not command.sweeps:
            left = replace(left, drafts=tuple(name for name in left.drafts if not name.startswith("w/.tmp/")))
        return [f"after the repeat: {text}" for text in rules.differences(wanted, left)]
    if not command.refused or not re.search(command.refused, complaint):
        return [f"cannot be run again: {complaint}"]
    if found.rows == before.rows != {}:
        return [f"refused though it is not done: {complaint}"]
    return [f"after it was refused: {text}" for text in rules.check(command.rule, before, wanted, state(place))]


def _filled(told: Story, place: Path, args: Sequence[str]) -> list[str]:
    inputs = told.folder / "in"
    one, two = customers(inputs)[:2]
    names: dict[str, object] = {"in": inputs, "w": place / "w", "out": place / "out", "mail": place / "mail"}
    if "{undone}" in args:
        lines = map(json.loads, read(told.folder / "before" / "imports-undo" / "w" / DATABASE)["sources"])
        names["undone"] = max((s["number"], s["source_id"]) for s in lines if s["target"] == "logs")[1]
    return [a.format_map({**names, "one": one, "two": two, "day": middle(inputs)}) for a in args]


def _start(told: Story, place: Path, args: Sequence[str], step: int | None = None, sabotage: str = "") -> int:
    fixed: Mapping[str, str] = {**FIXED, **LITTLE, "KINDRED_KEYS": str(told.folder / "keys")}
    return told.server.start(_filled(told, place, args), fixed, told.folder / "said", step, sabotage)


def _run(told: Story, place: Path, args: Sequence[str]) -> str:
    """Run a command to its end; returns what it complained of, empty when it ended well."""
    _start(told, place, args)
    code = told.server.wait()
    return f"ends with {code}: {_said(told)}" if code else ""


def _said(told: Story) -> str:
    return (told.folder / "said").read_text().strip()

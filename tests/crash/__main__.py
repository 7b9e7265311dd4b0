"""Many kills: `python -m tests.crash [--moments 200] [--seed 7]`. Ends with 1 when any left something wrong.

Every second kill is at a random time, the others at the differently named steps of each command in a shuffled order.
Runs with other seeds choose other moments, so a long run can be done in turns.

With `--sabotage NAME` a fault is planted first (`tests/crash/sabotage.py`): then it ends with 1 when no kill notices.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.crash import moments, story
from tests.crash.moments import Story
from tests.crash.sabotage import SABOTAGES
from tests.crash.server import Server


def main() -> int:
    """Kill at random times and at named steps in turn; print what went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moments", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--sabotage", choices=sorted(SABOTAGES), default="")
    parser.add_argument("--only", metavar="COMMAND", default="", help="kill only commands whose name begins so")
    given = parser.parse_args()
    server = Server()
    with tempfile.TemporaryDirectory(prefix="kindred-crash-") as name:
        base, folder = Path(name) / "base", Path(name) / "story"
        base.mkdir()
        folder.mkdir()
        told = moments.tell(server, folder, story.tiny(base), story.commands())
        told.commands = tuple(c for c in told.commands if c.name.startswith(given.only))
        noticed = _kill(told, random.Random(given.seed), given.moments, given.sabotage)
    server.close()
    for command, (kills, wrong) in noticed.items():
        print(f"{kills:6d} kills of {command}, {wrong} left something wrong")
    wrong = sum(found for _, found in noticed.values())
    fault = f"sabotage {given.sabotage}" if given.sabotage else "no fault planted"
    print(f"{given.moments} kills, {fault}: {wrong} of them left something wrong (seed {given.seed})")
    return int(not wrong) if given.sabotage else int(bool(wrong))


def _kill(told: Story, chance: random.Random, many: int, sabotage: str) -> dict[str, tuple[int, int]]:
    """Kill so many times; returns per command how often, and how often that left something wrong."""
    named = moments.named_steps(told, sabotage)
    chance.shuffle(named)
    kills, wrong = Counter[str](), Counter[str]()
    for number in range(many):
        if number % 2:
            command, step = named[number // 2 % len(named)]
            where = f"step {step} ({moments.steps(told, command, sabotage)[step - 1][:60]})"
            found = moments.kill(told, command, step=step, sabotage=sabotage)
        else:
            command = chance.choice(told.commands)
            after = chance.uniform(0.0, 1.05 * told.seconds[command.name])
            where, found = f"{after:.3f} s", moments.kill(told, command, after=after, sabotage=sabotage)
        kills[command.name] += 1
        wrong[command.name] += bool(found)
        print(f"{number + 1:4d} {command.name}, {where}: {'; '.join(found) or 'as it must be'}", flush=True)
    print(f"at {min(many // 2, len(named))} of {len(named)} named steps, the others at random times")
    return {name: (kills[name], wrong[name]) for name in kills}


if __name__ == "__main__":
    sys.exit(main())

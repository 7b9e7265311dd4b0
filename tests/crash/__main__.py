"""Many kills: `python -m tests.crash [--moments 200] [--seed 7]`. Ends with 1 when any left something wrong.

Every second kill is at a random time, the others at the differently named steps in a shuffled order. Runs with other
seeds choose other moments, so a long run can be done in turns.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path

from tests.crash import moments
from tests.crash.server import Server

TABLES = ("logs", "customers", "devices", "offers", "treatments", "consents", "optouts", "photos", "inventory")


def main() -> int:
    """Kill at random times and at named steps in turn; print what went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moments", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    chance = random.Random(given.seed)
    wrong = 0
    server = Server()
    with tempfile.TemporaryDirectory(prefix="kindred-crash-") as name:
        base, folder = Path(name) / "base", Path(name) / "story"
        base.mkdir()
        folder.mkdir()
        told = moments.tell(server, folder, moments.tiny(base), moments.commands(TABLES))
        imports, rest = told.commands[: len(TABLES)], told.commands[len(TABLES) :]
        named = moments.named_steps(told)
        chance.shuffle(named)
        for number in range(given.moments):
            if number % 2:
                command, step = named[number // 2 % len(named)]
                where, found = f"step {step}", moments.kill(told, command, step=step)
            else:
                command = chance.choice((imports, rest[:1], rest[1:])[number // 2 % 3])
                after = chance.uniform(0.0, 1.05 * told.seconds[command.name])
                where, found = f"{after:.3f} s", moments.kill(told, command, after=after)
            wrong += bool(found)
            print(f"{number + 1:4d} {command.name}, {where}: {'; '.join(found) or 'as if undisturbed'}", flush=True)
    server.close()
    steps = f"at {min(given.moments // 2, len(named))} of {len(named)} named steps, the others at random times"
    print(f"{given.moments} kills, {steps}; {wrong} of them left something wrong (seed {given.seed})")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

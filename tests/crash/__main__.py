"""Many kills: `python -m tests.crash [--moments 200] [--seed 7]`. Ends with 1 when any left something wrong."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path

from tests.crash import moments

TABLES = ("logs", "customers", "devices", "offers", "treatments", "consents", "optouts", "photos", "inventory")


def main() -> int:
    """Kill at random moments and at random steps in turn; print what went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moments", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    chance = random.Random(given.seed)
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="kindred-crash-") as name:
        base, folder = Path(name) / "base", Path(name) / "story"
        base.mkdir()
        folder.mkdir()
        told = moments.tell(folder, moments.tiny(base), moments.commands(TABLES))
        imports, rest = told.commands[: len(TABLES)], told.commands[len(TABLES) :]
        for number in range(given.moments):
            command = chance.choice((imports, rest[:1], rest[1:])[number % 3])
            if number % 2:
                step = chance.randint(1, moments.count_steps(told, command))
                where, found = f"step {step}", moments.kill(told, command, step=step)
            else:
                after = chance.uniform(0.0, 1.05 * told.seconds[command.name])
                where, found = f"{after:.3f} s", moments.kill(told, command, after=after)
            wrong += bool(found)
            print(f"{number + 1:4d} {command.name}, {where}: {'; '.join(found) or 'as if undisturbed'}", flush=True)
    print(f"{given.moments} kills, {wrong} of them left something wrong (seed {given.seed})")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

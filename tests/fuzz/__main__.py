"""Many cases: `python -m tests.fuzz [--cases 100000] [--seed 7]`, spread over the suites of tests/fuzz/.

Prints how many cases each suite ran, also when it is stopped (Ctrl-C); ends with 1 when one of them failed. Runs with
other seeds try other cases, so a long run can be done in turns.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

import pytest

from tests.fuzz.cases import COLUMNS
from tests.fuzz.options import groups
from tests.fuzz.whole import KINDS

FILES, COMMANDS = len(COLUMNS) + 2 + 2 * len(KINDS), len(groups())
PER_COMMAND = 8  # a command line costs as much as several files


def main() -> int:
    """Run the tests of this folder with that many examples in all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kindred-fuzz-") as scratch:
        counts = Path(scratch) / "counts"
        counts.touch()
        lines = math.ceil(given.cases / (PER_COMMAND * FILES + COMMANDS))
        os.environ |= {"FUZZ_FILES": str(PER_COMMAND * lines), "FUZZ_COMMANDS": str(lines)}
        os.environ |= {"FUZZ_COUNTS": str(counts), "OMP_NUM_THREADS": "1"}
        try:
            code = int(pytest.main(
                [str(Path(__file__).parent), "--dist", "worksteal", "--timeout", "0", "-p", "no:cacheprovider",
                 "--basetemp", f"{scratch}/files", f"--hypothesis-seed={given.seed}"]
            ))  # fmt: skip
        except KeyboardInterrupt:
            code = 0
        done = Counter()
        for line in counts.read_text().splitlines():
            name, number = line.split("\t")
            done[name] += int(number)
    for name, number in sorted(done.items()):
        print(f"{number:8,d}  {name}")
    print(f"{done.total():8,d}  cases in {len(done)} of {FILES + COMMANDS} suites, seed {given.seed}")
    return code


if __name__ == "__main__":
    sys.exit(main())

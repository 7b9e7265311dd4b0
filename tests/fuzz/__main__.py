"""Many cases: `python -m tests.fuzz [--cases 100000]`, spread evenly over the properties of tests/fuzz/."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import pytest

PROPERTIES = 12


def main() -> int:
    """Run the tests of this folder with that many examples in all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    given = parser.parse_args()
    os.environ["FUZZ_EXAMPLES"] = str(max(1, given.cases // PROPERTIES))
    return pytest.main([str(Path(__file__).parent), "--timeout", "0", "-p", "no:cacheprovider"])


if __name__ == "__main__":
    sys.exit(main())

"""How many cases each suite really ran: told to the file that `FUZZ_COUNTS` names, for `python -m tests.fuzz`."""

from __future__ import annotations

import os

import pytest

_SHARE = 20


class Cases:
    """The cases of one test that ended as they must; told in shares, so that a stopped run knows them too."""

    def __init__(self, suite: str) -> None:
        self.suite, self.untold = suite, 0

    def add(self) -> None:
        """One more."""
        self.untold += 1
        if self.untold == _SHARE:
            self.tell()

    def tell(self) -> None:
        """Write down what was not written down."""
        if name := os.environ.get("FUZZ_COUNTS"):
            with open(name, "a") as file:  # one short write: processes may append at once
                file.write(f"{self.suite}\t{self.untold}\n")
        self.untold = 0


@pytest.fixture
def cases(request):
    """Counts the cases of a test."""
    counted = Cases(request.node.name)
    yield counted
    counted.tell()

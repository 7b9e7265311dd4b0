"""How many cases each suite really ran: appended to the file that `FUZZ_COUNTS` names, for `python -m tests.fuzz`."""

from __future__ import annotations

import os

import pytest


class Cases:
    """The cases of one test."""

    def __init__(self) -> None:
        self.done = 0

    def add(self) -> None:
        """One more ended as it must."""
        self.done += 1


@pytest.fixture
def cases(request):
    """Counts the cases of a test."""
    counted = Cases()
    yield counted
    if name := os.environ.get("FUZZ_COUNTS"):
        with open(name, "a") as file:  # one short write: processes may append at once
            file.write(f"{request.node.name}\t{counted.done}\n")

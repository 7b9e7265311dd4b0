"""A workspace and the model of the rules agree on drawn histories; `python -m tests.rules` plays thousands."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.rules.search import search
from tests.rules.world import Bases

HISTORIES = int(os.environ.get("RULES_HISTORIES", "15"))
SEED = 7


@pytest.fixture(scope="module")
def bases(tmp_path_factory) -> Iterator[Bases]:
    """Workspaces to start from; their key lies where every test's does."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("KINDRED_KEYS", str(tmp_path_factory.getbasetemp() / "keys"))
        made = Bases(tmp_path_factory.mktemp("rules"))
        made("full")
    yield made
    made.close()


def test_workspace_and_rules_agree(bases):
    found = search(bases, HISTORIES, number=SEED)
    assert not found.fault, found.fault

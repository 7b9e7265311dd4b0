"""Whatever the options: an exit code a script can count on, no traceback, and the workspace stays whole."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine import workspace
from engine.trust import audit
from tests.fuzz.cases import COMMANDS, WORDS, call


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a workspace `w` and a file `case.csv`, current for the whole module."""
    folder, before = tmp_path_factory.mktemp("commands"), os.getcwd()
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("KINDRED_KEYS", str(folder / "keys"))
        patched.setenv("HOME", str(folder))
        os.chdir(folder)
        (folder / "case.csv").write_text("customer_id,age\nanna,30\n")
        call(["init", "w"])
        yield folder
        os.chdir(before)


@settings(max_examples=int(os.environ.get("FUZZ_EXAMPLES", "60")), suppress_health_check=list(HealthCheck))
@given(command=st.sampled_from(COMMANDS), words=st.lists(WORDS, max_size=5), inside=st.booleans())
def test_any_options(place, command, words, inside):
    call([*command, *(["-w", "w"] if inside and command else []), *words])
    space = workspace.open_(place / "w")
    assert audit.verify(space.path).whole
    with space.warehouse(read_only=True) as store:
        assert store.count("sources") >= 0

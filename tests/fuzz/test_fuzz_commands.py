"""Whatever the options: an exit code a script can count on, no traceback, and the workspace stays whole."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine import workspace
from engine.tables import TABLES
from engine.trust import audit
from tests.fuzz.options import call, groups, lines


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a workspace `w` and a file `case.csv`, current for the whole module."""
    folder, before = tmp_path_factory.mktemp("commands") / "deep" / "down", os.getcwd()
    folder.mkdir(parents=True)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("KINDRED_KEYS", str(folder / "keys"))
        patched.setenv("HOME", str(folder))
        os.chdir(folder)
        (folder / "case.csv").write_text("customer_id,age\nanna,30\n")
        call(["init", "w"])
        yield folder
        os.chdir(before)


@pytest.mark.parametrize("group", sorted(groups()))
@settings(max_examples=int(os.environ.get("FUZZ_COMMANDS", "10")), suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_options(place, cases, group, data):
    line = data.draw(lines(group))
    before = (place / "w" / audit.LOG).stat().st_size
    call(line)
    cases.add()
    if (place / "w" / audit.LOG).stat().st_size != before:  # nothing is written without a line of the audit log
        assert audit.verify(place / "w").whole
        with workspace.open_(place / "w").warehouse(read_only=True) as store:
            assert {name for name in TABLES if set(TABLES[name].names) - set(store.columns(name))} == set()

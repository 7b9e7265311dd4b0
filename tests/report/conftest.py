"""Workspaces for the report tests."""

from __future__ import annotations

import pytest
from tests_report_town import make, tables

from engine import workspace


@pytest.fixture(scope="session")
def small(tmp_path_factory) -> workspace.Workspace:
    """The workspace of `tables()`; tests only read it."""
    base = tmp_path_factory.getbasetemp()
    return make(tmp_path_factory.mktemp("report") / "Ünïcode <town>", base / "keys", tables(), report__resamples=40)


@pytest.fixture(scope="session")
def empty_space(tmp_path_factory) -> workspace.Workspace:
    """A workspace nothing was ever imported into."""
    base = tmp_path_factory.getbasetemp()
    return make(tmp_path_factory.mktemp("report") / "empty", base / "keys", {})

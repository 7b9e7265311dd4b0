"""Workspaces for the report tests."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests_report_town import make, tables

from engine import workspace
from engine.report.book import Book
from engine.trust.noise import Noise
from engine.usecases import reporting


@pytest.fixture(scope="session")
def small(tmp_path_factory) -> workspace.Workspace:
    """The workspace of `tables()`; tests only read it."""
    base = tmp_path_factory.getbasetemp()
    return make(tmp_path_factory.mktemp("report") / "Ünïcode <town>", base / "keys", tables(), report__resamples=40)


@pytest.fixture(scope="session")
def unmoved(small) -> Callable[[str], dict]:
    """The public report as a reader would have it who knew every rounding and every row that was left out: the worst
    case for what is withheld."""

    def facts(kind: str, space: workspace.Workspace = small) -> dict:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Noise, "count", lambda self, name, value, each=1: value)
            patch.setattr(Noise, "shows", lambda self, name, value, each=1: value >= self.k)
            patch.setattr(Noise, "figure", lambda self, name, value, one: value)
            patch.setattr(Noise, "chance", lambda self, name, p: p)
            patch.setattr(Book, "prune", lambda self, path, column: None)
            return reporting.facts(space, kind)

    return facts


@pytest.fixture(scope="session")
def empty_space(tmp_path_factory) -> workspace.Workspace:
    """A workspace nothing was ever imported into."""
    base = tmp_path_factory.getbasetemp()
    return make(tmp_path_factory.mktemp("report") / "empty", base / "keys", {})

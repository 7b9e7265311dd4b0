"""What every test shares: a key folder of its own, the real data where it is, hypothesis without deadlines."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("kindred", deadline=None, print_blob=True)
settings.load_profile("kindred")

# Their files take longest, so they begin: no worker is left with them when the others have nothing to do any more.
LONG = ("tests/docs/", "tests/warehouse/", "tests/crash/", "tests/policy/", "tests/serve/")
REAL = Path(__file__).resolve().parents[2] / "shared" / "data"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first; else in the order in which they were found."""
    items.sort(key=lambda item: next((i for i, name in enumerate(LONG) if item.nodeid.startswith(name)), len(LONG)))


@pytest.fixture(autouse=True)
def _own_keys(tmp_path_factory, monkeypatch):
    """No test reads or writes the user's pseudonym keys or settings."""
    monkeypatch.setenv("KINDRED_KEYS", str(tmp_path_factory.getbasetemp() / "keys"))


@pytest.fixture
def real_data() -> Path:
    """The folder of real data; the test is skipped, saying so, where it is absent."""
    if not REAL.is_dir():
        pytest.skip("real data is absent: ../shared/data")
    return REAL

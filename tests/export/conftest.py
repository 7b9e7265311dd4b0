"""A workspace whose customers are known by numbers, made once a process."""

from __future__ import annotations

import os
import shutil

import pytest

import engine
from tests.export import sender_data


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """Six customers with their ads; nobody changes it."""
    os.environ["KINDRED_KEYS"] = str(tmp_path_factory.getbasetemp() / "keys")
    return sender_data.make(tmp_path_factory.mktemp("sender") / "ws")


@pytest.fixture
def own(made, tmp_path):
    """A copy of it that a test may change."""
    shutil.copytree(made.path, tmp_path / "ws")
    return engine.open(tmp_path / "ws")

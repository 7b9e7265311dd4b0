"""The five lines of the Python API do what the docstring says."""

from __future__ import annotations

import doctest

import engine


def test_the_docstring_is_true():
    found = doctest.testmod(engine, optionflags=doctest.ELLIPSIS)
    assert found.attempted >= 9 and found.failed == 0

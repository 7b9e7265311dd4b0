"""Whether two frames hold the same: exactly, but for floating numbers, which may differ by 1e-9 of their size."""

from __future__ import annotations

import polars as pl
import polars.selectors as cs
from polars.testing import assert_frame_equal

from engine.tables import BOOKKEEPING, TABLES

RELATIVE = 1e-9


def same(a: pl.DataFrame, b: pl.DataFrame, what: str) -> None:
    """Assert that two frames are the same in columns, types, rows and order."""
    if {"uplift", "model_id"} <= set(a.columns):  # a hash of the model's arrays, which agree to 1e-9
        a, b = a.drop("model_id"), b.drop("model_id")
    assert a.schema == b.schema, what
    assert a.height == b.height, what
    try:
        assert_frame_equal(a.select(~cs.float()), b.select(~cs.float()))
        assert_frame_equal(a.select(cs.float()), b.select(cs.float()), rel_tol=RELATIVE, abs_tol=0)
    except AssertionError as error:
        raise AssertionError(f"{what}: {error}") from error


def same_tables(one, other, *, tables: tuple[str, ...] = tuple(TABLES)) -> dict[str, int]:
    """Assert that contract tables are equal; returns the rows of each."""
    rows = {}
    with one.warehouse(read_only=True) as a, other.warehouse(read_only=True) as b:
        for name in tables:
            if name in BOOKKEEPING:
                continue
            keys = list(TABLES[name].keys)
            first, second = a.read(name), b.read(name)
            if name == "events":  # its key is no key where two data sessions start in one second
                keys = first.columns
            same(first.sort(keys), second.sort(keys), f"table {name}")
            rows[name] = first.height
    return rows

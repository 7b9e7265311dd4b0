"""Compiled sums of pair-days against the statements that say the same, and cut into parts and threads."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from engine.graph import arrays, kernels, tie_days
from engine.pipeline import edges as stage
from tests.graph.conftest import AS_OF, Town, day

WINDOW = {"since": day(90), "as_of": AS_OF}
KEYS = {"edges": ["src", "dst"], "both_days": ["a", "b"]}


def crowd(people: int = 60, rows: int = 6000, seed: int = 1) -> list[tuple]:
    """Pair-days in no order: 60 people over 100 days, among them one whom everybody calls most days."""
    rng = np.random.default_rng(seed)
    src, dst, age = rng.integers(0, people, rows), rng.integers(0, people, rows), rng.integers(-3, 98, rows)
    dst[: rows // 3] = 7
    src[rows // 3 : rows // 2] = 7
    kept = src != dst
    keys = np.unique(np.column_stack([src, dst, age])[kept], axis=0)
    keys = keys[rng.permutation(len(keys))]
    calls, texts = rng.integers(0, 3, len(keys)), rng.integers(0, 3, len(keys))
    texts[(calls == 0) & (texts == 0)] = 1
    talk = np.where(calls > 0, rng.integers(0, 2, len(keys)) * rng.integers(0, 9000, len(keys)), 0)
    return [(s, d, day(a), *rest) for s, d, a, *rest in np.column_stack([keys, calls, talk, texts]).tolist()]


@pytest.fixture
def full(town):
    """A town with `crowd`, an opted-out party in it."""
    return town.fill(crowd(), opted_out={3})


def tables(town: Town) -> dict[str, pl.DataFrame]:
    """The two tables as they are now."""
    return {
        table: town.store.query_text(f"SELECT * FROM {table}").sort(keys)  # noqa: S608 (our own names)
        for table, keys in KEYS.items()
    }


def compiled_tables(town: Town) -> dict[str, pl.DataFrame]:
    stage._sum_up(town.store, WINDOW, 30.0)
    return tables(town)


def test_compiled_sums_equal_the_statements(full):
    got = compiled_tables(full)
    full.store.create("edges", "graph/edges", **WINDOW, half_life_days=30.0)
    full.store.temp("both_days", "graph/both_days", **WINDOW)
    want = tables(full)
    # The statement leaves opted-out parties to the join with the edges.
    both = want["both_days"].filter((pl.col("a") != 3) & (pl.col("b") != 3))
    assert both.height > 50 and both["days"].max() > 1
    assert got["both_days"].rows() == both.rows()
    whole = want["edges"].columns[:-1]
    assert got["edges"].select(whole).equals(want["edges"].select(whole))
    np.testing.assert_allclose(got["edges"]["strength"], want["edges"]["strength"], rtol=3e-16)


@pytest.mark.parametrize(("part", "thread"), [(1, 1), (100, 1), (1000, 10), (10**6, 1)])
def test_parts_and_threads_change_no_bit(full, monkeypatch, part, thread):
    whole = compiled_tables(full)
    monkeypatch.setattr(tie_days, "LEAST", part)
    monkeypatch.setattr(tie_days, "MOST", part)
    monkeypatch.setattr(arrays, "PART", thread)
    monkeypatch.setattr(arrays.os, "sched_getaffinity", lambda _: range(5))
    cut = compiled_tables(full)
    assert all(cut[table].equals(whole[table]) for table in KEYS)


def test_the_order_of_rows_changes_no_bit(full, new_town):
    other = new_town().fill(sorted(crowd()), opted_out={3})
    one, two = compiled_tables(full), compiled_tables(other)
    assert all(one[table].equals(two[table]) for table in KEYS)


def test_parts_are_few_and_small():
    assert [tie_days.parts(n) for n in (0, 1, 2_000_000, 2_000_001, 64_000_000, 400_000_000)] == [1, 1, 1, 2, 16, 128]


def test_nobody_has_no_edges(town):
    town.fill([])
    assert [len(rows) for rows in compiled_tables(town).values()] == [0, 0]
    town.fill([(0, 1, day(200), 1, 0, 0)])
    assert [len(rows) for rows in compiled_tables(town).values()] == [0, 0]


@pytest.mark.parametrize("size", [0, 1, 2, 9, 10, 500])
def test_sorting_by_kernel_equals_lexsort(size):
    rng = np.random.default_rng(size)
    triples = np.unique(rng.integers(0, [3, 9, 40], (size, 3)), axis=0)
    src, dst, age = rng.permutation(triples).T.astype(np.int32)
    counts = rng.integers(0, 100, (3, len(src)))
    low, high, back = np.minimum(src, dst), np.maximum(src, dst), src > dst
    indptr = np.r_[0, np.cumsum(np.bincount(low, minlength=9))]
    key, place, near = (np.empty(shape, np.int64) for shape in (len(src), len(src), (len(src), 3)))
    # Not compiled: what numba makes of it is tested above.
    kernels.sort_pair_days(src, dst, age, *counts, 0, 9, indptr, indptr[:-1].copy(), key, place, near)
    order = np.lexsort((back, age, high, low))
    assert key.tolist() == [(int(high[e]) << 32) | (int(age[e]) << 1) | int(back[e]) for e in order]
    assert near[place].tolist() == counts.T[order].tolist()

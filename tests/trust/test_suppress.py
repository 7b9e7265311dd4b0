"""Suppression held against attackers written here: subtraction, linear algebra and full enumeration."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.trust.suppress import Ledger, merge_bins, protect


def table(cells: list[list[int]]):
    """Counts and sums of a two-way table with both margins and the grand total."""
    counts, sums = {}, []
    rows, columns = range(len(cells)), range(len(cells[0]))
    for i in rows:
        for j in columns:
            counts["c", i, j] = cells[i][j]
        counts["r", i] = sum(cells[i])
        sums.append((("r", i), [("c", i, j) for j in columns]))
    for j in columns:
        counts["k", j] = sum(cells[i][j] for i in rows)
        sums.append((("k", j), [("c", i, j) for i in rows]))
    counts["all"] = sum(map(sum, cells))
    sums += [("all", [("r", i) for i in rows]), ("all", [("k", j) for j in columns])]
    return counts, sums


def ranges_by_enumeration(counts, sums, hidden, limit):
    """Smallest and largest value of each withheld cell over every table that fits what is published."""
    base = [key for key in counts if isinstance(key, tuple) and key[0] == "c"]
    free = [key for key in base if key in hidden]
    seen = {key: set() for key in hidden}
    for guess in itertools.product(range(limit + 1), repeat=len(free)):
        value = {key: counts[key] for key in base} | dict(zip(free, guess, strict=True))
        for total, parts in sums:
            value[total] = sum(value[p] for p in parts)
        if all(value[key] == counts[key] for key in counts if key not in hidden):
            for key in hidden:
                seen[key].add(value[key])
    return seen


@settings(max_examples=25)
@given(st.lists(st.lists(st.integers(0, 6), min_size=2, max_size=2), min_size=2, max_size=2))
def test_no_enumeration_pins_a_withheld_cell(cells):
    k = 3
    counts, sums = table(cells)
    hidden = protect(counts, sums, k)
    assert {key for key, value in counts.items() if value < k} <= hidden
    if "all" in hidden:
        return
    for key, values in ranges_by_enumeration(counts, sums, hidden, counts["all"]).items():
        assert max(values) - min(values) >= k, (key, values, cells, hidden)


@settings(max_examples=40)
@given(st.lists(st.lists(st.integers(0, 60), min_size=4, max_size=4), min_size=3, max_size=5))
def test_linear_algebra_determines_no_withheld_cell(cells):
    """An attacker who solves the published equations exactly: a cell is determined iff no null vector moves it."""
    import numpy as np
    from scipy.linalg import null_space

    counts, sums = table(cells)
    hidden = sorted(protect(counts, sums, 15), key=str)
    if not hidden:
        return
    column = {key: i for i, key in enumerate(hidden)}
    matrix = np.zeros((len(sums), len(hidden)))
    for i, (total, parts) in enumerate(sums):
        for key, sign in [(total, -1), *((p, 1) for p in parts)]:
            if key in column:
                matrix[i, column[key]] += sign
    free = null_space(matrix)
    assert free.size
    assert (np.abs(free).max(axis=1) > 1e-9).all()


def test_a_bridge_between_two_blocks_is_not_given_away():
    # Every row and column has two small cells or none, but (1, 2) alone links the two blocks.
    cells = [
        [5, 9, 40, 40, 40],
        [9, 7, 3, 40, 40],
        [40, 40, 8, 9, 40],
        [40, 40, 9, 6, 40],
        [40, 40, 40, 40, 40],
    ]
    counts, sums = table(cells)
    primary = {key for key, value in counts.items() if value < 15}
    hidden = protect(counts, sums, 15)
    assert primary < hidden


def test_nothing_is_withheld_when_nothing_is_small():
    counts, sums = table([[20, 30], [40, 50]])
    assert protect(counts, sums) == frozenset()


def test_a_lone_small_part_takes_a_second_with_it():
    counts = {"all": 100, "a": 4, "b": 30, "c": 66}
    hidden = protect(counts, [("all", ["a", "b", "c"])])
    assert hidden == {"a", "b"}


def test_two_small_parts_whose_sum_is_small_take_a_third():
    counts = {"all": 100, "a": 4, "b": 5, "c": 30, "d": 61}
    assert protect(counts, [("all", ["a", "b", "c", "d"])]) == {"a", "b", "c"}


def test_all_but_a_few_hides_both_sides():
    ledger = Ledger(15)
    for key, value in {"all": 1500, "with": 1497, "without": 3}.items():
        ledger.count(key, value)
    ledger.total("all", ["with", "without"])
    ledger.derived("share", ["with", "all"])
    ledger.derived("share of share", ["share"])
    assert ledger.withheld() == {"with", "without", "share", "share of share"}


def test_a_total_that_appears_in_two_tables_links_them():
    # Table 1 hides b by withholding c; table 2 publishes c's parts: their sum would give c, then b, back.
    counts = {"all": 100, "a": 70, "b": 5, "c": 25, "c1": 12 + 3, "c2": 10}
    hidden = protect(counts, [("all", ["a", "b", "c"]), ("c", ["c1", "c2"])])
    # What is left: b + c = 30 and c - c2 = 15, so b may be anything from 0 to 15.
    assert hidden == {"b", "c", "c2"}


def test_wrong_sums_are_refused():
    ledger = Ledger()
    ledger.count("all", 10)
    ledger.count("a", 9)
    with pytest.raises(ValueError, match="sum to 9"):
        ledger.total("all", ["a"])
    with pytest.raises(ValueError, match="not entered"):
        ledger.total("all", ["zzz"])
    with pytest.raises(ValueError, match="negative"):
        ledger.count("b", -1)
    with pytest.raises(ValueError, match="as 9 and as 8"):
        ledger.count("a", 8)


@given(st.lists(st.integers(0, 40), max_size=12), st.integers(1, 20))
def test_merged_bins_keep_the_sum_and_the_edges(counts, k):
    bins = [{"low": i, "high": i + 1, "n": n} for i, n in enumerate(counts)]
    merged = merge_bins(bins, k)
    if sum(counts) < k:
        assert merged == []
        return
    assert sum(b["n"] for b in merged) == sum(counts)
    assert all(b["n"] >= k for b in merged)
    assert (merged[0]["low"], merged[-1]["high"]) == (0, len(counts))
    assert all(a["high"] == b["low"] for a, b in itertools.pairwise(merged))

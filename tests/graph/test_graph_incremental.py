"""Edges carried forward day by day equal a rebuild; what cannot be carried forward is rebuilt."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.config import Graph
from engine.graph.network import ranks
from engine.graph.nodes import node_table
from engine.pipeline import edges as stage
from engine.pipeline.influencers import last_ranks
from tests.graph.conftest import AS_OF, Town, day
from tests.graph.test_graph_tables import LOOSE, logs


def assert_same(one, other):
    """Tables equal, floats to 1e-9."""
    for table in ("edges", "hubs", "ties"):
        a, b = one.store.read(table), other.store.read(table)
        exact = [c for c in a.columns if a[c].dtype != pl.Float64]
        assert a.select(exact).equals(b.select(exact), null_equal=True), table
        for column in set(a.columns) - set(exact):
            close = np.allclose(a[column].to_numpy(), b[column].to_numpy(), rtol=1e-9, atol=1e-12, equal_nan=True)
            assert close, (table, column)


@given(logs(), st.lists(st.integers(1, 14), min_size=1, max_size=4), st.sampled_from([(30, 30.0), (90, 7.5)]))
@settings(max_examples=20)
def test_day_by_day_equals_a_rebuild(log, steps, span):
    rows, opted_out, devices = log
    kwargs = {"window_days": span[0], "half_life_days": span[1], **LOOSE}
    until = AS_OF - timedelta(days=sum(steps))
    known = [r for r in rows if r[2] < until]
    moving = Town().fill(known, opted_out=opted_out, devices=devices, as_of=until).build(**kwargs, incremental=True)
    used = []
    for step in steps:
        until += timedelta(days=step)
        fresh = [r for r in rows if r[2] < until]
        moving.fill(fresh, opted_out=opted_out, as_of=until)
        moving.store.connection.execute("DELETE FROM events")
        moving.fill(fresh, opted_out=opted_out, devices=devices, as_of=until)
        config = Graph(as_of=until.isoformat(), **kwargs)
        used.append(stage._last_window(moving.store, config, until) is not None)
        moving.build(**kwargs, incremental=True)
    rebuilt = Town().fill(rows, opted_out=opted_out, devices=devices, as_of=until).build(**kwargs)
    assert_same(moving, rebuilt)
    assert all(used), "nothing stood in the way, and yet it was rebuilt"
    moving.store.close()
    rebuilt.store.close()


ROWS = [
    r for k in range(2, 60, 3) for r in ((0, 1, day(k), 1, 60, 0), (1, 0, day(k + 1), 1, 9, 0), (1, 2, day(k), 0, 0, 1))
]


@pytest.mark.parametrize("trouble", ["late record", "opt-out", "half-life", "window", "backwards", "far"])
def test_what_cannot_be_carried_forward_is_rebuilt(new_town, trouble):
    later = AS_OF + timedelta(days=5)
    town = new_town().fill(ROWS).build(incremental=True)
    rows, opted_out, kwargs = list(ROWS), (), {}
    if trouble == "late record":
        rows.append((2, 0, day(20), 1, 30, 0))
    elif trouble == "opt-out":
        opted_out = {2}
    elif trouble == "half-life":
        kwargs = {"half_life_days": 10.0}
    elif trouble == "window":
        kwargs = {"window_days": 40}
    else:
        later = AS_OF + timedelta(days=-5 if trouble == "backwards" else 60)
    town.fill(rows, opted_out=opted_out, as_of=later)
    config = Graph(as_of=later.isoformat(), incremental=True, **kwargs)
    assert stage._last_window(town.store, config, later) is None
    town.build(incremental=True, **kwargs)
    assert_same(town, new_town().fill(rows, opted_out=opted_out, as_of=later).build(**kwargs))


def test_warm_start_finds_the_same_ranks(new_town):
    town = new_town().fill(ROWS).build()
    network = town.network()
    rank, central = ranks(network)
    assert last_ranks(town.store, network) is None
    town.store.write("nodes", node_table(network, rank, central))
    more = [*ROWS, (3, 0, AS_OF, 1, 60, 0), (2, 1, AS_OF, 1, 60, 0)]
    town.fill(more, as_of=AS_OF + timedelta(days=1)).build(incremental=True)
    network = town.network()
    start = last_ranks(town.store, network)
    assert np.isnan(start).sum() == 1
    assert ranks(network, start=start)[0] == pytest.approx(ranks(network)[0], abs=1e-12)

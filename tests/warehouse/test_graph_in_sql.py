"""Centralities and influencers in SQL alone give what the arrays give; DuckDB runs the very statements Spark gets."""

from __future__ import annotations

import polars as pl
import pytest

from engine.config import Config, Graph, Warehouse
from engine.errors import ConfigError
from engine.pipeline import centralities
from tests.warehouse.compare import same
from tests.warehouse.conftest import opened

SHARED = ["node", "party_id", "degree", "in_strength", "out_strength", "pagerank", "centrality_pct", "is_hub"]


@pytest.fixture(scope="module")
def in_sql(stored):
    """`nodes` and `influencers` of the town, in SQL; and what the arrays gave."""
    with stored.warehouse(read_only=True) as store:
        kept = store.read("nodes"), store.read("influencers")
        with store.shadow() as shadow:
            centralities.run(shadow, stored.config)
            return kept, (shadow.read("nodes"), shadow.read("influencers"))


def test_nodes_are_those_of_the_arrays(in_sql):
    (nodes, _), (ours, _) = in_sql
    same(nodes.select(SHARED), ours.select(SHARED), "nodes")
    assert ours["community"].null_count() == ours.height
    assert ours["is_hub"].any()


def test_influencers_are_those_of_the_arrays(in_sql):
    (_, wanted), (_, ours) = in_sql
    same(wanted, ours, "influencers")
    assert set(ours["definition"]) == {"tie_reach", "strongest"}


def test_equal_scores_go_to_the_smallest_contact_id(stored):
    ties = pl.DataFrame({"a": [0, 0, 0], "b": [1, 2, 3], "weight": [1.0, 1.0 + 1e-13, 1.0 - 1e-13]})
    parties = pl.DataFrame({"node": [0, 1, 2, 3], "party_id": ["z", "c", "b", "a"]})
    with stored.warehouse(read_only=True) as store, store.aside(()):
        more = {"reciprocity": 1.0, "overlap": 0.0, "active_days": 9}
        store.write("ties", ties.with_columns(**{name: pl.lit(value) for name, value in more.items()}))
        store.write("parties", parties.with_columns(is_customer=pl.lit(True), opted_out=pl.lit(False)))
        flat = {"degree": 1, "in_strength": 1.0, "out_strength": 1.0, "centrality_pct": 1.0, "is_hub": False}
        store.write("nodes", parties.with_columns(**{name: pl.lit(value) for name, value in flat.items()}))
        store.create("influencers", "graph/top_contacts", gamma=0.25, top=3)
        found = store.read("influencers").filter(customer_id="z", definition="strongest")
    assert found["contact_id"].to_list() == ["a", "b", "c"]


def test_a_definition_that_needs_the_arrays_is_refused(stored):
    config = Config(graph=Graph(definition="ppr"), warehouse=Warehouse(driver_edges=0))
    with stored.warehouse(read_only=True) as store, pytest.raises(ConfigError, match=r"warehouse\.driver_edges = 0"):
        centralities.run(store, config)


@pytest.fixture(scope="module")
def stored(expected):
    return opened(expected.path, "duckdb")

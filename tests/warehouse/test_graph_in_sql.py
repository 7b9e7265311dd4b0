"""Centralities and influencers in SQL alone give what the arrays give; DuckDB runs the very statements Spark gets."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import polars as pl
import pytest

from engine.config import Config, Graph, Run, Warehouse
from engine.errors import ConfigError
from engine.graph import sql_centrality
from engine.graph.network import ranks
from engine.pipeline import influencers
from engine.trust import consent
from tests.warehouse.compare import same
from tests.warehouse.conftest import opened

SHARED = ["node", "party_id", "degree", "in_strength", "out_strength", "pagerank", "centrality_pct", "is_hub"]


@pytest.fixture(scope="module")
def in_sql(stored):
    """`nodes` and `influencers` of the town, in SQL; and what the arrays gave."""
    with stored.warehouse(read_only=True) as store:
        kept = store.read("nodes"), store.read("influencers")
        with store.overlay() as overlay:
            sql_centrality.run(overlay, stored.config)
            return kept, (overlay.read("nodes"), overlay.read("influencers"))


def test_nodes_are_those_of_the_arrays(in_sql):
    (nodes, _), (ours, _) = in_sql
    same(nodes.select(SHARED), ours.select(SHARED), "nodes")
    assert ours["community"].null_count() == ours.height
    assert ours["is_hub"].any()


def test_influencers_are_those_of_the_arrays(in_sql):
    (_, wanted), (_, ours) = in_sql
    same(wanted, ours, "influencers")
    assert set(ours["definition"]) == {"auto", "strongest"}


def test_equal_scores_go_to_the_smallest_contact_id(stored):
    ties = pl.DataFrame({"a": [0, 0, 0], "b": [1, 2, 3], "weight": [1.0, 1.0 + 1e-13, 1.0 - 1e-13]})
    parties = pl.DataFrame({"node": [0, 1, 2, 3], "party_id": ["z", "c", "b", "a"]})
    with stored.warehouse(read_only=True) as store, store.sandbox(()):
        more = {"reciprocity": 1.0, "overlap": 0.0, "active_days": 9}
        store.write("ties", ties.with_columns(**{name: pl.lit(value) for name, value in more.items()}))
        store.write("parties", parties.with_columns(is_customer=pl.lit(True), opted_out=pl.lit(False)))
        flat = {"degree": 1, "in_strength": 1.0, "out_strength": 1.0, "centrality_pct": 1.0, "is_hub": False}
        store.write("nodes", parties.with_columns(**{name: pl.lit(value) for name, value in flat.items()}))
        store.temp("allowed_ties", "graph/counted_ties")
        store.create("influencers", "graph/top_contacts", gamma=0.25, top=3, definition="auto")
        found = store.read("influencers").filter(customer_id="z", definition="strongest")
    assert found["contact_id"].to_list() == ["a", "b", "c"]


@pytest.mark.parametrize("day", [date(2025, 6, 1), date(2025, 6, 2)])
def test_consent_to_the_use_of_traffic_data_is_asked_as_with_the_arrays(stored, day):
    """Everybody has one of the ways in which a consent begins and ends around the day, another purpose's, or none."""
    noon, start, end = datetime(2025, 6, 1, 12), datetime(2025, 6, 1), datetime(2025, 6, 2)
    traffic, long_ago = consent.TRAFFIC_DATA_MARKETING, datetime(2024, 1, 1)
    ways = [
        (traffic, long_ago, None, None), (traffic, noon, None, None), (traffic, start, None, None),
        (traffic, end, None, None), (traffic, long_ago, start, None), (traffic, long_ago, noon, None),
        (traffic, long_ago, end, None), (traffic, long_ago, None, start), (traffic, long_ago, None, noon),
        (traffic, long_ago, None, end), (consent.OFFERS, long_ago, None, None),
    ]  # fmt: skip
    config = Config(graph=replace(stored.config.graph, require_traffic_consent=True), run=Run(today=day.isoformat()))
    with stored.warehouse(read_only=True) as store, store.overlay() as overlay:
        people = overlay.read("parties")["party_id"].sort()
        rows = [(person, *ways[n % 13]) for n, person in enumerate(people) if n % 13 < len(ways)]
        overlay.write("consents", pl.DataFrame(rows, orient="row", schema=overlay.read("consents").schema))
        graph = influencers.network(overlay)
        _, centrality = ranks(graph, damping=config.graph.damping)
        wanted = influencers.influencers(overlay, config, ["auto", "strongest"], graph, centrality)
        sql_centrality.run(overlay, config)
        found = overlay.read("influencers")
    same(wanted.sort("customer_id", "definition", "rank"), found, "influencers")
    assert 0 < found["customer_id"].n_unique() < with_influencers(stored)


def with_influencers(space) -> int:
    """How many customers have influencers where no consent is asked for."""
    with space.warehouse(read_only=True) as store:
        return store.read("influencers")["customer_id"].n_unique()


def test_a_definition_that_needs_the_arrays_is_refused(stored):
    config = Config(graph=Graph(definition="ppr"), warehouse=Warehouse(driver_edges=0))
    with stored.warehouse(read_only=True) as store, pytest.raises(ConfigError, match=r"warehouse\.driver_edges = 0"):
        sql_centrality.run(store, config)


@pytest.fixture(scope="module")
def stored(expected):
    return opened(expected.path, "duckdb")

"""PageRank, centralities and the most influential contact against oracles, closed forms and networkx."""

from __future__ import annotations

from datetime import date, timedelta

import networkx as nx
import numpy as np
import polars as pl
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import ConfigError, EngineError
from engine.graph import centrality, communities, kernels, ranking
from engine.graph.arrays import symmetric
from engine.graph.network import ranks
from engine.graph.nodes import node_table
from engine.graph.pagerank import pagerank, share_not_above
from engine.tables import check
from tests import oracles
from tests.graph.conftest import Town, day, pair_days
from tests.graph.test_graph_tables import logs

GATES = {"min_active_days": 1}


@st.composite
def digraphs(draw):
    n = draw(st.integers(1, 12))
    pairs = draw(st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), unique=True, max_size=40))
    weights = [draw(st.floats(1e-3, 1e3)) for _ in pairs]
    src, dst = (np.array([p[k] for p in pairs], np.int32) for k in (0, 1))
    return n, src, dst, np.array(weights)


@given(digraphs(), st.sampled_from([0.85, 0.5, 0.0]))
@settings(max_examples=60)
def test_pagerank_equals_power_iteration(graph, damping):
    n, src, dst, weight = graph
    got = pagerank(src, dst, weight, n, damping=damping)
    want = oracles.pagerank(dict(zip(zip(src, dst, strict=True), weight, strict=True)), range(n), damping)
    assert got == pytest.approx([want[v] for v in range(n)], abs=1e-12)
    assert got.sum() == pytest.approx(1)


@given(digraphs(), st.floats(1e-3, 1e3), st.randoms(use_true_random=False))
@settings(max_examples=30)
def test_pagerank_forgets_scale_order_and_names(graph, factor, random):
    n, src, dst, weight = graph
    got = pagerank(src, dst, weight, n)
    assert pagerank(src, dst, weight * factor, n) == pytest.approx(got, abs=1e-12)
    order = list(range(len(src)))
    random.shuffle(order)
    assert (pagerank(src[order], dst[order], weight[order], n) == got).all()
    name = list(range(n))
    random.shuffle(name)
    name = np.array(name, np.int32)
    assert pagerank(name[src], name[dst], weight, n)[name] == pytest.approx(got, abs=1e-12)
    assert pagerank(src, dst, weight, n, start=got) == pytest.approx(got, abs=1e-12)


def test_pagerank_closed_forms():
    ring = np.arange(5, dtype=np.int32)
    assert pagerank(ring, (ring + 1) % 5, np.ones(5), 5) == pytest.approx(np.full(5, 0.2))
    assert pagerank(ring[:0], ring[:0], np.ones(0), 3) == pytest.approx(np.full(3, 1 / 3))
    assert len(pagerank(ring[:0], ring[:0], np.ones(0), 0)) == 0
    star = pagerank(np.arange(1, 5), np.zeros(4, np.int32), np.ones(4), 5)
    assert star[0] / star[1] == pytest.approx(1 + 4 * 0.85)
    for bad in (np.nan, np.inf, -1.0):
        with pytest.raises(EngineError, match="finite"):
            pagerank(ring, (ring + 1) % 5, np.array([1, 1, 1, 1, bad]), 5)


def test_pagerank_of_a_large_graph_equals_scipy():
    n = 120_000  # above the size that is solved to the last bit
    rng = np.random.default_rng(2)
    key = np.unique(rng.integers(0, n * n, 400_000))
    src, dst, weight = key // n, key % n, rng.lognormal(size=len(key))
    out = np.bincount(src, weights=weight, minlength=n)
    matrix = sp.csr_matrix((weight / out[src], (dst, src)), shape=(n, n))
    want = np.full(n, 1 / n)
    for _ in range(200):
        want = 0.15 / n + 0.85 * (matrix @ want + want[out == 0].sum() / n)
    got = pagerank(src, dst, weight, n)
    assert np.abs(got - want).sum() < 1e-10
    assert np.abs(pagerank(src, dst, weight, n, start=got) - want).sum() < 1e-10


def test_shares_count_equals_once():
    values = np.array([0.2, 0.1, 0.2 * (1 + 1e-12), 0.5])
    assert share_not_above(values) == pytest.approx([0.75, 0.25, 0.75, 1.0])
    assert len(share_not_above(np.zeros(0))) == 0


@given(digraphs())
@settings(max_examples=40)
def test_centralities_equal_networkx(graph):
    n, src, dst, _ = graph
    pairs = sorted({(min(e), max(e)) for e in zip(src.tolist(), dst.tolist(), strict=True) if e[0] != e[1]})
    a, b = (np.array([p[k] for p in pairs], np.int32) for k in (0, 1))
    ours = symmetric(a, b, np.ones(len(a)), n)
    known = nx.Graph(pairs)
    known.add_nodes_from(range(n))
    core = nx.core_number(known)
    assert centrality.coreness(ours).tolist() == [core[v] for v in range(n)]
    want = []
    for v in range(n):
        far = [u for u, d in nx.single_source_shortest_path_length(known, v, 2).items() if d == 2]
        want.append((known.degree(v) - 1) * sum(known.degree(u) - 1 for u in far) if known.degree(v) else 0)
    assert centrality.collective_influence(ours).tolist() == want


def test_kernels_are_plain_python_too():
    graph = symmetric(np.array([0, 1, 0]), np.array([1, 2, 2]), np.ones(3), 4)
    out = np.zeros(4)
    kernels.collective_influence(graph.indptr, graph.indices, np.full(4, -1), out)
    assert out.tolist() == centrality.collective_influence(graph).tolist()


def test_communities_are_found_and_repeatable():
    blocks = nx.stochastic_block_model([30, 20, 10], np.full((3, 3), 0.01) + np.diag([0.6, 0.6, 0.8]), seed=3)
    a, b = np.array(blocks.edges).T
    graph = symmetric(a, b, np.ones(len(a)), 61)
    found = communities.leiden(graph, seed=1)
    assert found[:60].tolist() == [0] * 30 + [1] * 20 + [2] * 10 and found[60] == -1
    assert (communities.leiden(graph, seed=1) == found).all()
    assert communities.leiden(symmetric(a[:0], b[:0], np.ones(0), 3)).tolist() == [-1] * 3


def brute(rows, names, opted_out, as_of=None, **gates):
    """Expected influencers of both definitions from the oracles alone."""
    edge_table = oracles.edges(rows, as_of or day(0), opted_out=opted_out)
    hubs = oracles.hubs(rows, edge_table, as_of or day(0))
    nodes = {n for pair in edge_table for n in pair} - hubs.keys()
    strength = {p: e["strength"] for p, e in edge_table.items() if not set(p) & hubs.keys()}
    central = oracles.share_not_above(oracles.pagerank(strength, nodes))
    tie_table = oracles.ties(edge_table, hubs, **gates)
    return {
        definition: oracles.influencers(tie_table, central, names, gamma)
        for definition, gamma in (("tie_reach", 0.25), ("strongest", None))
    }, {names[n]: c for n, c in central.items()}


def assert_influencers(town, expected, central, top):
    network = town.network()
    _, share = ranks(network)
    for definition, want in expected.items():
        got = check(ranking.top_contacts(definition, network, share, top=top), "influencers")
        assert got["customer_id"].is_sorted()
        seen = {}
        for row in got.iter_rows(named=True):
            seen.setdefault(row["customer_id"], []).append(row)
        assert seen.keys() == want.keys()
        for customer, rows in seen.items():
            best = want[customer]
            assert [r["contact_id"] for r in rows] == [c for c, *_ in best[:top]], (definition, customer)
            assert [r["rank"] for r in rows] == list(range(1, len(rows) + 1))
            margin = (best[0][1] - best[1][1]) / best[0][1] if len(best) > 1 else 1.0
            for row, (contact, score, tie_share) in zip(rows, best, strict=False):
                assert row["score"] == pytest.approx(score, rel=1e-9)
                assert row["tie_share"] == pytest.approx(tie_share, rel=1e-9)
                assert row["centrality_pct"] == pytest.approx(central[contact])
                assert row["margin"] == pytest.approx(margin, abs=1e-8)


@given(logs(), st.permutations([f"p{k}" for k in range(8)]), st.sampled_from([1, 3]))
@settings(max_examples=25)
def test_influencers_equal_brute_force_under_any_names(log, names, top):
    rows, opted_out, _ = log
    names = dict(enumerate(names))
    town = Town().fill(rows, names=names, opted_out=opted_out).build(**GATES)
    assert_influencers(town, *brute(rows, names, opted_out, min_days=1), top)
    town.store.close()


def test_ties_go_to_the_smallest_id_in_code_point_order(town):
    names = {0: "a", 1: "Z", 2: "é", 3: "10", 4: "9"}
    rows = [r for n in range(1, 5) for r in ((0, n, day(2), 1, 60, 0), (n, 0, day(5), 1, 60, 0))]
    network = town.fill(rows, names=names).build().network()
    got = ranking.top_contacts("tie_reach", network, ranks(network)[1], top=4).filter(pl.col("customer_id") == "a")
    assert got["contact_id"].to_list() == ["10", "9", "Z", "é"]
    assert got["margin"].to_list() == [0.0] * 4


def test_only_customers_get_influencers_and_nobody_else_is_lost(town):
    rows = [(0, 1, day(2), 1, 60, 0), (1, 0, day(5), 1, 60, 0), (1, 2, day(2), 1, 0, 0)]
    town.fill(rows).build()
    town.store.connection.execute("UPDATE parties SET is_customer = (node = 0)")
    network = town.network()
    rank, share = ranks(network)
    got = ranking.top_contacts("strongest", network, share)
    assert got.select("customer_id", "contact_id", "tie_share", "margin").rows() == [("p0", "p1", 1.0, 1.0)]
    nodes = check(node_table(network, rank, share), "nodes")
    assert nodes["degree"].to_list() == [1, 1, 0]
    assert nodes["community"].to_list() == [0, 0, None]


def test_hubs_take_no_part_in_rank(town):
    rows = [(9, n, day(4), 1, 5, 0) for n in range(8)] + [(n, 9, day(6), 1, 5, 0) for n in range(8)]
    rows += [(0, 1, day(2), 1, 60, 0), (1, 0, day(5), 1, 60, 0)]
    network = town.fill(rows).build(hub_contacts_per_month=7).network()
    rank, share = ranks(network)
    nodes = check(node_table(network, rank, share), "nodes")
    assert nodes.filter("is_hub").select("node", "pagerank", "centrality_pct", "degree").rows() == [(9, None, None, 0)]
    assert nodes["pagerank"].sum() == pytest.approx(1)
    got = ranking.top_contacts("tie_reach", network, share)
    assert got.select("customer_id", "contact_id").rows() == [("p0", "p1"), ("p1", "p0")]


def test_nothing_in_nothing_out(town):
    network = town.fill([]).build().network()
    rank, share = ranks(network)
    assert check(ranking.top_contacts("tie_reach", network, share), "influencers").height == 0
    assert check(node_table(network, rank, share), "nodes").height == 0


def test_unknown_definition_is_a_clear_error(town):
    network = town.fill([(0, 1, day(2), 1, 60, 0), (1, 0, day(5), 1, 60, 0)]).build().network()
    with pytest.raises(ConfigError, match="tie_reach, strongest"):
        ranking.top_contacts("fame", network, ranks(network)[1])


@pytest.mark.real
def test_copenhagen_influencers_equal_brute_force(town, copenhagen_events):
    rows = pair_days(copenhagen_events)
    until = copenhagen_events["day"].max() + timedelta(days=1)
    town.fill(rows, as_of=until).build()
    names = {n: f"p{n}" for row in rows for n in row[:2]}
    assert_influencers(town, *brute(rows, names, (), until), 3)
    network = town.network()
    known = nx.DiGraph()
    known.add_weighted_edges_from(
        zip(network.out.rows().tolist(), network.out.indices.tolist(), network.out.weights, strict=True)
    )
    want = nx.pagerank(known, tol=1e-13, max_iter=500)
    assert ranks(network)[0] == pytest.approx([want[v] for v in range(network.n)], abs=1e-9)


@pytest.mark.real
def test_half_keep_their_top_contact_by_answered_talk_time(copenhagen_events):
    """54 % of the 324 users with a top contact in both halves; talk time both ways, by the selection kernel."""
    calls = copenhagen_events.filter((pl.col("kind") == "call") & (pl.col("duration") > 0))
    middle = date(2014, 2, 24) + timedelta(days=14)
    tops = []
    for half in (calls.filter(pl.col("day") < middle), calls.filter(pl.col("day") >= middle)):
        talk = (
            half.select(a=pl.min_horizontal("caller", "callee"), b=pl.max_horizontal("caller", "callee"), w="duration")
            .group_by("a", "b")
            .agg(pl.col("w").sum())
        )
        a, b, w = (talk[c].to_numpy() for c in "abw")
        graph = symmetric(a, b, w, 1000)
        rows = np.flatnonzero(graph.degree)
        chosen, _, _ = ranking.select(graph, graph.weights, rows, 1)
        tops.append(dict(zip(rows.tolist(), graph.indices[chosen[:, 0]].tolist(), strict=True)))
    both = tops[0].keys() & tops[1].keys()
    assert len(both) == 324
    assert round(sum(tops[0][u] == tops[1][u] for u in both) / len(both), 2) == 0.54

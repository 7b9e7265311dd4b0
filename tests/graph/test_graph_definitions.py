"""ppr, lead, dispersion and the baselines against networkx and loops; agreement between definitions."""

from __future__ import annotations

from dataclasses import fields
from datetime import date, timedelta
from itertools import combinations
from pathlib import Path

import networkx as nx
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.config import Config, Graph, Offers
from engine.errors import ConfigError
from engine.graph import definitions, ranking
from engine.graph.network import ranks
from engine.pipeline import influencers as stage
from tests.graph.conftest import day, made


@st.composite
def graphs(draw):
    n = draw(st.integers(2, 12))
    pairs = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(lambda p: p[0] != p[1])
    edges = draw(st.lists(pairs, unique=True, min_size=1, max_size=40))
    return n, [(a, b, draw(st.floats(0.01, 100))) for a, b in edges]


@given(graphs(), st.sampled_from([0.85, 0.4]))
@settings(max_examples=40)
def test_ppr_equals_networkx(graph, damping):
    n, edges = graph
    network = made(edges, n=n)
    got = definitions.personalised_pagerank(network, damping=damping, residual=1e-13)
    known = nx.DiGraph()
    known.add_nodes_from(range(n))
    known.add_weighted_edges_from(edges)
    rows = network.contacts.rows()
    for i in np.unique(rows):
        want = nx.pagerank(known, damping, {int(i): 1}, tol=1e-14, max_iter=2000, dangling={int(i): 1})
        for at in np.flatnonzero(rows == i):
            assert got[at] == pytest.approx(want[network.contacts.indices[at]], abs=1e-10)


@given(graphs())
@settings(max_examples=20)
def test_ppr_is_never_more_than_its_residuals_too_low(graph):
    network = made(graph[1], n=graph[0])
    exact = definitions.personalised_pagerank(network, residual=1e-13)
    rough = definitions.personalised_pagerank(network, residual=1e-3)
    assert (rough <= exact + 1e-12).all() and (rough >= exact - 1e-3 * network.n).all()


@given(graphs())
@settings(max_examples=40)
def test_dispersion_equals_networkx(graph):
    n, edges = graph
    network = made(edges, n=n)
    known = nx.Graph([(a, b) for a, b, _ in edges])
    rows = network.contacts.rows()
    for alpha, base, spread in ((0.61, 0.0, 5.0), (1.0, 0.0, 1.0)):
        got = definitions.dispersion(network, alpha=alpha, base=base, spread=spread)
        for at, u in enumerate(rows.tolist()):
            want = nx.dispersion(known, u, int(network.contacts.indices[at]), alpha=alpha, b=base, c=spread)
            assert got[at] == pytest.approx(want)


def test_dispersion_finds_the_bridge_between_circles():
    circles = [(0, v) for v in range(1, 9)]
    circles += list(combinations(range(2, 5), 2)) + list(combinations(range(5, 8), 2)) + [(1, v) for v in range(2, 8)]
    network = made([(a, b, 1.0) for a, b in circles])
    got = ranking.top_contacts("dispersion", network, ranks(network)[1], top=1)
    assert got.row(0, named=True)["contact_id"] == "p0001"


def changes_of(rows):
    return pl.DataFrame(rows, schema={"party_id": pl.String, "changed_at": pl.Date}, orient="row")


def exposed_of(rows):
    return pl.DataFrame(rows, schema={"leader": pl.String, "changed_at": pl.Date, "contact": pl.String}, orient="row")


@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 200)), unique=True, max_size=12),
    st.sets(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")).filter(lambda p: p[0] != p[1]), max_size=10),
)
@settings(max_examples=60)
def test_lead_rates_equal_loops(moves, pairs):
    start = date(2024, 1, 1)
    changes = [(who, start + timedelta(days=at)) for who, at in moves]
    exposed = [(who, at, other) for who, at in changes for leader, other in sorted(pairs) if leader == who]
    counts = {}
    for who, at, other in exposed:
        n, f = counts.get(who, (0, 0))
        follows = any(c == other and at < t <= at + timedelta(days=90) for c, t in changes)
        counts[who] = (n + 1, f + follows)
    n_all, f_all = (sum(c[k] for c in counts.values()) for k in (0, 1))
    ratio = f_all / n_all if n_all else 0.0
    got = definitions.lead_rates(exposed_of(exposed), changes_of(changes))
    rates = {row["leader"]: row for row in got.iter_rows(named=True)}
    assert rates.keys() == counts.keys() | {None}
    assert rates[None]["rate"] == pytest.approx(ratio)
    for who, (n, f) in counts.items():
        assert (rates[who]["n_exposed"], rates[who]["n_followed"]) == (n, f)
        assert rates[who]["rate"] == pytest.approx((5 * ratio + f) / (5 + n))


def test_lead_goes_to_whom_others_follow():
    network = made([(0, 1, 1.0), (0, 2, 1.0)], [(0, 1, 1.0), (0, 2, 1.0)])
    exposed = exposed_of([("p0002", date(2024, 1, 1), c) for c in ("p0000", "x", "y")])
    changes = changes_of([("x", date(2024, 1, 9)), ("y", date(2024, 3, 31)), ("p0000", date(2024, 4, 1))])
    table = definitions.lead_rates(exposed, changes)
    assert table["n_followed"].to_list() == [2, 0]
    rates = definitions.rates_by_party(network, table)
    # r = 2/3; the leader's own (5 r + 2) / 8 is r as well: the prior alone decides nothing, the tie goes to the id.
    assert rates == pytest.approx([2 / 3, 2 / 3, 2 / 3])
    got = ranking.top_contacts("lead", network, np.ones(3), rates=np.array([0.1, 0.2, 0.6]), top=1)
    assert got.row(0, named=True)["contact_id"] == "p0002"
    with pytest.raises(ConfigError, match="handset changes"):
        ranking.top_contacts("lead", network, np.ones(3))


def test_lead_from_the_tables(town):
    """Who is exposed comes from the gate in the window before the change, not from today's ties."""
    rows = []
    for other in (1, 2, 3):  # 1 before the change, 2 after it, 3 one way
        at = 150 if other != 2 else 80
        rows += [(0, other, day(at), 1, 9, 0)] + [(other, 0, day(at - 9), 1, 9, 0)] * (other != 3)
    rows += [(0, 3, day(151), 1, 9, 0)]
    rows += [r for other in (1, 2) for r in ((0, other, day(3), 1, 9, 0), (other, 0, day(2), 1, 9, 0))]
    town.fill(rows)
    events = []
    for who, change in ((0, 120), (1, 60), (2, 50)):
        for age in range(170, 0, -5):
            events.append((who, 9, day(age), "11111111" if age > change else "22222222"))
    town.store.append(
        "events",
        pl.DataFrame(
            [("call", a, b, at, 5, True, tac, "s") for a, b, at, tac in events],
            schema={"kind": pl.String, "caller": pl.UInt32, "callee": pl.UInt32, "started_at": pl.Date,
                    "duration_s": pl.Int32, "answered": pl.Boolean, "caller_tac": pl.String, "source_id": pl.String},
            orient="row",
        ).with_columns(pl.col("started_at").cast(pl.Datetime("us"))),
    )  # fmt: skip
    town.build()
    config = Config(graph=Graph(as_of=day(0).isoformat(), definition="lead"), offers=Offers())
    changes = stage.handset_changes(town.store, config)
    assert changes.rows() == [("p0", day(120)), ("p1", day(60)), ("p2", day(50))]
    exposed = town.store.query("graph/exposed", until=day(90), window_days=90, min_active_days=2)
    assert exposed.rows() == [("p0", day(120), "p1")]
    graph = town.network()
    assert stage.led(town.store, config, graph) == pytest.approx([1.0] * graph.n)
    table = stage.influencers(town.store, config, ["lead", "strongest"], graph, ranks(graph)[1])
    assert set(table["definition"]) == {"lead", "strongest"}


def test_baselines():
    network = made([(0, 1, 1.0), (0, 2, 5.0), (1, 0, 1.0), (0, 3, 1.0)])
    assert network.calls_to_contacts().tolist() == [0, 1, 3, 2, 0, 0]
    share = np.array([1.0, 0.2, 0.4, 0.9])

    def first(definition, **kwargs):
        return ranking.top_contacts(definition, network, share, top=1, **kwargs).row(0, named=True)["contact_id"]

    assert (first("most_called"), first("most_central")) == ("p0003", "p0003")
    picks = {first("random", seed=s) for s in range(30)}
    assert picks == {"p0001", "p0002", "p0003"}
    assert first("random", seed=5) == first("random", seed=5)


def test_agreement():
    table = pl.DataFrame(
        [("c", "x", 1, "p"), ("c", "x", 2, "q"), ("c", "y", 1, "q"), ("c", "y", 2, "p"), ("d", "x", 1, "p"),
         ("d", "y", 1, "p"), ("e", "x", 1, "p")],
        schema=["customer_id", "definition", "rank", "contact_id"], orient="row",
    )  # fmt: skip
    assert ranking.agreement(table).rows() == [("x", "y", 2, 0.5, 1.0)]
    assert ranking.agreement(table.head(0)).height == 0


def test_users_find_every_definition():
    offered = {f.name: f for f in fields(Graph)}["definition"].metadata["choices"]
    assert set(offered) == {"auto", *ranking.DEFINITIONS}, "the choices of graph.definition in engine/config.py"
    page = (Path(__file__).parents[2] / "docs" / "methods.md").read_text("utf-8")
    missing = [name for name in ranking.DEFINITIONS if f"\n| `{name}`" not in page]
    assert missing == [], "each needs a row with its formula in docs/methods.md, section 3"
    untold = [name for name in ranking.DEFINITIONS if name not in (ranking.scores.__doc__ or "")]
    assert untold == [], "the docstring of scores in engine/graph/ranking.py says what each is"

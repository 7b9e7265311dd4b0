"""Exports read back by networkx, ego pictures, community and network-wide tables."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import networkx as nx
import polars as pl
import pytest

from engine.errors import ConfigError, InputError
from engine.graph import formats, ranking, summaries
from engine.graph.ego import ego
from engine.graph.network import ranks
from engine.graph.nodes import node_table
from tests.graph.conftest import day, made

NAMES = {0: 'a<b&"c"', 1: "ä", 2: "p2", 3: "p3"}


@pytest.fixture
def tables(town):
    rows = [r for n in (1, 2) for r in ((0, n, day(2), 1, 60 * n, 0), (n, 0, day(5), 1, 60, 0))] + [
        (0, 3, day(1), 1, 9, 0)
    ]
    network = town.fill(rows, names=NAMES).build().network()
    rank, central = ranks(network)
    nodes = node_table(network, rank, central)
    return network, nodes, town.store.read("ties"), ranking.top_contacts("tie_reach", network, central)


@pytest.mark.parametrize("kind", ["graphml", "gexf"])
def test_networkx_reads_the_export(tables, tmp_path, kind):
    _, nodes, ties, _ = tables
    (path,) = formats.export(nodes, ties, tmp_path / f"graph.{kind}", kind=kind)
    read = {"graphml": nx.read_graphml, "gexf": nx.read_gexf}[kind]
    if kind == "gexf":
        text = path.read_text(encoding="utf-8")
        assert ET.fromstring(text).tag.endswith("gexf")  # noqa: S314 (our own file)
        path.write_text(text.replace("http://gexf.net/1.3", "http://www.gexf.net/1.2draft").replace('"1.3"', '"1.2"'))
    graph = read(path)
    assert set(graph.nodes) == set(NAMES.values())
    counted = ties.filter(pl.col("gated_because").is_null())
    assert {frozenset(e) for e in graph.edges} == {
        frozenset((NAMES[a], NAMES[b])) for a, b in counted.select("a", "b").rows()
    }
    for row in nodes.iter_rows(named=True):
        assert graph.nodes[row["party_id"]]["pagerank"] == pytest.approx(row["pagerank"])
        assert graph.nodes[row["party_id"]]["is_hub"] is False
        assert graph.nodes[row["party_id"]].get("community") == row["community"]
    weights = sorted(d["weight"] for *_, d in graph.edges(data=True))
    assert weights == pytest.approx(sorted(counted["weight"].to_list()))
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_parquet_export_and_unknown_formats(tables, tmp_path):
    _, nodes, ties, _ = tables
    files = formats.export(nodes, ties, tmp_path / "g", kind="parquet")
    assert [f.name for f in files] == ["nodes.parquet", "ties.parquet"]
    assert pl.read_parquet(files[1]).select("source", "target").height == 2
    with pytest.raises(ConfigError, match="graphml, gexf, parquet"):
        formats.export(nodes, ties, tmp_path / "x", kind="dot")
    empty = formats.export(nodes.head(0), ties.head(0), tmp_path / "e.graphml", kind="graphml")
    assert nx.read_graphml(empty[0]).number_of_nodes() == 0


def test_ego_networks(tables):
    network, _, _, tops = tables
    first = tops.filter((pl.col("customer_id") == NAMES[0]) & (pl.col("rank") == 1))["contact_id"].item()
    found = ego(network, NAMES[0], first=first, name=lambda who: f"<{len(who)}>")
    assert [node["name"] for node in found.nodes] == ["<7>", "<2>", "<1>"]
    assert [node["chosen"] for node in found.nodes].count(True) == 1 and not found.nodes[0]["chosen"]
    assert [(tie["a"], tie["b"]) for tie in found.ties] == [(0, 1), (0, 2)] and found.left_out == 0
    assert all(tie["weight"] > 0 for tie in found.ties)
    lonely = ego(network, "p3")
    assert (len(lonely.nodes), lonely.ties) == (1, [])
    for nobody in ("zz", "", "p2x"):
        with pytest.raises(InputError, match="no contact in the window"):
            ego(network, nobody)


def test_never_more_than_thirty_people_in_a_picture():
    network = made([(0, n, float(n)) for n in range(1, 50)], [(0, n, float(n)) for n in range(1, 50)])
    found = ego(network, "p0000", most=1000)
    assert len(found.nodes) == 30 and found.left_out == 20
    assert {node["id"] for node in found.nodes} == {"p0000"} | {f"p{n:04}" for n in range(21, 50)}


def test_communities_with_leader_and_manufacturers(tables):
    _, nodes, _, _ = tables
    handsets = pl.DataFrame(
        {
            "customer_id": ["p2", "p2", "ä", NAMES[0]],
            "spell": [1, 2, 1, 1],
            "manufacturer": ["Old", "Apple", "Nokia", "Apple"],
        }
    )
    got = summaries.community_table(nodes, handsets)
    assert got.select("community", "size", "leader", "manufacturer", "mix").rows() == [
        (0, 3, NAMES[0], "Apple", "Apple 67 %, Nokia 33 %")
    ]
    assert summaries.community_table(nodes).columns == ["community", "size", "leader", "leader_pagerank"]
    assert summaries.community_table(nodes, smallest=4).height == 0


def test_network_wide_influencers(tables):
    _, nodes, _, tops = tables
    got = summaries.network_top(nodes, tops)
    assert got.select("party_id", "customers").rows() == [(NAMES[0], 2), ("p2", 1)]
    assert got["reach"].to_list()[0] == pytest.approx(2.0) and got["share"].sum() == pytest.approx(1.0)
    assert summaries.network_top(nodes, tops.head(0)).height == 0

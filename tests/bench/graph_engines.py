"""One measured process, `python -m … ENGINE IN OUT [MEMORY]`: records in Parquet -> top contacts as Parquet."""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.warehouse.duckdb import DuckDBWarehouse

HALF_LIFE, WINDOW, DAMPING, GAMMA = 30.0, 90, 0.85, 0.25

# What `kindred import logs` leaves behind, a file a day; its cleaning and numbering have a bench of their own. The
# subscriber numbers of one operator's block are the nodes, as they are for pandas + networkx.
PAIR_DAYS = """
INSERT INTO pair_days BY NAME
SELECT src, dst, day, n - n_texts AS n_calls, talk_s, n_texts
FROM (
    SELECT CAST(caller - $block AS UINTEGER) AS src, CAST(callee - $block AS UINTEGER) AS dst,
           CAST(started_at AS DATE) AS day, CAST(count(*) AS UINTEGER) AS n,
           CAST(count(*) FILTER (kind = 'text') AS UINTEGER) AS n_texts, CAST(sum(duration_s) AS UINTEGER) AS talk_s
    FROM read_parquet($file) GROUP BY ALL
)
"""
PARTIES = """
INSERT INTO parties BY NAME
SELECT node, CAST(node + $block AS VARCHAR) AS party_id, true AS is_customer, false AS opted_out
FROM (SELECT src AS node FROM pair_days GROUP BY src UNION ALL SELECT dst FROM pair_days GROUP BY dst) GROUP BY node
"""

# A fifth of the people act, at random, half of them soon after the day on which influence is first looked at. The
# records' first and last day are those of two events: the benches leave the others out.
ACTS = """
INSERT INTO events BY NAME
SELECT 'call' AS kind, src AS caller, dst AS callee, day + INTERVAL 12 HOUR AS started_at, 9 AS duration_s,
       true AS answered, 's' AS source_id
FROM (SELECT * FROM pair_days ORDER BY day, src, dst LIMIT 1)
UNION ALL
SELECT 'call', src, dst, day + INTERVAL 12 HOUR, 9, true, 's'
FROM (SELECT * FROM pair_days ORDER BY day DESC, src, dst LIMIT 1);
INSERT INTO acts BY NAME
SELECT party_id AS customer_id, 'pass' AS act,
       (SELECT min(day) FROM pair_days) + INTERVAL 5 DAY + INTERVAL (hash(node) % 55) DAY + INTERVAL 12 HOUR AS at
FROM parties WHERE hash(node, 1) % 5 = 0;
"""


def kindred(source: Path, out: Path, memory: str = "") -> dict[str, list[float]]:
    """The engine's own statements and functions on a database file."""
    lap = _Laps()
    store = _edges(source, out, memory, lap)
    from engine.graph.network import ranks
    from engine.graph.ranking import top_contacts
    from engine.pipeline.influencers import network

    graph = network(store)
    lap("hand-over")
    _, central = ranks(graph, damping=DAMPING)
    lap("pagerank")
    top_contacts("tie_reach", graph, central, top=1).write_parquet(out)
    lap("influencers")
    store.close()
    return lap.seconds


def edges(source: Path, out: Path, memory: str = "") -> dict[str, list[float]]:
    """As `kindred`, up to table `edges`."""
    lap = _Laps()
    _edges(source, out, memory, lap).close()
    return lap.seconds


def nodes(database: Path, out: Path) -> dict[str, list[float]]:
    """What `kindred` leaves out: every centrality and the communities of table `nodes`, from the database it left."""
    lap = _Laps()
    from engine.graph.network import ranks
    from engine.graph.nodes import node_table
    from engine.pipeline.influencers import network
    from engine.warehouse.duckdb import DuckDBWarehouse

    store = DuckDBWarehouse(database)
    graph = network(store)
    rank, central = ranks(graph, damping=DAMPING)
    lap("ranks again")
    store.write("nodes", node_table(graph, rank, central))
    lap("nodes")
    store.close()
    return lap.seconds


def learned(database: Path, out: Path) -> dict[str, list[float]]:
    """Learn from 200,000 acts per million people, and score every contact, in the database that `kindred` left."""
    lap = _Laps()
    from engine.config import Config, Graph
    from engine.graph.network import ranks
    from engine.pipeline import influencers
    from engine.pipeline import learned as stage
    from engine.warehouse.duckdb import DuckDBWarehouse

    store = DuckDBWarehouse(database)
    store.connection.execute(ACTS)
    lap("acts")
    config = Config(graph=Graph(definition="learned"))
    found = stage.learn(store, config)
    lap("fit and judge")
    graph = stage.network(store)
    _, central = ranks(graph, damping=DAMPING)
    lap("hand-over, ranks")
    scores = influencers.lifts_of(store, config, graph, central, found)
    lap("scores")
    if scores is None or not scores.any():
        raise SystemExit(f"nothing was learned: {found.verdict}")
    out.with_suffix(".txt").write_text(f"{found.verdict}")
    store.close()
    return lap.seconds


def _edges(source: Path, out: Path, memory: str, lap: _Laps) -> DuckDBWarehouse:
    from datetime import date

    from engine.config import Graph
    from engine.pipeline import edges
    from engine.warehouse.duckdb import DuckDBWarehouse
    from tests.bench import towns

    base = out.with_suffix(".duckdb")
    base.unlink(missing_ok=True)
    store = DuckDBWarehouse(base, memory=memory, scratch=out.with_suffix(".tmp"))
    lap("start")

    def read(file: Path) -> None:
        store.connection.cursor().execute(PAIR_DAYS, {"file": str(file), "block": towns.BLOCK})

    with ThreadPoolExecutor(2) as two:  # the end of one file leaves a processor to the beginning of the next
        list(two.map(read, sorted(source.glob("*.parquet"))))
    store.connection.execute(PARTIES, {"block": towns.BLOCK})
    lap("pair_days")
    edges.build(store, Graph(as_of=date(2024, 3, 31).isoformat()))
    lap("edges")
    return store


def pandas(source: Path, out: Path) -> dict[str, list[float]]:
    """The same by pandas and networkx, as one would write it: for comparison."""
    lap = _Laps()
    import networkx as nx
    import numpy as np
    import pandas as pd

    frame = pd.read_parquet(source)
    lap("start")
    frame["day"] = frame["started_at"].dt.floor("D")
    frame["called"] = (frame["kind"] == "call").astype(int)
    frame["texted"] = 1 - frame["called"]
    days = frame.groupby(["caller", "callee", "day"], sort=False, as_index=False).agg(
        n_calls=("called", "sum"), talk_s=("duration_s", "sum"), n_texts=("texted", "sum")
    )
    lap("pair_days")
    age = (pd.Timestamp(2024, 3, 31) - days["day"]).dt.days
    contact = (days.n_calls > 0) + 0.25 * np.log1p(days.talk_s.clip(upper=3600) / 60) + 0.5 * (days.n_texts > 0)
    days["strength"] = contact * 2.0 ** (-age / HALF_LIFE)
    edges = days.groupby(["caller", "callee"], sort=False, as_index=False)["strength"].sum()
    days["a"], days["b"] = days[["caller", "callee"]].min(axis=1), days[["caller", "callee"]].max(axis=1)
    active = days.drop_duplicates(["a", "b", "day"]).groupby(["a", "b"]).size().rename("active")
    both = edges.merge(edges, left_on=["caller", "callee"], right_on=["callee", "caller"], how="outer")
    both = both.rename(columns={"caller_x": "i", "callee_x": "j", "strength_x": "s", "strength_y": "t"})
    both["i"], both["j"] = both["i"].fillna(both["callee_y"]), both["j"].fillna(both["caller_y"])
    degree = both.groupby("i").agg(contacts=("j", "size"), mutual=("t", lambda t: 0.0))
    degree["mutual"] = both[both.s.notna() & both.t.notna()].groupby("i").size() / degree["contacts"]
    limit = degree.contacts.quantile(0.999, interpolation="lower")
    one_way = (degree.contacts > limit) & ~(degree.mutual >= 0.05)
    hubs = set(degree.index[(degree.contacts > 400) | one_way])
    edges = edges[~edges.caller.isin(hubs) & ~edges.callee.isin(hubs)]
    lap("edges")
    graph = nx.from_pandas_edgelist(edges, "caller", "callee", "strength", create_using=nx.DiGraph)
    graph.add_nodes_from(set(degree.index) - hubs)
    rank = pd.Series(nx.pagerank(graph, DAMPING, weight="strength", tol=1e-11 / len(graph), max_iter=1000))
    share = rank.rank(method="max") / len(rank)
    lap("pagerank")
    ties = both[both.s.notna() & both.t.notna() & ~both.i.isin(hubs) & ~both.j.isin(hubs)].astype({"i": int, "j": int})
    ties["a"], ties["b"] = ties[["i", "j"]].min(axis=1), ties[["i", "j"]].max(axis=1)
    ties = ties.join(active, on=["a", "b"])
    ties = ties[ties.active >= 2]
    ties["w"] = 0.5 * (ties.s + ties.t) + ties[["s", "t"]].min(axis=1)
    ties["p"] = ties.w / ties.groupby("i")["w"].transform("sum")
    ties["score"] = ties.p * ties.j.map(share) ** GAMMA
    ties["j"] = ties.j.astype(str)
    best = ties.sort_values(["i", "score", "j"], ascending=[True, False, True]).drop_duplicates("i")
    best.to_parquet(out)
    lap("influencers")
    return lap.seconds


def scan(source: Path, out: Path) -> dict[str, list[float]]:
    """DuckDB reads the columns and does nothing with them: the floor."""
    lap = _Laps()
    import duckdb

    columns = "count(*), sum(caller), sum(callee), max(started_at), sum(duration_s), max(kind)"
    query = f"SELECT {columns} FROM read_parquet($files)"  # noqa: S608
    duckdb.connect().execute(query, {"files": str(source / "*.parquet")}).fetchall()
    lap("scan")
    return lap.seconds


class _Laps:
    """[wall, processor] seconds per step, by name: on a busy machine the second one can be compared."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = {}
        self._last = time.perf_counter(), time.process_time()

    def __call__(self, name: str) -> None:
        now = time.perf_counter(), time.process_time()
        self.seconds[name] = [round(n - b, 2) for n, b in zip(now, self._last, strict=True)]
        self._last = now


if __name__ == "__main__":
    engine, folder, target, *rest = sys.argv[1:]
    engines = {"kindred": kindred, "edges": edges, "nodes": nodes, "learned": learned, "pandas": pandas, "scan": scan}
    print(json.dumps(engines[engine](Path(folder), Path(target), *rest)))

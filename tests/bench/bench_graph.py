"""Call records to influencers: time, processor time and peak memory at S and M (L on request), beside other tools.

`python -m tests.bench graph` runs S and M; `KINDRED_BENCH_SIZES=S,M,L` chooses, XL stops at `edges`. Each engine is a
process of its own and goes from Parquet to Parquet; peak memory is the operating system's. pandas + networkx run at the
sizes of `KINDRED_BENCH_PEERS` (default S,M; M takes 5 GB and minutes). `KINDRED_BENCH_DATA` keeps the generated records
for the next time. Busy machines show in wall time first: compare processor time there.

Two lines tell what the product does beside what pandas + networkx are asked for: `kindred` goes to influencers,
`kindred, nodes` adds every centrality and the communities of table `nodes`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench import towns

if TYPE_CHECKING:
    import numpy as np

    from engine.graph.network import Network

MEMORY = {"S": "", "M": "700MB", "L": "2GB", "XL": "3GB"}


def main() -> None:
    """Print one line per engine and size with its ratio to ours, then PageRank by each library."""
    sizes = os.environ.get("KINDRED_BENCH_SIZES", "S,M").split(",")
    peers = os.environ.get("KINDRED_BENCH_PEERS", "S,M").split(",")
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            source = Path(os.environ.get("KINDRED_BENCH_DATA", folder)) / size
            if not source.is_dir():
                towns.write(source, *towns.SIZES[size])
            if size == "XL":
                edges = Path(folder) / "edges.parquet"
                _show(size, f"kindred to edges, --memory {MEMORY[size]}", measure("edges", source, edges, MEMORY[size]))
            else:
                compare(size, source, Path(folder), with_pandas=size in peers)


def compare(size: str, source: Path, folder: Path, *, with_pandas: bool) -> None:
    """The lines of one size; ours runs first once, so that compiling its loops is not measured."""
    ours, small = folder / f"kindred-{size}.parquet", folder / f"small-{size}.parquet"
    if size == "S":
        measure("kindred", source, ours)
    own = measure("kindred", source, ours)
    _show(size, "kindred", own)
    _show(size, "scan of the columns by DuckDB", measure("scan", source, folder / "scan.parquet"), own)
    if MEMORY[size]:
        _show(size, f"kindred --memory {MEMORY[size]}", measure("kindred", source, small, MEMORY[size]), own)
        print(f"{size} same result with little memory: {ours.read_bytes() == small.read_bytes()}")
    if with_pandas:
        theirs = folder / f"pandas-{size}.parquet"
        _show(size, "pandas + networkx", measure("pandas", source, theirs), own)
        print(f"{size} same top contact as pandas + networkx: {agreement(ours, theirs):.4%}")
    database = ours.with_suffix(".duckdb")
    compare_pageranks(size, database)
    _show(size, "kindred, nodes", measure("nodes", database, ours), own)
    _show(size, "kindred, learned from acts", measure("learned", database, ours), own)
    database.unlink()


def measure(engine: str, source: Path, out: Path, *rest: str) -> dict[str, object]:
    """Run an engine of `graph_engines` in a process: wall_s, cpu_s, peak_mb and [wall, cpu] seconds per step."""
    command = [sys.executable, "-m", "tests.bench.graph_engines", engine, str(source), str(out), *rest]
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        steps = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{engine} failed")
    return {
        "wall_s": round(time.perf_counter() - started, 2),
        "cpu_s": round(usage.ru_utime + usage.ru_stime, 2),
        "peak_mb": round(usage.ru_maxrss * 1024 / 1e6),
        "steps": json.loads(steps.splitlines()[-1]),
    }


def agreement(ours: Path, theirs: Path) -> float:
    """Share of the customers with the same top contact."""
    import polars as pl

    a = pl.read_parquet(ours).select("customer_id", "contact_id")
    b = pl.read_parquet(theirs).select(customer_id=pl.col("i").cast(pl.String), other="j")
    both = a.join(b, on="customer_id", how="full", coalesce=True)
    return float((both["contact_id"] == both["other"]).fill_null(False).mean())


def compare_pageranks(size: str, database: Path) -> None:
    """PageRank of the same matrix by each library, building included, in processor seconds, and whom each would name.

    All are stopped near 1e-11, networkit and igraph at L left out (minutes and many GB).
    """
    import numpy as np

    from engine.graph.network import ranks
    from engine.graph.pagerank import pagerank
    from engine.pipeline.influencers import network
    from engine.warehouse.duckdb import DuckDBWarehouse

    store = DuckDBWarehouse(database, read_only=True)
    graph = network(store)
    store.close()
    person = ~graph.is_hub
    src, dst, weight = graph.out.rows(), graph.out.indices, graph.out.weights
    kept = person[src] & person[dst]
    number = np.cumsum(person) - 1
    src, dst, weight, n = number[src[kept]], number[dst[kept]], weight[kept], int(person.sum())
    ranks(graph)  # compiles what is not compiled yet
    engines = {"kindred": pagerank, "scipy": _scipy}
    if size != "L":
        engines |= {"igraph": _igraph, "networkit": _networkit}
    first, mine = None, None
    for name, engine in engines.items():
        wall, clock = time.perf_counter(), time.process_time()
        rank = engine(src, dst, weight, n)
        wall, clock = time.perf_counter() - wall, time.process_time() - clock
        first = rank if first is None else first
        named = _named(graph, person, rank)
        mine = named if mine is None else mine
        gap, same = np.abs(rank - first).sum(), (named == mine).mean()
        print(
            f"{size} pagerank {name}: {wall:.3f} s, {clock:.3f} s cpu, {len(src):,} edges, L1 from ours {gap:.1e}, "
            f"same influencers {same:.4%}"
        )
    clock = time.process_time()
    first[dst].sum()
    print(f"{size} pagerank, one gather of every edge: {time.process_time() - clock:.3f} s cpu")


def _scipy(src: np.ndarray, dst: np.ndarray, weight: np.ndarray, n: int) -> np.ndarray:
    """Power iteration."""
    import numpy as np
    import scipy.sparse as sp

    out = np.bincount(src, weights=weight, minlength=n)
    matrix = sp.csr_matrix((weight / out[src], (dst, src)), shape=(n, n))
    x, moved = np.full(n, 1 / n), 1.0
    while moved >= 1e-11:
        new = 0.15 / n + 0.85 * (matrix @ x + x[out == 0].sum() / n)
        moved, x = np.abs(new - x).sum(), new
    return x


def _igraph(src: np.ndarray, dst: np.ndarray, weight: np.ndarray, n: int) -> np.ndarray:
    import igraph
    import numpy as np

    g = igraph.Graph(n, directed=True)
    g.add_edges(np.column_stack([src, dst]))
    return np.array(g.pagerank(weights=weight.tolist()))


def _networkit(src: np.ndarray, dst: np.ndarray, weight: np.ndarray, n: int) -> np.ndarray:
    import networkit as nk
    import numpy as np

    g = nk.GraphFromCoo((weight, (src, dst)), n=n, weighted=True, directed=True)
    spread = nk.centrality.SinkHandling.DistributeSinks
    found = nk.centrality.PageRank(g, damp=0.85, tol=1e-11, distributeSinks=spread)
    found.norm = nk.centrality.Norm.L1_NORM
    found.run()
    rank = np.array(found.scores())
    return rank / rank.sum()


def _named(graph: Network, person: np.ndarray, rank: np.ndarray) -> np.ndarray:
    """The top contact of every customer by a PageRank of the persons."""
    import numpy as np

    from engine.graph.pagerank import share_not_above
    from engine.graph.ranking import top_contacts

    centrality = np.full(len(person), np.nan)
    centrality[person] = share_not_above(rank)
    return top_contacts("tie_reach", graph, centrality, top=1)["contact_id"].to_numpy()


def _show(size: str, name: str, line: dict[str, object], own: dict[str, object] | None = None) -> None:
    steps = " ".join(f"{step} {wall}/{cpu}" for step, (wall, cpu) in line["steps"].items())
    ratio = ""
    if own:
        wall, cpu = line["wall_s"] / own["wall_s"], line["cpu_s"] / own["cpu_s"]
        ratio = f", {wall:.2f} x ours ({cpu:.2f} x its cpu)"
    print(
        f"{size} {name}: {line['wall_s']} s, {line['cpu_s']} s cpu, {line['peak_mb']} MB{ratio} (wall/cpu: {steps})",
        flush=True,
    )


if __name__ == "__main__":
    main()

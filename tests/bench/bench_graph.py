"""Call records to influencers: time, processor time and peak memory at S and M (L on request), beside other tools.

`python -m tests.bench graph` runs S and M; `KINDRED_BENCH_SIZES=S,M,L` chooses. Each engine is a process of its own and
goes from Parquet to Parquet; peak memory is the operating system's. pandas + networkx also run at M with
`KINDRED_BENCH_PEERS=M` (5 GB, minutes). Busy machines show in wall time first: compare processor time there.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench import towns

MEMORY = {"S": "", "M": "700MB", "L": "2GB"}


def main() -> None:
    """Print one line per engine and size, then PageRank beside scipy, igraph and the bare gather."""
    sizes = os.environ.get("KINDRED_BENCH_SIZES", "S,M").split(",")
    peers = os.environ.get("KINDRED_BENCH_PEERS", "S").split(",")
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            source = towns.write(Path(folder) / size, *towns.SIZES[size])
            _show(size, "scan", measure("scan", source, Path(folder) / "scan.parquet"))
            ours = Path(folder) / f"kindred-{size}.parquet"
            _show(size, "kindred", measure("kindred", source, ours))
            if MEMORY[size]:
                small = Path(folder) / f"small-{size}.parquet"
                _show(size, f"kindred --memory {MEMORY[size]}", measure("kindred", source, small, MEMORY[size]))
                print(f"{size} same result with little memory: {ours.read_bytes() == small.read_bytes()}")
            if size in peers:
                theirs = Path(folder) / f"pandas-{size}.parquet"
                _show(size, "pandas + networkx", measure("pandas", source, theirs))
                print(f"{size} same top contact as pandas + networkx: {agreement(ours, theirs):.4%}")
            compare_pageranks(size, ours.with_suffix(".duckdb"))


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
        "peak_mb": round(usage.ru_maxrss / 1000),
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
    """PageRank of the same matrix by the engine, scipy's power iteration and igraph, to 1e-11, in processor seconds."""
    import numpy as np
    import scipy.sparse as sp

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
    found = {}
    ranks(graph)  # compiles what is not compiled yet
    clock = time.process_time()
    found["kindred"] = pagerank(src, dst, weight, n), time.process_time() - clock
    clock = time.process_time()
    out = np.bincount(src, weights=weight, minlength=n)
    matrix = sp.csr_matrix((weight / out[src], (dst, src)), shape=(n, n))
    x = np.full(n, 1 / n)
    while True:
        new = 0.15 / n + 0.85 * (matrix @ x + x[out == 0].sum() / n)
        moved, x = np.abs(new - x).sum(), new
        if moved < 1e-11:
            break
    found["scipy"] = x, time.process_time() - clock
    if size == "S":
        import igraph

        clock = time.process_time()
        g = igraph.Graph(n, directed=True)
        g.add_edges(np.column_stack([src, dst]))
        found["igraph"] = np.array(g.pagerank(weights=weight.tolist())), time.process_time() - clock
    clock = time.process_time()
    x[dst].sum()
    found["one gather of every edge"] = x, time.process_time() - clock
    for name, (rank, seconds) in found.items():
        gap = np.abs(rank - found["kindred"][0]).sum()
        print(f"{size} pagerank {name}: {seconds:.3f} s cpu, {len(src):,} edges, L1 from ours {gap:.1e}")


def _show(size: str, name: str, line: dict[str, object]) -> None:
    steps = " ".join(f"{step} {wall}/{cpu}" for step, (wall, cpu) in line["steps"].items())
    print(
        f"{size} {name}: {line['wall_s']} s, {line['cpu_s']} s cpu, {line['peak_mb']} MB (wall/cpu: {steps})",
        flush=True,
    )


if __name__ == "__main__":
    main()

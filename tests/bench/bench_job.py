"""The whole job as a user runs it: `init`, `import logs`, `run` to the influencers, each a command of its own.

`python -m tests.bench.bench_job [S|M|L] [--rounds N]` prints one JSON object a line: seconds by the clock and of the
processor, peak memory, from CSV and from Parquet, with text ids (p123) and with phone numbers. Beside them, in the same
round: pandas and networkx (ties by grouping, PageRank; up to a million rows), and DuckDB's COPY of the CSV.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.bench import towns

_NAIVE = """
import sys
import networkx as nx, pandas as pd
calls = pd.read_parquet(sys.argv[1])
calls = calls[calls.caller != calls.callee]
pairs = calls.groupby(["caller", "callee"]).agg(n=("duration_s", "size"), s=("duration_s", "sum")).reset_index()
pairs["weight"] = pairs.n + pairs.s / 60
ends = pairs[["caller", "callee"]]
ties = pairs.assign(a=ends.min(axis=1), b=ends.max(axis=1)).groupby(["a", "b"]).weight.sum().reset_index()
nx.pagerank(nx.from_pandas_edgelist(ties, "a", "b", edge_attr="weight"), weight="weight")
"""
_COPY = """
import sys
import duckdb
store = duckdb.connect(sys.argv[2])
columns = "caller VARCHAR, callee VARCHAR, started_at TIMESTAMP, duration_s INTEGER, kind VARCHAR"
store.execute("CREATE TABLE calls (" + columns + ")")
store.execute("COPY calls FROM '" + sys.argv[1] + "' (HEADER)")
"""


def run(*command: str, keys: Path) -> tuple[float, float, float]:
    """Seconds, processor seconds and peak megabytes of a command and what it starts."""
    environment = {**os.environ, "KINDRED_KEYS": str(keys)}
    start = time.perf_counter()
    with tempfile.TemporaryFile() as told:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=told)
        _, state, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        if state:
            told.seek(0)
            raise RuntimeError(f"{' '.join(command)}: {told.read().decode()}")
    return seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def job(path: Path, folder: Path) -> dict[str, Any]:
    """The three commands on one file or folder of call records."""
    kindred, workspace = (sys.executable, "-m", "cli.main"), str(folder / "ws")
    steps = {
        "init": ("init", workspace),
        "import": ("import", "logs", str(path), "-w", workspace, "--quiet"),
        "run": ("run", "--until", "influencers", "-w", workspace, "--quiet"),
    }
    told: dict[str, Any] = {}
    for name, words in steps.items():
        seconds, used, peak = run(*kindred, *words, keys=folder / "keys")
        told[name] = {"s": round(seconds, 2), "cpu_s": round(used, 2), "peak_mb": round(peak)}
    told["all"] = {what: round(sum(told[name][what] for name in steps), 2) for what in ("s", "cpu_s")}
    return told


def inputs(folder: Path, size: str) -> Iterator[tuple[str, Path]]:
    """The same call records in each form, one file each."""
    import duckdb

    rows, people = towns.SIZES[size]
    town = towns.write(folder / "town", rows, people)
    ids = {"text": "'p' || (x - 36000000000)", "phone": "'+' || x"}
    for named, made in ids.items():
        columns = ", ".join(f"{made.replace('x', c)} AS {c}" for c in ("caller", "callee"))
        for form in ("parquet", "csv"):
            path = folder / f"{named}.{form}"
            text = f"COPY (SELECT {columns}, started_at, duration_s, kind FROM '{town}/*.parquet') TO '{path}'"  # noqa: S608
            duckdb.execute(text + (" (HEADER)" if form == "csv" else ""))
            yield f"{named} ids, {form}", path


def main(words: list[str] | None = None) -> None:
    """Print a line for each form, each peer, and how they compare."""
    parser = argparse.ArgumentParser()
    parser.add_argument("size", nargs="?", default="S", choices=sorted(towns.SIZES))
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args(sys.argv[2:] if words is None else words)
    with tempfile.TemporaryDirectory() as home:
        files = dict(inputs(Path(home), asked.size))
        found: dict[str, list[dict[str, Any]]] = {}
        for number in range(asked.rounds):
            for name, path in files.items():
                folder = Path(home) / f"{number}-{path.name}"
                folder.mkdir()
                found.setdefault(name, []).append(job(path, folder))
            for name, script, path in (("pandas and networkx", _NAIVE, "text.parquet"), ("COPY", _COPY, "text.csv")):
                if name == "COPY" or towns.SIZES[asked.size][0] <= 1_000_000:
                    command = (sys.executable, "-c", script, f"{home}/{path}", f"{home}/copy{number}.duckdb")
                    seconds, used, peak = run(*command, keys=Path(home))
                    all_ = {"s": round(seconds, 2), "cpu_s": round(used, 2)}
                    found.setdefault(name, []).append({"all": all_, "peak_mb": round(peak)})
        for name, rounds in found.items():
            middle = {what: statistics.median(r["all"][what] for r in rounds) for what in ("s", "cpu_s")}
            print(json.dumps({"size": asked.size, "what": name, "median": middle, "rounds": rounds}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])

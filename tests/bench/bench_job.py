"""The whole job as a user runs it: `init`, `import`, `run` stage after stage, each a command of its own.

`python -m tests.bench.bench_job [S|M|L …] [--rounds N] [--ads CUSTOMERS]` prints one JSON object a line.

To the influencers, from CSV and from Parquet, with text ids (p123) and with phone numbers: per command seconds by the
clock and of the processor, peak memory, and the share of the whole; with two sizes or more, by which power of the rows
the processor seconds grow. Beside them, in the same round: pandas and networkx (ties by grouping, PageRank; up to a
million rows), and DuckDB's COPY of the CSV. `day`: the last of 30 days imported and run, beside the 29 before it.

`--ads`: a drawn town of so many customers, a tenth of them with photos, from its files to finished ads, two sizes each.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.stages import STAGES
from engine.synth import town
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


def steps(folder: Path, *commands: tuple[str, ...]) -> dict[str, Any]:
    """Commands on a new workspace, one after another: each one's seconds, peak and share; `all` of them."""
    told: dict[str, Any] = {}
    for words in (("init",), *commands):
        place = (str(folder / "ws"),) if words == ("init",) else ("-w", str(folder / "ws"), "--quiet")
        seconds, used, peak = run(sys.executable, "-m", "cli.main", *words, *place, keys=folder / "keys")
        name = words[-1] if words[0] == "run" else " ".join(words[:2])
        told[name] = {"s": round(seconds, 2), "cpu_s": round(used, 2), "peak_mb": round(peak)}
    whole = {what: round(sum(step[what] for step in told.values()), 2) for what in ("s", "cpu_s")}
    for step in told.values():
        step["share"] = round(step["cpu_s"] / whole["cpu_s"], 3)
    return {**told, "all": whole}


def runs(last: str) -> list[tuple[str, ...]]:
    """A command for each stage up to `last`."""
    names = [stage.name for stage in STAGES]
    return [("run", "--until", name) for name in names[: names.index(last) + 1]]


def job(path: Path, folder: Path) -> dict[str, Any]:
    """From one file or folder of call records to the influencers."""
    return steps(folder, ("import", "logs", str(path)), *runs("influencers"))


def one_more_day(days_in: Path, folder: Path) -> dict[str, Any]:
    """All days but the last, and then the last: processor seconds of import and run, and the second part's share."""
    days = sorted(map(str, days_in.glob("*.parquet")))
    until = ("run", "--until", "influencers")
    whole = steps(folder, ("import", "logs", *days[:-1]), until)["all"]
    seconds = dict.fromkeys(whole, 0.0)
    for words in (("import", "logs", days[-1]), until):
        space = ("-w", str(folder / "ws"), "--quiet")
        wall, used, _ = run(sys.executable, "-m", "cli.main", *words, *space, keys=folder / "keys")
        seconds = {"s": round(seconds["s"] + wall, 2), "cpu_s": round(seconds["cpu_s"] + used, 2)}
    return {"all": seconds, "before": whole, "share": round(seconds["cpu_s"] / whole["cpu_s"], 3)}


def ads(folder: Path, customers: int) -> dict[str, Any]:
    """From a drawn town's files to finished ads."""
    town.write(folder / "town", customers=customers, seed=7, photos=customers // 10)
    tables = ("devices", "customers", "offers", "treatments", "acts", "consents", "optouts", "photos", "inventory")
    imports = [("import", name, str(folder / "town" / f"{name}.csv")) for name in tables]
    logs = ("import", "logs", str(folder / "town" / "logs" / "calls.csv"))
    return steps(folder, logs, *imports, *runs("ads"))


def inputs(folder: Path, size: str) -> Iterator[tuple[str, Path]]:
    """The same call records in each form, one file each."""
    import duckdb

    rows, people = towns.SIZES[size]
    days = towns.write(folder / "town", rows, people)
    ids = {"text": "'p' || (x - 36000000000)", "phone": "'+' || x"}
    for named, made in ids.items():
        columns = ", ".join(f"{made.replace('x', c)} AS {c}" for c in ("caller", "callee"))
        for form in ("parquet", "csv"):
            path = folder / f"{named}.{form}"
            text = f"COPY (SELECT {columns}, started_at, duration_s, kind FROM '{days}/*.parquet') TO '{path}'"  # noqa: S608
            duckdb.execute(text + (" (HEADER)" if form == "csv" else ""))
            yield f"{named} ids, {form}", path


def growth(found: dict[str, dict[str, float]]) -> float:
    """By which power of the rows processor seconds grow, from the smallest size to the largest."""
    sizes = sorted(found, key=lambda size: towns.SIZES[size][0])
    rows = towns.SIZES[sizes[-1]][0] / towns.SIZES[sizes[0]][0]
    return round(math.log(found[sizes[-1]]["cpu_s"] / found[sizes[0]]["cpu_s"]) / math.log(rows), 2)


def measured(home: Path, size: str, rounds: int) -> dict[str, list[dict[str, Any]]]:
    """What each form and each peer took, round by round."""
    files = dict(inputs(home, size))
    small = towns.SIZES[size][0] <= 1_000_000
    peers = {"COPY": (_COPY, "text.csv")} | ({"pandas and networkx": (_NAIVE, "text.parquet")} if small else {})
    found: dict[str, list[dict[str, Any]]] = {}
    for number in range(rounds):
        for name, path in files.items():
            found.setdefault(name, []).append(job(path, made(home / f"{number}-{path.name}")))
        found.setdefault("one more day", []).append(one_more_day(home / "town", made(home / f"{number}-day")))
        for name, (script, path) in peers.items():
            command = (sys.executable, "-c", script, f"{home}/{path}", f"{home}/copy{number}.duckdb")
            seconds, used, peak = run(*command, keys=home)
            whole = {"s": round(seconds, 2), "cpu_s": round(used, 2)}
            found.setdefault(name, []).append({"all": whole, "peak_mb": round(peak)})
    return found


def made(folder: Path) -> Path:
    """The folder, new."""
    folder.mkdir()
    return folder


def main(words: list[str] | None = None) -> None:
    """Print a line for each form, each peer, and how they grow."""
    parser = argparse.ArgumentParser()
    parser.add_argument("sizes", nargs="*", metavar="SIZE", help=f"of {', '.join(sorted(towns.SIZES))}; S unless given")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ads", type=int, metavar="CUSTOMERS")
    asked = parser.parse_args(words or [])
    if unknown := set(asked.sizes) - set(towns.SIZES):
        parser.error(f"there is no size {', '.join(sorted(unknown))}")
    middles: dict[str, dict[str, dict[str, float]]] = {}
    for size in asked.sizes or ["S"]:
        with tempfile.TemporaryDirectory() as home:
            for name, rounds in measured(Path(home), size, asked.rounds).items():
                middle = {what: statistics.median(r["all"][what] for r in rounds) for what in ("s", "cpu_s")}
                middles.setdefault(name, {})[size] = middle
                print(json.dumps({"size": size, "what": name, "median": middle, "rounds": rounds}), flush=True)
    for name, found in middles.items():
        if len(found) > 1:
            print(json.dumps({"what": name, "sizes": list(found), "grows_by_power": growth(found)}), flush=True)
    if asked.ads:
        with tempfile.TemporaryDirectory() as home:
            print(json.dumps({"customers": asked.ads, "what": "ads", **ads(Path(home), asked.ads)}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])

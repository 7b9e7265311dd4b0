"""Import and stage `edges` by DuckDB and by Spark on a standalone cluster on this machine, growing.

`python -m tests.bench spark`; `KINDRED_BENCH_ROWS=1000000,20000000` chooses, `KINDRED_BENCH_STEPS=edges` leaves the
import to DuckDB in both. Each engine is a process of its own; memory is the largest sum of resident pages of all its
processes (driver, Java, master, workers, executors), sampled. Two workers of one core and 2 GB each.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from tests.bench import towns

ROWS = "1000000,4000000"


def main() -> None:
    """Print one line per engine and size, and after each size the fits so far and the estimate for a large cluster."""
    if importlib.util.find_spec("pyspark") is None:
        print("skipped: the extra spark is not installed")
        return
    from tests.warehouse.cluster import cluster

    sizes = [int(rows) for rows in os.environ.get("KINDRED_BENCH_ROWS", ROWS).split(",")]
    steps = os.environ.get("KINDRED_BENCH_STEPS", "import,edges").split(",")
    found: dict[str, list[dict]] = {"duckdb": [], "spark": []}
    with tempfile.TemporaryDirectory() as folder:
        for rows in sizes:
            source = in_one_file(towns.write(Path(folder) / "source", rows, max(rows // 20, 1000)))
            for name, lines in found.items():
                with cluster(memory="2g") if name == "spark" else _nothing() as running:
                    master = running.master if running else ""
                    line = measure(name, source, Path(folder) / name, master, steps)
                lines.append({"rows": rows, **line})
                print(f"{rows:>11,} {name:<7}", json.dumps(line), flush=True)
                if name == "duckdb" and steps == ["edges"]:
                    shutil.copytree(Path(folder) / name, Path(folder) / "spark")
            for name in ("source", *found):
                shutil.rmtree(Path(folder) / name, ignore_errors=True)
            for step in steps:
                for name, lines in found.items():
                    fit(name, step, lines)
            estimate(found["spark"][-1], rows)


def in_one_file(folder: Path) -> Path:
    """The days of a folder as one file: on Spark each file takes some seconds of its own, however small it is."""
    import polars as pl

    days = sorted(folder.glob("day*.parquet"))
    pl.scan_parquet(days).sink_parquet(folder / "month.parquet", row_group_size=122_880)
    for day in days:
        day.unlink()
    return folder


class _nothing:
    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        return None


def measure(name: str, source: Path, folder: Path, master: str, steps: list[str]) -> dict[str, object]:
    """Run one engine's steps in a process; seconds per step, peak memory of all its processes, what it shuffled."""
    command = [sys.executable, "-m", "tests.bench.bench_spark", name, str(source), str(folder), master, *steps]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, stderr=subprocess.DEVNULL) as process:
        peak, processor, stop = [0], {}, threading.Event()
        watch = threading.Thread(target=_watch, args=(peak, processor, stop))
        watch.start()
        text = process.stdout.read()
        stop.set()
        watch.join()
    if process.returncode:
        raise SystemExit(f"{name} failed")
    return {
        **json.loads(text.splitlines()[-1]),
        "cpu_s": round(sum(processor.values())),
        "peak_mb": round(peak[0] / 1e6),
    }


def _watch(peak: list[int], processor: dict[int, float], stop: threading.Event) -> None:
    """The largest sum of resident pages of this process's descendants, and the processor seconds of each."""
    page, tick = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_CLK_TCK")
    while not stop.wait(0.2):
        parents, sizes, used = {}, {}, {}
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = path.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            process = int(path.parent.name)
            parents[process], sizes[process] = int(fields[1]), int(fields[21]) * page
            used[process] = (int(fields[11]) + int(fields[12])) / tick
        ours = {os.getpid()}
        while more := {child for child, parent in parents.items() if parent in ours} - ours:
            ours |= more
        processor.update({one: used[one] for one in ours - {os.getpid()} if one in used})
        peak[0] = max(peak[0], sum(sizes[one] for one in ours - {os.getpid()} if one in sizes))


def engine_process(name: str, source: str, folder: str, master: str, *steps: str) -> None:
    """One engine's steps on a workspace; prints their seconds as JSON."""
    import engine

    path = Path(folder)
    os.environ["KINDRED_KEYS"] = str(path.parent / "keys")
    if not path.exists():
        engine.create(path)
    flags = {"warehouse__engine": name, "warehouse__master": master, "storage__backup": False}
    space = engine.open(path, **flags)
    line: dict[str, object] = {}
    if steps == ("edges",) and name == "duckdb":
        engine.import_logs(space, sorted(Path(source).iterdir()))
    if name == "spark":
        started = time.perf_counter()
        with space.writing("adopt") as store:
            spark = store.spark
        line["start_s"] = round(time.perf_counter() - started, 1)
    moved = (0, 0)
    for step in steps:
        started = time.perf_counter()
        if step == "import":
            engine.import_logs(space, sorted(Path(source).iterdir()))
        else:
            line["edges"] = engine.run(space, until="edges", force=True)[0].rows["edges"]
        line[f"{step}_s"] = round(time.perf_counter() - started, 1)
        if name == "spark":
            from tests.warehouse.spark_stages import shuffled

            so_far = shuffled(spark)
            line[f"{step}_shuffled_rows"], line[f"{step}_shuffled_bytes"] = (
                n - m for n, m in zip(so_far, moved, strict=True)
            )
            moved = so_far
    print(json.dumps(line))


def fit(name: str, step: str, lines: list[dict]) -> None:
    """Print how a step's seconds grow: a + b rows by least squares, and the exponent between the ends."""
    rows, seconds = (np.array([float(line[key]) for line in lines]) for key in ("rows", f"{step}_s"))
    if len(rows) > 1:
        slope, base = np.polyfit(rows / 1e6, seconds, 1)
        power = np.log(seconds[-1] / max(seconds[0], 0.1)) / np.log(rows[-1] / rows[0])
        print(f"{name} {step}: {base:.1f} s + {slope:.2f} s per million rows; grows as rows^{power:.2f}")


def estimate(
    line: dict, rows: int, *, target: float = 5e9, nodes: int = 20, cores: int = 16, disk: float = 500e6
) -> None:
    """Print a paper estimate for a large cluster from the bytes shuffled and the time per row of the largest run.

    Args:
        line: of the largest run.
        rows: its rows.
        target: rows of the large run.
        nodes: machines.
        cores: of each; the run had two.
        disk: bytes a second each writes and reads of a shuffle, over its network.
    """
    total = sum(line[key] for key in line if key.endswith("_shuffled_bytes")) / rows
    seconds = total * target * 2 / (nodes * disk)
    worked = sum(line.get(key, 0) for key in ("import_s", "edges_s"))
    print(
        f"paper estimate: {total:.0f} bytes shuffled a row; {target:.0e} rows shuffle {total * target / 1e9:,.0f} GB, "
        f"which alone takes {seconds:,.0f} s on {nodes} nodes moving {disk / 1e6:.0f} MB/s each, written and read "
        f"once; computing takes {2 * worked / rows * target / (nodes * cores):,.0f} s on {nodes * cores} cores"
    )


if __name__ == "__main__":
    engine_process(*sys.argv[1:])

"""How long five million assignments take and what they cost in memory; then how often tests err and intervals hold.

`python -m tests.bench.bench_experiment [CUSTOMERS]` prints two JSON objects. `assign` is the hashing alone;
`stored` adds checking and writing to the database. The digest is over all arms in order: it is the same on
every machine. The second object is what `tests/experiment/test_experiment_errors.py` holds to the targets.
"""

from __future__ import annotations

import hashlib
import json
import resource
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.experiment.plan import DEFAULT_ARMS
from engine.warehouse.duckdb import DuckDBWarehouse
from tests.experiment import trials

TARGET = {"seconds": 60, "peak_mb": 2048}


def main(customers: int = 5_000_000) -> None:
    """Print times and the peak of memory."""
    import polars as pl

    frame = pl.select(customer_id=pl.format("customer-{}", pl.int_range(customers)))
    result: dict[str, Any] = {"customers": customers, "target": TARGET}
    started = time.perf_counter()
    arms = trials.drawn_arms(frame["customer_id"], DEFAULT_ARMS, "bench:1")
    result["assign_s"] = round(time.perf_counter() - started, 2)
    with tempfile.TemporaryDirectory() as folder:
        store = DuckDBWarehouse(Path(folder) / "bench.duckdb", scratch=Path(folder), memory="1GB")
        rows = frame.with_columns(
            experiment_id=pl.lit("bench"), version=1, cluster_id=pl.lit(None, pl.String), arm=arms,
            assigned_at=pl.lit(datetime(2025, 3, 1)), eligible_because=pl.lit("all"),
        )  # fmt: skip
        store.append("assignments", rows)
        store.close()
    result["stored_s"] = round(time.perf_counter() - started, 2)
    result["peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    result["counts"] = dict(arms.value_counts().sort("arm").iter_rows())
    result["sha256_of_arms"] = hashlib.sha256("\n".join(arms.to_list()).encode()).hexdigest()
    print(json.dumps(result, indent=1), flush=True)
    del frame, arms, rows
    print(json.dumps(errors(), indent=1))


def errors() -> dict[str, Any]:
    """A/A rates, METHODS section 7's table and coverage over 200 towns, at the full numbers of draws."""
    from engine.experiment.simulation import blocks, simulate

    graph = blocks(1, people=4000, groups=100, inside=0.2, outside=0.0005)
    table = simulate(*graph, direct=0.02, spillover=0.03, draws=1000, seed=5)
    towns = {
        f"{unit} assigned, lending {lending}": trials.town_coverage(unit, lending=lending)
        for unit, lending in (("customer", 0.0), ("cluster", 0.0), ("customer", 0.06))
    }
    return {
        "false_positives_of_1000": {unit: trials.false_positives(unit) for unit in ("customer", "cluster")},
        "errors_over_20_looks": trials.sequential_errors(),
        "methods_section_7": [line._asdict() for line in table],
        "coverage_of_200_towns": {
            name: {" ".join(key): rate for key, rate in rates.items()} for name, rates in towns.items()
        },
    }


if __name__ == "__main__":
    main(*(int(a) for a in sys.argv[1:]))

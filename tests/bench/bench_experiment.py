"""How long five million assignments take and what they cost in memory, by customers and written to a workspace.

`python -m tests.bench.bench_experiment [CUSTOMERS]` prints one JSON object. `assign` is the hashing alone, compiled
before; `stored` adds checking and writing to the database. The digest is over all arms in order: it is the same on
every machine.
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

from engine.experiment import assignment
from engine.experiment.plan import DEFAULT_ARMS
from engine.warehouse.duckdb import DuckDBWarehouse

TARGET = {"seconds": 60, "peak_mb": 2048}


def main(customers: int = 5_000_000) -> None:
    """Print times and the peak of memory."""
    import polars as pl

    assignment.assign(pl.Series("id", ["warm"]), DEFAULT_ARMS, "bench:1")
    frame = pl.select(customer_id=pl.format("customer-{}", pl.int_range(customers)))
    result: dict[str, Any] = {"customers": customers, "target": TARGET}
    started = time.perf_counter()
    arms = assignment.assign(frame["customer_id"], DEFAULT_ARMS, "bench:1")
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
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main(*(int(a) for a in sys.argv[1:]))

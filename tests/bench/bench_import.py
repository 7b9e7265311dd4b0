"""How fast raw call records come in, against DuckDB's own COPY of the same file, and in how much memory.

`python -m tests.bench.bench_import [ROWS] [--memory SIZE]` prints one JSON object. The two are timed in turn, each in
a process of its own, on a database file; peak memory is what the operating system saw of the whole process (VmHWM:
the usual ru_maxrss begins with what the parent held).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

_COPY = """
import duckdb, sys, time
path, database, memory = sys.argv[1:4]
start = time.perf_counter()
con = duckdb.connect(database, config={"memory_limit": memory} if memory else {})
con.execute("CREATE TABLE log (caller VARCHAR, callee VARCHAR, started_at TIMESTAMP, duration_s INTEGER)")
con.execute(f"COPY log FROM '{path}' (HEADER, DELIMITER ',')")
con.close()
seconds = time.perf_counter() - start
peak = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")][0]
print(seconds, time.process_time(), int(peak) / 1024)
"""
_IMPORT = """
import sys, time
from pathlib import Path
from engine.config import Config
from engine.logs.importer import import_logs
from engine.warehouse.duckdb import DuckDBWarehouse
path, database, memory = sys.argv[1:4]
start = time.perf_counter()
store = DuckDBWarehouse(Path(database), memory=memory, scratch=Path(database).parent / "scratch")
done = import_logs(store, [Path(path)], config=Config(), key=bytes(32))[0]
store.close()
seconds = time.perf_counter() - start
assert done.rows_in == done.rows_kept + done.rows_duplicate + done.rows_rejected
peak = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")][0]
print(seconds, time.process_time(), int(peak) / 1024)
"""


def make_log(path: Path, rows: int, *, people: int | None = None, days: int = 30, seed: int = 1) -> None:
    """Write a CSV log of phone numbers in time order, with log-normal activity, repeated contacts and second legs.

    Args:
        path: file to write.
        rows: about how many rows.
        people: distinct numbers; None = a twentieth of the rows.
        days: time covered.
        seed: of the random numbers.
    """
    import duckdb

    people = people or max(rows // 20, 10)
    con = duckdb.connect()
    con.execute("SELECT setseed($s)", {"s": (seed % 1000) / 1000})
    sql = (
        """
        COPY (
            WITH calls AS (
                SELECT
                    least((people * random() ** 2.5)::BIGINT, people - 1) AS a,
                    (random() ** 3 * 15)::BIGINT AS k,
                    (random() * days * 86400)::BIGINT AS t,
                    random() AS r,
                    exp(4.3 + 1.1 * sqrt(-2 * ln(random() + 1e-9)) * cos(2 * pi() * random()))::INTEGER AS d
                FROM range($rows)
            ),
            legs AS (
                SELECT a, k, t, d, r, unnest(CASE WHEN r < 0.05 THEN [0, 1] ELSE [0] END) AS leg FROM calls
            )
            SELECT
                '+3620' || lpad((a)::VARCHAR, 7, '0') AS caller,
                '+3620' || lpad((hash(a, k) % people)::VARCHAR, 7, '0') AS callee,
                TIMESTAMP '2024-01-01' + to_seconds(t + 4 * leg) AS started_at,
                CASE WHEN r > 0.87 THEN 0 ELSE least(d, 7200) END AS duration_s
            FROM legs
            ORDER BY started_at, caller
        ) TO '{path}' (HEADER)
    """.replace("people", str(people))
        .replace("days", str(days))
        .replace("{path}", str(path))
    )
    con.execute(sql, {"rows": rows})


def measure(script: str, path: Path, memory: str = "") -> tuple[float, float, float]:
    """Seconds, processor seconds and peak megabytes of a script on a file, in a process with its own database."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        done = subprocess.run(
            [sys.executable, "-c", script, str(path), f"{folder}/bench.duckdb", memory],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
    seconds, processor, megabytes = map(float, done.stdout.splitlines()[-1].split())
    return seconds, processor, megabytes


def compare(path: Path, *, repeats: int = 3, memory: str = "") -> dict[str, Any]:
    """Time import and COPY of one file in turn and take each one's best.

    Args:
        path: a CSV log with the canonical columns.
        repeats: rounds.
        memory: limit of the database, e.g. "400MB".

    Returns:
        megabytes of the file, seconds, processor seconds and peak megabytes of both, `speed_of_copy` = COPY's time /
        import's, and the same of the processor's time, which a busy machine disturbs less.
    """
    rounds = [(measure(_COPY, path, memory), measure(_IMPORT, path, memory)) for _ in range(repeats)]
    copy, own = ([min(r[k][i] for r in rounds) for i in (0, 1)] for k in (0, 1))
    return {
        "file_mb": round(path.stat().st_size / 2**20, 1),
        "copy_s": round(copy[0], 2),
        "import_s": round(own[0], 2),
        "speed_of_copy": round(copy[0] / own[0], 3),
        "copy_cpu_s": round(copy[1], 2),
        "import_cpu_s": round(own[1], 2),
        "speed_of_copy_cpu": round(copy[1] / own[1], 3),
        "copy_peak_mb": round(max(r[0][2] for r in rounds)),
        "import_peak_mb": round(max(r[1][2] for r in rounds)),
    }


def main() -> None:
    """Measure a generated log and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="?", type=int, default=1_000_000)
    parser.add_argument("--memory", default="")
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.csv"
        make_log(path, given.rows)
        figures = compare(path, repeats=given.repeats, memory=given.memory)
    print(json.dumps({"rows": given.rows, **figures}))


if __name__ == "__main__":
    main()

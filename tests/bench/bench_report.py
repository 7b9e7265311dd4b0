"""The influence report for 1 M customers: time, processor time, peak memory and size of the page.

The tables are invented by SQL straight into a workspace (what they say is of no matter, only how much it is):
1 M customers, 10 M events, 6 M pair-days, 3 M ties, 6 M influencer rows, 4 M uplifts. `KINDRED_BENCH_CUSTOMERS` sets
another size. Aim: under 60 s and 3 GB. Larger than `report.validate_up_to`, so the validation is not part of it.
Then an experiment on all of them is added, and the influence report and the experiment's are measured with it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TABLES = {
    "parties": """
        SELECT i AS node, 'c' || lpad(CAST(i AS VARCHAR), 8, '0') AS party_id, TRUE AS is_customer, i % 997
        = 0 AS opted_out FROM range($n) AS t(i)
    """,
    "customers": """
        SELECT party_id AS customer_id, CAST(18 + node % 60 AS INTEGER) AS age, 'town ' || node % 12 AS
        residence, CASE WHEN node % 2 = 0 THEN 'man' ELSE 'woman' END AS gender FROM parties
    """,
    "events": """
        SELECT CASE WHEN i % 10 < 7 THEN 'call' WHEN i % 10 < 9 THEN 'text' ELSE 'data' END AS kind,
        CAST(hash(i) % $n AS UINTEGER) AS caller, CASE WHEN i % 10 < 9 THEN CAST(hash(i + 1) % $n AS
        UINTEGER) END AS callee, TIMESTAMP '2025-01-01' + to_seconds(CAST(hash(i + 2) % 7776000 AS BIGINT))
        AS started_at, CAST(i % 600 AS INTEGER) AS duration_s, i % 5 > 0 AS answered, 's' AS source_id FROM
        range($n * 10) AS t(i)
    """,
    "ties": """
        SELECT CAST(i % $n AS UINTEGER) AS a, CAST(least($n - 1, i % $n + 1 + pow(hash(i) % 100, 2)) AS
        UINTEGER) AS b, 1.0 + hash(i + 3) % 900 / 100.0 AS weight, hash(i + 4) % 100 / 100.0 AS reciprocity,
        hash(i + 5) % 40 / 100.0 AS overlap, 9 AS active_days, CASE WHEN i % 9 = 0 THEN 'one_way' END AS
        gated_because FROM range($n * 3) AS t(i) WHERE i % $n < $n - 1
    """,
    "pair_days": """
        SELECT a AS src, b AS dst, DATE '2025-01-01' + CAST(hash(weight, a) % 90 AS INTEGER) AS day, 1 AS
        n_calls, 100 AS talk_s, 0 AS n_texts FROM ties UNION ALL SELECT b, a, DATE '2025-01-01' +
        CAST(hash(a, weight) % 90 AS INTEGER), 1, 50, 1 FROM ties
    """,
    "nodes": """
        SELECT node, party_id, CAST(1 + hash(node) % 30 AS BIGINT) AS degree, 1.0 + hash(node) % 99 AS
        in_strength, 2.0 AS out_strength, 1.0 / $n AS pagerank, hash(node) % 1000 / 1000.0 AS
        centrality_pct, 3 AS coreness, 0.0 AS collective_influence, CAST(node // 500 AS BIGINT) AS
        community, node % 5000 = 0 AS is_hub FROM parties
    """,
    "hubs": """
        SELECT node, 900 AS contacts, 0.01 AS mutual_share, 'many_contacts' AS reason FROM nodes WHERE
        is_hub
    """,
    "influencers": """
        SELECT p.party_id AS customer_id, d.d AS definition, r.r AS rank, 'c' ||
        lpad(CAST(CAST(pow(hash(p.node, r.r) % 10000 / 10000.0, 3) * $n AS BIGINT) AS VARCHAR), 8, '0') AS
        contact_id, 0.5 / r.r AS score, 0.4 / r.r AS tie_share, 0.9 AS centrality_pct, hash(p.node) % 100 /
        100.0 AS margin FROM parties AS p, (VALUES ('auto'), ('strongest')) AS d(d), range(1, 4) AS
        r(r)
    """,
    "handsets": """
        SELECT p.party_id AS customer_id, s.s AS spell, '35000000' AS tac, 'maker ' || hash(p.node, s.s) % 9
        AS manufacturer, 'm' AS model, DATE '2024-06-01' + CAST(s.s * 90 + p.node % 60 AS INTEGER) AS
        first_at, DATE '2024-06-01' + CAST(s.s * 90 + p.node % 60 + 80 AS INTEGER) AS last_at, 9 AS n_events
        FROM parties AS p, range(1, 3) AS s(s) WHERE p.node % 3 > 0 OR s.s = 1
    """,
    "offers": """
        SELECT 'offer ' || i AS offer_id, 'maker ' || i AS manufacturer, 'h' AS headline, 'b' AS body, 'go'
        AS call_to_action, 50.0 AS value, 2.0 AS cost FROM range(4) AS t(i)
    """,
    "uplift": """
        SELECT p.party_id AS customer_id, o.offer_id, (hash(p.node, o.offer_id) % 400 - 100.0) / 1000 AS
        uplift, 'm' AS model_id FROM parties AS p, offers AS o
    """,
    "choices": """
        SELECT party_id AS customer_id, CASE WHEN node % 3 > 0 THEN 'offer ' || node % 4 END AS offer_id,
        CASE WHEN node % 3 > 0 THEN 3.0 ELSE 0.0 END AS expected_value, 'not worth it' AS reason FROM
        parties
    """,
    "treatments": """
        SELECT party_id AS customer_id, 'w' AS campaign_id, CASE WHEN node % 5 > 0 THEN 'offer ' || node % 4
        END AS offer_id, TIMESTAMP '2025-01-01' AS sent_at, hash(node) % 9 = 0 AS accepted FROM parties
    """,
}

ARMS = {"no_face": 0.5, "no_ad": 0.5}  # nobody falls out for want of a photo
TRIAL = {
    "assignments": """
        SELECT 'bench' AS experiment_id, party_id AS customer_id, 1 AS version, CASE WHEN hash(node + 9) % 2 = 0 THEN
        'no_face' ELSE 'no_ad' END AS arm, TIMESTAMP '2025-04-01' AS assigned_at, '' AS eligible_because FROM parties
    """,
    "exposures": """
        SELECT experiment_id, customer_id, TIMESTAMP '2025-04-02' AS at, arm FROM assignments
        WHERE hash(customer_id) % 10 > 0
    """,
    "outcomes": """
        SELECT experiment_id, customer_id, 'conversion' AS metric, TIMESTAMP '2025-04-02' +
        to_days(CAST(hash(customer_id, 2) % 28 AS INTEGER)) AS at, 1.0 AS value FROM assignments
        WHERE hash(customer_id, 1) % 20 = 0
    """,
}


def main() -> None:
    """Print the figures of one influence report and of one report of everything, then with an experiment."""
    customers = int(os.environ.get("KINDRED_BENCH_CUSTOMERS", "1000000"))
    with tempfile.TemporaryDirectory() as folder:
        os.environ["KINDRED_KEYS"] = str(Path(folder) / "keys")
        space = build(Path(folder) / "workspace", customers)
        for kind, name in (("influence", ""), ("all", ""), ("influence", "with a trial"), ("experiment", "")):
            if name:
                add_trial(space)
            page = Path(folder) / f"{kind}.html"
            wall, cpu, peak = measure(
                ["report", kind, "-w", str(space), "--to", str(page), "--memory", "2GB", "--quiet"]
            )
            size = page.stat().st_size / 1000
            print(
                f"{kind:10} {name:12} {customers:,} customers  {wall:6.1f} s wall  {cpu:6.1f} s processor  "
                f"{peak:6.0f} MB peak  page {size:.0f} kB",
                flush=True,
            )


def add_trial(path: Path) -> None:
    """An experiment on everybody, answered."""
    import polars as pl

    from engine import workspace
    from engine.experiment.plan import design

    plan = design("bench", arms=ARMS)
    with workspace.open_(path).warehouse() as store:
        line = {"experiment_id": "bench", "version": 1, "plan": plan.text(), "hash": plan.hash()}
        store.append("plans", pl.DataFrame([line]))
        for table, text in TRIAL.items():
            store.connection.execute(f'INSERT INTO "{table}" BY NAME {text}')


def build(path: Path, customers: int) -> Path:
    """A workspace of invented tables; returns its folder."""
    from engine import workspace

    space = workspace.create(path)
    with space.warehouse() as store:
        for table, text in TABLES.items():
            params = {"n": customers} if "$n" in text else {}
            store.connection.execute(f'INSERT INTO "{table}" BY NAME {text}', params)
    return space.path


def measure(arguments: list[str]) -> tuple[float, float, float]:
    """Wall and processor seconds and peak megabytes of one `kindred` command in its own process."""
    started = time.perf_counter()
    with subprocess.Popen([sys.executable, "-m", "cli.main", *arguments], stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"kindred {' '.join(arguments)} failed")
    return time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000

"""What the edges cost on a cluster: how often rows are exchanged, and whether a hub makes one task slow."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from engine.warehouse import sql_text
from engine.warehouse.dialect import translated
from tests.warehouse.spark_stages import hash_exchanges, last_stages

pytestmark = pytest.mark.spark
WINDOW = {"since": date(2025, 1, 1), "as_of": date(2025, 4, 1)}
ROWS, PEOPLE = 400_000, 20_000


@pytest.fixture(scope="module")
def crowded(tmp_path_factory):
    """A warehouse whose pair-days have a hub at one end of 30 % of all rows."""
    from engine.warehouse.spark import SparkWarehouse

    rng = np.random.default_rng(3)
    src, dst = rng.integers(1, PEOPLE, ROWS), rng.integers(1, PEOPLE, ROWS)
    src[: ROWS * 3 // 10] = 0
    days = pl.DataFrame({"src": src, "dst": dst, "day": rng.integers(0, 90, ROWS)}).filter(
        pl.col("src") != pl.col("dst")
    )
    days = days.unique().with_columns(
        day=pl.lit(date(2025, 1, 1)) + pl.duration(days=pl.col("day")), n_calls=1, talk_s=60, n_texts=0
    )
    parties = pl.DataFrame({"node": range(PEOPLE), "party_id": [f"{i:05}" for i in range(PEOPLE)]})
    folder = tmp_path_factory.mktemp("crowded")
    store = SparkWarehouse(folder / "kindred.duckdb", master="local[2]", folder=str(folder / "tables"))
    store.write("pair_days", days)
    store.write("parties", parties.with_columns(is_customer=pl.lit(True), opted_out=pl.lit(False)))
    # Small files and no coalescing: a task per partition, as on a cluster.
    store.spark.conf.set("spark.sql.adaptive.coalescePartitions.enabled", "false")
    yield store
    store.close()


def test_the_edges_statement_exchanges_rows_once(crowded):
    statement = translated(sql_text("graph/edges"))
    crowded.temp("_warm", "graph/edges", **WINDOW, half_life_days=30.0)
    plan = crowded._rows(statement, {**WINDOW, "half_life_days": 30.0}, "graph/edges")
    assert hash_exchanges(plan) == 1, "one shuffle, by (src, dst)"


@pytest.mark.parametrize(
    ("name", "statement", "params"),
    [
        ("edges_of_all", "graph/edges", {**WINDOW, "half_life_days": 30.0}),
        ("pairs", "graph/pairs", {}),
    ],
)
def test_a_hub_with_a_third_of_all_rows_makes_no_task_slow(crowded, name, statement, params):
    if name == "pairs":
        crowded.create("edges", "graph/edges", **WINDOW, half_life_days=30.0)
        crowded.temp("both_days", "graph/both_days", **WINDOW)
    before = last_stages(crowded.spark)
    crowded.temp(name, statement, **params)
    shares = [stage for number, stage in last_stages(crowded.spark).items() if number not in before and len(stage) >= 4]
    assert shares, "some stage read what was shuffled"
    for rows in shares:
        assert max(rows) <= 3 * np.median(rows), f"rows per task {sorted(rows)}"

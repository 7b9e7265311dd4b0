"""Two workspaces with the same files, one per engine, and what compares them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import polars as pl
import pytest

TODAY = "2025-06-05"
FEW = {"offers__min_rows_per_arm": 4, "offers__folds": 2, "offers__bootstrap": 20, "offers__bases": "logistic"}
# Short jobs: what a thorough compiler would cost is never earned back.
os.environ.setdefault("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
ABSENT = ""
try:
    import pyspark  # noqa: F401
    import sqlglot  # noqa: F401

    from engine.warehouse.session import LEAST_JAVA, java_version

    found = java_version()
    if found is None or found[1] < LEAST_JAVA:
        ABSENT = f"Java {LEAST_JAVA} is absent (found: {found})"
except ImportError as error:
    ABSENT = f"the extra spark is absent ({error})"


def pytest_collection_modifyitems(items):
    for item in items:
        if item.get_closest_marker("spark") and ABSENT:
            item.add_marker(pytest.mark.skip(reason=ABSENT))


@pytest.fixture(scope="session")
def bare(tmp_path_factory) -> Path:
    """A workspace with everything of a small town but its call records; those lie beside it in `town/logs`."""
    import engine
    from engine.synth import town

    root = tmp_path_factory.mktemp("engines")
    os.environ["KINDRED_KEYS"] = str(tmp_path_factory.getbasetemp() / "keys")
    town.write(root / "town", customers=60, seed=5, photos=20)
    space = engine.create(root / "bare", run__today=TODAY, ads__sizes="300x250", **FEW)
    _campaign(root / "town")
    for table in ("customers", "devices", "offers", "treatments", "consents", "photos", "inventory"):
        engine.import_table(space, table, root / "town" / f"{table}.csv")
    return root / "bare"


def _campaign(town: Path) -> None:
    """One campaign (each has the graph of its day built for it) with one offer, made to half and taken by most of
    them: a model, offers and ads even in a town this small."""
    past = pl.read_csv(town / "treatments.csv", infer_schema=False)
    one, number = past.filter(campaign_id=past["campaign_id"][0]), pl.int_range(pl.len())
    one.with_columns(
        offer_id=pl.when(number % 2 == 0).then(pl.lit("samsung-flip")),
        propensity=None,
        accepted=pl.when(number % 2 == 0).then(number % 8 != 0).otherwise(number % 8 == 1).cast(pl.Int8),
    ).write_csv(town / "treatments.csv")


def logs(bare: Path) -> list[Path]:
    """The town's call records."""
    return sorted((bare.parent / "town" / "logs").iterdir())


def opened(path: Path, engine_: str, **flags):
    """A workspace with an engine, Spark on two threads of this process unless flags say another master."""
    import engine

    master = "local[2]" if engine_ == "spark" else ""
    return engine.open(path, **{"warehouse__engine": engine_, "warehouse__master": master, **flags})


@pytest.fixture(scope="session")
def expected(bare):
    """The town by DuckDB, from its call records to the ads."""
    import engine

    shutil.copytree(bare, bare.parent / "duckdb")
    space = opened(bare.parent / "duckdb", "duckdb")
    engine.import_logs(space, logs(bare))
    engine.run(space)
    return space


@pytest.fixture(scope="session")
def server():
    """A server of Spark Connect."""
    from tests.warehouse.cluster import connect_server

    with connect_server() as found:
        yield found


@pytest.fixture(scope="session")
def both(bare, expected, server):
    """The town through import and stages, by DuckDB and by Spark Connect (test_spark_cluster: by a classic cluster)."""
    import engine

    shutil.copytree(bare, bare.parent / "spark")
    space = opened(bare.parent / "spark", "spark", warehouse__master=server.master)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("engine.logs.pieces.SIZE", 150_000)  # several pieces of a small file
        engine.import_logs(space, logs(bare))
    engine.run(space)
    return [expected, space]

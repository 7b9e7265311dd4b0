"""Small logs in a warehouse of their own, and real ones."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from engine.config import Graph
from engine.graph import network
from engine.graph.arrays import adjacency, symmetric
from engine.pipeline import edges as stage
from engine.pipeline import influencers
from engine.warehouse.duckdb import DuckDBWarehouse

AS_OF = date(2024, 4, 1)
PAIR_DAY = {
    "src": pl.UInt32, "dst": pl.UInt32, "day": pl.Date, "n_calls": pl.Int64, "talk_s": pl.Int64, "n_texts": pl.Int64,
}  # fmt: skip


class Town:
    """A warehouse filled with pair-days, parties and handsets; `build()` runs the edges stage's statements."""

    def __init__(self) -> None:
        self.store = DuckDBWarehouse(threads=2)

    def fill(self, rows, *, names=None, opted_out=(), devices=(), as_of=AS_OF) -> Town:
        """rows: (src, dst, day, n_calls, talk_s, n_texts); devices: (caller, callee, caller_device, callee_device)."""
        pair_days = pl.DataFrame(rows, schema=PAIR_DAY, orient="row")
        used = sorted({n for row in rows for n in row[:2]} | {n for d in devices for n in d[:2]})
        names = names or {n: f"p{n}" for n in used}
        parties = pl.DataFrame(
            [(n, names[n], True, n in opted_out) for n in used],
            schema={"node": pl.UInt32, "party_id": pl.String, "is_customer": pl.Boolean, "opted_out": pl.Boolean},
            orient="row",
        )
        events = pl.DataFrame(
            [("call", a, b, datetime(2024, 3, 25), 0, False, x, y, "s") for a, b, x, y in devices],
            schema={"kind": pl.String, "caller": pl.UInt32, "callee": pl.UInt32, "started_at": pl.Datetime("us"),
                    "duration_s": pl.Int32, "answered": pl.Boolean, "caller_device": pl.String,
                    "callee_device": pl.String, "source_id": pl.String},
            orient="row",
        )  # fmt: skip
        self.store.write("pair_days", pair_days)
        self.store.write("parties", parties)
        self.store.append("events", events)
        self.as_of = as_of
        return self

    def build(self, **settings) -> Town:
        stage.build(self.store, Graph(**{"as_of": self.as_of.isoformat(), **settings}))
        return self

    def network(self) -> network.Network:
        return influencers.network(self.store)


@pytest.fixture
def town():
    """A fresh `Town`, closed at the end."""
    made = Town()
    yield made
    made.store.close()


@pytest.fixture
def new_town():
    """A function that makes towns; all are closed at the end."""
    made = []

    def make() -> Town:
        made.append(Town())
        return made[-1]

    yield make
    for one in made:
        one.store.close()


@pytest.fixture(scope="session")
def copenhagen_events():
    """Copenhagen's calls and texts as (caller, callee, started_at, duration_s or -1, kind), read straight from CSV."""
    from tests.conftest import REAL

    if not REAL.is_dir():
        pytest.skip("real data is absent: ../shared/data")
    start = datetime(2014, 2, 24)
    calls = pl.read_csv(REAL / "copenhagen/calls.csv").with_columns(kind=pl.lit("call"))
    texts = pl.read_csv(REAL / "copenhagen/sms.csv").select(
        "timestamp", caller="sender", callee="recipient", duration=pl.lit(0, pl.Int64), kind=pl.lit("text")
    )
    return pl.concat([calls, texts]).with_columns(
        started_at=pl.lit(start) + pl.duration(seconds="timestamp"),
        day=(pl.lit(start) + pl.duration(seconds="timestamp")).dt.date(),
    )


def pair_days(events: pl.DataFrame) -> list[tuple]:
    """Rows of table pair_days, with the raw ids as nodes."""
    return (
        events.group_by("caller", "callee", "day")
        .agg(
            (pl.col("kind") == "call").sum(),
            pl.col("duration").clip(0).sum().alias("talk_s"),
            (pl.col("kind") == "text").sum().alias("n_texts"),
        )
        .rows()
    )


def day(age: int) -> date:
    """The day `age` days before AS_OF."""
    return AS_OF - timedelta(days=age)


def made(edges, ties=None, *, n=None, hubs=()):
    """A network from arrays: edges (src, dst, strength), ties (a, b, weight; default: every pair with an edge)."""
    edges = [e for e in edges if e[0] != e[1]]
    if ties is None:
        ties = sorted({(min(a, b), max(a, b), 1.0) for a, b, _ in edges})
    n = n or 1 + max((max(e[:2]) for e in edges), default=0)
    a, b, weight = (np.array([t[k] for t in ties]) for k in range(3))
    src, dst, strength = (np.array([e[k] for e in edges]) for k in range(3))
    return network.Network(
        node=np.arange(n, dtype=np.uint32),
        party_id=pl.Series([f"p{k:04}" for k in range(n)]),
        is_customer=np.ones(n, bool),
        is_hub=np.isin(np.arange(n), list(hubs)),
        out=adjacency(src.astype(np.int32), dst.astype(np.int32), strength.astype(float), n),
        calls=adjacency(src.astype(np.int32), dst.astype(np.int32), np.arange(len(src)), n),
        contacts=symmetric(a.astype(np.int32), b.astype(np.int32), weight.astype(float), n),
    )

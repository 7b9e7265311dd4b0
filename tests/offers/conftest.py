"""A small town of calls, handsets and one randomised campaign, in a warehouse of its own."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date, datetime, timedelta
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from engine.config import Config
from engine.progress import SILENT
from engine.trust import ages, people
from engine.warehouse.duckdb import DuckDBWarehouse

# Small fits gain nothing from threads, and lose much where the machine is busy.
os.environ.setdefault("OMP_NUM_THREADS", "1")

TACS = np.array(["00000001", "00000002"])
CAMPAIGN = datetime(2024, 2, 10)


def make_town(
    n: int = 900, *, days: int = 60, seed: int = 1, extra_days: int = 0, store: DuckDBWarehouse | None = None
) -> DuckDBWarehouse:
    """n customers who call their neighbours; 'apple' persuades those under 45, 'sam' the others.

    `extra_days` adds days after the rest, with everybody on the other handset and calling differently.
    """
    rng = np.random.default_rng(seed)
    store = store or DuckDBWarehouse(threads=1)
    ids = [f"c{i:05d}" for i in range(n)]
    store.write(
        "parties",
        pl.DataFrame({"node": range(n), "party_id": ids, "is_customer": True, "opted_out": [i == 3 for i in range(n)]}),
    )
    store.write("devices", pl.DataFrame({"tac": TACS, "manufacturer": ["Apple", "Samsung"], "model": ["A", "S"]}))
    maker = rng.integers(2, size=n)

    def calls(m: int, first: int, last: int, shift: int, turned: bool) -> pl.DataFrame:
        a = rng.integers(n, size=m)
        b = (a + rng.integers(1, 5, size=m) * rng.choice([-1, 1], size=m) + shift) % n
        at = rng.integers(first * 86400, last * 86400, size=m)
        return pl.DataFrame(
            {
                "kind": "call",
                "caller": a,
                "callee": b,
                "started_at": [datetime(2024, 1, 1) + timedelta(seconds=int(s)) for s in at],
                "duration_s": rng.integers(300, size=m),
                "answered": True,
                "caller_tac": TACS[maker[a] ^ turned],
                "callee_tac": TACS[maker[b] ^ turned],
                "source_id": "s",
            }
        )

    ages, places = rng.integers(10, 80, size=n), rng.choice(["x", "y"], size=n)
    given = rng.choice([None, "apple", "sam"], size=n)
    fits = np.where(given == "apple", ages < 45, ages >= 45)
    accepted = rng.random(n) < 0.1 + np.where(given == None, 0, np.where(fits, 0.4, 0.0))  # noqa: E711
    events = calls(n * 60, 0, days, 0, False)
    if extra_days:
        events = pl.concat([events, calls(n * 40, days, days + extra_days, 17, True)])
    store.write("events", events)
    store.write(
        "pair_days",
        events.group_by(src="caller", dst="callee", day=pl.col("started_at").dt.date()).agg(
            pl.len().alias("n_calls"), pl.col("duration_s").sum().alias("talk_s"), pl.lit(0).alias("n_texts")
        ),
    )
    store.write("customers", pl.DataFrame({"customer_id": ids, "age": ages, "residence": places}))
    store.write(
        "offers",
        pl.DataFrame(
            {
                "offer_id": ["apple", "sam"],
                "manufacturer": ["Apple", "Samsung"],
                "headline": "h",
                "body": "b",
                "call_to_action": "c",
                "value": [100.0, 80.0],
                "cost": [2.0, 2.0],
            }
        ),
    )
    store.write(
        "treatments",
        pl.DataFrame(
            {
                "customer_id": ids,
                "campaign_id": "winter",
                "offer_id": given.tolist(),
                "sent_at": CAMPAIGN,
                "accepted": accepted,
            }
        ),
    )
    return store


def make_context(store: DuckDBWarehouse, config: Config | None = None, today: date = date(2024, 3, 1)):
    """What a stage's `run` gets."""
    rules = people.rules(config or Config(), store, ages.end_of(today))
    people.standing(store, rules)
    return SimpleNamespace(
        warehouse=store, config=config or Config(), today=today, rules=rules, progress=SILENT, workspace=None,
        say=lambda text: None,
    )  # fmt: skip


@pytest.fixture(scope="session")
def town() -> Callable[..., DuckDBWarehouse]:
    return make_town


@pytest.fixture(scope="session")
def context() -> Callable:
    return make_context

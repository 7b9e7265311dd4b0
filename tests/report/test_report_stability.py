"""Stability of the top contact against a slow recomputation, draw by draw and day by day."""

from __future__ import annotations

import math
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from engine.report.stability import stability

AS_OF = date(2025, 3, 1)


def town(seed: int) -> tuple[pl.DataFrame, dict[int, int]]:
    rng = np.random.default_rng(seed)
    rows = []
    for ego in range(12):
        for contact in range(100, 100 + int(rng.integers(1, 5))):
            for ago in rng.choice(np.arange(1, 31), size=int(rng.integers(2, 9)), replace=False).tolist():
                for outgoing in (False, True):
                    if rng.random() < 0.7:
                        rows.append(
                            {"ego": ego, "contact": contact, "day": AS_OF - timedelta(days=ago), "outgoing": outgoing,
                             "n_calls": int(rng.integers(0, 3)), "talk_s": int(rng.integers(0, 5000)),
                             "n_texts": int(rng.integers(0, 2)), "contact_pct": (contact - 99) / 10}
                        )  # fmt: skip
    days = pl.DataFrame(rows).sort("ego", "contact", "day", "outgoing")
    return days, dict.fromkeys(days["ego"].unique().to_list(), 100)


def slow(days: pl.DataFrame, top: dict[int, int], gamma: float, draws: int, seed: int) -> np.ndarray:
    """Kept or not [customers, draws], by plain loops over the same draws."""
    drawn = np.random.default_rng(seed).multinomial(30, np.full(30, 1 / 30), size=draws)
    kept = np.zeros((len(top), draws), dtype=bool)
    for d in range(draws):
        for e, ego in enumerate(sorted(top)):
            sums: dict[int, list[float]] = {}
            pct = {}
            for row in days.filter(pl.col("ego") == ego).iter_rows(named=True):
                age = (AS_OF - row["day"]).days
                worth = (
                    (row["n_calls"] > 0)
                    + 0.25 * math.log(1 + min(row["talk_s"], 3600) / 60)
                    + 0.5 * (row["n_texts"] > 0)
                )
                sums.setdefault(row["contact"], [0.0, 0.0])[row["outgoing"]] += (
                    drawn[d][age - 1] * 2 ** (-age / 30) * worth
                )
                pct[row["contact"]] = row["contact_pct"]
            scores = {}
            for contact, (a, b) in sums.items():
                balance = 2 * min(a, b) / (a + b) if a + b else 0
                scores[contact] = (a + b) * (0.5 + 0.5 * balance) * pct[contact] ** gamma
            own = scores.get(top[ego], 0.0)
            kept[e, d] = own > 0 and own >= max(scores.values()) * (1 - 1e-9)
    return kept


@pytest.mark.parametrize(("seed", "gamma"), [(1, 0.0), (2, 0.25)])
def test_agrees_with_loops(seed, gamma):
    days, top = town(seed)
    found = stability(days, top, as_of=AS_OF, window_days=30, half_life_days=30.0, gamma=gamma, draws=20, seed=seed)
    kept = slow(days, top, gamma, 20, seed)
    assert found["customers"] == len(top)
    assert found["mean"] == pytest.approx(kept.mean())
    low, high = np.quantile(kept.mean(axis=0), [0.025, 0.975])
    assert (found["low"], found["high"]) == pytest.approx((low, high))
    counts = np.histogram(kept.mean(axis=1), bins=np.linspace(0, 1, 11))[0]
    assert [piece["n"] for piece in found["histogram"]] == counts.tolist()


def test_an_only_contact_of_every_day_is_always_kept_and_nothing_gives_none():
    days = pl.DataFrame(
        [{"ego": 1, "contact": 2, "day": AS_OF - timedelta(days=d), "outgoing": o, "n_calls": 1, "talk_s": 60,
          "n_texts": 0, "contact_pct": 0.5} for d in range(1, 31) for o in (False, True)]
    )  # fmt: skip
    settings = {"as_of": AS_OF, "window_days": 30, "half_life_days": 30.0, "gamma": 0.25, "draws": 30, "seed": 1}
    assert stability(days, {1: 2}, **settings)["mean"] == 1.0
    assert stability(days, {}, **settings) is None

"""Realistic call records of any size, written straight to Parquet: what the speed benches read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

SIZES = {
    "S": (1_000_000, 100_000),
    "M": (20_000_000, 1_000_000),
    "L": (100_000_000, 5_000_000),
    "XL": (500_000_000, 33_000_000),
}
DAYS = 30
BLOCK = 36_000_000_000  # what the subscriber numbers begin at
START = 1_709_251_200_000_000  # 2024-03-01, in microseconds


def write(folder: Path, rows: int, people: int, *, seed: int = 7) -> Path:
    """One Parquet file a day, as operators deliver them: caller, callee (int64), started_at, duration_s, kind, by time.

    Log-normal activity, power-law numbers of contacts, communities of about 60, two hubs per 10,000 people that call
    thousands, a fifth texts, a fifth of the calls missed, three evenings in four.

    Returns:
        The folder.
    """
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    a, b = _ties(rng, people)
    activity = rng.lognormal(0, 1, people).astype(np.float32)
    weight = np.sqrt(activity[a] * activity[b]) * rng.lognormal(0, 1.2, len(a)).astype(np.float32)
    cumulated = np.cumsum(weight, dtype=np.float64)
    lean = rng.beta(4, 4, len(a)).astype(np.float32)
    number = BLOCK + rng.permutation(people).astype(np.int64)
    hubs = rng.choice(people, max(people // 5000, 1), replace=False)
    for day, n in enumerate(rng.multinomial(rows, [1 / DAYS] * DAYS)):
        # Sorted draws are found in one sweep; the order of the day is made afterwards.
        tie = np.searchsorted(cumulated, np.sort(rng.random(n)) * cumulated[-1])
        forth = rng.random(n, dtype=np.float32) < lean[tie]
        caller, callee = np.where(forth, a[tie], b[tie]), np.where(forth, b[tie], a[tie])
        from_hub = rng.random(n, dtype=np.float32) < 0.02
        caller[from_hub] = rng.choice(hubs, from_hub.sum())
        callee[from_hub] = rng.integers(0, people, from_hub.sum())
        same = caller == callee
        callee[same] = (callee[same] + 1) % people
        second = (rng.beta(3, 2, n) * 86_399).astype(np.int32)
        order = np.argsort(second, kind="stable")
        text = rng.random(n, dtype=np.float32) < 0.2
        missed = rng.random(n, dtype=np.float32) < 0.2
        pl.DataFrame(
            {
                "caller": number[caller[order]],
                "callee": number[callee[order]],
                "started_at": ((day * 86_400 + second[order].astype(np.int64)) * 1_000_000 + START).view(
                    "datetime64[us]"
                ),
                "duration_s": np.where(text | missed, 0, 1 + rng.exponential(110, n)).astype(np.int32),
                "kind": pl.Series(text.astype(np.uint32)).replace_strict({0: "call", 1: "text"}, return_dtype=pl.Utf8),
            }
        ).write_parquet(folder / f"day{day + 1:02}.parquet", row_group_size=122_880)
    return folder


def _ties(rng: np.random.Generator, people: int) -> tuple[np.ndarray, np.ndarray]:
    """Pairs who know each other: a power-law number each, four in five within the own community."""
    wanted = np.minimum(1 + rng.pareto(2.2, people) * 1.6, 150).astype(np.int64)
    a = np.repeat(np.arange(people), wanted)
    near = np.clip(a + (rng.laplace(0, 25, len(a))).astype(np.int64), 0, people - 1)
    b = np.where(rng.random(len(a)) < 0.8, near, rng.integers(0, people, len(a)))
    kept = a != b
    low, high = np.minimum(a, b)[kept], np.maximum(a, b)[kept]
    key = np.unique(low * people + high)
    return key // people, key % people

"""Uplift at an operator's scale: training on, and scoring, customers x 4 offers with boosting.

`python -m tests.bench offers` takes a million customers; `KINDRED_BENCH_CUSTOMERS=100000` fewer. One process, features
ready as a frame: four models with cross-validation, intervals and refits, then the stored models score everybody and
the offers are allocated under a budget. Busy machines show in wall time first: compare processor time there. Target:
under 5 minutes on two cores and under 6 GB at a million. Prints how near the planted truth came, too.
"""

from __future__ import annotations

import json
import os
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from engine.offers import allocation, experiment_table, models, training

CUSTOMERS = 1_000_000
OFFERS = ("amber", "blue", "coral", "dune")
VALUE, COST = np.array([90.0, 80.0, 60.0, 70.0]), np.array([6.0, 5.0, 3.0, 4.0])


def town(n: int, seed: int = 7) -> tuple[pl.DataFrame, np.ndarray]:
    """n customers with 20 features, a campaign over all of them, and the true uplift [n, offers]."""
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 80, n)
    make = rng.integers(8, size=n)
    leader = np.where(rng.random(n) < 0.5, make, rng.integers(8, size=n))
    uplift = np.stack(
        [0.03 + 0.10 * (make == k) + 0.10 * (leader == k) - 0.001 * (age - 45) * (k - 1.5) for k in range(4)], axis=1
    )
    given = rng.integers(-1, 4, size=n)
    effect = np.where(given >= 0, uplift[np.arange(n), given], 0.0)
    names = np.array([*OFFERS, None], dtype=object)
    frame = pl.DataFrame(
        {
            "customer_id": np.char.zfill(np.arange(n).astype(str), 8),
            "offer_id": pl.Series(names[given].tolist(), dtype=pl.String),
            "outcome": (rng.random(n) < np.clip(0.08 + effect, 0, 1)).astype(np.int64),
            "age": pl.Series(np.where(rng.random(n) < 0.05, np.nan, age), nan_to_null=True),
            "residence": pl.Series(rng.integers(40, size=n)).cast(pl.String),
            "manufacturer": pl.Series(make).cast(pl.String),
            "influencer_manufacturer": pl.Series(leader).cast(pl.String),
            **{f"usage_{i}": rng.gamma(2.0, 10.0, n) for i in range(16)},
        }
    )
    return frame, uplift


def main() -> None:
    """Print one JSON object."""
    n = int(os.environ.get("KINDRED_BENCH_CUSTOMERS", CUSTOMERS))
    frame, truth = town(n)
    result: dict[str, object] = {"customers": n, "offers": len(OFFERS)}
    plan = training.Plan(learners=("t",), bases=("boosting",))
    wall, cpu = time.perf_counter(), time.process_time()
    trained = [training.train(experiment_table.against(frame, o), o, plan).model for o in OFFERS]
    result["train_s"], result["train_cpu_s"] = _since(wall, cpu)
    with tempfile.TemporaryDirectory() as folder:
        stored = [models.load(models.save(m, Path(folder))) for m in trained]
    wall, cpu = time.perf_counter(), time.process_time()
    uplift = np.stack([m.predict(frame) for m in stored], axis=1)
    result["score_s"], result["score_cpu_s"] = _since(wall, cpu)
    gain = VALUE * uplift - COST
    wall, cpu = time.perf_counter(), time.process_time()
    free = allocation.allocate(gain, COST, np.ones(gain.shape, bool))
    spent = COST[free[free >= 0]].sum()
    allocation.allocate(gain, COST, np.ones(gain.shape, bool), budget=float(spent) / 2)
    result["allocate_s"], result["allocate_cpu_s"] = _since(wall, cpu)
    worth = VALUE * truth - COST
    chosen = np.where(free >= 0, worth[np.arange(n), free], 0.0).mean()
    result["share_of_oracle"] = round(float(chosen / np.maximum(worth.max(axis=1), 0).mean()), 4)
    result["correlation"] = round(float(np.corrcoef(uplift.ravel(), truth.ravel())[0, 1]), 4)
    result["peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    print(json.dumps(result))


def _since(wall: float, cpu: float) -> tuple[float, float]:
    return round(time.perf_counter() - wall, 1), round(time.process_time() - cpu, 1)

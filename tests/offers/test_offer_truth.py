"""Planted uplift at 50,000 customers: how near predictions and choices come to the truth, and where there is none."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from engine.offers import allocation, experiment_table, training
from engine.synth import campaigns

MAKES = np.array(["Apple", "Samsung", "Xiaomi", "Google", "Motorola"])
SHARES = [0.3, 0.3, 0.18, 0.1, 0.12]
NAMES = [offer[0] for offer in campaigns.OFFERS]
VALUE = np.array([offer[6] for offer in campaigns.OFFERS])
COST = np.array([offer[7] for offer in campaigns.OFFERS])


def town(n: int, seed: int, spread: float) -> tuple[pl.DataFrame, np.ndarray]:
    """Customers of a randomised campaign and the true uplift [n, offers]; spread 0 = everybody alike."""
    rng = np.random.default_rng(seed)
    age, residence = rng.integers(15, 80, n), rng.integers(6, size=n)
    maker, other = (rng.choice(MAKES, p=SHARES, size=n) for _ in range(2))
    leader = np.where(rng.random(n) < 0.5, maker, other)
    truth = campaigns.true_uplift(age, residence, maker, leader, spread=spread)
    given, _, accepted = campaigns.treat(rng, truth)
    frame = pl.DataFrame(
        {
            "customer_id": [f"c{i:06d}" for i in range(n)],
            "offer_id": [None if g < 0 else NAMES[g] for g in given],
            "outcome": accepted.astype(int),
            "age": age,
            "residence": [f"p{r}" for r in residence],
            "manufacturer": maker,
            "influencer_manufacturer": leader,
            "noise": rng.normal(size=n),
        }
    )
    return frame, truth


def predictions(frame: pl.DataFrame) -> np.ndarray:
    plan = training.Plan(("t",), ("logistic",), bootstrap=20)
    trained = [training.train(experiment_table.against(frame, o), o, plan) for o in NAMES]
    return np.stack([t.model.predict(frame) for t in trained], axis=1)


def choose(uplift: np.ndarray) -> np.ndarray:
    return allocation.allocate(VALUE * uplift - COST, COST, np.ones(uplift.shape, dtype=bool))


def worth(choice: np.ndarray, truth: np.ndarray) -> float:
    gain = VALUE * truth - COST
    return float(np.where(choice >= 0, gain[np.arange(len(choice)), choice], 0.0).mean())


@pytest.mark.slow
def test_planted_uplift_is_recovered_and_the_choices_are_worth_95_percent_of_the_best():
    frame, truth = town(50_000, 1, 1.0)
    found = predictions(frame)
    assert np.corrcoef(found.ravel(), truth.ravel())[0, 1] > 0.95
    assert worth(choose(found), truth) >= 0.95 * worth(choose(truth), truth)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2])
def test_where_all_are_alike_everybody_gets_the_single_best_offer_or_nothing(seed):
    frame, truth = town(50_000, seed, 0.0)
    choice = choose(predictions(frame))
    assert len(set(choice.tolist())) == 1
    assert worth(choice, truth) == pytest.approx(worth(choose(truth), truth))

"""Allocation against brute force; off-policy values against the truth of a simulation and the known real ones."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.offers import allocation, experiment_table, policy_value

REAL = Path(__file__).resolve().parents[2].parent / "shared" / "data"


def problem(seed: int, n: int = 5, k: int = 3):
    rng = np.random.default_rng(seed)
    cost = np.sort(rng.integers(0, 5, size=k)).astype(float)
    return rng.integers(-3, 12, size=(n, k)).astype(float), cost, rng.random((n, k)) < 0.8


def totals(choice, gain, cost) -> tuple[float, float]:
    rows = np.flatnonzero(choice >= 0)
    return gain[rows, choice[rows]].sum(), cost[choice[rows]].sum()


def optimum(gain, cost, eligible, budget) -> float:
    best = 0.0
    options = [[-1, *np.flatnonzero(row)] for row in eligible]
    for choice in itertools.product(*options):
        g, c = totals(np.array(choice), gain, cost)
        if c <= budget + 1e-9:
            best = max(best, g)
    return best


@given(st.integers(0, 10_000), st.integers(0, 20))
def test_budget_is_kept_and_the_total_is_best_to_one_step(seed, budget):
    gain, cost, eligible = problem(seed)
    choice = allocation.allocate(gain, cost, eligible, budget=budget)
    g, c = totals(choice, gain, cost)
    assert c <= budget and all(eligible[i, j] for i, j in enumerate(choice) if j >= 0)
    best = optimum(gain, cost, eligible, budget)
    assert g <= best <= g + gain.max(initial=0)
    # What was spent was spent best: nothing of that total cost gains more.
    assert optimum(gain, cost, eligible, c) == pytest.approx(g)


@given(st.integers(0, 10_000))
def test_without_a_budget_everybody_gets_their_best(seed):
    gain, cost, eligible = problem(seed, 20)
    choice = allocation.allocate(gain, cost, eligible)
    for i, j in enumerate(choice):
        options = [gain[i, k] for k in range(3) if eligible[i, k] and gain[i, k] > 0]
        assert (gain[i, j] == max(options)) if options else j == -1
    assert totals(allocation.allocate(gain, cost, eligible, budget=1e9), gain, cost)[0] == totals(choice, gain, cost)[0]


@given(st.integers(0, 10_000), st.lists(st.integers(0, 6), min_size=3, max_size=3), st.sampled_from([None, 10.0]))
def test_capacity_is_kept(seed, capacity, budget):
    gain, cost, eligible = problem(seed, 12)
    choice = allocation.allocate(gain, cost, eligible, budget=budget, capacity=np.array(capacity))
    assert (np.bincount(choice[choice >= 0], minlength=3) <= capacity).all()
    assert all(eligible[i, j] and gain[i, j] > 0 for i, j in enumerate(choice) if j >= 0)
    assert budget is None or totals(choice, gain, cost)[1] <= budget


def test_capacity_goes_to_who_would_lose_most():
    gain = np.array([[5.0, 4.9], [5.0, 1.0], [5.0, 3.0]])
    choice = allocation.allocate(gain, np.zeros(2), np.ones((3, 2), bool), capacity=np.array([1, 5]))
    assert choice.tolist() == [1, 0, 1]


def test_no_offers_and_no_customers():
    assert allocation.allocate(np.zeros((3, 0)), np.zeros(0), np.zeros((3, 0), bool)).tolist() == [-1, -1, -1]
    assert allocation.allocate(np.zeros((0, 2)), np.zeros(2), np.zeros((0, 2), bool), budget=3.0).shape == (0,)


def test_values_hold_the_truth_when_offers_were_not_given_at_random():
    """Simulated: the offer went to those who need it least; both estimators' intervals hold the true worth."""
    rng = np.random.default_rng(11)
    n = 40_000
    x = rng.normal(size=n)
    effect = np.where(x > 0, 0.3, 0.02)
    p = 1 / (1 + np.exp(x))
    given_ = (rng.random(n) < p).astype(int)
    outcome = (rng.random(n) < 0.2 + 0.05 * (x > 1) + given_ * effect).astype(float)
    own = np.where(given_ == 1, p, 1 - p)
    choice = np.where(x > 0, 0, -1)
    value, cost = np.array([10.0]), np.array([0.5])
    truth = np.where(choice == 0, 10 * effect - 0.5, 0).mean()
    for expected in (np.zeros((n, 2)), np.full((n, 2), 0.25), np.stack([0.2 + 0 * x, 0.2 + effect], axis=1)):
        found = policy_value.estimate(choice, policy_value.arm_scores(outcome, given_, own, expected), value, cost)
        assert abs(found.mean - truth) < 3 * found.error
    nobody = policy_value.estimate(np.full(n, -1), policy_value.arm_scores(outcome, given_, own, expected), value, cost)
    assert (nobody.mean, nobody.error) == (0, 0)


def experiment(seed: int, *, differ: bool, n: int = 6000) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    arm = rng.choice(["none", "a", "b"], size=n)
    x = rng.integers(2, size=n)
    likes = np.where(arm == "a", x, 1 - x) if differ else np.where(arm == "a", 0.5, 0.4)
    chance = 0.2 + np.where(arm == "none", 0, 0.3 * likes)
    return pl.DataFrame({"arm": arm, "x": x, "z": rng.normal(size=n), "y": (rng.random(n) < chance).astype(int)})


def compare(data: pl.DataFrame) -> pl.DataFrame:
    return experiment_table.policies(
        data, treatment="arm", control="none", outcome="y", value={"a": 10, "b": 10}, cost={"a": 0.2, "b": 0.2},
        bases=["logistic"],
    )  # fmt: skip


def figures(found: pl.DataFrame, kind: str) -> dict[tuple[str, str], dict[str, object]]:
    """Rows of one kind by policy and offer."""
    return {(r["learner"], r["parameter"]): r for r in found.filter(pl.col("kind") == kind).to_dicts()}


def test_policies_side_by_side_where_people_differ():
    found = compare(experiment(1, differ=True))
    robust = figures(found, "policy_value")
    assert robust["nobody", ""]["value"] == 0
    assert robust["personalised", ""]["low"] < 2.8 < robust["personalised", ""]["high"]
    assert robust["everybody", "a"]["low"] < 1.3 < robust["everybody", "a"]["high"]
    assert robust["random", ""]["low"] < 1.3 < robust["random", ""]["high"]
    assert 0.3 < robust["personalised_half_cost", ""]["value"] / robust["personalised", ""]["value"] < 0.8
    assert "policy_no_gain" not in found["kind"].to_list()
    for policy, row in figures(found, "policy_value_weighted").items():
        assert abs(row["value"] - robust[policy]["value"]) < 0.6


def test_where_nobody_differs_it_says_that_personalising_does_not_pay():
    found = compare(experiment(2, differ=False))
    assert list(figures(found, "policy_no_gain")) == [("everybody", "a")]


def test_an_offer_some_never_got_is_not_extrapolated():
    data = experiment(3, differ=True).filter((pl.col("arm") != "b") | (pl.col("x") == 0))
    found = compare(data)
    assert list(figures(found, "policy_no_overlap")) == [("everybody", "b")]


@pytest.mark.real
def test_hillstrom_policies_have_the_known_worth():
    files = sorted((REAL / "hillstrom").glob("*.csv"))
    if not files:
        pytest.skip(f"the real data is not there ({REAL})")
    found = experiment_table.policies(
        pl.read_csv(files[0], infer_schema_length=None), treatment="segment", control="No E-Mail", outcome="visit",
        exclude=["conversion", "spend"], value={"Mens E-Mail": 1, "Womens E-Mail": 1},
        cost={"Mens E-Mail": 0.08, "Womens E-Mail": 0.04}, bases=["logistic"],
    )  # fmt: skip
    robust = figures(found, "policy_value")
    known = {
        ("everybody", "Mens E-Mail"): 0.1026, ("everybody", "Womens E-Mail"): 0.1123, ("personalised", ""): 0.1248,
    }  # fmt: skip
    for policy, absolute in known.items():
        row = robust[policy]
        assert abs(row["value"] - (absolute - 0.1056)) < 2 * (row["high"] - row["low"]) / 3.92

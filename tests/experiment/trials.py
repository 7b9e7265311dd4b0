"""Simulated experiments at the full numbers of draws, shared by the tests and `python -m tests.bench experiment`."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import cache

import numpy as np
import polars as pl

from engine.experiment import analysis, assignment, clusters, findings, interference, outcomes, segments
from engine.experiment.plan import Plan, design
from engine.experiment.sequential import half_width
from engine.experiment.simulation import blocks
from engine.warehouse.duckdb import DuckDBWarehouse
from tests.experiment import trial_towns as trial

START = datetime(2025, 3, 1)
ARMS = {"own_face": 0.4, "influencer_face": 0.4, "random_face": 0.2}
DIRECT = {"own_face": 0.05, "influencer_face": 0.09, "random_face": 0.0}
SPILLOVER = {"own_face": 0.02, "influencer_face": 0.08, "random_face": 0.0}


@cache
def _store() -> DuckDBWarehouse:
    return DuckDBWarehouse(contracts=False)


def drawn_arms(units: pl.Series, arms: Mapping[str, float], salt: str) -> pl.Series:
    """The arm of each unit, as the database's sha256 draws it."""
    return assignment.assign(assignment.drawing(_store(), units)(salt), arms)


@contextmanager
def quick_holm() -> Iterator[None]:
    """statsmodels' multipletests collects garbage on every call: let there be little to look through."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


# ---- no effect at all ---------------------------------------------------------------------------------


def false_positives(unit: str, draws: int = 1000, seed: int = 7) -> dict[str, float]:
    """Share of A/A experiments in which each test says p < .05, customers or clusters assigned.

    1,600 people in 100 blocks whose members are alike in what they do; three arms for Holm's family-wise error.
    """
    a, b, block = blocks(1, people=1600, groups=100, inside=0.3, outside=0.001)
    n, rng = 1600, np.random.default_rng(seed)
    shares = interference.contact_shares(a, b, n)
    within = block if unit == "cluster" else None
    # Each block's people have their likeness used by the next five of the block before.
    subject = (np.arange(n) + 16) % n // 5 * 5

    def drawn(arms: int = 2) -> np.ndarray:
        size = 100 if unit == "cluster" else n
        arm = rng.permutation(np.arange(size) % arms)
        return arm[block] if unit == "cluster" else arm

    redrawn = np.stack([drawn() for _ in range(200)], axis=1).astype(float)
    high, low = interference.exposure_probabilities(shares, redrawn, level=0.6)
    asked = np.zeros(n)
    asked[np.unique(subject)] = 1
    low_p: dict[str, int] = {}

    def note(test: str, p: float | None) -> None:
        low_p[test] = low_p.get(test, 0) + (p is not None and p < 0.05)

    with quick_holm():
        for _ in range(draws):
            arm = drawn()
            z, f = arm.astype(float), shares @ arm.astype(float)
            names = np.array(["a", "b"])[arm]
            alike = rng.normal(0, 0.3, 100)[block]
            before = alike + rng.normal(0, 1, n)
            number = before + rng.normal(0, 1, n)
            bought = (rng.random(n) < 0.15 + 0.05 * alike).astype(float)
            shown = rng.poisson(4, n) + 1.0
            clicks = rng.binomial(shown.astype(int), 0.2 + 0.03 * np.clip(alike, -2, 2)).astype(float)
            kept = {"order": ["a", "b"], "clusters": within}
            note("binary", analysis.effects(bought, names, **kept)[0].p)
            note("continuous", analysis.effects(number, names, **kept)[0].p)
            note("count", analysis.effects(shown, names, **kept)[0].p)
            note("ratio", analysis.effects(clicks, names, denominator=shown, **kept)[0].p)
            note("CUPED", analysis.effects(number, names, covariate=before, **kept)[0].p)
            for estimate in interference.exposure_regression(number, z, f, clusters=block):
                note(f"{estimate.effect}, exposure regression", estimate.p)
            hajek = interference.hajek(number, z, f, high, low, clusters=block, level=0.6)
            note("total, Hajek", hajek.p)
            lent = np.bincount(subject, weights=z, minlength=n) / np.maximum(np.bincount(subject, minlength=n), 1)
            likeness = interference.likeness_regression(
                number, z, asked, lent, controls=f[:, None], clusters=block
            )  # fmt: skip
            note("likeness", likeness.p)
            place = np.array(["east", "north", "west"])[rng.integers(0, 3, n)]
            note(
                "same in all segments",
                segments.by_segment(number, names, place, arm="b", versus="a", clusters=within).p,
            )
            seen = rng.random(n) < np.clip(0.8 + 0.1 * alike, 0, 1)
            note("exposure balance", analysis.exposure_balance(seen, names, within))
            hashed = drawn_arms(pl.Series(rng.integers(0, 2**60, 1000)).cast(pl.String), ARMS, "aa")
            note("sample ratio", analysis.sample_ratio(dict(hashed.value_counts().iter_rows()), ARMS).p)
            three = np.array(["a", "b", "c"])[drawn(3)]
            pairs = analysis.effects(number, three, order=["a", "b", "c"], clusters=within)
            note("any of three pairs, Holm", min(pair.p_holm for pair in pairs))
    return {test: count / draws for test, count in low_p.items()}


def sequential_errors(draws: int = 1000, seed: int = 8, looks: int = 20) -> dict[str, float]:
    """Share of A/A experiments in which some of 20 looks errs: plain intervals, and always-valid ones of two kinds.

    `arriving`: customers come in over time. `accruing`: all are there at once and what they did adds up, with the
    always-valid interval tuned as `engine.usecases.experiment_analysis` does it.
    """
    rng = np.random.default_rng(seed)
    n = 100 * looks
    days = np.arange(1, looks + 1)
    found = {"plain": 0, "arriving": 0, "accruing": 0}
    for _ in range(draws):
        total = np.cumsum(rng.normal(0, 1, n))[100 * days - 1] / (100 * days)
        se = 1 / np.sqrt(100 * days)
        found["plain"] += bool((np.abs(total) > 1.96 * se).any())
        widths = [half_width(s, 100 * d, alpha=0.05, planned=n) for s, d in zip(se, days, strict=True)]
        found["arriving"] += bool((np.abs(total) > widths).any())
        grown = rng.poisson(0.05, (looks, n)).cumsum(axis=0)
        one, other = grown[:, ::2], grown[:, 1::2]
        difference = one.mean(axis=1) - other.mean(axis=1)
        se = np.sqrt(2 * (one.var(axis=1, ddof=1) + other.var(axis=1, ddof=1)) / n)
        widths = [half_width(s, n, alpha=0.05, planned=n * looks / d) for s, d in zip(se, days, strict=True)]
        found["accruing"] += bool((np.abs(difference) > widths).any())
    return {name: count / draws for name, count in found.items()}


def relative_coverage(lift: float, draws: int = 1000, seed: int = 3, people: int = 600) -> float:
    """Share of trials whose 95 % relative interval under CUPED holds an added effect, the covariate explaining 98 %."""
    rng, hits = np.random.default_rng(seed), 0
    arms = np.array(["a", "b"])[np.arange(people) % 2]
    for _ in range(draws):
        before = rng.gamma(4, 2.5, people)
        value = before + rng.normal(2, 0.7, people) + np.where(arms == "b", 12 * lift, 0.0)
        effect = analysis.effects(value, arms, order=["a", "b"], covariate=before)[0]
        hits += effect.relative_low <= lift <= effect.relative_high
    return hits / draws


# ---- planted effects ----------------------------------------------------------------------------------


def plan(unit: str) -> Plan:
    """The plan of every town."""
    return design("spring", arms=ARMS, unit=unit, cluster_cap=40, horizon_days=30)


def assigned(town: trial.TrialTown, plan: Plan, salt: str) -> pl.DataFrame:
    """Everybody of a town with an arm, by the product's clusters and hashing."""
    ids = town.customers["customer_id"]
    frame = pl.DataFrame({"customer_id": ids})
    units = ids
    if plan.unit == "cluster":
        place = pl.DataFrame({"id": ids}).with_row_index("i")
        ends = [town.ties.join(place, left_on=end, right_on="id", maintain_order="left")["i"] for end in ("a", "b")]
        a, b = (end.cast(pl.Int64).to_numpy() for end in ends)
        curve = clusters.partitions(a, b, town.ties["weight"].to_numpy(), len(ids), cap=plan.cluster_cap)
        chosen = clusters.choose(curve, at_least=75)
        units = pl.Series([f"c{k}" for k in chosen.cluster])
        frame = frame.with_columns(cluster_id=units)
    return frame.with_columns(arm=drawn_arms(units, plan.arms, salt), assigned_at=pl.lit(START))


def of_town(
    town: trial.TrialTown, plan: Plan, people: pl.DataFrame, seed: int, lending: float = 0.0
) -> findings.Report:
    """What the product says of one town's experiment."""
    seen, bought = trial.respond(
        town, people, direct=DIRECT, spillover=SPILLOVER, lending=lending, seed=100_000 + seed
    )  # fmt: skip
    table = outcomes.tidy(people, seen, bought, horizon_days=plan.horizon_days).customers
    return findings.analyse(table, plan, ties=town.ties, subjects=town.subjects if lending else None)


def truths(arm: str, versus: str) -> dict[str, float]:
    """What was planted for a pair of arms."""
    direct, spill = (effect[arm] - effect[versus] for effect in (DIRECT, SPILLOVER))
    return {"direct": direct, "spillover": spill, "total": direct + spill}


def town_coverage(unit: str, towns: int = 200, lending: float = 0.0) -> dict[tuple[str, str, str], float]:
    """Share of towns, each with people and ties of its own, whose 95 % interval holds the planted truth.

    Args:
        unit: customer or cluster.
        towns: how many.
        lending: effect of one's likeness being used in contacts' ads. Those come over ties too, so where there is such
            an effect only it is judged, else the others are.

    Returns:
        By arm, versus and effect.
    """
    hits: dict[tuple[str, str, str], int] = {}
    with quick_holm():
        for seed in range(towns):
            town, planned = trial.town(seed), plan(unit)
            said = of_town(town, planned, assigned(town, planned, f"spring/{seed}"), seed, lending)
            found = [(p, e, truths(p.arm, p.versus)[e.effect]) for p in said.spillover for e in p.estimates]
            if lending:
                found = [(p, p.estimate, lending) for p in said.likeness]
            for pair, estimate, truth in found:
                key = (pair.arm, pair.versus, estimate.effect)
                hits[key] = hits.get(key, 0) + (estimate.low <= truth <= estimate.high)
    return {key: count / towns for key, count in hits.items()}

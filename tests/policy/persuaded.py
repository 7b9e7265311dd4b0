"""Towns in which it is known whom which face persuades, and how a learned policy fares in many of them.

`python -m tests.policy.persuaded 100` prints the figures of docs/methods.md, `... rounds 10` those of three rounds in
each of ten towns; the tests run a few of the same towns.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
import polars as pl

from engine.policy import explore, learn, values
from engine.policy.rows import Plan

ARMS = ("no_face", "random_face", "own_face", "influencer_face")
STRONG, EFFECT = 0.4, 0.08  # share of the tie from which it is strong; what the right face adds to the chance of buying
COSTS = dict.fromkeys(ARMS[1:], 0.005)
KINDS = {"planted": (20_000, {}), "equal": (5_000, {}), "none": (5_000, COSTS)}  # customers, costs


@dataclass(frozen=True)
class Town:
    """Customers and the truth: chance of buying under each arm [customers, arms]."""

    features: pl.DataFrame
    chance: np.ndarray

    def worth(self, choice: np.ndarray, costs: dict[str, float]) -> float:
        """True worth of choices, numbers of arms [customers]."""
        cost = np.array([costs.get(arm, 0.0) for arm in ARMS])
        return float((self.chance[np.arange(len(choice)), choice] - cost[choice]).mean())

    def best(self, costs: dict[str, float]) -> tuple[float, float]:
        """True worth of the best single arm, and of the best arm for each customer."""
        net = self.chance - np.array([costs.get(arm, 0.0) for arm in ARMS])
        return float(net.mean(axis=0).max()), float(net.max(axis=1).mean())


def town(kind: str, customers: int, seed: int) -> Town:
    """Draw a town: strong ties are persuaded by the influencer's face, others by their own (planted); all by any face
    alike (equal); nobody by any (none)."""
    rng = np.random.default_rng(seed)
    tie, before = rng.beta(2, 3, customers), rng.beta(2, 8, customers)
    make = rng.choice(["Apple", "Google", "Samsung", "Xiaomi"], customers)
    frame = pl.DataFrame({
        "customer_id": [f"c{i:06d}" for i in range(customers)], "tie_share": tie,
        "rank": rng.integers(1, 4, customers), "own_similarity": rng.normal(0.5, 0.1, customers),
        "influencer_similarity": rng.normal(0.5, 0.1, customers), "centrality": rng.random(customers),
        "age": rng.integers(18, 80, customers), "manufacturer": make, "accepted_before": before,
    })  # fmt: skip
    chance = np.repeat((0.05 + 0.2 * before + 0.03 * (make == "Apple"))[:, None], len(ARMS), axis=1)
    if kind == "planted":
        chance[:, 1] += 0.01
        chance[:, 2] += EFFECT * (tie < STRONG)
        chance[:, 3] += EFFECT * (tie >= STRONG)
    elif kind == "equal":
        chance[:, 1:] += 0.03
    return Town(frame, chance)


def shown(of: Town, chances: np.ndarray, seed: int) -> pl.DataFrame:
    """The town's customers, each shown an arm drawn by `chances` [customers, arms], and what they did."""
    rng = np.random.default_rng(seed)
    given = (rng.random((len(chances), 1)) > chances.cumsum(axis=1)[:, :-1]).sum(axis=1)
    each = np.arange(len(given))
    bought = rng.random(len(given)) < of.chance[each, given]
    return of.features.with_columns(
        arm=pl.Series([ARMS[g] for g in given]),
        outcome=pl.Series(bought.astype(float)),
        propensity=pl.Series(chances[each, given]),
    )


def alike(of: Town) -> np.ndarray:
    """Every arm by the same chance [customers, arms]."""
    return np.full(of.chance.shape, 1 / len(ARMS))


def judged(kind: str, seed: int, others: Town) -> dict[str, float]:
    """One town: what was learned, held against the truth of other customers of the same kind."""
    customers, costs = KINDS[kind]
    one = town(kind, customers, seed)
    found = learn.train(shown(one, alike(one), seed + 1_000_000), ARMS, Plan(costs=costs))
    choice = found.policy.scores(others.features).argmax(axis=1)
    single, oracle = others.best(costs)
    worth = others.worth(choice, costs)
    truth = {(values.EVERYBODY, arm): others.worth(np.full(len(choice), i), costs) for i, arm in enumerate(ARMS)}
    if found.supported:
        truth[values.POLICY, ""] = worth
    lines = {(line.rule, line.arm): line for line in found.table}
    covered = {f"covered {' '.join(r).strip()}": lines[r].low <= t <= lines[r].high for r, t in truth.items()}
    share = (worth - single) / (oracle - single) if oracle > single else float("nan")
    return {"share of the oracle's gain": share, "learned": found.supported, **covered,
            "paid": float(np.array([costs.get(a, 0.0) for a in ARMS])[choice].mean())}  # fmt: skip


@dataclass(frozen=True)
class Told:
    """Three rounds: what was learned after each, and the truth.

    Args:
        learned: after each round, from it and all before.
        worth: true worth of what each policy shows, to other customers.
        single: true worth of the best single arm.
        oracle: and of the best arm for each customer.
        truth: true worth of the rules of the last table.
    """

    learned: list[learn.Learned]
    worth: list[float]
    single: float
    oracle: float
    truth: dict[tuple[str, str], float]


def three_rounds(seed: int, customers: int = 8_000) -> Told:
    """A round in which every arm is drawn alike, then two in which a tenth of the customers explores."""
    rng = np.random.default_rng(seed)
    others = town("planted", 20_000, 999_999)
    past: list[pl.DataFrame] = []
    learned: list[learn.Learned] = []
    worth: list[float] = []
    for number in range(3):
        of = town("planted", customers, 50 + 3 * seed + number)
        chances = alike(of)
        if learned:
            scores, every = learned[-1].policy.scores(of.features), np.ones(of.chance.shape, dtype=bool)
            best = explore.decide(scores, every, 0.1, rng.random(customers), rng.random(customers))
            chances = 0.1 / len(ARMS) + 0.9 * (np.arange(len(ARMS)) == scores.argmax(axis=1)[:, None])
            assert (best.propensity == chances[np.arange(customers), best.arm]).all()
        frame = shown(of, chances, 70 + 3 * seed + number)
        past.append(frame.with_columns(pl.col("customer_id") + f"-{number}", source=pl.lit(number)))
        learned.append(learn.train(pl.concat(past), ARMS, Plan()))
        worth.append(others.worth(learned[-1].policy.scores(others.features).argmax(axis=1), {}))
    truth = {(values.EVERYBODY, a): float(others.chance[:, i].mean()) for i, a in enumerate(ARMS)}
    truth |= {(values.RANDOM, ""): float(others.chance.mean()), (values.POLICY, ""): worth[2]}
    return Told(learned, worth, *others.best({}), truth)


def tell_rounds(count: int) -> None:
    """Print the figures of three rounds in `count` towns."""
    for seed in range(count):
        told = three_rounds(seed)
        gains = [(w - told.single) / (told.oracle - told.single) for w in told.worth]
        lines = {(w.rule, w.arm): w for w in told.learned[2].table}
        off = {" ".join(rule).strip(): round((lines[rule].value - value) / lines[rule].se, 2)
               for rule, value in told.truth.items()}  # fmt: skip
        print(seed, "share of the oracle's gain", [round(g, 3) for g in gains], "errors in SE", off, flush=True)


def main(count: int) -> None:
    """Print the figures of `count` towns of each kind."""
    for kind in KINDS:
        others = town(kind, 50_000, 999_999)
        rows = pl.DataFrame([judged(kind, seed, others) for seed in range(count)])
        print(kind, rows.select(pl.all().cast(pl.Float64)).mean().row(0, named=True))
        print("  least", rows.select(pl.all().cast(pl.Float64)).min().row(0, named=True), flush=True)


if __name__ == "__main__":
    tell_rounds(int(sys.argv[2])) if sys.argv[1] == "rounds" else main(int(sys.argv[1]))

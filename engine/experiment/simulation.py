"""Simulates experiments on the workspace's own graph, to compare estimators beforehand (METHODS section 7)."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.errors import InputError
from engine.experiment.analysis import effects
from engine.experiment.interference import (
    contact_shares,
    exposure_probabilities,
    exposure_regression,
    hajek,
    lonely,
)

if TYPE_CHECKING:
    import numpy as np


REDRAWS = 200  # of the assignment, for the Hajek weights


class Simulated(NamedTuple):
    """How one estimator did over all draws.

    Args:
        unit: what was assigned, customer or cluster.
        estimator: difference, exposure regression or Hajek.
        truth: the total effect, everybody in arm A against everybody in arm B.
        mean: mean of the estimates.
        bias: mean - truth.
        sd: of the estimates.
        coverage: share of the intervals that hold the truth.
        power: share of the intervals that do not hold 0.
    """

    unit: str
    estimator: str
    truth: float
    mean: float
    bias: float
    sd: float
    coverage: float
    power: float


def simulate(
    a: np.ndarray, b: np.ndarray, clusters: np.ndarray, *, direct: float, spillover: float, base: float = 0.1,
    noise: float | None = None, share: float = 0.5, draws: int = 1000, alpha: float = 0.05, seed: int = 7,
) -> list[Simulated]:  # fmt: skip
    """Redraw assignment and outcomes many times on one graph.

    Outcomes are `base + direct Z + spillover f`: the probability of a 1, or with `noise` a mean. Clusters are
    assigned whole, a share of them drawn at random; customers likewise.

    Args:
        a: one end of each tie, 0..n-1 [ties].
        b: the other end [ties].
        clusters: of each customer, int from 0 [n].
        direct: tau.
        spillover: gamma.
        base: outcome in arm B among arm B.
        noise: standard deviation of normal outcomes; None = 0/1 outcomes.
        share: of units in arm A.
        draws: how many experiments.
        alpha: 1 - confidence.
        seed: of everything.

    Returns:
        One line per unit of assignment and estimator; an estimator that finds nobody to compare (Hajek, where hardly
        anybody has mostly treated contacts) has no line.

    Raises:
        InputError: probabilities outside 0..1, or fewer than four clusters.
    """
    import numpy as np

    rates = (base, base + direct, base + spillover, base + direct + spillover)
    if noise is None and (min(rates) < 0 or max(rates) > 1):
        raise InputError(f"outcome rates from {min(rates):.3g} to {max(rates):.3g} are not probabilities.",
                         fix="Change the base rate or the effects.")  # fmt: skip
    if noise is not None and not 0 < noise < float("inf"):
        raise InputError(f"a noise of {noise}.", fix="Give a standard deviation above 0.")
    groups = int(clusters.max()) + 1
    if groups < 4:
        raise InputError(f"{groups} clusters are too few to assign.", fix="Make more and smaller clusters.")
    n, rng = len(clusters), np.random.default_rng(seed)
    shares = contact_shares(a, b, n)
    alone = lonely(shares)

    def drawn(unit: str) -> np.ndarray:
        size = n if unit == "customer" else groups
        arm = rng.permutation(size) < round(share * size)
        return (arm if unit == "customer" else arm[clusters]).astype(float)

    chances = {
        unit: exposure_probabilities(shares, np.stack([drawn(unit) for _ in range(REDRAWS)], axis=1))
        for unit in ("customer", "cluster")
    }
    found: dict[tuple[str, str], list[tuple[float, float, float]]] = {}
    for _ in range(draws):
        for unit, (high, low) in chances.items():
            treated = drawn(unit)
            exposure = shares @ treated
            mean = base + direct * treated + spillover * exposure
            outcome = (rng.random(n) < mean).astype(float) if noise is None else rng.normal(mean, noise)
            within = None if unit == "customer" else clusters
            names = np.where(treated == 1, "A", "B")
            plain = effects(outcome, names, order=["B", "A"], clusters=within, alpha=alpha)[0]
            found.setdefault((unit, "difference"), []).append((plain.difference, plain.low, plain.high))
            kept: dict[str, Any] = {"clusters": clusters, "alpha": alpha}
            total = exposure_regression(outcome, treated, exposure, controls=alone, **kept)[2]
            found.setdefault((unit, "exposure regression"), []).append((total.value, total.low, total.high))
            with suppress(InputError):
                total = hajek(outcome, treated, exposure, high, low, **kept)
                found.setdefault((unit, "Hajek"), []).append((total.value, total.low, total.high))
    truth = direct + spillover
    return [_summary(*key, truth, np.array(rows)) for key, rows in found.items() if len(rows) == draws]


def blocks(seed: int, *, people: int, groups: int, inside: float, outside: float) -> tuple[np.ndarray, ...]:
    """A random graph of equal blocks: ties a, b and the block of each person.

    Args:
        seed: of the ties.
        people: how many, a multiple of `groups`.
        groups: number of blocks.
        inside: probability of a tie within a block.
        outside: probability of a tie between blocks.
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    block = np.repeat(np.arange(groups), people // groups)
    # Each pair of blocks: draw how many ties, then which; pairs drawn twice count once.
    first, second = np.triu_indices(people // groups, 1)
    kept = rng.random((groups, len(first))) < inside
    group, pair = np.nonzero(kept)
    near = np.stack([first[pair], second[pair]]) + group * (people // groups)
    count = rng.binomial(people * (people - 1) // 2, outside)
    far = rng.integers(0, people, (2, count))
    far = np.sort(far[:, block[far[0]] != block[far[1]]], axis=0)
    ends = np.unique(np.concatenate([near, far], axis=1), axis=1)
    return ends[0], ends[1], block


def _summary(unit: str, name: str, truth: float, rows: np.ndarray) -> Simulated:
    value, low, high = rows.T
    return Simulated(
        unit, name, truth, float(value.mean()), float(value.mean() - truth), float(value.std(ddof=1)),
        float(((low <= truth) & (truth <= high)).mean()), float(((low > 0) | (high < 0)).mean()),
    )  # fmt: skip

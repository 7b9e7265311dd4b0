"""What each estimator would say on one's own graph, before any money is spent (METHODS section 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from engine.errors import InputError
from engine.experiment.analysis import effects
from engine.experiment.interference import contact_shares, exposure_regression

if TYPE_CHECKING:
    import numpy as np


class Simulated(NamedTuple):
    """How one estimator did over all draws.

    Args:
        unit: what was assigned, customer or cluster.
        estimator: difference or exposure regression.
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
    share: float = 0.5, draws: int = 1000, alpha: float = 0.05, seed: int = 7,
) -> list[Simulated]:  # fmt: skip
    """Redraw assignment and binary outcomes many times on one graph.

    Outcomes are 1 with probability `base + direct Z + spillover f`. Clusters are assigned whole, a share of them
    drawn at random; customers likewise.

    Args:
        a: one end of each tie, 0..n-1 [ties].
        b: the other end [ties].
        clusters: of each customer, int from 0 [n].
        direct: tau.
        spillover: gamma.
        base: outcome rate in arm B among arm B.
        share: of units in arm A.
        draws: how many experiments.
        alpha: 1 - confidence.
        seed: of everything.

    Returns:
        One line per unit of assignment and estimator.

    Raises:
        InputError: probabilities outside 0..1, or fewer than four clusters.
    """
    import numpy as np

    rates = (base, base + direct, base + spillover, base + direct + spillover)
    if min(rates) < 0 or max(rates) > 1:
        raise InputError(f"outcome rates from {min(rates):.3g} to {max(rates):.3g} are no probabilities.",
                         fix="Change the base rate or the effects.")  # fmt: skip
    groups = int(clusters.max()) + 1
    if groups < 4:
        raise InputError(f"{groups} clusters are too few to assign.", fix="Make more and smaller clusters.")
    n, rng = len(clusters), np.random.default_rng(seed)
    shares = contact_shares(a, b, n)
    found: dict[tuple[str, str], list[tuple[float, float, float]]] = {}
    for _ in range(draws):
        for unit in ("customer", "cluster"):
            size = n if unit == "customer" else groups
            arm = rng.permutation(size) < round(share * size)
            treated = (arm if unit == "customer" else arm[clusters]).astype(float)
            exposure = shares @ treated
            outcome = (rng.random(n) < base + direct * treated + spillover * exposure).astype(float)
            within = None if unit == "customer" else clusters
            names = np.where(treated == 1, "A", "B")
            plain = effects(outcome, names, order=["B", "A"], clusters=within, alpha=alpha)[0]
            found.setdefault((unit, "difference"), []).append((plain.difference, plain.low, plain.high))
            total = exposure_regression(outcome, treated, exposure, clusters=within, alpha=alpha)[2]
            found.setdefault((unit, "exposure regression"), []).append((total.value, total.low, total.high))
    truth = direct + spillover
    return [_summary(unit, name, truth, np.array(rows)) for (unit, name), rows in found.items()]


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

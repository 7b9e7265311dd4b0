"""Which offer for whom under a total budget and so many of each: a multiple-choice knapsack on the cost/gain hull."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

NONE = -1


def allocate(
    gain: np.ndarray, cost: np.ndarray, eligible: np.ndarray, *, budget: float | None = None,
    capacity: np.ndarray | None = None,
) -> np.ndarray:  # fmt: skip
    """The offers that together gain most.

    Without a budget everybody gets the best of their offers. With one, each customer's offers are reduced to the upper
    hull of gain over cost, and its steps are taken by falling gain per cost until the next does not fit (Sinha and
    Zoltners 1979): no other choice of that total cost gains more, and what is left over is less than one step. Where
    more than its capacity would get an offer, those keep it who would lose most by their next best, and the rest is
    allocated anew without it.

    Args:
        gain: value x uplift - cost [customers, offers].
        cost: of each offer [offers], not negative.
        eligible: who may get what [customers, offers].
        budget: most that all offers together may cost; None = no limit.
        capacity: most customers per offer [offers]; None = no limit.

    Returns:
        Column of the chosen offer, -1 for none [customers]. Ties go to the first offer and the first customer.
    """
    import numpy as np

    allowed = eligible & (gain > 0)
    while True:
        choice = _best(gain, allowed) if budget is None else _hull(gain, cost, allowed, budget)
        if capacity is None:
            return choice
        count = np.bincount(choice[choice >= 0], minlength=gain.shape[1])
        over = np.flatnonzero(count > capacity)
        if not len(over):
            return choice
        offer = over[np.argmax(count[over] - capacity[over])]
        holders = np.flatnonzero(choice == offer)
        others = np.where(allowed[holders], gain[holders], 0.0)
        others[:, offer] = 0.0
        regret = gain[holders, offer] - others.max(axis=1, initial=0.0)
        keep = holders[np.argsort(-regret, kind="stable")[: int(capacity[offer])]]
        allowed[:, offer] &= np.isin(np.arange(len(gain)), keep)


def _best(gain: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    import numpy as np

    if not gain.shape[1]:
        return np.full(len(gain), NONE)
    masked = np.where(allowed, gain, -np.inf)
    best = masked.argmax(axis=1)
    return np.where(allowed.any(axis=1), best, NONE)


def _hull(gain: np.ndarray, cost: np.ndarray, allowed: np.ndarray, budget: float) -> np.ndarray:
    """Steps up every customer's hull, the steepest first, while they fit."""
    import numpy as np

    n = len(gain)
    choice = _best(gain, allowed & (cost <= 0)[None, :])
    rows = np.arange(n)
    at_gain = np.where(choice >= 0, gain[rows, choice], 0.0) if gain.shape[1] else np.zeros(n)
    at_cost = np.zeros(n)
    steps = []
    for number in range(gain.shape[1]):
        more = cost[None, :] - at_cost[:, None]
        up = allowed & (more > 0) & (gain > at_gain[:, None])
        slope = np.full(gain.shape, -np.inf)
        np.divide(gain - at_gain[:, None], more, out=slope, where=up)
        to = slope.argmax(axis=1)
        moved = np.flatnonzero(up.any(axis=1))
        if not len(moved):
            break
        to = to[moved]
        steps.append((moved, np.full(len(moved), number), to, slope[moved, to], more[moved, to]))
        at_gain[moved], at_cost[moved] = gain[moved, to], cost[to]
    if not steps:
        return choice
    who, depth, to, slope, more = (np.concatenate(part) for part in zip(*steps, strict=True))
    order = np.lexsort((depth, who, -slope))
    taken = order[np.cumsum(more[order]) <= budget * (1 + 1e-12)]
    taken = taken[np.argsort(depth[taken], kind="stable")]
    choice[who[taken]] = to[taken]
    return choice

"""Whom to ask for a photo, so that the most customers gain an influencer's face: maximum coverage, chosen greedily."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np


class Recruits(NamedTuple):
    """People in the order in which to ask them.

    Args:
        person: chosen people [k].
        customers: how many customers each one adds, whom nobody before covers [k].
        value: the weight of those customers [k].
        bound: at most so much can any choice of `people` people cover; these cover at least 1 - 1/e of it.
    """

    person: np.ndarray
    customers: np.ndarray
    value: np.ndarray
    bound: float


def recruit(person: np.ndarray, customer: np.ndarray, weight: np.ndarray, *, people: int) -> Recruits:
    """Choose people whose customers weigh most together (Nemhauser, Wolsey and Fisher 1978).

    Each step takes the person who adds most, of equals the one with the smallest number. What a person adds never grows
    as others are chosen (Minoux 1978), so yesterday's figures are bounds and only the leader's is computed anew.

    Args:
        person: who could lend a face, int [pairs], from 0.
        customer: to whom, int [pairs], from 0; a pair may stand twice.
        weight: of each customer, not negative [customers].
        people: most people to choose; whoever would add nothing is not chosen.

    Returns:
        The people, what each adds, and the bound.
    """
    import numpy as np

    count = int(person.max()) + 1 if len(person) else 0
    pairs = np.unique(person.astype(np.int64) * max(len(weight), 1) + customer)
    who, whom = np.divmod(pairs, max(len(weight), 1))
    start = np.searchsorted(who, np.arange(count + 1))
    gain = np.bincount(who, weight[whom], count)
    covered = np.zeros(len(weight), bool)
    chosen: list[int] = []
    numbers: list[int] = []
    values: list[float] = []

    def adds(i: int) -> np.ndarray:
        own = whom[start[i] : start[i + 1]]
        return own[~covered[own]]

    def bound() -> float:
        """The least of: all customers; what these cover and the most that so many could add to it; the rule's own."""
        fresh = np.zeros(count, bool)
        while len(stale := (top := np.argsort(-gain, kind="stable")[:people])[~fresh[top]]):
            gain[stale] = [weight[adds(i)].sum() for i in stale.tolist()]
            fresh[stale] = True
        covers = sum(values)
        return min(weight[np.unique(whom)].sum(), covers + gain[top].sum(), covers / (1 - (1 - 1 / people) ** people))

    while len(chosen) < people and count:
        best = int(gain.argmax())
        new = adds(best)
        if (now := float(weight[new].sum())) < gain[best]:
            gain[best] = now
            continue
        if now <= 0:
            break
        chosen.append(best)
        numbers.append(len(new))
        values.append(now)
        covered[new] = True
        gain[best] = 0
    return Recruits(np.array(chosen, np.int64), np.array(numbers, np.int64), np.array(values), bound())

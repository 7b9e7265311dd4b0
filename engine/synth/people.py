"""Who lives in the town: numbers, ages, places, communities, ties, and each customer's planted influencer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

RESIDENCES = ("Old Town", "Harbour", "Hillside", "Riverside", "Garden Suburb", "Airport Road")
RESIDENCE_SHARES = (0.14, 0.16, 0.17, 0.2, 0.22, 0.11)
PLANS = ("prepaid", "basic", "family", "unlimited")


@dataclass(frozen=True)
class People:
    """Everybody who can be called; customers come first, then other numbers, then call centres.

    Args:
        ids: text [parties], E.164.
        n: number of customers; parties 0..n-1.
        persons: customers and other people; parties 0..persons-1 have ties.
        hubs: parties that are call centres or lines.
        community: of each person [persons].
        popularity: how much others turn to a person [persons], heavy-tailed.
        age: years of each customer [n].
        residence: index into `RESIDENCES` [n].
        woman: bool [n].
        tenure_months: of each customer [n].
        plan: index into `PLANS` [n].
    """

    ids: np.ndarray
    n: int
    persons: int
    hubs: np.ndarray
    community: np.ndarray
    popularity: np.ndarray
    age: np.ndarray
    residence: np.ndarray
    woman: np.ndarray
    tenure_months: np.ndarray
    plan: np.ndarray


@dataclass(frozen=True)
class Ties:
    """Unordered pairs of people who are in touch.

    Args:
        a: the smaller party [ties].
        b: the larger party [ties].
        rate_ab: contacts a makes to b per day [ties].
        rate_ba: the other way [ties].
        influencer: planted influencer of each customer, -1 for none [n].
    """

    a: np.ndarray
    b: np.ndarray
    rate_ab: np.ndarray
    rate_ba: np.ndarray
    influencer: np.ndarray


def populate(rng: np.random.Generator, customers: int) -> People:
    """Draw the town's people.

    Args:
        rng: source of randomness.
        customers: how many, 1 to 500,000.
    """
    import numpy as np

    n = customers
    persons = n + max(4, n // 4)
    # A call centre reaches 560 new numbers each month; a small town gets numbers from outside to make that possible.
    cold = max(0, 1900 - persons)
    hubs = 3 + n // 2500
    total = persons + cold + hubs
    digits = rng.permutation(1_000_000)[: total - hubs]
    lines = 90_000 + rng.permutation(9_999)[:hubs]
    ids = np.array([f"+36200{d:06d}" for d in digits] + [f"+3619{d:06d}" for d in lines])
    sizes = np.clip(rng.lognormal(3.4, 0.5, persons // 10 + 2), 10, 150).astype(int)
    community = np.repeat(np.arange(len(sizes)), sizes)[:persons]
    community = community[rng.permutation(persons)]
    centre = rng.integers(len(RESIDENCES), size=community.max() + 1)
    near = rng.random(n) < 0.6
    residence = np.where(near, centre[community[:n]], rng.choice(len(RESIDENCES), n, p=RESIDENCE_SHARES))
    generation = rng.normal(0, 8, community.max() + 1)
    age = np.clip(rng.normal(43, 15, n) + generation[community[:n]], 14, 92).astype(int)
    return People(
        ids=ids,
        n=n,
        persons=persons,
        hubs=np.arange(total - hubs, total),
        community=community,
        popularity=np.minimum(rng.pareto(1.9, persons) + 0.6, 25.0),
        age=age,
        residence=residence,
        woman=rng.random(n) < 0.51,
        tenure_months=np.minimum(rng.gamma(2, 22, n).astype(int), np.maximum(age - 14, 0) * 12 + 1),
        plan=rng.choice(len(PLANS), n, p=(0.24, 0.32, 0.2, 0.24)),
    )


def befriend(rng: np.random.Generator, people: People) -> Ties:
    """Draw the ties and plant each customer's influencer: the contact whose tie times standing is largest.

    The rates are then raised until the planted contact leads by METHODS section 3's `tie_reach` on expected
    contacts, so that the truth can be found, while chance in the calls keeps it from being trivial.
    """
    import numpy as np

    a, b = _pairs(rng, people)
    weight = rng.lognormal(0, 0.9, len(a))
    standing = (np.argsort(np.argsort(people.popularity)) + 1.0) / people.persons
    source, target, tie = np.r_[a, b], np.r_[b, a], np.r_[np.arange(len(a)), np.arange(len(a))]
    mine = source < people.n
    source, target, tie = source[mine], target[mine], tie[mine]
    liking = np.log(weight[tie]) + 1.1 * np.log(people.popularity[target]) + 3.0 * (target < people.n)
    liking += rng.gumbel(0, 0.4, len(tie))
    best = _argmax(source, liking, people.n)
    influencer = np.where(best >= 0, target[best], -1)
    share = rng.beta(3, 3, len(a))
    planted = np.zeros(len(a), dtype=bool)
    planted[tie[best[best >= 0]]] = True
    share = np.where(planted, rng.beta(9, 9, len(a)), share)
    weight = np.where(planted, weight * rng.lognormal(np.log(2.5), 0.3, len(a)), weight)
    balance = 0.5 + np.minimum(share, 1 - share)
    reach = standing[target] ** 0.25
    own = best[best >= 0]
    lead = rng.uniform(1.15, 2.2, people.n)[source[own]]
    rival = np.ones(len(tie), dtype=bool)
    rival[own] = False
    for _ in range(6):
        score = weight[tie] * balance[tie] * reach
        runner_up = np.zeros(people.n)
        np.maximum.at(runner_up, source[rival], score[rival])
        wanted = runner_up[source[own]] * lead / (balance[tie[own]] * reach[own])
        np.maximum.at(weight, tie[own], wanted)
    # One contact a day is where more contact stops adding to a tie's strength.
    rate = np.minimum(weight * (0.9 * people.n / max(weight.sum(), 1e-9)), 2.4)
    return Ties(a, b, rate * share, rate * (1 - share), influencer)


def _pairs(rng: np.random.Generator, people: People) -> tuple[np.ndarray, np.ndarray]:
    """Who is in touch: mostly inside a community, popular people more often."""
    import numpy as np

    order = np.argsort(people.community, kind="stable")
    mass = np.cumsum(people.popularity[order])
    ends = np.cumsum(np.bincount(people.community))
    high = mass[ends - 1]
    low = np.r_[0.0, high[:-1]]
    count = 2 + rng.poisson(2.2, people.persons)
    source = np.repeat(np.arange(people.persons), count)
    home = people.community[source]
    inside = rng.random(len(source)) < 0.82
    start, stop = np.where(inside, low[home], 0.0), np.where(inside, high[home], mass[-1])
    spot = np.searchsorted(mass, start + rng.random(len(source)) * (stop - start), side="right")
    target = order[np.minimum(spot, people.persons - 1)]
    a, b = np.minimum(source, target), np.maximum(source, target)
    code = np.unique((a.astype(np.int64) * people.persons + b)[a != b])
    return code // people.persons, code % people.persons


def _argmax(group: np.ndarray, value: np.ndarray, groups: int) -> np.ndarray:
    """Position of the largest value of each group, -1 where a group is empty; [groups]."""
    import numpy as np

    order = np.lexsort((value, group))
    last = np.r_[group[order][1:] != group[order][:-1], True] if len(order) else np.zeros(0, dtype=bool)
    result = np.full(groups, -1)
    result[group[order][last]] = order[last]
    return result

"""Who lives in the town: numbers, ages, places, communities, ties, and each customer's planted influencer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

RESIDENCES = ("Old Town", "Harbour", "Hillside", "Riverside", "Garden Suburb", "Airport Road")
RESIDENCE_SHARES = (0.14, 0.16, 0.17, 0.2, 0.22, 0.11)
PLANS = ("prepaid", "basic", "family", "unlimited")
ELSEWHERE = 0.35  # contact with other operators' numbers, as a share of that with one's own operator's
STANDING, UNSEEN = 0.3, 0.3  # of a pull: power of the contact's popularity, and spread of what no record shows


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
        influencer: planted influencer of each customer, the contact with the largest pull; -1 for none [n].
        indptr: where each customer's contacts begin in the two below [n + 1].
        contact: party [contacts].
        pull: how far the contact's doing moves the customer; all contacts of one together 1 [contacts].
    """

    a: np.ndarray
    b: np.ndarray
    rate_ab: np.ndarray
    rate_ba: np.ndarray
    influencer: np.ndarray
    indptr: np.ndarray
    contact: np.ndarray
    pull: np.ndarray


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
    """Draw who is in touch with whom, and how far each contact's doing moves a customer.

    A contact's pull is the share of the customer's own contacts that go to it, times a little of how much others turn
    to it, times what no record shows. That is nobody's definition of influence: strength counts both ways and fades,
    reach is no popularity, and luck is luck. So every definition can be wrong.
    """
    import numpy as np

    a, b = _pairs(rng, people)
    weight = rng.lognormal(0, 0.9, len(a))
    # Calls to customers of one's own operator are the cheaper ones.
    weight = np.where((a < people.n) & (b < people.n), weight, ELSEWHERE * weight)
    share = rng.beta(1.5, 1.5, len(a))
    # One contact a day is where more contact stops adding to a tie's strength.
    rate = np.minimum(weight * (0.9 * people.n / max(weight.sum(), 1e-9)), 2.4)
    there, back = rate * share, rate * (1 - share)
    source, target, own = np.r_[a, b], np.r_[b, a], np.r_[there, back]
    order = np.lexsort((target, source))
    order = order[source[order] < people.n]
    source, target, own = source[order], target[order], own[order]
    pull = own * people.popularity[target] ** STANDING * rng.lognormal(0, UNSEEN, len(own))
    pull /= np.bincount(source, weights=pull, minlength=people.n)[source]
    best = _argmax(source, pull, people.n)
    influencer = np.where(best >= 0, target[best], -1)
    return Ties(a, b, there, back, influencer, np.searchsorted(source, np.arange(people.n + 1)), target, pull)


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

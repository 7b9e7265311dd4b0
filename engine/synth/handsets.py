"""Handsets: a device list of well-known makers, and changes that spread from each customer's influencer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

# maker: its share of the town, and its models with their release.
MAKERS = {
    "Apple": (0.3, (("iPhone 11", "2019-09-20"), ("iPhone 12", "2020-10-23"), ("iPhone 13", "2021-09-24"),
                    ("iPhone 14", "2022-09-16"), ("iPhone 15", "2023-09-22"), ("iPhone 16", "2024-09-20"))),
    "Samsung": (0.3, (("Galaxy A12", "2020-12-21"), ("Galaxy S21", "2021-01-29"), ("Galaxy A54", "2023-03-24"),
                      ("Galaxy S23", "2023-02-17"), ("Galaxy S24", "2024-01-24"), ("Galaxy Z Flip6", "2024-07-24"))),
    "Xiaomi": (0.18, (("Redmi Note 10", "2021-03-16"), ("Mi 11", "2021-01-01"), ("Redmi Note 12", "2023-03-23"),
                      ("13T", "2023-09-26"), ("14", "2024-02-25"))),
    "Google": (0.1, (("Pixel 6", "2021-10-28"), ("Pixel 7", "2022-10-13"), ("Pixel 8", "2023-10-12"),
                     ("Pixel 9", "2024-08-22"))),
    "Motorola": (0.12, (("Moto G30", "2021-03-01"), ("Edge 30", "2022-05-01"), ("Moto G84", "2023-09-08"),
                        ("Edge 50 Pro", "2024-04-16"))),
}  # fmt: skip
MAX_CHANGES = 3
HAZARD = 1 / 480  # changes a day of a customer whom nobody pulls
PULL = 0.022  # added a day while the influencer's change is recent
RECENT_DAYS = 30
REST_DAYS = 45  # nobody changes twice within these
FOLLOW_MAKER = 0.65  # a pulled change takes the influencer's make
STAY = 0.6  # any other change keeps the make


@dataclass(frozen=True)
class Handsets:
    """What every person carries when.

    Args:
        device: row of the device table per spell [persons, 1 + MAX_CHANGES]; unused spells repeat the last.
        change_day: first day of spells 2.. [persons, MAX_CHANGES]; a day beyond the town's end where unused.
        pulled: whether the change came by the influencer [persons, MAX_CHANGES].
    """

    device: np.ndarray
    change_day: np.ndarray
    pulled: np.ndarray

    def spell(self, person: np.ndarray, day: np.ndarray) -> np.ndarray:
        """Which spell (0..) each person [k] is in on each day [k]."""
        return (self.change_day[person] <= day[:, None]).sum(axis=1)

    def on(self, day: int) -> np.ndarray:
        """Device row of everybody on one day [persons]."""
        import numpy as np

        who = np.arange(len(self.device))
        return self.device[who, self.spell(who, np.full(len(who), day))]


def device_table() -> pl.DataFrame:
    """tac, manufacturer, model, released; TACs of the range 00…, which is kept for tests and given to no maker."""
    import polars as pl

    rows = []
    for i, (maker, (_, models)) in enumerate(MAKERS.items()):
        for j, (model, released) in enumerate(models):
            rows += [(f"00{i + 1:02d}{j + 1:02d}{v:02d}", maker, model, released) for v in (10, 20)]
    return pl.DataFrame(rows, schema=["tac", "manufacturer", "model", "released"], orient="row")


def carry(
    rng: np.random.Generator, community: np.ndarray, influencer: np.ndarray, days: int, *,
    hazard: float | np.ndarray = HAZARD, pull: float = PULL, homophily: float = 1.0,
) -> Handsets:  # fmt: skip
    """Give everybody a handset and let changes spread.

    Args:
        rng: source of randomness.
        community: of each person [persons].
        influencer: of each person [persons], -1 for none.
        days: length of the history.
        hazard: changes a day without any pull: one for all, or one per day and person [days, persons].
        pull: added a day while the influencer changed within `RECENT_DAYS`.
        homophily: how far communities differ in makes (0 = not at all).
    """
    import numpy as np

    n = len(community)
    table = device_table()
    makers = list(MAKERS)
    maker = np.array([makers.index(m) for m in table["manufacturer"]])
    share = np.array([s for s, _ in MAKERS.values()])
    taste = share * np.exp(homophily * rng.normal(0, 0.7, (community.max() + 1, len(makers))))
    taste = np.cumsum(taste / taste.sum(axis=1, keepdims=True), axis=1)
    first, count = np.searchsorted(maker, np.arange(len(makers))), np.bincount(maker)

    def pick(chosen: np.ndarray, newest: bool) -> np.ndarray:
        u = rng.random(len(chosen))
        return first[chosen] + np.minimum(
            ((1 - (1 - u) ** 2 if newest else u) * count[chosen]), count[chosen] - 1
        ).astype(int)

    def by_taste(who: np.ndarray) -> np.ndarray:
        return np.minimum((rng.random(len(who))[:, None] > taste[community[who]]).sum(axis=1), len(makers) - 1)

    everyone = np.arange(n)
    device = np.repeat(pick(by_taste(everyone), False)[:, None], MAX_CHANGES + 1, axis=1)
    change_day = np.full((n, MAX_CHANGES), days + 1_000)
    pulled = np.zeros((n, MAX_CHANGES), dtype=bool)
    last = np.where(rng.random(n) < 0.5, -rng.integers(1, 400, n), -400)
    used = np.zeros(n, dtype=int)
    has = influencer >= 0
    base = np.broadcast_to(hazard, (days, n))
    # Others' pull is felt from the day after: everybody's state is yesterday's.
    for day in range(days):
        recent = has & (last[influencer] > day - RECENT_DAYS) & (last[influencer] >= 0)
        chance = base[day] + pull * recent
        moves = np.flatnonzero((rng.random(n) < chance) & (last < day - REST_DAYS) & (used < MAX_CHANGES))
        if not len(moves):
            continue
        old = device[moves, MAX_CHANGES]
        by_pull = recent[moves] & (rng.random(len(moves)) < pull / chance[moves])
        follow = by_pull & (rng.random(len(moves)) < FOLLOW_MAKER)
        stay = rng.random(len(moves)) < STAY
        leader = maker[device[np.maximum(influencer[moves], 0), MAX_CHANGES]]
        make = np.where(follow, leader, np.where(stay, maker[old], by_taste(moves)))
        new = pick(make, True)
        same = table["model"].to_numpy()[new] == table["model"].to_numpy()[old]
        # Another unit of the same model is no change: take the make's next model instead.
        new = np.where(same, first[make] + (new - first[make] + 2) % count[make], new)
        change_day[moves, used[moves]] = day
        pulled[moves, used[moves]] = by_pull
        for spell in range(MAX_CHANGES + 1):
            device[moves, spell] = np.where(spell > used[moves], new, device[moves, spell])
        used[moves] += 1
        last[moves] = day
    return Handsets(device, change_day, pulled)

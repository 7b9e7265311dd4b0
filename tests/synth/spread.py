"""Small towns for judging a test of influence: nothing planted, homophily only, influence only, or both.

Homophily: a community changes handsets together (its own rate, its own waves), whoever its members listen to.
Influence: a customer changes more often for a month after the own influencer did. A test that holds its error under
the first and finds the second tells the two apart (METHODS section 3).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from engine.synth import handsets
from engine.synth.people import People, befriend, populate

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

BEFORE, AFTER = 150, 90  # days of history before the date of judgement, and after it
KINDS = {"nothing": (False, False), "homophily": (True, False), "influence": (False, True), "both": (True, True)}
AS_OF = date(2025, 6, 1)
_RATE = 1 / 300
_WAVE_DAYS = 25
_PULL = 0.045  # added a day for a month after the influencer changed


@dataclass(frozen=True)
class SmallTown:
    """One town, as `engine.graph.prediction.validate` takes it.

    Args:
        ties: customer_id, contact_id, weight: both directions.
        changes: party_id, changed_at.
        tops: customer_id, definition (`planted`, `random`), contact_id.
        strata: customer_id, community, handset_age_days (null = never changed), activity.
        as_of: the day between what is known and what is to be predicted.
    """

    ties: pl.DataFrame
    changes: pl.DataFrame
    tops: pl.DataFrame
    strata: pl.DataFrame
    as_of: date


def small_town(kind: str, *, seed: int, people: int = 1000) -> SmallTown:
    """Draw one town.

    Args:
        kind: a key of `KINDS`.
        seed: of everything in it.
        people: customers.
    """
    import numpy as np
    import polars as pl

    alike, pulled = KINDS[kind]
    rng = np.random.default_rng(seed)
    town = populate(rng, people)
    ties = befriend(rng, town)
    leads = np.r_[ties.influencer, np.full(town.persons - town.n, -1)]
    phones = handsets.carry(
        rng,
        town.community,
        leads,
        BEFORE + AFTER,
        hazard=_hazards(rng, town, alike),
        pull=_PULL if pulled else 0.0,
        homophily=1.0 if alike else 0.0,
    )
    ids = np.array([f"p{i:05d}" for i in range(town.persons)])
    weight = ties.rate_ab + ties.rate_ba
    source, target = np.r_[ties.a, ties.b], np.r_[ties.b, ties.a]
    both = pl.DataFrame({
        "customer_id": ids[source].tolist(), "contact_id": ids[target].tolist(), "weight": np.r_[weight, weight],
    })  # fmt: skip
    who, number = np.nonzero(phones.change_day < BEFORE + AFTER)
    days = phones.change_day[who, number]
    start = AS_OF - timedelta(days=BEFORE)
    changes = pl.DataFrame({
        "party_id": ids[who].tolist(), "changed_at": [start + timedelta(days=int(d)) for d in days],
    })  # fmt: skip
    return SmallTown(
        both,
        changes,
        _tops(rng, town, ties.influencer, source, target, ids),
        _strata(town, ids, who, days, weight, ties),
        AS_OF,
    )


def _hazards(rng: np.random.Generator, town: People, alike: bool) -> np.ndarray:
    """Changes a day [days, persons]: one rate for all, or each community's own rate and waves."""
    import numpy as np

    days = BEFORE + AFTER
    if not alike:
        return np.full((days, town.persons), _RATE)
    groups = town.community.max() + 1
    rate = _RATE * rng.lognormal(-0.4, 0.9, groups)
    peak = rng.integers(0, days, (2, groups))
    day = np.arange(days)[:, None]
    wave = sum(np.exp(-(((day - p) / _WAVE_DAYS) ** 2)) for p in peak)
    return np.minimum(rate * (0.5 + 2.5 * wave), 0.2)[:, town.community]


def _tops(rng, town: People, influencer, source, target, ids) -> pl.DataFrame:
    """Each customer's planted influencer, and a random contact."""
    import numpy as np
    import polars as pl

    mine = np.flatnonzero(source < town.n)
    order = mine[np.lexsort((rng.random(len(mine)), source[mine]))]
    first = order[np.r_[True, source[order][1:] != source[order][:-1]]]
    known = np.flatnonzero(influencer >= 0)
    return pl.DataFrame({
        "customer_id": np.r_[ids[known], ids[source[first]]].tolist(),
        "definition": ["planted"] * len(known) + ["random"] * len(first),
        "contact_id": np.r_[ids[influencer[known]], ids[target[first]]].tolist(),
    })  # fmt: skip


def _strata(town: People, ids, who, days, weight, ties) -> pl.DataFrame:
    """What is known of each customer at the date of judgement."""
    import numpy as np
    import polars as pl

    last = np.full(town.persons, -1)
    known = days < BEFORE
    np.maximum.at(last, who[known], days[known])
    activity = np.bincount(ties.a, weights=weight, minlength=town.persons)
    activity += np.bincount(ties.b, weights=weight, minlength=town.persons)
    age = pl.Series(BEFORE - last[: town.n])
    return pl.DataFrame({
        "customer_id": ids[: town.n].tolist(),
        "community": town.community[: town.n],
        "handset_age_days": pl.select(pl.when(pl.Series(last[: town.n] >= 0)).then(age)).to_series(),
        "activity": activity[: town.n],
    })  # fmt: skip

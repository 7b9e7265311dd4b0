"""A town in which some people have a second number or a new one, and others only look so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import polars as pl

from engine.synth.people import befriend, populate
from engine.warehouse.duckdb import DuckDBWarehouse

START, DAYS = datetime(2025, 1, 6), 150


@dataclass(frozen=True)
class SecondNumbers:
    """A warehouse with the town's records, and the planted pairs (a < b) by what they are."""

    store: DuckDBWarehouse
    planted: dict[tuple[int, int], str]


def town(people: int, seed: int, *, share: float = 0.04) -> SecondNumbers:
    """Draw it.

    Args:
        people: how many.
        seed: of everything.
        share: of the people who have a second SIM in their handset; as many have a new number, half of them with the
            handset they had; as many leave, as many come, and as many give their old handset to a friend.
    """
    rng = np.random.default_rng(seed)
    town = populate(rng, people)
    ties = befriend(rng, town)
    inside = (ties.a < town.n) & (ties.b < town.n)
    ends = np.r_[ties.a[inside], ties.b[inside]], np.r_[ties.b[inside], ties.a[inside]]
    count = rng.poisson(np.r_[ties.rate_ab[inside], ties.rate_ba[inside]] * DAYS)
    one, other = (np.repeat(end, count) for end in ends)
    day = rng.integers(DAYS, size=len(one))
    n, k = town.n, int(share * town.n)
    kinds = rng.permutation(n)
    twice, anew, leave, come, give = (kinds[i * k : (i + 1) * k] for i in range(5))
    turn = rng.integers(40, DAYS - 40, n)
    gone = np.zeros(n, bool)
    gone[leave] = True
    late = np.zeros(n, bool)
    late[come] = True
    kept = ~(gone[one] & (day > turn[one]) | gone[other] & (day > turn[other]))
    kept &= ~(late[one] & (day < turn[one]) | late[other] & (day < turn[other]))
    one, other, day = one[kept], other[kept], day[kept]
    second, new = np.full(n, -1), np.full(n, -1)
    second[twice] = n + np.arange(k)
    new[anew] = n + k + np.arange(k)
    device = np.arange(n)
    place = town.residence * 30 + rng.integers(0, 30, (3, n))  # home, work and a third place, of thirty in a district
    partner = np.full(n, -1)
    for giver in give:
        friends = ends[1][ends[0] == giver]
        if len(friends):
            partner[giver] = friends[0]
    taken = np.full(n, -1)
    taken[partner[give][partner[give] >= 0]] = give[partner[give] >= 0]

    # Two of one circle who share a flat and now and then a handset, and never ring each other.
    mate = np.full(n, -1)
    near = {frozenset(pair) for pair in np.stack(ends, 1).tolist()}
    circle = np.argsort(town.community[:n], kind="stable")
    shares = (frozenset(pair) for pair in zip(circle[:-1:2].tolist(), circle[1::2].tolist(), strict=False))
    for x, y in [tuple(pair) for pair in shares if pair not in near][:k]:
        mate[[x, y]] = y, x
        place[0, y] = place[0, x]

    def as_seen(who: np.ndarray, friend: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Number, handset and cell of one end of each record."""
        number = who.copy()
        # The second SIM is for some of the contacts rather than for others.
        mostly = (who * 7919 + friend * 104729) % 10 < 4
        uses = rng.random(len(who)) < np.where(mostly, 0.7, 0.15)
        number = np.where((second[who] >= 0) & uses, second[who], number)
        number = np.where((new[who] >= 0) & (day > turn[who]), new[who], number)
        handset = device[who].copy()
        changed = (new[who] >= 0) & (day > turn[who]) & (who % 2 == 0)
        handset = np.where(changed | ((partner[who] >= 0) & (day > turn[who])), n + who, handset)
        giver = taken[who]
        handset = np.where((giver >= 0) & (day > turn[np.maximum(giver, 0)]), giver, handset)
        handset = np.where((mate[who] >= 0) & (rng.random(len(who)) < 0.15), mate[who], handset)
        which = rng.choice(3, len(who), p=[0.55, 0.35, 0.1])
        return number, handset, place[which, who]

    caller, callee = as_seen(one, other), as_seen(other, one)
    events = pl.DataFrame({
        "kind": "call", "caller": caller[0].astype(np.uint32), "callee": callee[0].astype(np.uint32),
        "started_at": pl.Series(day),
        "duration_s": rng.integers(5, 400, len(day)), "answered": True,
        "caller_device": pl.Series(caller[1]).cast(pl.String), "callee_device": pl.Series(callee[1]).cast(pl.String),
        "caller_cell": pl.Series(caller[2]).cast(pl.String), "callee_cell": pl.Series(callee[2]).cast(pl.String),
        "source_id": "s",
    })  # fmt: skip
    events = events.with_columns(
        started_at=pl.lit(START) + pl.duration(days="started_at", seconds=pl.int_range(pl.len()) % 80_000)
    ).unique(["caller", "callee", "started_at", "duration_s"], maintain_order=True)
    store = DuckDBWarehouse(threads=1)
    total = n + 2 * k
    names = [f"p{i:06d}" for i in range(total)]
    store.write("parties", pl.DataFrame({"node": range(total), "party_id": names, "is_customer": True,
                                         "opted_out": False}))  # fmt: skip
    store.write("customers", pl.DataFrame({"customer_id": names}))
    store.write("events", events)
    store.write("pair_days", events.group_by(
        src="caller", dst="callee", day=pl.col("started_at").dt.date()
    ).agg(n_calls=pl.len(), talk_s=pl.col("duration_s").sum(), n_texts=pl.lit(0)))  # fmt: skip
    planted = {(int(i), int(second[i])): "second" for i in twice}
    planted |= {(int(i), int(new[i])): "new, other handset" if i % 2 == 0 else "new" for i in anew}
    return SecondNumbers(store, planted)


def day(offset: int) -> date:
    """A day of the town."""
    return date.fromordinal(START.date().toordinal() + offset)

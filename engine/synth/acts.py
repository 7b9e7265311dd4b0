"""What the town's customers book, and after whom: acts that spread from contact to contact."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from engine.synth.people import Ties

SERVICES = ("cloud backup", "family locator", "music pass", "roaming pack", "second number", "video pass")
HAZARD = 0.0012  # bookings of a service a day without any pull
PULL = 0.03  # added a day while all contacts booked it in the last `RECENT_DAYS`; one contact adds its share
RECENT_DAYS = 30


def spread(rng: np.random.Generator, ties: Ties, days: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Let each customer book each service once at most, sooner after contacts did.

    Args:
        rng: source of randomness.
        ties: who pulls whom, and how far.
        days: length of the history.

    Returns:
        day int[k], customer int[k] and service int[k] (index into `SERVICES`), in that order.
    """
    import numpy as np

    n = len(ties.influencer)
    owner = np.repeat(np.arange(n), np.diff(ties.indptr))
    known = ties.contact < n  # nobody else books here
    owner, contact, pull = owner[known], ties.contact[known], ties.pull[known]
    found = []
    for service in range(len(SERVICES)):
        booked = np.full(n, -days - RECENT_DAYS)
        for day in range(days):
            # Others' bookings are felt from the day after: everybody's state is yesterday's.
            recent = booked >= day - RECENT_DAYS
            chance = HAZARD + PULL * np.bincount(owner, weights=pull * recent[contact], minlength=n)
            now = np.flatnonzero((rng.random(n) < chance) & (booked < 0))
            booked[now] = day
        who = np.flatnonzero(booked >= 0)
        found.append(np.column_stack([booked[who], who, np.full(len(who), service)]))
    rows = np.concatenate(found)
    return tuple(rows[np.lexsort(rows.T[::-1])].T)

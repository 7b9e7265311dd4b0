"""Rates that counts tell, so that a figure for the public can be worked out from the counts that are published."""

from __future__ import annotations

from math import log

RATES = ("retention", "low", "high", "share", "lift", "lift_low", "lift_high", "log_odds")


def rates(retained: int, n: int, taken: int | None = None, changes: int | None = None) -> dict[str, float | None]:
    """Every rate that these counts tell; None where it is not defined.

    Args:
        retained: changes from the manufacturer to it.
        n: changes from it.
        taken: changes to it (None: not known).
        changes: all changes.
    """
    found: dict[str, float | None] = dict.fromkeys(RATES)
    if not n:
        return found
    p = found["retention"] = min(1.0, retained / n)
    low, high = found["low"], found["high"] = wilson(retained, n)
    if taken is None or not changes:
        return found
    s = found["share"] = min(1.0, taken / changes)
    if s:
        # The share is of all changers, so its own error is the smaller one: it is taken as given.
        found |= {"lift": p / s, "lift_low": low / s, "lift_high": high / s}
    if 0 < p < 1 and 0 < s < 1:
        found["log_odds"] = log(p / (1 - p)) - log(s / (1 - s))
    return found


def wilson(count: int, n: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927)."""
    z = 1.959963984540054
    count = min(count, n)
    middle, spread = count + z * z / 2, z * (count * (n - count) / n + z * z / 4) ** 0.5
    return max(0.0, (middle - spread) / (n + z * z)), min(1.0, (middle + spread) / (n + z * z))

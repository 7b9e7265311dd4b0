"""Which of several orders of days and months is meant, by what logs are like."""

from __future__ import annotations

from collections.abc import Sequence

from engine.drafts.moments import moment


def decided(values: Sequence[str], orders: Sequence[str]) -> str:
    """Which of several orders of days and months is meant; "" where that does not tell.

    Logs have contacts day after day: where one order gives days in a row and the other the same day of month after
    month, the first is meant. And they are mostly written as things happen: an order in which eight or more days stand
    in order of time, while in the other they do not, is meant.
    """
    if found := _within_years(values, orders) or _in_a_row(values, orders):
        return found
    sorted_ = []
    for order in orders:
        times = [at for value in values if (at := moment(value, order))]
        days = [at.date() for at in times]
        if len(set(days)) < 8:
            return ""
        if days == sorted(days) or days == sorted(days, reverse=True):
            sorted_.append(order)
    return sorted_[0] if len(sorted_) == 1 else ""


def _within_years(values: Sequence[str], orders: Sequence[str]) -> str:
    """The order in which all days are within three years, if in every other one they are ten years apart or more."""
    near: list[str] = []
    far: list[str] = []
    for order in orders:
        years = [at.year for value in values if (at := moment(value, order))]
        apart = max(years, default=0) - min(years, default=0)
        (near if apart < 3 else far if apart >= 10 else []).append(order)
    return near[0] if len(near) == 1 and len(far) == len(orders) - 1 else ""


def _in_a_row(values: Sequence[str], orders: Sequence[str]) -> str:
    """The order in which the days are in a row, if in every other one they are one day of several months."""
    rows, once = [], []
    for order in orders:
        days = sorted({at.date() for value in values if (at := moment(value, order))})
        if len(days) < 4 or len(values) < 10 * len(days):
            return ""
        if (days[-1] - days[0]).days < 1.5 * len(days):
            rows.append(order)
        elif len({day.day for day in days}) == 1:
            once.append(order)
    return rows[0] if len(rows) == 1 and len(once) == len(orders) - 1 else ""

"""Play drawn histories until one shows a fault, and find a short history that shows it too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.rules.bases import Bases
from tests.rules.histories import History, histories, play
from tests.rules.world import Fault


@dataclass(frozen=True)
class Found:
    """What a search came to.

    Args:
        played: histories until the first fault, or all of them.
        fault: in words; empty = none.
        history: that shows it.
    """

    played: int
    fault: str
    history: History | None = None


def search(bases: Bases, most: int, *, number: int, known: str = "") -> Found:
    """Play up to so many histories.

    Args:
        bases: where histories start.
        most: histories.
        number: seed; another one draws other histories.
        known: pattern of faults to pass over; empty = none.
    """
    played, last = 0, None

    @seed(number)
    @settings(
        max_examples=most, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=[*HealthCheck],
        report_multiple_bugs=False,
    )  # fmt: skip
    @given(histories)
    def each(history: History) -> None:
        nonlocal played, last
        played += 1
        if fault := shown(bases, history):
            if known and re.search(known, fault):
                return
            last = history
            raise Fault(fault)

    try:
        each()
    except Fault as fault:
        # Hypothesis plays the last history once more to see that it fails again.
        return Found(max(played - 1, 1), str(fault), last)
    return Found(played, "")


def shown(bases: Bases, history: History) -> str:
    """The fault that a history shows, in words; empty = none."""
    try:
        play(bases, history)
    except Fault as fault:
        return str(fault)
    return ""


def shortened(bases: Bases, history: History, fault: str) -> tuple[History, str]:
    """The history without steps and rows that its fault (the same first word) does not need."""
    again = True
    while again:
        again = False
        for shorter in _shorter(history):
            words = shown(bases, shorter)
            if words.split(":")[0] == fault.split(":", maxsplit=1)[0]:
                history, fault, again = shorter, words, True
                break
    return history, fault


def _shorter(history: History) -> Iterator[History]:
    steps = history.steps
    for at in range(len(steps)):
        yield replace(history, steps=steps[:at] + steps[at + 1 :])
    for at, step in enumerate(steps):
        rows = getattr(step, "rows", ())
        for row in range(len(rows) if len(rows) > 1 else 0):
            less = replace(step, rows=rows[:row] + rows[row + 1 :])
            yield replace(history, steps=(*steps[:at], less, *steps[at + 1 :]))

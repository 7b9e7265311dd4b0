"""Towns with nested columns for the tests of `--public`, an attacker who subtracts, and noise that is none."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import polars as pl
from scipy.optimize import linprog

from engine.trust.noise import Noise

FIGURES = ("n", "retained", "left", "taken")


class Still(Noise):
    """Moves nothing: the figures an attacker would have who knew every rounding."""

    def __init__(self, k: int) -> None:
        super().__init__(b"s" * 32, b"", k)

    def count(self, name, value, each=1):
        return value

    def shows(self, name, value, each=1):
        return value >= self.k

    def figure(self, name, value, one):
        return value

    def chance(self, name, p):
        return p


def town(people: list[tuple[dict[str, str | None], str, str]]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Handsets and customers: one change each, of people given as (columns, make left, make taken)."""
    handsets, customers = [], []
    for number, (columns, left, taken) in enumerate(people):
        who = f"c{number:04d}"
        customers.append({"customer_id": who, **columns, "age": 30})
        for spell, name in enumerate((left, taken), start=1):
            handsets.append({
                "customer_id": who, "spell": spell, "tac": "35332811", "manufacturer": name, "model": "m",
                "first_at": datetime(2025, spell, 1), "last_at": datetime(2025, spell + 1, 1),
            })  # fmt: skip
    return pl.DataFrame(handsets), pl.DataFrame(customers)


def told(people, makers):
    """Per figure and make who counts for it: (figure, make) -> the people's places."""
    found = {(figure, maker): [] for figure in FIGURES for maker in makers}
    for place, (_, left, taken) in enumerate(people):
        found["n", left].append(place)
        found["retained" if left == taken else "left", left].append(place)
        found["taken", taken].append(place)
    return found


def caught(people, rows: pl.DataFrame, columns: list[str], k: int) -> dict[tuple, tuple[float, float]]:
    """Groups of fewer than k that follow from the rows: (figure, make, column, segment) -> range.

    The attacker knows which combinations of the columns there are, and has a number for every figure and make in
    each; the counts of the rows that are shown are sums of these.
    """
    makers = sorted({m for _, *both in people for m in both})
    combos = sorted({tuple(person[0][c] for c in columns) for person in people}, key=repr)
    place = {(f, m, c): i for i, (f, m, c) in enumerate((f, m, c) for f in FIGURES for m in makers for c in combos)}
    shown = {tuple(r[:3]): r[3:] for r in rows.select("segment_by", "segment", "manufacturer", "n", "retained").rows()}
    counted = told(people, makers)

    def members(figure, maker, column, segment):
        inside = [c for c in combos if not column or c[columns.index(column)] == segment]
        return [place[figure, maker, c] for c in inside]

    equal, values = [], []

    def state(plus, minus, value):
        line = np.zeros(len(place))
        line[plus], line[minus] = 1, -1
        equal.append(line)
        values.append(value)

    for c in combos:
        for m in makers:
            state([place["n", m, c]], [place["retained", m, c], place["left", m, c]], 0)
        state([place["n", m, c] for m in makers], [place["taken", m, c] for m in makers], 0)

    def size(figure, maker, column, segment):
        return sum(not column or people[i][0][column] == segment for i in counted[figure, maker])

    for column, segment, maker in shown:
        for figure in FIGURES:
            state(members(figure, maker, column, segment), [], size(figure, maker, column, segment))
    found = {}
    groups = [("", ""), *((c, s) for c in columns for s in sorted({p[0][c] for p in people if p[0][c]}))]
    for column, segment in groups:
        for maker in makers:
            for figure in FIGURES:
                if not 0 < size(figure, maker, column, segment) < k:
                    continue
                goal = np.zeros(len(place))
                goal[members(figure, maker, column, segment)] = 1
                ends = [linprog(sign * goal, A_eq=np.array(equal), b_eq=values, bounds=(0, None)) for sign in (1, -1)]
                low, high = ends[0].fun, np.inf if ends[1].status == 3 else -ends[1].fun
                if high - low < k - 1e-6:
                    found[figure, maker, column, segment] = (low, high)
    return found

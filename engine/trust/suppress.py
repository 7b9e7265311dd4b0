"""Withholding of small cells: which counts may be published where counts are linked by sums (METHODS section 8).

A count under k customers is withheld (primary suppression). Published sums could give it back by subtraction, so
further counts are withheld until no arithmetic on what is left pins a withheld count to a range narrower than k
(complementary suppression). The check is a linear programme per withheld count, the exact form of an attacker who
knows every published count, every sum and that counts are not negative.

Why our own: the known tools (tau-Argus, sdcTable) are no Python packages; the linear programmes are scipy's.

Source: Fischetti and Salazar 2001, Management Science 47(7) (protection levels by attacker programmes).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from typing import Any

Key = Hashable


class Ledger:
    """Every count one publication shows, and how counts add up.

    Args:
        k: smallest count of people that may be shown.
    """

    def __init__(self, k: int = 15) -> None:
        self.k = k
        self.counts: dict[Key, int] = {}
        self.sums: list[tuple[Key, tuple[Key, ...]]] = []
        self._few: set[Key] = set()
        self._free: set[Key] = set()
        self._also: set[Key] = set()
        self._derived: dict[Key, tuple[Key, ...]] = {}

    def count(self, key: Key, value: int, *, persons: int | None = None) -> Key:
        """Enter one count under `key`; returns the key.

        Args:
            key: name of the figure.
            value: the count.
            persons: how many different people stand behind it, where the count is of their doings (None: `value`).
        """
        if value < 0:
            raise ValueError(f"a count of people cannot be negative: {key!r} = {value}")
        if self.counts.setdefault(key, value) != value:
            raise ValueError(f"{key!r} was entered as {self.counts[key]} and as {value}")
        if persons is not None and persons < self.k:
            self._few.add(key)
        return key

    def unseen(self, key: Key) -> None:
        """State that a count is not published at all: it may be worked out where it is large enough."""
        (self._free if self.counts[key] >= self.k else self._few).add(key)

    def withhold(self, key: Key) -> None:
        """Have a count withheld that is large enough by itself: it may be worked out."""
        self._also.add(key)

    def total(self, key: Key, parts: Iterable[Key]) -> None:
        """State that the count `key` is the sum of the counts `parts`.

        Raises:
            ValueError: it is not, or one of them was not entered.
        """
        parts = tuple(parts)
        absent = [p for p in (key, *parts) if p not in self.counts]
        if absent:
            raise ValueError(f"not entered: {absent[:3]!r}")
        found = sum(self.counts[p] for p in parts)
        if found != self.counts[key]:
            raise ValueError(f"{key!r} is {self.counts[key]}, its parts sum to {found}")
        if parts != (key,):
            self.sums.append((key, parts))

    def derived(self, key: Key, sources: Iterable[Key]) -> None:
        """State that figure `key` (a share, a rate) tells the counts `sources`: withheld as soon as one of them is."""
        self._derived[key] = (*self._derived.get(key, ()), *sources)

    def withheld(self) -> frozenset[Key]:
        """Keys of every count and derived figure that must not be shown."""
        hidden = protect(
            self.counts, self.sums, self.k, also=self._few | self._also, free=self._free,
            sensitive={key for key, value in self.counts.items() if value < self.k} | self._few,
        )  # fmt: skip
        gone = set(hidden)
        # A derived figure may itself be a source of another one.
        while True:
            more = {key for key, sources in self._derived.items() if key not in gone and not gone.isdisjoint(sources)}
            if not more:
                return frozenset(gone)
            gone |= more


def protect(
    counts: Mapping[Key, int],
    sums: Sequence[tuple[Key, Sequence[Key]]],
    k: int = 15,
    *,
    also: Iterable[Key] = (),
    free: Iterable[Key] = (),
    sensitive: Collection[Key] | None = None,
) -> frozenset[Key]:
    """The counts to withhold so that none under k can be read or worked out.

    Args:
        counts: people per cell, totals included.
        sums: (total, parts) pairs: which counts add up to which.
        k: smallest count that may be shown.
        also: further keys to withhold in any case.
        free: keys that are not published, but may be worked out.
        sensitive: keys that must not be worked out (None: none that is withheld may be).

    Returns:
        Keys to withhold. For each of them that must not be worked out the published counts allow a range of at least k
        whole numbers.
    """
    free = frozenset(free)
    open_ = free if sensitive is None else frozenset(counts).difference(sensitive)
    hidden = {key for key, value in counts.items() if value < k} | set(also) | free
    lines = [(total, tuple(parts)) for total, parts in sums]
    safe: set[frozenset[Key]] = set()
    # A table that fitted what was published fits it still when less is: ranges only grow.
    known: dict[Key, tuple[float, float]] = {}
    while True:
        hidden = _complete_lines(counts, lines, hidden, k, free)
        added = False
        for unknown, matrix, constant in list(_systems(counts, lines, hidden)):
            if frozenset(unknown) in safe:
                continue
            exposed = _exposed(unknown, matrix, constant, counts, k, open_, known)
            # One for each that is exposed: fewer would do now and then, but each more pass costs every programme again.
            helpers = {h for key in exposed for h in _helpers(counts, lines, hidden, key)[:1]}
            if helpers:
                hidden |= helpers
                added = True
            else:
                safe.add(frozenset(unknown))
        if not added:
            return frozenset(hidden)


def merge_bins(
    bins: Sequence[Mapping[str, Any]], k: int = 15, enough: Callable[[Mapping[str, Any]], bool] | None = None
) -> list[dict[str, Any]]:
    """Neighbouring bins of a histogram joined until each holds at least k.

    Args:
        bins: in order, each with `low`, `high` (any edges) and `n` (people).
        k: smallest count that may be shown.
        enough: whether a bin may be shown (None: it holds at least k).

    Returns:
        Bins of the same form whose counts sum to the same number; empty when all together are fewer than k.
    """
    enough = enough or (lambda piece: piece["n"] >= k)
    merged: list[dict[str, Any]] = []
    for piece in bins:
        if merged and not enough(merged[-1]):
            merged[-1] = {"low": merged[-1]["low"], "high": piece["high"], "n": merged[-1]["n"] + piece["n"]}
        else:
            merged.append({"low": piece["low"], "high": piece["high"], "n": piece["n"]})
    # What joins a bin that is enough is drawn anew with it, so that the two together may not be.
    while len(merged) > 1 and not enough(merged[-1]):
        last = merged.pop()
        merged[-1] = {"low": merged[-1]["low"], "high": last["high"], "n": merged[-1]["n"] + last["n"]}
    return [] if merged and not enough(merged[-1]) else merged


def _complete_lines(
    counts: Mapping[Key, int], lines: list[tuple[Key, tuple[Key, ...]]], hidden: set[Key], k: int, free: frozenset[Key]
) -> set[Key]:
    """Withhold the smallest further cell of every sum whose withheld parts are too few or too small together."""
    hidden = set(hidden)
    changed = True
    while changed:
        changed = False
        for total, parts in lines:
            inside = [p for p in parts if p in hidden]
            if (total in free or total not in hidden) and all(p in free for p in inside):
                continue
            if total in hidden:
                # The total is unknown, but one unknown part beside it would leave only their difference: two unknowns.
                if not inside and parts:
                    hidden.add(min(parts, key=lambda p: (counts[p], str(p))))
                    changed = True
                continue
            if inside and (len(inside) == 1 or sum(counts[p] for p in inside) < k):
                open_ = [p for p in parts if p not in hidden]
                hidden.add(min(open_, key=lambda p: (counts[p], str(p))) if open_ else total)
                changed = True
    return hidden


def _helpers(
    counts: Mapping[Key, int], lines: list[tuple[Key, tuple[Key, ...]]], hidden: set[Key], key: Key
) -> list[Key]:
    """Published cells that share a sum with `key` or with a withheld neighbour of it, cheapest first; parts before
    totals."""
    reach, seen = {key}, {key}
    while reach:
        found: dict[Key, bool] = {}
        neighbours: set[Key] = set()
        for total, parts in lines:
            members = (total, *parts)
            if reach.isdisjoint(members):
                continue
            for member in members:
                if member not in hidden:
                    found[member] = found.get(member, True) and member == total
                elif member not in seen:
                    neighbours.add(member)
        if found:
            return sorted(found, key=lambda m: (found[m], counts[m], str(m)))
        seen |= neighbours
        reach = neighbours
    return []


def _exposed(
    unknown: list[Key],
    matrix: Any,
    constant: Any,
    counts: Mapping[Key, int],
    k: int,
    free: frozenset[Key],
    known: dict[Key, tuple[float, float]],
) -> list[Key]:
    """Withheld cells of one group that an attacker can narrow to a range under k, in order.

    Cells that stand in the same sums can take each other's people: their range is known without a programme. And every
    solution of a programme is a table that fits what is published, so it widens the known range of all cells (`known`,
    kept from call to call).
    """
    import numpy as np

    ranges = np.array([known.get(key, (float(counts[key]),) * 2) for key in unknown])
    low, high = ranges[:, 0], ranges[:, 1]
    alike: dict[bytes, list[int]] = {}
    for position in range(len(unknown)):
        alike.setdefault(matrix[:, position].tobytes(), []).append(position)
    for group in alike.values():
        if len(group) > 1:
            high[group] = np.maximum(high[group], sum(counts[unknown[i]] for i in group))
            low[group] = 0.0
    if (high - low >= k).all():
        return []
    from scipy.optimize import linprog
    from scipy.sparse import csr_array

    equal = csr_array(matrix)
    watched = [i for i, key in enumerate(unknown) if key not in free]

    def close() -> list[int]:
        return [i for i in watched if high[i] - low[i] < k - 1e-6]

    # A table in which as many of them as possible are far off at once saves most of the programmes below.
    left = close()
    while len(left) > 2:
        low, high = _widened(left, equal, constant, low, high, k)
        if len(still := close()) == len(left):
            break
        left = still
    exposed = []
    for position in left:
        for sign in (-1.0, 1.0):
            if high[position] - low[position] >= k - 1e-6:
                break
            goal = np.zeros(len(unknown))
            goal[position] = sign
            found = linprog(goal, A_eq=equal, b_eq=constant, bounds=(0, None), method="highs")
            if found.status == 3:
                high[position] = np.inf
            elif found.x is not None:
                low, high = np.minimum(low, found.x), np.maximum(high, found.x)
        if high[position] - low[position] < k - 1e-6:
            exposed.append(unknown[position])
    known |= zip(unknown, zip(low, high, strict=True), strict=True)
    return exposed


def _widened(left: list[int], equal: Any, constant: Any, low: Any, high: Any, k: int) -> tuple[Any, Any]:
    """The known ranges after one table in which the cells `left` are, together, as far above their lows as need be,
    and one in which they are as far below their highs."""
    import numpy as np
    from scipy.optimize import linprog
    from scipy.sparse import csr_array, eye_array, hstack

    n, many = len(low), len(left)
    pick = csr_array((np.ones(many), (np.arange(many), left)), shape=(many, n))
    # Beside the cells one gain each, at most k: cell - low >= gain, or high - cell >= gain.
    wider = hstack([equal, csr_array((len(constant), many))])
    goal = np.r_[np.zeros(n), -np.ones(many)]
    bounds = [(0, None)] * n + [(0, k)] * many
    for sign, ends in ((-1.0, -low[left]), (1.0, high[left])):
        finite = np.where(np.isfinite(ends), ends, 1e9)
        above = hstack([sign * pick, eye_array(many)])
        found = linprog(goal, A_eq=wider, b_eq=constant, A_ub=above, b_ub=finite, bounds=bounds, method="highs")
        if found.x is not None:
            low, high = np.minimum(low, found.x[:n]), np.maximum(high, found.x[:n])
    return low, high


def _systems(counts: Mapping[Key, int], lines: list[tuple[Key, tuple[Key, ...]]], hidden: set[Key]) -> Iterable[tuple]:
    """The attacker's equations, split into groups of withheld counts that share none with another group."""
    import numpy as np

    rows = []
    for total, parts in lines:
        unknown: dict[Key, int] = {}
        constant = 0
        for member, sign in [(total, -1), *((p, 1) for p in parts)]:
            if member in hidden:
                unknown[member] = unknown.get(member, 0) + sign
            else:
                constant -= sign * counts[member]
        if unknown:
            rows.append((unknown, constant))
    group = {key: key for key in hidden}

    def root(key: Key) -> Key:
        while group[key] != key:
            group[key] = group[group[key]]
            key = group[key]
        return key

    for unknown, _ in rows:
        first = root(next(iter(unknown)))
        for key in unknown:
            group[root(key)] = first
    members: dict[Key, list[Key]] = {}
    for unknown, _ in rows:
        for key in unknown:
            members.setdefault(root(key), [])
    for key in sorted(hidden, key=str):
        if root(key) in members:
            members[root(key)].append(key)
    for name, keys in members.items():
        own = [(u, c) for u, c in rows if root(next(iter(u))) == name]
        column = {key: i for i, key in enumerate(keys)}
        matrix = np.zeros((len(own), len(keys)))
        for i, (unknown, _) in enumerate(own):
            for key, sign in unknown.items():
                matrix[i, column[key]] = sign
        yield keys, matrix, np.array([float(c) for _, c in own])

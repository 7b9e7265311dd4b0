"""The figures of one report: a nested dict that page and JSON both read.

For the public, small cells are withheld, whatever counts people is moved and rounded (`engine.trust.noise`), and every
share or interval is computed from counts as they are published, so that it tells no more than they do. The internal
report shows the same figures as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from engine.figures import look_up
from engine.trust.noise import Noise
from engine.trust.suppress import Ledger, merge_bins

__all__ = ["OTHERS", "Book", "bin_name", "look_up", "wordy"]

HEAVY = 3
ENDLESS = 10**9  # upper edge of a last bin
OTHERS = "all others"  # what is too small in a public report stands together


class Book:
    """Figures under dotted paths ("coverage.customers", "top.rows.0.reach"); counts of people are watched.

    Args:
        k: smallest number of people a published count may stand for.
        noise: what published figures are moved by; None = an internal report, in which everything is shown as it is.
    """

    def __init__(self, k: int = 15, noise: Noise | None = None) -> None:
        self.k = k
        self.facts: dict[str, Any] = {}
        self._noise = noise
        self._ledger = Ledger(k)
        self._each: dict[str, int] = {}
        self._names: dict[str, str] = {}
        self._unseen: set[str] = set()
        self._computed: dict[str, tuple[tuple[str, ...], Callable[..., Any]]] = {}
        self._moved: dict[str, Any] = {}
        self._ranges: list[tuple[str, ...]] = []
        self._orders: list[tuple[str, tuple[str, ...]]] = []
        self._numbered: list[str] = []
        self._pruned: list[tuple[str, str]] = []

    @property
    def public(self) -> bool:
        """Whether anybody may read it."""
        return self._noise is not None

    def put(self, path: str, value: Any) -> None:
        """Enter a figure, list or mapping under `path` that follows from no person: a setting, a name, an offer."""
        *folders, name = path.split(".")
        place: Any = self.facts
        for folder in folders:
            place = place[int(folder)] if isinstance(place, list) else place.setdefault(folder, {})
        if isinstance(place, list):
            place[int(name)] = plain(value)
        else:
            place[name] = plain(value)

    def people(self, path: str, count: int, *, persons: int | None = None, each: int = 1, name: str = "") -> None:
        """Enter a count of people: shown only if it is large enough and gives no smaller one away.

        Args:
            path: where.
            count: the figure.
            persons: how many different people it stands for, where it counts what they did (None: `count`).
            each: how much one person may add to it.
            name: by which its noise is drawn (''=the path), where the decision to show it was taken before.
        """
        self.put(path, int(count))
        self._enter(path, int(count), persons, each, name)

    def watch(self, path: str, count: int, *, persons: int | None = None, name: str = "") -> None:
        """A count of people that is not shown but that a figure tells: a part of a rate."""
        self._unseen.add(path)
        self._enter(path, int(count), persons, 1, name)

    def rest(self, path: str, count: int) -> None:
        """A count of people that no figure tells but sums of shown ones might: a remainder."""
        self.watch(path, count)
        self._ledger.unseen(path)

    def _enter(self, path: str, count: int, persons: int | None, each: int, name: str) -> None:
        self._ledger.count(path, count, persons=persons)
        self._each[path], self._names[path] = each, name or path
        if self._noise and path not in self._unseen and not self._noise.shows(self._names[path], count, each):
            self._ledger.withhold(path)

    def watched(self, path: str) -> int | None:
        """The count entered under `path` by `people` or `watch`; None where there is none."""
        return self._ledger.counts.get(path)

    def large(self, name: str, count: int, each: int = 1) -> bool:
        """Whether a count may stand by itself; in a public report what may not is put together with others.

        Args:
            name: by which its noise is drawn: to be given to `people` with the count.
            count: of people.
            each: how much one person may add to it.
        """
        return self._noise is None or self._noise.shows(name, count, each)

    def rows(
        self,
        path: str,
        rows: Iterable[Mapping[str, Any]],
        people: Sequence[str] = (),
        *,
        each: int = 1,
        names: Callable[[Mapping[str, Any]], str] | None = None,
    ) -> None:
        """Enter a table (a list of rows).

        Args:
            path: where.
            rows: in order.
            people: columns that count people (null where they do not apply).
            each: how much one person may add to one of these.
            names: by which the noise of a row's counts is drawn (None: their paths).
        """
        rows = [plain(dict(row)) for row in rows]
        self.put(path, rows)
        for i, row in enumerate(rows):
            for column in people:
                if row[column] is not None:
                    name = names(row) if names else ""
                    self._enter(f"{path}.{i}.{column}", int(row[column]), None, each, name)

    def bins(self, name: str, bins: Sequence[Mapping[str, Any]], *, each: int = 1) -> list[dict[str, Any]]:
        """Bins of a histogram of people; in a public report neighbours are joined until each may be shown.

        Args:
            name: of the histogram; `bin_name` makes the names of its bins' noise of it.
            bins: `low`, `high`, `n`, in order.
            each: how much one person may add to one of them.
        """
        noise = self._noise
        if noise is None:
            return [dict(piece) for piece in bins]
        return merge_bins(bins, self.k, lambda piece: noise.shows(bin_name(name, piece), piece["n"], each))

    def histogram(
        self, path: str, bins: Sequence[Mapping[str, Any]], total: str | None = None, *, each: int = 1
    ) -> None:
        """Enter a histogram of people.

        Args:
            path: where.
            bins: `low`, `high`, `n`, in order.
            total: path of the count that all bins together make, where it is shown.
            each: how much one person may add to one of them.
        """
        self.rows(path, self.bins(path, bins, each=each), ["n"], each=each, names=lambda piece: bin_name(path, piece))
        parts = [f"{path}.{i}.n" for i in range(len(self.get(path)))]
        if total is not None and parts:
            self._ledger.total(total, parts)

    def total(self, path: str, parts: Iterable[str]) -> None:
        """State that one count of people is the sum of others (all entered): an attacker knows it too."""
        self._ledger.total(path, parts)

    def derived(self, path: str, sources: Iterable[str]) -> None:
        """State that a figure tells some counts of people: it is withheld with any of them."""
        self._ledger.derived(path, sources)

    def computed(self, path: str, sources: Sequence[str], compute: Callable[..., Any]) -> None:
        """Enter a figure that follows from counts: in a public report from the counts as published.

        Args:
            path: where.
            sources: paths of counts, shown or watched; it is withheld with any of them.
            compute: the counts, in this order -> the figure.
        """
        self.put(path, compute(*(self._ledger.counts[source] for source in sources)))
        self._computed[path] = tuple(sources), compute
        self.derived(path, sources)

    def share(self, path: str, part: str, whole: str) -> None:
        """Enter the share that one count has in another; see `computed`."""
        self.computed(path, [part, whole], lambda a, b: min(1.0, a / b) if b else None)

    def figure(
        self, path: str, value: float | None, one: float, sources: Iterable[str] = (), *, name: str = ""
    ) -> None:
        """Enter a sum, mean, rate or estimate over people that does not follow from counts.

        Args:
            path: where.
            value: the figure.
            one: how far one person may move it.
            sources: counts of people that it would tell: it is withheld with any of them.
            name: by which its noise is drawn ('' = the path), where the same figure stands in two places.
        """
        self.put(path, value)
        if value is not None and self._noise is not None:
            self._moved[path] = self._noise.figure(name or path, float(value), float(one))
        self.derived(path, sources)

    def within(self, *paths: str) -> None:
        """Keep shares that were entered with `figure` between 0 and 1, and in this order, once they are moved."""
        self._ranges.append(paths)

    def activity(self, path: str, total: int, persons: int, *, name: str = "") -> None:
        """Enter a sum of what people did (calls, rows of them); one is taken to do at most `HEAVY` times the mean.

        Args:
            path: where.
            total: the sum.
            persons: how many people there are.
            name: of the sum, where it stands in several places: one draw moves all of them.
        """
        self.put(path, int(total))
        if self._noise is not None:
            one = max(1.0, HEAVY * total / max(1, persons))
            self._moved[path] = max(0, round(self._noise.figure(name or path, float(total), one)))

    def chance(self, path: str, p: float | None, sources: Iterable[str] = ()) -> None:
        """Enter a p value; sources: see `figure`."""
        self.put(path, p)
        if p is not None and self._noise is not None:
            self._moved[path] = self._noise.chance(path, float(p))
        self.derived(path, sources)

    def estimate(
        self, path: str, row: Mapping[str, Any], names: Sequence[str], n: int, sources: Iterable[str] = ()
    ) -> None:
        """Enter an estimate with its interval; one person moves it by its standard error over the root of n.

        Args:
            path: of the row the figures stand in.
            row: the figures by name.
            names: the value, its lower and its upper end, and further figures on the same scale.
            n: how many people it is estimated from.
            sources: see `figure`.
        """
        value, low, high = (row.get(name) for name in names[:3])
        n, sources = max(1, n), tuple(sources)
        if low is not None and high is not None and high > low:
            one = (high - low) / 3.92 / n**0.5
        else:
            one = 3 * abs(value or 0.0) / n
        for name in names:
            self.figure(f"{path}.{name}", row.get(name), one, sources)

    def order(self, path: str, *by: str, number: bool = False) -> None:
        """Sort a table by columns, largest first, once small counts are withheld, so that places tell nothing.

        Args:
            path: of the table.
            by: columns; the last one, an id, breaks ties upwards; `OTHERS` comes last.
            number: in a public report the last one is each row's place.
        """
        self._orders.append((path, by))
        if number and self.public:
            self._numbered.append(path)

    def prune(self, path: str, column: str) -> None:
        """Leave out the rows of a table whose count in `column` is withheld: their names would say that somebody is
        there."""
        self._pruned.append((path, column))

    def get(self, path: str) -> Any:
        """The figure at `path`, None where there is none."""
        return look_up(self.facts, path)

    def finish(self, leave_out: Collection[str] = ()) -> dict[str, Any]:
        """Withhold and move what must be, and return the facts with `suppression`: how many figures of which table.

        Args:
            leave_out: names of parts (first steps of paths) not to publish; their counts only take part in deciding
                what is withheld.
        """
        hidden = frozenset(str(path) for path in self._ledger.withheld()) if self._noise is not None else frozenset()
        if self._noise is not None:
            self._move(self._noise, hidden)
        per_table: dict[str, int] = {}
        for path in sorted(hidden - self._unseen):
            if self.get(path) is None:
                continue
            self.put(path, None)
            name = ".".join(part for part in path.split(".")[:-1] if not part.isdigit())
            if path.split(".")[0] not in leave_out:
                per_table[name] = per_table.get(name, 0) + 1
        for path, column in self._pruned if self._noise is not None else ():
            if rows := self.get(path):
                self.put(path, [row for row in rows if row[column] is not None])
        for path, (*by, last) in self._orders:
            rows = self.get(path)
            rows.sort(key=lambda r: (r[last] == OTHERS, [(r[c] is None, -(r[c] or 0)) for c in by], str(r[last])))
            for place, row in enumerate(rows if path in self._numbered else (), start=1):
                row[last] = row[last] if row[last] == OTHERS else place
        for name in leave_out:
            self.facts.pop(name, None)
        self.facts["suppression"] = {
            "k": self.k,
            "withheld": sum(per_table.values()),
            "tables": [{"table": name, "withheld": n} for name, n in sorted(per_table.items())],
            **({"spread": self._noise.spread, "base": self._noise.base} if self._noise is not None else {}),
        }
        return self.facts

    def _move(self, noise: Noise, hidden: Collection[Any]) -> None:
        """Put the figures as they are published in the place of those that are."""
        published = {
            path: noise.count(self._names[path], value, self._each[path])
            for path, value in self._ledger.counts.items()
            if isinstance(path, str)
        }
        for path, value in published.items():
            if path not in self._unseen and path not in hidden:
                self.put(path, value)
        for path, (sources, compute) in self._computed.items():
            if path not in hidden:
                self.put(path, compute(*(published[source] for source in sources)))
        for path, value in self._moved.items():
            self.put(path, value)
        for paths in self._ranges:
            moved = [path for path in paths if path in self._moved]
            for path, value in zip(moved, sorted(self._moved[path] for path in moved), strict=True):
                self.put(path, min(1.0, max(0.0, value)))


def bin_name(name: str, piece: Mapping[str, Any]) -> str:
    """The name by which the noise of one bin is drawn."""
    return f"{name}|{piece['low']}|{piece['high']}"


def wordy(text: str) -> str:
    """A sentence of an analysis for the public: its figures, which may count a few people, are left out."""
    return re.sub(r"[-+−]?\d[\d.,]*(?:e[-+]?\d+)?", "…", text)


def plain(value: Any) -> Any:
    """`value` as JSON knows it: dates as text, floats rounded to 6 significant digits, no NaN."""
    if isinstance(value, bool) or value is None or isinstance(value, (int, str)):
        return value
    if isinstance(value, float):
        return float(f"{value:.6g}") if abs(value) < float("inf") else None
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    return plain(value.item()) if hasattr(value, "item") else str(value)

"""The figures of one report: a nested dict that page and JSON both read, with small cells withheld."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from engine.trust.suppress import Ledger, merge_bins

__all__ = ["Book", "look_up", "merge_bins"]


class Book:
    """Figures under dotted paths ("coverage.customers", "top.rows.0.reach"); counts of people are watched.

    Args:
        k: smallest number of people a published count may stand for.
    """

    def __init__(self, k: int = 15) -> None:
        self.k = k
        self.facts: dict[str, Any] = {}
        self._ledger = Ledger(k)
        self._unseen: set[str] = set()
        self._orders: list[tuple[str, tuple[str, ...]]] = []

    def put(self, path: str, value: Any) -> None:
        """Enter a figure, list or mapping that counts no people under `path`."""
        *folders, name = path.split(".")
        place: Any = self.facts
        for folder in folders:
            place = place[int(folder)] if isinstance(place, list) else place.setdefault(folder, {})
        if isinstance(place, list):
            place[int(name)] = plain(value)
        else:
            place[name] = plain(value)

    def people(self, path: str, count: int, *, persons: int | None = None) -> None:
        """Enter a count of people: shown only if it is large enough and gives no smaller one away.

        Args:
            path: where.
            count: the figure.
            persons: how many different people it stands for, where it counts their doings (None: `count`).
        """
        self.put(path, int(count))
        self._ledger.count(path, int(count), persons=persons)

    def watch(self, path: str, count: int, *, persons: int | None = None) -> None:
        """A count of people that is not shown but that sums of shown ones would tell (a remainder)."""
        self._unseen.add(path)
        self._ledger.count(path, int(count), persons=persons)

    def watched(self, path: str) -> int | None:
        """The count entered under `path` by `people` or `watch`; None where there is none."""
        return self._ledger.counts.get(path)

    def rows(self, path: str, rows: Iterable[Mapping[str, Any]], people: Sequence[str] = ()) -> None:
        """Enter a table (a list of rows); people: columns that count people (null where they do not apply)."""
        rows = [plain(dict(row)) for row in rows]
        self.put(path, rows)
        for i, row in enumerate(rows):
            for column in people:
                if row[column] is not None:
                    self._ledger.count(f"{path}.{i}.{column}", int(row[column]))

    def histogram(self, path: str, bins: Sequence[Mapping[str, Any]], total: str | None = None) -> None:
        """Enter a histogram of people: neighbouring bins (`low`, `high`, `n`) are joined until none is small.

        Args:
            path: where.
            bins: in order.
            total: path of the count that all bins together make, where it is shown.
        """
        self.rows(path, merge_bins(bins, self.k), ["n"])
        parts = [f"{path}.{i}.n" for i in range(len(self.get(path)))]
        if total is not None and parts:
            self._ledger.total(total, parts)

    def total(self, path: str, parts: Iterable[str]) -> None:
        """State that one count of people is the sum of others (all entered): an attacker knows it too."""
        self._ledger.total(path, parts)

    def derived(self, path: str, sources: Iterable[str]) -> None:
        """State that a figure tells some counts of people: it is withheld with any of them."""
        self._ledger.derived(path, sources)

    def order(self, path: str, *by: str) -> None:
        """Sort a table by columns, largest first, once small counts are withheld, so that places tell nothing.

        Args:
            path: of the table.
            by: columns; the last one, an id, breaks ties upwards.
        """
        self._orders.append((path, by))

    def get(self, path: str) -> Any:
        """The figure at `path`, None where there is none."""
        return look_up(self.facts, path)

    def settle(self, leave_out: Collection[str] = ()) -> dict[str, Any]:
        """Withhold what must be, and return the facts with `suppression`: how many counts of which table.

        Args:
            leave_out: names of parts (first steps of paths) not to publish; their counts only take part in deciding
                what is withheld.
        """
        hidden = self._ledger.withheld()
        per_table: dict[str, int] = {}
        for path in sorted(hidden - self._unseen):
            self.put(path, None)
            name = ".".join(part for part in path.split(".")[:-1] if not part.isdigit())
            if path.split(".")[0] not in leave_out:
                per_table[name] = per_table.get(name, 0) + 1
        for path, (*by, last) in self._orders:
            self.get(path).sort(key=lambda r: ([(r[c] is None, -(r[c] or 0)) for c in by], str(r[last])))
        for name in leave_out:
            self.facts.pop(name, None)
        self.facts["suppression"] = {
            "k": self.k,
            "withheld": sum(per_table.values()),
            "tables": [{"table": name, "withheld": n} for name, n in sorted(per_table.items())],
        }
        return self.facts


def look_up(facts: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path of nested dicts and lists, None where any step is missing."""
    place: Any = facts
    for step in path.split("."):
        if isinstance(place, list):
            place = place[int(step)] if step.isdigit() and int(step) < len(place) else None
        elif isinstance(place, Mapping):
            place = place.get(step)
        else:
            return None
    return place


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

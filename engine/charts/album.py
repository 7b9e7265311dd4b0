"""The charts of one page, by name: each is drawn where its rows are there, or says why it is not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.charts.chart import Chart
from engine.figures import look_up

Facts = Mapping[str, Any]
Rows = Sequence[Mapping[str, Any]]
HIDDEN = "withheld: too few customers"
SHORT = "too short: it takes two points in time, or two different values, to draw a curve"


class Album:
    """Charts by name.

    Args:
        facts: finished facts.
    """

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.charts: dict[str, Chart] = {}

    def add(
        self, name: str, title: str, path: str, value: str, spec: Callable[[Any], dict[str, Any] | None], *,
        wide: bool = False, data: Callable[[Any], Rows] = lambda rows: rows,
    ) -> None:  # fmt: skip
        """A chart of the rows at `path`; none where nothing was computed (its part of the page says so).

        Args:
            name: of the chart.
            title: what it shows.
            path: of its rows in the facts.
            value: column (a figure or a list of them) without any of which all is withheld.
            spec: rows -> specification, None where they are too few for a curve.
            wide: takes the full width.
            data: the rows as its table shows them.
        """
        self.put(name, title, look_up(self.facts, path) or [], value, spec, wide=wide, data=data)

    def put(
        self, name: str, title: str, rows: Rows, value: str, spec: Callable[[Any], dict[str, Any] | None], *,
        wide: bool = False, data: Callable[[Any], Rows] = lambda rows: rows,
    ) -> None:  # fmt: skip
        """A chart of some rows; see `add`."""
        if not rows:
            return
        if not any(_known(row[value]) for row in rows):
            self.charts[name] = Chart(title, None, [], wide, HIDDEN)
            return
        drawn = spec(rows)
        self.charts[name] = Chart(title, drawn, data(rows), wide, "" if drawn else SHORT)

    def each(
        self, name: str, title: Callable[[Any], str], path: str, by: str, value: str,
        spec: Callable[[Any], dict[str, Any] | None],
    ) -> None:  # fmt: skip
        """A chart for each value of column `by`: name0, name1, …; see `add`."""
        rows = look_up(self.facts, path) or []
        for i, key in enumerate(dict.fromkeys(row[by] for row in rows)):
            self.put(f"{name}{i}", title(key), [row for row in rows if row[by] == key], value, spec)


def series(rows: Rows, by: str, x: str, y: str) -> list[tuple[str, list[Any], list[Any]]]:
    """Rows as curves: name, positions and values of each value of column `by`."""
    found: dict[str, tuple[list[Any], list[Any]]] = {}
    for row in rows:
        xs, ys = found.setdefault(str(row[by]), ([], []))
        xs.append(row[x])
        ys.append(row[y])
    return [(name, xs, ys) for name, (xs, ys) in found.items()]


def interval(row: Mapping[str, Any], value: str, low: str = "low", high: str = "high") -> tuple | None:
    """A value with its interval, None where it is withheld."""
    return None if row[value] is None else (row[value], row[low], row[high])


def share(part: float | None, whole: float | None) -> float | None:
    """Part of a whole, None where either is withheld."""
    return None if part is None or not whole else part / whole


def _known(value: Any) -> bool:
    """Whether anything of a figure or a list of figures is shown."""
    return any(v is not None for v in value) if isinstance(value, list) else value is not None

"""Which pictures each report shows, drawn from its facts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

from engine.report import charts
from engine.report.book import look_up
from engine.report.page import Chart, word

Facts = Mapping[str, Any]


class Album:
    """Pictures by name; one is drawn only where its rows are there.

    Args:
        facts: settled facts.
    """

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.charts: dict[str, Chart] = {}

    def add(
        self, name: str, title: str, path: str, value: str, draw: Callable[[str, str, Any], str], *, wide: bool = False,
        data: Callable[[Any], Sequence[Mapping[str, Any]]] = lambda rows: rows,
    ) -> None:  # fmt: skip
        """Draw the rows at `path`, unless there are none.

        Args:
            name: of the picture.
            title: what it shows.
            path: of its rows in the facts.
            draw: (name, title, rows) -> SVG.
            wide: takes the full width.
            data: the rows as its table shows them.
            value: column (a figure or a list of them) without any of which there is nothing to draw.
        """
        rows = look_up(self.facts, path)
        if rows and any(_known(row[value]) for row in rows):
            self.charts[name] = Chart(title, draw(name, title, rows), data(rows), wide)


def influence(facts: Facts) -> dict[str, Chart]:
    """Pictures of the influence report."""
    album = Album(facts)
    album.add(
        "calendar", "Calls and texts per day", "coverage.calendar", "calls",
        lambda name, title, rows: charts.calendar(
            name, title, {date.fromisoformat(r["day"]): r["calls"] + r["texts"] for r in rows}
        ),
        wide=True,
    )  # fmt: skip
    album.add(
        "degree", "Customers by number of contacts", "health.degree", "n", _histogram(_whole, "contacts", "customers")
    )
    album.add(
        "strength", "Customers by total tie strength", "health.strength", "n",
        _histogram(lambda b: _from(b["low"]), "strength", "customers", edges=True),
    )  # fmt: skip
    for figure, x in (
        ("reciprocity", "balance of a pair: 0 one-way, 1 even"),
        ("overlap", "share of common contacts"),
    ):
        album.add(
            figure,
            f"Pairs by {figure}",
            f"health.{figure}",
            "n",
            _histogram(lambda b: _from(b["low"]), x, "pairs", edges=True),
        )
    album.add(
        "gates", "Pairs that do not count, and why", "health.gates", "pairs",
        lambda name, title, rows: charts.sideways(
            name, title, [GATES.get(r["reason"], r["reason"]) for r in rows], [r["pairs"] for r in rows]
        ),
    )  # fmt: skip
    album.add(
        "concentration", "Contacts by how many customers chose them", "top.concentration", "n",
        _histogram(_whole, "customers who chose the contact", "contacts"),
    )  # fmt: skip
    album.add(
        "margin", "Customers by margin of the first contact", "certainty.margin", "n",
        _histogram(lambda b: _from(b["low"]), "margin over the second contact", "customers", edges=True),
    )  # fmt: skip
    album.add(
        "stability", "Customers by how often they keep their contact", "certainty.stability.histogram", "n",
        _histogram(lambda b: _percent(b["low"], b["high"]), "share of draws", "customers"),
    )  # fmt: skip
    album.add("agreement", "Customers for whom two definitions agree", "certainty.agreement", "share", _agreement)
    makers = look_up(facts, "communities.manufacturers") or []
    album.add(
        "mix", "Handsets in use in the largest communities", "communities.rows", "mix",
        lambda name, title, rows: charts.stacked(
            name, title, [f"Community {c}" if isinstance(c := r["community"], int) else c for r in rows[:12]],
            [(m, [_share(r["mix"][j], r["customers"]) for r in rows[:12]]) for j, m in enumerate(makers)],
        ),
        data=lambda rows: [
            {"community": r["community"], **dict(zip(makers, r["mix"], strict=True))} for r in rows[:12]
        ],
    )  # fmt: skip
    album.add(
        "diffusion", "Customers who came from another manufacturer, summed", "diffusion.rows", "together", _diffusion
    )
    if any(row["lift"] is not None for row in look_up(facts, "validation.rows") or []):
        rows = [row for row in facts["validation"]["rows"] if row["lift"] is not None]
        title = "Lift of a handset change after the contact's, with 95 % interval"
        labels = [f"{word(row['definition'])}, {row['horizon_days']} d" for row in rows]
        dots = [_interval(row, "lift") for row in rows]
        svg = charts.dots("validation", title, labels, dots, percent=False, reference=1.0)
        album.charts["validation"] = Chart(title, svg, rows)
    bands = _band_names(look_up(facts, "quadrants.bands") or [])
    album.add(
        "quadrants", "Customers by followers and best uplift", "quadrants.rows", "cells",
        lambda name, title, rows: charts.matrix(
            name, title, [FOLLOWERS[r["followers"]] for r in rows], bands, [r["cells"] for r in rows],
            x="best uplift over all offers", y="chosen by",
        ),
        data=lambda rows: [
            {"chosen by": FOLLOWERS[r["followers"]], **dict(zip(bands, r["cells"], strict=True))} for r in rows
        ],
    )  # fmt: skip
    for i, ego in enumerate(facts.get("egos") or []):
        title = f"Contacts of customer {ego['customer_id']}: {len(ego['nodes']) - 1} people, {len(ego['ties'])} ties"
        album.charts[f"ego{i}"] = Chart(title, charts.network(f"ego{i}", title, ego["nodes"], ego["ties"]), ego["ties"])
    return album.charts


def loyalty(facts: Facts) -> dict[str, Chart]:
    """Pictures of the loyalty report."""
    album = Album(facts)
    names = look_up(facts, "loyalty.manufacturers") or []
    arrivals = [(r["manufacturer"], r["n"]) for r in look_up(facts, "loyalty.arrivals") or []]
    album.add(
        "flows", "From the handset left (on the left) to the next one", "loyalty.flows", "to",
        lambda name, title, rows: charts.sankey(
            name, title, [(r["manufacturer"], r["n"]) for r in rows], arrivals, [r["to"] for r in rows]
        ),
        data=lambda rows: [{"from": r["manufacturer"], **dict(zip(names, r["to"], strict=True))} for r in rows],
        wide=True,
    )  # fmt: skip
    album.add(
        "retention", "Retention with 95 % interval, and share of all next handsets", "loyalty.rows", "retention",
        lambda name, title, rows: charts.dots(
            name, title, [r["manufacturer"] for r in rows], [_interval(r, "retention") for r in rows],
            marks=[r["share"] for r in rows], mark_label="share of next handsets",
        ),
    )  # fmt: skip
    album.add(
        "lift", "Lift with 95 % interval: retention over share", "loyalty.rows", "lift",
        lambda name, title, rows: charts.dots(
            name, title, [r["manufacturer"] for r in rows],
            [None if r["lift"] is None else (r["lift"], r["lift_low"], r["lift_high"]) for r in rows], percent=False,
            reference=1.0,
        ),
    )  # fmt: skip
    album.add("waiting", "Handsets still in use", "loyalty.waiting", "still", _waiting)
    for by, rows in (look_up(facts, "loyalty.segments") or {}).items():
        shown = [r for r in rows if r["retention"] is not None]
        if shown:
            album.charts[f"retention_by_{by}"] = Chart(
                f"Retention by {by.replace('_', ' ')}", _by_segment(by, shown), shown
            )
    return album.charts


def offers(facts: Facts) -> dict[str, Chart]:
    """Pictures of the offers report."""
    album = Album(facts)
    for i, offer in enumerate(dict.fromkeys(row["offer_id"] for row in look_up(facts, "offers.gains") or [])):
        rows = [row for row in look_up(facts, "offers.gains") if row["offer_id"] == offer]
        title = f"{offer}: extra acceptances as more customers get it"
        album.charts[f"gain{i}"] = Chart(title, _gains(f"gain{i}", title, rows), rows)
    for i, offer in enumerate(dict.fromkeys(row["offer_id"] for row in look_up(facts, "offers.deciles") or [])):
        rows = [row for row in look_up(facts, "offers.deciles") if row["offer_id"] == offer]
        title = f"{offer}: measured uplift by tenth of predicted uplift"
        album.charts[f"decile{i}"] = Chart(title, _deciles(f"decile{i}", title, rows), rows)
    for i, offer in enumerate(dict.fromkeys(row["offer_id"] for row in look_up(facts, "offers.drivers") or [])):
        rows = [row for row in look_up(facts, "offers.drivers") if row["offer_id"] == offer]
        title = f"{offer}: what its uplift depends on"
        labels = [row["feature"].replace("_", " ") for row in rows]
        svg = charts.sideways(f"driver{i}", title, labels, [row["lost"] for row in rows], x="Qini lost when shuffled")
        album.charts[f"driver{i}"] = Chart(title, svg, rows)
    album.add("measured", "Worth per customer above giving nobody anything", "offers.measured", "value", _measured)
    album.add(
        "policy", "Expected value by whom one gives what", "offers.policy", "value",
        lambda name, title, rows: charts.sideways(
            name, title, [r["policy"] for r in rows], [r["value"] for r in rows]
        ),
    )  # fmt: skip
    album.add(
        "budget", "Expected value as the budget grows", "offers.budget", "value",
        lambda name, title, rows: charts.lines(
            name, title, [("value", [0.0, *(r["cost"] for r in rows)], [0.0, *(r["value"] for r in rows)])],
            x="cost of the offers made", y="expected value less cost",
        ),
    )  # fmt: skip
    album.add("uplift", "Customers by predicted uplift", "offers.uplift", "n", _uplift)
    columns = look_up(facts, "offers.columns") or []
    for by, title in (("residence", "Who gets what, by residence"), ("age_band", "Who gets what, by age")):
        album.add(
            f"given_{by}", title, f"offers.by_{by}", "cells",
            lambda name, title, rows: charts.stacked(
                name, title, [r["segment"] for r in rows],
                [(c, [_share(r["cells"][j], r["customers"]) for r in rows]) for j, c in enumerate(columns)],
            ),
            data=lambda rows: [
                {"segment": r["segment"], **dict(zip(columns, r["cells"], strict=True)), "customers": r["customers"]}
                for r in rows
            ],
        )  # fmt: skip
    return album.charts


def faces(facts: Facts) -> dict[str, Chart]:
    """Pictures of the faces report."""
    album = Album(facts)
    for name, title, path in (
        ("photos", "Customers' photos by what became of them", "faces.photos"),
        ("models", "Inventory photos by what became of them", "faces.models"),
    ):
        album.add(
            name, title, path, "photos",
            lambda name, title, rows: charts.sideways(
                name, title, [r["status"].replace("_", " ") for r in rows], [r["photos"] for r in rows]
            ),
        )  # fmt: skip
    album.add("percentiles", "Matches by rarity of their likeness", "faces.percentiles", "n", _rarity)
    album.add(
        "inventory", "How often photos of the inventory are used", "faces.inventory", "uses",
        lambda name, title, rows: charts.bars(
            name, title, [str(i + 1) for i in range(len(rows))], [r["uses"] for r in rows],
            x="photos, most used first", y="matches",
        ),
    )  # fmt: skip
    return album.charts


GATES = {
    "hub": "one end is a hub",
    "one_way": "contact one way only",
    "few_days": "too few days with contact",
    "same_handset": "both used the same handset",
}
FOLLOWERS = {0: "nobody", 1: "1 customer", 2: "2 customers", 3: "3 or more"}


def _agreement(name: str, title: str, rows: Sequence[Mapping[str, Any]]) -> str:
    definitions = sorted({r["one"] for r in rows} | {r["other"] for r in rows})
    share = {(r["one"], r["other"]): r["share"] for r in rows}
    values = [[1.0 if a == b else share.get((min(a, b), max(a, b))) for b in definitions] for a in definitions]
    names = [word(d) for d in definitions]
    return charts.matrix(name, title, names, names, values, percent=True)


def _diffusion(name: str, title: str, rows: Sequence[Mapping[str, Any]]) -> str:
    series: dict[str, tuple[list, list]] = {}
    for row in rows:
        xs, ys = series.setdefault(row["manufacturer"], ([], []))
        xs.append(date.fromisoformat(row["month"]))
        ys.append(row["together"])
    return charts.lines(name, title, [(m, xs, ys) for m, (xs, ys) in series.items()], y="customers")


def _waiting(name: str, title: str, rows: Sequence[Mapping[str, Any]]) -> str:
    series: dict[str, tuple[list, list]] = {}
    for row in rows:
        xs, ys = series.setdefault(row["manufacturer"], ([], []))
        xs.append(row["days"])
        ys.append(row["still"])
    curves = [(m, xs, ys) for m, (xs, ys) in series.items()]
    return charts.lines(name, title, curves, x="days with the handset", percent=True, steps=True)


def _by_segment(by: str, rows: Sequence[Mapping[str, Any]]) -> str:
    labels = [f"{r['segment']}: {r['manufacturer']}" for r in rows]
    return charts.dots(f"retention_by_{by}", f"Retention by {by}", labels, [_interval(r, "retention") for r in rows])


def _gains(name: str, title: str, rows: Sequence[Mapping[str, Any]]) -> str:
    shares = [row["share"] for row in rows]
    gained = [0, *(row["gain"] for row in rows)]
    curves = [("by predicted uplift", [0, *shares], gained), ("at random", [0, 1], [0, rows[-1]["end"]])]
    bands = [(shares, [row["low"] for row in rows], [row["high"] for row in rows])]
    return charts.lines(name, title, curves, bands=bands, x="share of customers given the offer", percent=True)


def _deciles(name: str, title: str, rows: Sequence[Mapping[str, Any]]) -> str:
    labels = [f"{row['decile']}{' (highest)' if row['decile'] == 1 else ''}" for row in rows]
    return charts.dots(name, title, labels, [_interval(row, "value") for row in rows], reference=0.0, x="uplift")


def _measured(name: str, title: str, rows: Sequence[Mapping[str, Any]]) -> str:
    labels = [row["policy"] for row in rows]
    return charts.dots(name, title, labels, [_interval(r, "value") for r in rows], percent=False, reference=0.0)


def _uplift(name: str, title: str, rows: Sequence[Mapping[str, Any]]) -> str:
    series: dict[str, tuple[list, list]] = {}
    for row in rows:
        if row["n"] is None:  # withheld
            continue
        xs, ys = series.setdefault(row["offer_id"], ([], []))
        # Customers per hundredth, so that joined bins do not stand out.
        xs.append((row["low"] + row["high"]) / 2)
        ys.append(row["n"] / max(1, round((row["high"] - row["low"]) * 100)))
    curves = [(offer, xs, ys) for offer, (xs, ys) in series.items()]
    return charts.lines(name, title, curves, x="predicted uplift", y="customers per hundredth")


def _rarity(name: str, title: str, rows: Sequence[Mapping[str, Any]]) -> str:
    series: dict[str, tuple[list, list]] = {}
    hidden = {row["arm"] for row in rows if row["n"] is None}
    for row in rows:
        if row["arm"] not in hidden:
            xs, ys = series.setdefault(row["arm"].replace("_", " "), ([], []))
            xs.append(row["high"])
            ys.append(row["n"])
    sums = {arm: sum(ys) for arm, (_, ys) in series.items()}
    curves = [
        (arm, [0, *xs], [0, *(sum(ys[: i + 1]) / sums[arm] for i in range(len(ys)))])
        for arm, (xs, ys) in series.items()
    ]
    x = "random inventory pairs less alike than the match"
    return charts.lines(name, title, curves, x=x, y="share of matches below", percent=True)


def _interval(row: Mapping[str, Any], name: str) -> tuple | None:
    return None if row[name] is None else (row[name], row["low"], row["high"])


def _histogram(label: Callable, x: str, y: str, *, edges: bool = False) -> Callable[[str, str, Any], str]:
    return lambda name, title, rows: charts.histogram(name, title, rows, label=label, x=x, y=y, edges=edges)


def _known(value: Any) -> bool:
    """Whether anything of a figure or a list of figures is shown."""
    return any(v is not None for v in value) if isinstance(value, list) else value is not None


def _band_names(bands: Sequence[Mapping[str, Any]]) -> list[str]:
    """Bands by their inner edges: the outermost values would belong to single customers."""
    edges = [f"{100 * b['low']:.3g}".replace("-", "−") for b in bands[1:]]
    if not edges:
        return ["all"] * len(bands)
    inner = [f"{a}–{b}%" for a, b in pairwise(edges)]
    return [f"under {edges[0]}%", *inner, f"over {edges[-1]}%"]


def _whole(b: Mapping[str, Any]) -> str:
    """A bin of whole numbers, its upper edge not included."""
    if b["high"] >= 10**9:
        return f"{b['low']}+"
    return str(b["low"]) if b["high"] - b["low"] <= 1 else f"{b['low']}–{b['high'] - 1}"


def _from(low: float) -> str:
    return f"{low:.2f}".rstrip("0").rstrip(".") if low < 1 else charts.short(low)


def _percent(low: float, high: float) -> str:
    return f"{100 * low:.3g}–{100 * high:.3g}%".replace("-", "−")


def _share(part: float | None, whole: float | None) -> float | None:
    return None if part is None or not whole else part / whole

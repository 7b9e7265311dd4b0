"""Charts about the call graph and who influences whom."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

from engine.charts import bars, grids, network, points
from engine.charts.album import HIDDEN, Album, Facts, Rows, interval, series, share
from engine.charts.chart import Chart
from engine.figures import MINUS, look_up, word

FOLLOWERS = {0: "nobody", 1: "1 customer", 2: "2 customers", 3: "3 or more"}
BINS = (
    ("degree", "health.degree", "Customers by number of contacts", "contacts", "customers"),
    ("strength", "health.strength", "Customers by total tie strength", "strength", "customers"),
    ("reciprocity", "health.reciprocity", "Pairs by balance", "balance of a pair: 0 one-way, 1 even", "pairs"),
    ("overlap", "health.overlap", "Pairs by overlap", "share of common contacts", "pairs"),
    ("concentration", "top.concentration", "Contacts by how many customers chose them",
     "customers who chose the contact", "contacts"),
    ("margin", "certainty.margin", "Customers by margin of the first contact", "margin over the second contact",
     "customers"),
    ("stability", "certainty.stability.histogram", "Customers by how often they keep their contact", "share of draws",
     "customers"),
)  # fmt: skip
WHOLE = ("degree", "concentration")
SHARES = ("stability",)


def influence(facts: Facts) -> dict[str, Chart]:
    """Charts of the influence report."""
    album = Album(facts)
    album.add("calendar", "Calls and texts per day", "coverage.calendar", "calls", contacts_per_day, wide=True)
    for name, path, title, x, y in BINS:
        album.add(name, title, path, "n", _bins(name, x, y))
    album.add(
        "gates", "Pairs that do not count, and why", "health.gates", "pairs",
        lambda rows: bars.horizontal(
            [word(row["reason"]) for row in rows], [row["pairs"] for row in rows], x="pairs"
        ),
    )  # fmt: skip
    album.add("agreement", "Customers for whom two definitions agree", "certainty.agreement", "share", _agreement)
    makers = look_up(facts, "communities.manufacturers") or []
    album.add(
        "mix", "Handsets in use in the largest communities", "communities.rows", "mix",
        lambda rows: bars.stacked(
            [f"Community {c}" if isinstance(c := row["community"], int) else c for row in rows[:12]],
            [(maker, [share(row["mix"][j], row["customers"]) for row in rows[:12]]) for j, maker in enumerate(makers)],
        ),
        data=lambda rows: [
            {"community": row["community"], **dict(zip(makers, row["mix"], strict=True))} for row in rows[:12]
        ],
    )  # fmt: skip
    album.add(
        "diffusion", "Customers who came from another manufacturer, summed", "diffusion.rows", "together",
        lambda rows: points.curves(
            series([{**row, "month": date.fromisoformat(row["month"])} for row in rows], "manufacturer", "month",
                   "together"),
            x="month", y="customers", form="count",
        ),
    )  # fmt: skip
    if found := look_up(facts, "validation.rows"):
        album.charts["validation"] = predictive(found)
    bands = _bands(look_up(facts, "quadrants.bands") or [])
    album.add(
        "quadrants", "Customers by followers and best uplift", "quadrants.rows", "cells",
        lambda rows: grids.matrix(
            [FOLLOWERS[row["followers"]] for row in rows], bands, [row["cells"] for row in rows],
            x="best uplift over all offers", y="chosen by",
        ),
        data=lambda rows: [
            {"chosen by": FOLLOWERS[row["followers"]], **dict(zip(bands, row["cells"], strict=True))} for row in rows
        ],
    )  # fmt: skip
    for i, ego in enumerate(facts.get("egos") or []):
        title = f"Contacts of customer {ego['customer_id']}: {len(ego['nodes']) - 1} people, {len(ego['ties'])} ties"
        album.charts[f"ego{i}"] = Chart(title, network.around(ego["nodes"], ego["ties"]), ego["ties"])
    return album.charts


def predictive(rows: Rows) -> Chart:
    """How much likelier a handset change is after the contact's, by definition and days."""
    rows = [row for row in rows if row["lift"] is not None]
    title = "Lift of a handset change after the contact's, with 95 % interval"
    spec = points.intervals(
        [f"{word(row['definition'])}, {row['horizon_days']} days" for row in rows],
        [interval(row, "lift") for row in rows], form="ratio", reference=1.0,
        x="lift (1: no difference); no causal effect",
    )  # fmt: skip
    return Chart(title, spec if rows else None, rows, why="" if rows else HIDDEN)


def contacts_per_day(rows: Rows) -> dict[str, Any]:
    """A calendar of calls and texts."""
    days = {date.fromisoformat(row["day"]): row["calls"] + row["texts"] for row in rows if row["calls"] is not None}
    return grids.calendar(days, unit="calls and texts")


def _bins(name: str, x: str, y: str) -> Callable[[Rows], dict[str, Any]]:
    label = _whole if name in WHOLE else _percent if name in SHARES else _from
    return lambda rows: bars.vertical(
        [label(row["low"], row["high"]) for row in rows], [row["n"] for row in rows], x=x, y=y, edges=label is _from
    )


def _agreement(rows: Rows) -> dict[str, Any]:
    definitions = sorted({row["one"] for row in rows} | {row["other"] for row in rows})
    shares = {(row["one"], row["other"]): row["share"] for row in rows}
    values = [[1.0 if a == b else shares.get((min(a, b), max(a, b))) for b in definitions] for a in definitions]
    names = [word(definition) for definition in definitions]
    return grids.matrix(names, names, values, x="and this one", y="this definition", form="share0")


def _bands(bands: Sequence[Mapping[str, Any]]) -> list[str]:
    """Bands by their inner edges: the outermost values would belong to single customers."""
    edges = [f"{100 * band['low']:.3g}".replace("-", MINUS) for band in bands[1:]]
    if not edges:
        return ["all"] * len(bands)
    return [f"under {edges[0]}%", *(f"{a} to {b}%" for a, b in pairwise(edges)), f"over {edges[-1]}%"]


def _whole(low: int, high: int) -> str:
    """A bin of whole numbers, its upper edge not included."""
    if high >= 10**9:
        return f"{low}+"
    return str(low) if high - low <= 1 else f"{low}–{high - 1}"


def _from(low: float, high: float) -> str:
    return f"{low:.3g}" if low < 1000 else f"{low:,.0f}"


def _percent(low: float, high: float) -> str:
    return f"{100 * low:.3g}–{100 * high:.3g} %"

"""Which pictures the experiment report shows: per experiment balance, effects, segments and what goes along ties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.report import charts
from engine.report.page import Chart, word
from engine.report.pictures import Album, Facts

FUNNEL = {
    "customers": "customers",
    "offered": "with an offer",
    "own_face": "… own-face ad",
    "both_faces": "… and influencer's",
}
METHODS = {"exposure regression": "regression", "Hajek": "Hájek weights"}
CUTS = {
    "residence": "residence",
    "age_band": "age",
    "influence": "centrality of the contact, tenths",
    "tie_strength": "tie to the contact, quarters",
    "similarity": "likeness of the own match, quarters",
}


def experiment(facts: Facts) -> dict[str, Chart]:
    """Pictures of the experiment report."""
    album = Album(facts)
    for i, trial in enumerate(facts.get("experiments") or []):
        _one(album, f"experiments.{i}", f"x{i}", trial)
    album.add(
        "funnel", "Who could be compared", "experiment.funnel", "customers",
        lambda name, title, rows: charts.sideways(
            name, title, [FUNNEL[r["step"]] for r in rows], [r["customers"] for r in rows]
        ),
    )  # fmt: skip
    return album.charts


def pair(row: Mapping[str, Any]) -> str:
    """A pair of arms in words."""
    return f"{word(row['arm'])} − {word(row['versus'])}"


def _one(album: Album, path: str, prefix: str, trial: Mapping[str, Any]) -> None:
    """Everything of one experiment; where there are several pairs of arms, a picture for each."""
    percent = trial["plan"]["kind"] == "any"
    metric = word(trial["plan"]["metric"])
    x = "difference, percentage points" if percent else f"difference in {metric}"
    several = len(trial["pairs"]) > 1
    album.add(
        f"{prefix}gates", "Customers left after each condition", f"{path}.funnel", "left",
        lambda name, title, rows: charts.sideways(
            name, title, [word(r["gate"]) for r in rows], [r["left"] for r in rows]
        ),
    )  # fmt: skip

    def each(name: str, title: str, rows: Sequence[Mapping[str, Any]], value: str, draw: Any) -> None:
        """One picture per pair of arms; draw: (name, title, rows) -> SVG."""
        known = [row for row in rows if row[value] is not None]
        for j, both in enumerate(dict.fromkeys(map(pair, known))):
            mine = [row for row in known if pair(row) == both]
            own, heading = f"{prefix}{name}{j}", f"{title}: {both}" if several else title
            album.charts[own] = Chart(heading, draw(own, heading, mine), mine)

    def dots(labels: Any, low: str = "low", high: str = "high", value: str = "difference") -> Any:
        return lambda name, title, rows: charts.dots(
            name, title, [labels(r) for r in rows], [(r[value], r[low], r[high]) for r in rows], reference=0.0,
            percent=percent, x=x,
        )  # fmt: skip

    each("balance", "Were the arms alike before?", trial["balance"], "difference", _balance)
    for by in dict.fromkeys(s["by"] for s in trial["segments"]):
        rows = [s for s in trial["segments"] if s["by"] == by]
        each(f"by_{by}", f"Effect by {CUTS.get(by, by)}", rows, "difference", dots(lambda r: r["segment"]))
    each(
        "ties", "Direct effect, spillover, and both together", trial["ties"]["estimates"], "value",
        dots(lambda r: f"{r['effect']}, {METHODS.get(r['method'], r['method'])}", value="value"),
    )  # fmt: skip
    each("exposure", "Customers by their contacts' arm", trial["exposure"], "n", _exposure)
    effects = [e for e in trial["effects"] if e["difference"] is not None]
    if effects:
        title = f"Effect on {metric}, arm against arm"
        rows = [(e["difference"], e["low"], e["high"], e["always_valid_low"], e["always_valid_high"]) for e in effects]
        name = f"{prefix}effects"
        svg = charts.dots(name, title, [pair(e) for e in effects], rows, reference=0.0, percent=percent, x=x)
        album.charts[name] = Chart(title, svg, effects)
    looks = [r for r in trial["over_time"] if r["difference"] is not None]
    if len({r["day"] for r in looks}) > 1:
        title = f"Effect on {metric} by days since assignment"
        svg = _over_time(f"{prefix}time", title, looks, x=x, percent=percent)
        album.charts[f"{prefix}time"] = Chart(title, svg, looks)


def _balance(name: str, title: str, rows: Sequence[Mapping[str, Any]]) -> str:
    dots = [(r["difference"], -r["chance"], r["chance"]) for r in rows]
    x = "standard deviations; bar: what chance makes"
    return charts.dots(name, title, [r["what"] for r in rows], dots, reference=0.0, percent=False, x=x)


def _exposure(name: str, title: str, rows: Sequence[Mapping[str, Any]]) -> str:
    labels = [f"{100 * r['low']:.0f}–{100 * r['high']:.0f}%" for r in rows]
    x = f"contacts in the experiment who are in {word(rows[0]['arm'])}"
    return charts.bars(name, title, labels, [r["n"] for r in rows], x=x, y="customers")


def _over_time(name: str, title: str, rows: Sequence[Mapping[str, Any]], *, x: str, percent: bool) -> str:
    series: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        series.setdefault(pair(row), []).append(row)
    lines = [(both, [r["day"] for r in own], [r["difference"] for r in own]) for both, own in series.items()]
    bands = [([r["day"] for r in own], [r["low"] for r in own], [r["high"] for r in own]) for own in series.values()]
    return charts.lines(name, title, lines, bands=bands, x="days since assignment", y=x, percent=percent)

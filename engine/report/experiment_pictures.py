"""Which pictures the experiment report shows: per experiment balance, effects, segments and what goes along ties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.report import charts
from engine.report.page import Chart
from engine.report.pictures import Album, Facts

FUNNEL = {
    "customers": "customers",
    "offered": "with an offer",
    "own_face": "… own-face ad",
    "both_faces": "… and influencer's",
}
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
    return f"{row['arm']} − {row['versus']}".replace("_", " ")


def _one(album: Album, path: str, prefix: str, trial: Mapping[str, Any]) -> None:
    percent = trial["plan"]["kind"] == "any"
    metric = trial["plan"]["metric"].replace("_", " ")
    x = f"difference in {metric}" + (", percentage points" if percent else "")
    album.add(
        f"{prefix}gates", "Customers left after each condition", f"{path}.funnel", "left",
        lambda name, title, rows: charts.sideways(
            name, title, [gate(r["gate"]) for r in rows], [r["left"] for r in rows]
        ),
    )  # fmt: skip
    album.add(
        f"{prefix}balance", "Were the arms alike before? Standardised differences", f"{path}.balance", "difference",
        _balance,
    )  # fmt: skip
    effects = [e for e in trial["effects"] if e["difference"] is not None]
    if effects:
        title = f"Effect on {metric}, arm against arm"
        rows = [(e["difference"], e["low"], e["high"], e["always_valid_low"], e["always_valid_high"]) for e in effects]
        svg = charts.dots(f"{prefix}effects", title, [pair(e) for e in effects], rows, reference=0.0, percent=percent,
                          x=f"{x}; thick 95 % interval, thin valid at every look")  # fmt: skip
        album.charts[f"{prefix}effects"] = Chart(title, svg, effects)
    looks = [r for r in trial["over_time"] if r["difference"] is not None]
    if len({r["day"] for r in looks}) > 1:
        title = f"Effect on {metric} by days since assignment"
        svg = _over_time(f"{prefix}time", title, looks, x=x, percent=percent)
        album.charts[f"{prefix}time"] = Chart(title, svg, looks)
    shown = [s for s in trial["segments"] if s["difference"] is not None]
    for by in dict.fromkeys(s["by"] for s in shown):
        rows = [s for s in shown if s["by"] == by]
        several = len({pair(s) for s in rows}) > 1
        labels = [f"{s['segment']}: {pair(s)}" if several else s["segment"] for s in rows]
        title = f"Effect by {CUTS.get(by, by)}"
        dots = [(s["difference"], s["low"], s["high"]) for s in rows]
        svg = charts.dots(f"{prefix}by_{by}", title, labels, dots, reference=0.0, percent=percent, x=x)
        album.charts[f"{prefix}by_{by}"] = Chart(title, svg, rows)
    for j, both in enumerate(dict.fromkeys(pair(r) for r in trial["exposure"])):
        rows = [r for r in trial["exposure"] if pair(r) == both and r["n"] is not None]
        if rows:
            title = f"Customers by their contacts' arm: {both}"
            name = f"{prefix}exposure{j}"
            labels = [f"{100 * r['low']:.0f}–{100 * r['high']:.0f}%" for r in rows]
            x_here = f"contacts in the experiment who are in {rows[0]['arm'].replace('_', ' ')}"
            svg = charts.bars(name, title, labels, [r["n"] for r in rows], x=x_here, y="customers")
            album.charts[name] = Chart(title, svg, rows)
    estimates = [e for e in trial["ties"]["estimates"] if e["value"] is not None]
    if estimates:
        several = len({pair(e) for e in estimates}) > 1
        labels = [f"{e['effect']}, {e['method']}" + (f": {pair(e)}" if several else "") for e in estimates]
        title = "Direct effect, spillover along ties, and both together"
        dots = [(e["value"], e["low"], e["high"]) for e in estimates]
        svg = charts.dots(f"{prefix}ties", title, labels, dots, reference=0.0, percent=percent, x=x)
        album.charts[f"{prefix}ties"] = Chart(title, svg, estimates)


def gate(name: str) -> str:
    """A condition of the funnel in words."""
    return name.replace("_face", " face").replace("_ad", " ad").replace("_", " ")


def _balance(name: str, title: str, rows: Sequence[Mapping[str, Any]]) -> str:
    several = len({pair(r) for r in rows}) > 1
    labels = [f"{r['what']}: {pair(r)}" if several else r["what"] for r in rows]
    dots = [None if r["difference"] is None else (r["difference"], -r["chance"], r["chance"]) for r in rows]
    return charts.dots(name, title, labels, dots, reference=0.0, percent=False,
                       x="standard deviations; the bar is what chance makes")  # fmt: skip


def _over_time(name: str, title: str, rows: Sequence[Mapping[str, Any]], *, x: str, percent: bool) -> str:
    series: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        series.setdefault(pair(row), []).append(row)
    lines = [(both, [r["day"] for r in own], [r["difference"] for r in own]) for both, own in series.items()]
    bands = [([r["day"] for r in own], [r["low"] for r in own], [r["high"] for r in own]) for own in series.values()]
    return charts.lines(name, title, lines, bands=bands, x="days since assignment", y=x, percent=percent)

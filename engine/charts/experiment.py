"""Charts about experiments: who takes part, effects, segments and what goes along ties."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.charts import bars, points
from engine.charts.album import SHORT, Album, Facts, Rows, interval
from engine.charts.chart import Chart
from engine.figures import word

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
WIDER = ("always_valid_low", "always_valid_high")


def experiment(facts: Facts) -> dict[str, Chart]:
    """Charts of the experiment report."""
    album = Album(facts)
    for i, trial in enumerate(facts.get("experiments") or []):
        _one(album, f"experiments.{i}", f"x{i}", trial)
    album.add(
        "funnel", "Who could be compared", "experiment.funnel", "customers",
        lambda rows: bars.horizontal(
            [FUNNEL[row["step"]] for row in rows], [row["customers"] for row in rows], x="customers"
        ),
    )  # fmt: skip
    return album.charts


def pair(row: Mapping[str, Any]) -> str:
    """A pair of arms in words."""
    return f"{word(row['arm'])} − {word(row['versus'])}"


def over_time(rows: Rows, *, metric: str, percent: bool) -> dict[str, Any] | None:
    """The effect of every pair of arms, had one looked after so many days, with its interval."""
    lines, bands = [], []
    for both in dict.fromkeys(map(pair, rows)):
        own = [row for row in rows if pair(row) == both]
        days = [row["day"] for row in own]
        lines.append((both, days, [row["difference"] for row in own]))
        bands.append((days, [row["low"] for row in own], [row["high"] for row in own]))
    return points.curves(
        lines, bands=bands, x="days since assignment", x_form="count", y=_difference(metric, percent=percent),
        form="points" if percent else "number",
    )  # fmt: skip


def effects_by_day(found: Mapping[str, Any]) -> Chart:
    """The effects of an analysis (`kindred experiment analyse`) by days since assignment."""
    rows = [row for row in found.get("over_time") or [] if row["difference"] is not None]
    spec = over_time(rows, metric=word(found["metric"]), percent=found["kind"] == "any")
    title = f"Effect on {word(found['metric'])} by days since assignment, with intervals"
    return Chart(title, spec, rows, why="" if spec else SHORT)


def power(rows: Rows, *, against: str) -> Chart:
    """The smallest effect that can be seen, by customers and by clusters.

    Args:
        rows: of `kindred experiment power`.
        against: customers or days; by days the effect is drawn over the base rate of that day, which grows with them.
    """
    by_day = against == "days"
    value, y = ("relative", "relative to the share who act") if by_day else ("effect", "difference")
    lines = [
        (f"by {unit}", [row[against] for row in rows if row["unit"] == unit],
         [row[value] for row in rows if row["unit"] == unit])
        for unit in dict.fromkeys(row["unit"] for row in rows)
    ]  # fmt: skip
    spec = points.curves(
        lines, x="days since assignment" if by_day else "customers", x_form="count", y=y,
        form="share" if by_day else "number",
    )  # fmt: skip
    return Chart("Smallest effect that can be seen", spec, rows, why="" if spec else SHORT)


def _one(album: Album, path: str, prefix: str, trial: Mapping[str, Any]) -> None:
    """Everything of one experiment; where there are several pairs of arms, a chart for each."""
    percent = trial["plan"]["kind"] == "any"
    metric = word(trial["plan"]["metric"])
    several = len(trial["pairs"]) > 1
    album.add(
        f"{prefix}gates", "Customers left after each condition", f"{path}.funnel", "left",
        lambda rows: bars.horizontal([word(row["gate"]) for row in rows], [row["left"] for row in rows], x="customers"),
    )  # fmt: skip

    def each(name: str, title: str, rows: Rows, value: str, spec: Any) -> None:
        """One chart per pair of arms."""
        known = [row for row in rows if row[value] is not None]
        for j, both in enumerate(dict.fromkeys(map(pair, known))):
            heading = f"{title}: {both}" if several else title
            album.put(f"{prefix}{name}{j}", heading, [row for row in known if pair(row) == both], value, spec)

    def effects(label: Callable[[Any], str], value: str = "difference") -> Callable[[Rows], dict[str, Any]]:
        return lambda rows: points.intervals(
            [label(row) for row in rows], [_wider(row, value) for row in rows], reference=0.0,
            form="points" if percent else "signed", x=_difference(metric, percent=percent),
        )  # fmt: skip

    each("balance", "Balance of the arms before the experiment", trial["balance"], "difference", _balance)
    for by in dict.fromkeys(row["by"] for row in trial["segments"]):
        rows = [row for row in trial["segments"] if row["by"] == by]
        each(f"by_{by}", f"Effect by {CUTS.get(by, by)}", rows, "difference", effects(lambda row: row["segment"]))
    each(
        "ties", "Direct effect, spillover, and both together", trial["ties"]["estimates"], "value",
        effects(lambda row: f"{row['effect']}, {METHODS.get(row['method'], row['method'])}", "value"),
    )  # fmt: skip
    each("exposure", "Customers by their contacts' arm", trial["exposure"], "n", _exposure)
    known = [row for row in trial["effects"] if row["difference"] is not None]
    album.put(f"{prefix}effects", f"Effect on {metric}, arm against arm", known, "difference", effects(pair))
    looks = [row for row in trial["over_time"] if row["difference"] is not None]
    if len({row["day"] for row in looks}) > 1:
        album.put(
            f"{prefix}time", f"Effect on {metric} by days since assignment", looks, "difference",
            lambda rows: over_time(rows, metric=metric, percent=percent),
        )  # fmt: skip


def _difference(metric: str, *, percent: bool) -> str:
    return "difference, percentage points" if percent else f"difference in {metric}"


def _wider(row: Mapping[str, Any], value: str) -> tuple | None:
    inner = interval(row, value)
    return inner and (*inner, *(row.get(name) for name in WIDER)) if WIDER[0] in row else inner


def _balance(rows: Rows) -> dict[str, Any]:
    dots = [(row["difference"], -row["chance"], row["chance"]) for row in rows]
    x = "standard deviations; bar: what chance makes"
    return points.intervals([row["what"] for row in rows], dots, reference=0.0, form="signed", x=x)


def _exposure(rows: Rows) -> dict[str, Any]:
    labels = [f"{100 * row['low']:.0f}–{100 * row['high']:.0f} %" for row in rows]
    x = f"contacts in the experiment who are in {word(rows[0]['arm'])}"
    return bars.vertical(labels, [row["n"] for row in rows], x=x, y="customers")

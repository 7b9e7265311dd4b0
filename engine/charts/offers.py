"""Charts about what offers change and what they are worth."""

from __future__ import annotations

from typing import Any

from engine.charts import bars, points
from engine.charts.album import Album, Facts, Rows, interval, series, share
from engine.charts.chart import Chart
from engine.figures import look_up


def offers(facts: Facts) -> dict[str, Chart]:
    """Charts of the offers report."""
    album = Album(facts)
    album.each(
        "gain", "{}: extra acceptances as more customers get it".format, "offers.gains", "offer_id", "gain", _gains
    )
    album.each(
        "decile", "{}: measured uplift by tenth of predicted uplift".format, "offers.deciles", "offer_id", "value",
        lambda rows: points.intervals(
            [f"{row['decile']}{' (highest)' if row['decile'] == 1 else ''}" for row in rows],
            [interval(row, "value") for row in rows], form="points", reference=0.0,
            x="uplift; bar: 95 % interval",
        ),
    )  # fmt: skip
    album.each(
        "driver", "{}: what its uplift depends on".format, "offers.drivers", "offer_id", "lost",
        lambda rows: bars.horizontal(
            [row["feature"].replace("_", " ") for row in rows], [row["lost"] for row in rows], form="number",
            x="Qini lost when shuffled",
        ),
    )  # fmt: skip
    album.add(
        "measured", "Value per customer above giving nobody anything", "offers.measured", "value",
        lambda rows: points.intervals(
            [row["policy"] for row in rows], [interval(row, "value") for row in rows], form="money", reference=0.0,
            x="value per customer; bar: 95 % interval",
        ),
    )  # fmt: skip
    album.add(
        "policy", "Expected value by whom one gives what", "offers.policy", "value",
        lambda rows: bars.horizontal(
            [row["policy"] for row in rows], [row["value"] for row in rows], form="money",
            x="expected value less cost"
        ),
    )  # fmt: skip
    album.add(
        "budget", "Expected value as the budget grows", "offers.budget", "value",
        lambda rows: points.curves(
            [("value", [0.0, *(row["cost"] for row in rows)], [0.0, *(row["value"] for row in rows)])],
            x="cost of the offers made", y="expected value less cost",
        ),
    )  # fmt: skip
    album.add("uplift", "Customers by predicted uplift", "offers.uplift", "n", _uplift)
    columns = look_up(facts, "offers.columns") or []
    for by, title in (("residence", "Who gets what, by residence"), ("age_band", "Who gets what, by age")):
        album.add(
            f"given_{by}", title, f"offers.by_{by}", "cells",
            lambda rows: bars.stacked(
                [row["segment"] for row in rows],
                [(name, [share(row["cells"][j], row["customers"]) for row in rows]) for j, name in enumerate(columns)],
            ),
            data=lambda rows: [
                {"segment": row["segment"], **dict(zip(columns, row["cells"], strict=True)),
                 "customers": row["customers"]}
                for row in rows
            ],
        )  # fmt: skip
    return album.charts


def _gains(rows: Rows) -> dict[str, Any] | None:
    shares = [row["share"] for row in rows]
    lines = [
        ("by predicted uplift", [0, *shares], [0, *(row["gain"] for row in rows)]),
        ("at random", [0, 1], [0, rows[-1]["end"]]),
    ]
    bands = [(shares, [row["low"] for row in rows], [row["high"] for row in rows])]
    return points.curves(
        lines, bands=bands, x="share of customers given the offer", y="extra acceptances per customer",
        form="points", x_form="share0",
    )  # fmt: skip


def _uplift(rows: Rows) -> dict[str, Any] | None:
    # Customers per hundredth, so that joined bins do not stand out.
    spread = [
        {**row, "middle": (row["low"] + row["high"]) / 2,
         "density": row["n"] / max(1, round((row["high"] - row["low"]) * 100))}
        for row in rows if row["n"] is not None
    ]  # fmt: skip
    return points.curves(
        series(spread, "offer_id", "middle", "density"), x="predicted uplift", y="customers per percentage point",
        form="number", x_form="share",
    )  # fmt: skip

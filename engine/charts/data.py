"""Charts about what was imported."""

from __future__ import annotations

from typing import Any

from engine.charts import bars
from engine.charts.album import Album, Facts, Rows
from engine.charts.chart import Chart
from engine.charts.influence import contacts_per_day


def data(facts: Facts) -> dict[str, Chart]:
    """Charts of the page about the data itself."""
    album = Album(facts)
    title = "Calls and texts per day; a day without any is empty"
    album.add("contacts", title, "days", "calls", contacts_per_day, wide=True)
    album.add("ages", "Customers by age", "ages", "n", _ages)
    return album.charts


def _ages(rows: Rows) -> dict[str, Any]:
    labels = ["not known" if row["low"] is None else f"{row['low']}–{row['low'] + 9}" for row in rows]
    return bars.vertical(labels, [row["n"] for row in rows], x="years", y="customers")

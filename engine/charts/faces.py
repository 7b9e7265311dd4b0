"""Charts about photos, matches and the inventory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.charts import bars, points
from engine.charts.album import SHORT, Album, Facts, Rows
from engine.charts.chart import Chart
from engine.figures import word


def faces(facts: Facts) -> dict[str, Chart]:
    """Charts of the faces report."""
    album = Album(facts)
    for name, title, path in (
        ("photos", "Customers' photos by what became of them", "faces.photos"),
        ("models", "Inventory photos by what became of them", "faces.models"),
    ):
        album.add(
            name, title, path, "photos",
            lambda rows: bars.horizontal(
                [word(row["status"]) for row in rows], [row["photos"] for row in rows], x="photos"
            ),
        )  # fmt: skip
    album.add("percentiles", "Matches by rarity of their likeness", "faces.percentiles", "n", _rarity)
    album.add(
        "inventory", "How often photos of the inventory are used", "faces.inventory", "uses",
        lambda rows: bars.vertical(
            [str(i + 1) for i in range(len(rows))], [row["uses"] for row in rows], x="photo, most used first",
            y="matches",
        ),
    )  # fmt: skip
    return album.charts


def recognition(curve: Sequence[tuple[float, float]], *, auc: float) -> Chart:
    """How well likeness tells persons apart (ROC).

    Args:
        curve: false and true acceptance rates; those of false ones under 1 in 10,000 are not drawn.
        auc: area under it.
    """
    drawn = [point for point in curve if point[0] >= 1e-4]
    rows = [{"false_acceptance": false, "true_acceptance": true} for false, true in drawn]
    spec = points.curves(
        [("", [false for false, _ in drawn], [true for _, true in drawn])], x="false acceptance rate",
        y="true acceptance rate", form="share", x_form="share", log=True, steps=True,
    )  # fmt: skip
    title = f"ROC: how well likeness tells persons apart (AUC {auc:.4f})"
    return Chart(title, spec, rows, why="" if spec else SHORT)


def _rarity(rows: Rows) -> dict[str, Any] | None:
    hidden = {row["arm"] for row in rows if row["n"] is None}
    lines = []
    for arm in dict.fromkeys(row["arm"] for row in rows):
        if arm in hidden:
            continue
        own = [row for row in rows if row["arm"] == arm]
        total, below, shares = sum(row["n"] for row in own), 0, [0.0]
        for row in own:
            below += row["n"]
            shares.append(below / total if total else 0.0)
        lines.append((word(arm), [0, *(row["high"] for row in own)], shares))
    return points.curves(
        lines, x="random inventory pairs less alike than the match", y="share of matches below", form="share",
        x_form="share0",
    )  # fmt: skip

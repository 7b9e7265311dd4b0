"""Charts about loyalty to handset makers."""

from __future__ import annotations

from engine.charts import grids, points
from engine.charts.album import Album, Facts, Rows, interval, series
from engine.charts.chart import WIDE, WIDTH, Chart
from engine.figures import look_up


def loyalty(facts: Facts) -> dict[str, Chart]:
    """Charts of the loyalty report."""
    album = Album(facts)
    names = look_up(facts, "loyalty.manufacturers") or []
    album.add(
        "flows", "From the handset left to the next one", "loyalty.flows", "to",
        lambda rows: grids.matrix(
            [row["manufacturer"] for row in rows], names, [row["to"] for row in rows], x="next handset",
            y="handset left", width=WIDE if len(names) > 4 else WIDTH,
        ),
        data=lambda rows: [{"from": row["manufacturer"], **dict(zip(names, row["to"], strict=True))} for row in rows],
        wide=len(names) > 4,
    )  # fmt: skip
    album.add(
        "retention", "Retention with 95 % interval, and share of all next handsets", "loyalty.rows", "retention",
        lambda rows: points.intervals(
            [row["manufacturer"] for row in rows], [interval(row, "retention") for row in rows], form="share",
            marks=[row["share"] for row in rows], mark="share of next handsets", x="retention",
        ),
    )  # fmt: skip
    album.add(
        "lift", "Lift with 95 % interval: retention over share", "loyalty.rows", "lift",
        lambda rows: points.intervals(
            [row["manufacturer"] for row in rows], [interval(row, "lift", "lift_low", "lift_high") for row in rows],
            form="ratio", reference=1.0, x="lift (1: as by chance)",
        ),
    )  # fmt: skip
    album.add(
        "waiting", "Handsets still in use", "loyalty.waiting", "still",
        lambda rows: points.curves(
            series(rows, "manufacturer", "days", "still"), x="days with the handset", y="share still in use",
            form="share", x_form="count", steps=True,
        ),
    )  # fmt: skip
    for by, rows in (look_up(facts, "loyalty.segments") or {}).items():
        known = [row for row in rows if row["retention"] is not None]
        album.put(f"retention_by_{by}", f"Retention by {by.replace('_', ' ')}", known or rows, "retention", _by_segment)
    return album.charts


def _by_segment(rows: Rows) -> dict:
    labels = [f"{row['segment']}: {row['manufacturer']}" for row in rows]
    return points.intervals(labels, [interval(row, "retention") for row in rows], form="share", x="retention")

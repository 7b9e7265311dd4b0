"""Figures of the experiment report as far as this workspace has them: what each arm could show, and to whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

    from engine.report.book import Book

STEPS = ("customers", "offered", "own_face", "both_faces")


def fill(book: Book, *, arms: pl.DataFrame, funnel: Mapping[str, Any]) -> None:
    """Everything below `experiment`.

    Args:
        book: to fill.
        arms: sql/report/arms.
        funnel: row of sql/report/funnel.
    """
    book.rows("experiment.arms", arms.iter_rows(named=True), ["matched", "ads"])
    known = {row["arm"]: j for j, row in enumerate(book.get("faces.arms") or [])}
    for i in range(arms.height):
        if arms["arm"][i] in known:
            book.total(f"experiment.arms.{i}.matched", [f"faces.arms.{known[arms['arm'][i]]}.matched"])
        if without := arms["matched"][i] - arms["ads"][i]:
            book.watch(f"experiment.arms.{i}.without_ad", abs(without))
            parts = (f"experiment.arms.{i}.matched", f"experiment.arms.{i}.ads")
            whole, part = parts if without > 0 else parts[::-1]
            book.total(whole, [part, f"experiment.arms.{i}.without_ad"])
    book.put("experiment.funnel", [{"step": step} for step in STEPS])
    for i, step in enumerate(STEPS):
        book.people(f"experiment.funnel.{i}.customers", funnel[step])
        if i and (lost := funnel[STEPS[i - 1]] - funnel[step]):
            book.watch(f"experiment.funnel.{i}.lost", lost)
            parts = [f"experiment.funnel.{i}.customers", f"experiment.funnel.{i}.lost"]
            book.total(f"experiment.funnel.{i - 1}.customers", parts)

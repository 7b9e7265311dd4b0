"""`validate` as a picture: the lift of each definition with its interval, one panel per horizon."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

WIDTH, LEFT, RIGHT, ROW, HEAD = 720, 130, 150, 24, 56
INK, GRID, OURS, BASE = "#1c2430", "#d8dee6", "#d1495b", "#5b8fb9"


def svg(results: pl.DataFrame, *, baselines: tuple[str, ...] = ("random", "most_called", "most_central")) -> str:
    """Draw the lifts.

    Args:
        results: rows of `engine.graph.prediction.validate`.
        baselines: definitions drawn in the second colour.

    Returns:
        SVG text. The axis is logarithmic; the line at 1 is "no difference"; a lift that is not defined is written so.
    """
    import math

    import polars as pl

    horizons = results["horizon_days"].unique().sort().to_list()
    rows = {
        h: results.filter(pl.col("horizon_days") == h).sort("lift", descending=True, nulls_last=True) for h in horizons
    }
    shown = [v for c in ("lift", "low", "high") for v in results[c].drop_nulls().to_list() if v > 0]
    least, most = min([0.8, *shown]), max([1.25, *shown])
    least = max(least, 0.05)
    height = sum(HEAD + ROW * frame.height for frame in rows.values()) + 40

    def x(value: float) -> float:
        part = math.log(max(value, least) / least) / math.log(most / least)
        return LEFT + part * (WIDTH - LEFT - RIGHT)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        f'font-family="sans-serif" font-size="12" fill="{INK}">',
        "<title>Predictive lift of the most influential contact</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
    ]
    top = 0
    for horizon, frame in rows.items():
        bottom = top + HEAD + ROW * frame.height - 8
        parts.append(
            f'<text x="16" y="{top + 24}" font-size="14" font-weight="bold">Within {horizon} days after the contact'
            " changed handset</text>"
        )
        for tick in (0.1, 0.25, 0.5, 1, 2, 4, 8, 16):
            if least <= tick <= most:
                width = 1.5 if tick == 1 else 0.7
                parts.append(
                    f'<line x1="{x(tick):.1f}" y1="{top + 44}" x2="{x(tick):.1f}" y2="{bottom}" '
                    f'stroke="{INK if tick == 1 else GRID}" stroke-width="{width}"/>'
                    f'<text x="{x(tick):.1f}" y="{top + 40}" text-anchor="middle">×{tick:g}</text>'
                )
        for at, row in enumerate(frame.iter_rows(named=True)):
            y = top + HEAD + ROW * at + 8
            colour = BASE if row["definition"] in baselines else OURS
            parts.append(f'<text x="{LEFT - 10}" y="{y + 4}" text-anchor="end">{escape(row["definition"])}</text>')
            note = "not defined"
            if row["lift"] is not None:
                note = f"×{row['lift']:.2f}" + ("" if row["p_value"] is None else f", p = {row['p_value']:.3f}")
                if row["low"] is not None:
                    parts.append(
                        f'<line x1="{x(row["low"]):.1f}" y1="{y}" x2="{x(row["high"]):.1f}" y2="{y}" '
                        f'stroke="{colour}" stroke-width="2"/>'
                    )
                parts.append(f'<circle cx="{x(row["lift"]):.1f}" cy="{y}" r="4" fill="{colour}"/>')
            parts.append(f'<text x="{WIDTH - RIGHT + 14}" y="{y + 4}">{note}</text>')
        top += HEAD + ROW * frame.height
    parts.append(
        f'<text x="16" y="{height - 14}">Predictive lift, not a causal effect. Bars: 95 %. '
        "p: outcomes shuffled among like customers.</text>"
    )
    return "\n".join([*parts, "</svg>", ""])

"""Loyalty as anybody may read it: which rows may be shown beside each other, and what their figures are then.

Every count behind a row (changes from a make, to the same one, to another one, and to the make) enters one programme
with everything that links them: segments to the whole, two columns to each other by the cells they have in common (a
district's customers are its residence's), makes to all changes of a segment.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

from engine.errors import InputError
from engine.handsets import loyalty
from engine.rates import rates
from engine.segments import with_age_band
from engine.trust.suppress import Ledger

if TYPE_CHECKING:
    import polars as pl

    from engine.handsets.loyalty_report import Report
    from engine.trust.noise import Noise

FIGURES = ("n", "retained", "left", "taken")
EVERYONE = ("", "")
MOST = 3_000  # cells of columns crossed two by two that are checked against one another


def public(found: Report, handsets: pl.DataFrame, customers: pl.DataFrame, noise: Noise) -> Report:
    """The rows that anybody may read; the other tables are empty, `facts` says how many rows are withheld.

    Args:
        found: what `engine.handsets.loyalty_report.report` gave for these customers.
        handsets: table `handsets`.
        customers: table `customers`.
        noise: that moves the counts; its k is the smallest number of customers that may be shown.

    Returns:
        Rows none of whose counts tells of fewer than k customers, by itself or by subtraction; counts moved and
        rounded, rates worked out from these.

    Raises:
        InputError: the columns make more groups than can be checked against one another.
    """
    import polars as pl

    columns = [name for name in found.rows["segment_by"].unique(maintain_order=True) if name]
    ledger = _entered(_changes(handsets, customers, columns), columns, noise)
    hidden = ledger.withheld()
    shown = []
    for by, segment, maker in found.rows.select("segment_by", "segment", "manufacturer").iter_rows():
        cell = (by, segment)
        # Nobody took it: a count of none, which is not shown either.
        keys = {figure: (figure, maker, cell) for figure in FIGURES}
        everyone = ("all", cell)
        if all(key in ledger.counts and key not in hidden for key in keys.values()):
            counts = {name: noise.count(repr(key), ledger.counts[key]) for name, key in keys.items()}
            changes = noise.count(repr(everyone), ledger.counts[everyone])
            shown.append({"segment_by": by, "segment": segment, "manufacturer": maker, **_figures(counts, changes)})
    facts = {"note": found.facts["note"], "withheld_rows": found.rows.height - len(shown)}
    rows = pl.DataFrame(shown, schema=found.rows.schema)
    return type(found)(rows, found.transitions.clear(), found.survival.clear(), found.effects.clear(), facts)


def _figures(counts: dict[str, int], changes: int) -> dict[str, Any]:
    """The columns of a row from its counts as they are published."""
    shown = rates(counts["retained"], counts["n"], counts["taken"], changes)
    p, s = shown["retention"], shown["share"]
    return {
        "n": counts["n"],
        "retained": counts["retained"],
        **{name: shown[name] for name in ("retention", "low", "high", "share", "lift", "log_odds")},
        "excess": (p - s) / (1 - s) if p is not None and s is not None and s < 1 else None,
        "handsets": 1 / (1 - p) if p is not None and p < 1 else None,
    }


def _changes(handsets: pl.DataFrame, customers: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """One row per figure and change that it counts: figure, manufacturer, customer_id, the columns as text."""
    import polars as pl

    people = with_age_band(customers).select("customer_id", *(pl.col(c).cast(pl.String) for c in columns))
    changes = loyalty.transitions(handsets).join(people, on="customer_id", how="left")
    stayed = pl.col("manufacturer") == pl.col("next_manufacturer")
    parts = {
        "n": changes,
        "retained": changes.filter(stayed),
        "left": changes.filter(~stayed),
        "taken": changes.with_columns(manufacturer="next_manufacturer"),
    }
    return pl.concat(
        part.select(pl.lit(figure).alias("figure"), "manufacturer", "customer_id", *columns)
        for figure, part in parts.items()
    )


def _entered(changes: pl.DataFrame, columns: Sequence[str], noise: Noise) -> Ledger:
    """Every count and every sum that holds between them."""
    ledger = Ledger(noise.k)
    whole = _counted(changes, [])
    margins = {column: _counted(changes, [column]) for column in columns}
    for counts in (whole, *margins.values()):
        for key, (n, persons) in counts.items():
            ledger.count(key, n, persons=persons)
            # What is not known of a customer is not a row.
            if key[2][1] is None:
                ledger.unseen(key)
            elif not noise.shows(repr(key), n):
                ledger.withhold(key)
    for counts in margins.values():
        _sums(ledger, ((key, (*key[:2], EVERYONE)) for key in counts))
    crossed = {pair: _counted(changes, list(pair)) for pair in combinations(columns, 2)}
    if (cells := sum(map(len, crossed.values()))) > MOST:
        raise InputError(
            f"the columns {', '.join(columns)} make {cells:,} groups together, more than {MOST:,} that are checked.",
            fix="Cut by fewer or coarser columns.",
        )
    for counts in crossed.values():
        for key, (n, persons) in counts.items():
            ledger.count(key, n, persons=persons)
            ledger.unseen(key)
        for side in (2, 3):
            _sums(ledger, ((key, (*key[:2], key[side])) for key in counts))
    keys = [*whole, *(key for counts in (*margins.values(), *crossed.values()) for key in counts)]
    _sides(ledger, keys)
    _everybody(ledger, [key for key in keys if len(key) == 3])
    return ledger


def _counted(changes: pl.DataFrame, columns: list[str]) -> dict[tuple, tuple[int, int]]:
    """(figure, make, cell of each column …) -> changes, and the customers behind them."""
    import polars as pl

    found = changes.group_by("figure", "manufacturer", *columns).agg(pl.len(), pl.col("customer_id").n_unique())
    cells = [tuple(zip(columns, row[2:-2], strict=True)) or (EVERYONE,) for row in found.iter_rows()]
    return {
        (row[0], row[1], *cell): (row[-2], row[-1])
        for row, cell in sorted(zip(found.iter_rows(), cells, strict=True), key=repr)
    }


def _sums(ledger: Ledger, pairs: Any) -> None:
    """State that each whole is the sum of the parts that name it."""
    parts: dict[tuple, list[tuple]] = {}
    for part, whole in pairs:
        parts.setdefault(whole, []).append(part)
    for whole, found in parts.items():
        ledger.total(whole, found)


def _sides(ledger: Ledger, keys: Sequence[tuple]) -> None:
    """Whoever left a make stayed with it or did not."""
    for key in keys:
        if key[0] == "n":
            both = [(figure, *key[1:]) for figure in ("retained", "left")]
            ledger.total(key, [part for part in both if part in ledger.counts])


def _everybody(ledger: Ledger, keys: Sequence[tuple]) -> None:
    """All changes of a segment left some make and took some make; how many they are is not shown."""
    for cell in sorted({key[2] for key in keys}, key=repr):
        left, taken = ([key for key in keys if key[0] == figure and key[2] == cell] for figure in ("n", "taken"))
        whole = ledger.count(("all", cell), sum(ledger.counts[key] for key in left))
        ledger.unseen(whole)
        ledger.total(whole, left)
        ledger.total(whole, taken)

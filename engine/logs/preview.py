"""Which column of a file became what, with its first rows before and after, for a person to see what was read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine import sources
from engine.errors import masked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.clock import Clock
    from engine.logs.recognise import Reading
    from engine.warehouse import Warehouse

ROWS = 3
# What may name a person is shown by its shape only.
_NAMING = ("caller", "callee", "caller_imei", "callee_imei", "caller_cell", "callee_cell", "call_id")
_LONG = 40  # letters of a value


def columns(store: Warehouse, read: Reading) -> list[dict[str, Any]]:
    """The columns of call records, while the first rows of the file can be read in `_log_all`.

    Args:
        store: the warehouse.
        read: how the file is read.

    Returns:
        One mapping per column that is used: `ours`, `theirs` (the file's column, or an expression over its columns),
        `before` and `after` (values of up to three rows; of a rejected row `started_at` holds the reason). Of ids
        letters stand as a, digits as 9; `after` is empty for what is not shown.
    """
    after = store.query("logs/2_rows/first_rows").to_dict(as_series=False)
    names, made = read.layout.names, read.profile.expressions
    told = []
    for ours, theirs in {**read.found, **made}.items():
        values = _values(read.layout.sample, names.index(theirs)) if ours not in made else []
        told.append({
            "ours": ours,
            "theirs": theirs,
            "before": [shape(value) if ours in _NAMING else masked(value) for value in values],
            "after": ["" if value is None else value for value in after.get(ours, [])],
        })  # fmt: skip
    return told


def _values(sample: Sequence[Sequence[str]], place: int) -> list[str]:
    rows = [row for row in sample if any(row)][:ROWS]
    return [str(row[place])[:_LONG] if len(row) > place and row[place] is not None else "" for row in rows]


def shape(value: str) -> str:
    """A value without what it says."""
    return sources.mask(value[:_LONG])


def span(found: dict[str, Any], clock: Clock) -> str:
    """What a file covers, in words: first and last moment, calls, texts, data sessions.

    Args:
        found: sql/logs/5_repeats/span, one row.
        clock: that shows the moments.
    """
    if not found["n"]:
        return ""
    calls = found["n"] - found["texts"] - found["data_sessions"]
    return (
        f"{clock.local(found['first_at']):%Y-%m-%d %H:%M} to {clock.local(found['last_at']):%Y-%m-%d %H:%M} "
        f"{clock.zone}: {calls:,} calls "
        f"({found['missed_calls']:,} not answered), {found['texts']:,} texts, {found['data_sessions']:,} data sessions"
    )

"""Which column of a table became what, with its first rows before and after, for a person to see what was read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine import sources
from engine.errors import masked
from engine.intake.rejected import ROW, WHY

if TYPE_CHECKING:
    import polars as pl

    from engine.logs.mapping import Profile

_ROWS = 3
_LONG = 40  # letters of a value
_NAMING = ("customer_id", "path", "sha256")  # shown by their shape only


def columns(profile: Profile | None, texts: pl.DataFrame, typed: pl.DataFrame) -> list[dict[str, Any]]:
    """The columns of a table.

    Args:
        profile: the mapping, if there is one.
        texts: rows under our names, as they came or as the mapping makes them, with `__row`.
        typed: those that are kept, in the table's types, with `__row`.

    Returns:
        One mapping per column: `ours`, `theirs` (the file's column, or an expression over its columns), `before` and
        `after` (values of up to three rows, nothing where a row is rejected). Of ids letters stand as a, digits as 9.
    """
    first = texts.head(_ROWS)
    kept = first.select(ROW).join(typed, on=ROW, how="left", maintain_order="left")
    said = {**profile.columns, **profile.expressions} if profile else {}
    told = []
    for name in first.columns:
        if name in (ROW, WHY):
            continue
        theirs = said.get(name, name)
        told.append({
            "ours": name,
            "theirs": theirs if isinstance(theirs, str) else " or ".join(theirs),
            "before": [_shown(name, value) for value in first[name]],
            "after": [_shown(name, value) for value in kept[name]] if name in kept.columns else [],
        })  # fmt: skip
    return told


def _shown(name: str, value: Any) -> str:
    text = "" if value is None else str(value)[:_LONG]
    return sources.mask(text) if name in _NAMING else masked(text)

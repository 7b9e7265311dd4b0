"""Second numbers and addresses of people in columns that are not ids: named like ids, never kept as they came."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from engine.trust import pseudonyms

if TYPE_CHECKING:
    import polars as pl

    from engine.config import Ids

# As sql/trust/party_ids.sql: also within a longer text.
_MAIL = r"[^@\s]+@[^@\s]+\.[^@\s]+"
_MARKED = r"\+[ ()./-]*[1-9][0-9 ()./-]{6}|^\s*00[ ()./-]*[1-9][0-9 ()./-]{6,22}$"
_BARE = r"^[0-9]{9,15}$"
_SHARE = 0.9


def hide(
    store: pseudonyms.Runner,
    frame: pl.DataFrame,
    columns: list[str],
    ids: Ids,
    key: bytes,
    *,
    names: Collection[str] = (),
) -> tuple[pl.DataFrame, int]:
    """Replace what reads as an e-mail address or a phone number, or holds one, by its pseudonym.

    In a column of numbers bare digits are a number like any other (an income, a day) unless nearly all values are 9 to
    15 of them: then the column holds phone numbers. In a column of texts 9 to 15 of them are one.

    Args:
        store: the warehouse whose SQL names ids.
        frame: text columns.
        columns: which of them to look at; none names its row.
        ids: how to name people; with `none` nothing is replaced.
        key: the workspace's key.
        names: columns that name things (campaigns, offers), where digits are never taken for a number.

    Returns:
        The frame, and how many values were replaced.
    """
    import polars as pl

    if ids.pseudonymise == "none":
        return frame, 0
    replaced = 0
    for name in columns:
        values = frame[name].cast(pl.String)
        personal = values.str.contains(_MAIL) | values.str.contains(_MARKED)
        if name not in names:
            bare = values.str.replace_all(r"[ ()./-]", "").str.contains(_BARE)
            text = values.cast(pl.Float64, strict=False).null_count() > values.null_count()
            if text or (personal | bare).sum() >= _SHARE * max(values.count(), 1):
                personal = personal | bare
        hits = int(personal.sum())
        if hits:
            chosen = frame.select(pl.when(personal).then(values).alias(name))[name]
            named = pseudonyms.name_series(store, chosen, ids, key)
            frame = frame.with_columns(pl.coalesce(named, values).alias(name))
            replaced += hits
    return frame, replaced

"""What a spreadsheet runs when it opens a CSV: the one rule by which every writer of CSV makes it text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

# The signs that begin a formula, also as the wide and small forms that some spreadsheets take for them.
_SIGNS = "=+\\-@＝＋－＠﹦﹢﹣﹫−"
# What a spreadsheet, or whoever cleans its cells, drops before it looks: blanks, controls, marks without width. (Both
# re and polars read what stands here.)
_UNSEEN = (
    "\\s\\x00-\\x20\\x7f-\\xa0\\xad\\u034f\\u061c\\u115f\\u1160\\u1680\\u17b4\\u17b5\\u180b-\\u180f"
    "\\u2000-\\u200f\\u2028-\\u202f\\u205f-\\u206f\\u2800\\u3000\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff9-\\ufffb"
    "\\U0001bca0-\\U0001bca3\\U0001d173-\\U0001d17a\\U000e0000-\\U000e0fff"
)
_BEGINS = f"^(?:[\t\r\n]|[{_UNSEEN}]*[{_SIGNS}])"
_NUMBER = r"^[+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?$"


def defuse(text: str) -> str:
    """A cell or a header that no spreadsheet takes for a formula: an apostrophe makes it text; numbers stay."""
    return "'" + text if re.search(_BEGINS, text) and not re.search(_NUMBER + r"\Z", text) else text


def defused(column: pl.Expr) -> pl.Expr:
    """`defuse` for every text of a column."""
    import polars as pl

    runs = column.str.contains(_BEGINS) & ~column.str.contains(_NUMBER)
    return pl.when(runs).then("'" + column).otherwise(column).alias(column.meta.output_name())

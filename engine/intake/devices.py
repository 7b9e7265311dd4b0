"""Handset types: one canonical name per manufacturer, TACs with their leading zeros.

Spellings that differ only in case, blanks or punctuation are one manufacturer (`BlackBerry`, ` Blackberry`), and so
are company forms of one brand (`LG Electronics` is LG). The canonical spelling of well-known brands is listed here;
of all others it is the most frequent in the file, the first in code-point order among equals.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

_BRANDS = (
    "Acer", "Alcatel", "Apple", "Asus", "BenQ", "BlackBerry", "Fairphone", "Google", "HTC", "Huawei", "LG", "Lenovo",
    "Microsoft", "Motorola", "Nokia", "OnePlus", "Oppo", "Panasonic", "Philips", "Realme", "Samsung", "Sharp",
    "Siemens", "Sony", "Sony Ericsson", "TCL", "Vivo", "Xiaomi", "ZTE",
)  # fmt: skip
_ALIASES = {
    "lgelectronics": "LG", "asustekcomputerinc": "Asus", "asustek": "Asus", "alcatelonetouch": "Alcatel",
    "samsungelectronics": "Samsung", "samsungkorea": "Samsung", "appleinc": "Apple", "rim": "BlackBerry",
    "researchinmotion": "BlackBerry", "huaweitechnologies": "Huawei", "motorolamobility": "Motorola",
    "sonymobile": "Sony", "sonymobilecommunications": "Sony", "1": "OnePlus", "iphone4s": "Apple", "iphone5": "Apple",
    "galaxynote2": "Samsung", "sonyplaystation": "Sony",
}  # fmt: skip


def canonical(names: pl.Series) -> pl.Series:
    """Canonical manufacturer names.

    Args:
        names: text as supplied, may hold nulls and repeats.

    Returns:
        Text of the same length.
    """
    import polars as pl

    known = {_key(name): name for name in _BRANDS} | _ALIASES
    frame = pl.DataFrame({"name": names.str.strip_chars().str.replace_all(r"\s+", " ")})
    frame = frame.with_columns(key=_key_expression(pl.col("name")))
    best = (
        frame.drop_nulls()
        .group_by("key", "name")
        .len()
        .sort("len", "name", descending=[True, False])
        .unique("key", keep="first", maintain_order=True)
        .with_columns(best=pl.col("key").replace_strict(known, default=pl.col("name")))
    )
    joined = frame.join(best.select("key", "best"), on="key", how="left", maintain_order="left")
    return joined["best"].rename(names.name)


def tac(name: str) -> pl.Expr:
    """Text column `name` as eight digits: zeros that a table program dropped come back; anything else is null."""
    import polars as pl

    digits = pl.col(name).str.replace(r"\.0$", "")
    return pl.when(digits.str.contains(r"^[0-9]{5,8}$")).then(digits.str.zfill(8))


def _key_expression(column: pl.Expr) -> pl.Expr:
    folded = column.str.to_lowercase().str.replace_all(r"[^\p{L}\p{N}]", "")
    return folded.str.replace(r"(inc|ltd|corp|corporation|gmbh)$", "")


def _key(name: str) -> str:
    return "".join(c for c in name.lower() if c.isalnum())

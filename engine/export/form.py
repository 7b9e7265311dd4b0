"""The form of an export's tables: format, shards, CSV delimiters, names of columns, address of the creatives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.errors import InputError

if TYPE_CHECKING:
    import polars as pl

FORMATS = ("parquet", "csv", "jsonl", "arrow", "xlsx")
GRAPH_FORMATS = ("graphml", "gexf")
DECIMALS = (".", ",")


@dataclass(frozen=True)
class Form:
    """How tables are written.

    Args:
        format: one of `FORMATS`, for the graph also of `GRAPH_FORMATS`.
        shard_rows: rows a file at most; 0 = one file a table.
        compress: gzip csv and jsonl (the others are compressed anyway).
        raw: csv: leave cells as they are, also those that a spreadsheet would run as formulas.
        bom: csv: begin with the mark by which Excel knows UTF-8.
        delimiter: csv: between cells, one ASCII sign.
        decimal: csv: of numbers, one of `DECIMALS`.
        rename: names of columns in the file, by their own.
        base_url: what goes before the files of creatives; empty = they are relative to the export's folder.
    """

    format: str = "parquet"
    shard_rows: int = 0
    compress: bool = False
    raw: bool = False
    bom: bool = False
    delimiter: str = ","
    decimal: str = "."
    rename: Mapping[str, str] = field(default_factory=dict)
    base_url: str = ""

    def check(self, what: str, tables: int) -> None:
        """Raise InputError where the values do not go together.

        Args:
            what: is exported.
            tables: how many tables that are.
        """
        formats = (*FORMATS, *GRAPH_FORMATS) if what == "graph" else FORMATS
        if self.format not in formats:
            raise InputError(
                f"there is no format {self.format!r} for {what}.", fix=f"The formats are {', '.join(formats)}."
            )
        if self.shard_rows < 0:
            raise InputError(
                f"{self.shard_rows} rows a file are too few.", fix="Give 0 for one file, or a positive number."
            )
        if self.format != "csv" and (self.bom or self.delimiter != "," or self.decimal != "."):
            raise InputError("--bom, --delimiter and --decimal are for csv.", fix="Add --format csv.")
        if len(self.delimiter) != 1 or not self.delimiter.isascii() or self.delimiter in '"\r\n\0' + self.decimal:
            raise InputError(
                f"{self.delimiter!r} cannot be the delimiter.",
                fix="Give one sign, such as ';' or a tab, which is not the decimal sign.",
            )
        if self.decimal not in DECIMALS:
            raise InputError(f"there is no decimal sign {self.decimal!r}.", fix="It is . or , .")
        if self.rename and tables > 1:
            raise InputError(f"{what} is {tables} tables: which column is meant?", fix="Rename in one table.")
        if self.base_url and what not in ("ads", "delivery"):
            raise InputError(f"{what} names no creatives.", fix="--base-url is for `delivery` and `ads`.")

    def named(self, columns: Sequence[str]) -> list[str]:
        """Columns by the names they get.

        Raises:
            InputError: there is no such column, or two would have one name.
        """
        if absent := [name for name in self.rename if name not in columns]:
            raise InputError(
                f"there is no column {absent[0]!r} to rename.", fix=f"The columns are {', '.join(columns)}."
            )
        names = [self.rename.get(name, name) for name in columns]
        if twice := [name for number, name in enumerate(names) if name in names[:number]]:
            raise InputError(f"two columns would be {twice[0]!r}.", fix="Choose another name.")
        return names

    def placed(self, ads: pl.DataFrame) -> pl.DataFrame:
        """Ads whose files have the base URL in front."""
        import polars as pl

        if not self.base_url:
            return ads
        base = self.base_url.rstrip("/") + "/"
        return ads.with_columns(pl.col("files").list.eval(pl.lit(base) + pl.element()))


def renaming(pairs: Iterable[str]) -> dict[str, str]:
    """Names of columns out of texts `column=name`.

    Raises:
        InputError: a text is none, or a column stands twice.
    """
    found: dict[str, str] = {}
    for pair in pairs:
        column, sign, name = pair.partition("=")
        if not (column and sign and name.strip()) or column in found:
            raise InputError(f"{pair!r} is not COLUMN=NAME.", fix="Write COLUMN=NAME, each column once.")
        found[column] = name
    return found

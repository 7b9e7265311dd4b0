"""What a data contract is: a table's grain, keys and columns, their types in DuckDB; `engine.tables` lists them all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.errors import InputError

if TYPE_CHECKING:
    import polars as pl

SQL_TYPES = {
    "text": "VARCHAR",
    "bool": "BOOLEAN",
    "u32": "UINTEGER",
    "i32": "INTEGER",
    "i64": "BIGINT",
    "f32": "FLOAT",
    "f64": "DOUBLE",
    "date": "DATE",
    "time": "TIMESTAMP",
    "texts": "VARCHAR[]",
    "f32[4]": "FLOAT[4]",
    "f32[10]": "FLOAT[10]",
    "f32[512]": "FLOAT[512]",
}


@dataclass(frozen=True)
class Column:
    """One column: name, type (a key of `SQL_TYPES`), whether it may be null, what it means, its only values if few.

    The embedded database keeps one of few `words` as a number, stored in a third of a text's time; both sort alike.
    """

    name: str
    type: str
    nullable: bool
    note: str
    words: tuple[str, ...] = ()

    @property
    def stored(self) -> str:
        """The type in the embedded database."""
        if not self.words:
            return SQL_TYPES[self.type]
        words = ", ".join(f"'{word}'" for word in self.words)
        return f"ENUM({words})"

    def ddl(self, *, absent: bool = False) -> str:
        """The column in a `CREATE TABLE`; absent: null in every row, computed and not stored."""
        if absent:
            return f'"{self.name}" {self.stored} GENERATED ALWAYS AS (NULL::{self.stored}) VIRTUAL'
        return f'"{self.name}" {self.stored}{"" if self.nullable else " NOT NULL"}'


@dataclass(frozen=True)
class Table:
    """One table: name, grain (what a row is), key columns, columns; `open` tables may have more columns.

    Nullable columns of a `sparse` table, keys aside, take no place until rows have values for them
    (`Warehouse.ensure_columns`).
    """

    name: str
    grain: str
    keys: tuple[str, ...]
    columns: tuple[Column, ...]
    open: bool = False
    sparse: bool = False

    @property
    def names(self) -> list[str]:
        """Column names in order."""
        return [c.name for c in self.columns]

    def column(self, name: str) -> Column:
        """The column called `name`; raises KeyError when the table has none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name} has no column {name}")

    def ddl(self) -> str:
        """`CREATE TABLE IF NOT EXISTS` for this contract (no key constraints: writers check them)."""
        body = ", ".join(c.ddl(absent=self.sparse and c.nullable and c.name not in self.keys) for c in self.columns)
        return f'CREATE TABLE IF NOT EXISTS "{self.name}" ({body})'

    def empty(self) -> pl.DataFrame:
        """An empty frame with the table's columns."""
        import polars as pl

        return pl.DataFrame(schema={c.name: polars_type(c.type) for c in self.columns})

    def check(self, frame: pl.DataFrame, *, unique: bool = True) -> pl.DataFrame:
        """Return `frame` in the table's shape: columns in order, types cast, unsorted.

        Args:
            frame: rows to check; missing nullable columns are added as null.
            unique: also check that the keys are unique.

        Raises:
            InputError: a column is missing or unknown, a value cannot be cast, is null where it may not be or none of
                the column's words, or a key stands twice; the message names table, column, count and fix.
        """
        import polars as pl

        missing = [c.name for c in self.columns if c.name not in frame.columns and not c.nullable]
        if missing:
            raise InputError(f"table {self.name} lacks {_list(missing)}; found {_list(frame.columns)}.")
        extra = [c for c in frame.columns if c not in self.names]
        if extra and not self.open:
            raise InputError(f"table {self.name} does not have {_list(extra)}; its columns are {_list(self.names)}.")
        columns = []
        for column in self.columns:
            wanted = polars_type(column.type)
            if column.name not in frame.columns:
                columns.append(pl.lit(None, dtype=wanted).alias(column.name))
            else:
                columns.append(pl.col(column.name).cast(wanted))
        try:
            frame = frame.select(*columns, *extra)
        except pl.exceptions.PolarsError as error:
            raise InputError(
                f"table {self.name}: a value does not fit its type ({str(error).splitlines()[0]})."
            ) from error
        for column in self.columns:
            nulls = frame[column.name].null_count()
            if nulls and not column.nullable:
                raise InputError(f"table {self.name}: {nulls} rows have no value.", column=column.name)
            odd = column.words and frame.filter(~pl.col(column.name).is_in(column.words)).height
            if odd:
                raise InputError(
                    f"table {self.name}: {odd} rows are none of {_list(column.words)}.", column=column.name
                )
        if unique and frame.height:
            twice = frame.height - frame.select(self.keys).n_unique()
            if twice:
                raise InputError(f"table {self.name}: {twice} rows repeat their key ({', '.join(self.keys)}).")
        return frame


def polars_type(kind: str) -> pl.DataType:
    """The polars type of a contract type; kind: key of `SQL_TYPES`."""
    import polars as pl

    simple = {
        "text": pl.String(), "bool": pl.Boolean(), "u32": pl.UInt32(), "i32": pl.Int32(), "i64": pl.Int64(),
        "f32": pl.Float32(), "f64": pl.Float64(), "date": pl.Date(), "time": pl.Datetime("us"),
        "texts": pl.List(pl.String),
    }  # fmt: skip
    if kind in simple:
        return simple[kind]
    return pl.Array(pl.Float32, int(kind[4:-1]))


def table(name: str, grain: str, keys: str, columns: str, *, open_: bool = False, sparse: bool = False) -> Table:
    """Read a contract from lines `name type[?] note`: with `?` it may be null, `text=a|b` is one of few words."""
    parsed = []
    for line in columns.strip().splitlines():
        column, kind, *note = line.split(maxsplit=2)
        kind, _, words = kind.partition("=")
        few = tuple(sorted(words.split("|"))) if words else ()
        parsed.append(Column(column, kind.removesuffix("?"), kind.endswith("?"), note[0] if note else "", few))
    return Table(name, grain, tuple(keys.split()), tuple(parsed), open_, sparse)


def _list(names: Iterable[str]) -> str:
    return ", ".join(names) or "nothing"

"""What a data contract is: a table's grain, keys and columns, their types in DuckDB; `engine.tables` lists them all."""

from __future__ import annotations

from dataclasses import dataclass

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


def table(name: str, grain: str, keys: str, columns: str, *, open_: bool = False, sparse: bool = False) -> Table:
    """Read a contract from lines `name type[?] note`: with `?` it may be null, `text=a|b` is one of few words."""
    parsed = []
    for line in columns.strip().splitlines():
        column, kind, *note = line.split(maxsplit=2)
        kind, _, words = kind.partition("=")
        few = tuple(sorted(words.split("|"))) if words else ()
        parsed.append(Column(column, kind.removesuffix("?"), kind.endswith("?"), note[0] if note else "", few))
    return Table(name, grain, tuple(keys.split()), tuple(parsed), open_, sparse)

"""Erases people's names from rows about others: the head of a household, who referred whom, a rejected row.

Rows *about* a person go elsewhere (`engine.usecases.erase`); here their names go out of every other stored text, of
contract tables and of further columns alike. Short opaque ids (17, c0042) are looked for as words of further columns
only: elsewhere the same letters mean an offer or a plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine import identifiers
from engine.tables import TABLES
from engine.warehouse import sql

if TYPE_CHECKING:
    import polars as pl

    from engine.warehouse import Warehouse

GONE = "#"
_DIGEST = 32
_AT_ONCE = 500  # names in a pattern
# Keys by which rows and files are found; none is made of a person's name.
_KEYS = frozenset({("sources", "source_id"), ("rejects", "source_id"), ("events", "source_id"), ("meta", "name")})
_FURTHER = (("inventory", "attributes"),)


def forget(store: Warehouse, names: Sequence[str]) -> int:
    """Take people's names out of every stored text, inside the caller's transaction.

    Args:
        store: the database, open for writing.
        names: of people, as they are known inside the workspace.

    Returns:
        Columns in which names were looked for.
    """
    sure = [name for name in names if len(name) >= _DIGEST or not identifiers.opaque(name)]
    words = whole_words(names)
    columns = 0
    for table, column, kind in store.query("trust/texts").iter_rows():
        if table not in TABLES or (table, column) in _KEYS:
            continue
        further = column not in TABLES[table].names or (table, column) in _FURTHER
        columns += 1
        for wanted, whole in ((sure, False), (words if further else [], True)):
            if wanted:
                _replace(store, table, column, kind, wanted, whole)
    return columns


def whole_words(names: Sequence[str]) -> list[str]:
    """Names that are looked for as words of further columns only; a number of few digits is any number."""
    return [n for n in names if n and len(n) < _DIGEST and identifiers.opaque(n) and not n.isdigit()]


def without(texts: pl.Series, words: Sequence[str]) -> pl.Series:
    """Texts in which a placeholder replaces these names where they are whole words, as `forget` does it."""
    ordered = sorted(words, key=lambda name: (-len(name), name))
    for start in range(0, len(ordered), _AT_ONCE):
        pattern = "|".join(_literal(name) for name in ordered[start : start + _AT_ONCE])
        texts = texts.str.replace_all(rf"\b(?:{pattern})\b", GONE)
    return texts


def _replace(store: Warehouse, table: str, column: str, kind: str, names: Sequence[str], whole: bool) -> None:
    """Replace names in a column's texts, as any part or as whole words of them, by a placeholder."""
    text = sql("array_to_string({column}, chr(10))" if kind == "VARCHAR[]" else "{column}", column=column)
    new = sql("regexp_replace({text}, $pattern, $gone, 'g')", text=text)
    if kind == "VARCHAR[]":
        new = sql("string_split({new}, chr(10))", new=new)
    least = min(len(name) for name in names)
    where = sql("WHERE length({text}) >= $least AND regexp_matches({text}, $pattern)", text=text)
    # Asked first: columns that take no place yet cannot be written to, and most texts name nobody.
    asked = sql("SELECT 1 AS found FROM {table} {where} LIMIT 1", table=table, where=where)
    statement = sql("UPDATE {table} SET {column} = {new} {where}", table=table, column=column, new=new, where=where)
    ordered = sorted(names, key=lambda name: (-len(name), name))
    for start in range(0, len(ordered), _AT_ONCE):
        pattern = "|".join(_literal(name) for name in ordered[start : start + _AT_ONCE])
        pattern = rf"\b(?:{pattern})\b" if whole else pattern
        params = {"pattern": pattern, "least": least}
        name = f"forget mentions in {table}"
        if store.query_text(asked, params, name=name).height:
            store.execute_text(statement, {**params, "gone": GONE}, name=name)


def _literal(name: str) -> str:
    """A pattern that finds a name and nothing else."""
    return "".join(c if c.isascii() and c.isalnum() else rf"\x{{{ord(c):x}}}" for c in name)

"""A table's rows by a mapping: the file's columns under our names, expressions, words, numbers and times of the file.

The rows stay texts, which `engine.intake.values` reads; a text that the mapping's forms do not read becomes one that
nothing reads, so that its row is rejected.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import InputError
from engine.intake import clocks, expressions, functions, language, sqlparts
from engine.intake.rejected import ROW
from engine.warehouse import Sql, Warehouse, in_memory, sql

if TYPE_CHECKING:
    import polars as pl

    from engine.logs.mapping import Profile

UNREAD = "?"  # before a text that is no number or no time


def check(profile: Profile, names: Sequence[str], path: Path) -> None:
    """Refuse a mapping that does not fit the columns of the file it is for.

    Args:
        profile: the mapping.
        names: the file's columns.
        path: the file.

    Raises:
        InputError: a column is not there, or an expression cannot be used; the message names the key.
    """
    signs = expressions.Signs(profile.decimal, profile.thousands)
    there = {name.strip().lower() for name in names}
    for column, said in profile.columns.items():
        if said and not {name.strip().lower() for name in said} & there:
            told = repr(said[0]) if len(said) == 1 else f"called {' or '.join(said)}"
            raise InputError(
                f"columns.{column}: there is no column {told}.", file=path, row=0, fix=sqlparts.nearest(said[0], names)
            )
    for column, text in profile.expressions.items():
        make = partial(language.made, column, text, profile.table, names, signs)
        _try(f"columns.{column}", text, path, make)
    if profile.where:
        make = partial(expressions.made, profile.where, names, signs, condition=True)
        _try("rows.where", profile.where, path, make)
    for name in profile.further or ():
        if name not in there:
            raise InputError(
                f"further: there is no column {name!r}.", file=path, row=0, fix=sqlparts.nearest(name, names)
            )


def _try(key: str, text: str, path: Path, make: Callable[[], object]) -> None:
    try:
        make()
    except expressions.Refused as error:
        raise InputError(f"{key} = {text[:120]!r}: {error}.", file=path, row=0, fix=error.fix) from None


def apply(frame: pl.DataFrame, profile: Profile, path: Path) -> tuple[pl.DataFrame, int]:
    """Rows under our names.

    Args:
        frame: `__row` and the file's columns as texts, their names in small letters.
        profile: the mapping, for a table.
        path: the file, for messages.

    Returns:
        `__row` and our columns as texts, then further ones; how many rows the mapping leaves out.

    Raises:
        InputError: as `check`, or there is no such time zone.
    """
    import polars as pl

    names = [name for name in frame.columns if name != ROW]
    check(profile, names, path)
    own = {name.strip().lower(): name for name in names}
    found = {c: next(own[n.strip().lower()] for n in said if n.strip().lower() in own)
             for c, said in profile.columns.items() if said}  # fmt: skip
    made, kept = _computed(frame, profile, found, names)
    columns = {c: frame[name] for c, name in found.items()} | made
    used = {own[n.lower()] for text in profile.expressions.values() for n in expressions.columns(text)}
    rest = _unmapped(profile, names, used | set(found.values()))
    columns |= {name: frame[name] for name in rest if name not in columns}
    table = pl.DataFrame([frame[ROW], *(series.alias(name) for name, series in columns.items())])
    table = table.with_columns(_in_words(profile, columns)).with_columns(_in_numbers(profile, table, set(made)))
    return table.filter(kept), int((~kept).sum())


def _unmapped(profile: Profile, names: list[str], mapped: set[str]) -> list[str]:
    """Columns that stay under the file's name: all that no column of ours is made of, or those the mapping lists."""
    return [n for n in names if (n not in mapped if profile.further is None else n in profile.further)]


def _computed(
    frame: pl.DataFrame, profile: Profile, found: dict[str, str], names: list[str]
) -> tuple[dict[str, pl.Series], pl.Series]:
    """Columns that the database makes, as texts: expressions, and times by the mapping's forms; which rows stay."""
    import polars as pl

    picks = {}
    for column, text in profile.expressions.items():
        signs = expressions.Signs(profile.decimal, profile.thousands, sqlparts.reader(_macro(column, profile)))
        made_of = language.made(column, text, profile.table, names, signs)
        picks[column] = made_of.sql
        if made_of.kind == functions.TEXT and profile.tells_times and (macro := _macro(column, profile, exact=True)):
            picks |= {column: f"{macro}({made_of.sql})", _TEXT + column: made_of.sql}
    timed = [c for c in found if profile.tells_times and _macro(c, profile, exact=True)]
    for column in timed:
        value = sqlparts.column(found[column])
        picks[column] = sqlparts.reader(_macro(column, profile))(value).sql("duckdb")
    if profile.where:
        signs = expressions.Signs(profile.decimal, profile.thousands, sqlparts.reader(clocks.MOMENT))
        picks[_WHERE] = expressions.made(profile.where, names, signs, condition=True).sql
    if not picks:
        return {}, pl.repeat(True, frame.height, dtype=pl.Boolean, eager=True)
    made = _run(frame, profile, picks)
    kept = made[_WHERE] if profile.where else pl.repeat(True, frame.height, dtype=pl.Boolean, eager=True)
    columns = {c: _as_text(made[c]) for c in picks if c != _WHERE and not c.startswith(_TEXT)}
    texts = {c: frame[found[c]] for c in timed}
    texts |= {c.removeprefix(_TEXT): made[c] for c in picks if c.startswith(_TEXT)}
    for column, text in texts.items():
        unread = text.is_not_null() & columns[column].is_null()
        columns[column] = pl.select(pl.when(unread).then(pl.lit(UNREAD) + text).otherwise(columns[column]))[:, 0]
    return columns, kept.fill_null(False)


_WHERE, _TEXT = "__where", "__text_"  # beside our columns: which rows stay; what a time is read of


def _run(frame: pl.DataFrame, profile: Profile, picks: dict[str, str]) -> pl.DataFrame:
    """Values of expressions."""
    with closing(in_memory(threads=2, contracts=False, closed=True)) as store:
        _define_times(store, profile)
        store.execute_text("SET lock_configuration = true")
        texts = [sql("TRY({text}) AS {column}", text=Sql(text), column=column) for column, text in picks.items()]
        with store.registered("_rows", frame):
            return store.query_text(sql("SELECT {texts} FROM _rows", texts=texts))


def _define_times(store: Warehouse, profile: Profile) -> None:
    """The macros that read times, those by which call records are read; a day is the one that is written."""

    def ask(text: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        return store.query_text(text, values).rows()

    params = clocks.parameters(profile, None)
    for macro in (clocks.MOMENT, clocks.DAY):
        clocks.define_whole(store.execute_text, ask, profile, params, macro)


def _macro(column: str, profile: Profile, *, exact: bool = False) -> str:
    """By which macro the times of a column of ours are read; exact: empty where it is no time."""
    kind = language.type_of(column, profile.table)
    return clocks.DAY if kind == "date" else clocks.MOMENT if kind == "time" or not exact else ""


def _as_text(values: pl.Series) -> pl.Series:
    """Values of an expression as texts that are read again: whole numbers without a point, times by ISO 8601."""
    import polars as pl

    if values.dtype == pl.Float64:
        whole = values.is_finite() & (values == values.round()) & (values.abs() < 1e15)
        return pl.select(
            pl.when(whole)
            .then(pl.when(whole).then(values).cast(pl.Int64).cast(pl.String))
            .otherwise(values.cast(pl.String))
        )[:, 0]
    if values.dtype.is_temporal():
        return values.cast(pl.Datetime("us")).dt.strftime("%Y-%m-%d %H:%M:%S%.6f")
    texts = values.cast(pl.String).str.strip_chars()
    return pl.select(pl.when(texts != "").then(texts))[:, 0]


def _in_words(profile: Profile, columns: dict[str, Any]) -> list[pl.Expr]:
    """Their words as ours; a word that the mapping does not name stays."""
    import polars as pl

    return [
        pl.col(column).str.strip_chars().str.to_lowercase().replace_strict(
            list(words), list(words.values()), default=pl.col(column), return_dtype=pl.String
        ).alias(column)
        for column, words in profile.values.items() if column in columns and words
    ]  # fmt: skip


def _in_numbers(profile: Profile, table: pl.DataFrame, made: set[str]) -> list[pl.Expr]:
    """Texts that are numbers by the file's signs, as numbers with a point; of a further column, where all are."""
    import polars as pl

    if profile.plain_numbers:
        return []
    fits, strange = sqlparts.number_forms(profile.decimal, profile.thousands)
    changed = []
    for column in table.columns:
        kind = language.type_of(column, profile.table)
        if column == ROW or column in made or kind not in ("i32", "i64", "f64", ""):
            continue
        text = pl.col(column)
        plain = text.str.replace_all(profile.thousands, "", literal=True) if profile.thousands else text
        plain = plain.str.replace_all(profile.decimal, ".", literal=True)
        read = pl.when(text.str.contains(fits)).then(plain)
        if kind:
            unread = pl.when(text.str.contains(strange)).then(pl.lit(UNREAD) + text).otherwise(text)
            changed.append(read.otherwise(unread).alias(column))
        elif table[column].str.contains(fits).all() and table[column].count():
            changed.append(read.alias(column))
    return changed

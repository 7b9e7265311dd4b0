"""Expressions of a mapping over a file's columns: read, checked against a list of what is allowed, made explicit.

A file's column is text. Directly under arithmetic, a numeric function or beside a number it reads as a number, under a
function of times as a time; how is said by the mapping (`Signs`). What does not read is null. The result is SQL that
DuckDB runs and that `engine.warehouse.dialect` translates for Spark.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.intake.functions import BOOL, NONE, NUMBER, SPAN, TEXT
from engine.intake.sqlparts import Refused, Signs, a_kind, shown, words
from engine.intake.times import WholeCompiler

if TYPE_CHECKING:
    from sqlglot import exp

__all__ = ["Made", "Refused", "Signs", "columns", "made", "parsed"]

LETTERS = 2000  # of an expression at most
_NODES = 400  # parts of it at most


@dataclass(frozen=True)
class Made:
    """An expression that can be run.

    Args:
        sql: over the file's columns, in DuckDB's dialect.
        kind: of its values: text, number, time or true or false.
        uses: the file's columns it needs, as the file spells them.
    """

    sql: str
    kind: str
    uses: tuple[str, ...]


def parsed(text: str) -> exp.Expression:
    """The expression as a tree, as far as it can be checked without a file.

    Raises:
        Refused: it is no SQL, or uses what no expression of a mapping may use.
    """
    import sqlglot
    from sqlglot import errors

    if not text.strip() or len(text) > LETTERS:
        raise Refused(f"an expression has 1 to {LETTERS} letters")
    try:
        trees = sqlglot.parse(text, read="duckdb")
    except (errors.SqlglotError, RecursionError, ValueError) as error:
        raise Refused(
            "this cannot be read as an expression of SQL",
            'Put a column whose name is a word of SQL or has spaces in double quotes: "from".',
        ) from error
    if len(trees) != 1 or trees[0] is None:
        raise Refused("this is not one expression")
    tree = trees[0]
    try:
        if sum(1 for _ in tree.walk()) > _NODES:
            raise Refused(f"this has more than {_NODES} parts")
        WholeCompiler(None, Signs()).build(tree)
    except RecursionError:
        raise Refused("this is nested too deeply") from None
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        # A call with other arguments than its function has, of which the parser makes what nobody wrote.
        raise Refused("this cannot be read as an expression of SQL") from error
    return tree


def columns(text: str) -> list[str]:
    """The columns an expression names, as it spells them."""
    from sqlglot import exp

    return list(dict.fromkeys(node.name for node in parsed(text).find_all(exp.Column)))


def made(text: str, names: Iterable[str], signs: Signs, *, want: str = "", condition: bool = False) -> Made:
    """An expression over the columns of a file.

    Args:
        text: as the mapping has it.
        names: the file's columns.
        signs: how their texts read.
        want: what it is for: numbers among texts of which one is the largest, numbers shown as texts, yes and no as
            words; empty = as it comes.
        condition: whether it has to be true or false.

    Raises:
        Refused: it names a column that is not there, or its kinds do not fit.
    """
    tree = parsed(text)
    compiler = WholeCompiler(tuple(names), signs)
    built, kind = compiler.build(tree, NUMBER if want == NUMBER else None)
    if condition and kind not in (BOOL, NONE):
        raise Refused(f"this gives {a_kind(kind)}, not true or false", "Compare it with something: status = 'ok'.")
    if kind == SPAN:
        raise Refused("this gives a span of time", "Write date_diff('second', begin, end) for seconds.")
    if want in (TEXT, BOOL) and kind == NUMBER:
        built, kind = shown(built), TEXT
    if want == BOOL and kind == BOOL:
        built, kind = words(built), TEXT
    return Made(built.sql("duckdb", comments=False), TEXT if kind == NONE else kind, tuple(compiler.uses))

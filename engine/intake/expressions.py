"""Expressions of a mapping over a file's columns: read, checked against a list of what is allowed, made explicit."""

from __future__ import annotations

LETTERS = 2000  # of an expression at most


class Refused(Exception):
    """What an expression says and may not say, and what would do."""

    def __init__(self, problem: str, fix: str | None = None) -> None:
        super().__init__(problem)
        self.fix = fix


def parsed(text: str) -> object:
    """The expression as a tree; raises `Refused`."""
    import sqlglot
    from sqlglot import errors

    if not text.strip() or len(text) > LETTERS:
        raise Refused(f"an expression has 1 to {LETTERS} letters")
    try:
        trees = sqlglot.parse(text, read="duckdb")
    except (errors.SqlglotError, RecursionError) as error:
        raise Refused("cannot be read as SQL") from error
    if len(trees) != 1 or trees[0] is None:
        raise Refused("is not one expression")
    return trees[0]

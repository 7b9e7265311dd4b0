"""SQL text: the statements in sql/, and the one place where names and values become part of a statement.

Values are bound (`$name`) wherever a statement takes them. Names of tables and columns, and the few values that cannot
be bound (in views, macros, ATTACH and COPY), get in through `sql` alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from engine.errors import BackendError


class Sql(str):
    """Text that is SQL already and stands in a statement as it is."""

    __slots__ = ()


Part = str | int | float | Iterable["str | int | float"]


def sql(template: str, /, **parts: Part) -> Sql:
    """A statement, or a piece of one, from a template in which parts stand in braces.

    Args:
        template: SQL of ours, never a text from outside; braces that are SQL are doubled.
        parts: a text is a name and is quoted, `Sql` stands as it is, a number as its digits, several are a list with
            commas in between.

    Raises:
        TypeError: a part is none of these.
        KeyError: the template names a part that is not given.
    """
    return Sql(template.format(**{name: _text(part) for name, part in parts.items()}))


def joined(separator: str, parts: Iterable[Sql]) -> Sql:
    """Pieces of SQL one after the other, with an operator such as ` OR ` in between."""
    return Sql(separator.join(parts))


def quote(identifier: str) -> Sql:
    """`identifier` as a quoted SQL name."""
    return Sql('"' + identifier.replace('"', '""') + '"')


def literal(value: object) -> Sql:
    """A value as it is written in SQL: nothing, a text, a path, a number, or a list of them."""
    if value is None:
        return Sql("NULL")
    if isinstance(value, list):
        return Sql(f"[{', '.join(map(literal, value))}]")
    if isinstance(value, (str, Path)):
        return Sql("'" + str(value).replace("'", "''") + "'")
    if isinstance(value, (int, float)):
        return Sql(str(value))
    raise TypeError(f"{type(value).__name__} is no value for SQL")


def _text(part: Part) -> str:
    if isinstance(part, Sql):
        return part
    if isinstance(part, str):
        return quote(part)
    if isinstance(part, (int, float)):
        return literal(part)
    if isinstance(part, Iterable):
        return ", ".join(map(_text, part))
    raise TypeError(f"{type(part).__name__} is no part of a statement")


def sql_folder() -> Path:
    """Where the statements lie: inside the wheel, or in the checkout."""
    packaged = Path(__file__).resolve().parent.parent / "_sql"
    return packaged if packaged.is_dir() else Path(__file__).resolve().parents[2] / "sql"


def sql_text(statement: str) -> Sql:
    """The text of a statement by name; raises BackendError when there is no such file."""
    path = sql_folder() / f"{statement}.sql"
    try:
        return Sql(path.read_text(encoding="utf-8").strip().rstrip(";"))
    except OSError as error:
        raise BackendError(f"sql/{statement}.sql cannot be read: {error.strerror}.") from error

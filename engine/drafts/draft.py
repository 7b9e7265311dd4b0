"""A draft of a mapping: its lines, how sure each is, what is still to be decided, and all of it as TOML."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Line:
    """One line of a draft.

    Args:
        value: a text, a number, a list, or `Sql`.
        why: what told it.
        sure: whether that leaves no doubt.
    """

    value: Any
    why: str
    sure: bool = True


@dataclass(frozen=True)
class Sql:
    """An expression over the file's columns."""

    text: str


@dataclass
class Draft:
    """A mapping being drafted.

    Args:
        table: what the file holds.
        top: keys above all tables (`delimiter`, `header` …).
        columns: our column -> where it stands.
        tables: `[time]`, `[duration]`, `[values.direction]` …: key -> line.
        undecided: what a person has to say before the mapping can be used: our column -> what to decide.
        remarks: what else to know, such as columns that were left out.
        checks: what else a person is to look at.
    """

    table: str = "logs"
    top: dict[str, Line] = field(default_factory=dict)
    columns: dict[str, Line] = field(default_factory=dict)
    tables: dict[str, dict[str, Line]] = field(default_factory=dict)
    undecided: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)

    def say(self, table: str, key: str, value: Any, why: str, sure: bool = True) -> None:
        """Put a line into one of the tables."""
        self.tables.setdefault(table, {})[key] = Line(value, why, sure)

    def leave(self, what: str, why: str, line: str = "") -> None:
        """Leave something to be decided; what was drafted for it is taken away.

        Args:
            what: our column.
            why: what is not clear.
            line: of the mapping, to be written once it is decided; "" = the column's name under [columns].
        """
        named = line or f'{what} = "COLUMN" under [columns]'
        self.undecided[what] = f"{why} Write {named}"
        self.columns.pop(what, None)

    def to_check(self) -> list[str]:
        """What is not sure, as it stands in the mapping file."""
        tables = (self.top, self.columns, *self.tables.values())
        unsure = [_line(key, line) for table in tables for key, line in table.items() if not line.sure]
        return [*(f"# check: {text}" for text in self.checks), *unsure]


def toml(draft: Draft, head: Iterable[str]) -> str:
    """The draft as a mapping file.

    Args:
        draft: what was found.
        head: remarks above it.

    Returns:
        TOML, each line with `# sure` or `# check: why`; with something undecided, the key `undecided`, because of
        which it cannot be imported with.
    """
    lines = [f"# {text}" for text in (*head, *draft.remarks, *(f"check: {text}" for text in draft.checks))]
    lines.append('name = "mine"')
    if draft.table != "logs":
        lines.append(f'for = "{draft.table}"')
    lines += [_line(key, line) for key, line in draft.top.items()]
    if draft.undecided:
        lines += ["", "# Decide these, write them below, and take this list away: until then nothing is imported."]
        lines.append("undecided = [")
        lines += [f"  {quoted(f'{what}: {why}')}," for what, why in draft.undecided.items()]
        lines.append("]")
    lines += ["", "[columns]", *(_line(column, line) for column, line in draft.columns.items())]
    for table, own in draft.tables.items():
        if own:
            lines += ["", f"[{table}]", *(_line(key, line) for key, line in own.items())]
    return "\n".join(lines) + "\n"


def _line(key: str, line: Line) -> str:
    bare = key.replace("_", "").isalnum() and key.isascii()
    mark = f"sure: {line.why}" if line.sure else f"check: {line.why}"
    return f"{key if bare else quoted(key)} = {_value(line.value)}  # {' '.join(mark.split())}"


def _value(value: Any) -> str:
    if isinstance(value, Sql):
        return f"{{ sql = {quoted(value.text)} }}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_value, value))}]"
    return quoted(value) if isinstance(value, str) else f"{value:g}" if isinstance(value, float) else str(value)


def quoted(text: str) -> str:
    """A text as TOML writes it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in escaped) + '"'


def name_in_sql(column: str) -> str:
    """A column's name as an expression writes it."""
    return '"' + column.replace('"', '""') + '"'

"""Reference pages from the code: `<!-- generated: NAME -->` in a page becomes what the function NAME gives."""

from __future__ import annotations

import dataclasses
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from cli.main import app
from engine import config, tables
from engine.sources import reasons

ROOT = Path(__file__).resolve().parents[1]
COMMON = ("workspace", "output_", "quiet", "debug", "context_")
COMPUTING = ("threads", "memory", "engine", "master")
MARK = re.compile(r"^<!-- generated: (\w+) -->$", re.MULTILINE)


def filled(text: str) -> str:
    """A page's text with every mark replaced; KeyError where nothing is called so."""
    return MARK.sub(lambda mark: PARTS[mark[1]](), text)


def commands() -> str:
    """Every command: what it does, its arguments and options."""
    return "\n\n".join(_command(words, command) for words, command in every_command())


def every_command() -> Iterator[tuple[str, Any]]:
    """The words of each command, `kindred graph ego`, with the command."""
    yield from _below("kindred", typer.main.get_command(app))


def _below(words: str, command: Any) -> Iterator[tuple[str, Any]]:
    known = getattr(command, "commands", None)
    if known is None or command.invoke_without_command:
        yield words, command
    for name, inner in sorted((known or {}).items()):
        yield from _below(f"{words} {name}", inner)


def _command(words: str, command: Any) -> str:
    context = command.context_class(command, info_name=words)
    own = [param for param in command.params if param.name not in (*COMMON, *COMPUTING)]
    rows = [record for param in own if (record := param.get_help_record(context))]
    rows = [(f"`{' '.join(name.split())}`", " ".join(meaning.split())) for name, meaning in rows]
    computes = any(param.name in COMPUTING for param in command.params)
    parts = [
        f"## {words}",
        _paragraphs(command.help or ""),
        *([_table(("argument or option", "meaning"), rows)] if rows else []),
        *(["Takes the options of commands that compute."] if computes else []),
    ]
    return "\n\n".join(parts)


def settings() -> str:
    """Every setting with its default and its comment."""
    parts = []
    for section, kind in config.SECTIONS.items():
        rows = []
        for entry in dataclasses.fields(kind):
            choices = ", ".join(f"`{choice}`" for choice in entry.metadata["choices"])
            note = entry.metadata["note"] + (f"; one of {choices}" if choices else "")
            rows.append((f"`{entry.name}`", note + _range(entry.metadata), f"`{json.dumps(entry.default)}`"))
        table = _table(("setting", "meaning", "default"), rows)
        parts.append(f"## {section}\n\n{kind.__doc__}\n\n{table}")
    return "\n\n".join(parts)


def _range(metadata: Any) -> str:
    low, high = metadata["low"], metadata["high"]
    if low is None and high is None:
        return ""
    return f"; {low} or more" if high is None else f"; {low} to {high}"


def contracts() -> str:
    """Every table: what a row is, its key, its columns with types and meanings."""
    parts = []
    for table in tables.TABLES.values():
        rows = []
        for column in table.columns:
            words = ", ".join(f"`{word}`" for word in column.words)
            note = "; ".join(text for text in (column.note, f"one of {words}" if words else "") if text)
            rows.append((f"`{column.name}`", f"{column.type}{'?' if column.nullable else ''}", note))
        more = " It may have further columns." if table.open else ""
        keys = ", ".join(f"`{key}`" for key in table.keys)
        parts.append(
            f"## {table.name}\n\nOne row per {table.grain}. Key: {keys}.{more}\n\n"
            + _table(("column", "type", "meaning"), rows)
        )
    return "\n\n".join(parts)


def rejections() -> str:
    """Every reason for which a row of call records is rejected."""
    return _reasons(reasons.REASONS)


def table_rejections() -> str:
    """Every further reason for which a row of another table is rejected."""
    return _reasons(reasons.OF_TABLES)


def _reasons(known: dict[str, tuple[str, str]]) -> str:
    rows = [(f"`{reason}`", meaning, remedy) for reason, (meaning, remedy) in known.items()]
    return _table(("reason", "what it means", "what to do"), rows)


def formats() -> str:
    """Every ready format of call records, with the first comment of its profile."""
    rows = []
    for path in sorted((ROOT / "engine" / "logs" / "profiles").glob("*.toml")):
        text = path.read_text(encoding="utf-8")
        comment = [line.lstrip("# ") for line in text.split("\n\n")[0].splitlines() if line.startswith("#")]
        rows.append((f"`{tomllib.loads(text)['name']}`", " ".join(comment)))
    return _table(("format", "what it is"), rows)


def _paragraphs(text: str) -> str:
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)


PARTS = {
    function.__name__: function for function in (commands, settings, contracts, rejections, table_rejections, formats)
}

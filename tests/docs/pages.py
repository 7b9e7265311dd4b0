"""What stands in the documentation's pages: blocks of commands, files to write, commands and settings named."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import typer

from cli.main import app

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"])
_BLOCK = re.compile(
    r"(?:^ *<!-- (?P<note>not run|file): (?P<said>.+?) -->\n)?^(?P<indent> *)```(?P<kind>\w+)\n(?P<text>.*?)^ *```$",
    re.MULTILINE | re.DOTALL,
)
_SAID = re.compile(r"(?<![\w/.-])kindred (?=[a-z-])([^`&|>#\n]*)")


@dataclass(frozen=True)
class Block:
    """A fenced block: its kind (`sh`, `csv` …), its lines, and the comment above it."""

    kind: str
    lines: tuple[str, ...]
    note: str
    said: str


def blocks(text: str) -> Iterator[Block]:
    """The fenced blocks of a page, in order."""
    for found in _BLOCK.finditer(text):
        lines = tuple(line.removeprefix(found["indent"]) for line in found["text"].splitlines())
        yield Block(found["kind"], lines, found["note"] or "", found["said"] or "")


def commands_named(text: str) -> Iterator[str]:
    """Every `kindred …` that stands as code in a page, in blocks and in lines."""
    for block in blocks(text):
        if block.kind in ("sh", "make"):
            for line in block.lines:
                yield from (found[1].strip() for found in _SAID.finditer(line))
    for code in re.findall(r"`([^`\n]+)`", _BLOCK.sub("", text)):
        yield from (found[1].strip() for found in _SAID.finditer(code))


@cache
def _app() -> Any:
    return typer.main.get_command(app)


def unknown_in(said: str) -> str:
    """What of a command's words and options does not exist; empty when all do."""
    command = _app()
    common = {"--help", "-h", "--version", "--install-completion"}
    known = common | {option for param in command.params for option in param.opts}
    words = shlex.split(said.replace("…", " "))
    while words and (inner := getattr(command, "commands", {}).get(words[0])):
        command, words = inner, words[1:]
        known |= {option for param in command.params for option in param.opts}
    if words and hasattr(command, "commands") and words[0].islower() and not words[0].startswith("-"):
        return words[0]
    if words and hasattr(command, "commands") and "…" in said:
        return ""  # any command of the group is meant
    return " ".join(word for word in words if word.startswith("-") and word != "-" and word.split("=")[0] not in known)


def settings_named(text: str, sections: set[str]) -> set[tuple[str, str]]:
    """Every `section.name` that stands as code in a page."""
    found = re.findall(r"`([a-z]+)\.([a-z_]+)(?: = [^`]*)?`", _BLOCK.sub("", text))
    return {(section, name) for section, name in found if section in sections and name not in ("html", "secret")}


def every_command() -> Iterator[str]:
    """The words of each command: `kindred graph ego`."""
    yield from _below("kindred", _app())


def _below(words: str, command: Any) -> Iterator[str]:
    if not hasattr(command, "commands"):
        yield words
        return
    for name, inner in command.commands.items():
        yield from _below(f"{words} {name}", inner)

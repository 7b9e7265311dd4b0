"""Hostile command lines: every command of `kindred`, found in the app itself, with options that are almost right.

A group is the file under cli/ that defines a command, so that a new command is tried as soon as it is there.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any

import typer
from hypothesis import strategies as st
from typer.testing import CliRunner

from cli.main import app
from engine.errors import EngineError

_KINDRED = typer.main.get_command(app)
# What one case may not do: reach for the network, or compute for a second and more whatever its options.
# They take long, reach out, or stay until they are ended (`serve`).
_LEFT_OUT = {("demo",), ("synth",), ("doctor",), ("weights", "fetch"), ("experiment", "simulate"), ("serve",)}

_FITTING = {
    int: ["0", "1", "2", "7"],
    float: ["0", "0.5", "1", "30"],
    datetime: ["2026-01-01", "2014-02-24"],
    Path: ["case.csv", "w", "out", "new", "photos", "kindred.toml", "-", "w/kindred.duckdb", "missing"],
    str: [
        "w", "spring", "csv", "parquet", "copenhagen", "osmocom", "edges", "ads", "all", "events", "rejects", "anna",
        "last-run", "strongest", "Europe/Budapest", "100MB", "residence", "o1", "own_face=0.5", "visit", "age",
    ],
}  # fmt: skip
_HOSTILE = st.one_of(
    st.sampled_from(
        [
            "", " ", "-1", "x", "1e309", "nan", "-inf", "9" * 30, "1.5", "2026-13-01", "Mars/Olympus", "xml", "much",
            "é", "\u202e", "\ud800", "a" * 300, "w/../w", "'; DROP TABLE events; --", '"', "=1+1", "+36201234567",
            "x@y.hu", "%s%n", "{0}", "$HOME", "--", "-", "\n", "none", "1,2", "a=b=c", "*",
        ]
    ),
    st.text(alphabet=st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), max_size=8),
)  # fmt: skip


def groups() -> dict[str, list[tuple[tuple[str, ...], Any]]]:
    """Per file of cli/, its commands: the words that name each, and the command itself."""
    found: dict[str, list[tuple[tuple[str, ...], Any]]] = {}
    for words, command in _commands(_KINDRED, ()):
        if words not in _LEFT_OUT:
            found.setdefault(command.callback.__module__.removeprefix("cli."), []).append((words, command))
    return found


def _commands(command: Any, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if not hasattr(command, "commands"):
        yield words, command
        return
    for name, inner in command.commands.items():
        yield from _commands(inner, (*words, name))


@st.composite
def lines(draw: st.DrawFn, group: str) -> list[str]:
    """A command line of a group: a command and some of its options; in half of the cases every value fits its option,
    in the others any may be hostile."""
    words, command = draw(st.sampled_from(groups()[group]))
    tame = draw(st.booleans())
    line = list(words)
    options = [p for p in command.params if p.opts[0].startswith("-")]
    needed = [p for p in options if p.required and draw(st.integers(0, 9))]
    for option in needed + draw(st.lists(st.sampled_from(options), max_size=4)):
        line.append(draw(st.sampled_from(option.opts)))
        if not option.is_flag:
            line.append(draw(_values(option, tame)))
    for argument in command.params:
        if argument not in options and draw(st.integers(0, 9)):
            most = 2 if argument.nargs == -1 else 1
            line += draw(st.lists(_values(argument, tame), min_size=1, max_size=most))
    if draw(st.integers(0, 9)):
        line += ["-w", "w"]
    if not tame:
        line += draw(st.lists(_HOSTILE, max_size=1))
    return line


def _values(parameter: Any, tame: bool) -> st.SearchStrategy[str]:
    kind = parameter.type_descriptor.annotation
    kind = next((k for k in [kind, *getattr(kind, "__args__", ())] if isinstance(k, type) and k is not list), str)
    fitting = [member.value for member in kind] if issubclass(kind, Enum) else _FITTING.get(kind, _FITTING[str])
    return st.sampled_from(fitting) if tame else st.one_of(st.sampled_from(fitting), _HOSTILE)


def call(arguments: list[str]) -> str:
    """Run a command line in this process; returns what it said, or raises AssertionError for a bad end."""
    arguments = [a.encode("utf-8", "replace").decode() for a in arguments]
    code: Any = 0
    with no_hidden_traceback(), CliRunner().isolation(input="") as (out, err, _):
        try:
            _KINDRED.main(args=arguments, prog_name="kindred")
        except SystemExit as end:
            code = end.code or 0
        except (EngineError, OSError):
            if "--debug" not in arguments:  # which asks for the traceback of a known error
                raise
            code = 1
        sys.stdout.flush()
        sys.stderr.flush()
        said = (out.getvalue() + err.getvalue()).decode("utf-8", "replace")
    assert code in (0, 1, 2, 3), f"{arguments} ends with {code}: {said}"
    assert "Traceback" not in said and "kindred: unexpected" not in said, f"{arguments}: {said}"
    return said


@contextlib.contextmanager
def no_hidden_traceback() -> Iterator[None]:
    """What Python would print as `Exception ignored in …` is an error here."""
    seen: list[Any] = []
    before, sys.unraisablehook = sys.unraisablehook, seen.append
    try:
        yield
    finally:
        sys.unraisablehook = before
    assert not seen, f"a traceback would be printed: {seen[0].exc_value!r} in {seen[0].object!r}"

"""Data on stdout, words on stderr: how every command prints."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from cli import tables
from engine.formulas import defuse
from engine.progress import SILENT, Progress, Task


class Output(StrEnum):
    """Forms of printed data."""

    table = "table"
    json = "json"
    csv = "csv"


def emit(data: Any, output: Output, *, columns: Sequence[str] | None = None) -> None:
    """Print rows (a list of mappings) or one object (a mapping) on stdout.

    Args:
        data: rows, a polars frame, or one mapping; a mapping may nest and is flattened for table and CSV.
        output: form.
        columns: which columns, in order; needed for the header when there may be no rows.
    """
    if hasattr(data, "to_dicts"):
        columns = columns or data.columns
        data = data.to_dicts()
    if output is Output.json:
        print(json.dumps(data, indent=2, ensure_ascii=False, default=_plain))
        return
    if isinstance(data, Mapping):
        data = [{"what": key, "value": value} for key, value in _flat(data)]
        columns = ["what", "value"]
    names = list(columns or dict.fromkeys(key for row in data for key in row))
    if output is Output.csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow([defuse(name) for name in names])
        writer.writerows([defuse(_cell(row.get(name))) for name in names] for row in data)
        return
    import shutil

    numeric = [all(_is_number(row.get(name)) for row in data) for name in names]
    grid = tables.Grid(names, [[_words(row.get(name)) for name in names] for row in data], numeric)
    print(tables.drawn(grid, shutil.get_terminal_size().columns if sys.stdout.isatty() else None))


def say(text: str, *, quiet: bool = False) -> None:
    """A line for people, on stderr."""
    if not quiet:
        print(text, file=sys.stderr)


def progress(quiet: bool) -> Progress:
    """Bars on a terminal, nothing elsewhere."""
    return SILENT if quiet or not sys.stderr.isatty() else _Bars()


class _Bars:
    """Draws `engine.progress` with rich."""

    @contextmanager
    def task(self, name: str, total: int | None = None) -> Iterator[Task]:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            SpinnerColumn,
            TextColumn,
            TimeRemainingColumn,
        )

        columns = [SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()]
        with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as bars:
            yield _Bar(bars, bars.add_task(name, total=total))


class _Bar:
    def __init__(self, bars: Any, number: int) -> None:
        self.bars, self.number = bars, number

    def advance(self, steps: int = 1) -> None:
        self.bars.advance(self.number, steps)


def _flat(data: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in data.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, (dict, list, tuple)):
        return "" if isinstance(value, tuple) and not value else json.dumps(value, ensure_ascii=False, default=_plain)
    return str(_plain(value))


def _words(value: Any) -> str:
    """A cell of a table for people: yes and no, lists and small tables in a line."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping) and all(_is_single(part) for part in value.values()):
        return ", ".join(f"{name} {_words(part)}" for name, part in value.items())
    if isinstance(value, (list, tuple)) and all(_is_single(part) for part in value):
        return ", ".join(_words(part) for part in value)
    return _cell(value)


def _is_single(value: Any) -> bool:
    return not isinstance(value, (Mapping, list, tuple))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds") + "Z"
    if isinstance(value, date):
        return value.isoformat()
    return str(value)

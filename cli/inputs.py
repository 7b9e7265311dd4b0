"""What an import reads: files by name or pattern, or what a query of a database gives."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from engine.workspace import Workspace

PATHS = Annotated[
    list[Path] | None,
    typer.Argument(metavar="PATH...", help="Files, or folders: of photos, or of files that are one table."),
]
GLOB = Annotated[
    list[str] | None, typer.Option("--glob", metavar="PATTERN", help="Files by a pattern (quote it); repeatable.")
]
FROM = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="ADDRESS",
        help="A database instead of files: postgresql://HOST/NAME or sqlite:///FILE.db. Without a password: that is "
        "read from PGPASSWORD, ~/.pgpass or a service file.",
    ),
]
MAPPING = Annotated[
    str | None,
    typer.Option(
        "--mapping", metavar="FILE|NAME", help="What the columns mean: a mapping file, or the name of a kept one."
    ),
]
COLUMN = Annotated[
    list[str] | None,
    typer.Option("--column", metavar="OURS=THEIRS", help="What the file calls one of our columns; repeatable."),
]
SQL = Annotated[str | None, typer.Option("--sql", metavar="SELECT", help="Query that reads from the database.")]


@contextmanager
def inputs(
    space: Workspace, paths: list[Path] | None, patterns: list[str] | None, address: str | None, query: str | None
) -> Iterator[list[Path]]:
    """The files to import: those named, then those that fit a pattern, by name; or a query's rows, as a file.

    Args:
        space: the workspace, already open for writing; the query's rows lie in its scratch folder while imported.
        paths: named files; a name is never a pattern.
        patterns: of further ones.
        address: of a database.
        query: to ask it.

    Raises:
        InputError: nothing is named, no file fits a pattern, or the database gives nothing.
    """
    from engine.errors import InputError
    from engine.intake import databases

    if address is None and query is None:
        yield _files(paths, patterns)
        return
    if address is None or query is None or paths or patterns:
        raise InputError(
            "--from and --sql go together, without files.", fix="Write --from ADDRESS --sql 'SELECT ... FROM ...'."
        )
    with databases.fetched(address, query, space.scratch) as path:
        yield [path]


def _files(paths: list[Path] | None, patterns: list[str] | None) -> list[Path]:
    from glob import glob

    from engine.errors import InputError

    found = list(paths or ())
    for pattern in patterns or ():
        fitting = sorted(Path(name) for name in glob(pattern, recursive=True))
        fitting = [path for path in fitting if path.is_file()]
        if not fitting:
            raise InputError(f"no file fits --glob {pattern!r}.", fix="Check the pattern, and put it in quotes.")
        found += fitting
    if not found:
        raise InputError("no file is named.", fix="Give one or more, --glob PATTERN, or --from a database.")
    return found


def named_number(text: str) -> tuple[str, float] | None:
    """NAME=NUMBER of an option as a pair; None where it is none. The name may hold an equals sign."""
    name, sign, number = text.rpartition("=")
    try:
        return (name, float(number)) if sign else None
    except ValueError:
        return None


def pairs(texts: list[str] | None) -> dict[str, str]:
    """NAME=VALUE of a repeatable option, by name; raises InputError where one is not."""
    from engine.errors import InputError

    pairs = {}
    for text in texts or ():
        name, sign, value = text.partition("=")
        if not (name and sign and value):
            raise InputError(f"{text!r} is not NAME=VALUE.", fix="Write it with an equals sign.")
        pairs[name] = value
    return pairs

"""Options about files to read, shared by commands: which ones, or a query of a database, and how they are read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from engine.progress import Progress
    from engine.workspace import Workspace


def column(option: str, help: str) -> Any:
    """An option that names a column of a file.

    Args:
        option: e.g. `--arm`.
        help: what the column holds.
    """
    return typer.Option(option, metavar="COLUMN", help=help)


EXCLUDE = Annotated[list[str] | None, column("--exclude", "Not a feature; repeatable.")]
SEED = Annotated[int, typer.Option("--seed", min=0, help="Seed of all random choices.")]
SHEET = Annotated[str | None, typer.Option("--sheet", metavar="NAME", help="Sheet of a workbook, by name or number.")]
ENCODING = Annotated[
    str | None,
    typer.Option("--encoding", metavar="NAME", help="Encoding of a text file, e.g. cp1250; default: detected."),
]
_MAPPING = Annotated[
    str | None,
    typer.Option(
        "--mapping", metavar="FILE|NAME", help="What the columns mean: a mapping file, or the name of a kept one."
    ),
]


@dataclass(frozen=True)
class Form:
    """Options that say how a file is to be opened."""

    sheet: SHEET = None
    encoding: ENCODING = None


@dataclass(frozen=True)
class Reading:
    """Options that say how a file of exposures or outcomes is to be read."""

    column: Annotated[
        list[str] | None,
        typer.Option("--column", metavar="OURS=THEIRS", help="What the file calls one of our columns; repeatable."),
    ] = None
    mapping: _MAPPING = None
    sheet: SHEET = None
    encoding: ENCODING = None

    def given(self, space: Workspace) -> dict[str, Any]:
        """As arguments of `experiment_events.import_events`."""
        from engine.usecases import mappings

        said = {"mapping": mappings.find(space, self.mapping), "columns": pairs(self.column)}
        return {**said, "sheet": self.sheet, "encoding": self.encoding}


@dataclass(frozen=True)
class Import:
    """Arguments and options of every import into a table."""

    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATH...", help="Files, or folders: of photos, or of files that are one table."),
    ] = None
    format_: Annotated[
        str | None, typer.Option("--format", metavar="NAME", help="The file's format; default: recognised.")
    ] = None
    mapping: _MAPPING = None
    sheet: SHEET = None
    encoding: ENCODING = None
    glob: Annotated[
        list[str] | None, typer.Option("--glob", metavar="PATTERN", help="Files by a pattern (quote it); repeatable.")
    ] = None
    from_: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="ADDRESS",
            help="A database instead of files: postgresql://HOST/NAME or sqlite:///FILE.db. Without a password: that "
            "is read from PGPASSWORD, ~/.pgpass or a service file.",
        ),
    ] = None
    sql: Annotated[str | None, typer.Option("--sql", metavar="SELECT", help="Query that reads from the database.")] = (
        None
    )
    preview: Annotated[bool, typer.Option("--preview", help="Read and check only: say what an import would do.")] = (
        False
    )
    strict: Annotated[bool, typer.Option("--strict", help="Exit with code 3 when a row was rejected.")] = False

    @contextmanager
    def files(self, space: Workspace) -> Iterator[list[Path]]:
        """The files to import: those named, then those that fit a pattern, by name; or a query's rows, as a file.

        Args:
            space: the workspace, already open for writing; the query's rows lie in its scratch folder while imported.

        Raises:
            InputError: nothing is named, no file fits a pattern, or the database gives nothing.
        """
        from engine.errors import InputError
        from engine.intake import databases

        if self.from_ is None and self.sql is None:
            yield _files(self.paths, self.glob)
            return
        if self.from_ is None or self.sql is None or self.paths or self.glob:
            raise InputError(
                "--from and --sql go together, without files.", fix="Write --from ADDRESS --sql 'SELECT ... FROM ...'."
            )
        with databases.fetched(self.from_, self.sql, space.scratch) as path:
            yield [path]

    def given(self, space: Workspace, progress: Progress) -> dict[str, Any]:
        """As arguments that importing call records and importing another table both have."""
        from engine.usecases import mappings

        said = {"format": self.format_, "mapping": mappings.find(space, self.mapping)}
        return {
            **said, "sheet": self.sheet, "encoding": self.encoding,
            "config": space.config, "key": space.key(), "progress": progress,
        }  # fmt: skip


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


def numbers(option: str, texts: list[str] | None) -> dict[str, float]:
    """NAME=NUMBER of a repeatable option, by name (which may hold an =); raises InputError where one is not."""
    from engine.errors import InputError

    found = {}
    for text in texts or ():
        name, _, number = text.rpartition("=")
        try:
            found[name] = float(number)
        except ValueError:
            name = ""
        if not name:
            raise InputError(f"{option} {text!r} is not NAME=NUMBER.", fix="Write it like mail=12.50.")
    return found


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

"""Kindred's engine: from call logs to the face and the offer that persuade.

A notebook needs five lines (``calls.csv`` is made up here)::

    >>> import engine, pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> rows = ["a,b,2026-03-01 10:00,60", "b,a,2026-03-02 11:00,30", "a,c,2026-03-02 12:00,5"]
    >>> _ = (folder / "calls.csv").write_text("\\n".join(["caller,callee,started_at,duration_s", *rows]))

    >>> space = engine.create(folder / "spring")
    >>> engine.import_logs(space, [folder / "calls.csv"])[0].rows_kept
    3
    >>> [(r.stage, r.status) for r in engine.run(space, until="influencers")]
    [('edges', 'done'), ('learned', 'done'), ('influencers', 'done')]
    >>> engine.influencers(space, definition="strongest").select("customer_id", "contact_id", "tie_share").rows()
    [('a', 'b', 1.0), ('b', 'a', 1.0)]
    >>> engine.table(space, "parties").height
    3
    >>> engine.export_to(space, "influencers", folder / "out", format="csv").files[0]["path"]
    'influencers.csv'

See engine/README.md for the house behind these functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import offline
from engine.progress import SILENT, Progress
from engine.version import VERSION

if TYPE_CHECKING:
    import polars as pl

    from engine.export import ExportResult
    from engine.runner import StageResult
    from engine.sources import SourceSummary
    from engine.usecases.changes import Changes
    from engine.workspace import Workspace

__version__ = VERSION

offline.keep()


def create(path: str | Path, **preset: Any) -> Workspace:
    """Make a workspace; preset: settings to write into its `kindred.toml`, as `graph__window_days=30`."""
    from engine import workspace

    return workspace.create(Path(path), preset=preset)


def open(path: str | Path | None = None, **flags: Any) -> Workspace:
    """Open a workspace (None: this folder or the nearest parent); flags override settings, as `graph__top=5`."""
    from engine import workspace

    resolved = {name.replace("__", ".", 1): value for name, value in flags.items()}
    return workspace.open_(None if path is None else Path(path), flags=resolved)


def import_logs(
    workspace: Workspace,
    paths: Sequence[str | Path],
    *,
    format: str | None = None,
    mapping: str | Path | None = None,
    options: dict[str, Any] | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
    database: str | None = None,
    sql: str = "",
    preview: bool = False,
    progress: Progress = SILENT,
) -> list[SourceSummary]:
    """Import call records; see `engine.logs.importer.import_logs` for formats, mappings (files or names of kept ones)
    and options. From a `database` (its address, see `engine.intake.databases.fetched`) come the rows of `sql`. A
    `preview` stores nothing."""
    from engine.intake import databases
    from engine.logs import importer
    from engine.usecases import imports, mappings

    said = mappings.find(workspace, mapping)

    with imports.importing(workspace, "logs", preview) as (store, _), ExitStack() as stack:
        files = [Path(path) for path in paths]
        if database is not None:
            files.append(stack.enter_context(databases.fetched(database, sql, workspace.scratch)))
        return importer.import_logs(
            store,
            files,
            format=format,
            mapping=said,
            options=options or {},
            config=workspace.config,
            key=workspace.key(),
            scratch=workspace.scratch,
            sheet=sheet,
            encoding=encoding,
            progress=progress,
        )


def import_table(
    workspace: Workspace,
    target: str,
    path: str | Path,
    *,
    format: str | None = None,
    keep: Sequence[str] = (),
    mapping: str | Path | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
    preview: bool = False,
    progress: Progress = SILENT,
) -> SourceSummary:
    """Import customers, devices, offers, treatments, acts, photos, inventory, consents or optouts from one path; `keep`
    names further columns to keep though they look like names, numbers or addresses of people, `mapping` is a file or
    the name of a kept one, `sheet` that of a workbook, `encoding` that of a text. A `preview` stores nothing."""
    from engine.intake import importer
    from engine.usecases import imports, mappings

    said = mappings.find(workspace, mapping)

    with imports.importing(workspace, target, preview) as (store, faces):
        return importer.import_table(
            store,
            target,
            Path(path),
            format=format,
            faces_folder=faces,
            config=workspace.config,
            key=workspace.key(),
            keep=keep,
            sheet=sheet,
            encoding=encoding,
            mapping=said,
            progress=progress,
        )


def run(
    workspace: Workspace, *, until: str | None = None, force: bool = False, progress: Progress = SILENT
) -> list[StageResult]:
    """Run every stale stage, see `engine.runner.run`."""
    from engine import runner

    return runner.run(workspace, until=until, force=force, progress=progress)


def diff(workspace: Workspace, before: int | None = None, after: int | None = None, **options: Any) -> Changes:
    """What differs between the decisions of two runs, and why; the last two unless their numbers are given. See
    `engine.usecases.changes.diff`."""
    from engine.usecases import changes

    return changes.diff(workspace, before, after, **options)


def table(workspace: Workspace, name: str, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """A table as it was last computed or imported; nothing is run.

    Args:
        workspace: an opened workspace.
        name: of the table: `choices`, `influencers`, `customers` and all others of the reference.
        columns: only these; None = all.

    Returns:
        Its rows, ordered by its keys.

    Raises:
        InputError: there is no such table or column.
    """
    from engine.errors import InputError
    from engine.tables import TABLES

    if name not in TABLES:
        raise InputError(f"there is no table {name!r}.", fix=f"The tables are {', '.join(TABLES)}.")
    with workspace.warehouse(read_only=True) as store:
        known = store.columns(name)
        if unknown := [column for column in columns or () if column not in known]:
            raise InputError(f"table {name} has no column {unknown[0]!r}.", fix=f"It has {', '.join(known)}.")
        return store.read(name, list(columns) if columns is not None else None)


def export_to(
    workspace: Workspace,
    what: str,
    to: str | Path,
    *,
    format: str = "parquet",
    progress: Progress = SILENT,
    **options: Any,
) -> ExportResult:
    """Write a table, the ads, a delivery or a group of tables to a folder; see `engine.export.export` for the options:
    `ids="crm.csv", id_columns=["account"]` puts the sender's own list beside a delivery."""
    from engine.export import export as write

    return write(workspace, what, to, format, progress=progress, **options)


def pseudonyms(workspace: Workspace, table: str | Path | pl.DataFrame, *columns: str, **options: Any) -> pl.DataFrame:
    """A table of yours with pseudonyms (`customer_id`) in place of the ids in `columns`, to join with what is exported;
    see `engine.usecases.ids.pseudonyms`."""
    from engine.usecases import ids

    return ids.pseudonyms(workspace, table, columns, **options)[0]


def influencers(
    workspace: Workspace, *, definition: str | None = None, top: int | None = None, progress: Progress = SILENT
) -> pl.DataFrame:
    """Each customer's most influential contacts, computed first where stale.

    Args:
        workspace: an opened workspace.
        definition: only this one (METHODS section 3); None = all that are computed.
        top: only ranks up to this; None = as many as the settings keep.
        progress: where bars are drawn.

    Returns:
        Rows of the `influencers` table, ordered by its keys.
    """
    from engine.usecases import influence

    return influence.influencers(
        workspace, definitions=() if definition is None else (definition,), top=top, progress=progress
    )


def facts(workspace: Workspace, kind: str = "all", *, internal: bool = False) -> dict[str, Any]:
    """Every figure of a report as nested plain data, for passing on unless `internal`; see
    `engine.usecases.reporting.facts`."""
    from engine.usecases import reporting

    return reporting.facts(workspace, kind, internal=internal)


def analyse(workspace: Workspace, experiment: str, **options: Any) -> dict[str, Any]:
    """What an experiment says, as planned; see `engine.usecases.experiment_analysis.analyse`."""
    from engine.usecases import experiment_analysis

    return experiment_analysis.analyse(workspace, experiment, **options)

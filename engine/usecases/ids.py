"""Pseudonyms for a table of the sender's, so that it can be joined with what Kindred exports."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import InputError, WorkspaceError
from engine.export import rows, sender
from engine.export.form import FORMATS, Form
from engine.trust import audit, files

if TYPE_CHECKING:
    import polars as pl

    from engine.workspace import Workspace


def pseudonyms(
    workspace: Workspace,
    table: Path | str | pl.DataFrame,
    columns: Sequence[str] = (),
    *,
    sheet: str | None = None,
    encoding: str | None = None,
) -> tuple[pl.DataFrame, dict[str, int]]:
    """A table with a pseudonym in place of its ids.

    Args:
        workspace: an opened workspace.
        table: a file in any form that Kindred opens, or a frame.
        columns: with ids, of several the first whose person the workspace knows; none = `customer_id`, or the only one.
        sheet: of a workbook.
        encoding: of a text; None = found.

    Returns:
        `customer_id` (of people the workspace does not know what they would be called; null where there is no id), then
        the other columns as texts, one row for each of the table's, in its order; and counts: rows, `by <column>`,
        unmatched.

    Raises:
        InputError: no table, no such column, or the workspace knows nobody of it.
        WorkspaceError: the workspace's key is not on this machine.
    """
    import polars as pl

    listed = sender.read(table, columns, sheet=sheet, encoding=encoding)
    found, counts = sender.recognised(workspace, listed)
    others = [c for c in listed.rows.columns if c not in listed.ids]
    audit.append(workspace.path, "ids", "read", details={name: counts[name] for name in ("rows", "unmatched")})
    called = sender.told_apart(others, [sender.PERSON])
    named = found.select(pl.col(sender.NAME).alias(sender.PERSON), *(pl.col(c).alias(n) for c, n in called.items()))
    return named, counts


def write(frame: pl.DataFrame, path: Path) -> None:
    """Write a table to a new file, whole or not at all, that only its owner reads.

    Args:
        frame: the table.
        path: of the file; its ending says the format.

    Raises:
        InputError: no such format.
        WorkspaceError: there is a file, or it cannot be written.
    """
    form = check_file(path)
    with files.replacing(path, scratch=path.parent) as file:
        rows.write(file, iter([frame.to_arrow()]), form)


def check_file(path: Path) -> Form:
    """The form that a file's ending says; raises as `write`, and InputError where it lies in a workspace."""
    sender.check_place(path)
    form = path.suffix.lstrip(".").lower()
    if form not in FORMATS:
        raise InputError(f"the name {path.name} tells no format.", fix=f"End it with one of {', '.join(FORMATS)}.")
    if path.exists():
        raise WorkspaceError(f"{path} is there already.", fix="Choose another file.")
    return Form(form)

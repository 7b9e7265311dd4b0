"""Where things lie in a workspace's folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from engine.errors import WorkspaceError
from engine.trust import backups

CONFIG = "kindred.toml"
DATABASE = "kindred.duckdb"
FOLDERS = ("faces", "ads", "exports")
SCRATCH = ".tmp"
TABLES = "tables"
# What nobody else may write: by the first part of a path below the workspace, or how that begins.
_OWN = (*FOLDERS[:2], TABLES, "mappings", backups.FOLDER, "receipts")
_OWN_FILES = (".", "kindred.", "audit.", "objections.")


@dataclass(frozen=True)
class Layout:
    """The places of a workspace.

    Args:
        path: its folder.
    """

    path: Path

    @property
    def database(self) -> Path:
        """The DuckDB file."""
        return self.path / DATABASE

    @property
    def faces(self) -> Path:
        """Photos, by content."""
        return self.path / "faces"

    @property
    def ads(self) -> Path:
        """Rendered creatives."""
        return self.path / "ads"

    @property
    def exports(self) -> Path:
        """Default place of exports."""
        return self.path / "exports"

    @property
    def scratch(self) -> Path:
        """What may be deleted whenever no command runs."""
        return self.path / SCRATCH


def check_output(path: Path) -> None:
    """Raise WorkspaceError where a page or picture would be written over a workspace's own files, this one's or not."""
    whole = path.resolve()
    for home in whole.parents:
        if os.path.isfile(home / CONFIG):
            first = whole.relative_to(home).parts[0]
            if first in _OWN or first.startswith(_OWN_FILES):
                raise WorkspaceError(
                    f"{path} is one of the workspace's own files.", fix="Choose another file, or one in exports/."
                )

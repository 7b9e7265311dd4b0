"""Where things lie in a workspace's folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

CONFIG = "kindred.toml"
DATABASE = "kindred.duckdb"
FOLDERS = ("faces", "ads", "exports")
SCRATCH = ".tmp"
TABLES = "tables"


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

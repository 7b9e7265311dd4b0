"""`kindred mapping …`: mapping files that a workspace keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.command import Shell, command


def register(group: typer.Typer) -> None:
    """Add these commands to `group`."""

    @command(group)
    def keep(
        shell: Shell,
        name: Annotated[str, typer.Argument(metavar="NAME", help="Letters, digits, - and _.")],
        file: Annotated[Path, typer.Argument(metavar="FILE", help="A mapping file (docs/mapping.md).")],
    ) -> None:
        """Keep a mapping file in the workspace, for use as --mapping NAME.

        Example: `kindred mapping keep crm crm.toml`
        """
        from engine.usecases import mappings

        shell.emit(mappings.keep(shell.workspace(), name, file))

    @command(group, "list")
    def list_(shell: Shell) -> None:
        """List the kept mappings. Name, table, columns, and the digest of the content.

        Example: `kindred mapping list`
        """
        from engine.usecases import mappings

        shell.emit(mappings.listed(shell.workspace()), ["name", "table", "columns", "digest"])

    @command(group)
    def show(shell: Shell, name: Annotated[str, typer.Argument(metavar="NAME", help="A kept mapping's name.")]) -> None:
        """Print a kept mapping.

        Example: `kindred mapping show crm > crm.toml`
        """
        from engine.usecases import mappings

        print(mappings.show(shell.workspace(), name), end="")

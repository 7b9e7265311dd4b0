"""`kindred export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.command import Shell, command


def register(app: typer.Typer) -> None:
    """Add these commands to `app`."""

    @command(app, computes=True)
    def export(
        shell: Shell,
        what: Annotated[str, typer.Argument(metavar="TABLE|ads|all", help="A table's name, `ads` or `all`.")],
        to: Annotated[Path, typer.Option("--to", metavar="DIR", help="Folder to write; whole or not at all.")],
        format_: Annotated[str, typer.Option("--format", metavar="NAME", help="parquet, csv or jsonl.")] = "parquet",
    ) -> None:
        """Write tables or finished ads to a folder, whole or not at all.

        Example: `kindred export influencers --to out/influencers --format csv`
        """
        from engine.export import export as write

        done = write(shell.workspace(), what, to, format=format_, progress=shell.progress)
        shell.emit(done.files)
        shell.say(f"Exported to {done.path}")

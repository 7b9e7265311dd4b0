"""`kindred report` and `kindred explain`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cli.command import Shell, command

_OPEN = Annotated[bool, typer.Option("--open", help="Open the page in the browser.")]


def register(app: typer.Typer) -> None:
    """Add these commands to `app`."""

    @command(app, computes=True)
    def report(
        shell: Shell,
        kind: Annotated[
            str, typer.Argument(metavar="KIND", help="influence, loyalty, offers, faces, experiment or all.")
        ],
        to: Annotated[Path, typer.Option("--to", metavar="FILE.html", help="The page to write.")],
        json_to: Annotated[
            Path | None, typer.Option("--json", metavar="FILE", help="The same figures as JSON.")
        ] = None,
        open_: _OPEN = False,
    ) -> None:
        """One self-contained page per question, small cells withheld; nothing is computed anew, what is stale is said.

        Example: `kindred report influence --to influence.html --json influence.json`
        """
        from engine.reporting import report as write

        done = write(shell.workspace(), kind, to, json_to=json_to, progress=shell.progress)
        shell.emit(asdict(done))
        for warning in done.warnings:
            shell.say(warning)
        if open_:
            typer.launch(str(to.resolve()))

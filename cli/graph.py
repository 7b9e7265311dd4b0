"""`kindred influencers`."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.command import Shell, command


def register(app: typer.Typer) -> None:
    """Add these commands to `app`."""

    @command(app, computes=True)
    def influencers(
        shell: Shell,
        definition: Annotated[
            str | None, typer.Option("--definition", metavar="D", help="Only this one, e.g. tie_reach or strongest.")
        ] = None,
        top: Annotated[int | None, typer.Option("--top", metavar="K", min=1, help="Only the first K ranks.")] = None,
    ) -> None:
        """Each customer's most influential contacts, computed first where stale.

        Example: `kindred influencers --definition tie_reach --top 1 -o json`
        """
        import engine

        space = shell.workspace()
        if top is not None and top > space.config.graph.top:
            space = shell.workspace(graph__top=top)
        shell.emit(engine.influencers(space, definition=definition, top=top, progress=shell.progress))

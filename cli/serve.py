"""`kindred serve`."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.command import Shell, command


def register(app: typer.Typer) -> None:
    """Add this command to `app`."""

    @command(app)
    def serve(
        shell: Shell,
        port: Annotated[int, typer.Option("--port", min=0, max=65535, help="To listen on; 0 = a free one.")] = 0,
        internal: Annotated[
            bool, typer.Option("--internal", help="For the company's own eyes: exact figures, single people by name.")
        ] = False,
        open_: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    ) -> None:
        """The workspace in the browser: look, search, filter. Read-only, on this machine alone, until Ctrl-C.

        The address carries a secret that lets in whoever has it. When a run is done, open pages come anew.

        Example: `kindred serve --open`
        """
        from engine.serve.board import Board
        from engine.serve.server import serve as listen

        board = Board(shell.workspace().path, {}, internal=internal)

        def ready(address: str) -> None:
            shell.emit([{"address": address, "mode": board.mode}], ["address", "mode"])
            shell.say("Ctrl-C ends it." + (" Internal: names single people. Do not pass on." if internal else ""))
            if open_:
                typer.launch(str(board.door(address)))

        listen(board, port, ready)

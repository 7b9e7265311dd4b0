"""The app `kindred` and its groups of commands."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from cli import demo, experiment, exports, faces, graph, imports, offers, report, run, trust, workspace
from engine import __version__

app = typer.Typer(
    name="kindred",
    help="From call logs to the face and the offer that persuade.\n\n"
    "Example: `kindred demo` shows the whole job on an invented town.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)


def _version(asked: bool) -> None:
    if asked:
        print(f"kindred {__version__}")
        raise typer.Exit()


@app.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")] = False,
) -> None:
    pass


for module in (demo, workspace, imports, run, graph, offers, faces, experiment, report, exports, trust):
    module.register(app)


def main() -> None:
    """What the command `kindred` runs."""
    os.umask(0o077)  # whatever it writes, here or in an export, is its owner's only
    app(prog_name="kindred")


if __name__ == "__main__":
    main()

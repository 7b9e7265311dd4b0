"""The app `kindred` and its groups of commands."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from cli import (
    demo,
    experiment,
    exports,
    faces,
    graph,
    imports,
    inventory,
    learn,
    offers,
    persons,
    report,
    run,
    serve,
    trust,
    workspace,
)
from engine import __version__
from engine.errors import masked


class _Group(TyperGroup):
    """All commands; what is said of a wrong option or argument repeats nobody's number."""

    def make_context(self, *args: Any, **options: Any) -> Any:
        """See `TyperGroup`."""
        with _masking():
            return super().make_context(*args, **options)

    def invoke(self, ctx: Any) -> Any:
        """See `TyperGroup`."""
        with _masking():
            return super().invoke(ctx)


@contextmanager
def _masking() -> Iterator[None]:
    try:
        yield
    except typer.TyperException as error:
        error.message = masked(error.message)
        raise


# No command draws with matplotlib, but igraph would load it, to be able to: half a second of every run. (A notebook
# that calls the engine keeps it.)
sys.modules.setdefault("matplotlib", None)  # type: ignore[arg-type]

app = typer.Typer(
    name="kindred",
    cls=_Group,
    help="From call logs to the offer and the face that persuade each customer.\n\n"
    "Example: `kindred demo` runs everything on an invented town.",
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


for module in (
    demo,
    workspace,
    imports,
    run,
    graph,
    persons,
    offers,
    faces,
    inventory,
    experiment,
    learn,
    report,
    serve,
    exports,
    trust,
):
    module.register(app)


def main() -> None:
    """What the command `kindred` runs."""
    os.umask(0o077)  # whatever it writes, here or in an export, is its owner's only
    app(prog_name="kindred")


if __name__ == "__main__":
    main()

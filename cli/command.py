"""One decorator that gives every command the same options, and the one place where errors become exit codes."""

from __future__ import annotations

import dataclasses
import inspect
import os
import sys
import typing
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from cli import output
from cli.output import Output
from engine import glossary
from engine.errors import EngineError, masked

if TYPE_CHECKING:
    from engine.progress import Progress
    from engine.workspace import Workspace

_WRITTEN = ("to", "json_to", "plot")  # options that name a file or folder to write
DONE, KNOWN_ERROR, WRONG_USAGE, ROWS_REJECTED = 0, 1, 2, 3

_WORKSPACE = Annotated[
    Path | None,
    typer.Option(
        "-w", "--workspace", metavar="DIR", help="Workspace; default: here or the nearest parent that is one."
    ),
]
_OUTPUT = Annotated[Output, typer.Option("-o", "--output", help="Format of the data printed on stdout.")]
_QUIET = Annotated[bool, typer.Option("--quiet", help="No messages and no progress on stderr; errors are shown.")]
_DEBUG = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
_THREADS = Annotated[int | None, typer.Option("--threads", min=0, max=1024, help="Processor threads; 0 = all.")]
_MEMORY = Annotated[
    str | None, typer.Option("--memory", metavar="SIZE", help="Memory limit of the database, e.g. 4GB.")
]
_ENGINE = Annotated[str | None, typer.Option("--engine", metavar="NAME", help="duckdb (default) or spark.")]
_MASTER = Annotated[
    str | None, typer.Option("--master", metavar="URL", help="Spark's, e.g. spark://host:7077 or sc://host:15002.")
]

PLOT = Annotated[
    Path | None,
    typer.Option(
        "--plot", metavar="FILE", help="Draw a chart too: .svg, .png or .html (.html shows values at the pointer)."
    ),
]
PUBLIC = Annotated[
    bool, typer.Option("--public", help="Withhold figures about fewer customers than report.min_cell (15).")
]


@dataclass(frozen=True)
class Shell:
    """The common options of one call, and how it prints.

    Args:
        command: its name, `graph ego`.
        recorded: whether opening the workspace is written into the audit log first.
        path: of the workspace; None = here or the nearest parent.
        output: form of the data.
        quiet: no words.
    """

    command: str
    recorded: bool
    path: Path | None
    output: Output
    quiet: bool
    threads: int | None = None
    memory: str | None = None
    engine: str | None = None
    master: str | None = None
    opened: list[Workspace] = field(default_factory=list)

    def workspace(self, **flags: Any) -> Workspace:
        """Open the workspace of this call, once the audit log has recorded that; else it is not opened.

        Args:
            flags: `graph__window_days=30` style settings, None = not given.
        """
        from engine import workspace
        from engine.trust import audit

        resolved = {name.replace("__", ".", 1): value for name, value in {**self.computing, **flags}.items()}
        space = workspace.open_(self.path, flags=resolved)
        self.opened.append(space)
        if self.recorded:
            audit.append(space.path, self.command, "open")
        return space

    @property
    def computing(self) -> dict[str, Any]:
        """The settings that say how this call computes, None = not given."""
        return {
            "run__threads": self.threads,
            "run__memory": self.memory,
            "warehouse__engine": self.engine,
            "warehouse__master": self.master,
        }

    @property
    def progress(self) -> Progress:
        """Bars on a terminal, silence elsewhere."""
        return output.progress(self.quiet)

    def emit(self, data: Any, columns: list[str] | None = None) -> None:
        """Print data on stdout."""
        output.emit(data, self.output, columns=columns)

    def say(self, text: str) -> None:
        """Print a message on stderr, unless quiet."""
        output.say(text, quiet=self.quiet)

    def say_called_back(self, space: Workspace) -> None:
        """Say how many ads were removed by what was just imported, and where those already handed out are listed."""
        before, after = space.changed.get("ads", (0, 0))
        if before > after:
            ads = "1 ad was" if before - after == 1 else f"{before - after:,} ads were"
            self.say(
                f"{ads} removed by this. Those handed out before are called back by the next export: "
                "`kindred export delivery --to DIR` names them in withdraw.jsonl."
            )

    def say_next(self, space: Workspace) -> None:
        """Say what to do next in this workspace."""
        from engine.usecases import next_steps

        if not self.quiet and (step := next_steps.first(space)):
            self.say(f"Next: `{step.command}` ({step.why}). All steps: `kindred next`.")

    def say_notices(self) -> None:
        """Say what was done because settings were changed since the last command."""
        for text in (text for space in self.opened for text in space.notices):
            self.say(text)

    def complain(self, text: str) -> None:
        """Print what went wrong on stderr, also when quiet."""
        output.say(f"kindred: {text}")


class _Explained(TyperCommand):
    """A command whose help ends with the glossary's meaning of the terms in it."""

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """See `TyperCommand`."""
        helps = (getattr(param, "help", None) or "" for param in self.params)
        names = (name.removeprefix("--") for param in self.params for name in param.opts)
        text = " ".join([self.help or "", *helps, *names])
        if words := glossary.used_in(text):
            with formatter.section("Terms"):
                formatter.write_dl(list(words.items()))


def command(app: typer.Typer, name: str | None = None, *, computes: bool = False, recorded: bool = True) -> Callable:
    """Register a function `f(shell, …)` as a command with the common options after its own.

    A parameter whose type is a dataclass stands for a group of options, one for each field.

    Args:
        app: the group it belongs to.
        name: of the command; None = the function's.
        computes: also takes --threads, --memory, --engine and --master.
        recorded: the audit log says that it opened the workspace; False only for what touches no person's data.
    """
    common: dict[str, tuple[Any, Any]] = {
        "workspace": (_WORKSPACE, None),
        "output_": (_OUTPUT, Output.table),
        "quiet": (_QUIET, False),
        "debug": (_DEBUG, False),
    }
    if computes:
        common |= {
            "threads": (_THREADS, None),
            "memory": (_MEMORY, None),
            "engine": (_ENGINE, None),
            "master": (_MASTER, None),
        }

    def register(function: Callable) -> Callable:
        @wraps(function)
        def call(context_: typer.Context, **given: Any) -> None:
            options = {key: given.pop(key) for key in common}
            shell = Shell(
                _named(context_),
                recorded,
                options["workspace"],
                options["output_"],
                options["quiet"],
                threads=options.get("threads"),
                memory=options.get("memory"),
                engine=options.get("engine"),
                master=options.get("master"),
            )
            with _as_exit_code(options["debug"]):
                _check_outputs(given)
                for name, group in groups.items():
                    given[name] = group(**{field.name: given.pop(field.name) for field in dataclasses.fields(group)})
                try:
                    code = function(shell, **given)
                finally:
                    shell.say_notices()
            raise typer.Exit(code or DONE)

        own, groups = _own(function)
        added = [
            inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
            for key, (kind, default) in common.items()
        ]
        own = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own]
        added.append(inspect.Parameter("context_", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context))
        vars(call)["__signature__"] = inspect.Signature(own + added)
        call.__annotations__ = {p.name: p.annotation for p in own + added}
        del call.__wrapped__
        app.command(name, cls=_Explained)(call)
        return function

    return register


def _own(function: Callable) -> tuple[list[inspect.Parameter], dict[str, type]]:
    """A command's own parameters after the shell; those that are a group of options, a dataclass, as its fields."""
    hints = typing.get_type_hints(function, include_extras=True)
    own, groups = [], {}
    for parameter in list(inspect.signature(function).parameters.values())[1:]:
        kind = hints[parameter.name]
        if dataclasses.is_dataclass(kind):
            groups[parameter.name] = typing.cast(type, kind)
            types = typing.get_type_hints(kind, include_extras=True)
            own += [
                parameter.replace(name=field.name, default=field.default, annotation=types[field.name])
                for field in dataclasses.fields(kind)
            ]
        else:
            own.append(parameter.replace(annotation=kind))
    return own, groups


class GroupItself:
    """Lets `command` register what a group itself does when none of its commands is given.

    Args:
        group: whose own command it is.
    """

    def __init__(self, group: typer.Typer) -> None:
        self._group = group

    def command(self, name: str | None, **_kind: Any) -> Callable[[Callable[..., None]], None]:
        """What `cli.command.command` registers with."""

        def add(call: Callable[..., None]) -> None:
            def alone(**given: Any) -> None:
                if given["context_"].invoked_subcommand is None:
                    call(**given)

            alone.__doc__, alone.__annotations__ = call.__doc__, call.__annotations__
            alone.__signature__ = inspect.signature(call)  # type: ignore[attr-defined]
            self._group.callback(invoke_without_command=True)(alone)

        return add


def _named(context: typer.Context) -> str:
    """The words that name a command, without the program's: `graph ego`."""
    words: list[str] = []
    at: Any = context
    while at.parent is not None:
        words.insert(0, str(at.info_name))
        at = at.parent
    return " ".join(words)


def _check_outputs(given: dict[str, Any]) -> None:
    """Refuse to write a page or picture over the database, the audit log or the photos of a workspace."""
    written = [given[name] for name in _WRITTEN if isinstance(given.get(name), Path)]
    if written:
        from engine import workspace

        for path in written:
            workspace.check_output(path)


class _as_exit_code:
    """Known errors become one line on stderr and exit code 1; a traceback only with --debug."""

    def __init__(self, debug: bool) -> None:
        self.debug = debug

    def __enter__(self) -> None:
        if self.debug:
            import logging

            logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(name)s: %(message)s")

    def __exit__(self, kind: type | None, error: BaseException | None, trace: object) -> None:
        if error is None or isinstance(error, (typer.Exit, typer.TyperException, SystemExit)) or self.debug:
            return
        if isinstance(error, BrokenPipeError):
            # Whoever read our output has enough (`| head`): not an error, but nothing may be flushed any more.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(DONE)
        if isinstance(error, KeyboardInterrupt):
            print("kindred: stopped; what was finished is kept, run the command again to go on", file=sys.stderr)
            raise typer.Exit(130)
        if isinstance(error, EngineError):
            print(f"kindred: {error}", file=sys.stderr)
        elif isinstance(error, MemoryError):
            print("kindred: out of memory. Set a smaller --memory, or close other programs.", file=sys.stderr)
        elif isinstance(error, OSError):
            print(masked(f"kindred: {error.filename or ''}: {error.strerror or error}"), file=sys.stderr)
        else:
            text = f"kindred: unexpected {type(error).__name__}: {error}. Run again with --debug to see where."
            print(masked(text), file=sys.stderr)
        raise typer.Exit(KNOWN_ERROR)

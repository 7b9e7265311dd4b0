"""`kindred report`, `kindred summary` and `kindred explain`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.command import Shell, command
from engine.figures import word

_LONG = ("alt_text", "files", "model_id")  # in the JSON; too long for a line
_CODES = ("arm", "flag", "gated_because", "purpose", "status")  # shown in words
_HEADINGS = {"gated_because": "not counted because"}
_OPEN = Annotated[bool, typer.Option("--open", help="Open the page in the browser.")]


def register(app: typer.Typer) -> None:
    """Add these commands to `app`."""

    @command(app, computes=True)
    def report(
        shell: Shell,
        kind: Annotated[
            str, typer.Argument(metavar="KIND", help="data, influence, loyalty, offers, faces, experiment or all.")
        ],
        to: Annotated[Path, typer.Option("--to", metavar="FILE.html", help="The page to write.")],
        json_to: Annotated[
            Path | None, typer.Option("--json", metavar="FILE", help="Also write the figures as JSON.")
        ] = None,
        internal: Annotated[
            bool, typer.Option("--internal", help="For the company's own eyes: exact figures, single people by name.")
        ] = False,
        segment: Annotated[
            list[str] | None,
            typer.Option("--segment", metavar="COLUMN=WORD", help="Of these customers only; repeat it to narrow down."),
        ] = None,
        open_: _OPEN = False,
    ) -> None:
        """Write a report as one self-contained page. Public: no single person, small counts withheld or rounded.

        It warns of results that are out of date. Segments are those of `kindred serve`: in public one column at a time.
        `report data` is about the data: what came in and what looks wrong.

        Example: `kindred report all --segment residence=urban --to urban.html`
        """
        from engine.errors import InputError
        from engine.serve import cuts
        from engine.usecases import data_report
        from engine.usecases.reporting import report as write

        space = shell.workspace()
        if kind == "data" and segment:
            raise InputError("the data report tells of everybody.", fix="Leave --segment out.")
        if kind == "data":
            done = data_report.report(space, to, json_to=json_to)
            shell.say("Internal: counts are exact, also small ones. Do not pass on.")
        elif segment:
            done = cuts.report(space, kind, to, segment, json_to=json_to, internal=internal, progress=shell.progress)
        else:
            done = write(space, kind, to, json_to=json_to, internal=internal, progress=shell.progress)
        shell.emit(asdict(done))
        if internal and kind != "data":
            shell.say("Internal: names single people. Do not pass on.")
        for warning in done.warnings:
            shell.say(warning)
        if open_:
            typer.launch(str(to.resolve()))

    @command(app, computes=True)
    def summary(
        shell: Shell,
        to: Annotated[Path | None, typer.Option("--to", metavar="FILE.md", help="Also write it to a file.")] = None,
        internal: Annotated[
            bool, typer.Option("--internal", help="Exact figures, for the company's own eyes.")
        ] = False,
    ) -> None:
        """The campaign on one page, for mail and chat. Markdown; its figures are those of the public reports.

        Example: `kindred summary --to summary.md`
        """
        from engine.usecases import summary as campaign
        from engine.usecases.reporting import write

        found = campaign.summary(shell.workspace(), internal=internal, progress=shell.progress)
        if to is not None:
            write(to, found["markdown"])
        if shell.output == "json":
            shell.emit({name: value for name, value in found.items() if name != "markdown"})
        elif shell.output == "csv":
            lines = [{"part": part, "text": text} for part, texts in found["sections"].items() for text in texts]
            shell.emit(lines, ["part", "text"])
        else:
            print(found["markdown"], end="")
        shell.say("The figures behind it: `kindred report all --to report.html`.")

    @command(app)
    def explain(
        shell: Shell,
        customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help="An id, its first letters, or the number.")],
        to: Annotated[Path | None, typer.Option("--to", metavar="FILE.html", help="Also write it as a page.")] = None,
        open_: _OPEN = False,
    ) -> None:
        """Why this customer gets this ad. Events, contacts, influencer, handsets, offers, faces, with the numbers.

        Example: `kindred explain 4f9a12 --to why.html`
        """
        from engine.usecases import explain
        from engine.usecases.reporting import write

        space = shell.workspace()
        found = explain.facts(space, customer)
        if to is not None:
            write(to, explain.page(space, found))
        if shell.output == "json":
            shell.emit(found)
        elif shell.output == "csv":
            shell.emit(found["words"], ["step", "what"])
        else:
            _chain(shell, found)
        if open_ and to is not None:
            typer.launch(str(to.resolve()))


def _chain(shell: Shell, found: dict[str, Any]) -> None:
    """Print all steps in words first, then one table per step."""
    from engine.report.customer_page import STEPS

    shell.emit(found["words"], ["step", "what"])
    for name, heading in STEPS:
        if rows := found[name]:
            print(f"\n{heading}")
            shell.emit([_readable(row) for row in rows])


def _readable(row: dict[str, Any]) -> dict[str, Any]:
    """A row as a table shows it: without what is too long, and with words for codes."""
    return {
        _HEADINGS.get(name, name): word(value) if name in _CODES and value else value
        for name, value in row.items()
        if name not in _LONG
    }

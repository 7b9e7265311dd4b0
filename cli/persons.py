"""`kindred persons`: which numbers are one person's."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.command import GroupItself, Shell, command

_NUMBER = Annotated[str, typer.Argument(metavar="NUMBER", help="As it was imported, or as `kindred persons` shows it.")]


def register(app: typer.Typer) -> None:
    """Add these commands to `app`."""
    own = typer.Typer()
    app.add_typer(own, name="persons")

    @command(GroupItself(own))  # type: ignore[arg-type]
    def persons(shell: Shell) -> None:
        """People with several numbers: a second SIM, or a new number. Found from the records, or entered by hand.

        A person's own other number is never the influencer (setting graph.persons); deliveries keep a row per number.

        Example: `kindred persons -o csv`
        """
        from engine.usecases import persons as usecase

        rows = usecase.shown(shell.workspace())
        shell.emit(rows)
        if not rows.height:
            shell.say("Nobody has several numbers. Next: `kindred persons find`.")

    @command(own, computes=True)
    def find(
        shell: Shell,
        likely: Annotated[
            float,
            typer.Option("--likely", min=0.3, max=1.0, help="Two numbers with at least this score are one person's."),
        ] = 0.6,
    ) -> None:
        """Find people with several numbers. By one handset, nearly the same contacts and places, no calls between them.

        Example: `kindred persons find --likely 0.7`
        """
        from engine.usecases import persons as usecase

        rows = usecase.find(shell.workspace(), likely=likely, progress=shell.progress)
        shell.emit(rows)
        if not rows.height:
            shell.say("No two numbers look like one person's.")
            return
        shell.say(
            f"{rows['person'].n_unique():,} people have {rows.height:,} numbers. Wrong ones: `kindred persons split`. "
            "Next: `kindred run`."
        )

    @command(own)
    def join(shell: Shell, one: _NUMBER, other: _NUMBER) -> None:
        """Say that two numbers are one person's. It overrules what `find` says, until they are split.

        Example: `kindred persons join +36201234567 +36301234567`
        """
        from engine.usecases import persons as usecase

        shell.emit(usecase.say(shell.workspace(), one, other, same=True))

    @command(own)
    def split(shell: Shell, one: _NUMBER, other: _NUMBER) -> None:
        """Say that two numbers are two people's. It overrules what `find` says, until they are joined.

        Example: `kindred persons split +36201234567 +36301234567`
        """
        from engine.usecases import persons as usecase

        shell.emit(usecase.say(shell.workspace(), one, other, same=False))

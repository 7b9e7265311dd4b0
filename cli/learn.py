"""`kindred learn`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.command import Shell, command
from cli.inputs import Reading
from cli.output import Output


def register(app: typer.Typer) -> None:
    """Add this command to `app`."""

    @command(app, computes=True)
    def learn(
        shell: Shell,
        name: Annotated[
            str | None,
            typer.Argument(metavar="NAME", help="An experiment, or a policy's id; default: the newest policy."),
        ] = None,
        exposures: Annotated[
            Path | None, typer.Option("--exposures", metavar="FILE", help="Who saw an ad: customer_id, at, arm.")
        ] = None,
        outcomes: Annotated[
            Path | None, typer.Option("--outcomes", metavar="FILE", help="What customers did: customer_id, at, value.")
        ] = None,
        *,
        reading: Reading,
    ) -> None:
        """Import what came back from a delivery or an experiment. The next policy of faces learns from it.

        Of a delivery only customers count whose face was drawn at random (faces.explore) and whose days are over.

        Example: `kindred learn --exposures seen.csv --outcomes sales.csv`
        """
        from engine.usecases import learning

        space = shell.workspace()
        files = {"exposures": exposures, "outcomes": outcomes}
        done = learning.learn(
            space, name, {target: path for target, path in files.items() if path is not None},
            **reading.given(space),
        )  # fmt: skip
        found = vars(done) | {"imported": {target: vars(part) for target, part in done.imported.items()}}
        if shell.output is Output.table:  # the lines below say what became of the files
            del found["imported"]
        shell.emit(found)
        for target, part in done.imported.items():
            shell.say(f"{target}: {part.rows_kept:,} of {part.rows_in:,} rows kept")
        shell.say(
            f"{done.customers:,} customers of {done.round} count, {done.accepted:,} of them acted: added to the table "
            f"treatments (`kindred imports undo {done.source}` takes that back)."
        )
        shell.say("Next: `kindred faces policy train`, which learns from it too.")

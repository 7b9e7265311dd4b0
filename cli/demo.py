"""`kindred demo` and `kindred synth`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cli.command import Shell, command

_SEED = Annotated[int, typer.Option("--seed", min=0, help="The same seed draws the same town.")]


def register(app: typer.Typer) -> None:
    """Add these commands to `app`."""

    @command(app, computes=True)
    def demo(
        shell: Shell,
        out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for everything it makes.")] = Path(
            "demo"
        ),
        customers: Annotated[int, typer.Option("--customers", min=50, help="People in the town.")] = 1500,
        seed: _SEED = 7,
        quick: Annotated[bool, typer.Option("--quick", help="A small town, under 40 seconds.")] = False,
    ) -> None:
        """The whole job on an invented town: logs, graph, influencers, offers, faces, ads; then what it recovered.

        Example: `kindred demo --out demo --quick`
        """
        from engine import demo as job

        result = job.run(out, customers=customers, seed=seed, quick=quick, progress=shell.progress)
        shell.emit(asdict(result))

    @command(app)
    def synth(
        shell: Shell,
        folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")],
        customers: Annotated[int, typer.Option("--customers", min=50, help="People in the town.")] = 1500,
        seed: _SEED = 7,
        photos: Annotated[int | None, typer.Option("--photos", min=0, help="Customers with a portrait.")] = None,
    ) -> None:
        """Invent a town: call logs, customers, campaign, consents, drawn portraits, and the truth in a folder apart.

        Example: `kindred synth town --customers 5000 --seed 3`
        """
        from engine.synth import town

        shell.emit(asdict(town.write(folder, customers=customers, seed=seed, photos=photos, progress=shell.progress)))

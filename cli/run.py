"""`kindred run`."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.command import Shell, command


def register(app: typer.Typer) -> None:
    """Add these commands to `app`."""

    @command(app, computes=True)
    def run(
        shell: Shell,
        until: Annotated[
            str | None,
            typer.Option("--until", metavar="STAGE", help="edges, influencers, handsets, choices, matches or ads."),
        ] = None,
        force: Annotated[bool, typer.Option("--force", help="Run fresh stages too.")] = False,
        dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would run, and why.")] = False,
    ) -> None:
        """Run every stage that is stale. Its inputs, settings or code changed; a killed run goes on where it stopped.

        Example: `kindred run --until influencers`
        """
        from engine import runner
        from engine.sources import health
        from engine.usecases import imports

        space = shell.workspace()
        if dry_run:
            shell.emit(runner.planned(space, until=until, force=force))
            return
        results = runner.run(space, until=until, force=force, progress=shell.progress)
        shell.emit(
            [{"stage": r.stage, "status": r.status, "rows": r.rows, "seconds": r.seconds} for r in results],
            ["stage", "status", "rows", "seconds"],
        )
        for result in results:
            for note in result.notes:
                shell.say(f"{result.stage}: {note}")
        with space.warehouse(read_only=True) as store:
            for line in health.warnings(store, space.config):
                shell.say(f"warn: {line}")
        if told := imports.other_names(space):
            shell.say(told)
        shell.say_next(space)

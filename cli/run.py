"""`kindred run` and `kindred diff`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.command import Shell, command

if TYPE_CHECKING:
    from engine.usecases.changes import Changes

_RUN = Annotated[
    int | None, typer.Argument(metavar="[RUN]", min=1, help="A run's number, as `run` and `diff` print it.")
]
_NAME = r"^([0-9a-f]{12})[0-9a-f]{20}$"  # a pseudonym and its beginning, which every command takes
FIRST = 5  # rows of each kind that a table shows


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
        """Run every stage whose inputs, settings or code changed. A run that was stopped goes on where it was.

        Example: `kindred run --until influencers`
        """
        from engine import runner
        from engine.sources import health
        from engine.usecases import changes, imports

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
            if any(result.status == "done" for result in results) and (found := changes.last(space)):
                shell.say(f"{found.line} Details: `kindred diff`.")
            shell.say_next(space)

    @command(app)
    def diff(
        shell: Shell,
        before: _RUN = None,
        after: _RUN = None,
        kind: Annotated[
            list[str] | None,
            typer.Option("--kind", help="Only rows of influencer, offer, face or ad; may be repeated."),
        ] = None,
    ) -> None:
        """Whose influencer, offer, face or ad differs between two runs. And what changed it.

        Default: the last run and the one before; with one RUN: that one and the last. The last run.keep complete runs
        are kept. A table shows the first rows of each kind; -o csv and -o json have all of them.

        Example: `kindred diff --kind offer -o csv > offers.csv`
        """
        import polars as pl

        from engine.usecases import changes

        shown = shell.output == "table"
        found = changes.diff(shell.workspace(), before, after, kinds=kind or (), most=FIRST if shown else None)
        if not shown:
            shell.emit(_as_object(found) if shell.output == "json" else found.rows)
            return
        times = (f"run {run.number} ({run.finished_at:%Y-%m-%d %H:%M})" for run in (found.before, found.after))
        shell.say(f"From {' to '.join(times)}. new = had none before; lost = has none now; other = has another one.")
        shell.emit(found.counts)
        if found.causes:
            print()
            shell.emit([{"cause": c.what, "of changes in": ", ".join(c.kinds)} for c in found.causes])
        if found.rows.height:
            print()
            shell.emit(found.rows.select(pl.all().str.replace(_NAME, "$1")))
        shell.say(
            f"{found.people['both']:,} customers are in both runs; {found.people['new']:,} are new and "
            f"{found.people['gone']:,} are gone."
        )
        changed = dict(found.counts.select("kind", "changed").iter_rows())
        if found.rows.height < sum(changed[name] for name in kind or changed):
            shell.say(f"The first {FIRST} rows of each kind. All: `kindred diff -o csv`.")


def _as_object(found: Changes) -> dict[str, Any]:
    """What `diff` found, as JSON has it."""
    runs = {name: {"number": run.number, "finished_at": run.finished_at} for name, run in
            (("before", found.before), ("after", found.after))}  # fmt: skip
    causes = [asdict(cause) for cause in found.causes]
    return {**runs, "counts": found.counts.to_dicts(), "people": found.people, "causes": causes,
            "rows": found.rows.to_dicts()}  # fmt: skip

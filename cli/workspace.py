"""`kindred init`, `status`, `next`, `doctor`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.command import KNOWN_ERROR, Shell, command
from engine.clock import AUTO

_UNDECIDED = ", unless call records that tell a time zone are imported, or logs.time_zone is set in kindred.toml"


def register(app: typer.Typer) -> None:
    """Add these commands to `app`."""

    @command(app)
    def init(
        shell: Shell,
        folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")],
        require_consents: Annotated[
            bool, typer.Option("--require-consents", help="No offer without consent, from the start.")
        ] = False,
    ) -> None:
        """Make a workspace, and a pseudonym key outside it.

        Example: `kindred init spring-campaign`
        """
        from engine import workspace
        from engine.trust import keys

        made = workspace.create(folder, preset={"people__offers_need_consent": "yes"} if require_consents else None)
        settings = str(folder / workspace.CONFIG)
        shell.emit({"workspace": str(folder), "settings": settings, "key_id": made.config.ids.key_id})
        shell.say(f"The pseudonym key lies in {keys.folder()}; keep a copy, never inside the workspace.")
        shell.say(
            f"Next: where numbers come without a country code, set ids.region in {settings}; "
            f"then `kindred import logs FILE -w {folder}`."
        )

    @command(app, recorded=False)
    def status(shell: Shell) -> None:
        """What is in the workspace, and which stages are up to date. Rows of each table; state of each stage.

        Example: `kindred status -o json`
        """
        from engine import runner, tables
        from engine.sources import health

        space = shell.workspace()
        with space.warehouse(read_only=True) as store:
            stages = runner.status(store, space.config)
            warnings = health.warnings(store, space.config)
            zone = store.clock.zone
            counts = {name: rows for name, rows in store.counts().items() if name not in tables.BOOKKEEPING}
        if shell.output == "json":
            found = {"workspace": str(space.path), "time_zone": zone, "stages": stages, "tables": counts}
            shell.emit({**found, "warnings": warnings})
            return
        full = [{"table": name, "rows": rows} for name, rows in counts.items() if rows]
        if full or shell.output != "table":
            shell.emit(full, ["table", "rows"])
        if not full:
            shell.say(
                "Nothing is imported yet. First call records, then who the customers are: `kindred import logs FILE`, "
                "`kindred import customers FILE`; then `kindred run`."
            )
        if shell.output == "table":
            if full:
                print()
            shell.emit([{"stage": s["stage"], "state": s["state"], "last run (UTC)": s["finished_at"]} for s in stages])
        if full:
            shell.say(f"Days begin at midnight in {zone}{_UNDECIDED if space.config.logs.time_zone == AUTO else ''}.")
        for line in warnings:
            shell.say(f"warn: {line}")
        if warnings:
            shell.say("All checks of the data: `kindred report data --to data.html`.")

    @command(app, recorded=False)
    def next(shell: Shell) -> None:
        """What to do next. What a campaign still lacks, what is out of date, what to do with the results.

        Example: `kindred next`
        """
        from engine.usecases import next_steps

        steps = next_steps.steps(shell.workspace())
        shell.emit([{"command": step.command, "why": step.why} for step in steps], ["command", "why"])

    @command(app)
    def doctor(shell: Shell) -> int:
        """Check installation, face weights, disk, key and workspace.

        Example: `kindred doctor -w spring-campaign`
        """
        from engine.usecases import doctor as checks

        found = checks.examine(shell.path)
        shell.emit(found, ["check", "ok", "found", "remedy"])
        return 0 if all(line["ok"] for line in found) else KNOWN_ERROR

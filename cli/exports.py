"""`kindred export`."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any

import typer

from cli.command import DONE, KNOWN_ERROR, WRONG_USAGE, Shell, command
from cli.output import Output

_SHARD = re.compile(r"-\d{5,}\.")


def register(app: typer.Typer) -> None:
    """Add these commands to `app`."""

    @command(app, computes=True)
    def export(
        shell: Shell,
        what: Annotated[
            str | None,
            typer.Argument(metavar="TABLE|ads|delivery|analysis|graph|all", help="A table's name, or a group."),
        ] = None,
        to: Annotated[
            str | None, typer.Option("--to", metavar="DIR", help="Folder or fsspec URL; whole or not at all.")
        ] = None,
        format_: Annotated[
            str, typer.Option("--format", metavar="NAME", help="parquet, csv, jsonl or arrow; graph: graphml, gexf.")
        ] = "parquet",
        as_of: Annotated[
            datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="Day of sending (delivery).")
        ] = None,
        since: Annotated[str | None, typer.Option("--since", metavar="RUN", help="Only what changed after it.")] = None,
        shard_rows: Annotated[int, typer.Option("--shard-rows", min=0, help="Rows a file at most; 0 = one file.")] = 0,
        compress: Annotated[bool, typer.Option("--compress", help="Gzip csv and jsonl.")] = False,
        raw: Annotated[
            bool, typer.Option("--raw", help="csv: also leave cells as they are that a spreadsheet would run.")
        ] = False,
        dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be written.")] = False,
        verify: Annotated[
            str | None, typer.Option("--verify", metavar="DIR", help="Hash an earlier export again instead.")
        ] = None,
    ) -> int:
        """Write tables or ads to a folder, whole or not at all.

        Prints a line per kind of file; each file with its hash: `-o json`, and manifest.json in the folder.

        Example: `kindred export influencers --to out/influencers --format csv`
        """
        from engine import export as exports

        if verify is not None:
            found = exports.verify(verify)
            shell.emit(found.files, ["path", "bytes", "status"])
            for entry in found.problems:
                shell.complain(f"{verify}: {entry['path']} is {entry['status']}")
            return KNOWN_ERROR if found.problems else DONE
        if what is None or to is None:
            shell.complain("say what to export and where: `kindred export TABLE --to DIR`")
            return WRONG_USAGE
        done = exports.export(
            shell.workspace(),
            what,
            to,
            format_,
            as_of=as_of.date() if as_of else None,
            since=since,
            shard_rows=shard_rows,
            compress=compress,
            raw=raw,
            dry_run=dry_run,
            progress=shell.progress,
        )
        as_table = shell.output is Output.table and not dry_run
        shell.emit(_kinds(done.files) if as_table else done.files)
        shell.say(f"Would export to {done.path}" if dry_run else f"Exported to {done.path}")
        if done.withdrawn:
            ads = "1 ad" if done.withdrawn == 1 else f"{done.withdrawn:,} ads"
            shell.say(f"{ads} handed out earlier may no longer be shown: withdraw.jsonl names them.")
        if any(entry.get("table") == "delivery" and not entry.get("rows") for entry in done.files):
            shell.say("No ad is to be sent: `kindred run` says why, `kindred explain CUSTOMER` of one customer.")
        if what in ("ads", "delivery", "analysis", "all") and not shell.quiet:
            _say_stale(shell)
        return DONE


def _kinds(files: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One line per kind of file: those of a folder, the shards of a table, or a file by itself."""
    found: dict[str, dict[str, Any]] = {}
    for entry in files:
        folder, _, name = entry["path"].rpartition("/")
        kind = f"{folder}/" if folder else _SHARD.sub("-*.", name)
        line = found.setdefault(kind, {"what": kind, "files": 0, "rows": None, "bytes": 0})
        line["files"] += 1
        line["bytes"] += entry["bytes"]
        if entry.get("rows") is not None:
            line["rows"] = (line["rows"] or 0) + entry["rows"]
    return list(found.values())


def _say_stale(shell: Shell) -> None:
    """What was computed before the last import, change of a setting or day went out as it was: say so."""
    from engine import runner

    space = shell.workspace()
    with space.warehouse(read_only=True) as store:
        stale = [line["stage"] for line in runner.status(store, space.config) if line["state"] == "stale"]
    if stale:
        shell.say(f"Stale since the last run: {', '.join(map(str, stale))}. `kindred run`, then export again.")

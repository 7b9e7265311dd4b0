"""`kindred export` and `kindred ids`."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.command import DONE, KNOWN_ERROR, WRONG_USAGE, Shell, command
from cli.inputs import ENCODING, SHEET
from cli.output import Output

if TYPE_CHECKING:
    from engine.export import ExportResult

_SHARD = re.compile(r"-\d{5,}\.")
_OPEN = ("gallery.html", "withdraw.jsonl")  # what a person looks at first, beside the table
ID_COLUMNS = Annotated[
    list[str] | None,
    typer.Option(
        "--id-column", metavar="NAME", help="Column with ids; repeatable: of each row the first id that is known."
    ),
]
# Why customers get nothing; follows "Left out: 12 customers".
_LEFT_OUT = {
    "holdout": "who are never sent anything (sending.holdout)",
    "not_in_list": "who are not in the list",
    "max_ads": "who were sent as many ads as sending.max_ads allows",
    "quiet_days": "who were sent an ad less than sending.quiet_days ago",
    "unchanged": "whose ad is the same as in the last delivery",
    "no_longer": "whose ad in that delivery may no longer be shown or was replaced",
    "no_number": "without a phone number that has its country code",
    "no_address": "without an e-mail address",
    "unreachable": "without phone number and e-mail address",
}


def register(app: typer.Typer) -> None:
    """Add these commands to `app`."""

    @command(app, computes=True)
    def export(
        shell: Shell,
        what: Annotated[
            str | None,
            typer.Argument(
                metavar="TABLE|ads|delivery|audience|analysis|graph|all", help="A table's name, or a group."
            ),
        ] = None,
        to: Annotated[
            str | None,
            typer.Option("--to", metavar="PLACE", help="Folder, URL (fsspec), delta:DIR or postgresql://HOST/NAME."),
        ] = None,
        format_: Annotated[
            str,
            typer.Option("--format", metavar="NAME", help="parquet, csv, jsonl, arrow, xlsx; graph: graphml, gexf."),
        ] = "parquet",
        as_of: Annotated[
            datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="Day of sending (delivery, audience).")
        ] = None,
        ids: Annotated[
            Path | None,
            typer.Option(
                "--ids", metavar="FILE", help="Your own list of customers; a delivery has its columns beside ours."
            ),
        ] = None,
        id_column: ID_COLUMNS = None,
        sheet: SHEET = None,
        encoding: ENCODING = None,
        since_last: Annotated[
            bool,
            typer.Option("--since-last", help="Number this delivery: only ads new or changed since the last such."),
        ] = False,
        again: Annotated[int, typer.Option("--again", min=0, metavar="N", help="Write delivery N again.")] = 0,
        offer: Annotated[
            str | None, typer.Option("--offer", metavar="ID", help="Only customers who get this offer.")
        ] = None,
        phone_column: Annotated[
            list[str] | None,
            typer.Option(
                "--phone-column",
                metavar="NAME",
                help="Audience: column of phone numbers; default: ids that begin with + or 00.",
            ),
        ] = None,
        email_column: Annotated[
            list[str] | None,
            typer.Option("--email-column", metavar="NAME", help="Audience: column of addresses; repeatable."),
        ] = None,
        rename: Annotated[
            list[str] | None,
            typer.Option("--rename", metavar="COLUMN=NAME", help="Call a column NAME in the file; repeatable."),
        ] = None,
        base_url: Annotated[
            str, typer.Option("--base-url", metavar="URL", help="Where the creatives will lie: put before their names.")
        ] = "",
        since: Annotated[
            str | None, typer.Option("--since", metavar="RUN", help="Only rows changed after run RUN.")
        ] = None,
        shard_rows: Annotated[int, typer.Option("--shard-rows", min=0, help="Most rows per file; 0 = one file.")] = 0,
        compress: Annotated[bool, typer.Option("--compress", help="Gzip csv and jsonl.")] = False,
        raw: Annotated[
            bool, typer.Option("--raw", help="csv: do not defuse cells that a spreadsheet would run as formulas.")
        ] = False,
        bom: Annotated[
            bool, typer.Option("--bom", help="csv: begin with the byte order mark by which Excel recognises UTF-8.")
        ] = False,
        delimiter: Annotated[
            str, typer.Option("--delimiter", metavar="SIGN", help="csv: sign between cells, \\t for tab.")
        ] = ",",
        decimal: Annotated[str, typer.Option("--decimal", metavar="SIGN", help="csv: decimal sign, . or ,")] = ".",
        dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be written.")] = False,
        verify: Annotated[
            str | None,
            typer.Option(
                "--verify", metavar="DIR", help="Instead: check the files of an earlier export by their hashes."
            ),
        ] = None,
    ) -> int:
        """Write tables, ads or a delivery to a folder, whole or not at all.

        Prints a line per kind of file, then which to open. `-o json`, and manifest.json in the folder, list every file
        with its hash. A database gets tables only; each replaces the one that Kindred wrote before.

        Example: `kindred export delivery --ids crm.csv --id-column account --to out/delivery --format csv`
        """
        from engine import export as exports
        from engine.export import databases
        from engine.export.form import renaming

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
            since=since,
            dry_run=dry_run,
            progress=shell.progress,
            as_of=as_of.date() if as_of else None,
            ids=ids,
            id_columns=tuple(id_column or ()),
            sheet=sheet,
            encoding=encoding,
            since_last=since_last,
            again=again,
            offer=offer,
            phone_columns=tuple(phone_column or ()),
            email_columns=tuple(email_column or ()),
            shard_rows=shard_rows,
            compress=compress,
            raw=raw,
            bom=bom,
            delimiter="\t" if delimiter == "\\t" else delimiter,
            decimal=decimal,
            rename=renaming(rename or ()),
            base_url=base_url,
        )
        as_table = shell.output is Output.table and not dry_run
        shell.emit(_kinds(done.files) if as_table else done.files)
        shell.say(f"Would export to {done.path}" if dry_run else f"Exported to {done.path}")
        _say_sent(shell, done, since_last=since_last)
        if done.withdrawn:
            ads = "1 ad" if done.withdrawn == 1 else f"{done.withdrawn:,} ads"
            shell.say(f"{ads} handed out earlier may no longer be shown: withdraw.jsonl names them.")
        if not since_last and any(e.get("table") == "delivery" and not e.get("rows") for e in done.files):
            shell.say("No ad is to be sent: `kindred run` says why, `kindred explain CUSTOMER` of one customer.")
        if what in ("ads", "delivery", "audience", "analysis", "all") and not shell.quiet:
            _say_stale(shell)
        if databases.is_database(to):
            if what in ("ads", "delivery", "all"):
                shell.say("Pages and creatives stay out of a database: `kindred export ads --to DIR` gives them.")
        elif not dry_run:
            for path in _to_open(done, what):
                shell.say(f"Open {path}")
        return DONE

    @command(app, computes=True)
    def ids(
        shell: Shell,
        file: Annotated[Path, typer.Argument(metavar="FILE", help="Your own table, in any format that imports read.")],
        to: Annotated[
            Path,
            typer.Option("-O", "--to", metavar="FILE", help="File to write: .csv, .parquet, .jsonl, .arrow or .xlsx."),
        ],
        id_column: ID_COLUMNS = None,
        sheet: SHEET = None,
        encoding: ENCODING = None,
    ) -> None:
        """Replace the ids in your own table by pseudonyms. To join it with what Kindred exports.

        All other columns stay as they are: they may tell whose pseudonym it is.

        Example: `kindred ids crm.csv --id-column account -O named.csv`
        """
        from engine.usecases import ids as naming

        naming.check_file(to)
        named, counts = naming.pseudonyms(
            shell.workspace(), file, tuple(id_column or ()), sheet=sheet, encoding=encoding
        )
        naming.write(named, to)
        shell.emit({"file": str(to), **counts})
        shell.say("The file links pseudonyms to your data: keep it as safe as the key.")


def _say_sent(shell: Shell, done: ExportResult, *, since_last: bool) -> None:
    """Say how many rows a delivery has, who was left out and why, and the delivery's number."""
    if done.ids:
        by = ", ".join(f"{n:,} {name}" for name, n in done.ids.items() if name.startswith("by "))
        shell.say(
            f"The list has {done.ids['rows']:,} rows: {by}, {done.ids['unmatched']:,} of people unknown here; "
            f"{done.ids['repeated']:,} repeat another row. {done.ids['nothing_to_send']:,} people get nothing."
        )
    for why, number in done.left_out.items():
        shell.say(f"Left out: {number:,} customers {_LEFT_OUT[why]}.")
    if done.number:
        shell.say(f"Delivery {done.number}: `--again {done.number}` gives it once more.")
    elif since_last:
        shell.say("Nothing is new since the last numbered delivery: this one is empty and has no number.")
    if done.unfinished:
        shell.say(f"Delivery {done.unfinished} may not have left: `--again {done.unfinished}` gives it.")


def _to_open(done: ExportResult, what: str) -> list[str]:
    """The files that a person opens: the table that was asked for, its gallery, what is called back."""
    found = []
    for entry in done.files:
        name = entry["path"]
        if (name in _OPEN or name.split(".")[0] in (what, f"{what}-00000")) and (entry.get("rows") or name == _OPEN[0]):
            found.append(f"{str(done.path).rstrip('/')}/{name}")
    return found


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
    """Say which stages were out of date when their results were exported."""
    from engine import runner

    space = shell.workspace()
    with space.warehouse(read_only=True) as store:
        stale = [line["stage"] for line in runner.status(store, space.config) if line["state"] == "stale"]
    if stale:
        shell.say(f"Stale since the last run: {', '.join(map(str, stale))}. `kindred run`, then export again.")

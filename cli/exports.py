"""`kindred export` and `kindred ids`."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.command import DONE, ENCODING, KNOWN_ERROR, SHEET, WRONG_USAGE, Shell, command
from cli.output import Output

if TYPE_CHECKING:
    from engine.export import ExportResult

_SHARD = re.compile(r"-\d{5,}\.")
_OPEN = ("gallery.html", "withdraw.jsonl")  # beside the table, what a person looks at first
ID_COLUMNS = Annotated[
    list[str] | None,
    typer.Option("--id-column", metavar="NAME", help="Of the list, with ids; repeatable: the first that is known."),
]
# Why somebody gets nothing, in words.
_LEFT_OUT = {
    "holdout": "held out for good (sending.holdout)",
    "not_in_list": "not in the list",
    "max_ads": "who were sent enough lately (sending.max_ads)",
    "quiet_days": "who were sent something too lately (sending.quiet_days)",
    "unchanged": "as the last delivery had them",
    "no_longer": "who may no longer be shown what they were noted for, or get something else by now",
    "no_number": "without a number with its country",
    "no_address": "without an e-mail address",
    "unreachable": "with neither",
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
            typer.Option("--to", metavar="PLACE", help="Folder, fsspec URL, delta:DIR or postgresql://HOST/NAME."),
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
            typer.Option("--ids", metavar="FILE", help="Your own list: its columns beside each row of a delivery."),
        ] = None,
        id_column: ID_COLUMNS = None,
        sheet: SHEET = None,
        encoding: ENCODING = None,
        since_last: Annotated[
            bool, typer.Option("--since-last", help="A numbered delivery: new or changed since the last of them.")
        ] = False,
        again: Annotated[int, typer.Option("--again", min=0, metavar="N", help="Delivery N once more.")] = 0,
        offer: Annotated[str | None, typer.Option("--offer", metavar="ID", help="Only who gets it.")] = None,
        phone_column: Annotated[
            list[str] | None,
            typer.Option("--phone-column", metavar="NAME", help="Audience; default: ids that begin with + or 00."),
        ] = None,
        email_column: Annotated[
            list[str] | None, typer.Option("--email-column", metavar="NAME", help="Audience; repeatable.")
        ] = None,
        rename: Annotated[
            list[str] | None, typer.Option("--rename", metavar="COLUMN=NAME", help="In the file; repeatable.")
        ] = None,
        base_url: Annotated[
            str, typer.Option("--base-url", metavar="URL", help="Before the creatives' names; default: paths.")
        ] = "",
        since: Annotated[str | None, typer.Option("--since", metavar="RUN", help="Only what changed after it.")] = None,
        shard_rows: Annotated[int, typer.Option("--shard-rows", min=0, help="Rows a file at most; 0 = one file.")] = 0,
        compress: Annotated[bool, typer.Option("--compress", help="Gzip csv and jsonl.")] = False,
        raw: Annotated[
            bool, typer.Option("--raw", help="csv: also leave cells as they are that a spreadsheet would run.")
        ] = False,
        bom: Annotated[bool, typer.Option("--bom", help="csv: begin with the mark that Excel knows UTF-8 by.")] = False,
        delimiter: Annotated[str, typer.Option("--delimiter", metavar="SIGN", help="csv: between cells.")] = ",",
        decimal: Annotated[str, typer.Option("--decimal", metavar="SIGN", help="csv: of numbers, . or ,")] = ".",
        dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be written.")] = False,
        verify: Annotated[
            str | None, typer.Option("--verify", metavar="DIR", help="Hash an earlier export again instead.")
        ] = None,
    ) -> int:
        """Write tables, ads or a delivery to a folder, whole or not at all.

        Prints a line per kind of file, then which to open; each file with its hash: `-o json`, and manifest.json in the
        folder. A database takes the tables alone, each in the place of the one that Kindred wrote before.

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
        file: Annotated[Path, typer.Argument(metavar="FILE", help="Your own table, in any form that imports take.")],
        to: Annotated[
            Path, typer.Option("-O", "--to", metavar="FILE", help="To write: .csv, .parquet, .jsonl, .arrow or .xlsx.")
        ],
        id_column: ID_COLUMNS = None,
        sheet: SHEET = None,
        encoding: ENCODING = None,
    ) -> None:
        """Your own table with pseudonyms in place of the ids, to join with what Kindred exports.

        All other columns stay as they are: whoever has the file knows what they tell of a pseudonym.

        Example: `kindred ids crm.csv --id-column account -O named.csv`
        """
        from engine.usecases import ids as naming

        naming.check_file(to)
        named, counts = naming.pseudonyms(
            shell.workspace(), file, tuple(id_column or ()), sheet=sheet, encoding=encoding
        )
        naming.write(named, to)
        shell.emit({"file": str(to), **counts})
        shell.say("Keep it as you keep the key.")


def _say_sent(shell: Shell, done: ExportResult, *, since_last: bool) -> None:
    """Whose rows went, whose did not and why, and which number a delivery has."""
    if done.ids:
        by = ", ".join(f"{n:,} {name}" for name, n in done.ids.items() if name.startswith("by "))
        shell.say(
            f"Of {done.ids['rows']:,} rows of the list {by}, {done.ids['unmatched']:,} of nobody known here, "
            f"{done.ids['repeated']:,} say the same again; {done.ids['nothing_to_send']:,} people get nothing."
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
    """What was computed before the last import, change of a setting or day went out as it was: say so."""
    from engine import runner

    space = shell.workspace()
    with space.warehouse(read_only=True) as store:
        stale = [line["stage"] for line in runner.status(store, space.config) if line["state"] == "stale"]
    if stale:
        shell.say(f"Stale since the last run: {', '.join(map(str, stale))}. `kindred run`, then export again.")

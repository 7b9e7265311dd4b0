"""`kindred erase`, `purge`, `keys`, `audit`, `backups`, `restore`, `encrypt`."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.command import KNOWN_ERROR, Shell, command
from cli.output import Output

if TYPE_CHECKING:
    from engine.trust.audit import Verdict
    from engine.usecases.erase import Receipt

_DRY_RUN = Annotated[bool, typer.Option("--dry-run", help="Only count the rows per table; nothing is changed.")]

LAST_LINES = 20
_SHOWN = ("seq", "at", "user", "command", "event", "rows", "details")


class Encryption(StrEnum):
    """Forms of the database file."""

    on = "on"
    weak = "weak"
    off = "off"


def register(app: typer.Typer) -> None:
    """Add these commands to `app`."""
    _forgetting(app)
    _keys(app)
    _audit(app)
    _storage(app)


def _forgetting(app: typer.Typer) -> None:
    @command(app)
    def erase(
        shell: Shell,
        customers: Annotated[
            list[str] | None, typer.Argument(metavar="CUSTOMER...", help="Ids as imported, or as shown here.")
        ] = None,
        from_: Annotated[
            Path | None, typer.Option("--from", metavar="FILE", help="One id a line; - = standard input.")
        ] = None,
        opt_out: Annotated[
            bool,
            typer.Option("--opt-out", help="Also opt them out, so that no later import brings them back."),
        ] = False,
        dry_run: _DRY_RUN = False,
    ) -> None:
        """Delete people. Rows, calls, embeddings, photos, creatives, exports and backups; writes a receipt.

        Ids on the command line end up in the shell's history: --from keeps them out of it.

        Example: `kindred erase --from ids.txt --opt-out`
        """
        from engine.usecases import erase

        ids = [*(customers or []), *(_lines(from_) if from_ else [])]
        done = erase.erase(shell.workspace(), ids, opt_out=opt_out, dry_run=dry_run)
        _emit(shell, done)
        if done.unknown:
            known = "1 id names" if done.unknown == 1 else f"{done.unknown:,} ids name"
            shell.say(
                f"{known} nobody in this workspace: erased before, never imported, or written differently "
                "than in the imported files (is ids.region set?)."
            )
        if dry_run:
            return
        if not opt_out:
            shell.say("Without --opt-out a later import brings them back.")
        shell.say(
            "Exports outside the workspace are as they were: export to the same folders again, and call back what "
            "withdraw.jsonl then lists."
        )

    @command(app)
    def purge(
        shell: Shell,
        before: Annotated[
            datetime, typer.Option("--before", formats=["%Y-%m-%d"], metavar="DATE", help="First day kept.")
        ],
        keep_daily: Annotated[
            bool, typer.Option("--keep-daily", help="Keep the sums per pair and day, without time, place and handset.")
        ] = False,
        everything: Annotated[
            bool, typer.Option("--all", help="Even if nothing would be left, or the day is in the future.")
        ] = False,
        dry_run: _DRY_RUN = False,
    ) -> None:
        """Delete call records, past treatments and acts before a day. Also people of whom nothing is left.

        Example: `kindred purge --before 2025-06-01 --keep-daily`
        """
        from engine.usecases import erase

        done = erase.purge(
            shell.workspace(), before.date(), keep_daily=keep_daily, everything=everything, dry_run=dry_run
        )
        _emit(shell, done)


def _emit(shell: Shell, done: Receipt) -> None:
    """Print the receipt, or with --dry-run what it would count."""
    shown = asdict(done)
    if done.path is None:
        shown = {name: shown[name] for name in ("what", "subjects", "unknown", "rows")}
        shell.say("Only counted: nothing is changed.")
    shell.emit(shown)


def _lines(path: Path) -> list[str]:
    from engine.errors import InputError

    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError("is not UTF-8 text.", file=path, fix="Give one id a line.") from error
    return text.splitlines()


def _keys(app: typer.Typer) -> None:
    group = typer.Typer(help="Pseudonym keys, kept outside every workspace.", no_args_is_help=True)
    app.add_typer(group, name="keys")

    @command(group)
    def new(shell: Shell) -> None:
        """Make a pseudonym key and print its id.

        Example: `kindred keys new -o json`
        """
        from engine.trust import keys

        shell.emit({"key_id": keys.new(), "folder": str(keys.folder())})

    @command(group, "list")
    def list_(shell: Shell) -> None:
        """List the keys in the key folder, with what is wrong with them. Never the keys themselves.

        Example: `kindred keys list`
        """
        from engine.trust import keys

        rows = [
            {"key_id": k.key_id, "made_at": k.made_at, "file": str(k.path), "problem": k.problem} for k in keys.listed()
        ]
        shell.emit(rows, ["key_id", "made_at", "file", "problem"])


def _audit(app: typer.Typer) -> None:
    group = typer.Typer(help="Who did what to a workspace, and when.", no_args_is_help=True)
    app.add_typer(group, name="audit")

    @command(group, recorded=False)
    def show(
        shell: Shell, all_: Annotated[bool, typer.Option("--all", help="Every line, not the last 20 only.")] = False
    ) -> None:
        """Who did what, and when (UTC): the last 20 lines of the log, the newest last.

        Rows per table: before > after, or how many were exported. `kindred audit verify` says whether the log is whole.

        Example: `kindred audit show --all -o json`
        """
        from engine.trust import audit

        lines = audit.lines(shell.workspace().path, None if all_ else LAST_LINES)
        if shell.output is not Output.json:
            lines = [
                {**line, "rows": _rows(line.get("tables")), "details": _numbers(line.get("details"))} for line in lines
            ]
        shell.emit(lines, None if shell.output is Output.json else list(_SHOWN))

    @command(group, recorded=False)
    def verify(
        shell: Shell,
        head: Annotated[
            str | None,
            typer.Option("--head", metavar="HASH", help="A head noted earlier, which must be in the log."),
        ] = None,
    ) -> int:
        """Find altered, missing or reordered lines. Prints the log's head (the last line's hash) to note elsewhere.

        Example: `kindred audit verify -w spring-campaign`
        """
        from engine.trust import audit

        verdict = audit.verify(shell.workspace().path, head=head)
        code = _said(shell, verdict)
        if not verdict.whole and head is None:
            shell.say("To keep it aside as evidence and begin a new log: `kindred audit seal --reason TEXT`.")
        return code

    @command(group, recorded=False)
    def seal(
        shell: Shell,
        reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="What happened; no ids of people.")],
    ) -> int:
        """Keep a broken log aside as evidence and begin a new one. Its first line says what was kept, and why.

        Example: `kindred audit seal --reason "the disk failed on 3 May"`
        """
        from engine.trust import audit

        return _said(shell, audit.seal(shell.workspace().path, reason))


def _rows(tables: Any) -> str:
    """A line's rows per table, in short: `ads 3 > 2`, one number where there was none before."""
    if not isinstance(tables, dict):
        return ""
    return ", ".join(
        f"{name} {' > '.join(f'{n}' for n in (rows if isinstance(rows, list) else [rows]))}"
        for name, rows in tables.items()
    )


def _numbers(details: Any) -> str:
    """Details of a line in short: `report all, mode public`."""
    return ", ".join(f"{name} {value}" for name, value in details.items()) if isinstance(details, dict) else ""


def _said(shell: Shell, verdict: Verdict) -> int:
    """Print what was found, and in words what had been broken and was sealed."""
    shell.emit({"whole": verdict.whole, **asdict(verdict)})
    for old in verdict.sealed:
        what = "; ".join(map(str, old["problems"] or ()))
        shell.say(f"Sealed {old['at']}: {old['file']}, {old['lines']} lines ({what}). Why: {old['reason']}")
    return 0 if verdict.whole else KNOWN_ERROR


def _storage(app: typer.Typer) -> None:
    @command(app, recorded=False)
    def backups(shell: Shell) -> None:
        """List the copies of the database. Of the last finished run, and from before each migration.

        Example: `kindred backups`
        """
        from engine.trust.backups import listed

        rows = [{"name": b.name, "taken_at": b.taken_at, "bytes": b.size} for b in listed(shell.workspace().database)]
        shell.emit(rows, ["name", "taken_at", "bytes"])

    @command(app)
    def restore(
        shell: Shell,
        name: Annotated[str, typer.Argument(metavar="NAME", help="As `kindred backups` lists it.")] = "last-run",
    ) -> None:
        """Bring back the database of the last finished run. What it replaces is kept as the backup `replaced`.

        `kindred restore replaced` takes that back; the database it replaces itself is not kept.

        Example: `kindred restore`
        """
        space = shell.workspace()
        replaced = space.restore(name)
        shell.emit({"restored": name, "replaced": None if replaced is None else str(replaced)})
        if replaced is None:
            shell.say("The database that stood there is not kept.")
        else:
            shell.say("What it replaced: `kindred restore replaced` brings that back, and keeps nothing of this one.")
        shell.say("Opt-outs, erasures with --opt-out and withdrawn consents hold, those since the copy too.")
        shell.say("Next: `kindred status` says what is stale, `kindred run` computes it.")

    @command(app, computes=True)
    def encrypt(
        shell: Shell,
        mode: Annotated[Encryption, typer.Argument(help="on = DuckDB's OpenSSL, weak = its built-in mbedTLS, off.")],
    ) -> None:
        """Encrypt the database, or decrypt it. The key is derived from the workspace's; backups are deleted.

        Example: `kindred encrypt on`
        """
        space = shell.workspace().encrypt(mode.value)
        shell.emit({"workspace": str(space.path), "encryption": space.config.storage.encryption})

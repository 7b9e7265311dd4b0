"""`kindred import …`: files into the workspace."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.command import ROWS_REJECTED, GroupItself, Shell, command
from cli.inputs import Form, Import
from cli.mappings import register as register_mappings
from cli.output import Output

if TYPE_CHECKING:
    from engine.sources import SourceSummary
    from engine.sources.health import Check
    from engine.warehouse import Warehouse
    from engine.workspace import Workspace

_KEEP = Annotated[
    list[str] | None,
    typer.Option("--keep", metavar="COLUMN", help="Keep this column though it looks like names, numbers or addresses."),
]

_SHOWN = 20  # columns that messages list

TABLES = {
    "customers": "The customers. Columns: customer_id, age or birth_date, residence, gender; others become features.",
    "devices": "Handset types (TACs). Columns: tac, manufacturer, model, released; or --format osmocom.",
    "offers": "What can be offered. Columns: offer_id, manufacturer, headline, body, call_to_action, value, cost …",
    "treatments": "Past campaigns. Columns: customer_id, campaign_id, offer_id (empty = no offer), sent_at, accepted.",
    "acts": "What people did and when. Columns: customer_id, act, at; influence is learned from it.",
    "photos": "Customers' photos. A CSV customer_id,path or a folder of files named by customer.",
    "inventory": "The campaign's photos of models. A CSV photo_id,path,… or a folder.",
    "consents": "Who consented to what. Columns: customer_id, purpose, granted_at, expires_at, withdrawn_at.\n\n"
    "Purposes: own_face, likeness_for_contacts, traffic_data_marketing, offers.",
    "optouts": "Who opted out of everything. Columns: customer_id, since.",
}


def register(app: typer.Typer) -> None:
    """Add these commands to `app`."""
    look = typer.Typer(help="Look at call records before importing them.", no_args_is_help=True)
    app.add_typer(look, name="logs")
    group = typer.Typer(help="Import files; every row is kept or rejected with a reason.", no_args_is_help=True)
    app.add_typer(group, name="import")
    kept = typer.Typer(help="Mappings kept in the workspace, by name.", no_args_is_help=True)
    app.add_typer(kept, name="mapping")
    register_mappings(kept)
    for target, text in TABLES.items():
        _register_table(group, target, text)
    _taking_back(app)

    @command(group, computes=True)
    def logs(
        shell: Shell,
        given: Import,
        epoch: Annotated[
            datetime | None, typer.Option("--epoch", formats=["%Y-%m-%d"], help="Day on which relative seconds start.")
        ] = None,
        timezone: Annotated[
            str | None,
            typer.Option("--timezone", metavar="ZONE", help="Time zone of local times, e.g. Europe/Budapest."),
        ] = None,
    ) -> int:
        """Call records. CSV, XLSX, JSON, XML or Parquet, also compressed, files or folders; or from a database.

        Columns: caller, callee, started_at, duration_s, and more (docs/howto/crm.md); other names through --mapping.

        Example: `kindred import logs calls.csv sms.csv --format copenhagen --epoch 2014-02-24`
        """
        from engine.logs.importer import import_logs
        from engine.usecases import imports

        space = shell.workspace()
        how = given.given(space, shell.progress) | {"scratch": space.scratch}
        options: dict[str, Any] = {"epoch": epoch.date() if epoch else None, "timezone": timezone}
        options = {name: value for name, value in options.items() if value is not None}
        with imports.importing(space, "logs", given.preview) as (store, _), given.files(space) as files:
            done = import_logs(store, files, options=options, **how)
            checks = _checks(space, store, "logs")
        return _report(shell, space, done, checks, given)

    @command(look)
    def guess(
        shell: Shell,
        path: Annotated[Path, typer.Argument(metavar="FILE", help="A file of call records, or of another table.")],
        table: Annotated[
            str, typer.Option("--table", metavar="TABLE", help="What it holds: logs, customers, treatments ...")
        ] = "logs",
        *,
        form: Form,
    ) -> None:
        """Draft a mapping for a file. Read the file with it, and say what is still to be decided.

        Each line of the draft is marked sure or check. What is unclear is not drafted: it stands in `undecided`, and
        nothing can be imported with the draft until a person has decided it. Nothing is stored.

        Example: `kindred logs guess calls.txt > calls.toml`
        """
        from engine.usecases import drafting

        found = drafting.draft(path, table, sheet=form.sheet, encoding=form.encoding)
        print(found.text, end="")
        for text in found.undecided:
            shell.say(f"To decide: {text}")
        for text in found.checks:
            shell.say(f"Check: {text.removeprefix('# check: ')}")


def _taking_back(app: typer.Typer) -> None:
    group = typer.Typer()
    app.add_typer(group, name="imports")

    @command(GroupItself(group))  # type: ignore[arg-type]
    def imports(shell: Shell) -> None:
        """List the imports. File, time, mapping, numbers of rows; `kindred imports undo ID` takes one back.

        Example: `kindred imports -o json`
        """
        from engine.usecases import imports

        columns = ["id", "table", "file", "mapping", "imported_at", "rows_in", "rows_kept", "rows_duplicate",
                   "rows_rejected", "undo"]  # fmt: skip
        shell.emit(imports.listed(shell.workspace()), columns)

    @command(group, computes=True)
    def undo(
        shell: Shell,
        ids: Annotated[list[str], typer.Argument(metavar="ID...", help="As `kindred imports` lists them.")],
        dry_run: Annotated[
            bool, typer.Option("--dry-run", help="Only count the rows per table; nothing is changed.")
        ] = False,
    ) -> None:
        """Take imports back. As if the files had never come; opt-outs and withdrawn consents stay.

        Example: `kindred imports undo 3f2a90c1b7d4e650 --dry-run`
        """
        from engine.usecases import imports

        space = shell.workspace()
        asked = space.config.people.offers_need_consent
        done, as_data = imports.undo(space, ids, dry_run=dry_run), shell.output is Output.json
        shell.emit(
            {
                "undone": done.done,
                "ids": list(done.ids),
                "files": list(done.files),
                "rows": {table: rows if as_data else f"{rows[0]:,} > {rows[1]:,}" for table, rows in done.rows.items()},
            }
        )
        for text in done.stays:
            shell.say(text)
        if space.config.people.offers_need_consent != asked:
            shell.say("people.offers_need_consent is auto again: no file of consents is left.")
        shell.say(
            "The next `kindred run` computes the results anew." if done.done else "Only counted: nothing is changed."
        )


def _register_table(group: typer.Typer, target: str, text: str) -> None:
    def load(shell: Shell, given: Import, keep: _KEEP = None) -> int:
        from engine.intake.importer import import_table
        from engine.usecases import imports

        space = shell.workspace()
        how = given.given(space, shell.progress)
        with imports.importing(space, target, given.preview) as (store, faces), given.files(space) as files:
            done = [import_table(store, target, path, faces_folder=faces, keep=keep or (), **how) for path in files]
            checks = _checks(space, store, target)
        shell.say_called_back(space)
        return _report(shell, space, done, checks, given)

    load.__doc__ = (
        f"{text}\n\nExample: `kindred import {target} {'photos/' if target == 'photos' else target + '.csv'}`"
    )
    command(group, target)(load)


def _checks(space: Workspace, store: Warehouse, target: str) -> list[Check]:
    """The checks of a table's data, after the files were read."""
    from engine.sources import health

    return health.checks(health.Facts(store, space.config), space.config, {target})


def _report(shell: Shell, space: Workspace, done: list[SourceSummary], checks: list[Check], given: Import) -> int:
    from engine.usecases import imports

    listed = [{name: value for name, value in vars(check).items() if name != "tables"} for check in checks]
    shell.emit(
        [
            {
                "file": summary.path,
                "format": summary.format,
                "rows_in": summary.rows_in,
                "rows_kept": summary.rows_kept,
                "rows_duplicate": summary.rows_duplicate,
                "rows_rejected": summary.rows_rejected,
                "replaces": summary.replaces,
                "details": summary.details,
                **(
                    {"columns": summary.columns, "covers": summary.covers, "days": summary.days, "checks": listed}
                    if shell.output == "json"
                    else {}
                ),
            }
            for summary in done
        ]
    )
    for s in done:
        parts = f"{s.rows_kept} kept + {s.rows_duplicate} duplicate + {s.rows_rejected} rejected"
        parts += f" + {s.rows_left_out} left out by the mapping" if s.rows_left_out else ""
        shell.say(f"{s.path}: {s.rows_in} rows = {parts}{f' ({s.why})' if s.why else ''}")
        if s.replaces:
            shell.say(f"{s.path}: {s.replaces}")
        for line in _columns(s):
            shell.say(line)
        if strangers := s.details.get("no_customer"):
            shell.say(
                f"{s.path}: {strangers:,} of these people are not among the customers: not imported yet, opted out, "
                "contacts only, or with ids written differently than in the other files (is ids.region set?)."
            )
        _say_columns(shell, s)
    with space.warehouse(read_only=True):
        if names := imports.other_names(space):
            shell.say(names)
        for check in listed:
            if check["level"] != "ok":
                shell.say(f"{check['level']}: {check['found']}. {check['remedy']}".strip())
        if given.preview:
            shell.say("Preview: nothing was stored. The same command without --preview imports.")
        elif any(summary.rows_rejected for summary in done):
            shell.say("Rejected rows and their reasons: `kindred export rejects --to DIR --format csv`.")
        if not given.preview:
            shell.say_next(space)
    return ROWS_REJECTED if given.strict and any(summary.rows_rejected for summary in done) else 0


def _columns(summary: SourceSummary) -> list[str]:
    """A line for each column that says what it became, and what days the file covers."""
    columns = summary.columns[:_SHOWN]
    wide = max((len(column["ours"]) for column in columns), default=0)
    lines = []
    for column in columns:
        before, after = ("; ".join(values) for values in (column["before"], column["after"]))
        became = " -> ".join(text for text in (before, after) if text) if before != after else before
        lines.append(f"  {column['ours']:<{wide}} = {column['theirs']}{f': {became}' if became else ''}")
    if len(summary.columns) > _SHOWN:
        lines.append(f"  and {len(summary.columns) - _SHOWN} further columns (-o json shows them)")
    return [*lines, *(f"  {text}" for text in (summary.covers, summary.days) if text)]


def _say_columns(shell: Shell, summary: SourceSummary) -> None:
    """Say what became of columns whose meaning no mapping tells."""
    from engine import sources

    words = {
        sources.HIDDEN: ("hidden", "values that identify a person"),
        sources.LEFT_OUT_AS_PERSONAL: ("left out", "values that read like names, addresses or accounts"),
        sources.KEPT: ("kept as they came", "values"),
    }
    for what, (word, note) in words.items():
        if columns := summary.counts(what):
            named = ", ".join(f"{name} ({n})" for name, n in columns.items())
            shell.say(f"{summary.path}: {word}: {named}: {note}.")
    if summary.counts(sources.HIDDEN) or summary.counts(sources.LEFT_OUT_AS_PERSONAL):
        shell.say("Where that is wrong: import with --keep COLUMN, or list the column in ids.keep.")

"""Tables and ads out of a workspace, as a folder that appears whole or not at all.

`export` is the one way data leaves: a folder with the files, `manifest.json` (versions, hashes of settings and inputs,
columns, rows, bytes and sha256 of each file) and `_SUCCESS`, written last. The same workspace gives the same bytes,
wherever and whenever it is exported. `verify` hashes an export again.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import InputError
from engine.export.form import GRAPH_FORMATS, Form
from engine.progress import SILENT, Progress
from engine.tables import TABLES
from engine.trust import audit
from engine.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl
    import pyarrow as pa

    from engine.export.check import VerifyResult
    from engine.export.databases import Database
    from engine.export.delivery import Plan, Sent
    from engine.export.targets import Target
    from engine.export.views import Part
    from engine.trust.folder import Draft
    from engine.warehouse import Warehouse
    from engine.workspace import Workspace

_FORM = {entry.name for entry in fields(Form)}


@dataclass(frozen=True)
class ExportResult:
    """What was written.

    Args:
        path: the folder, or the URL.
        files: one entry per file: path in the folder, table, rows, bytes, sha256 (a dry run: table and rows only); the
            first of a delivery or audience also says `ids`, `left_out` and `number`, as below.
        withdrawn: ads handed out earlier that may no longer be shown; `withdraw.jsonl` names them.
        ids: of the sender's list: rows, `by <column>` (rows of people known by it), unmatched, repeated, and
            nothing_to_send (people known who get nothing).
        left_out: customers who get nothing, by why: see `engine.export.sending`; of an audience also those who have
            no_number, no_address, neither (unreachable).
        number: of the delivery; 0 = it has none.
        unfinished: number of an earlier delivery that may not have left; 0 = none.
    """

    path: Path | str
    files: list[dict[str, Any]]
    withdrawn: int = 0
    ids: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    number: int = 0
    unfinished: int = 0


@dataclass(frozen=True)
class _Wanted:
    """A checked request for an export; `plan` for a delivery or audience, and `sent` once its rows are chosen."""

    what: str
    form: Form
    since: str | None
    plan: Plan | None
    sent: Sent | None = None

    def chosen(self, store: Warehouse, workspace: Workspace) -> _Wanted:
        """The same with the rows of what is to be sent."""
        from engine.export import delivery

        if self.plan is None:
            return self
        return replace(self, sent=delivery.sent(store, workspace, self.what, self.plan))

    @property
    def leaving(self) -> pl.DataFrame:
        """The rows of what is to be sent; only for what is."""
        if self.sent is None:
            raise TypeError(f"{self.what} is not a delivery")
        return self.sent.rows


def export(
    workspace: Workspace,
    what: str,
    to: Path | str,
    format: str = "parquet",
    *,
    since: str | None = None,
    dry_run: bool = False,
    progress: Progress = SILENT,
    **options: Any,
) -> ExportResult:
    """Write a table, the ads or a group of tables to a folder.

    Args:
        workspace: an opened workspace.
        what: name of a contract table; `ads` = manifest.jsonl, the table, the creatives, gallery.html, and in
            withdraw.jsonl the ads handed out earlier that may no longer be shown; `delivery` = what a sending system
            needs, never the contact; `audience` = who is to be sent an offer, hashed for customer matching;
            `analysis` = scores and reasons under pseudonyms; `graph` = nodes, edges, ties; `all` = every table but the
            bookkeeping, and what `ads` gives.
        to: the folder (nothing, an empty folder or an earlier export may be there), an fsspec URL, or a database that
            takes the tables: `delta:DIR` or `postgresql://HOST/NAME` (see `engine.export.databases`).
        format: parquet, csv, jsonl, arrow or xlsx; for `graph` also graphml or gexf.
        since: id of a run; only tables that changed after it are written.
        dry_run: write nothing, say what would be written.
        progress: where bars are drawn.
        options: further arguments of `engine.export.form.Form`, and of `engine.export.delivery.Asked`.

    Returns:
        Where it is and what it holds.

    Raises:
        InputError: no such table, format, run, delivery or column; a list of nobody, or with two rows of one person.
        WorkspaceError: the folder holds something else, cannot be written, or another export writes there; the
            workspace's key is needed and not on this machine.
    """
    from engine.export import databases, deliveries, delivery, drawn, sending, targets, views
    from engine.trust import folder

    known = list(dict.fromkeys([*views.GROUPS, *TABLES]))
    if what not in known:
        raise InputError(f"there is no table {what!r} to export.", fix=_nearest(what, known))
    parts, asked = views.parts(what), delivery.Asked(**{k: v for k, v in options.items() if k not in _FORM})
    form = Form(format, **{k: v for k, v in options.items() if k in _FORM})
    form.check(what, len(parts))
    asked.check(what)
    remote: Target | Database | None = None
    if databases.is_database(to):
        remote = databases.database_of(to)
        remote.check_form(form, since_last=asked.since_last)
    elif targets.is_url(to):
        remote = targets.target_of(to)
    if not dry_run:
        delivery.check_place(to, asked)
        remote.check() if remote is not None else folder.check_target(Path(to))
    wanted = _Wanted(what, form, since, delivery.plan(workspace, what, asked) if what in delivery.SENT else None)
    fresh = None
    if asked.since_last and wanted.plan is not None:
        noted = sending.note(workspace, wanted.plan.day, wanted.plan.listed, dry_run=dry_run)
        wanted, fresh = replace(wanted, plan=wanted.plan.noted(noted)), noted.rows
    if dry_run:
        return _tried(workspace, to, parts, wanted, fresh)
    hands_out = what in ("ads", "delivery", "all")
    if hands_out:
        deliveries.hand_out(workspace)
    if what == "delivery" and wanted.plan is not None:
        drawn.note(workspace, wanted.plan)
    place = Path(to) if remote is None else workspace.scratch / f"export.{os.getpid()}"
    try:
        with folder.replacing(place) as draft, workspace.warehouse(read_only=True) as store:
            wanted = wanted.chosen(store, workspace)
            facts, described = _facts(store, workspace, wanted), {}
            chosen, facts["unchanged"] = _changed(store, parts, since)
            with progress.task("export", len(chosen)) as bar:
                for part in chosen:
                    described[part.table.name] = _write(store, workspace, draft, part, wanted, progress)
                    bar.advance()
            if hands_out:
                facts["withdraw_these_creatives"] = _withdraw(store, draft, workspace, wanted.plan)
            draft.finish({**facts, "tables": described})
            files = sorted(draft.files, key=lambda entry: entry["path"])
        if remote is not None:
            files = remote.upload(place) or files
    finally:
        if remote is not None:
            shutil.rmtree(place, ignore_errors=True)
    counted = {t: d["rows"] for t, d in described.items()}
    audit.append(workspace.path, "export", "read", tables=counted, details=_in_numbers(wanted.sent))
    if wanted.plan is not None and wanted.plan.number:
        sending.left(workspace, wanted.plan.number)
    withdrawn = facts.get("withdraw_these_creatives", {}).get("ads", 0)
    return _result(to, files, wanted, withdrawn)


def verify(path: Path | str) -> VerifyResult:
    """Hash an export's files again; see `engine.export.check.verify`."""
    from engine.export import check

    return check.verify(path)


def _result(to: Path | str, files: list[dict[str, Any]], wanted: _Wanted, withdrawn: int = 0) -> ExportResult:
    """What was written; the first file of what is sent says what became of whom."""
    from engine.export import targets

    place, plan, sent = to if targets.is_url(to) else Path(to), wanted.plan, wanted.sent
    if plan is None:
        return ExportResult(place, files, withdrawn)
    ids, left_out = (sent.ids, sent.left_out) if sent is not None else ({}, plan.left_out)
    told: dict[str, Any] = {"ids": ids, "left_out": left_out, "number": plan.number}
    for entry in files:
        if entry.get("table") in ("delivery", "audience"):
            entry.update({name: value for name, value in told.items() if value})
            break
    return ExportResult(place, files, withdrawn, unfinished=plan.unfinished, **told)


def _in_numbers(sent: Sent | None) -> dict[str, int]:
    """What the audit log says of a delivery: numbers, no names of columns."""
    if sent is None or not sent.ids:
        return {}
    return {f"ids_{name}": sent.ids[name] for name in ("rows", "unmatched", "repeated", "nothing_to_send")}


def _tried(workspace: Workspace, to: Path | str, parts: list[Part], wanted: _Wanted, fresh: int | None) -> ExportResult:
    """What would be written; fresh: rows of a delivery of what is new."""
    if fresh is not None:
        return _result(to, [{"table": "delivery", "rows": fresh}], wanted)
    with workspace.warehouse(read_only=True) as store:
        wanted = wanted.chosen(store, workspace)
        chosen, _ = _changed(store, parts, wanted.since)
        rows = [{"table": part.table.name, "rows": _count(store, part, wanted)} for part in chosen]
    return _result(to, rows, wanted)


def _facts(store: Warehouse, workspace: Workspace, wanted: _Wanted) -> dict[str, Any]:
    from engine.export import facts

    form, plan = wanted.form, wanted.plan
    return {
        "what": wanted.what,
        "format": form.format,
        "shard_rows": form.shard_rows,
        "compress": form.compress,
        "as_of": None if plan is None else plan.day.isoformat(),
        "since": wanted.since,
        **({"delivery": plan.number} if plan is not None and plan.number else {}),
        "kindred": VERSION,
        "versions": facts.versions(),
        "config_sha256": facts.config_hash(workspace.config),
        "inputs_sha256": facts.inputs_hash(store),
    }


def _changed(store: Warehouse, parts: list[Part], since: str | None) -> tuple[list[Part], list[str]]:
    """The parts to write, and the names of those that did not change since a run."""
    from engine.export import facts

    if since is None:
        return parts, []
    changed = facts.changed_since(store, since)
    return [p for p in parts if changed & set(p.reads)], [p.table.name for p in parts if not changed & set(p.reads)]


def _write(
    store: Warehouse, workspace: Workspace, draft: Draft, part: Part, wanted: _Wanted, progress: Progress
) -> dict[str, Any]:
    """Write one table of an export; returns what the manifest says about it."""
    from engine.export import ads, rows, views

    table, name, form = part.table, part.table.name, wanted.form
    found = store.columns(name) if name in TABLES and name not in views.JOINED else table.names
    if name == "ads":
        count = ads.write(store, workspace, draft, form=form, progress=progress)
        found = ads.COLUMNS
    elif name == "delivery":
        found = wanted.leaving.columns
        count = ads.write_delivery(wanted.leaving, workspace, draft, form=form, progress=progress)
    elif form.format in GRAPH_FORMATS:
        count = _graph(store, draft, form.format) if name == "nodes" else store.count(name)
    else:
        count = rows.write_files(draft, name, _tables(store, workspace, part, wanted), form)
    columns = rows.columns_of(table, found)
    for column, called in zip(columns, form.named(found) if form.rename else found, strict=True):
        column["name"] = called
    keys = [new for new, old in zip((c["name"] for c in columns), found, strict=True) if old in table.keys]
    return {"grain": table.grain, "keys": keys, "rows": count, "columns": columns}


def _tables(store: Warehouse, workspace: Workspace, part: Part, wanted: _Wanted) -> Iterator[pa.Table]:
    """The rows of a table, at least one batch."""
    from engine.export import rows

    if part.table.name == "analysis":
        return iter([store.query("export/analysis", definition=workspace.config.graph.definition).to_arrow()])
    if part.table.name == "audience":
        return iter([wanted.leaving.to_arrow()])
    return rows.read(store, part.table)


def _graph(store: Warehouse, draft: Draft, format: str) -> int:
    """One file for Gephi and the like: people as nodes, ties that count as edges; returns the number of nodes."""
    from engine.graph import formats as drawn

    nodes = store.read("nodes")
    drawn.export(nodes, store.read("ties"), draft.path / f"graph.{format}", kind=format)
    draft.adopt(f"graph.{format}", table="nodes", rows=nodes.height)
    return nodes.height


def _withdraw(store: Warehouse, draft: Draft, workspace: Workspace, plan: Plan | None) -> dict[str, Any]:
    """Write withdraw.jsonl: ads handed out that may no longer be shown, with the sender's ids where a list has them."""
    from engine.export import deliveries, rows

    gone = deliveries.withdrawn(store, workspace.config)
    if plan is not None and plan.matched is not None:
        gone = plan.matched.named(gone)
    gone = gone.drop("customer_id")
    with draft.file("withdraw.jsonl", rows=gone.height) as file:
        rows.write(file, iter([gone.to_arrow()]), Form("jsonl"))
    return {"file": "withdraw.jsonl", "ads": gone.height}


def _count(store: Warehouse, part: Part, wanted: _Wanted) -> int:
    if part.table.name in ("delivery", "audience"):
        return wanted.leaving.height
    return store.count("matches" if part.table.name == "analysis" else part.table.name)


def _nearest(name: str, known: list[str]) -> str:
    import difflib

    close = difflib.get_close_matches(name, known, 1)
    return f"Did you mean {close[0]!r}?" if close else f"Choose one of {', '.join(known)}."

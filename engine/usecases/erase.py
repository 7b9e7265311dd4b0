"""Forgetting: people on request, everything before a day, and what is left over; in the database and in the files.

Rows go in one transaction that also notes what is still to be swept and receipted; whoever is killed in between finds
the rest done by the next `erase`, `purge` or `run`. At the end the database is written anew, because a deleted row's
bytes stay in a file until something else needs the place. (METHODS section 8.)
"""

from __future__ import annotations

import hashlib
import hmac
import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from engine import documents, readings, sources
from engine.errors import InputError
from engine.export import folder
from engine.tables import TABLES
from engine.trust import backups, files, forget, keys, mentions, objections, pseudonyms
from engine.warehouse.duckdb import DuckDBWarehouse
from engine.workspace import Workspace

RECEIPTS = "receipts"
_UNFINISHED = "unfinished"


@dataclass(frozen=True)
class Receipt:
    """What was forgotten, without saying whom.

    Args:
        what: erase or purge.
        subjects: people found.
        unknown: ids of whom nothing was stored.
        rows: rows deleted per table.
        files: files deleted (photos, creatives, exports inside the workspace, backups).
        proofs: per person an HMAC of the id, by which whoever has the key and the id can find this receipt.
        at: when (UTC).
        path: the receipt's own file; None where it was only tried.
    """

    what: str
    subjects: int
    unknown: int
    rows: dict[str, int]
    files: dict[str, int]
    proofs: tuple[str, ...]
    at: datetime
    path: Path | None


def erase(workspace: Workspace, ids: Sequence[str], *, opt_out: bool = False, dry_run: bool = False) -> Receipt:
    """Forget people: their rows, calls, embeddings, photos, creatives made only for them, exports and backups.

    Args:
        workspace: an opened workspace.
        ids: as imported, or as named inside the workspace.
        opt_out: remember the pseudonyms in `optouts`, so that they do not come back with the next call records.
        dry_run: only count.

    Returns:
        The receipt, also kept in `receipts/`; of a dry run one without proofs, files and path.

    Raises:
        InputError: no id, or nobody of these ids is in the workspace; nothing is changed. (Where an erasure of them
            was killed and is finished now, its receipt is returned.)
    """
    wanted = sorted({text.strip() for text in ids if text.strip()})
    if not wanted:
        raise InputError("no id is given.", fix="Name at least one customer.")
    if dry_run:
        return _erase_tried(workspace, wanted, opt_out=opt_out)
    with workspace.writing("erase", backup=True) as store:
        before = finish(workspace, store)
        known, absent = _find(workspace, store, wanted)
        if not known and not opt_out:
            if before and not set(before.proofs).isdisjoint(_proofs(workspace, absent)):
                return before
            raise _nobody(wanted)
        if opt_out:
            _object(workspace, store, [*known, *absent])
        with store.transaction():
            rows = _erase_rows(store, known)
            # Each id that is not there has two names: as given, and as it would be named here.
            _note(store, "erase", rows, _proofs(workspace, known), unknown=len(absent) // 2)
        return finish(workspace, store)


def purge(
    workspace: Workspace, before: date, *, keep_daily: bool = False, everything: bool = False, dry_run: bool = False
) -> Receipt:
    """Forget what is older than a day: call records, past treatments, daily sums, and people of whom nothing is left.

    Args:
        workspace: an opened workspace.
        before: first day that is kept, by the workspace's time zone.
        keep_daily: keep `pair_days`, the sums per pair and day (no time of day, place or handset), so that the graph's
            window stays full.
        everything: also where no call record and no treatment would be left, or the day is still to come.
        dry_run: only count.

    Returns:
        The receipt; of a dry run one without files and path. Handsets and loyalty are computed again at the next run,
        from what is left.

    Raises:
        InputError: without `everything`, it would take everything, or the day is still to come; nothing is changed.
    """
    if before > datetime.now(UTC).date() and not everything:
        raise InputError(f"{before} is still to come.", fix="Check the day; with --all it is purged all the same.")
    if dry_run:
        with workspace.writing("purge --dry-run") as store:
            with trial(store):
                rows = _purge_rows(workspace, store, before, keep_daily, everything)
            store.touched.clear()
        return _tried("purge", 0, 0, rows)
    with workspace.writing("purge", backup=True) as store:
        finish(workspace, store)
        with store.transaction():
            rows = _purge_rows(workspace, store, before, keep_daily, everything)
            start = store.clock.start(before).isoformat()
            how = {"before": before.isoformat(), "start": start, "keep_daily": keep_daily}
            _note(store, "purge", rows, how=how)
        return finish(workspace, store)


def _purge_rows(
    workspace: Workspace, store: DuckDBWarehouse, before: date, keep_daily: bool, everything: bool
) -> dict[str, int]:
    """Delete what is older than a day, inside a transaction; returns rows deleted per table."""
    start = store.clock.start(before)
    steps = {"repeats": start, "events": start, "treatments": start}
    if not keep_daily:
        steps["pair_days"] = before
    counts = store.counts()
    store.execute("trust/purge_legs", before=start, window=workspace.config.logs.leg_window_s)
    for table, limit in steps.items():
        store.execute(f"trust/purge_{table}", before=limit)
    left = {table: store.count(table) for table in steps}
    if not everything and any(counts[table] for table in steps) and not any(left.values()):
        raise InputError(
            f"every call record and past treatment is from before {before}: all of them would go.",
            fix="Check the day; with --all they go.",
        )
    if left["treatments"] < counts["treatments"]:
        readings.purge(store, "treatments")
    store.execute("trust/purge_parties")
    rows = {t: counts[t] - store.count(t) for t in (*steps, "readings", "parties")}
    return {t: n for t, n in rows.items() if n}


@contextmanager
def trial(store: DuckDBWarehouse) -> Iterator[None]:
    """A transaction that leaves nothing, to count what would go."""
    with suppress(_Back), store.transaction():
        yield
        raise _Back


class _Back(Exception):
    """Ends a trial."""


def _erase_tried(workspace: Workspace, wanted: list[str], *, opt_out: bool) -> Receipt:
    with workspace.writing("erase --dry-run") as store:
        known, absent = _find(workspace, store, wanted)
        if not known and not opt_out:
            raise _nobody(wanted)
        with trial(store):
            rows = _erase_rows(store, known)
        store.touched.clear()
    return _tried("erase", len(known), len(absent) // 2, rows)


def _tried(what: str, subjects: int, unknown: int, rows: dict[str, int]) -> Receipt:
    return Receipt(f"{what} (only tried)", subjects, unknown, rows, {}, (), _now(), None)


def _nobody(wanted: list[str]) -> InputError:
    return InputError(
        f"none of the {len(wanted)} ids given is in the workspace.",
        fix="Give them as they were imported; with --opt-out they cannot come with a later import.",
    )


def finish(workspace: Workspace, store: DuckDBWarehouse) -> Receipt | None:
    """Sweep the files that no row needs, write the database anew and the receipt, if a deletion left that to do.

    Args:
        workspace: whose files.
        store: its database, open for writing, outside a transaction.

    Returns:
        The receipt of that deletion; None when there was nothing to do.
    """
    noted = store.query("trust/meta", name=_UNFINISHED)
    if not noted.height:
        return None
    removed = {
        "photos": files.keep_only(workspace.faces, set(store.query("trust/photo_files")["path"])),
        "creatives": files.keep_only(workspace.ads, set(store.query("trust/creative_files")["file"])),
        "exports": _drop_exports(workspace.exports) + _drop_exports_elsewhere(workspace),
        "backups": backups.drop(workspace.database),
    }
    store.rewrite()
    note = noted["value"][0]
    # The first release noted one word, and wrote no receipt of a deletion that was killed.
    receipt = _receipt(workspace, json.loads(note), removed) if note.startswith("{") else None
    store.execute("trust/forget_meta", name=_UNFINISHED)
    return receipt


def _find(workspace: Workspace, store: DuckDBWarehouse, wanted: list[str]) -> tuple[list[str], list[str]]:
    """Names inside the workspace of those ids that are there; of the others both names they might have."""
    import polars as pl

    pseudonyms.settle(store, workspace.config.ids, note=False)
    raw = pl.Series("id", wanted)
    named = pseudonyms.name_series(store, raw, workspace.config.ids, workspace.key())
    pairs = pl.DataFrame({"raw": raw, "named": named})
    store.connection.register("_wanted_frame", pairs.unpivot(["raw", "named"])["value"].unique().to_frame().to_arrow())
    try:
        store.execute_text("CREATE OR REPLACE TEMP TABLE _wanted AS SELECT value::VARCHAR AS name FROM _wanted_frame")
    finally:
        store.connection.unregister("_wanted_frame")
    parts = [
        f'SELECT "{column}" AS name FROM "{table}" SEMI JOIN _wanted ON "{column}" = _wanted.name'  # noqa: S608
        for table, contract in TABLES.items()
        for column in contract.names
        if column in forget.PERSONS
    ]
    found = set(store.query_text(" UNION ".join(parts), name="find people")["name"])
    absent = pairs.filter(~pl.col("raw").is_in(list(found)) & ~pl.col("named").is_in(list(found)))
    return sorted(found), [*absent["raw"], *absent["named"]]


def _proofs(workspace: Workspace, names: Sequence[str]) -> tuple[str, ...]:
    """Per name an HMAC, in order; see `Receipt`."""
    key = keys.derived(workspace.key(), "receipt")
    return tuple(sorted(hmac.new(key, name.encode(), hashlib.sha256).hexdigest() for name in names))


def _object(workspace: Workspace, store: DuckDBWarehouse, names: list[str]) -> None:
    """Put people on the list of those who must not come back, before anything of them goes."""
    import polars as pl

    whos = objections.hashed(store, pl.Series("name", names), workspace.key())
    new = whos.select("who", purpose=pl.lit(objections.EVERYTHING), at=pl.lit(_now(), pl.Datetime("us")))
    merged = objections.together(objections.read(workspace.path), store.read("objections"), new)
    objections.write(workspace.path, merged, scratch=workspace.scratch)
    store.write("objections", merged)


def _erase_rows(store: DuckDBWarehouse, known: list[str]) -> dict[str, int]:
    """Delete every row that names one of these people; returns rows deleted per table."""
    store.temp("_erased", "trust/erased", names=known)
    store.execute("trust/withdraw_likeness")
    store.execute("trust/unname_deliveries")
    rows = forget.rows(store, known, keep=forget.KEPT_UNNAMED)
    mentions.forget(store, known)
    readings.unname(store, known)
    return rows


def _note(
    store: DuckDBWarehouse,
    what: str,
    rows: dict[str, int],
    proofs: tuple[str, ...] = (),
    *,
    unknown: int = 0,
    how: dict[str, Any] | None = None,
) -> None:
    """Inside the transaction: every stage is stale now, files are still to be swept and the receipt to be written."""
    at = _now()
    number = hashlib.sha256(f"{what}\0{at.isoformat()}\0{store.count('sources')}".encode()).hexdigest()
    deleted = sum(rows.values())
    sources.note(
        store, source_id=number[:16], target="erasure", path="", sha256=number, format=what, rows_in=deleted,
        rows_kept=deleted, rows_duplicate=0, rows_rejected=0, details=json.dumps(rows, sort_keys=True), imported_at=at,
        how=json.dumps(how) if how else None,
    )  # fmt: skip
    store.execute("trust/forget_meta", name=_UNFINISHED)
    note = {"what": what, "unknown": unknown, "rows": rows, "proofs": proofs, "at": at.isoformat()}
    store.execute("trust/set_meta", name=_UNFINISHED, value=json.dumps(note, sort_keys=True))


def _drop_exports(place: Path) -> int:
    """Delete the exports inside the workspace that hold people; they can be made again. Returns how many."""
    removed = 0
    for path in sorted(place.iterdir()) if place.is_dir() else []:
        try:
            tables = set(documents.read_json((path / "manifest.json").read_bytes())["tables"])
        except (OSError, ValueError, KeyError, TypeError):
            tables = {"unknown"}
        if tables - _unnamed():
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
            removed += 1
    return removed


def _drop_exports_elsewhere(workspace: Workspace) -> int:
    """Delete what exports to other folders below the workspace wrote; what lies beside their files stays."""
    own = [workspace.exports, workspace.faces, workspace.ads, workspace.scratch, workspace.database.parent / "backups"]
    found = [place for place, tables in folder.exports(workspace.path, own) if tables - _unnamed()]
    for place in found:
        folder.remove(place)
    return len(found)


def _unnamed() -> set[str]:
    """Tables in which nobody is named."""
    return {t for t, contract in TABLES.items() if not set(contract.names) & {*forget.PERSONS, *forget.NODES}}


def _receipt(workspace: Workspace, note: dict[str, Any], removed: dict[str, int]) -> Receipt:
    """Write the receipt of what `_note` noted; written again after a kill it is the same file."""
    at, proofs = datetime.fromisoformat(note["at"]), tuple(note["proofs"])
    place = workspace.path / RECEIPTS
    place.mkdir(mode=0o700, exist_ok=True)
    path = place / f"{note['what']}-{at.strftime('%Y%m%dT%H%M%S%f')}.json"
    receipt = Receipt(note["what"], len(proofs), note["unknown"], note["rows"], removed, proofs, at, path)
    document = {**asdict(receipt), "at": at.isoformat() + "Z", "path": path.name}
    with files.replacing(path, scratch=workspace.scratch) as file:
        file.write(json.dumps(document, indent=1, sort_keys=True).encode() + b"\n")
    return receipt


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)

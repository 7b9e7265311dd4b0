"""Deletes people on request, and everything before a day (METHODS 8); `engine.workspace.erasures` finishes it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime

from engine.clock import utc_now
from engine.errors import InputError
from engine.runner import history
from engine.sources import readings
from engine.tables import TABLES
from engine.trust import forget, keys, mentions, objections, pseudonyms
from engine.warehouse import Warehouse, joined, sql
from engine.workspace import Workspace, erasures
from engine.workspace.erasures import Receipt


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
        known, absent = _find(workspace, store, wanted)
        if not known and not opt_out:
            proofs = set(_proofs(workspace, absent))
            for receipt in workspace.finished:
                if not proofs.isdisjoint(receipt.proofs):
                    return receipt
            raise _nobody(wanted)
        if opt_out:
            _object(workspace, store, [*known, *absent])
        with store.transaction():
            rows = _erase_rows(store, known)
            # Each id that is not there has two names: as given, and as it would be named here.
            erasures.note(store, "erase", rows, _proofs(workspace, known), unknown=len(absent) // 2)
        return _finished(workspace, store)


def purge(
    workspace: Workspace, before: date, *, keep_daily: bool = False, everything: bool = False, dry_run: bool = False
) -> Receipt:
    """Forget what is older than a day: call records, past treatments, acts, daily sums, and people of whom nothing is
    left.

    Args:
        workspace: an opened workspace.
        before: first day that is kept, by the workspace's time zone.
        keep_daily: keep `pair_days`, the sums per pair and day (no time of day, place or handset), so that the graph's
            window stays full.
        everything: also where no call record, no treatment and no act would be left, or the day is still to come.
        dry_run: only count.

    Returns:
        The receipt; of a dry run one without files and path. Handsets and loyalty are computed again at the next run,
        from what is left.

    Raises:
        InputError: without `everything`, it would take everything, or the day is still to come; nothing is changed.
    """
    if before > datetime.now(UTC).date() and not everything:
        raise InputError(
            "--before names a day in the future.", fix="Check the day; with --all it is purged all the same."
        )
    if dry_run:
        with workspace.writing("purge --dry-run") as store:
            with trial(store):
                rows = _purge_rows(workspace, store, before, keep_daily, everything)
            store.touched.clear()
        return _tried("purge", 0, 0, rows)
    with workspace.writing("purge", backup=True) as store:
        with store.transaction():
            rows = _purge_rows(workspace, store, before, keep_daily, everything)
            start = store.clock.start(before).isoformat()
            how = {"before": before.isoformat(), "start": start, "keep_daily": keep_daily}
            erasures.note(store, "purge", rows, how=how)
        return _finished(workspace, store)


def _finished(workspace: Workspace, store: Warehouse) -> Receipt:
    receipt = erasures.finish(workspace, store)
    if receipt is None:
        raise ValueError("a deletion that was noted leaves something to finish")
    return receipt


def _purge_rows(
    workspace: Workspace, store: Warehouse, before: date, keep_daily: bool, everything: bool
) -> dict[str, int]:
    """Delete what is older than a day, inside a transaction; returns rows deleted per table."""
    start = store.clock.start(before)
    steps: dict[str, date] = {"repeats": start, "events": start, **dict.fromkeys(readings.DATED, start)}
    if not keep_daily:
        steps["pair_days"] = before
    counts = store.counts()
    store.execute("trust/purge_legs", before=start, window=workspace.config.logs.leg_window_s)
    for table, limit in steps.items():
        store.execute(f"trust/purge_{table}", before=limit)
    left = {table: store.count(table) for table in steps}
    if not everything and any(counts[table] for table in steps) and not any(left.values()):
        raise InputError(
            f"every call record, past treatment and act is from before {before}: all of them would be deleted.",
            fix="Check the day; with --all they are deleted.",
        )
    for table in readings.DATED:
        if left[table] < counts[table]:
            readings.purge(store, table)
    store.execute("trust/purge_rounds", before=start)
    store.execute("trust/purge_parties")
    history.before(store, start)
    rows = {t: counts[t] - store.count(t) for t in (*steps, "readings", "rounds", "parties", "decisions")}
    return {t: n for t, n in rows.items() if n}


@contextmanager
def trial(store: Warehouse) -> Iterator[None]:
    """A transaction that leaves nothing, to count what would go."""
    with suppress(_Rollback), store.transaction():
        yield
        raise _Rollback


class _Rollback(Exception):
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
    return Receipt(f"{what} (dry run)", subjects, unknown, rows, {}, (), utc_now(), None)


def _nobody(wanted: list[str]) -> InputError:
    return InputError(
        f"none of the {len(wanted)} ids given is in the workspace.",
        fix="Give them as they were imported; with --opt-out no later import can bring them in.",
    )


def _find(workspace: Workspace, store: Warehouse, wanted: list[str]) -> tuple[list[str], list[str]]:
    """Names inside the workspace of those ids that are there; of the others both names they might have."""
    import polars as pl

    pseudonyms.check_naming(store, workspace.config.ids, note=False)
    raw = pl.Series("id", wanted)
    named = pseudonyms.name_series(store, raw, workspace.config.ids, workspace.key())
    pairs = pl.DataFrame({"raw": raw, "named": named})
    either = pairs.unpivot(["raw", "named"])["value"].unique()
    store.keep("_wanted", either.cast(pl.String).alias("name").to_frame())
    text = "SELECT {column} AS name FROM {table} SEMI JOIN _wanted ON {column} = _wanted.name"
    parts = [
        sql(text, column=column, table=table)
        for table, contract in TABLES.items()
        for column in contract.names
        if column in forget.PERSONS
    ]
    found = set(store.query_text(joined(" UNION ", parts), name="find people")["name"])
    absent = pairs.filter(~pl.col("raw").is_in(list(found)) & ~pl.col("named").is_in(list(found)))
    return sorted(found), [*absent["raw"], *absent["named"]]


def _proofs(workspace: Workspace, names: Sequence[str]) -> tuple[str, ...]:
    """Per name an HMAC, in order; see `Receipt`."""
    key = keys.derived(workspace.key(), "receipt")
    return tuple(sorted(hmac.new(key, name.encode(), hashlib.sha256).hexdigest() for name in names))


def _object(workspace: Workspace, store: Warehouse, names: list[str]) -> None:
    """Put people on the list of those who must not come back, before anything of them goes."""
    import polars as pl

    whos = objections.hashed(store, pl.Series("name", names), workspace.key())
    new = whos.select("who", purpose=pl.lit(objections.EVERYTHING), at=pl.lit(utc_now(), pl.Datetime("us")))
    merged = objections.together(objections.read(workspace.path), store.read("objections"), new)
    objections.write(workspace.path, merged, scratch=workspace.scratch)
    store.write("objections", merged)


def _erase_rows(store: Warehouse, known: list[str]) -> dict[str, int]:
    """Delete every row that names one of these people; returns rows deleted per table."""
    store.temp("_erased", "trust/erased", names=known)
    store.execute("trust/withdraw_likeness")
    store.execute("trust/unname_deliveries")
    rows = forget.rows(store, known, keep=forget.KEPT_UNNAMED)
    mentions.forget(store, known)
    readings.unname(store, known)
    return rows

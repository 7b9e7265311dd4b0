"""Which rows of a delivery are sent on a day: not to the holdout, not too often, and not the same ad again.

A numbered delivery (`--since-last`) is recorded in `sendings` before its files are written: a command killed in between
has recorded too much, never too little, so nobody is sent an ad twice; `--again NUMBER` writes what was recorded.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

from engine.errors import InputError
from engine.export.ads import deliverable
from engine.trust import keys
from engine.workspace import NOT_LEFT

if TYPE_CHECKING:
    import polars as pl

    from engine.warehouse import Warehouse
    from engine.workspace import Workspace

# Columns that say what a customer is shown; where one differs, the row is another one.
_SHOWN = ("arm", "ad_id", "offer_id", "headline", "body", "call_to_action", "alt_text", "files")
_DIGITS = 32


@dataclass(frozen=True)
class Chosen:
    """Rows of a delivery.

    Args:
        rows: of the view `delivery`, in its order.
        left_out: customers who get nothing, by why: holdout, not_in_list, max_ads, quiet_days, no_longer (what they
            were noted for may no longer be shown, or is another one by now).
    """

    rows: pl.DataFrame
    left_out: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Noted:
    """A delivery of what is new.

    Args:
        number: its own; 0 = nothing is new, none was noted.
        last: number of the last one before; 0 = none.
        day: of sending of that one.
        rows: it has.
        left_out: customers who get nothing by it, by why: those of `allowed`, and unchanged.
    """

    number: int
    last: int
    day: date | None
    rows: int
    left_out: dict[str, int]


def allowed(
    store: Warehouse, workspace: Workspace, found: pl.DataFrame, day: date, listed: pl.Series | None = None
) -> Chosen:
    """Rows that may leave on a day by the settings of section `sending`.

    Args:
        store: the workspace's database.
        workspace: whose settings and key count.
        found: rows of the view `delivery`.
        day: of sending.
        listed: the customers whom the sender can reach; None = all.

    Raises:
        WorkspaceError: a share is held out, and the key is not on this machine.
    """
    import polars as pl

    settings = workspace.config.sending
    rows, left_out = _reachable(workspace, found, listed)
    if settings.max_ads or settings.quiet_days:
        sent = store.query("export/sent_days", day=day)
        if settings.max_ads:
            lately = sent.filter(pl.col("day") > day - timedelta(days=settings.max_days))
            often = lately.group_by("customer_id").agg(pl.col("deliveries").sum())
            rows = _without(rows, "max_ads", often.filter(pl.col("deliveries") >= settings.max_ads), left_out)
        if settings.quiet_days:
            loud = sent.filter(pl.col("day") > day - timedelta(days=settings.quiet_days))
            rows = _without(rows, "quiet_days", loud, left_out)
    return Chosen(rows, left_out)


def _reachable(
    workspace: Workspace, found: pl.DataFrame, listed: pl.Series | None
) -> tuple[pl.DataFrame, dict[str, int]]:
    """Rows of people who are not held out and whom the sender can reach, and how many others there are."""
    left_out: dict[str, int] = {}
    share, who = workspace.config.sending.holdout, found.select("customer_id").unique()
    if share:
        found = _without(found, "holdout", held_out(who["customer_id"], share, workspace.key()).to_frame(), left_out)
    if listed is not None:
        missing = who.join(listed.to_frame("customer_id"), on="customer_id", how="anti")
        found = _without(found, "not_in_list", missing, left_out)
    return found, left_out


def _without(rows: pl.DataFrame, why: str, who: pl.DataFrame, left_out: dict[str, int]) -> pl.DataFrame:
    """Rows of others; counts who was left out by it, where anybody was."""
    kept = rows.join(who, on="customer_id", how="anti", maintain_order="left")
    if lost := _people(rows) - _people(kept):
        left_out[why] = lost
    return kept


def held_out(customers: pl.Series, share: float, key: bytes) -> pl.Series:
    """Those customers who are never sent anything, to compare the others with.

    Args:
        customers: as named in the workspace.
        share: of all, 0 to 1.
        key: the workspace's 32-byte key.

    Returns:
        Some of them: by a keyed hash of the name alone, so the same in every run, and the first of a larger share.
    """
    import polars as pl

    own, most = keys.derived(key, "holdout"), int(share * 2**64)
    drawn = [int.from_bytes(hmac.digest(own, name.encode(), "sha256")[:8]) < most for name in customers]
    return customers.filter(pl.Series(drawn, dtype=pl.Boolean))


def note(workspace: Workspace, day: date, listed: pl.Series | None = None, *, dry_run: bool = False) -> Noted:
    """Number a delivery of what is new or changed, and note its rows, before it leaves.

    Args:
        workspace: an opened workspace.
        day: of sending.
        listed: see `allowed`.
        dry_run: note nothing.

    Raises:
        InputError: a delivery of a later day was made.
    """
    if dry_run:
        with workspace.warehouse(read_only=True) as store:
            return _fresh(store, workspace, day, listed)[0]
    with workspace.writing("export delivery") as store, store.transaction():
        noted, stand = _fresh(store, workspace, day, listed)
        if noted.number:
            store.append("sendings", stand)
            store.execute("trust/forget_meta", name=NOT_LEFT)
            store.execute("trust/set_meta", name=NOT_LEFT, value=str(noted.number))
        return noted


def _fresh(store: Warehouse, workspace: Workspace, day: date, listed: pl.Series | None) -> tuple[Noted, pl.DataFrame]:
    """What is new or changed, and the rows of `sendings` that say so."""
    import polars as pl

    number, last = newest(store)
    if last is not None and last > day:
        raise InputError(
            f"delivery {number} was of {last}, later than {day}.", fix=f"Give --as-of {last} or a later day."
        )
    every = with_digests(deliverable(store, workspace.config, day))
    before = store.query("export/last_sent")
    fresh = every.join(before, on=["customer_id", "arm", "digest"], how="anti", maintain_order="left")
    chosen = allowed(store, workspace, fresh, day, listed)
    stand = chosen.rows.select(
        pl.lit(number + 1, pl.Int32).alias("number"), pl.lit(day).alias("day"), "customer_id", "arm", "digest"
    )
    left_out = {**chosen.left_out, **({"unchanged": _people(every) - _people(fresh)} if before.height else {})}
    return Noted(number + 1 if stand.height else 0, number, last, chosen.rows.height, left_out), stand


def _people(rows: pl.DataFrame) -> int:
    return rows["customer_id"].n_unique()


def noted(store: Warehouse, number: int) -> pl.DataFrame:
    """What a numbered delivery consisted of: customer_id, arm, digest.

    Raises:
        InputError: there is no such delivery.
    """
    rows = store.query("export/sending", number=number)
    if not rows.height:
        last, _ = newest(store)
        known = f"The last one is {last}." if last else "None was made yet: `kindred export delivery --since-last`."
        raise InputError(f"there is no delivery {number}.", fix=known)
    return rows


def again(
    store: Warehouse, workspace: Workspace, found: pl.DataFrame, number: int, listed: pl.Series | None = None
) -> Chosen:
    """The rows of a numbered delivery that may still be shown as they were.

    Args:
        store: the workspace's database.
        workspace: whose settings and key count.
        found: rows of the view `delivery` that may be sent on the day of sending.
        number: of the delivery.
        listed: see `allowed`.

    Raises:
        InputError: there is no such delivery.
    """
    before = noted(store, number)
    rows = with_digests(found).join(before, on=list(before.columns), how="semi", maintain_order="left").drop("digest")
    rows, left_out = _reachable(workspace, rows, listed)
    gone = before["customer_id"].n_unique() - _people(rows) - sum(left_out.values())
    return Chosen(rows, {**left_out, **({"no_longer": gone} if gone else {})})


def newest(store: Warehouse) -> tuple[int, date | None]:
    """Number and day of the last numbered delivery; 0 and None where there is none."""
    number, day = store.query("export/newest_sending").row(0)
    return number or 0, day


def unfinished(store: Warehouse) -> int:
    """Number of a delivery that was recorded but may not have been written (the command was killed); 0 = none."""
    noted = store.query("trust/meta", name=NOT_LEFT)["value"]
    return int(noted[0]) if len(noted) else 0


def left(workspace: Workspace, number: int) -> None:
    """Note that a numbered delivery has left."""
    with workspace.warehouse(read_only=True) as store:
        if unfinished(store) != number:
            return
    with workspace.writing("export delivery") as store, store.transaction():
        store.execute("trust/forget_meta", name=NOT_LEFT)


def with_digests(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of the view `delivery` with `digest`, a hash of all that a customer is shown."""
    import polars as pl

    texts = rows.select(pl.struct(_SHOWN).struct.json_encode()).to_series()
    digests = [hashlib.sha256(text.encode()).hexdigest()[:_DIGITS] for text in texts]
    return rows.with_columns(digest=pl.Series(digests, dtype=pl.String))

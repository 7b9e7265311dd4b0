"""What a delivery or an audience list consists of: who may be sent something, the sender's list, numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import InputError, WorkspaceError
from engine.export import ads, audience, sender, sending
from engine.export.audience import Contacts
from engine.export.targets import is_url
from engine.export.views import VIEWS
from engine.trust import ages

if TYPE_CHECKING:
    import polars as pl

    from engine.export.sender import Matched
    from engine.warehouse import Warehouse
    from engine.workspace import Workspace

SENT = ("delivery", "audience")


@dataclass(frozen=True)
class Asked:
    """What is asked of a delivery or audience.

    Args:
        as_of: the day of sending on which consents and offers must hold; None = `run.today`.
        ids: the sender's own list, a file or a frame. Its columns stand beside the rows of its people, who is not in it
            is left out; `withdraw.jsonl` gets its ids only.
        id_columns: of the list: those with ids; of several the first whose person is known.
        sheet: of the list, where it is a workbook.
        encoding: of the list, where it is a text; None = found.
        since_last: number the delivery, with only what is new or changed since the last numbered one.
        again: number of a delivery that is given once more; 0 = none.
        offer: only who is to be sent this one.
        phone_columns: of the list, for an audience; none = the ids that are numbers with their country (+ or 00).
        email_columns: of the list, for an audience.
    """

    as_of: date | None = None
    ids: Path | str | pl.DataFrame | None = None
    id_columns: Sequence[str] = ()
    sheet: str | None = None
    encoding: str | None = None
    since_last: bool = False
    again: int = 0
    offer: str | None = None
    phone_columns: Sequence[str] = ()
    email_columns: Sequence[str] = ()

    def check(self, what: str) -> None:
        """Raise InputError where this does not go together with what is exported, or in itself."""
        if what not in SENT and self != Asked():
            raise InputError(
                f"{what} takes no --as-of, --ids, --offer, --since-last or --again.", fix="They belong to `delivery`."
            )
        if what != "delivery" and (self.since_last or self.again):
            raise InputError(f"{what} has no number.", fix="--since-last and --again belong to `delivery`.")
        if self.since_last and self.again:
            raise InputError("--since-last and --again cannot be combined.", fix="Give one of them.")
        if self.offer is not None and (self.since_last or self.again):
            raise InputError("a numbered delivery holds all offers.", fix="Leave --offer out.")
        if self.again < 0:
            raise InputError(f"there is no delivery {self.again}.", fix="They are numbered from 1.")
        if what != "audience" and (self.phone_columns or self.email_columns):
            raise InputError("numbers and addresses are hashed for an audience.", fix="Export `audience`.")
        if what == "audience" and self.ids is None:
            raise InputError("an audience is made of your own list.", fix="Add --ids FILE --id-column NAME.")
        if self.ids is None and (self.id_columns or self.sheet or self.encoding):
            raise InputError("columns, sheets and encodings are those of a list.", fix="Add --ids FILE.")


@dataclass(frozen=True)
class Plan:
    """What is going to be written.

    Args:
        day: of sending.
        matched: the sender's list; None = there is none.
        offer: of an audience; None = any.
        contacts: of an audience.
        number: of the delivery; 0 = it has none.
        empty: nothing is new since the last numbered one.
        unfinished: number of an earlier delivery that may not have left; 0 = none.
        left_out: customers who get nothing, by why, as far as it was known when the delivery was noted.
    """

    day: date
    matched: Matched | None = None
    offer: str | None = None
    contacts: Contacts = field(default_factory=Contacts)
    number: int = 0
    empty: bool = False
    unfinished: int = 0
    left_out: dict[str, int] = field(default_factory=dict)

    @property
    def listed(self) -> pl.Series | None:
        """Who is in the sender's list."""
        return None if self.matched is None else self.matched.rows[sender.WHO]

    def noted(self, told: sending.Noted) -> Plan:
        """The same for the delivery that was noted."""
        return replace(self, number=told.number, empty=not told.number, left_out=dict(told.left_out))


def check_place(to: Path | str, asked: Asked) -> None:
    """Raise where what is asked may not be written to a place.

    Raises:
        InputError: it holds people's own ids, and the place is in a workspace or elsewhere.
        WorkspaceError: an earlier delivery is there, of which nobody knows whether it was sent.
    """
    if asked.ids is not None:
        sender.check_place(to)
    if asked.since_last and not is_url(to) and Path(to).is_dir() and any(Path(to).iterdir()):
        raise WorkspaceError(
            f"{to} holds an earlier delivery, whose rows a new one does not repeat.", fix="Choose a new folder."
        )


def plan(workspace: Workspace, what: str, asked: Asked) -> Plan:
    """Read the sender's list and find its people; nothing is written.

    Args:
        workspace: an opened workspace.
        what: "delivery" or "audience".
        asked: what is asked, checked.

    Raises:
        InputError: no such offer, delivery or column; a list of nobody, or with two rows of one person.
        WorkspaceError: the workspace's key is not on this machine.
    """
    day = asked.as_of or ages.moment(workspace.config).date()
    matched, contacts = None, Contacts()
    if asked.ids is not None:
        listed = sender.read(asked.ids, asked.id_columns, sheet=asked.sheet, encoding=asked.encoding)
        matched = sender.match(workspace, listed, VIEWS["delivery"].names)
        if what == "audience":
            region = workspace.config.ids.region if asked.phone_columns else ""
            contacts = Contacts(tuple(asked.phone_columns or matched.ids), tuple(asked.email_columns), region)
            contacts = contacts.called(matched.called)
    with workspace.warehouse(read_only=True) as store:
        if asked.offer is not None and asked.offer not in (known := store.read("offers")["offer_id"].to_list()):
            raise InputError(f"there is no offer {asked.offer!r}.", fix=f"There are {', '.join(known) or 'none'}.")
        if asked.again:
            sending.noted(store, asked.again)
        unfinished = sending.unfinished(store)
    return Plan(day, matched, asked.offer, contacts, asked.again, unfinished=unfinished * (asked.again != unfinished))


@dataclass(frozen=True)
class Sent:
    """What leaves.

    Args:
        rows: of the delivery or audience, with the sender's columns where there is a list of them.
        left_out: customers who get nothing, by why.
        ids: what became of the rows of the sender's list, in numbers; none where there is no list.
    """

    rows: pl.DataFrame
    left_out: dict[str, int]
    ids: dict[str, int]


def sent(store: Warehouse, workspace: Workspace, what: str, wanted: Plan) -> Sent:
    """Choose the rows of a delivery, or those of an audience: who of it can be reached, by hashes.

    Args:
        store: the workspace's database.
        workspace: whose settings and key count.
        what: "delivery" or "audience".
        wanted: the plan.
    """
    found = _delivery(store, workspace, wanted)
    if what == "delivery":
        return found
    people, lost = audience.hashed(found.rows.unique(sender.PERSON, maintain_order=True), wanted.contacts)
    return replace(found, rows=people, left_out={**found.left_out, **lost})


def _delivery(store: Warehouse, workspace: Workspace, wanted: Plan) -> Sent:
    """Rows of the view, with the columns of the sender's list behind them where there is one."""
    found = ads.deliverable(store, workspace.config, wanted.day)
    if wanted.offer is not None:
        import polars as pl

        found = found.filter(pl.col("offer_id") == wanted.offer)
    if wanted.empty:
        chosen = sending.Chosen(found.clear())
    elif wanted.number:
        chosen = sending.again(store, workspace, found, wanted.number, wanted.listed)
    else:
        chosen = sending.allowed(store, workspace, found, wanted.day, wanted.listed)
    left_out = {**wanted.left_out, **chosen.left_out}
    if wanted.matched is None:
        return Sent(chosen.rows, left_out, {})
    idle = wanted.matched.rows.height - chosen.rows[sender.PERSON].n_unique()
    return Sent(wanted.matched.beside(chosen.rows), left_out, {**wanted.matched.counts, "nothing_to_send": idle})

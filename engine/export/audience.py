"""Audience lists for customer matching: who is to be sent an offer, as SHA-256 of telephone numbers and addresses."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine import identifiers
from engine.errors import InputError
from engine.trust import pseudonyms

if TYPE_CHECKING:
    import polars as pl

_MAIL = re.compile(identifiers.MAIL)


@dataclass(frozen=True)
class Contacts:
    """Which columns of the sender's list say how somebody is reached.

    Args:
        phones: columns with telephone numbers, the first that is one counts.
        emails: columns with e-mail addresses, likewise.
        region: two-letter country of numbers in national form; empty = only + and 00 forms are numbers.
    """

    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    region: str = ""

    def called(self, names: Mapping[str, str]) -> Contacts:
        """The same by what a list's columns are called beside others.

        Raises:
            InputError: the list has no such column.
        """
        if absent := [name for name in (*self.phones, *self.emails) if name not in names]:
            raise InputError("there is no such column.", column=absent[0], fix=f"There are {', '.join(names)}.")
        phones, emails = (tuple(names[c] for c in columns) for columns in (self.phones, self.emails))
        return Contacts(phones, emails, self.region)


def hashed(rows: pl.DataFrame, contacts: Contacts) -> tuple[pl.DataFrame, dict[str, int]]:
    """An audience list.

    Args:
        rows: of the sender's list, one a person.
        contacts: its columns.

    Returns:
        phone_sha256 and email_sha256 (lower-case hex of the E.164 number with +, of the address without blanks around
        and in small letters), one row a person, ordered by them; and how many had `no_number`, `no_address` and
        neither, `unreachable`: those are left out.
    """
    import polars as pl

    number = _first(rows, contacts.phones, lambda text: pseudonyms.e164(text, contacts.region))
    address = _first(rows, contacts.emails, mail)
    found = pl.DataFrame({"phone_sha256": _sha256(number), "email_sha256": _sha256(address)})
    reached = found.filter(~pl.all_horizontal(pl.all().is_null()))
    lost = {
        "no_number": found["phone_sha256"].null_count() if contacts.phones else 0,
        "no_address": found["email_sha256"].null_count() if contacts.emails else 0,
        "unreachable": found.height - reached.height,
    }
    counts = {name: number for name, number in lost.items() if number}
    return reached.unique().sort(pl.all(), nulls_last=True), counts


def mail(text: str) -> str | None:
    """An e-mail address as it is hashed; None = the text is none."""
    folded = text.strip().lower()
    return folded if _MAIL.fullmatch(folded) else None


def _first(rows: pl.DataFrame, columns: Sequence[str], read: Callable[[str], str | None]) -> pl.Series:
    """Of each row the first of some columns that can be read, as it was read."""
    import polars as pl

    parts = []
    for column in columns:
        texts = rows[column].drop_nulls().unique()
        known = {text: value for text in texts if (value := read(text)) is not None}
        parts.append(rows[column].replace_strict(known, default=None, return_dtype=pl.String))
    return pl.select(pl.coalesce(parts)).to_series() if parts else pl.Series([None] * rows.height, dtype=pl.String)


def _sha256(texts: pl.Series) -> pl.Series:
    import polars as pl

    hashes = [None if text is None else hashlib.sha256(text.encode()).hexdigest() for text in texts]
    return pl.Series(hashes, dtype=pl.String)

"""Columns whose meaning nobody told: features of customers, attributes of models. What identifies a person in them is
hidden, what reads like names or addresses of people is left out, both are counted; `keep` keeps a column as it comes.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine import identifiers, sources
from engine.trust import pseudonyms

if TYPE_CHECKING:
    import polars as pl

    from engine.config import Ids
    from engine.warehouse import Warehouse

# What may be personal at all; the rest of the values need not be looked at one by one.
_SUSPECT = r"@|[^ -~]|[0-9](?:[ ()./:-]{0,3}[0-9A-Fa-f]){5}|(?i:\b(?:sips?|tel|skype|xmpp|mailto|callto|facetime|whatsapp|viber|telegram|signal|wechat):)|(?i:\.(?:com|me|net|org)/)|[A-Za-z]{2}[0-9]{2}"  # noqa: E501
_FEW = 10  # values from which it can be seen whether nearly everybody has one of his own
_OWN = 0.5  # share of values that are somebody's own in a column of names or addresses
_ALIKE = 0.5  # share of a column of numbers that are ids of people, from which all of it is
# The first of these is read as birth_date; a further one would tell people apart as well.
BORN = ("birthdate", "date_of_birth", "dateofbirth", "dob", "birthday", "born", "born_on")
# Columns called by these hold names, addresses and accounts of people, in whatever form ...
_CALLED = frozenset(
    """
    name names firstname lastname surname forename fullname nickname nick alias maiden mother father email mail mails
    phone phones mobile msisdn imsi imei iccid sim tel telephone fax address street house iban account acct card
    passport ssn tax taxid taj login username user handle skype whatsapp viber telegram facebook instagram twitter ip
    mac lat latitude lon lng longitude gps coord coords coordinate coordinates geo zip postcode postal nev név
    vezeteknev keresztnev cim cím utca hazszam szamla számla szamlaszam telefon telefonszam lakcim lakcím anyja szig
    adoszam vorname nachname strasse straße anschrift konto nom prenom prénom adresse rue nombre apellido direccion
    calle cuenta
    """.split()  # noqa: SIM905 (words read better than fifty quotes)
)
# ... unless they end in what is counted or classed.
_KIND_OF = frozenset(
    """
    type kind class age count days months years gb mb model plan share score index flag group size band category status
    limit balance usage
    """.split()  # noqa: SIM905
)


@dataclass
class Guarded:
    """What became of the columns: values hidden, columns left out and why, columns kept."""

    hidden: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    kept: dict[str, int] = field(default_factory=dict)

    def details(self) -> dict[str, int]:
        """As counts of a summary; the columns' names are no one's (checked before)."""
        total = sum(self.hidden.values()) + sum(self.left_out.values())
        parts = {sources.HIDDEN: self.hidden, sources.LEFT_OUT_AS_PERSONAL: self.left_out, sources.KEPT: self.kept}
        found = {what + name: n for what, names in parts.items() for name, n in names.items()}
        return {"numbers_and_addresses_hidden": total, **found}


def guard(
    store: Warehouse,
    frame: pl.DataFrame,
    columns: Collection[str],
    ids: Ids,
    key: bytes,
    *,
    names: Collection[str] = (),
    texts: Collection[str] = (),
    keep: Collection[str] = (),
    known: pl.DataFrame | None = None,
) -> tuple[pl.DataFrame, Guarded]:
    """Hide what identifies a person in columns that are no ids.

    A text that is or holds an address, a number, an account, a handle or a place becomes its pseudonym: the same value
    stays the same. In a column of numbers whole ones of 9 to 19 digits are ids of people; where they are not most of
    it they become empty. A column of texts most of which are one person's own reads like names or addresses and is left
    out, as is one that is called so.

    Args:
        store: the warehouse whose SQL names ids.
        frame: text columns.
        columns: which of them to look at; none names its row.
        ids: how to name people; with `none` nothing is replaced.
        key: the workspace's key.
        names: columns that name things (campaigns, offers), which are never left out.
        texts: columns of the contract, which stay when emptied.
        keep: columns to keep as they come.
        known: the same columns as stored, where they are.

    Returns:
        The frame, and what became of each column.
    """
    guarded = Guarded()
    for name in (n for n in columns if n in BORN and n not in keep):
        guarded.left_out[name] = len(frame) - frame[name].null_count()
        frame = frame.drop(name)
    if ids.pseudonymise == "none":
        return frame, guarded
    for name in columns:
        if name == "birth_date" or name not in frame.columns:
            continue
        values = frame[name]
        filled = len(values) - values.null_count()
        if not filled:
            continue
        if name in keep:
            guarded.kept[name] = filled
            continue
        if name not in names and _names_people(name, values, known, texts):
            guarded.left_out[name] = filled
            frame = _emptied(frame, name) if name in texts else frame.drop(name)
            continue
        frame, hits = _hide(store, frame, name, ids, key, thing=name in names)
        if hits:
            guarded.hidden[name] = hits
        if hits < filled and name not in names:
            guarded.kept[name] = filled - hits
    return frame, guarded


def _hide(
    store: Warehouse, frame: pl.DataFrame, name: str, ids: Ids, key: bytes, *, thing: bool
) -> tuple[pl.DataFrame, int]:
    """Pseudonyms for the personal values of a column; returns how many there are."""
    import polars as pl

    values = frame[name]
    numbers = not thing and _are_numbers(values)
    if numbers:
        hits = values.str.contains(r"^\s*[0-9]{9,19}(?:\.0+)?\s*$") & ~values.str.contains(r"000(?:\.0+)?\s*$")
    else:
        suspects = values.drop_nulls().unique()
        suspects = suspects.filter(suspects.str.contains(_SUSPECT))
        found = [text for text in suspects if identifiers.personal(text)]
        hits = values.is_in(pl.Series(found, dtype=pl.String).implode()) if found else values.is_in([""])
    count = int(hits.sum())
    if not count:
        return frame, 0
    if numbers and count < _ALIKE * (len(values) - values.null_count()):
        return frame.with_columns(pl.when(~hits).then(values).alias(name)), count
    chosen = frame.select(pl.when(hits).then(values.str.replace(r"^(\s*[0-9]+)\.0+\s*$", "$1")).alias(name))[name]
    always = dataclasses.replace(ids, pseudonymise="all")
    named = pseudonyms.name_series(store, chosen, always, key)
    return frame.with_columns(pl.coalesce(named, values).alias(name)), count


def _are_numbers(values: pl.Series) -> bool:
    import polars as pl

    return values.cast(pl.Float64, strict=False).null_count() == values.null_count()


def _names_people(name: str, values: pl.Series, known: pl.DataFrame | None, texts: Collection[str]) -> bool:
    """Whether a column reads like people's names, addresses or accounts: by what it is called, or as nearly everybody
    has a value of his own."""
    import polars as pl

    called = name not in texts and _called_so(name)
    if known is not None and name in known.columns and known[name].dtype == pl.String:
        values = pl.concat([known[name], values])
    values = values.drop_nulls()
    if called and len(values) < _FEW:
        return True
    if len(values) < _FEW or (not called and (_are_numbers(values) or _are_times(values))):
        return False
    counts = values.value_counts()["count"]
    return int((counts == 1).sum()) > _OWN * len(values)


def _called_so(name: str) -> bool:
    words = [word for word in re.split(r"[\W\d_]+", name.lower()) if word]
    return bool(_CALLED & set(words)) and words[-1] not in _KIND_OF


def _are_times(values: pl.Series) -> bool:
    """Whether all texts are days or moments."""
    return bool(values.str.contains(r"^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d.*)?$").all())


def _emptied(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    import polars as pl

    return frame.with_columns(pl.lit(None, pl.String).alias(name))

"""Names of people inside the workspace: phone numbers in E.164, then HMAC-SHA-256 with the workspace's key.

The pseudonym of an id is the first 32 hex digits (128 bits, RFC 2104 section 5) of HMAC-SHA-256(key, id), computed
in SQL over distinct ids. METHODS section 8: every id that identifies a person (`engine.trust.identifiers`), all or none
as configured.
"""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Protocol

from engine.errors import ConfigError
from engine.trust import identifiers

if TYPE_CHECKING:
    import polars as pl

    from engine.config import Ids

DIGITS = 32
_NATIONAL = ("raw", "text")
_NAMING = "ids_naming"


class Runner(Protocol):
    """The warehouse methods this module uses."""

    connection: Any

    def query(self, statement: str, /, **params: Any) -> pl.DataFrame:
        """The rows of a statement below sql/."""

    def temp(self, name: str, statement: str, /, **params: Any) -> None:
        """Keep a statement's rows as a temporary table."""

    def execute(self, statement: str, /, **params: Any) -> None:
        """Run a statement below sql/ for its effect."""


def pseudonym(identifier: str, key: bytes) -> str:
    """The pseudonym of one normalised id: 32 hex digits of HMAC-SHA-256."""
    return hmac.new(key, identifier.encode(), sha256).hexdigest()[:DIGITS]


def blocks(key: bytes) -> tuple[bytes, bytes]:
    """The inner and outer 64-byte blocks of HMAC-SHA-256 for a key (RFC 2104 section 2)."""
    padded = (sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    return bytes(b ^ 0x36 for b in padded), bytes(b ^ 0x5C for b in padded)


def settle(store: Runner, ids: Ids, *, note: bool = True) -> None:
    """Hold a workspace to one way of naming people: noted when the first of them come, the same ever after.

    Args:
        store: the warehouse, open for writing.
        ids: how people are to be named now.
        note: whether people may be about to come.

    Raises:
        ConfigError: the people who are there were named in another way; one person would become two.
    """
    now = f"{ids.pseudonymise}, rules {ids.rules}"
    known = store.query("trust/meta", name=_NAMING)
    if known.height and known["value"][0] == now:
        return
    if known.height and store.query("trust/people")["people"][0]:
        raise ConfigError(
            f"ids.pseudonymise and ids.rules are {now} now, but the people of this workspace were named by "
            f"{known['value'][0]}.",
            fix="Set them back in kindred.toml, or make a new workspace and import the files there.",
        )
    if note:
        store.execute("trust/forget_meta", name=_NAMING)
        store.execute("trust/set_meta", name=_NAMING, value=now)


def name_ids(store: Runner, ids: Ids, key: bytes, *, table: str = "_ids", short: int = 0) -> None:
    """Turn temporary table `_ids_raw` (raw) into `table` (raw, is_phone, is_short, party_id).

    Args:
        store: the warehouse that holds `_ids_raw`, distinct ids as they came in.
        ids: how to name people (pseudonymise, rules, region).
        key: the workspace's 32-byte key.
        table: temporary table to make.
        short: ids of digits only, fewer than this, are marked `is_short`.

    Raises:
        ConfigError: `ids.region` is no country.
    """
    import polars as pl

    pattern = identifiers.ODD if ids.rules < 3 else identifiers.ODDER
    odd = store.query("trust/odd_ids", odd=pattern)["raw"] if ids.rules > 1 else pl.Series("raw", [], pl.String)
    folded = pl.Series("text", [identifiers.canonical(text, ids.rules) for text in odd], dtype=pl.String)
    _hand_over(store, "_ids_folded", "trust/folded_ids", pl.DataFrame({"raw": odd, "text": folded}))
    national = store.query("trust/national_ids") if ids.region else pl.DataFrame(schema=_NATIONAL)
    read = pl.Series("e164", _e164(national["text"], ids.region), dtype=pl.String)
    frame = pl.DataFrame({"raw": national["raw"], "e164": read}).drop_nulls()
    _hand_over(store, "_ids_national", "trust/national_ids_read", frame)
    inner, outer = blocks(key)
    store.temp(
        table,
        "trust/party_ids",
        mode=ids.pseudonymise,
        rules=ids.rules,
        inner=inner,
        outer=outer,
        short=short,
        mail=identifiers.MAIL,
        held=f"{identifiers.MAIL}|{identifiers.MARKED}",
        opaque=identifiers.OPAQUE,
    )


def _hand_over(store: Runner, table: str, statement: str, frame: pl.DataFrame) -> None:
    """Keep a frame as a temporary table; the statement reads it as the table's name with _frame behind."""
    store.connection.register(f"{table}_frame", frame.to_arrow())
    try:
        store.temp(table, statement)
    finally:
        store.connection.unregister(f"{table}_frame")


def name_series(store: Runner, values: pl.Series, ids: Ids, key: bytes) -> pl.Series:
    """Names inside the workspace for a column of ids, exactly as the call records' ids get them.

    Args:
        store: the warehouse whose SQL computes them.
        values: text ids, may hold nulls and repeats.
        ids: how to name people.
        key: the workspace's key.

    Returns:
        A text series of the same length and name.
    """
    import polars as pl

    raw = pl.DataFrame({"raw": values.cast(pl.String)})
    store.connection.register("_ids_frame", raw.drop_nulls().unique().to_arrow())
    try:
        store.temp("_ids_raw", "trust/raw_ids")
    finally:
        store.connection.unregister("_ids_frame")
    name_ids(store, ids, key, table="_ids_named")
    named = store.query("trust/named_ids")
    return raw.join(named, on="raw", how="left", maintain_order="left")["party_id"].rename(values.name)


def _e164(values: pl.Series, region: str) -> list[str | None]:
    """E.164 form of national numbers, None where the library says it is no possible number of that country."""
    if not region:
        return []
    import phonenumbers

    if region.upper() not in phonenumbers.SUPPORTED_REGIONS:
        raise ConfigError(f"ids.region = {region!r} is not a country.", fix="Use two letters such as HU or US.")
    found: list[str | None] = []
    for text in values.to_list():
        try:
            number = phonenumbers.parse(text, region.upper())
        except phonenumbers.NumberParseException:
            found.append(None)
            continue
        possible = phonenumbers.is_valid_number(number)
        found.append(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if possible else None)
    return found

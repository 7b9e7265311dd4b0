"""Names of people inside the workspace: phone numbers in E.164, then HMAC-SHA-256 with the workspace's key.

The pseudonym of an id is the first 32 hex digits (128 bits, RFC 2104 section 5) of HMAC-SHA-256(key, id), computed
in SQL over distinct ids. METHODS section 8: phone numbers and e-mail addresses always, other ids as configured.
"""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Protocol

from engine.errors import ConfigError

if TYPE_CHECKING:
    import polars as pl

    from engine.config import Ids

DIGITS = 32


class Runner(Protocol):
    """The warehouse methods this module uses."""

    connection: Any

    def query(self, statement: str, /, **params: Any) -> pl.DataFrame:
        """The rows of a statement below sql/."""

    def temp(self, name: str, statement: str, /, **params: Any) -> None:
        """Keep a statement's rows as a temporary table."""


def pseudonym(identifier: str, key: bytes) -> str:
    """The pseudonym of one normalised id: 32 hex digits of HMAC-SHA-256."""
    return hmac.new(key, identifier.encode(), sha256).hexdigest()[:DIGITS]


def blocks(key: bytes) -> tuple[bytes, bytes]:
    """The inner and outer 64-byte blocks of HMAC-SHA-256 for a key (RFC 2104 section 2)."""
    padded = (sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    return bytes(b ^ 0x36 for b in padded), bytes(b ^ 0x5C for b in padded)


def name_ids(store: Runner, ids: Ids, key: bytes, *, table: str = "_ids", short: int = 0) -> None:
    """Turn temporary table `_ids_raw` (raw) into `table` (raw, is_phone, is_short, party_id).

    Args:
        store: the warehouse that holds `_ids_raw`, distinct ids as they came in.
        ids: how to name people (pseudonymise, region).
        key: the workspace's 32-byte key.
        table: temporary table to make.
        short: ids of digits only, fewer than this, are marked `is_short`.

    Raises:
        ConfigError: `ids.region` is no country.
    """
    import polars as pl

    national = store.query("trust/national_ids")["raw"] if ids.region else pl.Series("raw", [], pl.String)
    frame = pl.DataFrame({"raw": national, "e164": pl.Series(_e164(national, ids.region), dtype=pl.String)})
    store.connection.register("_ids_national_frame", frame.drop_nulls().to_arrow())
    try:
        store.temp("_ids_national", "trust/national_ids_read")
    finally:
        store.connection.unregister("_ids_national_frame")
    inner, outer = blocks(key)
    store.temp(table, "trust/party_ids", mode=ids.pseudonymise, inner=inner, outer=outer, short=short)


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

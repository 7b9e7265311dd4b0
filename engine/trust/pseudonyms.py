"""Names of people inside the workspace: phone numbers in E.164, then HMAC-SHA-256 with the workspace's key.

The pseudonym of an id is the first 32 hex digits (128 bits, RFC 2104 section 5) of HMAC-SHA-256(key, id), computed
in SQL over distinct ids. METHODS section 8: every id that identifies a person (`engine.identifiers`), all or none
as configured.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Collection
from hashlib import sha256
from typing import TYPE_CHECKING

from engine import identifiers
from engine.errors import ConfigError
from engine.trust import national as numbers
from engine.trust import spellings

if TYPE_CHECKING:
    import polars as pl

    from engine.config import Ids
    from engine.warehouse import Warehouse

DIGITS = 32
_NATIONAL = ("raw", "text")
_NAMING = "ids_naming"
_FOLDED_BY_2 = re.compile(identifiers.ODD)


def pseudonym(identifier: str, key: bytes) -> str:
    """The pseudonym of one normalised id: 32 hex digits of HMAC-SHA-256."""
    return hmac.new(key, identifier.encode(), sha256).hexdigest()[:DIGITS]


def blocks(key: bytes) -> tuple[bytes, bytes]:
    """The inner and outer 64-byte blocks of HMAC-SHA-256 for a key (RFC 2104 section 2)."""
    padded = (sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    return bytes(b ^ 0x36 for b in padded), bytes(b ^ 0x5C for b in padded)


def check_naming(store: Warehouse, ids: Ids, *, note: bool = True) -> None:
    """Refuse to name people in another way than those who are there; note the way when the first of them come.

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


def name_ids(
    store: Warehouse, ids: Ids, key: bytes, *, table: str = "_ids", short: int = 0, nobody: Collection[str] = ()
) -> None:
    """Turn temporary table `_ids_raw` (raw) into `table` (raw, is_phone, is_short, is_number, is_code, problem,
    party_id).

    Args:
        store: the warehouse that holds `_ids_raw`, distinct ids as they came in.
        ids: how to name people (pseudonymise, rules, region).
        key: the workspace's 32-byte key.
        table: temporary table to make.
        short: ids of digits only, fewer than this, are marked `is_short`.
        nobody: further words for nobody, in small letters: `problem` says that an id is one, or lost its digits.

    Raises:
        ConfigError: `ids.region` is no country.
    """
    import polars as pl

    odd = store.query("trust/odd_ids", odd=spellings.ODD)["raw"]
    texts = pl.Series("text", [_read(text, ids.rules) for text in odd], dtype=pl.String)
    problems = pl.Series("problem", [spellings.problem(text, nobody) for text in odd], dtype=pl.String)
    _hand_over(store, "_ids_folded", "trust/folded_ids", pl.DataFrame({"raw": odd, "text": texts, "problem": problems}))
    national = store.query("trust/national_ids", rules=ids.rules) if ids.region else pl.DataFrame(schema=_NATIONAL)
    read = pl.Series("e164", numbers.read(national["text"], ids.region, ids.rules), dtype=pl.String)
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


def _read(text: str, rules: int) -> str | None:
    """An odd id as the rules of the workspace read it; None = as it stands."""
    if rules > 2:
        return spellings.plain(text)
    return identifiers.canonical(text) if rules == 2 and _FOLDED_BY_2.search(text) else None


def problems(values: pl.Series, nobody: Collection[str] = ()) -> pl.Series:
    """Why ids name no person (see `engine.trust.spellings.problem`), null where they do.

    Args:
        values: text ids, may hold nulls and repeats.
        nobody: further words for nobody, in small letters.
    """
    import polars as pl

    texts = values.cast(pl.String)
    odd = texts.filter(texts.str.contains(spellings.ODD)).unique()
    found = {text: why for text in odd if (why := spellings.problem(text, nobody))}
    return texts.replace_strict(found, default=None, return_dtype=pl.String)


def _hand_over(store: Warehouse, table: str, statement: str, frame: pl.DataFrame) -> None:
    """Keep a frame as a temporary table; the statement reads it as the table's name with _frame behind."""
    with store.registered(f"{table}_frame", frame):
        store.temp(table, statement)


def name_series(store: Warehouse, values: pl.Series, ids: Ids, key: bytes) -> pl.Series:
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
    with store.registered("_ids_frame", raw.drop_nulls().unique()):
        store.temp("_ids_raw", "trust/raw_ids")
    name_ids(store, ids, key, table="_ids_named")
    named = store.query("trust/named_ids")
    return raw.join(named, on="raw", how="left", maintain_order="left")["party_id"].rename(values.name)


def e164(text: str, region: str) -> str | None:
    """A telephone number in E.164 form, +36201234567; None = the text cannot be one.

    Args:
        text: in any of the spellings that `engine.trust.spellings` reads.
        region: two-letter country of numbers in national form; empty = only + and 00 forms are numbers.
    """
    import phonenumbers

    plain = spellings.plain(text)
    digits = "".join(letter for letter in plain if letter.isdigit())
    if not plain.startswith(("+", "00")):
        if not region or not re.fullmatch(r"[0-9(][0-9 ()./-]{4,24}", plain):
            return None
        code = str(phonenumbers.country_code_for_region(region.upper()))
        return numbers.number_of(plain, region.upper(), code)
    try:
        number = phonenumbers.parse(f"+{digits.lstrip('0')}")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)

"""A workspace whose customers are known by numbers, with ads, and the numbers themselves."""

from __future__ import annotations

import csv
import hmac
import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import polars as pl

from engine.tables import TABLES
from tests.ads import ads_data

PEOPLE = ("customer_id", "subject_id")
FILLED = ("choices", "matches", "consents", "customers")


def number(person: int) -> str:
    """The number of the customer that `ads_data` calls `c` and this."""
    return f"+3620123450{person}"


def pseudonym(text: str, key: bytes) -> str:
    """What a workspace calls a telephone number (METHODS section 8)."""
    return hmac.new(key, text.encode(), sha256).hexdigest()[:32]


def make(folder: Path, *, customers: int = 6, preset: dict | None = None):
    """A workspace of customers 0 to `customers` - 1 that has its ads."""
    settings = {"ads__sizes": "300x250", "ids__region": "HU", **(preset or {})}
    space = ads_data.make(folder, customers=customers, preset=settings)
    names = {f"c{n:03}": pseudonym(number(n), space.key()) for n in range(customers)}
    with space.writing("test") as store:
        for table in FILLED:
            named = [pl.col(c).replace(names) for c in TABLES[table].names if c in PEOPLE]
            store.write(table, store.read(table).with_columns(named))
    ads_data.run(space)
    return space


def crm(path: Path, rows: Sequence[Sequence[str]], header: Sequence[str] = ("account", "msisdn", "name")) -> Path:
    """A sender's list."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def lines(path: Path) -> list[dict]:
    """A file of JSON lines."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]

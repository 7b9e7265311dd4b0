"""Opt-outs and withdrawn consents, kept where neither an erasure nor a restored backup removes them.

Each objection is a keyed hash of the person, a purpose and a moment. It stands in table `objections` and in a file
beside the database; whatever either of them has, both get. So it survives an erasure (no name is kept), a purge, a
migration and a restored database. (GDPR article 21; METHODS section 8.)
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import WorkspaceError
from engine.tables import empty
from engine.trust import files, keys

if TYPE_CHECKING:
    import polars as pl

    from engine.warehouse import Warehouse

FILE = "objections.jsonl"
EVERYTHING = "all"


def salt(key: bytes) -> bytes:
    """What people are hashed with here: from the workspace's key, of no use for their pseudonyms."""
    return keys.derived(key, "objections")


def hashed(store: Warehouse, names: pl.Series, key: bytes) -> pl.DataFrame:
    """Names inside the workspace with the hash they have on the list.

    Args:
        store: the warehouse.
        names: may repeat and hold nulls.
        key: the workspace's.

    Returns:
        name, who: each name once.
    """
    store.keep("_people", names.drop_nulls().unique().sort().to_frame("name"))
    store.temp("_whos", "trust/whos", salt=salt(key))
    return store.query("trust/hashed")


def objecting(store: Warehouse, names: pl.Series, key: bytes) -> pl.Series:
    """bool per name: this person is on the list as opted out of everything (null names are not)."""
    import polars as pl

    listed = store.read("objections").filter(pl.col("purpose") == EVERYTHING)
    if not listed.height:
        return pl.Series(names.name, [False] * len(names), pl.Boolean)
    found = hashed(store, names, key).join(listed, on="who", how="semi")
    return names.is_in(found["name"].implode()).fill_null(False)


def recognise(store: Warehouse, statement: str, key: bytes) -> None:
    """Temporary table `_recognised` (name, purpose, at): who of the names a statement gives is on the list.

    For many names: they are hashed where the warehouse computes, and only where the list has somebody.

    Args:
        store: the warehouse.
        statement: below sql/, gives `name`.
        key: the workspace's.
    """
    if store.count("objections"):
        store.temp("_people", statement)
        store.map_partitions("_whos", partial(_hash, salt=salt(key)), over="_people")
        store.temp("_recognised", "trust/recognised")
    else:
        store.temp("_recognised", "trust/nobody_recognised")


def _hash(store: Warehouse, *, salt: bytes) -> None:
    store.temp("_whos", "trust/whos", salt=salt)


def read(folder: Path) -> pl.DataFrame:
    """Rows of table `objections` as the file has them.

    Args:
        folder: of the workspace.

    Raises:
        WorkspaceError: the file cannot be read, or holds something else.
    """
    import polars as pl

    path = folder / FILE
    if not path.exists():
        return empty("objections")
    try:
        lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        rows = [(line["who"], line["purpose"], datetime.fromisoformat(line["at"])) for line in lines]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WorkspaceError(
            f"{path}, the list of people who objected, is damaged.",
            fix="Restore the file from your last backup: without it, people who opted out could come back.",
        ) from error
    return pl.DataFrame(rows, schema=empty("objections").schema, orient="row")


def digest(folder: Path) -> str:
    """A hash of the file; empty where there is none."""
    path = folder / FILE
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""


def write(folder: Path, objections: pl.DataFrame, *, scratch: Path) -> None:
    """Put rows of table `objections` into the file, whole or not at all."""
    lines = [
        json.dumps({"who": who, "purpose": purpose, "at": at.isoformat()})
        for who, purpose, at in objections.select("who", "purpose", "at").iter_rows()
    ]
    with files.replacing(folder / FILE, scratch=scratch) as file:
        file.write("".join(f"{line}\n" for line in lines).encode())


def together(*parts: pl.DataFrame) -> pl.DataFrame:
    """Rows of table `objections` merged: the first moment of each opt-out, and every withdrawal, sorted by keys."""
    import polars as pl

    every = pl.concat([part.select(empty("objections").columns) for part in parts]).unique()
    first = every.filter(pl.col("purpose") == EVERYTHING).group_by("who", "purpose").agg(pl.col("at").min())
    return pl.concat([every.filter(pl.col("purpose") != EVERYTHING), first]).sort("who", "purpose", "at")

"""Keeps each file's rows of a table, so that one import can be taken back: the others are merged again,
in their order.

A row is kept as it is stored, after people were named and values read. What an older Kindred had brought in stands as
one reading before all others. (Call records have `engine.logs.repeats`.)
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine import attributes
from engine.tables import TABLES, empty, polars_type
from engine.trust import mentions, objections
from engine.warehouse import Warehouse

if TYPE_CHECKING:
    import polars as pl

TARGETS = (
    "customers", "devices", "offers", "treatments", "acts", "photos", "inventory", "consents", "exposures", "outcomes",
)  # fmt: skip
DATED = {"treatments": "sent_at", "acts": "at"}  # tables that a purge takes rows out of, and by which column
_BASE = "readings:"  # in `meta`: the columns of what was there before readings were kept
_TIMES = ("Date", "Datetime")


@dataclass(frozen=True)
class Merged:
    """A table after rows were merged into it.

    Args:
        rows: all of its rows; None where nothing changed.
        kept: rows that are news.
        duplicate: rows that were there already, or came again in the same file.
        counts: replaced_in_file, replaced and unchanged rows.
        last: the file's rows, one a key.
    """

    rows: pl.DataFrame | None
    kept: int
    duplicate: int
    counts: dict[str, int]
    last: pl.DataFrame


def merge(target: str, old: pl.DataFrame, frame: pl.DataFrame) -> Merged:
    """Replace rows by new ones of the same keys; columns that these do not have keep their values.

    Args:
        target: name of the table.
        old: its rows.
        frame: the rows to come, in order.
    """
    import polars as pl

    keys = list(TABLES[target].keys)
    frame = frame.with_columns(
        pl.lit(None, polars_type(TABLES[target].column(name).type)).alias(name)
        for name in keys
        if name not in frame.columns
    )
    own = frame.unique(keys, keep="last", maintain_order=True)
    last, old = _alike(_of_photos(own, old) if target == "inventory" else own, old)
    absent = [c for c in old.columns if c not in last.columns]
    if absent and old.height:
        last = last.join(old.select(*keys, *absent), on=keys, how="left", maintain_order="left", nulls_equal=True)
    shared = [c for c in last.columns if c not in keys]
    before = last.join(old, on=keys, how="semi", nulls_equal=True).height
    same = last.join(
        old.select(last.columns) if old.height else last.clear(), on=last.columns, how="semi", nulls_equal=True
    )
    duplicate = same.height if shared else before
    rows = None
    if last.height > duplicate:
        rest = old.join(last, on=keys, how="anti", nulls_equal=True)
        rows = pl.concat([rest, last], how="diagonal_relaxed").sort(keys)
    earlier = frame.height - own.height
    counts = {"replaced_in_file": earlier, "replaced": before - duplicate, "unchanged": duplicate}
    return Merged(rows, last.height - duplicate, duplicate + earlier, counts, own)


def _of_photos(own: pl.DataFrame, old: pl.DataFrame) -> pl.DataFrame:
    """Rows of an inventory; those of a table without photos correct the attributes of photos that are there."""
    import polars as pl

    if "path" in own.columns:
        return own
    there = own.join(old.select("photo_id", before="attributes"), on="photo_id", maintain_order="left")
    changes = there["attributes"] if "attributes" in there.columns else [None] * there.height
    words = [attributes.corrected(*pair) for pair in zip(there["before"], changes, strict=True)]
    return there.drop("before").with_columns(pl.Series("attributes", words, dtype=pl.String))


def keep(store: Warehouse, source: str, target: str, frame: pl.DataFrame) -> dict[str, Any]:
    """Keep a file's rows; returns what `sources.how` has to say of them.

    Args:
        store: the warehouse, inside the import's transaction.
        source: its id.
        target: name of the table.
        frame: the rows in the table's types, one a key.
    """
    import polars as pl

    if frame.height:
        number = pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("row_number")
        store.append("readings", _rows(frame).with_columns(pl.lit(source).alias("source_id"), number))
    return {"columns": [[name, _kind(dtype)] for name, dtype in frame.schema.items()]}


def keep_existing(store: Warehouse, target: str) -> None:
    """Keep what a table holds before the first import that can be taken back, inside its transaction."""
    known = store.query("intake/readings_begun", target=target, name=_BASE + target).row(0, named=True)
    if known["begun"] or not store.count(target):
        return
    how = keep(store, _BASE + target, target, store.read(target))
    store.execute("trust/set_meta", name=_BASE + target, value=json.dumps(how))


def take_out(store: Warehouse, target: str, gone: Collection[str], key: bytes) -> None:
    """Write a table as it is without some imports.

    Args:
        store: the warehouse, inside a transaction; the imports still stand in `sources`.
        target: name of the table.
        gone: ids of the imports.
        key: the workspace's, by which people who objected are known.
    """
    if target == "consents":
        store.keep("_consenting", store.read(target).select(name="customer_id").unique().sort("name"))
        objections.recognise(store, "trust/consenting", key)
    store.execute("intake/drop_readings", gone=list(gone))
    table = empty(target)
    base = store.query("trust/meta", name=_BASE + target)
    steps = [(_BASE + target, json.loads(base["value"][0]))] if base.height else []
    for line in store.query("intake/readings_in_order", target=target).iter_rows(named=True):
        how = json.loads(line["how"])
        if line["source_id"] not in gone and (line["target"] == target or "before" in how):
            steps.append((line["source_id"], how))
    for source, how in steps:
        if "columns" in how:
            merged = merge(target, table, _read(store, source, how["columns"]))
            table = table if merged.rows is None else merged.rows
        elif target in DATED:
            table = _purged(table, DATED[target], how.get("start") or how["before"])
    store.write(target, table)
    if target == "consents":
        store.execute("trust/withdraw_recognised")


def purge(store: Warehouse, target: str) -> None:
    """Forget what files said of rows that a purge took out of a table, inside its transaction.

    Earlier readings of rows that are still there stay: without the last one, the purge would take them.
    """
    import polars as pl

    keys = list(TABLES[target].keys)
    there = store.read(target).select(keys)
    gone = []
    for (source, how), part in store.query("intake/readings_of", target=target, base=_BASE + target).group_by(
        "source_id", "how"
    ):
        rows = _decoded(part["cells"], json.loads(how)["columns"]).select(keys)
        rows = rows.with_columns(part["row_number"], pl.lit(source).alias("source_id"))
        gone.append(rows.join(there, on=keys, how="anti", nulls_equal=True).select("source_id", "row_number"))
    if gone:
        store.keep("_readings_gone", pl.concat(gone))
        store.execute("intake/drop_rows")


def unname(store: Warehouse, names: Sequence[str]) -> None:
    """Take people out of what files said of others, as `engine.trust.mentions` takes them out of the tables."""
    import polars as pl

    words = mentions.whole_words(names)
    for target, further in (("customers", None), ("inventory", ["attributes"])):
        parts = store.query("intake/readings_of", target=target, base=_BASE + target) if words else None
        for (how, source), part in parts.group_by("how", "source_id") if parts is not None else ():
            columns = json.loads(how)["columns"]
            own = further or [n for n, kind in columns if n not in TABLES[target].names and kind == "String"]
            old = _decoded(part["cells"], columns)
            new = old.with_columns(mentions.without(old[name], words) for name in own if name in old.columns)
            if new.equals(old):
                continue
            rows = part.select("source_id", "row_number").with_columns(
                (
                    new["customer_id"]
                    if "customer_id" in new.columns
                    else pl.Series([None] * new.height, dtype=pl.String)
                ).alias("customer_id"),
                _cells(new).alias("cells"),
            )
            store.execute("intake/drop_readings", gone=[source])
            store.append("readings", rows)


def _purged(table: pl.DataFrame, column: str, before: str) -> pl.DataFrame:
    import polars as pl

    return table.filter(pl.col(column) >= datetime.fromisoformat(before))


def _alike(new: pl.DataFrame, old: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Both frames with the same type per column: where one has text, both have; a new column is null in the old."""
    import polars as pl

    for name in new.columns:
        if name not in old.columns:
            old = old.with_columns(pl.lit(None, dtype=new[name].dtype).alias(name))
        if name in old.columns and new[name].dtype != old[name].dtype:
            if pl.String in (new[name].dtype, old[name].dtype):
                new = new.with_columns(pl.col(name).cast(pl.String))
                old = old.with_columns(pl.col(name).cast(pl.String))
            else:
                new = new.with_columns(pl.col(name).cast(old[name].dtype))
    return new, old


def _kind(dtype: Any) -> str:
    return str(dtype.base_type())


def _rows(frame: pl.DataFrame) -> pl.DataFrame:
    """customer_id and cells of each row."""
    import polars as pl

    who = pl.col("customer_id") if "customer_id" in frame.columns else pl.lit(None, pl.String)
    return frame.select(who.alias("customer_id"), _cells(frame).alias("cells"))


def _cells(frame: pl.DataFrame) -> pl.Series:
    """Each row's values as texts that give the same values back, in one JSON text; no names of columns in it."""
    import polars as pl

    texts = [
        (pl.col(name).to_physical() if _kind(dtype) in _TIMES else pl.col(name)).cast(pl.String)
        for name, dtype in frame.schema.items()
    ]
    return frame.select(pl.struct(pl.concat_list(texts).alias("v")).struct.json_encode()).to_series()


def _read(store: Warehouse, source: str, columns: Sequence[Sequence[str]]) -> pl.DataFrame:
    """What `keep` kept."""
    return _decoded(store.query("intake/readings", source_id=source)["cells"], columns)


def _decoded(cells: pl.Series, columns: Sequence[Sequence[str]]) -> pl.DataFrame:
    import polars as pl

    values = cells.str.json_decode(pl.Struct({"v": pl.List(pl.String)})).struct.field("v")
    parts = pl.DataFrame({"v": values}).select(
        pl.col("v").list.get(place, null_on_oob=True).alias(name) for place, (name, _) in enumerate(columns)
    )
    return parts.with_columns(_typed(name, kind) for name, kind in columns)


def _typed(name: str, kind: str) -> pl.Expr:
    import polars as pl

    text = pl.col(name)
    if kind == "Boolean":
        return text == "true"
    if kind == "Date":
        return text.cast(pl.Int32).cast(pl.Date)
    if kind == "Datetime":
        return text.cast(pl.Int64).cast(pl.Datetime("us"))
    return text.cast(getattr(pl, kind))

"""Customers as a list: searched, sorted, cut to a segment, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.errors import EngineError, InputError
from engine.serve.segment import ASSIGNED, COMPUTED, LONGEST, OWN, Facet, Segment
from engine.trust import people as rules
from engine.usecases import customers
from engine.warehouse import Sql, joined, quote, sql, sql_text

if TYPE_CHECKING:
    import polars as pl

    from engine.warehouse import Warehouse
    from engine.workspace.snapshot import Reading

TABLE, _WIDER = "_people", "_people_wider"
TRIALS = 20  # experiments whose arms are columns, the newest
_MORE = ("handsets", "offers", "faces")  # statements serve/people_*: a row per customer each
ROWS, MOST = 50, 100_000  # rows of a page; of a download
_HIDDEN = ("customer_id", "birth_date")
# What a row shows, in order, before the company's own columns.
SHOWN = ("customer_id", "age_band", "manufacturer", "contact_id", "tie_share", "offer_id", "expected_value", "arm",
         "community")  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """What of the list is asked for.

    Args:
        text: beginning of an id, or an id as it was imported; empty = everybody.
        sort: column.
        down: largest first.
        page: from 1.
    """

    text: str = ""
    sort: str = "customer_id"
    down: bool = False
    page: int = 1


@dataclass(frozen=True)
class Found:
    """Rows of a page and how many there are in all."""

    rows: pl.DataFrame
    total: int


def prepare(reading: Reading) -> list[Facet]:
    """Keep the list as a temporary table of a snapshot, and say by which columns it may be cut."""
    with reading.warehouse(read_only=True) as store:
        rules.standing(store, rules.rules(reading.config, store))  # leaves `_ages`
        own = [c for c in store.columns("customers") if c not in _HIDDEN]
        trials = store.query("serve/trials", limit=TRIALS)["experiment_id"].to_list()
        _put_together(store, reading.config.graph.definition, own, trials)
        names = [*COMPUTED, *(ASSIGNED + trial for trial in trials), *(OWN + c for c in own if c != "age")]
        return [facet for name in names if (facet := _facet(store, name)) is not None]


def _put_together(store: Warehouse, definition: str, own: Sequence[str], trials: Sequence[str]) -> None:
    """The list, one join after the other: all at once need more memory than a snapshot may use.

    Args:
        store: with `_ages`.
        definition: of influence.
        own: the company's columns of table customers.
        trials: experiments whose arms are columns.
    """
    named = joined("", [sql(", {column} AS {name}", column=c, name=OWN + c) for c in own])
    arms = [sql(", max(arm) FILTER (WHERE experiment_id = ${value}) AS {name}", value=sql(f"trial{i}"),
                name=ASSIGNED + trial) for i, trial in enumerate(trials)]  # fmt: skip
    additions: list[tuple[Sql, dict[str, str]]] = [(sql_text(f"serve/people_{name}"), {}) for name in _MORE]
    additions += [
        (sql_text("serve/people_contacts"), {"definition": definition}),
        (sql("SELECT customer_id{arms} FROM assignments GROUP BY customer_id", arms=joined("", arms)),
         {f"trial{i}": trial for i, trial in enumerate(trials)}),
        # In order of the ids, so that a search reads only where they may lie.
        (sql("SELECT customer_id{own} FROM customers", own=named), {}),
    ]  # fmt: skip
    store.temp(TABLE, "serve/people")
    for i, (more, values) in enumerate(additions, 1):
        text = sql(
            "CREATE TEMP TABLE {wider} AS SELECT p.*, m.* EXCLUDE (customer_id) FROM {table} AS p "
            "LEFT JOIN ({more}) AS m ON m.customer_id = p.customer_id{order}",
            wider=_WIDER, table=TABLE, more=more,
            order=Sql(" ORDER BY p.customer_id" if i == len(additions) else ""),
        )  # fmt: skip
        store.execute_text(text, values, name="serve/people")
        store.drop(TABLE)
        store.execute_text(sql("ALTER TABLE {wider} RENAME TO {table}", wider=_WIDER, table=TABLE))


def _facet(store: Warehouse, column: str) -> Facet | None:
    """A column with its words; None where nobody has one, or where it is as good as a name."""
    if column == "community":
        there = store.query_text(sql("SELECT count({c}) AS n FROM {t}", c=column, t=TABLE))["n"][0]
        return Facet(column, None) if there else None
    text = sql(
        "SELECT CAST({c} AS VARCHAR) AS word, count(*) AS n FROM {t} WHERE {c} IS NOT NULL "
        "GROUP BY 1 ORDER BY n DESC, word LIMIT {limit}",
        c=column, t=TABLE, limit=LONGEST + 1,
    )  # fmt: skip
    words = dict(store.query_text(text).iter_rows())
    return Facet(column, words) if 0 < len(words) <= LONGEST else None


def columns(reading: Reading) -> list[str]:
    """Columns of the list, in order."""
    with reading.warehouse(read_only=True) as store:
        there = store.columns(TABLE)
    return [*SHOWN, *(c for c in there if c.startswith((OWN, ASSIGNED)))]


def size(reading: Reading, segment: Segment) -> int:
    """How many customers a segment has."""
    condition, words = segment.where()
    text = sql("SELECT count(*) AS n FROM {t} WHERE {c}", c=condition, t=TABLE)
    with reading.warehouse(read_only=True) as store:
        return store.query_text(text, words)["n"][0]


def ids(reading: Reading, segment: Segment) -> pl.DataFrame:
    """`customer_id` of a segment's customers."""
    condition, words = segment.where()
    text = sql("SELECT customer_id FROM {t} WHERE {c} ORDER BY customer_id", c=condition, t=TABLE)
    with reading.warehouse(read_only=True) as store:
        return store.query_text(text, words)


def listed(reading: Reading, segment: Segment, asked: Asked, *, rows: int = ROWS) -> Found:
    """A page of the list.

    Args:
        reading: with the table of `prepare`.
        segment: whom to list.
        asked: search, order and page.
        rows: of a page.

    Raises:
        InputError: there is no such column or page.
    """
    chosen = columns(reading)
    if asked.sort not in chosen:
        raise InputError(f"there is no column {asked.sort.removeprefix(OWN)!r} to sort by.")
    if asked.page < 1:
        raise InputError(f"there is no page {asked.page}.")
    condition, words = segment.where()
    with reading.warehouse(read_only=True) as store:
        if asked.text:
            condition = joined(" AND ", [condition, Sql("starts_with(customer_id, $text)")])
            words["text"] = _named(reading, store, asked.text)
        total = store.query_text(sql("SELECT count(*) AS n FROM {t} WHERE {c}", t=TABLE, c=condition), words)["n"][0]
        text = sql(
            "SELECT {columns} FROM {t} WHERE {c} ORDER BY {by} {way} NULLS LAST, customer_id "
            "LIMIT {rows} OFFSET {skip}",
            columns=chosen, t=TABLE, c=condition, by=quote(asked.sort), way=Sql("DESC" if asked.down else "ASC"),
            rows=rows, skip=(asked.page - 1) * rows,
        )  # fmt: skip
        return Found(store.query_text(text, words), total)


def _named(reading: Reading, store: Warehouse, text: str) -> str:
    """The pseudonym of an id as it was imported; where nobody is called so, the text itself."""
    try:
        return customers.find(store, reading, text)["party_id"]
    except EngineError:  # nobody, or several begin so
        return text


def members(reading: Reading, community: int, *, limit: int) -> list[dict[str, Any]]:
    """Who is in a community, the most central first."""
    with reading.warehouse(read_only=True) as store:
        return store.query("serve/members", community=community, limit=limit).to_dicts()

"""A segment: customers with one word in each of some columns, as it stands in an address; and tables cut to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.errors import InputError
from engine.figures import word as said
from engine.warehouse import joined, sql

if TYPE_CHECKING:
    from engine.warehouse import Warehouse

OWN = "own."  # before the name of a column that the company's table of customers brought
ASSIGNED = "in."  # before the name of an experiment: the arm that it assigned
COMPUTED = ("age_band", "manufacturer", "arm", "community")
_NAMES = {"age_band": "age", "manufacturer": "handset", "arm": "face shown"}
LONGEST = 50  # words of a column that are offered
# Rows of these are about the customer alone. What call records and the graph tell stays whole.
CUT = (
    "treatments", "photos", "influencers", "uplift", "choices", "face_choices", "matches", "ads", "assignments",
    "exposures", "outcomes",
)  # fmt: skip
_PEOPLE = "_segment"
_CUT = "CREATE TEMP VIEW {table} AS SELECT * FROM {home}.main.{table} WHERE customer_id IN (FROM {people})"
# Everybody else is somebody in the graph still, and no customer.
_PARTIES = (
    "CREATE TEMP VIEW parties AS SELECT node, party_id, is_customer AND party_id IN (FROM {people}) AS is_customer, "
    "opted_out FROM {home}.main.parties"
)


@dataclass(frozen=True)
class Segment:
    """Who is looked at; nobody named = everybody.

    Args:
        conditions: column of `people` and word, in order of the columns.
    """

    conditions: tuple[tuple[str, str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.conditions)

    def where(self) -> tuple[Any, dict[str, str]]:
        """The condition on rows of `people` as SQL, and its values."""
        parts = [
            sql("CAST({column} AS VARCHAR) = ${name}", column=column, name=sql(f"word{i}"))
            for i, (column, _) in enumerate(self.conditions)
        ]
        words = {f"word{i}": word for i, (_, word) in enumerate(self.conditions)}
        return (joined(" AND ", parts) if parts else sql("true")), words


@dataclass(frozen=True)
class Facet:
    """A column that segments are cut by.

    Args:
        column: of `people`.
        words: its words with their customers, the most frequent first; None where there are too many to offer.
    """

    column: str
    words: Mapping[str, int] | None

    @property
    def name(self) -> str:
        """As a reader meets it."""
        return named(self.column)


def named(column: str) -> str:
    """A column as a reader meets it."""
    if column.startswith(ASSIGNED):
        return f"arm in {column.removeprefix(ASSIGNED)}"
    return _NAMES.get(column) or column.removeprefix(OWN).replace("_", " ")


def spelled(column: str, text: str) -> str:
    """A word of a column as a reader meets it."""
    return said(text) if column == "arm" or column.startswith(ASSIGNED) else text


def parse(asked: Iterable[tuple[str, str]], facets: Sequence[Facet], *, public: bool) -> Segment:
    """The segment that an address names.

    Args:
        asked: names and values of the address; what names no column of a segment is left to others.
        facets: columns there are.
        public: nothing may be told of few: one condition, whose words are those offered.

    Raises:
        InputError: a column twice, a column or word that is not known, or more than the public may cut by.
    """
    known = {facet.column: facet for facet in facets}
    found: dict[str, str] = {}
    for column, word in asked:
        if column not in COMPUTED and not column.startswith((OWN, ASSIGNED)):
            continue
        if not word:
            continue
        if column not in known:
            names = ", ".join(facet.column.removeprefix(OWN) for facet in facets) or "none"
            raise InputError(
                f"no segment by {column.removeprefix(OWN)!r}: customers have no such column, or it is one that would "
                "single people out.",
                fix=f"Columns to cut by: {names}.",
            )
        if column in found:
            raise InputError(f"{known[column].name} is asked for twice.", fix="Choose one word of it.")
        words = known[column].words
        if words is not None and word not in words:
            raise InputError(
                f"{known[column].name} has no word {word!r}, or too few customers have it.",
                fix=f"Words: {', '.join(words)}.",
            )
        found[column] = word
    if public and len(found) > 1:
        raise InputError(
            "in public mode one column is cut by at a time: several together would tell of few customers.",
            fix="Choose one, or start with --internal.",
        )
    return Segment(tuple(sorted(found.items())))


@contextmanager
def within(store: Warehouse, customers: Any) -> Iterator[None]:
    """Inside the `with`, statements see of the tables `CUT` only the rows of some customers.

    Args:
        store: open for reading.
        customers: frame with `customer_id`.
    """
    home = store.query_text("SELECT current_database() AS name")["name"][0]
    made: list[str] = []
    store.keep(_PEOPLE, customers)
    try:
        for table in (*CUT, "parties"):
            text = _PARTIES if table == "parties" else _CUT
            store.execute_text(sql(text, table=table, home=home, people=_PEOPLE))
            made.append(table)
        yield
    finally:
        for table in made:
            store.execute_text(sql("DROP VIEW temp.{table}", table=table))
        store.drop(_PEOPLE)

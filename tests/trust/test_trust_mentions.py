"""Whoever is erased stands in no text of anybody else's rows, whichever column it is."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from engine import identifiers
from engine.tables import TABLES
from engine.trust import mentions
from engine.trust.pseudonyms import pseudonym
from engine.warehouse import quote
from engine.warehouse.duckdb import DuckDBWarehouse

GONE, STAYS = pseudonym("+36207654321", b"k"), pseudonym("+36301111111", b"k")


def texts(store) -> list[tuple[str, str, str]]:
    found = store.query("trust/columns").iter_rows()
    kinds = ("VARCHAR", "VARCHAR[]")
    return [(t, c, k) for t, c, k in found if t in TABLES and k in kinds and (t, c) not in mentions._KEYS]


def fill(store, table: str, column: str, kind: str, values: list[str]) -> None:
    """Rows of which only one column says something."""
    for contract in TABLES[table].columns:
        if not contract.nullable:
            store.connection.execute(f'ALTER TABLE {quote(table)} ALTER COLUMN "{contract.name}" DROP NOT NULL')
    if TABLES[table].sparse:
        store.ensure_columns(table, [column])
    value = "[v]" if kind == "VARCHAR[]" else "v"
    text = f"INSERT INTO {quote(table)} ({quote(column)}) SELECT {value} FROM unnest($values::VARCHAR[]) AS u(v)"  # noqa: S608
    store.connection.execute(text, {"values": values})


@pytest.fixture
def store():
    made = DuckDBWarehouse()
    for table in ("customers", "features"):
        made.connection.execute(f'ALTER TABLE {table} ADD COLUMN "referred by" VARCHAR')
    yield made
    made.close()


def test_in_every_text_column_of_every_table(store):
    columns = texts(store)
    assert len(columns) > 80 and ("customers", "referred by", "VARCHAR") in columns
    for table, column, kind in columns:
        fill(store, table, column, kind, [GONE, f"x{GONE}y", f'{{"head": "{GONE}", "n": 1}}', STAYS, "else"])
    assert mentions.forget(store, [GONE]) == len(columns)
    for table, column, kind in columns:
        text = "array_to_string({0}, '')" if kind == "VARCHAR[]" else "{0}"
        query = f"SELECT {text.format(quote(column))} FROM {quote(table)} WHERE {quote(column)} IS NOT NULL"  # noqa: S608
        found = [row[0] for row in store.connection.execute(query).fetchall()]
        assert sorted(found) == sorted(["#", "x#y", '{"head": "#", "n": 1}', STAYS, "else"]), (table, column)


NAMES = st.sampled_from([GONE, STAYS, "c1", "c17", "17", "@jani", "Kovács J.", "a+b(c", "p\\d"])


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    erased=st.lists(NAMES, min_size=1, max_size=4, unique=True),
    cells=st.lists(
        st.lists(NAMES | st.sampled_from([" ", "x", "1", "-", "plan"]), max_size=4).map("".join), max_size=5
    ),
)
@example(erased=["c1", "17", "@jani"], cells=["c1 x", "c17", "17", "c1", "-@jani-"])
def test_the_rule(store, erased, cells):
    """Unmistakable names anywhere; short opaque ones as words of further columns; plain numbers are numbers."""
    store.connection.execute("DELETE FROM customers")
    fill(store, "customers", "referred by", "VARCHAR", cells)
    fill(store, "customers", "residence", "VARCHAR", cells)
    mentions.forget(store, erased)
    sure = sorted((n for n in erased if not identifiers.opaque(n) or len(n) == 32), key=lambda n: (-len(n), n))
    words = sorted((n for n in erased if n in ("c1", "c17")), key=lambda n: (-len(n), n))

    def expected(cell: str, further: bool) -> str:
        if sure:
            cell = re.sub("|".join(map(re.escape, sure)), "#", cell)
        return re.sub(rf"\b(?:{'|'.join(words)})\b", "#", cell, flags=re.ASCII) if words and further else cell

    for column, further in (("referred by", True), ("residence", False)):
        query = f'SELECT "{column}" FROM customers WHERE "{column}" IS NOT NULL'  # noqa: S608
        found = store.connection.execute(query).fetchall()
        assert sorted(row[0] for row in found) == sorted(expected(c, further) for c in cells)


def test_thousands_at_once(store):
    names = [pseudonym(str(n), b"k") for n in range(2500)]
    fill(store, "customers", "referred by", "VARCHAR", [*names, "x"])
    mentions.forget(store, names)
    found = store.connection.execute('SELECT DISTINCT "referred by" FROM customers ORDER BY 1').fetchall()
    assert found == [("#",), ("x",)]

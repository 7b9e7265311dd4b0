"""The data contracts reject what does not fit, naming table, column and count."""

from __future__ import annotations

import polars as pl
import pytest

from engine import tables
from engine.errors import InputError
from engine.tables import TABLES, check, empty
from engine.warehouse.duckdb import DuckDBWarehouse


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_contract_holds_in_the_warehouse(name):
    store = DuckDBWarehouse()
    table = TABLES[name]
    assert set(table.keys) <= set(table.names)
    assert store.columns(name) == table.names
    assert store.write(name, empty(name)) == 0
    assert store.read(name).schema == empty(name).schema


def test_a_missing_column_is_named():
    with pytest.raises(InputError, match=r"table optouts lacks since; found customer_id"):
        check(pl.DataFrame({"customer_id": ["a"]}), "optouts")


def test_an_unknown_column_is_named_unless_the_table_is_open():
    with pytest.raises(InputError, match="does not have colour"):
        check(pl.DataFrame({"tac": ["01234567"], "manufacturer": ["A"], "model": ["B"], "colour": ["red"]}), "devices")
    assert "colour" in check(pl.DataFrame({"customer_id": ["a"], "colour": ["red"]}), "customers").columns


def test_a_null_key_and_a_repeated_key_are_counted():
    with pytest.raises(InputError, match="1 rows have no value"):
        check(pl.DataFrame({"customer_id": ["a", None]}), "customers")
    with pytest.raises(InputError, match="2 rows repeat their key"):
        check(pl.DataFrame({"customer_id": ["a", "a", "b", "b"]}), "customers")


def test_a_value_of_the_wrong_type_is_an_input_error():
    with pytest.raises(InputError, match="does not fit"):
        check(pl.DataFrame({"customer_id": ["a"], "age": ["old"]}), "customers")


def test_optional_columns_come_back_as_null_of_their_type():
    frame = check(pl.DataFrame({"customer_id": ["a"]}), "customers")
    assert frame.row(0) == ("a", None, None, None, None)
    assert frame.schema["age"] == pl.Int32()


def test_bookkeeping_tables_exist():
    assert set(tables.BOOKKEEPING) <= set(TABLES)

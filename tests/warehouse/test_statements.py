"""Names and values in SQL: whatever they hold, they stay names and values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.warehouse import Sql, in_memory, joined, literal, sql
from engine.warehouse.contract import Warehouse

TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1, max_size=30)
STORE = in_memory(threads=1, contracts=False)


@given(name=TEXTS, value=TEXTS, numbers=st.lists(st.integers(-(2**31), 2**31), max_size=3))
def test_any_name_and_any_value_come_back_as_they_are(name, value, numbers):
    columns = [sql("{v} AS {name}", v=literal(value), name=name), sql("{n} AS n", n=literal(numbers))]
    found = STORE.query_text(sql("SELECT {columns}", columns=columns))
    assert found.columns[0] == name and found[name].to_list() == [value]
    assert found[:, 1].to_list() == [numbers]


def test_only_sql_stands_as_it_is():
    assert sql("SELECT {a} FROM {b}", a=["x", Sql("1 AS y"), 2], b='t"; DROP TABLE u; --') == (
        'SELECT "x", 1 AS y, 2 FROM "t""; DROP TABLE u; --"'
    )
    assert sql("{{{a}}}", a="{b}") == '{"{b}"}', "what a part holds is no template"
    assert joined(" OR ", [sql("{a} = 1", a="a"), Sql("b")]) == '"a" = 1 OR b'


@pytest.mark.parametrize("part", [None, object()])
def test_what_is_no_part_is_refused(part):
    with pytest.raises(TypeError):
        sql("SELECT {part}", part=part)


def test_closed_off_no_statement_reaches_a_file(tmp_path):
    (tmp_path / "a.csv").write_text("x\n1\n")
    reads = sql("SELECT * FROM read_csv({path})", path=literal(tmp_path / "a.csv"))
    assert STORE.query_text(reads).height == 1
    closed = in_memory(threads=1, contracts=False, closed=True)
    with pytest.raises(Exception, match=r"disabled|Permission"):
        closed.query_text(reads)
    closed.close()


def test_an_engine_that_lacks_a_method_cannot_be_made():
    with pytest.raises(TypeError, match="abstract"):
        type("Half", (Warehouse,), {"query": lambda self, statement: None})()

"""Expressions of a mapping: what they give, how columns read by their place, and what is refused."""

from __future__ import annotations

import contextlib
import math

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.intake import expressions, functions
from engine.intake.expressions import Refused, Signs, made

NAMES = ("day", "time", "start", "stop", "up", "down", "status", "B number", "from")
ROWS = pl.DataFrame(
    [
        ("2024-01-01", "10:00:00", "2024-01-01 10:00:00", "2024-01-01 10:01:05.5", "1000", "900", "ok", "12", "x"),
        ("2024-01-02", "11:00", "soon", "2024-01-01 10:01:05", "12a", None, "NO", "", "y"),
    ],
    schema=NAMES,
    orient="row",
)


def run(text: str, rows: pl.DataFrame = ROWS, **signs) -> list:
    compiled = made(text, rows.columns, Signs(**signs))
    with duckdb.connect() as connection:
        connection.register("r", rows.to_arrow())
        return [value for (value,) in connection.execute(f"SELECT TRY({compiled.sql}) FROM r").fetchall()]  # noqa: S608


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("day || ' ' || time", "2024-01-01 10:00:00", "2024-01-02 11:00"),
        ("(UP + Down) / 2", 950.0, None),
        ("up // 300", 3.0, None),
        ("up % 300", 100.0, None),
        ("up / (down - 900)", None, None),
        ("coalesce(up, 0)", 1000.0, None),  # what does not read is not empty
        ("coalesce(down, 7)", 900.0, 7.0),
        ("greatest(up, 5000)", 5000.0, None),
        ("up > 5", True, None),
        ("up > '5'", False, False),  # beside a text: letters
        ("status IN ('ok', 'x')", True, False),
        ("CASE status WHEN 'ok' THEN 1 ELSE 0 END", 1.0, 0.0),
        ("CASE WHEN up > 5 THEN 'many' ELSE status END", "many", "NO"),
        ("if(status = 'ok', 'p', 'q')", "p", "q"),
        ("date_diff('second', start, stop)", 65.0, None),
        ("date_diff('minute', start, stop)", 1.0, None),
        ("epoch(stop) - epoch(start)", 65.5, None),
        ("hour(start) + date_part('minute', stop)", 11.0, None),
        ("strftime(start + to_minutes(90), '%H:%M')", "11:30", None),
        ("date_trunc('day', start) = '2024-01-01'", True, None),
        ("cast(start AS timestamp) < cast(stop AS timestamp)", True, None),
        ('left("b number", 1) || "from"', "1x", "y"),
        ("regexp_extract(start, '[0-9]+')", "2024", ""),
        ("lpad(\"B number\", 4, '0')", "0012", "0000"),
        ("split_part(time, ':', 2)", "00", "00"),
        ("down IS NULL", False, True),
        ("NOT status LIKE 'o%'", False, True),
        ("(up = 0) <> (2 < down) = TRUE", True, None),
        ("NOT (up = 1 OR up = 2) AND status = 'ok' IS TRUE", True, False),
        ("'' || up * 2", "2000", None),
        ("up BETWEEN 1 AND 2000", True, None),
        ("to_timestamp(up * 0) = '1970-01-01'", True, None),
        ("coalesce(strpos(strftime(NULL, '%Y'), NULL), date_part('hour', cast(NULL AS date)), 1)", 1.0, 1.0),
    ],
)
def test_what_an_expression_gives(text, first, second):
    assert run(text) == [first, second]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("(SELECT 1)", "subquery"),
        ("up IN (SELECT 1)", "subquery"),
        ("EXISTS (SELECT 1)", "subquery"),
        ("sum(up)", "more than one row"),
        ("count(*)", "more than one row"),
        ("row_number() OVER ()", "more than one row"),
        ("lag(up) OVER ()", "more than one row"),
        ("read_csv('x')", "no function read_csv"),
        ("read_text('/etc/passwd')", "no function read_text"),
        ("getenv('HOME')", "no function getenv"),
        ("current_setting('x')", "no function current_setting"),
        ("getvariable('x')", "no function getvariable"),
        ("query('select 1')", "no function query"),
        ("nextval('s')", "no function nextval"),
        ("random()", "no function rand"),
        ("now()", "no function now"),
        ("current_date", "no function current_date"),
        ("repeat(up, 1000000)", "no function repeat"),
        ("error('x')", "no function error"),
        ("lowr(up)", "no function lowr"),
        ("*", "several columns"),
        ("COLUMNS('x')", "several columns"),
        ("?", "parameter"),
        ("$1", "parameter"),
        (":x", "parameter"),
        ("up AS x", "gives a name"),
        ("r.up", "column of a table"),
        ("1; DROP TABLE x", "not one expression"),
        ("DROP TABLE x", "cannot be used"),
        ("COPY r TO 'x'", "cannot be used"),
        ("ATTACH 'x'", "cannot be used"),
        ("SET x = 1", "cannot be used"),
        ("PRAGMA version", "cannot be used"),
        ("[up]", "no function"),
        ("{'a': up}", "no function"),
        ("up[1]", "cannot be used"),
        ("lpad(up, 100000, '0')", "up to 1000"),
        ("lpad(up, down, '0')", "up to 1000"),
        ("regexp_matches(up, '(')", "no regular expression"),
        ("regexp_matches(up, status)", "pattern in quotes"),
        ("upp + 1", "no column 'upp'"),
        ("up > down", "order is that of their letters"),
        ("greatest(up, down)", "order is that of their letters"),
        ("up AND down", "true or false is needed"),
        ("start + 5 + date_trunc('day', stop)", "times as if they were numbers"),
        ("date_trunc('day', stop) * 2", "a time where a number is needed"),
        ("date_diff('fortnight', start, stop)", "no unit"),
        ("date_trunc('day', start) > 'soon'", "no time"),
        ("cast(up AS json)", "nothing is made"),
        ("to_seconds(up)", "span of time"),
        ("", "letters"),
        ("up +", "cannot be read"),
        ("+".join(["up"] * 300), "parts"),
        ("(" * 200 + "up" + ")" * 200, "cannot be read|nested|parts"),
        ("x" * 3000, "letters"),
    ],
)
def test_what_is_refused(text, why):
    with pytest.raises(Refused, match=why):
        made(text, NAMES, Signs())


def test_the_nearest_name_is_told():
    with pytest.raises(Refused) as told:
        made("Statu = 'ok'", NAMES, Signs())
    assert "Did you mean 'status'?" in told.value.fix
    with pytest.raises(Refused) as told:
        made("uper(status)", NAMES, Signs())
    assert "Did you mean upper?" in told.value.fix


# How the functions are called that take something else than one column, or that and a text in quotes.
CALLS = {
    "replace": "(up, 'a', 'b')", "translate": "(up, 'a', 'b')", "substr": "(up, 2)", "left": "(up, 2)",
    "right": "(up, 2)", "split_part": "(up, ':', 1)", "lpad": "(up, 5, '0')", "rpad": "(up, 5, '0')",
    "regexp_replace": "(up, 'a', 'b')", "pow": "(up, 2)", "mod": "(up, 2)", "nullif": "(up, '')", "least": "(up, 1)",
    "greatest": "(up, 1)", "if": "(up = '1', up, down)", "date_diff": "('hour', start, stop)",
    "extract": "(hour FROM start)",
    "date_part": "('hour', start)", "date_trunc": "('hour', start)", "cast": "(up AS text)",
    "concat_ws": "('-', up, down)", "try_cast": "(up AS double)",
}  # fmt: skip
SPANS = ("to_seconds", "to_minutes", "to_hours", "to_days")


@pytest.mark.parametrize("name", functions.NAMES)
def test_every_function_that_is_named_can_be_used(name):
    rest = CALLS.get(name)
    texts = [f"{name}{rest}"] if rest else [f"{name}(up)", f"{name}(up, 'a')"]
    if name in SPANS:
        texts = [f"start + {name}(up)"]
    refused = 0
    for text in texts:
        try:
            run(text)
        except Refused:
            refused += 1
    assert refused < len(texts)


def read_number(text: str | None, decimal: str, thousands: str) -> float | None:
    """What a number is by some signs, without a regular expression."""
    if text is None:
        return None
    body = text.strip().lstrip("+-")
    if text.strip()[: len(text.strip()) - len(body)] not in ("", "+", "-"):
        return None
    whole, point, rest = body.partition(decimal)
    groups = whole.split(thousands) if thousands else [whole]
    if len(groups) > 1 and not (1 <= len(groups[0]) <= 3 and all(len(g) == 3 for g in groups[1:])):
        return None
    digits = "".join(groups)
    if not all(c in "0123456789" for c in digits + rest) or not digits + rest or (not digits and not rest):
        return None
    if not digits and point and not rest:
        return None
    value = float(f"{digits or 0}.{rest or 0}")
    return -value if text.strip().startswith("-") else value


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.text("0123456789.,' +-", max_size=9), min_size=1, max_size=20),
    st.sampled_from([(".", ""), (",", ""), (",", "."), (".", ","), (",", " "), (".", "'")]),
)
def test_numbers_read_by_their_signs(texts, signs):
    decimal, thousands = signs
    rows = pl.DataFrame({"x": texts})
    assert run("x + 0", rows, decimal=decimal, thousands=thousands) == [
        read_number(text, decimal, thousands) for text in texts
    ]


# An expression as a tree: a name, a number, or a sign and its parts.
TREES = st.recursive(
    st.sampled_from(["a", "b", 2.0, 0.5]),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from("+-*/"), inner, inner),
        st.tuples(st.sampled_from(["greatest", "least"]), inner, inner),
        st.tuples(st.just("case"), inner, inner, inner),
        st.tuples(st.just("abs"), inner),
    ),
    max_leaves=8,
)
VALUES = st.one_of(st.integers(-50, 50).map(str), st.sampled_from(["x", None]))


def written(tree) -> str:
    """A tree as an expression; `+ 0` says that a column is a number where its place does not."""
    if not isinstance(tree, tuple):
        return f"({tree} + 0)"
    sign, *parts = tree
    texts = [written(part) for part in parts]
    if sign == "case":
        return f"CASE WHEN {texts[0]} > {texts[1]} THEN {texts[2]} ELSE {texts[1]} END"
    return f"({texts[0]} {sign} {texts[1]})" if sign in "+-*/" else f"{sign}({', '.join(texts)})"


def worked_out(tree, values: dict[str, float | None]) -> float | None:
    """A tree's value, None where a part that counts has none."""
    if not isinstance(tree, tuple):
        return values.get(tree, tree)
    sign, *parts = tree
    found = [worked_out(part, values) for part in parts]
    if sign == "case":
        known = found[0] is not None and found[1] is not None
        return found[2] if known and found[0] > found[1] else found[1]
    if None in found or (sign == "/" and not found[1]):
        return None
    a, b = found[0], found[-1]
    return {"+": a + b, "-": a - b, "*": a * b, "/": a / (b or 1), "greatest": max(a, b), "least": min(a, b),
            "abs": abs(a)}[sign]  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(TREES, VALUES, VALUES)
def test_arithmetic_is_that_of_python(tree, a, b):
    rows = pl.DataFrame({"a": [a], "b": [b]}, schema={"a": pl.String, "b": pl.String})
    numbers = {name: None if text in (None, "x") else float(text) for name, text in (("a", a), ("b", b))}
    wanted = worked_out(tree, numbers)
    (found,) = run(written(tree), rows)
    assert (found is None) == (wanted is None)
    assert found is None or math.isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-9)


WORDS = st.sampled_from(
    [*NAMES[:6], *functions.NAMES, "(", ")", ",", "+", "-", "*", "/", "||", "=", "<", "'x'", "1", "2.5", "CASE", "WHEN",
     "THEN", "ELSE", "END", "IN", "IS", "NULL",
     "NOT", "AND", "LIKE", "INTERVAL", "AS", "text", "FROM", "SELECT", "hour", ".", "[", "]", ":"]
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=9))
def test_whatever_is_written_is_refused_or_runs(words):
    """Nothing else than `Refused`, and what is not refused is bound and run by the database."""
    with contextlib.suppress(Refused):
        run(" ".join(words))


def test_a_tree_is_checked_without_a_file():
    assert sorted(expressions.columns('day || "B number" || DAY')) == ["B number", "DAY", "day"]
    with pytest.raises(Refused):
        expressions.parsed("sum(x)")

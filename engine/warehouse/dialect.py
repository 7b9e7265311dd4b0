"""The statements in sql/ as Spark reads them: sqlglot does the work, the few traps it does not know are mended here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from engine.clock import MACRO, UTC, Clock
from engine.errors import BackendError
from engine.warehouse.statements import Sql

if TYPE_CHECKING:
    from sqlglot import exp

# Spark has no unsigned numbers and no enumerations.
_TYPES = {
    "UINT": "BIGINT",
    "UINTEGER": "BIGINT",
    "UBIGINT": "DECIMAL(20, 0)",
    "ENUM": "STRING",
    "INT128": "DECIMAL(38, 0)",
}


@dataclass(frozen=True)
class Statement:
    """One statement, ready for Spark.

    Args:
        kind: `select` (rows), `insert`, `table` and `view` (rows that are kept under `target`), `replace` (all rows
            `target` shall have from now on: an update or a deletion), `drop`, or `other` (only DuckDB runs it).
        sql: the rows as a Spark query; parameters as `:name`. Empty for `drop` and `other`.
        target: table that is written, else "".
        reads: tables whose rows are read.
        parameters: names of the values to bind.
    """

    kind: str
    sql: str
    target: str
    reads: frozenset[str]
    parameters: frozenset[str]


@lru_cache(maxsize=1024)
def translated(text: str, clock: Clock = UTC) -> Statement:
    """A DuckDB statement for Spark; kept, since transpiling costs more than a small query.

    Args:
        text: of the statement.
        clock: by which days begin. What asks UTC is written out; of another one `function` must be there.
    """
    import sqlglot
    from sqlglot import errors, exp

    try:
        tree = sqlglot.parse_one(text, read="duckdb")
        tree = tree.transform(_by_utc) if clock == UTC else tree
    except errors.SqlglotError:
        return _only_duckdb()
    if isinstance(tree, exp.Query):
        return _statement("select", tree, "")
    if isinstance(tree, exp.Insert):
        return _statement("insert", tree.expression, tree.find(exp.Table).name)
    if isinstance(tree, exp.Create) and tree.kind in ("TABLE", "VIEW") and isinstance(tree.expression, exp.Query):
        return _statement(tree.kind.lower(), tree.expression, tree.find(exp.Table).name)
    if isinstance(tree, exp.Drop):
        return Statement("drop", "", tree.find(exp.Table).name, frozenset(), frozenset())
    if isinstance(tree, exp.Delete):
        return _statement("replace", _survivors(tree), tree.this.name)
    if isinstance(tree, exp.Update):
        return _statement("replace", _updated(tree), tree.this.name)
    return _only_duckdb()


def split(text: str) -> tuple[Sql, Sql]:
    """What stands before the query of a `CREATE … AS query`, and the query."""
    found = re.search(r"\bAS\s+(?=SELECT\b|WITH\b|--|\()", text, flags=re.IGNORECASE)
    if found is None:
        raise BackendError(f"{text[:60]} holds no query.")
    return Sql(text[: found.end()]), Sql(text[found.end() :])


def _only_duckdb() -> Statement:
    return Statement("other", "", "", frozenset(), frozenset())


def _statement(kind: str, query: exp.Query, target: str) -> Statement:
    from sqlglot import exp

    shared = {cte.alias for cte in query.find_all(exp.CTE)}
    reads = {table.name for table in query.find_all(exp.Table)} - shared - {""}
    names = {node.name for node in query.find_all(exp.Placeholder, exp.Parameter)}
    sql = query.transform(_mended).transform(_wide).sql("spark", comments=False)
    return Statement(kind, sql, target, frozenset(reads), frozenset(names))


def function(clock: Clock) -> str:
    """The statement that defines for Spark what DuckDB has as a macro: `local_day` by a clock."""
    body = translated(f"SELECT {clock.day_sql('asked')}").sql.removeprefix("SELECT ")
    return f"CREATE OR REPLACE TEMPORARY FUNCTION {MACRO}(asked TIMESTAMP_NTZ) RETURNS DATE RETURN {body}"


def _by_utc(node: exp.Expression) -> exp.Expression:
    """What asks the clock, as the cast that it is."""
    from sqlglot import exp

    if isinstance(node, exp.Anonymous) and node.name.lower() == MACRO:
        return exp.cast(node.expressions[0].copy(), "DATE")
    return node


def _mended(node: exp.Expression) -> exp.Expression:
    """One node as Spark needs it."""
    from sqlglot import exp

    if isinstance(node, exp.Literal) and not node.is_string and ("." in node.name or "e" in node.name.lower()):
        # A number with a point is a decimal in Spark, and decimals round where doubles do not.
        return exp.cast(exp.Literal.number(node.name), "DOUBLE") if not _cast_already(node) else node
    if isinstance(node, exp.DataType) and node.this.name in _TYPES:
        return exp.DataType.build(_TYPES[node.this.name])
    if isinstance(node, exp.Column) and node.name == "rowid":
        return exp.column("row_id", table=node.table or None)
    if isinstance(node, exp.Anonymous) and node.name.lower() == "to_seconds":
        zero = exp.Literal.number(0)
        return exp.Anonymous(this="MAKE_DT_INTERVAL", expressions=[zero, zero.copy(), zero.copy(), *node.expressions])
    return node


def _wide(node: exp.Expression) -> exp.Expression:
    """Sums of whole numbers in as many digits as DuckDB's."""
    from sqlglot import exp

    if isinstance(node, exp.Sum) and isinstance(node.this, exp.Cast) and node.this.to.this.name == "BIGINT":
        # DuckDB sums whole numbers in 128 bits, Spark in 64: strengths in units of 2^-60 would overflow.
        return exp.Sum(this=exp.cast(node.this.copy(), "DECIMAL(38, 0)"))
    return node


def _cast_already(node: exp.Expression) -> bool:
    from sqlglot import exp

    return isinstance(node.parent, exp.Cast) and node.parent.this is node and node.parent.to.this.name == "DOUBLE"


def _survivors(tree: exp.Delete) -> exp.Query:
    """The rows that a deletion leaves."""
    from sqlglot import exp

    table, condition = tree.this, tree.args["where"].this
    name = table.alias_or_name
    using = tree.args.get("using") or []
    if using:
        inner = exp.select("1").from_(using[0]).where(condition)
        return exp.select(f"{name}.*").from_(table).where(exp.Not(this=exp.Exists(this=inner)))
    kept = exp.Not(this=exp.func("COALESCE", exp.Paren(this=condition), exp.false()))
    negated = exp.Not(this=exp.Paren(this=condition.copy()))
    # Spark plans a plain NOT of subqueries as anti joins; with COALESCE around them it can not.
    has_subquery = condition.find(exp.Query) is not None
    return exp.select(f"{name}.*").from_(table).where(negated if has_subquery else kept)


def _updated(tree: exp.Update) -> exp.Query:
    """All rows after an update: `* REPLACE` of the columns it sets, which the caller turns into a list of columns."""
    from sqlglot import exp

    table = tree.this
    name = table.alias_or_name
    source = tree.args.get("from_") or tree.args.get("from")
    where = tree.args.get("where")
    query = exp.select(f"{name}.*").from_(table)
    hit: exp.Expression = where.this if where is not None else exp.true()
    if source is not None:
        other = source.this
        query = query.join(other, on=hit, join_type="left")
    for assignment in tree.expressions:
        column, value = assignment.this, assignment.expression
        if where is None:
            new = value
        else:
            old = exp.column(column.name, table=name)
            new = exp.Case(ifs=[exp.If(this=hit.copy(), true=value)], default=old)
        query = query.select(exp.alias_(new, f"{SET}{column.name}"))
    return query


SET = "__set_"

"""Parts of expressions as SQL: how texts read as numbers and times, and why something cannot be used."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from engine.errors import BackendError
from engine.intake import functions
from engine.intake.functions import NUMBER, SPAN, TEXT, TIME
from engine.warehouse import in_memory

if TYPE_CHECKING:
    from sqlglot import exp


class Refused(Exception):
    """What an expression says and may not say, and what would do."""

    def __init__(self, problem: str, fix: str | None = None) -> None:
        super().__init__(problem)
        self.fix = fix


def _iso(value: exp.Expression) -> exp.Expression:
    from sqlglot import exp

    return exp.TryCast(this=value, to=exp.DataType.build("TIMESTAMP", dialect="duckdb"))


@dataclass(frozen=True)
class Signs:
    """How texts read.

    Args:
        decimal: point of numbers.
        thousands: what stands between thousands, empty = nothing.
        time: makes a time of a column or a text, as a node of SQL.
        typed: the columns may have types of their own (Parquet).
    """

    decimal: str = "."
    thousands: str = ""
    time: Callable[[exp.Expression], exp.Expression] = _iso
    typed: bool = False


def number(value: exp.Expression, signs: Signs) -> exp.Expression:
    """The number a text reads as by some signs, else null."""
    from sqlglot import exp

    fits, plain = _reads(value, signs)
    return exp.TryCast(this=exp.Case(ifs=[exp.If(this=fits, true=plain)]), to=exp.DataType.build("DOUBLE"))


def own_number(column: exp.Expression, read: exp.Expression) -> exp.Expression:
    """A column that is no text has numbers of its own, whatever signs the texts have."""
    from sqlglot import exp

    texts = exp.EQ(this=exp.Anonymous(this="typeof", expressions=[column.copy()]), expression=text_of("VARCHAR"))
    own = exp.TryCast(this=exp.cast(column.copy(), "VARCHAR"), to=exp.DataType.build("DOUBLE"))
    return exp.Case(ifs=[exp.If(this=texts, true=read)], default=own)


def plain_number(value: exp.Expression, signs: Signs) -> exp.Expression:
    """A text that is a number by some signs with a point and without thousands; null where it is a number by other
    signs; any other text as it is."""
    from sqlglot import exp

    fits, plain = _reads(value, signs)
    strange = exp.RegexpLike(this=value.copy(), expression=text_of(number_forms(signs.decimal, signs.thousands)[1]))
    return exp.Case(ifs=[exp.If(this=fits, true=plain), exp.If(this=strange, true=exp.Null())], default=value.copy())


def number_forms(decimal: str, thousands: str) -> tuple[str, str]:
    """Patterns of a number by some signs, and of a text that is one by any signs."""
    point, between = re.escape(decimal), re.escape(thousands)
    whole = rf"([0-9]+|[0-9]{{1,3}}({between}[0-9]{{3}})+)" if between else "[0-9]+"
    form = rf"^\s*[+-]?({whole}({point}[0-9]*)?|{point}[0-9]+)([eE][+-]?[0-9]+)?\s*$"
    return form, r"^[-+0-9.,' _\x{a0}\x{202f}\x{2019}]+$"


def reader(macro: str) -> Callable[[exp.Expression], exp.Expression]:
    """Makes times of values by a macro (`engine.intake.clocks`)."""

    def time(value: exp.Expression) -> exp.Expression:
        from sqlglot import exp

        return exp.Anonymous(this=macro, expressions=[value])

    return time


def column(name: str) -> exp.Expression:
    """A column by its name."""
    from sqlglot import exp

    return exp.column(exp.to_identifier(name, quoted=True))


def _reads(value: exp.Expression, signs: Signs) -> tuple[exp.Expression, exp.Expression]:
    """Whether a text is a number by some signs, and that number with a point and without thousands."""
    from sqlglot import exp

    form, _ = number_forms(signs.decimal, signs.thousands)
    plain = value.copy()
    for old, new in ((signs.thousands, ""), (signs.decimal, ".")):
        if old and old != new:
            plain = exp.Replace(this=plain, expression=text_of(old), replacement=text_of(new))
    return exp.RegexpLike(this=value.copy(), expression=text_of(form)), plain


def words(value: exp.Expression) -> exp.Expression:
    """True and false as words."""
    from sqlglot import exp

    no = exp.If(this=exp.Not(this=exp.Paren(this=value.copy())), true=text_of("false"))
    return exp.Case(ifs=[exp.If(this=value.copy(), true=text_of("true")), no])


def shown(value: exp.Expression) -> exp.Expression:
    """A number as text, a whole one without a point."""
    from sqlglot import exp

    whole = exp.and_(
        exp.EQ(this=value.copy(), expression=exp.Round(this=value.copy())),
        exp.LT(this=exp.Abs(this=value.copy()), expression=exp.Literal.number("1e15")),
    )
    digits = exp.cast(exp.cast(value.copy(), "BIGINT"), "VARCHAR")
    return exp.Case(ifs=[exp.If(this=whole, true=digits)], default=exp.cast(value.copy(), "VARCHAR"))


def text_of(value: str) -> exp.Expression:
    from sqlglot import exp

    return exp.Literal.string(value)


def a_kind(kind: str) -> str:
    return {TEXT: "a text", NUMBER: "a number", TIME: "a time", SPAN: "a span of time"}.get(kind, kind)


def bare(node: exp.Expression) -> exp.Expression:
    from sqlglot import exp

    while isinstance(node, exp.Paren):
        node = node.this
    return node


def constant(value: int) -> exp.Expression:
    from sqlglot import exp

    return exp.cast(str(value), "DOUBLE")


def micros(time: exp.Expression) -> exp.Expression:
    """Microseconds since 1970 of a time."""
    from sqlglot import exp

    start = exp.cast(text_of("1970-01-01"), "TIMESTAMP", dialect="duckdb")
    return exp.cast(exp.DateDiff(this=time.copy(), expression=start, unit=exp.var("MICROSECOND")), "DOUBLE")


def months(time: exp.Expression) -> exp.Expression:
    from sqlglot import exp

    year, month = (exp.Extract(this=exp.var(part), expression=time.copy()) for part in ("YEAR", "MONTH"))
    whole = exp.Add(this=exp.Mul(this=year, expression=exp.Literal.number(12)), expression=month)
    return exp.cast(exp.Paren(this=exp.Sub(this=whole, expression=exp.Literal.number(1))), "DOUBLE")


def units() -> str:
    return ", ".join(name.lower() for name in (*functions.UNITS, *functions.MONTHS))


def is_number_text(node: exp.Expression) -> bool:
    from sqlglot import exp

    return isinstance(node, exp.Literal) and re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", node.name) is not None


def moment(node: exp.Expression) -> exp.Expression:
    """A time that stands in the expression itself."""
    from sqlglot import exp

    try:
        moment = datetime.fromisoformat(node.name)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is not None:
        raise Refused(f"{short(node)} is no time", "Write it as '2024-01-31 18:00:00'.")
    return exp.cast(text_of(moment.isoformat(" ")), "TIMESTAMP", dialect="duckdb")


def check_pattern(pattern: str) -> None:
    """Whether the database takes a regular expression; without looking around, its time grows with the text only."""
    try:
        with closing(in_memory(threads=1, contracts=False, closed=True)) as store:
            store.query_text("SELECT regexp_matches('', $pattern)", {"pattern": pattern})
    except BackendError:
        raise Refused(f"{pattern[:60]!r} is no regular expression that can be used here") from None


def nearest(name: str, names: Sequence[str]) -> str:
    """What to do about a column that is not there."""
    near = difflib.get_close_matches(name.lower(), [n.lower() for n in names], 1, 0.5)
    hint = f"Did you mean {next(n for n in names if n.lower() == near[0])!r}? " if near else ""
    return f"{hint}The columns are {', '.join(names)[:300]}."


def short(node: exp.Expression) -> str:
    text = node.sql("duckdb", comments=False)
    return text if len(text) <= 60 else f"{text[:57]}..."


def refused(node: exp.Expression) -> Refused:
    """Why a part cannot be used."""
    from sqlglot import exp

    listed = f"Functions: {', '.join(functions.NAMES)}; and CASE."
    if node.find(exp.Query) is not None or isinstance(node, (exp.Exists, exp.Values)):
        return Refused("a subquery cannot be used", "An expression is over the columns of one row.")
    if isinstance(node, (exp.Window, exp.AggFunc, exp.Filter)) or node.find(exp.AggFunc) is not None:
        return Refused(f"{short(node)} looks at more than one row", "An expression is over the columns of one row.")
    if isinstance(node, (exp.Placeholder, exp.Parameter, exp.SessionParameter, exp.PositionalColumn)):
        return Refused(f"{short(node)} is a parameter, and none is given here", "Name a column of the file.")
    if isinstance(node, (exp.Star, exp.Columns)):
        return Refused("* stands for several columns", "Name each column.")
    if isinstance(node, exp.Alias):
        return Refused(f"{short(node)} gives a name", 'Leave it out; a column with spaces is written "its name".')
    if isinstance(node, exp.Func):
        name = node.name.lower() if isinstance(node, exp.Anonymous) else node.sql_name().lower()
        near = difflib.get_close_matches(name, functions.NAMES, 1, 0.6)
        return Refused(f"there is no function {name[:60]} here", f"Did you mean {near[0]}?" if near else listed)
    return Refused(f"{short(node)} cannot be used", listed)

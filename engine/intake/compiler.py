"""Builds an expression of a mapping anew, each part with its kind and every reading of a text made explicit."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.intake import functions, sqlparts
from engine.intake.functions import BOOL, COUNT, NONE, NUMBER, PATTERN, SPAN, TEXT, TIME, WORD
from engine.intake.sqlparts import Refused, Signs

if TYPE_CHECKING:
    from sqlglot import exp

    Built = tuple[exp.Expression, str]

_NOTHING = {TEXT: "VARCHAR", NUMBER: "DOUBLE", TIME: "TIMESTAMP", BOOL: "BOOLEAN"}  # types of what is null
_COUNT = 1000  # of a count at most
_LONGEST = 1 << 12  # bytes of a value of a column that is read from Parquet
_CASTS = {
    "TEXT": TEXT, "VARCHAR": TEXT, "CHAR": TEXT, "DOUBLE": NUMBER, "FLOAT": NUMBER, "DECIMAL": NUMBER,
    "TINYINT": COUNT, "SMALLINT": COUNT, "INT": COUNT, "BIGINT": COUNT, "TIMESTAMPNTZ": TIME, "TIMESTAMP": TIME,
    "DATE": "day",
}  # fmt: skip


@dataclass
class Compiler:
    """Builds a tree anew with the kind of each part; `names` None = any column is there."""

    names: tuple[str, ...] | None
    signs: Signs
    uses: dict[str, None] = field(default_factory=dict)

    def build(self, node: exp.Expression, want: str | None = None) -> Built:
        """A part as it can be run, and its kind; what stands between signs is in brackets, whose order is then told."""
        from sqlglot import exp

        built, kind = self._built(node, want)
        signs = (exp.Binary, exp.Not, exp.Neg, exp.In, exp.Between)
        return (exp.Paren(this=built) if isinstance(built, signs) else built), kind

    def _built(self, node: exp.Expression, want: str | None) -> Built:
        name = type(node).__name__
        own = getattr(self, f"_{name.lower()}", None)
        if own is not None:
            return own(node, want)
        if name in functions.PLAIN:
            return self._plain(node, *functions.PLAIN[name])
        raise sqlparts.refused(node)

    def fit(self, node: exp.Expression, want: str) -> exp.Expression:
        """A part as one of a kind."""
        return self.turned(node, *self.build(node, want), want)

    def turned(self, node: exp.Expression, built: exp.Expression, kind: str, want: str) -> exp.Expression:
        """What was built of one kind as another one."""
        from sqlglot import exp

        if kind == NONE:
            return exp.cast(built, _NOTHING[want], dialect="duckdb") if want in _NOTHING else built
        if kind == want:
            return built
        if kind == TEXT and want == NUMBER:
            raw = self._raw(node)
            read = sqlparts.number(built, self.signs)
            return read if raw is None else sqlparts.own_number(raw, read)
        if kind == TEXT and want == TIME:
            if isinstance(node, exp.Literal):
                return sqlparts.moment(node)
            return self.signs.time(self._raw(node) or built)
        if want == TEXT and kind == NUMBER:
            return sqlparts.shown(built)
        if want == TEXT and kind == TIME:
            return exp.cast(built, "VARCHAR")
        fix = {
            (NUMBER, TIME): "to_timestamp(x) makes a time of seconds.",
            (TIME, NUMBER): "epoch(x) or date_diff('second', begin, end) makes a number of times.",
            (TEXT, BOOL): "Compare it with a text: answered = 'yes'.",
        }.get((kind, want))
        raise Refused(f"{sqlparts.short(node)} is {sqlparts.a_kind(kind)} where {sqlparts.a_kind(want)} is needed", fix)

    # ---- columns and what stands in the expression itself ----------------------------------------
    def _column(self, node: exp.Expression, want: str | None) -> Built:
        from sqlglot import exp

        if isinstance(node.this, exp.Star):
            raise sqlparts.refused(node.this)
        if node.args.get("table"):
            whole = ".".join(part.name for part in node.parts)
            raise Refused(f"{whole} names a column of a table", f'A column of that name is written "{whole}".')
        name = self._found(node.name)
        self.uses[name] = None
        raw = exp.column(exp.to_identifier(name, quoted=True))
        if not self.signs.typed:
            return raw, TEXT
        text = exp.cast(raw, "VARCHAR")
        short = exp.LTE(this=exp.Anonymous(this="strlen", expressions=[text]), expression=exp.Literal.number(_LONGEST))
        return exp.Case(ifs=[exp.If(this=short, true=text.copy())]), TEXT

    def _raw(self, node: exp.Expression) -> exp.Expression | None:
        """A column with the type it has in the file."""
        from sqlglot import exp

        while isinstance(node, exp.Paren):
            node = node.this
        if isinstance(node, exp.Column) and self.signs.typed:
            return exp.column(exp.to_identifier(self._found(node.name), quoted=True))
        return None

    def _found(self, name: str) -> str:
        if self.names is None:
            return name
        if name in self.names:
            return name
        for own in self.names:
            if own.strip().lower() == name.strip().lower():
                return own
        raise Refused(f"there is no column {name!r}", sqlparts.nearest(name, self.names))

    def _literal(self, node: exp.Expression, want: str | None) -> Built:
        from sqlglot import exp

        if node.is_string:
            return node.copy(), TEXT
        return exp.cast(node.copy(), "DOUBLE"), NUMBER

    def _boolean(self, node: exp.Expression, want: str | None) -> Built:
        return node.copy(), BOOL

    def _null(self, node: exp.Expression, want: str | None) -> Built:
        return node.copy(), NONE

    def _paren(self, node: exp.Expression, want: str | None) -> Built:
        from sqlglot import exp

        built, kind = self.build(node.this, want)
        return exp.Paren(this=built), kind

    def _constant(self, node: exp.Expression, kind: str) -> exp.Expression:
        from sqlglot import exp

        text = isinstance(node, exp.Literal) and node.is_string
        if kind == COUNT:
            sign = isinstance(node, exp.Neg)
            bare = node.this if sign else node
            whole = isinstance(bare, exp.Literal) and not bare.is_string and re.fullmatch("[0-9]{1,4}", bare.name)
            if not whole or int(bare.name) > _COUNT:
                raise Refused(f"{sqlparts.short(node)} stands where {kind} up to {_COUNT} is needed")
        elif not text:
            raise Refused(f"{sqlparts.short(node)} stands where {kind} is needed")
        elif kind == PATTERN:
            sqlparts.check_pattern(node.name)
        return node.copy()

    # ---- functions -------------------------------------------------------------------------------
    def _plain(self, node: exp.Expression, kinds: dict[str, str], result: str) -> Built:
        from sqlglot import exp

        args = {}
        for name, value in node.args.items():
            if value is None or value == [] or (name in functions.SILENT and not isinstance(value, exp.Literal)):
                args[name] = value
                continue
            if name not in kinds:
                raise Refused(f"{sqlparts.short(node)} has an argument that cannot be used here")
            kind = kinds[name]
            many = value if isinstance(value, list) else [value]
            fixed = kind in (WORD, COUNT, PATTERN)
            built = [self._constant(v, kind) if fixed else self.fit(v, kind) for v in many]
            args[name] = built if isinstance(value, list) else built[0]
        made = type(node)(**args)
        if isinstance(node, (exp.Div, exp.IntDiv, exp.Mod)):
            made.set("expression", exp.Nullif(this=args["expression"], expression=exp.cast("0", "DOUBLE")))
        if isinstance(node, exp.IntDiv):
            made = exp.Floor(this=exp.Paren(this=exp.Div(this=args["this"], expression=made.args["expression"])))
        return (exp.cast(made, "DOUBLE") if result == NUMBER else made), result

    def _add(self, node: exp.Expression, want: str | None) -> Built:
        from sqlglot import exp

        sides = [node.this, node.expression]
        built = [self.build(side) for side in sides]
        kinds = [kind for _, kind in built]
        if SPAN in kinds:
            if kinds[1] != SPAN or kinds[0] == SPAN:
                raise Refused(f"{sqlparts.short(node)} does not add a span to a time", "Write time + to_seconds(x).")
            return type(node)(this=self.turned(sides[0], *built[0], TIME), expression=built[1][0]), TIME
        if TIME in kinds:
            raise Refused(
                f"{sqlparts.short(node)} reckons with times as if they were numbers",
                "Write date_diff('second', begin, end), or time + to_seconds(x).",
            )
        left, right = (self.turned(side, *one, NUMBER) for side, one in zip(sides, built, strict=True))
        return exp.cast(exp.Paren(this=type(node)(this=left, expression=right)), "DOUBLE"), NUMBER

    _sub = _add

    def _alike(self, nodes: list[exp.Expression], want: str | None, *, ordered: bool) -> tuple[list, str]:
        """Parts as one kind: a number or a time among them makes texts such."""
        from sqlglot import exp

        built = [self.build(node, want) for node in nodes]
        kinds = {kind for _, kind in built} - {NONE}
        kind = next((k for k in (SPAN, TIME, NUMBER, BOOL, TEXT) if k in kinds), NONE)
        if kind == TEXT and ordered:
            if want == NUMBER:
                kind = NUMBER
            elif sum(isinstance(sqlparts.bare(node), exp.Column) for node in nodes) > 1:
                raise Refused(
                    f"{' and '.join(map(sqlparts.short, nodes[:2]))} are texts, whose order is that of their letters",
                    "Say what they are: cast(x AS double), cast(x AS timestamp) or cast(x AS text).",
                )
        return [
            one[0] if kind == NONE else self.turned(n, *one, kind) for n, one in zip(nodes, built, strict=True)
        ], kind

    def _compared(self, node: exp.Expression, *, ordered: bool) -> Built:
        (left, right), kind = self._alike([node.this, node.expression], None, ordered=ordered)
        if kind == SPAN:
            raise Refused(f"{sqlparts.short(node)} compares spans of time", "Compare date_diff('second', begin, end).")
        return type(node)(this=left, expression=right), BOOL

    def _eq(self, node: exp.Expression, want: str | None) -> Built:
        return self._compared(node, ordered=False)

    _neq = _nullsafeeq = _nullsafeneq = _eq

    def _lt(self, node: exp.Expression, want: str | None) -> Built:
        return self._compared(node, ordered=True)

    _lte = _gt = _gte = _lt

    def _between(self, node: exp.Expression, want: str | None) -> Built:
        (value, low, high), _ = self._alike([node.this, node.args["low"], node.args["high"]], None, ordered=True)
        return type(node)(this=value, low=low, high=high), BOOL

    def _in(self, node: exp.Expression, want: str | None) -> Built:
        if {k for k, v in node.args.items() if v} != {"this", "expressions"}:
            raise sqlparts.refused(node)
        values, _ = self._alike([node.this, *node.expressions], None, ordered=False)
        return type(node)(this=values[0], expressions=values[1:]), BOOL

    def _is(self, node: exp.Expression, want: str | None) -> Built:
        from sqlglot import exp

        if not isinstance(node.expression, (exp.Null, exp.Boolean)):
            raise sqlparts.refused(node)
        value = self.fit(node.this, BOOL) if isinstance(node.expression, exp.Boolean) else self.build(node.this)[0]
        return exp.Is(this=value, expression=node.expression.copy()), BOOL

    def _case(self, node: exp.Expression, want: str | None) -> Built:
        from sqlglot import exp

        ifs = node.args["ifs"]
        if node.this is not None:
            (subject, *tests), _ = self._alike([node.this, *(one.this for one in ifs)], None, ordered=False)
            whens = [exp.EQ(this=subject.copy(), expression=test) for test in tests]
        else:
            whens = [self.fit(one.this, BOOL) for one in ifs]
        default = node.args.get("default")
        given = [one.args["true"] for one in ifs] + ([default] if default is not None else [])
        values, kind = self._alike(given, want, ordered=False)
        built = [exp.If(this=when, true=value) for when, value in zip(whens, values, strict=False)]
        return exp.Case(ifs=built, default=values[-1] if default is not None else None), kind

    def _if(self, node: exp.Expression, want: str | None) -> Built:
        from sqlglot import exp

        one = exp.If(this=node.this, true=node.args["true"])
        return self._case(exp.Case(ifs=[one], default=node.args.get("false")), want)

    def _coalesce(self, node: exp.Expression, want: str | None) -> Built:
        """The first that is not empty; a text that does not read as a number is not empty, and stays unread."""
        from sqlglot import exp

        nodes = [node.this, *node.expressions]
        values, kind = self._alike(nodes, want, ordered=False)
        if kind not in (NUMBER, TIME):
            return exp.Coalesce(this=values[0], expressions=values[1:]), kind
        there = [exp.Not(this=exp.Is(this=exp.Paren(this=self.build(n)[0]), expression=exp.Null())) for n in nodes[:-1]]
        ifs = [exp.If(this=test, true=value) for test, value in zip(there, values, strict=False)]
        return exp.Case(ifs=ifs, default=values[-1]), kind

    def _nullif(self, node: exp.Expression, want: str | None) -> Built:
        (left, right), kind = self._alike([node.this, node.expression], want, ordered=False)
        return type(node)(this=left, expression=right), kind

    def _greatest(self, node: exp.Expression, want: str | None) -> Built:
        """Nothing where one of them is: what does not read must not pass unseen."""
        from sqlglot import exp

        values, kind = self._alike([node.this, *node.expressions], want, ordered=True)
        most = type(node)(this=values[0], expressions=values[1:], ignore_nulls=True)
        missing = exp.or_(*(exp.Is(this=exp.Paren(this=value.copy()), expression=exp.Null()) for value in values))
        return exp.Case(ifs=[exp.If(this=exp.Not(this=exp.Paren(this=missing)), true=most)]), kind

    _least = _greatest

    def _cast(self, node: exp.Expression, want: str | None) -> Built:
        from sqlglot import exp

        kind = _CASTS.get(node.args["to"].this.name)
        if kind is None:
            raise Refused(
                f"{sqlparts.short(node)}: nothing is made {node.args['to'].sql('duckdb')[:30]} here",
                "Types: text, double, integer, timestamp, date.",
            )
        if kind == COUNT:
            return exp.cast(exp.Round(this=self.fit(node.this, NUMBER)), "DOUBLE"), NUMBER
        if kind == "day":
            return exp.TimestampTrunc(this=self.fit(node.this, TIME), unit=exp.var("DAY")), TIME
        return self.fit(node.this, kind), kind

    _trycast = _cast

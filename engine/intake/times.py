"""The parts of a mapping's expressions that make or take times, beside those of `engine.intake.compiler`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.intake import functions, sqlparts
from engine.intake.compiler import Compiler
from engine.intake.functions import NUMBER, SPAN, TEXT, TIME, WORD
from engine.intake.sqlparts import Refused

if TYPE_CHECKING:
    from sqlglot import exp

    from engine.intake.compiler import Built


class WholeCompiler(Compiler):
    """A compiler of all that an expression may hold."""

    def _built(self, node: exp.Expression, want: str | None) -> Built:
        part = functions.PARTS.get(type(node).__name__)
        return super()._built(node, want) if part is None else self._part(part, node.this)

    def _datediff(self, node: exp.Expression, want: str | None) -> Built:
        """Bounds of units between two times, as DuckDB counts them."""
        from sqlglot import exp

        unit = node.args["unit"].name.upper() if node.args.get("unit") is not None else ""
        begin, end = self.fit(node.expression, TIME), self.fit(node.this, TIME)
        if unit in functions.UNITS:
            sides = [
                exp.Floor(this=exp.Div(this=sqlparts.micros(t), expression=sqlparts.constant(functions.UNITS[unit])))
                for t in (end, begin)
            ]
        elif unit in functions.MONTHS:
            sides = [
                exp.Floor(this=exp.Div(this=sqlparts.months(t), expression=sqlparts.constant(functions.MONTHS[unit])))
                for t in (end, begin)
            ]
        else:
            raise Refused(f"there is no unit {unit[:20]!r} of date_diff", f"Units: {sqlparts.units()}.")
        return exp.cast(exp.Paren(this=exp.Sub(this=sides[0], expression=sides[1])), "DOUBLE"), NUMBER

    def _timestamptrunc(self, node: exp.Expression, want: str | None) -> Built:
        from sqlglot import exp

        unit = node.args["unit"].name.upper()
        if unit not in {*functions.UNITS, *functions.MONTHS, "WEEK"}:
            raise Refused(f"there is no unit {unit[:20]!r} of date_trunc", f"Units: {sqlparts.units()}, week.")
        return exp.TimestampTrunc(this=self.fit(node.this, TIME), unit=exp.var(unit)), TIME

    _datetrunc = _timestamptrunc

    def _extract(self, node: exp.Expression, want: str | None) -> Built:
        return self._part(node.name.upper(), node.expression)

    def _part(self, part: str, node: exp.Expression) -> Built:
        from sqlglot import exp

        if part == "EPOCH":
            return self._epoch(node)
        if part not in functions.PARTS.values():
            raise Refused(
                f"there is no part {part[:20]!r} of a time", "Parts: year, month, day, hour, minute, second, epoch."
            )
        return exp.cast(
            exp.Floor(this=exp.Extract(this=exp.var(part), expression=self.fit(node, TIME))), "DOUBLE"
        ), NUMBER

    def _epoch(self, node: exp.Expression) -> Built:
        from sqlglot import exp

        return exp.cast(
            exp.Div(this=sqlparts.micros(self.fit(node, TIME)), expression=sqlparts.constant(10**6)), "DOUBLE"
        ), NUMBER

    def _timetounix(self, node: exp.Expression, want: str | None) -> Built:
        return self._epoch(node.this)

    def _unixtotime(self, node: exp.Expression, want: str | None) -> Built:
        from sqlglot import exp

        given = node.args.get("scale")
        if given is not None and given.name not in ("3", "6"):
            raise sqlparts.refused(node)
        scale = int(given.name) if given is not None else 0
        units = exp.Mul(
            this=exp.Paren(this=self.fit(node.this, NUMBER)), expression=sqlparts.constant(10 ** (6 - scale))
        )
        micros = exp.TryCast(this=exp.Round(this=units), to=exp.DataType.build("BIGINT"))
        return exp.UnixToTime(this=micros, scale=exp.Literal.number(6)), TIME

    def _timetostr(self, node: exp.Expression, want: str | None) -> Built:
        from sqlglot import exp

        return exp.TimeToStr(this=self.fit(node.this, TIME), format=self._constant(node.args["format"], WORD)), TEXT

    def _strtotime(self, node: exp.Expression, want: str | None) -> Built:
        from sqlglot import exp

        form = self._constant(node.args["format"], WORD)
        return exp.Anonymous(this="try_strptime", expressions=[self.fit(node.this, TEXT), form]), TIME

    def _interval(self, node: exp.Expression, want: str | None) -> Built:
        from sqlglot import exp

        unit = node.args["unit"].name.upper().removesuffix("S") if node.args.get("unit") is not None else ""
        if unit in functions.UNITS:
            amount = exp.Literal.number(node.this.name) if sqlparts.is_number_text(node.this) else node.this
            return self._span(amount, functions.UNITS[unit])
        if unit in functions.MONTHS and sqlparts.is_number_text(node.this):
            return node.copy(), SPAN
        raise Refused(
            f"{sqlparts.short(node)} is no span that can be used", "Write to_seconds(x), to_hours(x) or to_days(x)."
        )

    def _span(self, node: exp.Expression, micros: int) -> Built:
        from sqlglot import exp

        seconds = exp.Mul(
            this=exp.Paren(this=self.fit(node, NUMBER)), expression=exp.cast(str(micros / 10**6), "DOUBLE")
        )
        return exp.Anonymous(this="to_seconds", expressions=[exp.cast(seconds, "DOUBLE")]), SPAN

    def _todays(self, node: exp.Expression, want: str | None) -> Built:
        return self._span(node.this, functions.UNITS["DAY"])

    def _anonymous(self, node: exp.Expression, want: str | None) -> Built:
        name, args = node.name.lower(), node.expressions
        if name in ("date_part", "datepart") and len(args) == 2:
            return self._part(self._constant(args[0], WORD).name.upper(), args[1])
        if name in functions.SPANS and len(args) == 1:
            return self._span(args[0], functions.UNITS[functions.SPANS[name]])
        if name == "try_strptime" and len(args) == 2:
            from sqlglot import exp

            return self._strtotime(exp.StrToTime(this=args[0], format=args[1]), want)
        raise sqlparts.refused(node)

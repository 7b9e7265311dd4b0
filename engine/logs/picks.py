"""What `_log_raw` holds: our columns as a file has them or as a mapping makes them, in the order of the file's rows."""

from __future__ import annotations

from dataclasses import dataclass

from engine.forms import LINE, PROBLEM
from engine.intake import clocks, expressions, functions, language, sqlparts
from engine.logs.mapping import CANONICAL, LOGS
from engine.logs.recognise import Reading
from engine.warehouse import Sql, literal, quote, sql

LEFT_OUT = "left_out"  # the reason of rows that the mapping leaves out
_LONGEST = 1 << 12  # bytes of a value in a Parquet file at most
_NATIVE = ("started_at", "duration_s", "volume_mb")
_NUMBERS = ("duration_s", "volume_mb", "n_calls", "talk_s", "n_texts")


@dataclass(frozen=True)
class Picks:
    """The columns of `_log_raw` as SQL.

    Args:
        columns: what to select.
        moments: whether started_at is a time in UTC already and no text to be read.
        times: whether `clocks.MOMENT` is needed.
    """

    columns: list[Sql]
    moments: bool
    times: bool


def picks(reading: Reading, day: str, *, native: bool = False, problems: bool = False) -> Picks:
    """The columns of `_log_raw`, null where a file has none.

    Args:
        reading: how the file is to be read.
        day: of aggregated pairs.
        native: the columns may have types of their own (Parquet).
        problems: the source says what is wrong with a line.
    """
    profile, found = reading.profile, reading.found
    signs = expressions.Signs(
        profile.decimal,
        profile.thousands,
        sqlparts.reader(clocks.MOMENT),
        native,
    )
    made = {
        column: language.made(column, text, LOGS, reading.layout.names, signs)
        for column, text in profile.expressions.items()
    }
    fixed = _fixed(reading, day)
    columns = []
    for column in CANONICAL:
        if column in fixed:
            text: str = fixed[column]
        elif column in made:
            text = f"TRY({made[column].sql})"
            if column in _NUMBERS and made[column].kind == functions.TEXT:
                text = _number(made[column].sql, reading)
        elif column in found:
            text = _own(column, found[column], reading, native=native)
        else:
            text = "NULL::VARCHAR"
        columns.append(sql("{text} AS {column}", text=Sql(text), column=column))
    columns += _problems(reading, signs, problems)
    moments = "started_at" in made and made["started_at"].kind == functions.TIME
    return Picks(columns, moments, bool(made or profile.where))


def _own(column: str, name: str, reading: Reading, *, native: bool) -> str:
    """A column of the file as it is."""
    text = f"{quote(name)}::VARCHAR"
    if column in _NUMBERS and not reading.profile.plain_numbers:
        number = _number(text, reading)
        return f"CASE WHEN typeof({quote(name)}) = 'VARCHAR' THEN {number} ELSE {text} END" if native else number
    if native and column in _NATIVE:
        return quote(name)
    if native:
        # A long text that lies in a file once and stands in all of its rows would fill the disk.
        why = literal(f"a value of column {name} is longer than {_LONGEST >> 10} KB")
        return f"CASE WHEN strlen({text}) > {_LONGEST} THEN error({why}) ELSE {text} END"
    return text


def _number(text: str, reading: Reading) -> str:
    """A text of the file as a number that the database reads."""
    if reading.profile.plain_numbers:
        return text
    import sqlglot

    signs = expressions.Signs(reading.profile.decimal, reading.profile.thousands)
    return f"({sqlparts.plain_number(sqlglot.parse_one(text, read='duckdb'), signs).sql('duckdb')})"


def _fixed(reading: Reading, day: str) -> dict[str, Sql]:
    """Columns whose value the format or the file's name tells."""
    profile, found = reading.profile, reading.found
    fixed = {"caller": literal(reading.ego)} if profile.ego_from_file_name else {}
    if profile.aggregated:
        talk = sql("{name}::VARCHAR", name=found["talk_s"]) if "talk_s" in found else literal("0")
        counted = {"n_calls", "n_texts"} & set(found)
        fixed |= {"kind": literal("call"), "started_at": literal(day), "duration_s": talk}
        fixed |= {c: literal("0" if counted else "1") for c in ("n_calls", "n_texts") if c not in found}
    return fixed


def _problems(reading: Reading, signs: expressions.Signs, problems: bool) -> list[Sql]:
    """What is wrong with a row before it is read, and its line."""
    nothing = Sql("NULL::VARCHAR")
    own, line = (quote(PROBLEM), quote(LINE)) if problems else (nothing, nothing)
    where = reading.profile.where
    if where:
        kept = expressions.made(where, reading.layout.names, signs, condition=True).sql
        out = sql("CASE WHEN TRY({kept}) THEN NULL ELSE {word} END", kept=Sql(kept), word=literal(LEFT_OUT))
        own = sql("coalesce({own}, {out})", own=own, out=out)
    return [sql("{own} AS problem", own=own), sql("{line} AS line", line=line)]

"""What a mapping of any table may say: columns, words, numbers; `engine.logs.mapping` has the keys of call records."""

from __future__ import annotations

from collections.abc import Iterable

from engine.intake import expressions, functions
from engine.intake.mapping_table import MappingError, MappingTable
from engine.intake.sqlparts import a_kind
from engine.tables import TABLES

CANONICAL = (
    "kind", "caller", "callee", "started_at", "utc_offset", "duration_s", "answered", "volume_mb",
    "caller_tac", "callee_tac", "caller_imei", "callee_imei", "caller_cell", "callee_cell", "call_id", "direction",
    "n_calls", "talk_s", "n_texts",
)  # fmt: skip
LOGS = "logs"
# Our columns of the tables that a file may be mapped to; what a table computes itself is no column of a file.
COLUMNS = {
    LOGS: CANONICAL,
    **{
        name: tuple(column for column in TABLES[name].names if not column.startswith("face_"))
        for name in ("customers", "devices", "offers", "treatments", "acts", "consents", "optouts")
    },
    "photos": ("customer_id", "path"),
    "inventory": tuple(name for name in TABLES["inventory"].names if name not in ("sha256", "attributes")),
    "exposures": ("customer_id", "at", "arm", "experiment_id"),
    "outcomes": ("customer_id", "at", "value", "experiment_id"),
}
OPEN = ("customers", "inventory")  # their files may have further columns
# Our words of the coded columns; of a column that is not here, whatever the table takes.
_REMEDIES = {
    functions.NUMBER: "Write cast(x AS double), or date_diff('second', begin, end) for the time between two times.",
    functions.BOOL: "Compare it with something: status = 'ok'.",
    functions.TEXT: "Write cast(x AS text), or CASE WHEN x THEN 'yes' ELSE 'no' END.",
    functions.TIME: "Name the column of the time, or write cast(x AS timestamp).",
    "": "Write CASE WHEN x THEN 1 ELSE 0 END.",
}
KINDS, DIRECTIONS = ("call", "text", "data"), ("incoming", "outgoing")
_ANSWERS = ("yes", "no")
_YES = {True: "yes", False: "no", "true": "yes", "false": "no"}
_SIGNS = " '_"  # between thousands, besides a point or a comma
_MOST = 1000  # words of a column at most
_NUMBERS = ("duration_s", "volume_mb", "n_calls", "talk_s", "n_texts")  # of call records


def columns(said: MappingTable, table: str, *, needed: bool) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """Names of the file's columns, and expressions, by our column.

    Args:
        said: the mapping.
        table: it is for, a key of `COLUMNS`.
        needed: whether there has to be one.
    """
    inner = said.inner("columns")
    ours = COLUMNS[table]
    fix = f"Columns: {', '.join(ours)}."
    strange = sorted(set(inner.table) - set(ours))
    if strange and table not in OPEN:
        raise MappingError(f"columns.{strange[0][:60]}: {strange[0][:60]!r} is not a column that Kindred knows", fix)
    named: dict[str, tuple[str, ...]] = {}
    made: dict[str, str] = {}
    for name, value in inner.table.items():
        if isinstance(value, dict):
            one = inner.inner(name)
            unknown = sorted(set(one.table) - {"sql"})
            if unknown or "sql" not in one.table:
                raise MappingError(f'columns.{name[:60]} should be a name, a list of names or {{ sql = "..." }}')
            made[name] = expression(one.get(str, "sql", ""), f"columns.{name[:60]}")
        else:
            named[name] = (value,) if isinstance(value, str) else inner.texts(name)
    if needed and not made and not any(named.values()):
        raise MappingError("no [columns] with names in it", fix)
    return named, made


def expression(text: str, key: str) -> str:
    """An expression that can be used, as it came; empty stays empty."""
    if text or not key.startswith("rows."):
        try:
            expressions.parsed(text)
        except expressions.Refused as error:
            raise MappingError(f"{key} = {text[:120]!r}: {error}", error.fix) from None
    return text


def values(inner: MappingTable, table: str) -> dict[str, dict[str, str]]:
    """Their words for ours, by our column; a word of ours that a column cannot have is refused."""
    found = {}
    for column in inner.table:
        key = f"values.{column[:60]}"
        known = our_words(column, table)
        if known is None:
            raise MappingError(
                f"{key}: {column[:60]!r} is not a column whose words can be mapped",
                f"Columns: {', '.join(COLUMNS[table])}.",
            )
        words = {}
        for theirs, ours in inner.inner(column).table.items():
            ours = _YES.get(ours, ours) if known == _ANSWERS else ours
            if not isinstance(ours, str) or (known and ours not in known):
                raise MappingError(
                    f"{key}.{theirs[:60]!r} = {str(ours)[:60]!r} is not allowed", f"Ours: {', '.join(known)}."
                )
            words[theirs.strip().lower()] = ours
        if len(words) > _MOST:
            raise MappingError(f"{key} has more than {_MOST} words")
        found[column] = words
    return found


def our_words(column: str, table: str) -> tuple[str, ...] | None:
    """Our words of a coded column, empty = any; None where it is none."""
    if table == LOGS:
        return {"kind": KINDS, "direction": DIRECTIONS, "answered": _ANSWERS}.get(column)
    if column == "purpose":
        from engine.trust import consent

        return consent.PURPOSES
    if column not in COLUMNS[table]:
        return () if table in OPEN else None
    if column not in TABLES.get(table, TABLES["customers"]).names:
        return () if column == "arm" else None
    kind = TABLES[table].column(column).type
    return {"bool": _ANSWERS, "text": ()}.get(kind)


def meaning(values: dict[str, dict[str, str]], column: str, ours: str) -> tuple[str, ...]:
    """Their words for one of ours."""
    return tuple(theirs for theirs, word in values.get(column, {}).items() if word == ours)


def numbers(said: MappingTable) -> tuple[str, str]:
    """The point of numbers, and what stands between their thousands."""
    unknown = sorted(set(said.table) - {"decimal", "thousands"})
    if unknown:
        raise MappingError(f"there is no key numbers.{unknown[0][:60]}", "Keys: decimal, thousands.")
    decimal, thousands = said.get(str, "decimal", "."), said.get(str, "thousands", "")
    if decimal not in (".", ","):
        raise MappingError(f"numbers.decimal = {decimal[:60]!r} is not allowed", "Use a point or a comma.")
    known = {*_SIGNS, "\u00a0", "\u202f", "\u2019", ".", ",", ""} - {decimal}
    if thousands not in known:
        raise MappingError(
            f"numbers.thousands = {thousands[:60]!r} is not allowed", "Use a comma, a point, a space or '."
        )
    return decimal, thousands


def type_of(column: str, table: str) -> str:
    """A contract type of a column of ours, a key of `engine.tables.SQL_TYPES`; empty = none, a further column."""
    known = {c.name: c.type for c in TABLES[table].columns} if table in TABLES else {}
    return known.get(column, "")


def kind_of(column: str, table: str) -> str:
    """What an expression for a column of ours should give, a kind of `engine.intake.functions`; empty = anything."""
    if table == LOGS:
        if column == "started_at":
            return ""
        return functions.NUMBER if column in _NUMBERS else functions.BOOL if column == "answered" else functions.TEXT
    kinds = {"i32": functions.NUMBER, "i64": functions.NUMBER, "f64": functions.NUMBER, "bool": functions.BOOL,
             "text": functions.TEXT, "date": functions.TIME, "time": functions.TIME}  # fmt: skip
    return kinds.get(type_of(column, table), "")


def made(column: str, text: str, table: str, names: Iterable[str], signs: expressions.Signs) -> expressions.Made:
    """The expression for a column of ours, of a kind that fits it: texts for words, words for yes and no.

    Raises:
        expressions.Refused: it names what is not there, or its kind does not fit.
    """
    want = kind_of(column, table)
    found = expressions.made(text, names, signs, want=want)
    wrong = {
        functions.NUMBER: (functions.BOOL, functions.TIME),
        functions.BOOL: (functions.TIME,),
        functions.TEXT: (functions.TIME, functions.BOOL),
        functions.TIME: (functions.BOOL,),
    }
    if found.kind in wrong.get(want, (functions.BOOL,)):
        kind, ours = a_kind(found.kind), f"{a_kind(want)}" if want else "a number or a text"
        raise expressions.Refused(f"this gives {kind}, and {column} is {ours}", _REMEDIES.get(want, _REMEDIES[""]))
    return found

"""Which functions an expression of a mapping may use: the kinds of their arguments and of what they give.

Scalar functions only, each of one row's values, whose result is bounded by them: nothing that reads a file, a setting,
the clock or chance, and nothing that makes a long text of a short one.
"""

from __future__ import annotations

TEXT, NUMBER, TIME, BOOL, SPAN, NONE = "text", "number", "time", "true or false", "span", "nothing"
# Arguments that must stand in the expression itself.
WORD, COUNT, PATTERN = "a text in quotes", "a whole number", "a pattern in quotes"

# sqlglot's class -> (its arguments and their kinds, kind of the result). `expressions` are any number of arguments.
PLAIN: dict[str, tuple[dict[str, str], str]] = {
    "Lower": ({"this": TEXT}, TEXT),
    "Upper": ({"this": TEXT}, TEXT),
    "Reverse": ({"this": TEXT}, TEXT),
    "Length": ({"this": TEXT}, NUMBER),
    "Trim": ({"this": TEXT, "expression": WORD}, TEXT),
    "Replace": ({"this": TEXT, "expression": WORD, "replacement": WORD}, TEXT),
    "Translate": ({"this": TEXT, "from_": WORD, "to": WORD}, TEXT),
    "Substring": ({"this": TEXT, "start": COUNT, "length": COUNT}, TEXT),
    "Left": ({"this": TEXT, "expression": COUNT}, TEXT),
    "Right": ({"this": TEXT, "expression": COUNT}, TEXT),
    "SplitPart": ({"this": TEXT, "delimiter": WORD, "part_index": COUNT}, TEXT),
    "Pad": ({"this": TEXT, "expression": COUNT, "fill_pattern": WORD}, TEXT),
    "StrPosition": ({"this": TEXT, "substr": TEXT}, NUMBER),
    "StartsWith": ({"this": TEXT, "expression": TEXT}, BOOL),
    "EndsWith": ({"this": TEXT, "expression": TEXT}, BOOL),
    "Contains": ({"this": TEXT, "expression": TEXT}, BOOL),
    "Like": ({"this": TEXT, "expression": WORD}, BOOL),
    "ILike": ({"this": TEXT, "expression": WORD}, BOOL),
    "RegexpLike": ({"this": TEXT, "expression": PATTERN}, BOOL),
    "RegexpFullMatch": ({"this": TEXT, "expression": PATTERN}, BOOL),
    "RegexpExtract": ({"this": TEXT, "expression": PATTERN, "group": COUNT}, TEXT),
    "RegexpReplace": ({"this": TEXT, "expression": PATTERN, "replacement": WORD, "modifiers": WORD}, TEXT),
    "DPipe": ({"this": TEXT, "expression": TEXT}, TEXT),
    "Concat": ({"expressions": TEXT}, TEXT),
    "ConcatWs": ({"expressions": TEXT}, TEXT),
    "Abs": ({"this": NUMBER}, NUMBER),
    "Sign": ({"this": NUMBER}, NUMBER),
    "Floor": ({"this": NUMBER}, NUMBER),
    "Ceil": ({"this": NUMBER}, NUMBER),
    "Round": ({"this": NUMBER, "decimals": COUNT}, NUMBER),
    "Sqrt": ({"this": NUMBER}, NUMBER),
    "Ln": ({"this": NUMBER}, NUMBER),
    "Exp": ({"this": NUMBER}, NUMBER),
    "Pow": ({"this": NUMBER, "expression": NUMBER}, NUMBER),
    "Neg": ({"this": NUMBER}, NUMBER),
    "Mul": ({"this": NUMBER, "expression": NUMBER}, NUMBER),
    "Div": ({"this": NUMBER, "expression": NUMBER}, NUMBER),
    "IntDiv": ({"this": NUMBER, "expression": NUMBER}, NUMBER),
    "Mod": ({"this": NUMBER, "expression": NUMBER}, NUMBER),
    "And": ({"this": BOOL, "expression": BOOL}, BOOL),
    "Or": ({"this": BOOL, "expression": BOOL}, BOOL),
    "Not": ({"this": BOOL}, BOOL),
}
# Arguments that sqlglot notes and that nobody wrote.
SILENT = {"safe", "coalesce", "is_left", "position", "single_replace", "typed", "big_int", "date_part_boundary",
          "ignore_nulls", "negate", "kind", "unit", "zone", "format", "scale", "null_if_pos_overflow"}  # fmt: skip
PARTS = {
    "Year": "YEAR", "Month": "MONTH", "Day": "DAY", "DayOfMonth": "DAY", "Hour": "HOUR", "Minute": "MINUTE",
    "Second": "SECOND",
}  # fmt: skip
# Microseconds of a unit whose length is always the same.
UNITS = {
    "MICROSECOND": 1, "MILLISECOND": 10**3, "SECOND": 10**6, "MINUTE": 60 * 10**6, "HOUR": 3600 * 10**6,
    "DAY": 86400 * 10**6,
}  # fmt: skip
MONTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}
SPANS = {"to_microseconds": "MICROSECOND", "to_milliseconds": "MILLISECOND", "to_seconds": "SECOND",
         "to_minutes": "MINUTE", "to_hours": "HOUR", "to_days": "DAY"}  # fmt: skip
# As a person writes them, for messages and for the nearest name of one that is not known.
NAMES = (
    "lower", "upper", "reverse", "length", "trim", "ltrim", "rtrim", "replace", "translate", "substr", "left",
    "right", "split_part", "lpad", "rpad", "strpos", "starts_with", "ends_with", "contains", "regexp_matches",
    "regexp_full_match", "regexp_extract", "regexp_replace", "concat", "concat_ws", "abs", "sign", "floor",
    "ceil", "round", "sqrt", "ln", "exp", "pow", "mod", "coalesce", "ifnull", "nullif", "greatest", "least",
    "if", "date_diff", "date_part", "date_trunc", "extract", "year", "month", "day", "hour", "minute", "second",
    "epoch", "to_timestamp", "epoch_ms", "make_timestamp", "strftime", "strptime", "to_seconds", "to_minutes",
    "to_hours", "to_days", "cast", "try_cast",
)  # fmt: skip

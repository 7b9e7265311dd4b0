"""Why rows of tables are rejected: names, each with its words and a remedy, and none without a row that can have it."""

from __future__ import annotations

import ast
from pathlib import Path

import polars as pl

from engine.intake import rejected, values
from engine.sources import reasons

ENGINE = Path(reasons.__file__).resolve().parents[1]
PLACES = (
    "intake/importer.py",
    "intake/models.py",
    "intake/typed.py",
    "intake/reading.py",
    "intake/photos.py",
    "intake/values.py",
    "usecases/experiment_events.py",
)


def named() -> set[str]:
    """The reasons that the code gives: second argument of `why` and `one`, first of `_none`, and those of types."""
    found = set(values._UNREAD.values()) | {"nobody", "rounded_number"}  # these come of `spellings.problem`
    for place in PLACES:
        for node in ast.walk(ast.parse((ENGINE / place).read_text("utf-8"))):
            called = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
            if called in ("why", "one", "_none"):
                reason = node.args[0 if called == "_none" else 1]
                either = (reason.body, reason.orelse) if isinstance(reason, ast.IfExp) else (reason,)
                found |= {word.value for word in either if isinstance(word, ast.Constant)}
    return found


def test_every_reason_has_words_and_a_remedy_and_is_given_somewhere():
    assert named() <= {*reasons.OF_TABLES, *reasons.REASONS}
    assert set(reasons.OF_TABLES) <= named() and not set(reasons.OF_TABLES) & set(reasons.REASONS)
    assert set(reasons.OF_TABLES) >= reasons.MAPPABLE
    assert all(words and remedy.endswith(".") for words, remedy in reasons.OF_TABLES.values())


def test_the_first_thing_that_is_wrong_is_said_and_counted():
    rows = pl.DataFrame({rejected.ROW: [1, 2, 3], "age": ["x", None, "7"]})
    age = pl.col("age")
    found = rows.with_columns(
        pl.coalesce(
            rejected.given(rows),
            pl.when(age.is_null()).then(rejected.why("age", "missing")),
            pl.when(age != "7").then(rejected.why("age", "not_a_whole_number")),
            pl.when(age.is_null()).then(rejected.why(None, "wrong_columns", "2 expected")),
        ).alias(rejected.WHY)
    )
    assert found[rejected.WHY].is_null().to_list() == [False, False, True]
    bad = found.filter(pl.col(rejected.WHY).is_not_null())
    assert rejected.details(bad) == {"rejected_age_missing": 1, "rejected_age_not_a_whole_number": 1}
    assert [rejected.words(why) for why in bad[rejected.WHY]] == ["age: not a whole number", "age: missing"]
    assert rejected.words({"column": None, "reason": "wrong_columns", "detail": "2 expected"}) == (
        "another number of fields than the header (2 expected)"
    )

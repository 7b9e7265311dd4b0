"""No table is half read: with many rows rejected for what a mapping can tell all of it is refused, saying what."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from engine import sources
from engine.errors import InputError
from engine.intake import rejected
from engine.intake.mapped import UNREAD
from engine.intake.rejected import ROW, WHY
from engine.sources import reasons
from engine.tables import TABLES

if TYPE_CHECKING:
    import polars as pl

WORDS, OTHERS = 2, 20  # rows from which on a table is refused
_LISTED, _LONG = 5, 20  # words that are named, and their letters
# Rows about nobody, and of people who opted out already, take nothing from anybody.
_NO_PERSON = ("missing", "nobody")
_OPTED_OUT = "opted_out"
_NUMBERS = ("i32", "i64", "f64")


def check(rows: pl.DataFrame, bad: pl.DataFrame, target: str, path: Path, share: float) -> None:
    """Refuse a table with too many rows whose words, times or numbers are not understood.

    Args:
        rows: as texts, under our names, with `__row`.
        bad: those that do not read, see `engine.intake.rejected`.
        target: the table.
        path: the file.
        share: of the rows that may be rejected for one such thing.

    Raises:
        InputError: it names the column, what stands there, and the key of a mapping that tells what it means.
    """
    import polars as pl

    counted = (
        bad.unnest(WHY)
        .group_by("column", "reason")
        .len()
        .sort("len", "column", "reason", descending=[True, False, False])
    )
    for column, reason, count in counted.iter_rows():
        if column not in TABLES[target].names or reason not in reasons.MAPPABLE:
            continue
        kind = "words" if column == "purpose" else TABLES[target].column(column).type
        if kind == "text" or count <= share * rows.height or count < (WORDS if kind in ("bool", "words") else OTHERS):
            continue
        problem = f"{column}: {reasons.meaning(reason)}"
        of_these = (pl.col("column") == column) & (pl.col("reason") == reason)
        these = rows.filter(pl.col(ROW).is_in(bad.unnest(WHY).filter(of_these)[ROW].implode()))[column]
        raise InputError(
            f"{count} of {rows.height} rows cannot be read ({problem}): {_found(these, kind)}.",
            file=path,
            column=column,
            fix=f"Say what it means in a mapping (--mapping): {_key(column, kind, these)}; or set intake.max_rejected.",
        )


def check_refusals(rows: pl.DataFrame, broken: pl.DataFrame, bad: pl.DataFrame, target: str, path: Path) -> None:
    """Refuse opt-outs and consents of which a row that may say no is not understood: a lost no would be a yes.

    Args:
        rows: as texts, under our names, with `__row`.
        broken: rows that do not split into fields, see `engine.intake.rejected`.
        bad: those of rows that do not read.
        target: the table; all but optouts and consents may lose rows.
        path: the file.

    Raises:
        InputError: it names the first such row and its reason.
    """
    import polars as pl

    if target not in ("optouts", "consents"):
        return
    about, reason = (pl.col(WHY).struct.field(name) for name in ("column", "reason"))
    nobody = (about == "customer_id").fill_null(False) & reason.is_in(_NO_PERSON)
    wrong = bad.filter(~nobody & (reason != _OPTED_OUT))
    if target == "consents":
        said = rows.filter(pl.col("withdrawn_at").is_not_null())[ROW] if "withdrawn_at" in rows.columns else []
        wrong = wrong.filter(pl.col(ROW).is_in(list(said)))
    lost = pl.concat([broken.select(ROW, WHY), wrong.select(ROW, WHY)]).sort(ROW)
    if lost.height:
        row, why = lost.row(0)
        raise InputError(
            f"{lost.height} rows that may be opt-outs or withdrawals cannot be read ({rejected.words(why)}).",
            file=path,
            row=row,
            fix="Correct them, or say in a mapping (--mapping) how they are read. Nothing was stored.",
        )


def _found(values: pl.Series, kind: str) -> str:
    """What stands there: words where they are few and short, else shapes (9 for a digit, a for a letter)."""
    texts = values.drop_nulls().str.strip_prefix(UNREAD)
    words = texts.value_counts(sort=True).sort("count", texts.name, descending=[True, False])[texts.name].to_list()
    if kind in ("bool", "words") and _few(words):
        return ", ".join(map(repr, words))
    shapes = list(dict.fromkeys(sources.mask(word[:_LONG]) for word in words[:1000]))
    return f"values such as {', '.join(map(repr, shapes[:_LISTED]))}"


def _few(words: list[str]) -> bool:
    """Whether words are so few and short that they are words of a form, and not of people."""
    return 0 < len(words) <= _LISTED and all(len(word) <= _LONG for word in words)


def _key(column: str, kind: str, values: pl.Series) -> str:
    if kind in ("bool", "words"):
        ours = "yes" if kind == "bool" else "own_face"
        words = values.drop_nulls()
        word = words[0] if _few(words.unique().to_list()) else "word"
        return f'[values.{column}] "{word}" = "{ours}"'
    if kind in _NUMBERS:
        return '[numbers] decimal = ","'
    return '[time] formats = ["%d/%m/%Y"]'

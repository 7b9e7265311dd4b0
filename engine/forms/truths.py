"""Yes and no as tables from outside say them, in twenty languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

# A letter that is yes in one language only counts beside "n" alone (see `truth`).
YES = (
    "true", "1", "1.0", "yes", "y", "t", "j", "ja", "jawohl", "wahr", "oui", "vrai", "si", "sí", "sì", "sim", "vero",
    "verdadero", "verdadeiro", "igen", "igaz", "tak", "prawda", "ano", "áno", "da", "да", "evet", "waar", "sann",
    "kyllä", "ναι", "是", "はい",
)  # fmt: skip
NO = (
    "false", "0", "0.0", "no", "n", "f", "nein", "falsch", "non", "faux", "não", "nao", "falso", "nem", "hamis", "nie",
    "fałsz", "ne", "nu", "нет", "не", "hayır", "hayir", "nee", "nej", "nei", "onwaar", "falsk", "ei", "όχι", "否",
    "いいえ",
)  # fmt: skip
_YES_BESIDE_N = ("s", "o", "i", "a")  # sí, oui, igen, ano


def truth(word: pl.Expr) -> pl.Expr:
    """Whether a word means yes, null where it says neither.

    Args:
        word: texts in small letters; that a whole column has two of them decides what a letter means.
    """
    import polars as pl

    read = pl.when(word.is_in(YES)).then(True).when(word.is_in(NO)).then(False)
    letters = [(word == letter) & word.is_in([letter, "n"]).all() for letter in _YES_BESIDE_N]
    return pl.when(pl.any_horizontal(letters)).then(True).otherwise(read)


def truths(texts: pl.Series) -> pl.Series | None:
    """A column of texts as yes (true) and no, null where it is; None where a word says neither."""
    import polars as pl

    words = pl.DataFrame({"word": texts.str.strip_chars().str.to_lowercase()})
    read = words.select(read=truth(pl.col("word")))["read"]
    return read if read.null_count() == texts.null_count() else None

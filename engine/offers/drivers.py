"""What drives an offer's uplift: over all customers by permutation, for one customer by putting the typical value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.offers import measures, models

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

REPEATS = 3
ROWS = 20_000  # held-out rows looked at
COLUMNS = 8  # columns tried on each customer, the most important first
SHOWN = 3
WORDS = {
    "age": "age {}",
    "residence": "lives in {}",
    "manufacturer": "owns a handset of {}",
    "handset_days": "has had it for {} days",
    "past_changes": "earlier changes of handset: {}",
    "model_age_days": "its model came out {} days ago",
    "influencer_manufacturer": "the influencer's handset is of {}",
    "influencer_changed": "the influencer changed handset within 30 days: {}",
    "contacts_own_make": "share of contacts with the same make {}",
    "contacts_acted": "share of contacts who did something lately {}",
    "degree": "contacts: {}",
    "coreness": "coreness {}",
}


def importance(
    model: models.OfferModel, rows: pl.DataFrame, outcome: np.ndarray, treatment: np.ndarray, *, seed: int
) -> list[tuple[str, float]]:
    """How much Qini is lost when a column's values are shuffled among customers (permutation importance, Breiman 2001).

    Args:
        model: trained without these rows.
        rows: held-out features [rows]; the first `ROWS` are looked at.
        outcome, treatment: [rows].
        seed: of the shuffles.

    Returns:
        (column, mean Qini lost over `REPEATS` shuffles), the greatest first.
    """
    import numpy as np

    rows, outcome, treatment = rows.head(ROWS), outcome[:ROWS], treatment[:ROWS]
    x = model.coding.matrix(rows)
    whole = measures.qini(outcome, model.fitted.predict(x), treatment)
    rng = np.random.default_rng(seed)
    found = []
    for column in model.coding.columns:
        lost = []
        places = model.coding.places(column)
        own = x[:, places]
        for _ in range(REPEATS):
            x[:, places] = own[rng.permutation(len(x))]
            lost.append(whole - measures.qini(outcome, model.fitted.predict(x), treatment))
        x[:, places] = own
        found.append((column, float(np.mean(lost))))
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))


def typical(features: pl.DataFrame, columns: Sequence[str]) -> dict[str, object]:
    """The median of numbers and the most frequent category of text; ties go to the first in order."""
    import polars as pl

    found: dict[str, object] = {}
    for name in columns:
        if name not in features.columns:
            continue
        series = features[name]
        if series.dtype.is_numeric():
            found[name] = series.fill_nan(None).median()
        else:
            counts = series.drop_nulls().value_counts().sort("count", name, descending=[True, False])
            found[name] = counts[name][0] if counts.height else None
            if series.dtype != pl.String and found[name] is not None:
                del found[name]
    return found


def reasons(
    model: models.OfferModel, features: pl.DataFrame, usual: dict[str, object], columns: Sequence[str]
) -> pl.Series:
    """For each customer the strongest reasons why this offer moves them more than others.

    A column's part is the uplift predicted minus that predicted with the column's usual value in its place, everything
    else as it is (one at a time, so that parts need not add up); the three greatest positive parts of at least one
    point are named.

    Args:
        model: of the offer.
        features: customers [rows].
        usual: see `typical`.
        columns: columns to try, the most important first; the first `COLUMNS` are.

    Returns:
        Text per customer, '' where there is nothing to tell (and everywhere where the model gives all the same).
    """
    import numpy as np
    import polars as pl

    tried = [c for c in columns if c in features.columns and usual.get(c) is not None][:COLUMNS]
    if model.slope == 0 or not tried or not features.height:
        return pl.Series("why", [""] * features.height, dtype=pl.String)
    typically = features.head(1).with_columns(pl.lit(usual[c], dtype=features[c].dtype).alias(c) for c in tried)
    row = model.coding.matrix(typically)[0]
    parts = np.concatenate([_parts(model, batch, row, tried) for batch in features.iter_slices(models.BATCH)])
    parts[parts < 0.01] = 0.0
    order = np.argsort(-parts, axis=1, kind="stable")[:, :SHOWN]
    kept = np.take_along_axis(parts, order, axis=1) > 0
    words = features.select(_words(c, features[c].dtype.is_numeric()).alias(c) for c in tried)
    texts = []
    for place in range(order.shape[1]):
        text = pl.lit("")
        for j, column in enumerate(tried):
            text = pl.when(pl.lit(pl.Series(order[:, place] == j))).then(pl.col(column)).otherwise(text)
        texts.append(pl.when(pl.lit(pl.Series(kept[:, place]))).then(text))
    return words.select(pl.concat_str(texts, separator=", ", ignore_nulls=True).fill_null("").alias("why"))["why"]


def _parts(model: models.OfferModel, features: pl.DataFrame, usual: np.ndarray, columns: Sequence[str]) -> np.ndarray:
    """Uplift less that with one column's usual value in its place [rows, columns]; usual: the matrix's row of those."""
    import numpy as np

    x = model.coding.matrix(features)
    own, found = model.uplift(x), np.empty((len(x), len(columns)))
    for i, column in enumerate(columns):
        places = model.coding.places(column)
        kept = x[:, places]
        x[:, places] = usual[places]
        found[:, i] = own - model.uplift(x)
        x[:, places] = kept
    return found


def _words(column: str, numeric: bool) -> pl.Expr:
    import polars as pl

    template = WORDS.get(column, column.replace("_", " ") + " {}")
    value = pl.col(column)
    if numeric:
        rounded = pl.when(value == value.round(0)).then(value.cast(pl.Int64, strict=False).cast(pl.String))
        value = rounded.otherwise(value.round(2).cast(pl.String))
    return pl.format(template, value.fill_null("not known"))

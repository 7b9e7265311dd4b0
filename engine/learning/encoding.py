"""Customers' columns as numbers: categories, missing and unseen values handled inside one scikit-learn pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import polars as pl
    from sklearn.pipeline import Pipeline

KEYS = ("customer_id", "campaign_id", "as_of", "treatment", "outcome", "offer_id", "propensity")  # no features
MAX_CATEGORIES = 30
MIN_FREQUENCY = 10
MISSING = "(missing)"


def split_columns(frame: pl.DataFrame, *, exclude: Sequence[str] = ()) -> tuple[list[str], list[str]]:
    """Which columns are numbers and which are categories.

    Args:
        frame: features, one row per customer.
        exclude: columns that are no features (keys, outcome).

    Returns:
        Names of numeric columns (booleans and dates count as numbers) and of text columns, in the frame's order. A text
        column in which nearly every row has a value of its own (an id, a name) is no feature; nor is a column of nulls.
    """
    numeric, categorical = [], []
    for name, kind in frame.schema.items():
        filled = frame.height - frame[name].null_count()
        if name in exclude or not filled:
            continue
        if kind.is_numeric() or kind.is_temporal() or str(kind) == "Boolean":
            numeric.append(name)
        elif frame[name].n_unique() <= max(MAX_CATEGORIES, filled // 2):
            categorical.append(name)
    return numeric, categorical


def as_pandas(frame: pl.DataFrame, numeric: Sequence[str], categorical: Sequence[str]) -> pd.DataFrame:
    """The frame scikit-learn gets: float64 numbers with NaN, text categories with `MISSING`; columns that are absent
    count as missing.
    """
    import numpy as np
    import pandas as pd
    import polars as pl

    columns = {}
    for name in numeric:
        if name in frame.columns:
            series = frame[name]
            series = series.to_physical() if series.dtype.is_temporal() else series
            columns[name] = series.cast(pl.Float64, strict=False).to_numpy()
        else:
            columns[name] = np.full(frame.height, np.nan)
    for name in categorical:
        series = frame[name].cast(pl.String) if name in frame.columns else pl.Series([None] * frame.height, dtype=str)
        columns[name] = series.fill_null(MISSING).to_numpy().astype(object)
    return pd.DataFrame(columns, index=pd.RangeIndex(frame.height))


def encoder(numeric: Sequence[str], categorical: Sequence[str]) -> Pipeline:
    """An unfitted pipeline from `as_pandas` frames to a float64 matrix.

    Numbers: the median where missing and a column that says so. Categories: one-hot, rare ones (fewer than
    `MIN_FREQUENCY` rows, or beyond the `MAX_CATEGORIES` most frequent) together, unseen ones with the rare ones.
    Values beyond those seen in training count as the nearest seen: a log that is longer now than it was at the campaign
    must not extrapolate. Everything is standardised, so that logistic regression's penalty weighs all columns alike.
    """
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

    impute = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    onehot = OneHotEncoder(
        handle_unknown="infrequent_if_exist",
        max_categories=MAX_CATEGORIES,
        min_frequency=MIN_FREQUENCY,
        sparse_output=False,
    )
    columns = ColumnTransformer([("number", impute, list(numeric)), ("category", onehot, list(categorical))])
    return Pipeline([("columns", columns), ("clip", MinMaxScaler(clip=True)), ("scale", StandardScaler())])


def fitted(frame: pl.DataFrame, numeric: Sequence[str], categorical: Sequence[str]) -> tuple[Pipeline, np.ndarray]:
    """`encoder`, fitted to a frame, and the frame's matrix [rows, columns].

    The same as `encoder(…).fit_transform(as_pandas(…))`. scikit-learn counts texts one by one in Python, which takes
    most of the time: it is given their places in order, and the texts back when it has counted.
    """
    import numpy as np
    import polars as pl

    made = encoder(numeric, categorical)
    rows, words = as_pandas(frame, numeric, []), []
    for name in categorical:
        texts = frame[name].cast(pl.String).fill_null(MISSING)
        words.append(np.sort(texts.unique().to_numpy().astype(object)))
        places = dict(zip(words[-1], range(len(words[-1])), strict=True))
        rows[name] = texts.replace_strict(places, return_dtype=pl.Int64).to_numpy()
    x = made.fit_transform(rows)
    onehot = made.named_steps["columns"].named_transformers_["category"]
    if categorical:
        onehot.categories_ = words
    return made, x

"""What owning a make goes with: how much likelier a customer who changes takes a make when they own it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.offers import encoding, learners, policy_value

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

FEWEST = 40  # changes with and without the make below which no effect is estimated


def effects(changes: pl.DataFrame, people: pl.DataFrame, *, by: Sequence[str] = (), seed: int = 7) -> pl.DataFrame:
    """How much likelier a changer takes a make next when they own it than when they do not, given their other columns.

    Treatment = owns the make, outcome = the next handset is of it; augmented inverse propensity weighting with
    cross-fitted logistic regressions. It would be an effect only if owners and others differed in nothing unrecorded.

    Args:
        changes: see `engine.handsets.loyalty.transitions`.
        people: customer_id and columns, with age_band.
        by: columns to average by, besides overall ('').
        seed: of the cross-fitting.

    Returns:
        segment_by, segment, manufacturer, n, effect, low, high (95 %); makes with fewer than `FEWEST` changes with or
        without it are left out.
    """
    import polars as pl

    rows = changes.join(people, on="customer_id", how="left", maintain_order="left").sort("customer_id", "changed_at")
    numeric, categorical = encoding.split_columns(
        rows, exclude=("customer_id", "manufacturer", "next_manufacturer", "changed_at", "held_days", "age_band")
    )
    parts = []
    for maker in rows["manufacturer"].unique().sort().to_list():
        owns = (rows["manufacturer"] == maker).cast(pl.Int64).to_numpy()
        takes = (rows["next_manufacturer"] == maker).cast(pl.Int64).to_numpy()
        if min(owns.sum(), len(owns) - owns.sum()) < FEWEST:
            continue
        with learners.steady(0):
            scores = _cross_fitted(rows, owns, takes, numeric, categorical, seed)
        scored = rows.with_columns(pl.Series("effect", scores))
        for column in ("", *by):
            segment = pl.lit("") if column == "" else pl.col(column).cast(pl.String)
            parts.append(
                scored.with_columns(segment.alias("segment"))
                .filter(pl.col("segment").is_not_null())
                .group_by("segment")
                .agg(pl.len().cast(pl.Int64).alias("n"), pl.col("effect").mean(), pl.col("effect").std().alias("sd"))
                .filter(pl.col("n") >= FEWEST)
                .sort("segment")
                .with_columns(
                    pl.lit(column).alias("segment_by"),
                    pl.lit(maker).alias("manufacturer"),
                    (1.96 * pl.col("sd") / pl.col("n").sqrt()).alias("half"),
                )
                .with_columns(
                    (pl.col("effect") - pl.col("half")).alias("low"), (pl.col("effect") + pl.col("half")).alias("high")
                )
                .select("segment_by", "segment", "manufacturer", "n", "effect", "low", "high")
            )
    if parts:
        return pl.concat(parts)
    names = {"segment_by": str, "segment": str, "manufacturer": str, "n": int, "effect": float}
    return pl.DataFrame(schema={**names, "low": float, "high": float})


def _cross_fitted(
    rows: pl.DataFrame, owns: np.ndarray, takes: np.ndarray, numeric: list[str], categorical: list[str], seed: int
) -> np.ndarray:
    """Doubly robust score of each row from models fitted to the other half."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold

    scores = np.zeros(len(owns))
    for fitted, used in StratifiedKFold(2, shuffle=True, random_state=seed).split(owns, 2 * owns + takes):
        if numeric or categorical:
            encoder = encoding.encoder(numeric, categorical)
            x = encoder.fit_transform(encoding.as_pandas(rows[fitted], numeric, categorical))
            z = encoder.transform(encoding.as_pandas(rows[used], numeric, categorical))
        else:
            x, z = np.zeros((len(fitted), 1)), np.zeros((len(used), 1))

        def chance(target: np.ndarray, inside: np.ndarray, x: np.ndarray = x, z: np.ndarray = z) -> np.ndarray:
            if len(set(target[inside])) < 2:
                return np.full(len(z), target[inside].mean())
            return LogisticRegression(max_iter=2000).fit(x[inside], target[inside]).predict_proba(z)[:, 1]

        o, y = owns[fitted], takes[fitted]
        expected = np.stack([chance(y, o == 0), chance(y, o == 1)], axis=1)
        own = chance(o, np.ones(len(o), dtype=bool))
        given = np.where(owns[used] == 1, own, 1 - own)
        robust = policy_value.arm_scores(
            takes[used].astype(float), owns[used], np.maximum(given, policy_value.SMALLEST), expected
        )
        scores[used] = robust[:, 1] - robust[:, 0]
    return scores

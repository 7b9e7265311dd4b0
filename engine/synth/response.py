"""What customers of an experiment would do: who sees the ad, who buys, with a planted effect of the face shown."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

SEEN = 0.9  # share of customers who see their ad
WITHOUT_AD = 0.3  # chance to buy of those who do not
DAYS = 29  # from the first day on which somebody may buy to the last


def responses(assigned: pl.DataFrame, chances: dict[str, float], *, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Exposures and outcomes of assigned customers; the arm matters to those only who see the ad.

    Args:
        assigned: customer_id, arm, assigned_at.
        chances: per arm the chance to buy of a customer who sees it. The planted difference between two arms,
            everybody as assigned, is `SEEN` times that of their chances.
        seed: the same seed and customers give the same rows.

    Returns:
        Exposures (customer_id, at, arm) and outcomes (customer_id, at, value), sorted by customer.
    """
    import numpy as np
    import polars as pl

    assigned = assigned.sort("customer_id")
    rng = np.random.default_rng([seed, 1])  # not the stream that the town was drawn from
    n = assigned.height
    seen = rng.random(n) < SEEN
    chance = np.where(seen, assigned["arm"].replace_strict(chances, return_dtype=pl.Float64).to_numpy(), WITHOUT_AD)
    bought = rng.random(n) < chance
    after = [timedelta(days=1 + int(day), hours=12) for day in rng.integers(0, DAYS, n)]
    worth = rng.integers(10, 60, n).astype(float)
    rows = assigned.select("customer_id", "arm", "assigned_at").with_columns(
        bought_at=pl.col("assigned_at") + pl.Series(after, dtype=pl.Duration("us")), value=pl.Series(worth)
    )
    shown = rows.filter(seen).select("customer_id", pl.col("assigned_at").dt.offset_by("6h").alias("at"), "arm")
    return shown, rows.filter(bought).select("customer_id", at="bought_at", value="value")

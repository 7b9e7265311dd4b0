"""How sure is each customer's top contact? The days are drawn again and the choice is made anew.

Source: METHODS section 3 (scores) and section 2 (strength); the bootstrap of days after Efron 1979.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl


def stability(
    days: pl.DataFrame,
    top: Mapping[int, int],
    *,
    as_of: date,
    window_days: int,
    half_life_days: float,
    gamma: float,
    draws: int,
    seed: int,
) -> dict[str, Any] | None:
    """Share of bootstrap draws in which a customer keeps the contact chosen on all days.

    Args:
        days: one row per (ego, contact, day, outgoing) with n_calls, talk_s, n_texts and contact_pct (centrality of
            the contact), ordered; ungated ties only. Gates and centralities are held fixed.
        top: ego -> contact chosen on all days by this same score.
        as_of: first day not counted.
        window_days: days of the window; the same number is drawn, with replacement.
        half_life_days: of the decay.
        gamma: weight of the centrality; 0 gives the strongest tie.
        draws: number of bootstrap draws.
        seed: of the draws.

    Returns:
        customers, draws, mean, low and high (95 % over the draws) and `histogram`, ten bins of the share of draws
        kept per customer (low, high, n); None without rows.
    """
    import numpy as np
    import polars as pl
    from scipy.sparse import csr_array

    days = days.filter(pl.col("ego").is_in(list(top)))
    if not days.height:
        return None
    pairs = days.select("ego", "contact", "contact_pct").unique(maintain_order=True)
    age = days.select(((pl.lit(as_of) - pl.col("day")).dt.total_days()).alias("age"))["age"].to_numpy()
    value = np.exp2(-age / half_life_days) * (
        (days["n_calls"].to_numpy() > 0)
        + 0.25 * np.log1p(np.minimum(days["talk_s"].to_numpy(), 3600) / 60)
        + 0.5 * (days["n_texts"].to_numpy() > 0)
    )
    row = days.select((pl.struct("ego", "contact") != pl.struct("ego", "contact").shift(1)).fill_null(False).cum_sum())
    row = row.to_series().to_numpy()
    column = age - 1
    shape = (pairs.height, window_days)
    out = days["outgoing"].to_numpy()
    sent = csr_array((value * out, (row, column)), shape=shape)
    received = csr_array((value * ~out, (row, column)), shape=shape)

    rng = np.random.default_rng(seed)
    weights = rng.multinomial(window_days, np.full(window_days, 1 / window_days), size=draws).T.astype(float)
    ego, contact = pairs["ego"].to_numpy(), pairs["contact"].to_numpy()
    starts = np.flatnonzero(np.r_[True, ego[1:] != ego[:-1]])
    chosen = np.array([top[e] for e in ego[starts].tolist()])
    sizes = np.diff(np.r_[starts, len(ego)])
    is_chosen = contact == np.repeat(chosen, sizes)
    boost = np.power(pairs["contact_pct"].to_numpy(), gamma)[:, None]
    kept = np.empty((len(starts), draws), dtype=bool)
    for first in range(0, draws, 50):
        part = slice(first, min(first + 50, draws))
        a, b = sent @ weights[:, part], received @ weights[:, part]
        score = (0.5 * (a + b) + np.minimum(a, b)) * boost
        best = np.maximum.reduceat(score, starts, axis=0)
        own = np.maximum.reduceat(np.where(is_chosen[:, None], score, -1.0), starts, axis=0)
        kept[:, part] = (own > 0) & (own >= best * (1 - 1e-9))
    per_draw, per_customer = kept.mean(axis=0), kept.mean(axis=1)
    low, high = np.quantile(per_draw, [0.025, 0.975])
    counts = np.histogram(per_customer, bins=np.linspace(0, 1, 11))[0]
    return {
        "customers": len(starts),
        "draws": draws,
        "mean": float(per_draw.mean()),
        "low": float(low),
        "high": float(high),
        "histogram": [{"low": i / 10, "high": (i + 1) / 10, "n": int(n)} for i, n in enumerate(counts)],
    }

"""Everything about loyalty beyond the table: transitions, agreement, time to change, and what owning a make goes with.

All of it is association, and all but the time to change looks only at those who changed (METHODS section 4).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.errors import InputError
from engine.handsets import loyalty
from engine.segments import with_age_band

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

NOTE = (
    "Association, not effect. Retention, share, lift and transitions look only at customers who changed their handset "
    "within the log; whoever has not changed yet enters only the time to change. A first spell is counted from the "
    "first day seen."
)
Effects = Callable[..., "pl.DataFrame"]  # of changes, people and the columns to cut by
AT_DAYS = (30, 90, 180, 365, 730)


@dataclass(frozen=True)
class Report:
    """What is known of loyalty.

    Args:
        rows: table `loyalty` with excess = (p - s)/(1 - s), how far retention exceeds what the share alone would give,
            and handsets = 1/(1 - p), how many in a row a customer has of the make (null where all were retained).
        transitions: manufacturer, next_manufacturer, n, expected under independence, residual (standardised).
        survival: manufacturer, days, unchanged (Kaplan-Meier), low, high, at_risk.
        effects: segment_by, segment, manufacturer, n, effect of owning the make on taking it next, low, high: doubly
            robust over the customers' columns.
        facts: customers, changes, unknown (changes left out), kappa with its interval, bowker with degrees of freedom
            and p, stationary (manufacturer -> share in the long run, empty where that depends on the start), note.
    """

    rows: pl.DataFrame
    transitions: pl.DataFrame
    survival: pl.DataFrame
    effects: pl.DataFrame
    facts: dict[str, object]


def report(handsets: pl.DataFrame, customers: pl.DataFrame, *, effects: Effects, by: Sequence[str] = ()) -> Report:
    """Loyalty by manufacturer, overall and by columns.

    Args:
        handsets: table `handsets`.
        customers: table `customers`.
        effects: estimates what owning a make goes with, see `engine.offers.owning.effects`.
        by: columns of `customers`, or `age_band`.

    Raises:
        InputError: there is no such column; names those there are.
    """
    import polars as pl

    people = with_age_band(customers)
    for column in by:
        if column not in people.columns or column == "customer_id":
            known = [c for c in people.columns if c != "customer_id"]
            raise InputError(f"customers have no column {column!r}.", fix=f"Cut by one of {', '.join(known)}.")
    p, s = pl.col("retention"), pl.col("share")
    rows = loyalty.table(handsets, customers, by=by).with_columns(
        pl.when(s < 1).then((p - s) / (1 - s)).alias("excess"), pl.when(p < 1).then(1 / (1 - p)).alias("handsets")
    )
    changes = loyalty.transitions(handsets)
    every = handsets.filter(pl.col("spell") > 1).height
    makers, counts = _counts(changes)
    facts = {
        "customers": handsets["customer_id"].n_unique(),
        "changes": changes.height,
        "unknown": every - changes.height,
        "kappa": kappa(counts),
        "bowker": bowker(counts),
        "stationary": stationary(makers, counts),
        "note": NOTE,
    }
    return Report(rows, transition_table(makers, counts), survival(handsets), effects(changes, people, by=by), facts)


def transition_table(makers: list[str], counts: np.ndarray) -> pl.DataFrame:
    """Each pair of manufacturers: n, expected under independence, standardised residual (null where undefined).

    Args:
        makers: names [k], in order.
        counts: changes from row to column [k, k].
    """
    import numpy as np
    import polars as pl

    total = counts.sum()
    kinds = {"manufacturer": str, "next_manufacturer": str, "n": int, "expected": float, "residual": float}
    if not total:
        return pl.DataFrame(schema=kinds)
    row, column = counts.sum(axis=1, keepdims=True) / total, counts.sum(axis=0, keepdims=True) / total
    expected = total * row * column
    with np.errstate(divide="ignore", invalid="ignore"):
        residual = (counts - expected) / np.sqrt(expected * (1 - row) * (1 - column))
    k = len(makers)
    return pl.DataFrame(
        {
            "manufacturer": np.repeat(makers, k),
            "next_manufacturer": np.tile(makers, k),
            "n": counts.ravel().astype(int),
            "expected": expected.ravel(),
            "residual": pl.Series(np.where(np.isfinite(residual), residual, np.nan).ravel(), nan_to_null=True),
        }
    )


def kappa(counts: np.ndarray) -> dict[str, float | None]:
    """Cohen's kappa of the old and the next manufacturer with its 95 % interval; Nones where all changes are of one."""
    from statsmodels.stats.inter_rater import cohens_kappa

    if counts.sum() < 2 or min((counts.sum(axis=0) > 0).sum(), (counts.sum(axis=1) > 0).sum()) < 2:
        return {"value": None, "low": None, "high": None}
    found = cohens_kappa(counts)
    return {"value": float(found.kappa), "low": float(found.kappa_low), "high": float(found.kappa_upp)}


def bowker(counts: np.ndarray) -> dict[str, float | int | None]:
    """Bowker's test (1948) whether as many change from A to B as back; pairs without changes do not count."""
    import numpy as np
    from scipy.stats import chi2

    upper = np.triu_indices(len(counts), 1)
    there, back = counts[upper], counts.T[upper]
    some = there + back > 0
    if not some.any():
        return {"statistic": None, "df": 0, "p": None}
    statistic = float(((there - back)[some] ** 2 / (there + back)[some]).sum())
    return {"statistic": statistic, "df": int(some.sum()), "p": float(chi2.sf(statistic, some.sum()))}


def stationary(makers: list[str], counts: np.ndarray) -> dict[str, float]:
    """Shares of the manufacturers if everybody went on changing like this; empty where not all are reached from all."""
    import numpy as np
    from scipy.sparse.csgraph import connected_components

    if not len(makers) or (counts.sum(axis=1) == 0).any():
        return {}
    if connected_components(counts > 0, directed=True, connection="strong")[0] > 1:
        return {}
    chain = counts / counts.sum(axis=1, keepdims=True)
    k = len(makers)
    system = np.vstack([chain.T - np.eye(k), np.ones(k)])
    shares = np.linalg.lstsq(system, np.r_[np.zeros(k), 1.0], rcond=None)[0]
    return {maker: float(share) for maker, share in zip(makers, shares, strict=True)}


def survival(handsets: pl.DataFrame) -> pl.DataFrame:
    """Kaplan-Meier: the share of handsets not yet changed so many days after they were first seen, per manufacturer.

    A spell that is the customer's last is censored at the last day it was seen; days beyond the longest followed spell
    of a manufacturer have no row.

    Args:
        handsets: table `handsets`.

    Returns:
        manufacturer ('' = all), days, unchanged, low, high (95 %, Greenwood), at_risk.
    """
    import numpy as np
    import polars as pl
    from statsmodels.duration.survfunc import SurvfuncRight

    spells = handsets.sort("customer_id", "spell").with_columns(
        pl.col("first_at").shift(-1).over("customer_id").alias("next_at")
    )
    spells = spells.select(
        "manufacturer",
        (pl.coalesce("next_at", "last_at") - pl.col("first_at")).dt.total_days().alias("days"),
        pl.col("next_at").is_not_null().cast(pl.Int64).alias("changed"),
    )
    rows = []
    for maker in ["", *spells["manufacturer"].unique().sort().to_list()]:
        own = spells if maker == "" else spells.filter(pl.col("manufacturer") == maker)
        if not own["changed"].sum():
            continue
        days = own["days"].to_numpy()
        curve = SurvfuncRight(days, own["changed"].to_numpy())
        for at in AT_DAYS:
            if at > days.max():
                break
            place = int(np.searchsorted(curve.surv_times, at, side="right")) - 1
            value, error = (1.0, 0.0) if place < 0 else (curve.surv_prob[place], curve.surv_prob_se[place])
            error = 0.0 if not np.isfinite(error) else error
            low, high = max(0.0, value - 1.96 * error), min(1.0, value + 1.96 * error)
            rows.append((maker, at, float(value), float(low), float(high), int((days >= at).sum())))
    names = {"manufacturer": str, "days": int, "unchanged": float, "low": float, "high": float, "at_risk": int}
    return pl.DataFrame(rows, schema=names, orient="row")


def _counts(changes: pl.DataFrame) -> tuple[list[str], np.ndarray]:
    """Manufacturers in order, and how many changed from row to column."""
    import numpy as np
    import polars as pl

    makers = sorted({*changes["manufacturer"].to_list(), *changes["next_manufacturer"].to_list()})
    place = {maker: i for i, maker in enumerate(makers)}
    counts = np.zeros((len(makers), len(makers)))
    pairs = changes.group_by("manufacturer", "next_manufacturer").agg(pl.len().alias("n"))
    for old, new, n in pairs.rows():
        counts[place[old], place[new]] = n
    return makers, counts

"""Does the most influential contact predict what a customer does next? METHODS section 3, "Does it predict?"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    import numpy as np
    import polars as pl

HORIZONS = (30, 60, 90)
FEW_COMMUNITIES = 20


def validate(
    changes: pl.DataFrame,
    tops: pl.DataFrame,
    strata: pl.DataFrame,
    as_of: date,
    *,
    horizons: Sequence[int] = HORIZONS,
    permutations: int = 1000,
    resamples: int = 1000,
    seed: int = 7,
) -> pl.DataFrame:
    """Predictive lift of each definition: does a customer change handset more often after the top contact did?

    Exposed: the contact changed in the `horizon` days before as_of. Outcome: the customer changes in the `horizon` days
    from as_of on. The null hypothesis is tested by shuffling outcomes among customers WITHIN strata (community x
    tercile of handset age x tercile of activity), because friends resemble each other without influencing each other;
    there is on purpose no unstratified test. Intervals resample whole communities (customers, where there are fewer
    than 20 communities). This is predictive lift, never a causal effect.

    Args:
        changes: party_id, changed_at (date): handset changes of customers and contacts, before and after as_of.
        tops: customer_id, definition, contact_id, as of `as_of` (rows with rank > 1 are ignored). A definition called
            `random` is what the others are compared with.
        strata: customer_id, community (null = none), handset_age_days (null = unknown), activity: every customer, known
            at as_of.
        as_of: first day not counted when `tops` was made.
        horizons: H in days.
        permutations: B of the test; p = (1 + number at least as large) / (B + 1).
        resamples: of the bootstrap (95 % percentile intervals).
        seed: of every random number.

    Returns:
        One row per definition and horizon: definition, horizon_days, customers (with a contact), coverage (of all
        customers), exposed, outcomes, p_exposed, p_not_exposed, lift (null where undefined), low, high, p_value,
        excess (lift less that of the random contact), excess_low, excess_high.

    Raises:
        InputError: a horizon below one day, or a customer in `tops` that `strata` does not have.
    """
    import numpy as np
    import polars as pl

    if min(horizons, default=1) < 1:
        raise InputError(f"a horizon of {min(horizons)} days cannot be looked at.", fix="Give days from 1 on.")
    if "rank" in tops.columns:
        tops = tops.filter(pl.col("rank") == 1)
    cells, unit = _strata(strata)
    at = {name: k for k, name in enumerate(strata["customer_id"].to_list())}
    unknown = tops.filter(~pl.col("customer_id").is_in(strata["customer_id"].implode()))
    if unknown.height:
        raise InputError(
            f"{unknown['customer_id'].n_unique()} customers have a top contact but no stratum.", column="customer_id"
        )
    names = sorted(tops["definition"].unique().to_list())
    lines = []
    for horizon in horizons:
        before = _changed(changes, as_of, -horizon, 0)
        after = strata["customer_id"].is_in(_changed(changes, as_of, 0, horizon).implode()).to_numpy()
        weights = _resamples(unit, resamples, np.random.default_rng([seed, horizon]))
        found = {}
        for place, name in enumerate(names):
            mine = tops.filter(pl.col("definition") == name)
            rows = np.array([at[c] for c in mine["customer_id"].to_list()], np.int64)
            exposed = mine["contact_id"].is_in(before.implode()).to_numpy()
            outcome = after[rows]
            draws = _lifts(_tables(exposed, outcome, unit[rows], weights))
            found[name] = (float(_lifts(_tables(exposed, outcome))[0]), draws)
            rng = np.random.default_rng([seed, horizon, place])
            p = stratified_p(exposed, outcome, cells[rows], permutations=permutations, rng=rng)
            lines.append(_line(name, horizon, exposed, outcome, strata.height, *found[name], p))
        for line in lines[-len(names) :] if "random" in found else []:
            if line["definition"] == "random":
                continue
            lift, draws = found[line["definition"]]
            line |= _interval("excess", lift - found["random"][0], draws - found["random"][1])
    return pl.DataFrame(lines, schema=_schema(), orient="row")


def stratified_p(
    exposed: np.ndarray, outcome: np.ndarray, stratum: np.ndarray, *, permutations: int, rng: np.random.Generator
) -> float | None:
    """p-value of "more outcomes among the exposed" when outcomes are shuffled within strata.

    With margins fixed the lift grows with the number of exposed customers with the outcome, and a shuffle within a
    stratum makes that number hypergeometric: it is drawn as such instead of moving the rows.

    Args:
        exposed, outcome: bool[n].
        stratum: int[n].
        permutations: B.
        rng: source of the draws.

    Returns:
        (1 + number of shuffles with at least as many) / (B + 1); None without exposed customers or outcomes.
    """
    import numpy as np

    if not exposed.any() or not outcome.any():
        return None
    _, group = np.unique(stratum, return_inverse=True)
    size, treated, good = (
        np.bincount(group, weights=w).astype(np.int64) for w in (np.ones(len(group)), exposed, outcome)
    )
    varies = (treated > 0) & (good > 0) & (treated < size) & (good < size)
    fixed = np.where(treated == size, good, np.where(good == size, treated, 0))[~varies].sum()
    total = np.full(permutations, fixed, np.int64)
    for n, k, g in zip(size[varies], treated[varies], good[varies], strict=True):
        total += rng.hypergeometric(g, n - g, k, permutations)
    return float((1 + (total >= (exposed & outcome).sum()).sum()) / (permutations + 1))


def terciles(values: np.ndarray) -> np.ndarray:
    """0, 1 or 2 by thirds of the known values (equal values stay together), 3 where nan.

    Args:
        values: float[n].
    """
    import numpy as np

    known = values[~np.isnan(values)]
    limits = np.quantile(known, [1 / 3, 2 / 3]) if len(known) else np.zeros(2)
    return np.where(np.isnan(values), 3, np.searchsorted(limits, values, side="left"))


def _strata(strata: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """(stratum of each customer, unit of resampling of each customer), both int64[n]."""
    import numpy as np

    community = strata["community"].fill_null(-1).to_numpy().astype(np.int64)
    age, activity = (
        terciles(strata[c].cast(float).fill_null(float("nan")).to_numpy()) for c in ("handset_age_days", "activity")
    )
    _, unit = np.unique(community, return_inverse=True)
    many = len(unit) and unit.max() + 1 >= FEW_COMMUNITIES
    return (community * 4 + age) * 4 + activity, unit if many else np.arange(len(unit))


def _changed(changes: pl.DataFrame, as_of: date, start: int, end: int) -> pl.Series:
    """Who changed in [as_of + start, as_of + end) days."""
    import polars as pl

    age = (pl.col("changed_at") - pl.lit(as_of)).dt.total_days()
    return changes.filter((age >= start) & (age < end))["party_id"].unique()


def _resamples(unit: np.ndarray, resamples: int, rng: np.random.Generator) -> np.ndarray:
    """float32[resamples, units]: how often each unit is drawn."""
    import numpy as np

    units = int(unit.max()) + 1 if len(unit) else 1
    weights = np.empty((resamples, units), np.float32)
    for row in weights:
        row[:] = np.bincount(rng.integers(0, units, units), minlength=units)
    return weights


def _tables(
    exposed: np.ndarray, outcome: np.ndarray, unit: np.ndarray | None = None, weights: np.ndarray | None = None
) -> np.ndarray:
    """float[b, 4]: exposed with and without outcome, not exposed with and without; as seen (b = 1) or per resample."""
    import numpy as np

    cell = 2 * ~exposed + ~outcome
    if weights is None:
        return np.bincount(cell, minlength=4)[None, :].astype(float)
    counts = np.bincount(unit * 4 + cell, minlength=4 * weights.shape[1]).reshape(-1, 4)
    return weights @ counts.astype(np.float32)


def _lifts(tables: np.ndarray) -> np.ndarray:
    """P(outcome | exposed) / P(outcome | not) of each table, nan where undefined."""
    import numpy as np

    with np.errstate(divide="ignore", invalid="ignore"):
        with_, without = tables[:, 0] / tables[:, :2].sum(1), tables[:, 2] / tables[:, 2:].sum(1)
        lift = with_ / without
    return np.where(np.isfinite(lift), lift, np.nan)


def _interval(name: str, value: float, draws: np.ndarray) -> dict[str, float | None]:
    import numpy as np

    known = draws[~np.isnan(draws)]
    if np.isnan(value) or not len(known):
        return {name: None, f"{name}_low": None, f"{name}_high": None}
    low, high = np.quantile(known, [0.025, 0.975])
    return {name: value, f"{name}_low": float(low), f"{name}_high": float(high)}


def _line(
    name: str, horizon: int, exposed: np.ndarray, outcome: np.ndarray, everybody: int, lift: float, draws: np.ndarray,
    p: float | None,
) -> dict[str, object]:  # fmt: skip
    interval = _interval("lift", lift, draws)
    return {
        "definition": name,
        "horizon_days": horizon,
        "customers": len(exposed),
        "coverage": len(exposed) / everybody if everybody else 0.0,
        "exposed": int(exposed.sum()),
        "outcomes": int(outcome.sum()),
        "p_exposed": float(outcome[exposed].mean()) if exposed.any() else None,
        "p_not_exposed": float(outcome[~exposed].mean()) if (~exposed).any() else None,
        "lift": interval["lift"],
        "low": interval["lift_low"],
        "high": interval["lift_high"],
        "p_value": p,
        "excess": None,
        "excess_low": None,
        "excess_high": None,
    }


def _schema() -> dict[str, type]:
    text, whole = dict.fromkeys(["definition"], str), ["horizon_days", "customers"]
    schema: dict[str, type] = {**text, **dict.fromkeys(whole, int), "coverage": float, "exposed": int, "outcomes": int}
    rest = ["p_exposed", "p_not_exposed", "lift", "low", "high", "p_value", "excess", "excess_low", "excess_high"]
    return schema | dict.fromkeys(rest, float)

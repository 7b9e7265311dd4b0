"""Does the most influential contact predict what a customer does next? METHODS section 3, "Does it predict?"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.compiled import compiled
from engine.errors import InputError
from engine.graph import kernels

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    import numpy as np
    import polars as pl

HORIZONS = (30, 60, 90)
FEW_COMMUNITIES = 20
# Contacts drawn at random for each customer: with one the lift of a random contact is as uncertain as that of the top
# contact, and the comparison loses a third of its precision; more than five change nothing.
RANDOM_DRAWS = 5
EXPOSURE = "exposure"  # to all contacts that changed, each by its share of the ties


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
    changed in the `horizon` days before as_of x tercile of handset age x tercile of activity), because friends resemble
    each other without influencing each other; there is on purpose no unstratified test. The customer's own change
    belongs to it because who has just changed is not exposed to that change, the other members of the circle are, and
    hardly changes again: without it, mere resemblance is mistaken for influence. Intervals resample whole communities
    (customers, where there are fewer than 20 communities). This is predictive lift, never a causal effect.

    Args:
        changes: party_id, changed_at (date): handset changes of customers and contacts, before and after as_of.
        tops: customer_id, definition, contact_id, as of `as_of` (rows with rank > 1 are ignored). A definition called
            `random` is what the others are compared with; all its rows count: a customer with several random contacts
            (see `RANDOM_DRAWS`) is exposed by the share of them that changed. So do those of one called `exposure`,
            each contact by its `tie_share`.
        strata: customer_id, community (null = none), handset_age_days (null = unknown), activity: every customer, known
            at as_of.
        as_of: first day not counted when `tops` was made.
        horizons: H in days.
        permutations: B of the test; p = (1 + number at least as large) / (B + 1).
        resamples: of the bootstrap (95 % percentile intervals).
        seed: of every random number.

    Returns:
        One row per definition and horizon: definition, horizon_days, customers (with a contact), coverage (of all
        customers), exposed (of random: the mean over the draws, rounded), outcomes, p_exposed, p_not_exposed, lift
        (null where undefined), low, high, p_value, excess (lift less that of the random contact), excess_low,
        excess_high.

    Raises:
        InputError: a horizon below one day, or a customer in `tops` that `strata` does not have.
    """
    import numpy as np
    import polars as pl

    if min(horizons, default=1) < 1:
        raise InputError(f"a horizon of {min(horizons)} days cannot be looked at.", fix="Give days from 1 on.")
    if "rank" in tops.columns:
        tops = tops.filter((pl.col("rank") == 1) | pl.col("definition").is_in(["random", EXPOSURE]))
    cells, unit = strata_of(strata)
    tops = tops.join(strata.select("customer_id").with_row_index("row"), on="customer_id", how="left")
    unknown = tops.filter(pl.col("row").is_null())
    if unknown.height:
        raise InputError(
            f"{unknown['customer_id'].n_unique()} customers have a top contact but no stratum.", column="customer_id"
        )
    names = sorted(tops["definition"].unique().to_list())
    lines = []
    for horizon in horizons:
        before = _changed(changes, as_of, -horizon, 0)
        after = strata["customer_id"].is_in(_changed(changes, as_of, 0, horizon).implode()).to_numpy()
        own = strata["customer_id"].is_in(before.implode()).to_numpy()
        weights = _resamples(unit, resamples, np.random.default_rng([seed, horizon]))
        found = {}
        for place, name in enumerate(names):
            mine = tops.filter(pl.col("definition") == name)
            weight = mine["tie_share"].to_numpy() if name == EXPOSURE else np.ones(mine.height)
            changed = mine["contact_id"].is_in(before.implode()).to_numpy()
            rows, exposed = _exposure(mine["row"].to_numpy(), changed, weight)
            outcome = after[rows]
            draws = _lifts(_tables(exposed, outcome, unit[rows], weights))
            found[name] = (float(_lifts(_tables(exposed, outcome))[0]), draws)
            rng = np.random.default_rng([seed, horizon, place])
            p = stratified_p(exposed, outcome, (cells * 2 + own)[rows], permutations=permutations, rng=rng)
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

    With margins fixed the lift grows with the summed exposure of the customers with the outcome. Outcomes are rare, so
    a shuffle draws, within each stratum, which customers have them, and moves no other row.

    Args:
        exposed: float[n], 0 to 1 (or bool[n]).
        outcome: bool[n].
        stratum: int[n].
        permutations: B.
        rng: source of the draws.

    Returns:
        (1 + number of shuffles with at least as much) / (B + 1); None without exposed customers or outcomes.
    """
    import numpy as np

    if not exposed.any() or not outcome.any():
        return None
    _, group = np.unique(stratum, return_inverse=True)
    order = np.argsort(group, kind="stable")
    pool, bounds = exposed[order].astype(float), np.r_[0, np.cumsum(np.bincount(group))]
    good = np.bincount(group, weights=outcome).astype(np.int64)
    # Where all have the outcome, or all the same exposure, a shuffle changes nothing: nothing is drawn there.
    least, most, sums = (f.reduceat(pool, bounds[:-1]) for f in (np.minimum, np.maximum, np.add))
    full, same = good == np.diff(bounds), least == most
    total = np.full(permutations, sums[full].sum() + (good * least)[same & ~full].sum())
    shuffled = np.flatnonzero(~full & ~same & (good > 0))
    compiled(kernels.shuffled_sums)(pool, bounds[shuffled], bounds[shuffled + 1], good[shuffled], rng, total)
    return float((1 + (total >= exposed[outcome].sum()).sum()) / (permutations + 1))


def terciles(values: np.ndarray) -> np.ndarray:
    """0, 1 or 2 by thirds of the known values, 3 where nan.

    Equal values stay together, in the third that the middle of them falls into: a value that most have does not
    swallow those below it.

    Args:
        values: float[n].
    """
    import numpy as np

    out = np.full(len(values), 3)
    known = ~np.isnan(values)
    _, place, count = np.unique(values[known], return_inverse=True, return_counts=True)
    middle = 2 * np.cumsum(count) - count  # twice the number below, and half of the equal ones
    out[known] = (3 * middle // (2 * max(known.sum(), 1)))[place]
    return out


def strata_of(strata: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
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
    """uint8[resamples, units]: how often each unit is drawn."""
    import numpy as np

    units = int(unit.max()) + 1 if len(unit) else 1
    weights = np.empty((resamples, units), np.uint8)
    for row in weights:
        row[:] = np.bincount(rng.integers(0, units, units), minlength=units)
    return weights


def _exposure(rows: np.ndarray, changed: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(customers int64[n], ascending; float64[n], the share of each one's contacts that changed, by weight).

    Shares are multiples of 2^-20: sums of them are exact, so that ties are ties in whatever order they are made.
    """
    import numpy as np

    customers, place = np.unique(rows, return_inverse=True)
    total = np.maximum(np.bincount(place, weights=weight, minlength=len(customers)), 1e-300)
    share = np.bincount(place, weights=changed * weight, minlength=len(customers)) / total
    return customers, np.round(share * 2**20) / 2**20


def _tables(
    exposed: np.ndarray, outcome: np.ndarray, unit: np.ndarray | None = None, weights: np.ndarray | None = None
) -> np.ndarray:
    """float[b, 4]: exposed with and without outcome, not exposed with and without; as seen (b = 1) or per resample."""
    import numpy as np

    if weights is None or unit is None:
        unit, weights = np.zeros(len(exposed), np.int64), np.ones((1, 1), np.uint8)
    parts = (exposed * outcome, exposed * ~outcome, (1 - exposed) * outcome, (1 - exposed) * ~outcome)
    counts = np.column_stack([np.bincount(unit, weights=part, minlength=weights.shape[1]) for part in parts])
    return np.vstack([weights[k : k + 64].astype(float) @ counts for k in range(0, len(weights), 64)])


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
    yes, no, yes_other, no_other = (float(n) for n in _tables(exposed, outcome)[0])
    return {
        "definition": name,
        "horizon_days": horizon,
        "customers": len(exposed),
        "coverage": len(exposed) / everybody if everybody else 0.0,
        "exposed": round(yes + no),
        "outcomes": int(outcome.sum()),
        "p_exposed": yes / (yes + no) if yes + no else None,
        "p_not_exposed": yes_other / (yes_other + no_other) if yes_other + no_other else None,
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

"""The value of a policy, estimated from customers of past campaigns: inverse propensity and doubly robust."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.learning import encoding
from engine.learning.bases import steady
from engine.learning.scores import SMALLEST, arm_scores
from engine.offers import allocation, wording

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from engine.offers.models import OfferModel

# Rules that give offers; one is followed by the offer.
NOBODY, EVERYBODY, RANDOM, PERSONALISED = "nobody", "everybody", "random", "personalised"
HALF_COST = "personalised_half_cost"


@dataclass(frozen=True)
class Value:
    """An estimate of a policy's value per customer with its standard error."""

    mean: float
    error: float


def estimate(choice: np.ndarray, scores: np.ndarray, value: np.ndarray, cost: np.ndarray) -> Value:
    """Value per customer, compared with making no offers.

    Args:
        choice: column of the offer, -1 for none [rows].
        scores: see `engine.learning.scores.arm_scores` [rows, 1 + offers].
        value: of one acceptance, per offer [offers].
        cost: of making the offer [offers].
    """
    gains = gain_per_row(choice, scores, value, cost)
    return Value(float(gains.mean()), float(gains.std(ddof=1) / len(gains) ** 0.5))


def gain_per_row(choice: np.ndarray, scores: np.ndarray, value: np.ndarray, cost: np.ndarray) -> np.ndarray:
    """value x (score of the chosen arm - score of none) - cost, 0 where none is chosen [rows]."""
    import numpy as np

    rows = np.arange(len(choice))
    gains = value[choice] * (scores[rows, choice + 1] - scores[:, 0]) - cost[choice]
    return np.where(choice >= 0, gains, 0.0)


def expected_outcomes(
    rows: pl.DataFrame, fitted: np.ndarray, used: np.ndarray, arms: Sequence[str], *, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Outcome under each arm and propensity of each arm, for rows the models did not see.

    Args:
        rows: offer_id (null = none), outcome, and features.
        fitted: numbers of the rows to train on.
        used: numbers of the rows to predict.
        arms: offer_ids.
        seed: of the base learner.

    Returns:
        outcome and propensity, each [used, 1 + arms]: logistic regressions on the encoded features.
    """
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    numeric, categorical = encoding.split_columns(rows, exclude=encoding.KEYS)
    encoder = encoding.encoder(numeric, categorical)
    x = encoder.fit_transform(encoding.as_pandas(rows[fitted], numeric, categorical))
    z = encoder.transform(encoding.as_pandas(rows[used], numeric, categorical))
    given = arm_numbers(rows, arms)
    outcome = rows["outcome"].to_numpy()[fitted]
    expected = np.zeros((len(used), len(arms) + 1))
    propensity = np.zeros_like(expected)
    with steady(x.size):
        for arm in range(len(arms) + 1):
            own = given[fitted] == arm
            if len(set(outcome[own])) == 2:
                expected[:, arm] = LogisticRegression(max_iter=2000).fit(x[own], outcome[own]).predict_proba(z)[:, 1]
            elif own.any():
                expected[:, arm] = outcome[own].mean()
        chooser = LogisticRegression(max_iter=2000).fit(x, given[fitted])
        propensity[:, chooser.classes_] = chooser.predict_proba(z)
    return expected, propensity


def arm_numbers(rows: pl.DataFrame, arms: Sequence[str]) -> np.ndarray:
    """0 for no offer, else 1 + the offer's place in `arms` [rows]."""
    import polars as pl

    places = {offer: i + 1 for i, offer in enumerate(arms)}
    return rows["offer_id"].replace_strict(places, default=0, return_dtype=pl.Int64).to_numpy()


def compare(
    rows: pl.DataFrame, models: Mapping[str, OfferModel], value: Mapping[str, float], cost: Mapping[str, float],
    held: np.ndarray, *, seed: int,
) -> list[dict[str, object]]:  # fmt: skip
    """Policies side by side on held-out customers: nobody, one offer for all, random, personalised.

    Args:
        rows: customer_id, offer_id (null = none), outcome, optionally propensity (of what was given), and features.
        models: offer_id -> model trained without the held-out customers.
        value: offer_id -> worth of one acceptance.
        cost: offer_id -> cost of making it.
        held: customer_id of those held out.
        seed: of the base learners.

    Returns:
        Rows of table `offer_metrics` with offer_id '(policy)', the policy's word as learner, the offer of `everybody`
        as parameter, and 95 % intervals by the normal distribution. A row without a figure where personalising does not
        beat the best single offer.
    """
    import numpy as np
    import polars as pl

    arms = sorted(models)
    rows = rows.filter(pl.col("offer_id").is_null() | pl.col("offer_id").is_in(arms))
    inside = np.isin(rows["customer_id"].to_numpy().astype(str), held.astype(str))
    fitted, used = np.flatnonzero(~inside), np.flatnonzero(inside)
    given = arm_numbers(rows, arms)
    if not arms or len(set(given[fitted])) <= len(arms) or not len(used):
        return []
    expected, estimated = expected_outcomes(rows, fitted, used, arms, seed=seed)
    seen = rows[used]
    own = estimated[np.arange(len(used)), given[used]]
    kind, smallest = "propensity_estimated", estimated
    if "propensity" in seen.columns and not seen["propensity"].null_count():
        kind, own = "propensity_given", seen["propensity"].to_numpy()
        smallest = own[:, None]
    own = np.maximum(own, SMALLEST)
    outcome, arm = seen["outcome"].to_numpy().astype(float), given[used]
    robust = arm_scores(outcome, arm, own, expected)
    inverse = arm_scores(outcome, arm, own, np.zeros_like(expected))
    values, costs = (np.array([part[a] for a in arms], dtype=float) for part in (value, cost))
    uplift = np.stack([models[a].predict(seen) for a in arms], axis=1)
    found = [_row(("all", ""), kind, float(smallest.min()))]
    everybody = np.ones(uplift.shape, dtype=bool)
    rare = (estimated[:, 1:] < SMALLEST).mean(axis=0) > 0.05
    gain = values * uplift - costs
    personal = allocation.allocate(gain, costs, everybody & ~rare)
    spent = costs[personal[personal >= 0]].sum()
    policies = {(NOBODY, ""): np.full(len(used), allocation.NONE)}
    for i, a in enumerate(arms):
        if rare[i]:
            found.append(_row((EVERYBODY, a), "policy_no_overlap"))
        else:
            policies[EVERYBODY, a] = np.full(len(used), i)
    singles = list(policies)[1:]
    rng = np.random.default_rng(seed)
    if (~rare).any():
        policies[RANDOM, ""] = rng.choice(np.flatnonzero(~rare), size=len(used))
    policies[PERSONALISED, ""] = personal
    policies[HALF_COST, ""] = allocation.allocate(gain, costs, everybody & ~rare, budget=float(spent) / 2)
    for policy, choice in policies.items():
        for kind, scores in (("policy_value", robust), ("policy_value_weighted", inverse)):
            found.append(_interval(policy, kind, estimate(choice, scores, values, costs)))
    if singles:
        best = max(singles, key=lambda p: estimate(policies[p], robust, values, costs).mean)
        gains = [gain_per_row(policies[p], robust, values, costs) for p in ((PERSONALISED, ""), best)]
        difference = gains[0] - gains[1]
        advantage = Value(float(difference.mean()), float(difference.std(ddof=1) / len(difference) ** 0.5))
        found.append(_interval(best, "policy_gain", advantage))
        if advantage.mean - 1.96 * advantage.error <= 0:
            found.append(_row(best, "policy_no_gain"))
    return found


def _interval(policy: tuple[str, str], kind: str, value: Value) -> dict[str, object]:
    return _row(policy, kind, value.mean, value.mean - 1.96 * value.error, value.mean + 1.96 * value.error)


def _row(
    policy: tuple[str, str], kind: str, value: float | None = None, low: float | None = None, high: float | None = None
) -> dict[str, object]:
    rule, offer = policy
    return wording.row(wording.POLICY, rule, "", kind, parameter=offer, value=value, low=low, high=high)

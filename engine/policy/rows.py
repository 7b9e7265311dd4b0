"""Rows to learn from: who was shown which arm, by what chance, and what came of it; as arrays and folds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.errors import InputError
from engine.learning import encoding

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

KEYS = ("customer_id", "arm", "outcome", "propensity", "cluster_id", "source")  # no features
TWO = 2


@dataclass(frozen=True)
class Plan:
    """How a policy is learned.

    Args:
        costs: cost of showing an arm once, in the outcome's worth; arms that are absent cost 0.
        worth: of one unit of the outcome.
        folds: of the customers; a fold's policy is learned on the others.
        level: 1 - confidence of the intervals, and at which learning must beat the best single arm.
        fewest: rows per arm below which nothing is learned.
        seed: of every random choice.
    """

    costs: Mapping[str, float] = field(default_factory=dict)
    worth: float = 1.0
    folds: int = 4
    level: float = 0.05
    fewest: int = 50
    seed: int = 7


@dataclass(frozen=True)
class Rows:
    """Rows as arrays.

    Args:
        frame: features, a row each.
        arms: names, in the order of the columns of all that follows.
        given: number of the arm each row was shown [rows].
        net: worth of the outcome less the cost of the arm shown [rows].
        propensity: chance of the arm shown [rows].
        group: rows of one number depend on each other: one customer's, one cluster's [rows].
        weight: how much each row counts, 1 on average [rows].
        cost: of each arm [arms].
    """

    frame: pl.DataFrame
    arms: tuple[str, ...]
    given: np.ndarray
    net: np.ndarray
    propensity: np.ndarray
    group: np.ndarray
    weight: np.ndarray
    cost: np.ndarray

    def only(self, some: np.ndarray) -> Rows:
        """The rows numbered `some`."""
        arrays = (self.given[some], self.net[some], self.propensity[some], self.group[some], self.weight[some])
        return Rows(self.frame[some], self.arms, *arrays, self.cost)


def read(frame: pl.DataFrame, arms: Sequence[str], plan: Plan) -> Rows:
    """Check rows and turn them into arrays.

    Args:
        frame: customer_id, arm, outcome, propensity (of the arm shown), optionally cluster_id (null = alone) and
            source, and features from before the arm was shown. Every arm of `arms` could have been shown to each row.
        arms: two or more.
        plan: costs and worth.

    Raises:
        InputError: fewer than two arms, an arm never shown or too seldom, a row whose chance is not known or whose
            outcome is not finite.
    """
    import numpy as np
    import polars as pl

    if len(arms) < TWO:
        raise InputError("one arm alone leaves nothing to choose.", fix="Learn from experiments with two arms or more.")
    propensity, outcome = (frame[name].cast(pl.Float64, strict=False) for name in ("propensity", "outcome"))
    unknown = frame.height - int(((propensity > 0) & (propensity <= 1)).sum())
    if unknown:
        raise InputError(
            f"{unknown} rows have no propensity: the chance of the arm they were shown is not known.",
            column="propensity",
            fix="Leave them out; only arms drawn by known chances can be learned from.",
        )
    broken = frame.height - int(outcome.is_finite().sum())
    if broken:
        raise InputError(
            f"{broken} outcomes are missing or no finite number.",
            column="outcome",
            fix="Fill or drop them.",
        )
    if not np.isfinite([plan.worth, *plan.costs.values()]).all():
        raise InputError("a cost or the outcome's worth is no finite number.", fix="Give numbers.")
    counts = dict(frame["arm"].value_counts().iter_rows())
    for arm in arms:
        if arm not in counts:
            raise InputError(f"the arm {arm!r} was never drawn.", fix="Leave it out, or try it in an experiment.")
        if counts[arm] < plan.fewest:
            raise InputError(
                f"only {counts[arm]} customers were shown {arm!r}, {plan.fewest} are needed.",
                fix="Show it to more customers.",
            )
    frame = frame.filter(pl.col("arm").is_in(list(arms)))
    cost = np.array([plan.costs.get(arm, 0.0) for arm in arms])
    given = frame["arm"].replace_strict({a: i for i, a in enumerate(arms)}, return_dtype=pl.Int64).to_numpy()
    net = plan.worth * frame["outcome"].cast(pl.Float64).to_numpy() - cost[given]
    chance = frame["propensity"].cast(pl.Float64).to_numpy()
    return Rows(frame, tuple(arms), given, net, chance, groups(frame), weights(frame), cost)


def weights(frame: pl.DataFrame) -> np.ndarray:
    """How much each row counts: a source by the inverse of its scores' variance, as its chances make it [rows].

    The mean of 1 / chance² over a source is the sum of 1 / chance over the arms, which a doubly robust score's variance
    goes with. Without weights a round of which a tenth was drawn would drown in its noise what an experiment before it
    told (compare Hadad et al. 2021). Outcomes play no part.

    Args:
        frame: propensity, and source where rows come from several rounds.
    """
    import polars as pl

    noise = (1 / pl.col("propensity").cast(pl.Float64) ** 2).mean()
    found = frame.select(1 / (noise.over("source") if "source" in frame.columns else noise))
    one = found.to_series()
    return (pl.repeat(1.0, frame.height, eager=True) * one / one.mean()).to_numpy()


def groups(frame: pl.DataFrame) -> np.ndarray:
    """A number per row; rows of one customer or one cluster have the same, also over several sources.

    Args:
        frame: customer_id, and where clusters were drawn cluster_id (null = alone) and source.
    """
    import numpy as np
    import polars as pl
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    person = frame["customer_id"].rank("dense").to_numpy().astype(np.int64) - 1
    if "cluster_id" not in frame.columns or frame["cluster_id"].null_count() == frame.height:
        return person
    name = pl.col("cluster_id")
    if "source" in frame.columns:
        name = pl.concat_str("source", "cluster_id", separator="\n")
    cluster = frame.select(name.rank("dense")).to_series()
    drawn = cluster.is_not_null().to_numpy()
    ends = person[drawn], person.max() + cluster.drop_nulls().to_numpy().astype(np.int64)
    nodes = int(max(person.max(), ends[1].max())) + 1
    graph = coo_array((np.ones(len(ends[0]), dtype=np.int8), ends), shape=(nodes, nodes))
    return connected_components(graph, directed=False)[1][person]


def folds(group: np.ndarray, count: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Numbers of the rows to learn from and of those held out, `count` times; a group stays whole.

    Args:
        group: see `groups` [rows].
        count: how many.
        seed: of the draw.
    """
    from sklearn.model_selection import GroupKFold

    return list(GroupKFold(count, shuffle=True, random_state=seed).split(group, groups=group))


def features(frame: pl.DataFrame) -> tuple[list[str], list[str]]:
    """Names of the numeric and of the text features."""
    return encoding.split_columns(frame, exclude=KEYS)

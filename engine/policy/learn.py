"""Learn which arm persuades whom; the best single arm where learning does not beat it on people held out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from engine.errors import InputError
from engine.learning import encoding, portable
from engine.learning.bases import regressor, steady
from engine.learning.scores import SMALLEST, arm_scores
from engine.policy import rows as reading
from engine.policy import values
from engine.policy.model import LEARNED, SINGLE, FacePolicy
from engine.policy.rows import Plan, Rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import polars as pl

# Effects of a column each, or of columns together: weak ones in both, for scores are noisy and effects small.
SHAPES = {"additive": {"max_depth": 1}, "trees": {"max_depth": 3}}
_BOOSTING = {"learning_rate": 0.1, "max_iter": 20}
STEPS = 64  # values of a column that are told apart
LEAVES = 40  # a leaf has at least this part of the rows


class Held(NamedTuple):
    """Results on rows that were held out from learning, fold by fold.

    Args:
        scores: doubly robust worth of each arm less its cost, by outcome models that did not see the row [rows, arms].
        learned: arm that the policy learned on the other folds chooses [rows].
        single: the best single arm of the other folds (see `engine.policy.values.best_single`) [rows].
        likeliest: the single arm worth most in them [rows].
    """

    scores: np.ndarray
    learned: np.ndarray
    single: np.ndarray
    likeliest: np.ndarray


@dataclass(frozen=True)
class Learned:
    """What learning gave.

    Args:
        policy: what is shown to whom.
        table: what rules are worth, see `engine.policy.values.table`.
        supported: whether the learned policy beat the best single arm on people held out.
        reason: which of the two the policy is, and why, in words.
        counts: rows per arm.
    """

    policy: FacePolicy
    table: list[values.Worth]
    supported: bool
    reason: str
    counts: dict[str, int]


def train(frame: pl.DataFrame, arms: Sequence[str], plan: Plan, **about: str) -> Learned:
    """Learn a policy, judge it by cross-fitting, and decide between it and the best single arm.

    Outcome models are ridge regressions per arm, the policy the argmax of a DR-learner (Kennedy 2023): boosted trees
    fitted to each arm's doubly robust score less the arms' mean. Everything that judges a row was fitted without it and
    without whoever depends on it.

    Args:
        frame: see `engine.policy.rows.read`.
        arms: that can be shown.
        plan: costs, folds, level, seed.
        about: what the policy notes of itself (metric, model of faces, ...).

    Raises:
        InputError: see `engine.policy.rows.read`; or too few customers or clusters to hold some out.
    """
    import numpy as np

    rows = reading.read(frame, arms, plan)
    numeric, categorical = reading.features(rows.frame)
    if not numeric and not categorical:
        raise InputError(
            "there are no features of the customers.", fix="Compute the graph and faces, or import customers."
        )
    _enough(rows, plan)
    encoder = encoding.encoder(numeric, categorical)
    with steady(rows.frame.height * (len(numeric) + len(categorical))):
        x = stepped(encoder.fit_transform(encoding.as_pandas(rows.frame, numeric, categorical)))
        held = _held(x, rows, plan)
        table = values.table(*held, rows, plan.level)
        gain = next(line for line in table if line.rule == values.GAIN)
        best = values.best_single(held.scores, rows, plan.level)
        coding, parts = portable.coding(encoder, numeric, categorical), []
        supported = gain.low > 0
        if supported:
            everybody = np.arange(len(x))
            parts = _learned(x, rows, everybody, crossed(x, rows, everybody, plan.seed), plan.seed)
    policy = FacePolicy(
        LEARNED if supported else SINGLE,
        rows.arms,
        tuple(float(v) for v in np.average(held.scores, axis=0, weights=rows.weight)),
        rows.arms[best],
        coding if supported else None,
        tuple(parts),
        about,
    )
    counts = {arm: int((rows.given == i).sum()) for i, arm in enumerate(rows.arms)}
    return Learned(policy, table, supported, _reason(gain, rows.arms[best], supported), counts)


def stepped(x: np.ndarray) -> np.ndarray:
    """Each column's values as the nearest of `STEPS` quantiles [rows, columns].

    Boosting sorts a column's values anew for each fit, by weighted percentiles ten times as long, unless they are few.
    Trees split halfway between two values: a row goes the same way by its own value.
    """
    import numpy as np

    found = np.empty_like(x)
    for column in range(x.shape[1]):
        steps = np.unique(np.quantile(x[:, column], np.linspace(0, 1, STEPS), method="lower"))
        found[:, column] = steps[np.searchsorted((steps[1:] + steps[:-1]) / 2, x[:, column])]
    return found


def _reason(gain: values.Worth, best: str, supported: bool) -> str:
    found = f"{gain.value:+.4f} a customer ({gain.low:+.4f} to {gain.high:+.4f})"
    if supported:
        return f"choosing by customer is supported: on held-out customers it beats the best single arm by {found}"
    return (
        f"choosing by customer is not supported: on held-out customers it differs from the best single arm by {found}; "
        f"everybody is shown {best}"
    )


def _enough(rows: Rows, plan: Plan) -> None:
    """Refuse rows of which some cannot be held out."""
    import numpy as np

    for i, arm in enumerate(rows.arms):
        count = len(np.unique(rows.group[rows.given == i]))
        if count < 2 * plan.folds:
            raise InputError(
                f"{arm!r} was shown in {count} clusters only, {2 * plan.folds} are needed.",
                fix="Assign more clusters, or customers.",
            )


def _held(x: np.ndarray, rows: Rows, plan: Plan) -> Held:
    """Fold by fold: learn on the others, choose and score on the fold."""
    import numpy as np

    held = Held(np.empty((len(x), len(rows.arms))), *(np.empty(len(x), np.int64) for _ in range(3)))
    for number, (fitted, used) in enumerate(reading.folds(rows.group, plan.folds, plan.seed)):
        seed = plan.seed + number
        held.scores[used] = robust(rows, used, expected(x, rows, fitted, used))
        inner = crossed(x, rows, fitted, seed)
        held.learned[used] = chosen(_learned(x, rows, fitted, inner, seed), x[used])
        held.single[used] = values.best_single(inner, rows.only(fitted), plan.level)
        held.likeliest[used] = np.average(inner, axis=0, weights=rows.weight[fitted]).argmax()
    return held


def _learned(x: np.ndarray, rows: Rows, fitted: np.ndarray, scores: np.ndarray, seed: int) -> list[portable.Part]:
    """Preferences in the shape that chooses best for a half held out; a later shape only by more than its error."""
    import numpy as np

    a, b = reading.folds(rows.group[fitted], 2, seed)[0]
    own = x[fitted]
    each, weight = np.arange(len(b)), rows.weight[fitted]
    tried = {s: chosen(preferences(own[a], scores[a], weight[a], s, seed), own[b]) for s in SHAPES}
    best, leader = "", np.empty(0)
    for shape, choice in tried.items():
        worth = scores[b][each, choice] * weight[b]
        if not best or (worth - leader).mean() > (worth - leader).std() / len(b) ** 0.5:
            best, leader = shape, worth
    return preferences(own, scores, weight, best, seed)


def expected(x: np.ndarray, rows: Rows, fitted: np.ndarray, used: np.ndarray) -> np.ndarray:
    """Worth less cost that ridge regressions, an arm each, expect [used, arms].

    Args:
        x: encoded features [rows, columns].
        rows: what was shown and came of it.
        fitted: numbers of the rows to fit.
        used: numbers of the rows to predict.
    """
    import numpy as np

    found = np.empty((len(used), len(rows.arms)))
    for arm in range(len(rows.arms)):
        own = fitted[rows.given[fitted] == arm]
        found[:, arm] = portable.of(regressor("logistic", 0).fit(x[own], rows.net[own])).predict(x[used])
    return found


def crossed(x: np.ndarray, rows: Rows, fitted: np.ndarray, seed: int) -> np.ndarray:
    """Doubly robust scores of some rows, each from models of the other half of them [fitted, arms]."""
    import numpy as np

    scores = np.empty((len(fitted), len(rows.arms)))
    for a, b in reading.folds(rows.group[fitted], 2, seed):
        scores[b] = robust(rows, fitted[b], expected(x, rows, fitted[a], fitted[b]))
    return scores


def robust(rows: Rows, used: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """See `engine.learning.scores.arm_scores`, of the rows numbered `used`."""
    import numpy as np

    return arm_scores(rows.net[used], rows.given[used], np.maximum(rows.propensity[used], SMALLEST), predicted)


def preferences(
    x: np.ndarray, scores: np.ndarray, weight: np.ndarray, shape: str, seed: int
) -> list[portable.Part]:  # fmt: skip
    """A regression per arm of its score less the arms' mean: what all arms share does not tell which is best.

    Args:
        x: encoded features [rows, columns].
        scores: doubly robust [rows, arms].
        weight: of each row [rows].
        shape: a name of `SHAPES`.
        seed: of the regressions.
    """
    from sklearn.ensemble import HistGradientBoostingRegressor

    contrast = scores - scores.mean(axis=1, keepdims=True)
    settings = _BOOSTING | SHAPES[shape] | {"min_samples_leaf": max(20, len(x) // LEAVES), "random_state": seed}
    return [
        portable.of(HistGradientBoostingRegressor(**settings).fit(x, contrast[:, arm], weight))
        for arm in range(scores.shape[1])
    ]


def chosen(parts: Sequence[portable.Part], x: np.ndarray) -> np.ndarray:
    """The arm of greatest preference for each row of x; of equals the first [rows]."""
    import numpy as np

    return np.stack([part.predict(x) for part in parts], axis=1).argmax(axis=1)

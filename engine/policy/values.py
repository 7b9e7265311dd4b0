"""Values of rules per customer, from doubly robust scores of people the rules did not learn from."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from engine.learning.fit import least_squares

if TYPE_CHECKING:
    import numpy as np

    from engine.policy.rows import Rows

EVERYBODY, RANDOM, BEST, POLICY, GAIN = "everybody", "random", "best_single", "learned", "learned_less_best_single"


class Worth(NamedTuple):
    """A rule's worth.

    Args:
        rule: everybody (one arm for all), random (each arm by the same chance), best_single, learned, or
            learned_less_best_single: how much more learning makes than `best_single`, or, where that tells less for
            it, than the single arm that looks best whatever it costs.
        arm: of `everybody`; else ''.
        value: worth of the outcome less the arm's cost, per customer.
        se: its standard error, robust to clusters.
        low: lower end of its interval.
        high: upper end.
    """

    rule: str
    arm: str
    value: float
    se: float
    low: float
    high: float


def table(
    scores: np.ndarray, learned: np.ndarray, single: np.ndarray, likeliest: np.ndarray, rows: Rows, level: float
) -> list[Worth]:
    """Rules side by side.

    Args:
        scores: doubly robust, of each arm less its cost [rows, arms].
        learned: arm that learning chooses, from a policy that did not see the row [rows].
        single: the best single arm (see `best_single`), likewise [rows].
        likeliest: the single arm worth most, proven or not, likewise [rows].
        rows: arms, groups and weights of the rows.
        level: 1 - confidence; that of the gain, by which learning is believed or not, is half of it.
    """
    import numpy as np

    each = np.arange(len(scores))
    own = {(EVERYBODY, arm): scores[:, i] for i, arm in enumerate(rows.arms)}
    own |= {
        (RANDOM, ""): scores.mean(axis=1),
        (BEST, ""): scores[each, single],
        (POLICY, ""): scores[each, learned],
    }
    found = [Worth(*rule, *mean(worth, rows, level)) for rule, worth in own.items()]
    more = (scores[each, learned] - scores[each, other] for other in (single, likeliest))
    # At half the level: what each fold learned depends on the others' customers, which makes intervals a little narrow.
    gains = [Worth(GAIN, "", *mean(worth, rows, level / 2)) for worth in more]
    return [*found, min(gains, key=lambda gain: gain.low)]


def mean(worth: np.ndarray, rows: Rows, level: float) -> tuple[float, float, float, float]:
    """Weighted mean, standard error and interval's ends, robust to dependence within groups.

    Args:
        worth: of each row [rows].
        rows: whose groups and weights count.
        level: 1 - confidence.
    """
    import numpy as np

    if np.ptp(worth) == 0:
        return float(worth[0]), 0.0, float(worth[0]), float(worth[0])
    alone = len(np.unique(rows.group)) == len(worth)
    fit = least_squares(worth, np.ones((len(worth), 1)), None if alone else rows.group, rows.weight)
    low, high = fit.conf_int(level)[0]
    return float(fit.params[0]), float(fit.bse[0]), float(low), float(high)


def best_single(scores: np.ndarray, rows: Rows, level: float) -> int:
    """The arm to show everybody: of the cheapest the one worth most, unless a dearer one is shown to be worth more.

    A dearer arm must beat it with a Bonferroni interval above 0: what costs more has to prove that it pays.

    Args:
        scores: doubly robust, of each arm less its cost [rows, arms].
        rows: cost of each arm, groups and weights of the rows.
        level: 1 - confidence.
    """
    import numpy as np

    worth = np.average(scores, axis=0, weights=rows.weight)
    cheap = rows.cost == rows.cost.min()
    best = int(np.where(cheap, worth, -np.inf).argmax())
    dearer = [int(arm) for arm in np.flatnonzero(~cheap) if worth[arm] > worth[best]]
    tested = level / max(1, int((~cheap).sum()))
    proven = [a for a in dearer if mean(scores[:, a] - scores[:, best], rows, tested)[2] > 0]
    return max(proven, key=lambda arm: (worth[arm], -arm), default=best)

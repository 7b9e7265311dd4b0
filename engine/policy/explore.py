"""Who is shown what by a policy, and by what chance: a share is drawn at random, so that the next round can learn."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np

POLICY, EXPLORED = "policy", "explored"


class Shown(NamedTuple):
    """What each customer is shown.

    Args:
        arm: number of the arm; -1 where none can be shown [customers].
        propensity: chance by which this arm came out, drawn or chosen [customers].
        explored: whether it was drawn [customers].
    """

    arm: np.ndarray
    propensity: np.ndarray
    explored: np.ndarray


def decide(scores: np.ndarray, can: np.ndarray, share: float, drawn: np.ndarray, pick: np.ndarray) -> Shown:
    """The preferred arm that can be shown, or for a share of the customers one drawn from all that can.

    Args:
        scores: preferences [customers, arms].
        can: whether an arm can be shown to a customer [customers, arms].
        share: of the customers who explore.
        drawn: who explores: those below `share`; uniform in [0, 1) [customers].
        pick: which arm they get, uniform in [0, 1) and independent of `drawn` [customers].
    """
    import numpy as np

    open_ = can.sum(axis=1)
    best = np.where(can, scores, -np.inf).argmax(axis=1)
    place = np.minimum((pick * open_).astype(np.int64), open_ - 1)
    random = (can.cumsum(axis=1) == place[:, None] + 1).argmax(axis=1)
    explored = (drawn < share) & (open_ > 0)
    arm = np.where(explored, random, best)
    propensity = share / np.maximum(open_, 1) + (1 - share) * (arm == best)
    return Shown(np.where(open_ > 0, arm, -1), np.where(open_ > 0, propensity, 0.0), explored)

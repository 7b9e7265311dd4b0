"""Who is shown what by a policy, and by what chance: a share is drawn at random, so that the next round can learn."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from engine.policy.model import FacePolicy

POLICY, EXPLORED = "policy", "explored"
NO_AD = "no_ad"  # can be shown to everybody
_BITS = 53  # of a draw
_DIGITS = 12  # of a chance that is logged


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


def choices(
    policy: FacePolicy, known: pl.DataFrame, candidates: pl.DataFrame, share: float, drawn: pl.Series, pick: pl.Series
) -> pl.DataFrame:
    """What a policy shows to whom.

    Args:
        policy: decides by what is known.
        known: customer_id and features, a row each.
        candidates: customer_id, arm: every arm that can be shown to a customer.
        share: of the customers who explore; 0 = nobody, and nothing is logged as drawn.
        drawn: who explores, a number of 53 bits a row of `known`.
        pick: which arm they get, likewise.

    Returns:
        customer_id, arm, propensity (null where share is 0), reason, policy_id, arms (how many could be shown), of
        everybody to whom one of the policy's arms can be shown.
    """
    import numpy as np
    import polars as pl

    place = {arm: number for number, arm in enumerate(policy.arms)}
    rows = known.select("customer_id").with_row_index("row")
    open_ = candidates.filter(pl.col("arm").is_in(list(place))).join(rows, on="customer_id")
    can = np.zeros((known.height, len(place)), dtype=bool)
    can[open_["row"].to_numpy(), open_["arm"].replace_strict(place, return_dtype=pl.Int64).to_numpy()] = True
    if NO_AD in place:
        can[:, place[NO_AD]] = True
    shown = decide(policy.scores(known), can, share, *(draw.to_numpy() / 2.0**_BITS for draw in (drawn, pick)))
    found = known.select("customer_id").with_columns(
        arm=pl.Series(policy.arms).gather(np.maximum(shown.arm, 0)),
        propensity=pl.Series(shown.propensity).round(_DIGITS) if share else pl.lit(None, pl.Float64),
        reason=pl.when(pl.Series(shown.explored)).then(pl.lit(EXPLORED)).otherwise(pl.lit(POLICY)),
        policy_id=pl.lit(policy.policy_id),
        arms=pl.Series(can.sum(axis=1)),
    )
    return found.filter(pl.Series(shown.arm >= 0))

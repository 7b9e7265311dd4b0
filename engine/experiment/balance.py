"""Stratified re-randomisation: of many draws the one that spreads the strata most evenly over the arms.

Morgan and Rubin 2012, "Rerandomization to improve covariate balance in experiments": fixed before anything is seen,
it takes out of the estimates what the strata explain. The usual intervals hold, and are wider than they would need
to be; with the strata as a covariate they become as narrow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

DRAWS = 100


class Drawn(NamedTuple):
    """The draw that was chosen.

    Args:
        salt: of it.
        imbalance: of it, see `imbalance`.
        usual: mean imbalance of all draws that were looked at.
    """

    salt: str
    imbalance: float
    usual: float


def imbalance(arm: np.ndarray, strata: list[np.ndarray], shares: np.ndarray) -> float:
    """How unevenly the arms are filled: Pearson's chi-square per degree of freedom, summed over the stratifications.

    Args:
        arm: of each customer, 0.. in the order of `shares` [n].
        strata: of each stratification the stratum of each customer, int from 0 [n].
        shares: planned share of each arm [arms].
    """
    import numpy as np

    total = 0.0
    for stratum in strata:
        size = np.bincount(stratum)
        seen = np.bincount(stratum * len(shares) + arm, minlength=len(size) * len(shares)).reshape(len(size), -1)
        expected = size[:, None] * shares
        total += float(((seen - expected) ** 2 / expected).sum()) / (len(size) * (len(shares) - 1))
    return total


def choose(
    draw: Callable[[str], pl.Series], strata: pl.DataFrame, arms: Mapping[str, float], salt: str, *, draws: int = DRAWS
) -> Drawn:
    """Draw with the salts `salt/0`, `salt/1` ... and keep the most even one; of equal ones the first.

    Args:
        draw: as `assignment.drawing` gives it for the unit (customer or cluster) of each customer [n].
        strata: one text column per stratification [n].
        arms: share of each arm.
        salt: of the plan.
        draws: how many.
    """
    import numpy as np
    import polars as pl

    from engine.experiment import assignment

    number = pl.Enum(list(arms))
    shares = np.array(list(arms.values()))
    codes = [column.rank("dense").to_numpy().astype(np.int64) - 1 for column in strata]
    found = []
    for k in range(draws):
        arm = assignment.assign(draw(f"{salt}/{k}"), arms).cast(number).to_physical().to_numpy().astype(np.int64)
        found.append(imbalance(arm, codes, shares))
    best = int(np.argmin(found))
    return Drawn(f"{salt}/{best}", found[best], float(np.mean(found)))

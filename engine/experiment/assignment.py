"""Who gets which arm: sha256(salt : unit), stable under re-runs, on any machine, and when customers are added."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from engine.errors import InputError
from engine.experiment.sha256 import first_words

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

_BITS = 53  # of the hash that decide; exact in a double and in an integer alike


def check_arms(arms: Mapping[str, float]) -> None:
    """Raise InputError unless there are two or more named arms whose shares are positive and add up to 1."""
    if len(arms) < 2:
        raise InputError(f"an experiment needs two arms or more, not {len(arms)}.", fix="Name at least two.")
    for arm, share in arms.items():
        if not arm or not (0 < share < 1):
            raise InputError(f"arm {arm!r} has the share {share!r}.", fix="Give each arm a share between 0 and 1.")
    total = sum(arms.values())
    if abs(total - 1) > 1e-9:
        raise InputError(f"the arms' shares add up to {total:.6g}, not to 1.", fix="Correct the shares.")


def assign(units: pl.Series, arms: Mapping[str, float], salt: str) -> pl.Series:
    """The arm of each unit.

    The first 53 bits of sha256(salt + ":" + unit), read as a number in [0, 1), fall into the arms' shares laid end
    to end in the order given; nothing else decides, so a unit keeps its arm whoever else is in the experiment.

    Args:
        units: ids of customers or clusters, text without nulls [n]; equal ids get equal arms.
        arms: share of each arm, adding up to 1.
        salt: of the plan's version; a new salt is a new randomisation.

    Returns:
        Text series `arm` [n].

    Raises:
        InputError: see `check_arms`; a unit is null; the salt is empty.
    """
    import numpy as np
    import polars as pl

    check_arms(arms)
    if not salt:
        raise InputError("the salt is empty.", fix="Give the plan a salt.")
    if units.null_count():
        raise InputError(f"{units.null_count()} units have no id.", fix="Leave them out before assigning.")
    draw = first_words(f"{salt}:".encode(), units.cast(pl.String)) >> np.uint64(64 - _BITS)
    return pl.Series("arm", list(arms), dtype=pl.String).gather(_place(draw, arms)).rename("arm")


def _place(draw: np.ndarray, arms: Mapping[str, float]) -> np.ndarray:
    """Which arm each draw (0 .. 2**53 - 1) falls into; the last arm takes what rounding leaves."""
    import numpy as np

    ends = np.cumsum(list(arms.values()))[:-1]
    limits = np.floor(ends * 2.0**_BITS).astype(np.uint64)
    return np.searchsorted(limits, draw, side="right")

"""Who gets which arm: sha256(salt : unit), stable under re-runs, on any machine, and when customers are added."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from engine.errors import InputError

if TYPE_CHECKING:
    import polars as pl

    from engine.warehouse import Warehouse

_BITS = 53  # of a draw


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


def drawing(store: Warehouse, units: pl.Series) -> Callable[[str], pl.Series]:
    """What draws a number for each unit; nothing but the salt and the unit's id decides.

    Args:
        store: whose sha256 it is; keeps `_units`.
        units: ids of customers or clusters, text without nulls [n]; equal ids get equal numbers.

    Returns:
        salt -> the first 53 bits of sha256(salt + ":" + unit) of each unit, i64 [n]. It raises InputError where the
        salt is empty.

    Raises:
        InputError: a unit is null.
    """
    import polars as pl

    if units.null_count():
        raise InputError(f"{units.null_count()} units have no id.", fix="Leave them out before assigning.")
    store.keep("_units", pl.DataFrame({"unit": units.cast(pl.String)}).with_row_index("number"))

    def draw(salt: str) -> pl.Series:
        if not salt:
            raise InputError("the salt is empty.", fix="Give the plan a salt.")
        return store.query("experiment/draws", salt=salt)["draw"]

    return draw


def assign(draws: pl.Series, arms: Mapping[str, float]) -> pl.Series:
    """The arm of each unit: its draw, read as a number in [0, 1), falls into the arms' shares laid end to end in the
    order given; the last arm takes what rounding leaves.

    Args:
        draws: as `drawing` gives them [n].
        arms: share of each arm, adding up to 1.

    Returns:
        Text series `arm` [n].

    Raises:
        InputError: see `check_arms`.
    """
    import numpy as np
    import polars as pl

    check_arms(arms)
    limits = np.floor(np.cumsum(list(arms.values()))[:-1] * 2.0**_BITS).astype(np.int64)
    return pl.Series("arm", list(arms), dtype=pl.String).gather(np.searchsorted(limits, draws.to_numpy(), side="right"))

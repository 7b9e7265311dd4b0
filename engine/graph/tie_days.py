"""Pair-days to edges by compiled code: computes what sql/graph/edges.sql and both_days.sql do, on one machine."""

from __future__ import annotations

import math
from datetime import date
from typing import TYPE_CHECKING

from engine.compiled import compiled
from engine.graph import kernels
from engine.graph.arrays import cursors, in_parts, pointers

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

# Pair-days in memory at a time: at least, and at most (200 bytes each); in between a sixteenth of them all, since each
# part costs a look at all of them.
LEAST, MOST, PARTS = 2_000_000, 4_000_000, 16
_LONGEST = 3600  # seconds of talk beyond which a day's tie grows no more
_UNIT = 60  # strengths are summed in whole numbers of 2^-60: the sum does not depend on the order


def parts(pair_days: int) -> int:
    """In how many parts so many pair-days are best summed up: a power of 2."""
    size = min(max(-(-pair_days // PARTS), LEAST), MOST)
    return 1 << (max(pair_days - 1, 0) // size).bit_length()


class Room:
    """Arrays that are used again for each part: new ones would be filled with zeros by the system each time."""

    def __init__(self) -> None:
        self._arrays: dict[str, np.ndarray] = {}

    def array(self, name: str, rows: int, columns: int, kind: type) -> np.ndarray:
        """kind[rows, columns] with whatever the last part left in it; valid until `name` is asked for again."""
        import numpy as np

        found = self._arrays.get(name)
        if found is None or len(found) < rows * columns:
            found = self._arrays[name] = np.empty(rows * columns * 21 // 20, kind)
        return found[: rows * columns].reshape(rows, columns)


def summed(days: pl.DataFrame, as_of: date, half_life_days: float, room: Room) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Sum pair-days up per directed pair, METHODS section 2.

    Args:
        days: src, dst (int32), age (days before as_of, from 1 on), n_calls, talk_s, n_texts (int64): no (src, dst,
            age) twice, and both directions of a pair.
        as_of: first day that does not count.
        half_life_days: after which a day counts half.
        room: what the last part worked in.

    Returns:
        Rows of table `edges`, and a, b (a < b), days: on how many days both had contact with the other, above 0.
    """
    import numpy as np
    import polars as pl

    columns = [days[c].to_numpy() for c in ("src", "dst", "age", "n_calls", "talk_s", "n_texts")]
    src, dst, age = columns[:3]
    n = max(int(src.max()), int(dst.max())) + 1 if len(src) else 0
    indptr = pointers(n, np.minimum(src, dst))
    fade = np.array([math.pow(2, _UNIT - k / half_life_days) for k in range(int(age.max(initial=0)) + 1)])
    talked = np.array([0.25 * math.log(1 + k / 60) for k in range(_LONGEST + 1)])
    size, cursor = len(src), cursors(indptr)
    key, place = room.array("key", 1, size, np.int64)[0], room.array("place", 1, size, np.uint32)[0]
    counts, strength = room.array("counts", size, 3, np.int64), room.array("strength", 1, size, np.float64)[0]
    ends, numbers = room.array("ends", 2, size, np.int32), room.array("numbers", 6, size, np.int64)
    mutual = room.array("mutual", 3, size, np.int32)
    found: dict[int, tuple[slice, slice]] = {}

    def run(rows: slice) -> None:
        # Cut between nodes: a node belongs to the part in which its first pair-day lies.
        low, high = np.searchsorted(indptr, [rows.start, rows.stop])
        compiled(kernels.sort_pair_days)(*columns, low, high, indptr, cursor, key, place, counts)
        begin = int(indptr[low])
        at = np.array([begin, begin])
        compiled(kernels.sum_pair_days)(
            low, high, indptr, key, place, counts, fade, talked, np.zeros((2, 8), np.int64), at, ends, numbers,
            strength, mutual,
        )  # fmt: skip
        found[rows.start] = slice(begin, int(at[0])), slice(begin, int(at[1]))

    in_parts(size, run)
    parts = [found[start] for start in sorted(found)]
    edges = [_edges(ends[:, rows], numbers[:, rows], strength[rows], as_of) for rows, _ in parts]
    both = [pl.DataFrame(dict(zip(("a", "b", "days"), mutual[:, rows].copy(), strict=True))) for _, rows in parts]
    return pl.concat(edges), pl.concat(both)


def _edges(ends: np.ndarray, numbers: np.ndarray, strength: np.ndarray, as_of: date) -> pl.DataFrame:
    import numpy as np
    import polars as pl

    today = (as_of - date(1970, 1, 1)).days
    names = ("n_calls", "talk_s", "n_texts", "active_days")
    return pl.DataFrame(
        {
            # Copies: the next part works in the same room.
            "src": ends[0].astype(np.uint32),
            "dst": ends[1].astype(np.uint32),
            **dict(zip(names, numbers[:4].copy(), strict=True)),
            "first_day": pl.Series(today - numbers[4]).cast(pl.Int32).cast(pl.Date),
            "last_day": pl.Series(today - numbers[5]).cast(pl.Int32).cast(pl.Date),
            "strength": strength.copy(),
        }
    )

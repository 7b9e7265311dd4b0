"""Sets that influence is learned from: a person who acted, and others who could have acted on the same day.

A case is an act of a customer on a day. Its set are people of the same stratum (circle of friends x third of handset
age x third of activity, as `validate` has them) who stood alike to that act before (never done, done within the window,
done earlier) and did not do it on that day: nested case-control (Thomas 1977; Langholz & Goldstein 1996), which
estimates the odds of the hazard whatever the stratum's own level is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.compiled import compiled
from engine.graph import acting
from engine.graph.conditional import Sets

if TYPE_CHECKING:
    import numpy as np

    from engine.graph.arrays import Adjacency

CONTROLS = 10  # people a set has besides its case, at most: more would add a tenth of the precision
_LOOKED_AT = 50  # people of the stratum looked at for each control wanted


@dataclass(frozen=True)
class Acts:
    """Dated acts, by person and day.

    Args:
        indptr: int64[n + 1], where each person's acts begin.
        day: int32[m].
        kind: int32[m], which act it was.
    """

    indptr: np.ndarray
    day: np.ndarray
    kind: np.ndarray

    def before(self, day: int) -> Acts:
        """The acts before a day."""
        return self._only(self.day < day)

    def _only(self, kept: np.ndarray) -> Acts:
        import numpy as np

        return Acts(np.r_[0, np.cumsum(kept)][self.indptr], self.day[kept], self.kind[kept])

    def persons(self) -> np.ndarray:
        """int64[m], who each act is of."""
        import numpy as np

        return np.repeat(np.arange(len(self.indptr) - 1), np.diff(self.indptr))


@dataclass(frozen=True)
class Exposed:
    """The sets, and which contacts' acts their people were exposed to.

    Args:
        sets: rows of the exposed people only.
        row: int64[k], row of `sets` of each exposure.
        entry: int64[k], position in the contacts' `indices` of the contact who acted.
        cases: how many acts there were, also those whose sets tell nothing.
    """

    sets: Sets
    row: np.ndarray
    entry: np.ndarray
    cases: int

    def summed(self, features: np.ndarray) -> np.ndarray:
        """float64[rows, p]: for each exposed person the sum of features over the contacts who acted; [k, p]."""
        import numpy as np

        rows = len(self.sets.row_set)
        return np.column_stack([np.bincount(self.row, weights=f, minlength=rows) for f in features.T])


def acts(person: np.ndarray, day: np.ndarray, kind: np.ndarray, n: int) -> Acts:
    """Acts of n people, in any order: person, day and kind int[m]. The same act twice on a day is one."""
    import numpy as np

    rows = np.unique(np.column_stack([person, day, kind]).astype(np.int64), axis=0)
    indptr = np.r_[0, np.cumsum(np.bincount(rows[:, 0], minlength=n))]
    return Acts(indptr, rows[:, 1].astype(np.int32), rows[:, 2].astype(np.int32))


def exposed(
    did: Acts, contacts: Adjacency, cell: np.ndarray, unit: np.ndarray, days: tuple[int, int], *, window: int, seed: int
) -> Exposed:
    """The sets of the acts in some days, and their people's exposure to contacts' acts in the days before.

    Args:
        did: everybody's acts, those before the days among them.
        contacts: the ties that count.
        cell: int64[n], each customer's stratum; -1 for who is none.
        unit: int64[n], what errors are clustered by.
        days: first day, and first day not counted.
        window: days for which a contact's act counts, from the day after it.
        seed: of the draw of controls.
    """
    import numpy as np

    person = did.persons()
    case = np.flatnonzero((did.day >= days[0]) & (did.day < days[1]) & (cell[person] >= 0))
    who, day, kind = person[case], did.day[case], did.kind[case]
    rng = np.random.default_rng(seed)
    pool = rng.permutation(np.flatnonzero(cell >= 0))
    pool = pool[np.argsort(cell[pool], kind="stable")]
    cells = int(cell.max(initial=-1)) + 1
    begin = np.r_[0, np.cumsum(np.bincount(cell[pool], minlength=cells))]
    controls, counts = np.zeros((len(case), CONTROLS), np.int64), np.zeros(len(case), np.int64)
    compiled(acting.draw_controls)(
        who, day, kind, cell, begin, pool, rng.integers(0, 1 << 62, len(case)), did.indptr, did.day, did.kind,
        window, CONTROLS * _LOOKED_AT, controls, counts,
    )  # fmt: skip
    own = np.repeat(np.arange(len(case)), counts + 1)
    first = np.cumsum(counts + 1) - counts - 1
    people = np.empty(len(own), np.int64)
    people[first] = who
    rest = np.ones(len(own), bool)
    rest[first] = False
    people[rest] = controls[np.arange(CONTROLS)[None, :] < counts[:, None]]
    at = (people, day[own], kind[own], contacts.indptr, contacts.indices, did.indptr, did.day, did.kind, window)
    number = int(compiled(acting.exposures)(*at, np.zeros(0, np.int64), np.zeros(0, np.int64), False))
    row, entry = np.empty(number, np.int64), np.empty(number, np.int64)
    compiled(acting.exposures)(*at, row, entry, True)
    return _informative(Exposed(Sets(counts + 1, unit[who], own, ~rest), row, entry, len(case)))


def _informative(found: Exposed) -> Exposed:
    """Only sets that teach something (two people or more, somebody exposed), and only rows of the exposed."""
    import numpy as np

    row_exposed = np.zeros(len(found.sets.row_set), bool)
    row_exposed[found.row] = True
    tells = np.zeros(len(found.sets.size), bool)
    tells[found.sets.row_set[row_exposed]] = True
    tells &= found.sets.size > 1
    kept = row_exposed & tells[found.sets.row_set]
    number, place = np.cumsum(tells) - 1, np.cumsum(kept) - 1
    sets = Sets(found.sets.size[tells], found.sets.unit[tells], number[found.sets.row_set[kept]], found.sets.case[kept])
    inside = kept[found.row]
    return replace(found, sets=sets, row=place[found.row[inside]], entry=found.entry[inside])

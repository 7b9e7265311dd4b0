"""Photos for contacts: drawn from those most alike with the chances of `engine.faces.contacts`, within their caps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.faces import contacts
from engine.faces.assignment import own_pictures, penalties, stable

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from engine.faces.traits import Wishes

ROOM = 4_000_000  # likenesses held at once
LEAST_SAMPLE = 200


def part(capacity: np.ndarray, photos: pl.DataFrame, share: float, key: bytes) -> np.ndarray:
    """The uses of each photo that a share of the requests may take, fractions rounded by a keyed draw."""
    import numpy as np

    fraction = contacts.uniform(contacts.seeds(key, [("part", sha) for sha in photos["sha256"]]))
    return np.minimum(np.floor(capacity * share + fraction).astype(np.int64), capacity)


def drawn(
    requests: pl.DataFrame,
    subjects: pl.DataFrame,
    models: pl.DataFrame,
    photos: pl.DataFrame,
    capacity: np.ndarray,
    limit: float,
    wishes: Wishes | None,
    traits: pl.DataFrame | None,
    hiding: contacts.Hiding,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Draw a photo for each request.

    Args:
        requests: customer_id, arm, subject_id; those of arm influencer_face are hidden among each other.
        subjects: as for `engine.faces.match.match`, and so are `models`, `wishes`, `traits`, `hiding`.
        photos: one row per photo, in the order of `models`.
        capacity: (photos,) uses left.
        limit: likeness above which a photo is excluded.

    Returns:
        Per request: photo (-1 = none), likeness with it (NaN = none), whether every photo is excluded, and whether
        nothing may be shown because too few contacts could be meant.
    """
    import numpy as np

    n = len(requests)
    at, excluded, alone = np.full(n, -1, np.int64), np.zeros(n, bool), np.zeros(n, bool)
    if not n:
        return at, np.zeros(0), excluded, alone
    asked = requests.select("arm", "subject_id").unique().sort("arm", "subject_id").with_row_index("row")
    row = requests.join(asked, on=["arm", "subject_id"], how="left", maintain_order="left")["row"].to_numpy()
    faces = _Likeness(asked["subject_id"], subjects, models, photos, limit, wishes, traits)
    seed = contacts.seeds(hiding.key, list(requests.select("customer_id", "subject_id").iter_rows()))
    weight = _weights(requests, asked, row, seed)
    sample = _sample(asked, len(photos), hiding.key)
    score, _ = faces(sample)
    seen = np.isfinite(score).any(axis=1)
    share = contacts.shares(score[seen], weight[sample[seen]], hiding.margin, capacity / len(requests))

    number = contacts.numbers(photos["sha256"].to_list())
    forbidden = own_pictures(requests, subjects, photos) @ np.array([len(photos), 1])
    first = 1 if capacity.min() >= n else len(photos)  # ranks that can come to matter
    found = []
    for mine in _runs(row, faces.block):
        rows, place = np.unique(row[mine], return_inverse=True)
        score, raw = faces(rows)
        order, chance = contacts.chances(score, weight[rows], share, hiding.margin)
        k = np.flatnonzero((chance > 0).any(axis=0)).max(initial=0) + 1
        ranks, lack = order[place, :k], 1 - chance.sum(axis=1)[place]
        time = contacts.race(seed[mine], number[ranks], chance[place, :k])
        time[np.isin(mine[:, None] * len(photos) + ranks, forbidden)] = np.inf
        nothing = contacts.race(
            seed[mine], np.zeros((len(mine), 1), np.uint64), np.where(lack > 1e-9, lack, 0)[:, None]
        )
        excluded[mine] = ~np.isfinite(score).any(axis=1)[place]
        alone[mine] = ~excluded[mine] & (nothing[:, 0] < time.min(axis=1))
        time[alone[mine]] = np.inf
        by_time = np.argsort(time, axis=1, kind="stable")[:, :first]
        ranks, open_ = (
            np.take_along_axis(ranks, by_time, axis=1),
            np.isfinite(np.take_along_axis(time, by_time, axis=1)),
        )
        found.append((mine, ranks, np.where(open_, raw[place[:, None], ranks], np.nan)))
    k = max(ranks.shape[1] for _, ranks, _ in found)
    ranks, likeness = np.zeros((n, k), np.int64), np.full((n, k), np.nan)
    for mine, some, raw in found:
        ranks[mine, : some.shape[1]], likeness[mine, : some.shape[1]] = some, raw
    turn = np.where(np.isnan(likeness), -np.inf, contacts.uniform(seed)[:, None])  # who comes first is drawn, too
    at, place = stable(ranks, turn, capacity.copy())
    reached = likeness[np.arange(n), np.minimum(place, k - 1)]
    return at, np.where(at >= 0, reached, np.nan), excluded, alone


class _Likeness:
    """Likeness of subjects with every photo.

    Args:
        ids: subject of each row asked for later.
        subjects: as for `match`, and so are `models`, `wishes`, `traits`.
        photos: one row per photo, in the order of `models`.
        limit: likeness above which a photo is excluded.
    """

    def __init__(
        self,
        ids: pl.Series,
        subjects: pl.DataFrame,
        models: pl.DataFrame,
        photos: pl.DataFrame,
        limit: float,
        wishes: Wishes | None,
        traits: pl.DataFrame | None,
    ) -> None:
        import numpy as np
        import polars as pl

        mine = subjects.filter(pl.col("subject_id").is_in(ids.implode())).sort("subject_id", "sha256")
        known, self._first = np.unique(mine["subject_id"].to_numpy(), return_index=True)
        self._last = np.r_[self._first[1:], len(mine)]
        self._row = np.searchsorted(known, ids.to_numpy())
        self._queries, self._faces = mine["embedding"].to_numpy(), models["embedding"].to_numpy()
        groups = models["photo_id"].rle_id().to_numpy()
        self._starts = np.flatnonzero(np.r_[True, np.diff(groups) > 0])
        self._off = penalties(known, photos, models, wishes, traits)
        people = pl.DataFrame(
            {"customer_id": known, "subject_id": known}, schema={"customer_id": pl.String, "subject_id": pl.String}
        )
        self._banned = own_pictures(people, subjects, photos)
        self._limit = limit
        self.block = max(ROOM // max(len(models), 1), 1)

    def __call__(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Likeness less penalties (-inf = may not be shown) and likeness, each float64 (rows, photos)."""
        import numpy as np

        at = self._row[rows]
        counts = self._last[at] - self._first[at]
        start = np.cumsum(counts) - counts
        queries = np.repeat(self._first[at] - start, counts) + np.arange(counts.sum())
        raw = np.maximum.reduceat(self._queries[queries] @ self._faces.T, self._starts, axis=1)
        raw = np.maximum.reduceat(raw, start, axis=0).astype(np.float64)
        score = raw.copy() if self._off is None else raw - self._off(at)
        score[raw > self._limit] = -np.inf
        i, j = (at[:, None] == self._banned[:, 0]).nonzero()
        score[i, self._banned[j, 1]] = -np.inf
        return score, raw


def _weights(requests: pl.DataFrame, asked: pl.DataFrame, row: np.ndarray, seed: np.ndarray) -> np.ndarray:
    """Share of the contacts' requests that each row of `asked` makes; an own face takes that of any of them, drawn."""
    import numpy as np

    theirs = (requests["arm"] == "influencer_face").to_numpy()
    weight = np.bincount(row[theirs], minlength=len(asked)) / theirs.sum()
    drawn = weight[row[theirs]][(seed[~theirs] % np.uint64(theirs.sum())).astype(np.int64)]
    weight[row[~theirs]] = drawn
    return weight


def _sample(asked: pl.DataFrame, photos: int, key: bytes) -> np.ndarray:
    """Rows of `asked` that are contacts, a keyed draw of them where they are very many."""
    import numpy as np

    theirs = np.flatnonzero((asked["arm"] == "influencer_face").to_numpy())
    if len(theirs) * photos <= contacts.LOOKED_AT:
        return theirs
    ids = asked["subject_id"].gather(theirs).to_list()
    order = np.argsort(contacts.seeds(key, [("sample", subject) for subject in ids]), kind="stable")
    return np.sort(theirs[order[: max(contacts.LOOKED_AT // photos, LEAST_SAMPLE)]])


def _runs(row: np.ndarray, most: int) -> Iterator[np.ndarray]:
    """Requests in runs of at most `most`, those of one row of `asked` as near as can be."""
    import numpy as np

    order = np.argsort(row, kind="stable")
    for start in range(0, len(order), most):
        yield order[start : start + most]

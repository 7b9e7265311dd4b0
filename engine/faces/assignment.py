"""Who gets which photo once likenesses are known: what may not be shown, what is taken off, whose turn it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.faces.traits import Penalties, Wishes

if TYPE_CHECKING:
    import numpy as np
    import polars as pl


def own_pictures(requests: pl.DataFrame, subjects: pl.DataFrame, photos: pl.DataFrame) -> np.ndarray:
    """(n, 2) row of `requests`, photo: pictures of the very customer or subject, by content."""
    import numpy as np
    import polars as pl

    shown = subjects.select("subject_id", "sha256").unique().join(photos.with_row_index("photo"), on="sha256")
    if not len(shown):
        return np.zeros((0, 2), np.int64)
    people = pl.concat(
        [
            requests.with_row_index("row").select("row", pl.col(who).alias("subject_id"))
            for who in ("customer_id", "subject_id")
        ]
    )
    pairs = people.join(shown, on="subject_id").select("row", "photo").unique(maintain_order=True)
    return pairs.to_numpy().astype(np.int64)


def penalties(
    ids: np.ndarray, photos: pl.DataFrame, models: pl.DataFrame, wishes: Wishes | None, traits: pl.DataFrame | None
) -> Penalties | None:
    """What is taken off for each of `ids` (rows) with each of `photos` (columns); None = nothing is wished."""
    import polars as pl

    if not wishes:
        return None
    asked = pl.DataFrame({"subject_id": ids}, schema={"subject_id": pl.String})
    if traits is not None:
        asked = asked.join(traits, on="subject_id", how="left", maintain_order="left")
    known = [c for c in ("attributes", "hair", "sex_looks", "age_looks") if c in models.columns]
    first = models.group_by("photo_id", maintain_order=True).agg(pl.col(known).drop_nulls().first())
    return Penalties(asked, photos.select("photo_id").join(first, on="photo_id", maintain_order="left"), wishes)


def stable(ranks: np.ndarray, scores: np.ndarray, capacity: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Greedy assignment over all pairs, by deferred acceptance.

    Both sides prefer the more alike pair, so that the stable assignment is the one greedy choice gives, found
    without sorting all pairs.

    Args:
        ranks: (r, k) photos by falling score.
        scores: (r, k), -inf = not allowed.
        capacity: (photos,) uses left.

    Returns:
        Photo of each request (-1 = list exhausted) and its place in the list.

    Source: Gale & Shapley 1962; unique for common preferences.
    """
    import numpy as np

    n, k = ranks.shape
    place = np.zeros(n, np.int64)
    held = np.full(n, -1, np.int64)
    free = np.arange(n)
    while len(free):
        while True:  # skip what is not allowed
            inside = free[place[free] < k]
            blocked = inside[np.isneginf(scores[inside, place[inside]]) | (capacity[ranks[inside, place[inside]]] == 0)]
            if not len(blocked):
                break
            place[blocked] += 1
        asking = free[place[free] < k]
        if not len(asking):
            break
        held[asking] = ranks[asking, place[asking]]
        # Only photos that were asked for can overflow.
        rivals = np.flatnonzero(np.isin(held, np.unique(held[asking])))
        order = rivals[np.lexsort((rivals, -scores[rivals, place[rivals]], held[rivals]))]
        number = np.arange(len(order)) - np.searchsorted(held[order], held[order])
        free = order[number >= capacity[held[order]]]
        held[free] = -1
        place[free] += 1
    return held, place

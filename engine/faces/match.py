"""The campaign photo whose face is most like a subject's, and how rare such a likeness is.

For contacts it is drawn from the most alike ones, see `engine.faces.contacts`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.faces import drawn
from engine.faces.assignment import own_pictures, penalties, stable
from engine.faces.likeness import percentile, random_similarities
from engine.faces.traits import Penalties, Wishes

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from engine.faces.contacts import Hiding

BLOCK, TILE = 512, 4096  # queries and faces multiplied at once: 8 MB of similarities
FIRST_RANKS = 32


def match(
    wanted: pl.DataFrame,
    subjects: pl.DataFrame,
    models: pl.DataFrame,
    *,
    same_person: float = float("inf"),
    exclude_same_person: bool = False,
    least: float = float("-inf"),
    seed: int = 7,
    wishes: Wishes | None = None,
    traits: pl.DataFrame | None = None,
    hiding: Hiding | None = None,
) -> pl.DataFrame:
    """Match faces with campaign photos.

    Caps are kept by greedy assignment over all pairs: the most alike pair is granted first, whoever asks. Where
    contacts are hidden, their arm has its part of a photo's uses, and who gets them is drawn.

    Args:
        wanted: customer_id, arm, subject_id?, status?, and rank? where it is known - one row per match wanted; a
            row with a status is passed through unmatched; `random_face` rows have no subject.
        subjects: subject_id, sha256, embedding float32[512] (unit length) - any number of photos a subject.
        models: photo_id, sha256, max_uses?, embedding, and for wishes attributes?, hair?, sex_looks?, age_looks? -
            one row per usable face of a campaign photo.
        same_person: similarity above which a match is flagged `same_person_likely`.
        exclude_same_person: never match above it.
        least: similarity below which a photo is not shown (`nobody_alike`); photos drawn to hide contacts aside.
        seed: of the random pairs and the random photos.
        wishes: filters and soft penalties; similarities are reported without them.
        traits: subject_id and what is known of the subject (see `engine.faces.traits.Penalties`); a row each.
        hiding: how photos keep contacts hidden; None = everybody gets the most alike photo.

    Returns:
        A frame of contract table `matches`, one row per row of `wanted`, sorted by customer and arm.

    Source: METHODS section 6. An ad never shows the subject's or the customer's own photo.
    """
    import numpy as np
    import polars as pl

    wanted = wanted.sort("customer_id", "arm").with_row_index("request")
    faceless = (pl.col("arm") != "random_face") & ~pl.col("subject_id").is_in(subjects["subject_id"].implode())
    wanted = wanted.with_columns(
        pl.coalesce("status", pl.when(faceless.fill_null(True)).then(pl.lit("no_photo"))).alias("status")
    )
    models = models.sort("photo_id", "sha256", maintain_order=True)
    photos = models.select("photo_id", "sha256", "max_uses").unique("photo_id", keep="first", maintain_order=True)
    capacity = photos["max_uses"].cast(pl.Int64).fill_null(len(wanted)).to_numpy().copy()
    open_ = wanted.filter(pl.col("status").is_null())
    alike = open_.filter(pl.col("arm") != "random_face")
    chance = open_.filter(pl.col("arm") == "random_face")
    photo = np.full(len(wanted), -1, np.int64)
    excluded, alone, unlike = (np.zeros(len(wanted), bool) for _ in range(3))
    similarity = np.full(len(wanted), np.nan)
    limit = same_person if exclude_same_person else float("inf")

    def settle(rows: np.ndarray, at: np.ndarray, likeness: np.ndarray, barred: np.ndarray) -> None:
        photo[rows], similarity[rows], excluded[rows] = at, likeness, barred
        np.subtract.at(capacity, at[at >= 0], 1)

    told = subjects, models, photos
    theirs = alike.filter(pl.col("arm") == "influencer_face")
    hidden = theirs.clear()
    if len(photos) and len(theirs) and hiding is not None and hiding.margin < 1:
        hidden = alike if hiding.own else theirs
        uses = drawn.part(capacity, photos, len(hidden) / len(alike), hiding.key)
        *found, alone[hidden["request"]] = drawn.drawn(hidden, *told, uses, limit, wishes, traits, hiding)
        settle(hidden["request"].to_numpy(), *found)
        alike = alike.filter(pl.col("arm") != "influencer_face", pl.Series(photo < 0)[alike["request"]])
    if len(photos) and len(alike):
        own = own_pictures(alike, subjects, photos)
        *found, unlike[alike["request"]] = _assign(alike, *told, capacity, own, (least, limit), wishes, traits)
        settle(alike["request"].to_numpy(), *found)
    left = -1
    # What the others left of theirs:
    while hiding is not None and len(hidden) and capacity.any() and left != capacity.sum():
        left = capacity.sum()
        again = theirs.filter(pl.Series((photo < 0) & ~excluded & ~alone)[theirs["request"]])
        *found, alone[again["request"]] = drawn.drawn(again, *told, capacity, limit, wishes, traits, hiding)
        settle(again["request"].to_numpy(), *found)
    if len(photos) and len(chance):
        own = own_pictures(chance.with_columns(subject_id=pl.lit(None, pl.String)), subjects, photos)
        photo[chance["request"].to_numpy()] = _draw(chance["customer_id"].to_list(), capacity, own, seed)
    share = percentile(similarity, random_similarities(models, seed=seed))
    matched = photo >= 0
    ids = photos["photo_id"].gather(np.where(matched, photo, 0)) if len(photos) else pl.Series([None] * len(wanted))
    return wanted.select(
        "customer_id",
        "arm",
        "subject_id",
        *(name for name in ("rank",) if name in wanted.columns),
        pl.when(pl.Series(matched)).then(ids.cast(pl.String)).alias("photo_id"),
        pl.Series("similarity", similarity).fill_nan(None),
        pl.Series("percentile", share).fill_nan(None),
        pl.when(pl.Series(similarity > same_person)).then(pl.lit("same_person_likely")).alias("flag"),
        pl.coalesce(
            "status",
            pl.when(pl.Series(matched)).then(pl.lit("matched")),
            pl.when(pl.Series(unlike)).then(pl.lit("nobody_alike")),
            pl.when(pl.Series(excluded)).then(pl.lit("excluded")),
            pl.when(pl.Series(alone)).then(pl.lit("too_few")),
            pl.lit("used_up" if len(photos) else "no_inventory"),
        ).alias("status"),
    )


def nearest(
    queries: np.ndarray,
    groups: np.ndarray,
    faces: np.ndarray,
    k: int,
    penalty: Callable[[np.ndarray], np.ndarray] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The k photos most alike to each query, exactly.

    Args:
        queries: float32 (q, 512), unit rows.
        groups: int (f,), photo of each face, ascending from 0.
        faces: float32 (f, 512), unit rows.
        k: at most the number of photos.
        penalty: rows of queries -> what is taken off their similarity with each photo, (rows, photos).

    Returns:
        Photos int64 (q, k) and similarities less penalties float32 (q, k), best first, ties to the lower photo. A
        photo is as alike as its most alike face.
    """
    import numpy as np

    starts = np.flatnonzero(np.r_[True, np.diff(groups) > 0])
    k = min(k, len(starts))
    ids, best = np.zeros((len(queries), k), np.int64), np.full((len(queries), k), -np.inf, np.float32)
    tiles = _tiles(starts, len(groups))
    room = np.empty(
        BLOCK * max((groups.searchsorted(b) - groups.searchsorted(a) for a, b in tiles), default=0), np.float32
    )
    for start in range(0, len(queries), BLOCK):
        rows = np.s_[start : min(start + BLOCK, len(queries))]
        off = None if penalty is None else penalty(np.arange(rows.start, rows.stop))
        for first, last in tiles:
            end = starts[last] if last < len(starts) else len(groups)
            part = faces[starts[first] : end]
            shape = rows.stop - rows.start, len(part)
            block = np.matmul(queries[rows], part.T, out=room[: shape[0] * shape[1]].reshape(shape))
            if end - starts[first] > last - first:  # some photos have several faces
                block = np.maximum.reduceat(block, starts[first:last] - starts[first], axis=1)
            if off is not None:
                block -= off[:, first:last]
            if k == 1:
                at = block.argmax(axis=1)  # the first of equals
                top = np.take_along_axis(block, at[:, None], axis=1)[:, 0]
                better = top > best[rows, 0]
                ids[rows, 0] = np.where(better, at + first, ids[rows, 0])
                best[rows, 0] = np.where(better, top, best[rows, 0])
            else:
                _merge(ids[rows], best[rows], block, first)
    return ids, best


def _tiles(starts: np.ndarray, n: int) -> list[tuple[int, int]]:
    """Runs of whole photos with about TILE faces, first and last + 1: what is multiplied stays in the cache."""
    import numpy as np

    cuts = np.unique(np.searchsorted(starts, np.arange(0, n, TILE)))
    return list(zip(cuts, [*cuts[1:], len(starts)], strict=True))


def _merge(ids: np.ndarray, best: np.ndarray, block: np.ndarray, first: int) -> None:
    """Take a tile's photos into the k best so far, in place.

    Args:
        ids: (rows, k), by falling score and rising id.
        best: (rows, k) their scores; -inf = a free place.
        block: (rows, photos) scores of the tile.
        first: id of its first photo, above every id seen before: among equals the earlier stays.
    """
    import numpy as np

    n, k = ids.shape
    bar = best[:, -1]
    if np.isneginf(bar).any() and block.shape[1] > k:  # nothing to compare with yet: the tile's own k-th best
        own = np.partition(block, block.shape[1] - k, axis=1)[:, block.shape[1] - k]
        flat = np.flatnonzero((block >= own[:, None]) & (block > bar[:, None]))
    else:
        flat = np.flatnonzero(block > bar[:, None])
    if not len(flat):
        return
    row, column = np.divmod(flat, block.shape[1])
    counts = np.bincount(row, minlength=n)
    place = k + np.arange(len(row)) - (np.cumsum(counts) - counts)[row]
    score = np.full((n, k + counts.max()), -np.inf, np.float32)
    photo = np.zeros(score.shape, np.int64)
    score[:, :k], photo[:, :k] = best, ids
    score[row, place], photo[row, place] = block[row, column], column + first
    order = np.argsort(-score, axis=1, kind="stable")[:, :k]  # equals stay in the order of their ids
    ids[:], best[:] = np.take_along_axis(photo, order, axis=1), np.take_along_axis(score, order, axis=1)


def cap_gap(matched: pl.DataFrame, free: pl.DataFrame) -> dict[str, float]:
    """What the caps cost in likeness.

    Args:
        matched: matches with caps.
        free: matches of the same requests with every max_uses null.

    Returns:
        `matched` and `free`: mean similarity over the requests matched in both; `gap`: their difference; `moved`:
        share of these that got another photo; `lost`: share of the free matches that got none.
    """
    import polars as pl

    keys = ["customer_id", "arm"]
    rows = free.filter(pl.col("similarity").is_not_null()).join(matched, on=keys, suffix="_capped")
    both = rows.filter(pl.col("similarity_capped").is_not_null())
    if both.is_empty():
        return {"matched": 0.0, "free": 0.0, "gap": 0.0, "moved": 0.0, "lost": float(len(rows) > 0)}
    mean, best = float(both["similarity_capped"].mean()), float(both["similarity"].mean())
    moved = float((both["photo_id"] != both["photo_id_capped"]).mean())
    return {"matched": mean, "free": best, "gap": best - mean, "moved": moved, "lost": 1 - len(both) / len(rows)}


def _assign(
    requests: pl.DataFrame,
    subjects: pl.DataFrame,
    models: pl.DataFrame,
    photos: pl.DataFrame,
    capacity: np.ndarray,
    banned: np.ndarray,
    bounds: tuple[float, float],
    wishes: Wishes | None,
    traits: pl.DataFrame | None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Photo (-1 = none), similarity (within `bounds`) of each request, whether every photo is excluded for it, and
    whether some are for want of likeness only."""
    import numpy as np
    import polars as pl

    subjects = subjects.filter(pl.col("subject_id").is_in(requests["subject_id"].implode()))
    subjects = subjects.sort("subject_id", "sha256")
    ids, of_query = np.unique(subjects["subject_id"].to_numpy(), return_inverse=True)
    of_request = np.searchsorted(ids, requests["subject_id"].to_numpy())
    queries, faces = subjects["embedding"].to_numpy(), models["embedding"].to_numpy()
    groups = models["photo_id"].rle_id().to_numpy().astype(np.int64)
    off = penalties(ids, photos, models, wishes, traits)
    penalty = None if off is None else lambda rows: off(of_query[rows])
    least, limit = bounds
    k = 1 if capacity.min() >= len(requests) and limit == float("inf") and not len(banned) else FIRST_RANKS
    while True:
        k = min(k, len(photos))
        ranks, scores = _per_subject(*nearest(queries, groups, faces, k, penalty), of_query, len(ids))
        scores = scores.astype(np.float64)
        likeness = scores if off is None else scores + _taken_off(off, ranks)
        ranks, scores, likeness = ranks[of_request], scores[of_request], likeness[of_request]
        scores[np.isneginf(scores) | (likeness > limit)] = -np.inf
        for row, photo in banned:
            scores[row, ranks[row] == photo] = -np.inf
        far = np.isfinite(scores) & (likeness < least)
        scores[far] = -np.inf
        at, place = stable(ranks, scores, capacity.copy())
        if k == len(photos) or (at >= 0).all():
            rows = np.arange(len(requests))
            reached = likeness[rows, np.minimum(place, k - 1)]
            none = np.isneginf(scores).all(axis=1)
            return at, np.where(at >= 0, reached, np.nan), none, none & far.any(axis=1)
        k *= 4


def _taken_off(off: Penalties, ranks: np.ndarray) -> np.ndarray:
    """Penalty of each ranked photo, 0 where the pair is forbidden."""
    import numpy as np

    out = np.zeros(ranks.shape)
    for start in range(0, len(ranks), BLOCK):
        rows = np.arange(start, min(start + BLOCK, len(ranks)))
        out[rows] = np.take_along_axis(off(rows), ranks[rows], axis=1)
    return np.where(np.isinf(out), 0, out)


def _per_subject(ranks: np.ndarray, scores: np.ndarray, of_query: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Merge the lists of a subject's photos into one, a photo as alike as to the most alike of them."""
    import numpy as np

    if len(ranks) == n:
        return ranks, scores
    k = ranks.shape[1]
    subject, photo, score = np.repeat(of_query, k), ranks.ravel(), scores.ravel()
    order = np.lexsort((photo, -score, subject))
    subject, photo, score = subject[order], photo[order], score[order]
    _, first = np.unique(subject * (photo.max() + 1) + photo, return_index=True)  # the best of each pair
    first.sort()
    subject, photo, score = subject[first], photo[first], score[first]
    place = np.arange(len(subject)) - np.searchsorted(subject, subject)
    keep = place < k
    merged, best = np.zeros((n, k), np.int64), np.full((n, k), -np.inf, np.float32)
    merged[subject[keep], place[keep]] = photo[keep]
    best[subject[keep], place[keep]] = score[keep]
    return merged, best


def _draw(customers: list[str], capacity: np.ndarray, banned: np.ndarray, seed: int) -> np.ndarray:
    """A photo for each customer by the hash of seed and id; the next with uses left where that one has none."""
    import numpy as np

    digest = [hashlib.sha256(f"{seed}:{c}".encode()).digest()[:8] for c in customers]
    number = np.frombuffer(b"".join(digest), ">u8")
    n = len(capacity)
    start = (number % np.uint64(n)).astype(np.int64)
    forbidden = banned[:, 0] * n + banned[:, 1]
    left = capacity.copy()
    out = np.full(len(customers), -1, np.int64)
    waiting = np.lexsort((np.arange(len(customers)), number))
    for step in range(n):
        photo = (start[waiting] + step) % n
        allowed = ~np.isin(waiting * n + photo, forbidden)
        asking, asked = waiting[allowed], photo[allowed]
        order = np.argsort(asked, kind="stable")
        turn = np.empty(len(asked), np.int64)
        turn[order] = np.arange(len(asked)) - np.searchsorted(asked[order], asked[order])
        granted = turn < left[asked]
        out[asking[granted]] = asked[granted]
        np.subtract.at(left, asked[granted], 1)
        waiting = waiting[out[waiting] < 0]
        if not len(waiting) or not left.any():
            break
    return out

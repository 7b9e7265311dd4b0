"""What likeness is: cosine without what all faces have in common, several photos of a person as one, and from where on
two faces are probably one person's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

RANDOM_PAIRS = 200_000
# Share of the best matches among all models that may be taken for the same person although they are not.
FALSE = 0.02
# The shares of the most alike random pairs that tell how likenesses spread, and how many pairs are needed for it. Where
# the same model stands in some hundredths of the pairs the first says too much: the second bounds it.
TAIL, WIDER, BOUND, NEEDED, FEW = 0.02, 0.1, 0.6, 1000, 50
# Directions in which faces differ: those of faces10x10, and what is believed.
USUAL, LEAST, MOST = 83.0, 8.0, 110.0
# From these on a photo does not tell more of a face: its side in pixels, and its sharpness.
ENOUGH_PIXELS, ENOUGH_SHARPNESS = 112.0, 5.0


def common(vectors: np.ndarray) -> np.ndarray:
    """What all faces have in common: their mean, shrunk by what chance alone makes of a mean of so few.

    Args:
        vectors: float32 (n, 512), unit rows.

    Returns:
        float32 (512,); 0 for fewer than two faces, or where they have nothing in common.

    Source: James & Stein 1961, toward 0.
    """
    import numpy as np

    n = len(vectors)
    if n < 2:
        return np.zeros(512, np.float32)
    mean = vectors.mean(axis=0, dtype=np.float64)
    size = float(mean @ mean)
    kept = max(n * size - 1, 0) / (n - 1) / size if size else 0.0
    return (mean * kept).astype(np.float32)


def without(vectors: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Embeddings less what all have in common, brought to unit length; what is left of none stays as it was.

    Args:
        vectors: float32 (n, 512).
        mean: float32 (512,).
    """
    import numpy as np

    moved = vectors - mean
    length = np.linalg.norm(moved, axis=1, keepdims=True)
    return np.where(length > 1e-3, moved / np.maximum(length, 1e-3), vectors).astype(np.float32)


def as_one(faces: pl.DataFrame) -> pl.DataFrame:
    """Every photo of a subject with the mean embedding of all of the subject's photos, the better ones counting more.

    Args:
        faces: subject_id, sha256, embedding, box, sharpness, yaw; any number of photos a subject.

    Returns:
        subject_id, sha256, embedding (unit length), in the order of `faces`.
    """
    import numpy as np
    import polars as pl

    if faces.is_empty():
        return faces.select("subject_id", "sha256", "embedding")
    box = faces["box"].to_numpy()
    side = np.minimum(box[:, 2] - box[:, 0], box[:, 3] - box[:, 1])
    weight = np.minimum(side / ENOUGH_PIXELS, 1) * np.minimum(faces["sharpness"].to_numpy() / ENOUGH_SHARPNESS, 1)
    weight = np.maximum(weight * (1 - np.abs(faces["yaw"].to_numpy()) / 2), 1e-6)
    _, of = np.unique(faces["subject_id"].to_numpy(), return_inverse=True)
    vectors = faces["embedding"].to_numpy()
    total = np.zeros((of.max() + 1, vectors.shape[1]))
    # in the order of the photos' content, so that the sum is the same to the bit whatever order they come in
    for row in np.argsort(faces["sha256"].to_numpy(), kind="stable"):
        total[of[row]] += weight[row] * vectors[row]
    total /= np.linalg.norm(total, axis=1, keepdims=True)
    one = pl.Series("embedding", total[of].astype(np.float32), dtype=faces.schema["embedding"])
    return faces.select("subject_id", "sha256").with_columns(one)


def centred(faces: pl.DataFrame, mean: np.ndarray) -> pl.DataFrame:
    """A frame with column embedding, less `mean` (see `without`)."""
    import polars as pl

    if faces.is_empty():
        return faces
    moved = without(faces["embedding"].to_numpy(), mean)
    return faces.with_columns(pl.Series("embedding", moved, dtype=faces.schema["embedding"]))


def same_person(random: np.ndarray, photos: int) -> float:
    """The likeness above which the best match among so many photos is probably the very same person.

    Likenesses of different persons spread as those of random directions in a space of few dimensions do (83 for real
    faces, some 20 for drawn ones); how many it are is read off the likenesses of random pairs. The bar is what the best
    of all photos would pass in 2 of 100 cases if all were of others.

    Args:
        random: ascending likenesses of different persons, see `of_others`.
        photos: how many are searched.

    Source: a cosine of random directions is distributed as in Cai, Fan & Jiang 2013, Distributions of angles in random
    packing on spheres; the dimensions are those that put the most alike pairs where `random` has them.
    """
    from scipy.special import betaincinv

    dimensions = USUAL
    if len(random) >= NEEDED:
        dimensions = max(_dimensions(random, TAIL), BOUND * _dimensions(random, WIDER))
    elif len(random) >= FEW:
        dimensions = min(USUAL, _dimensions(random, WIDER))
    share = FALSE / max(photos, 1)
    return float((1 - betaincinv((dimensions - 1) / 2, 0.5, 2 * share)) ** 0.5)


def of_others(random: np.ndarray, subjects: pl.DataFrame, models: pl.DataFrame) -> np.ndarray:
    """Likenesses of different persons, by which `same_person` tells how they spread.

    Args:
        random: of pairs of models, see `random_similarities`.
        subjects: subject_id, sha256, embedding; the same embedding in each photo of a subject.
        models: sha256, embedding.

    Returns:
        `random` where there are a thousand; else those of subjects with models, ascending, in which a few true pairs
        do not show: the mean of so few models is drawn to each of them, so that they look less alike than they are.
    """
    import numpy as np
    import polars as pl

    shown = subjects.filter(pl.col("sha256").is_in(models["sha256"].implode()))["subject_id"]
    one = subjects.filter(~pl.col("subject_id").is_in(shown.implode())).unique("subject_id").sort("subject_id")
    one = one.gather_every(max(len(one) * len(models) // RANDOM_PAIRS, 1))
    if len(random) >= NEEDED or len(one) * len(models) < FEW:
        return random
    return np.sort((one["embedding"].to_numpy() @ models["embedding"].to_numpy().T).ravel())


def _dimensions(random: np.ndarray, tail: float) -> float:
    """Of the space in which as large a share of directions is as alike as the most alike `tail` of the pairs."""
    from scipy.optimize import brentq

    bar = float(random[int(len(random) * (1 - tail))])
    if _beyond(bar, LEAST) <= tail:
        return LEAST
    if _beyond(bar, MOST) >= tail:
        return MOST
    return float(brentq(lambda d: _beyond(bar, d) - tail, LEAST, MOST))


def _beyond(likeness: float, dimensions: float) -> float:
    """Share of random directions in a space of so many dimensions that are more alike."""
    from scipy.special import betainc

    if likeness <= 0:
        return 0.5
    return float(betainc((dimensions - 1) / 2, 0.5, 1 - likeness**2)) / 2


def random_similarities(models: pl.DataFrame, *, seed: int, pairs: int = RANDOM_PAIRS) -> np.ndarray:
    """Similarities of pairs of faces from different campaign photos, ascending.

    Args:
        models: photo_id, embedding.
        seed: of the draw; where there are no more than `pairs` pairs all are taken.
        pairs: how many.

    Returns:
        float64, sorted; empty when there are fewer than two photos.
    """
    import numpy as np

    if len(models) < 2:
        return np.zeros(0)
    vectors = models["embedding"].to_numpy()
    photo = models["photo_id"].rle_id().to_numpy()
    n = len(vectors)
    if n * (n - 1) // 2 <= pairs:
        a, b = np.triu_indices(n, 1)
    else:
        draw = np.random.default_rng(seed)
        a, b = draw.integers(0, n, (2, pairs))
    a, b = a[photo[a] != photo[b]], b[photo[a] != photo[b]]
    parts = [
        np.einsum("ij,ij->i", vectors[a[i : i + 65536]], vectors[b[i : i + 65536]]) for i in range(0, len(a), 65536)
    ]
    return np.sort(np.concatenate([np.zeros(0), *parts]))


def percentile(similarity: np.ndarray, random: np.ndarray) -> np.ndarray:
    """Share of `random` (ascending) below each similarity, NaN where either is missing."""
    import numpy as np

    if not len(random):
        return np.full(len(similarity), np.nan)
    return np.where(np.isnan(similarity), np.nan, np.searchsorted(random, similarity, side="left") / len(random))

"""How well the engine tells persons apart, on any labelled photos: ROC, accuracy by folds, TPR at a given FAR."""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass
from math import log10
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.config import Faces
from engine.errors import InputError
from engine.faces import likeness
from engine.faces.gallery import analyse
from engine.progress import SILENT, Progress

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

FOLDS = 10
FARS = (1e-2, 1e-3)
RESAMPLES = 200
CURVE_POINTS = 400


@dataclass(frozen=True)
class Report:
    """What an evaluation found. Intervals are 95 %.

    Args:
        model_id: what made the embeddings.
        pairs: pairs asked for.
        scored: pairs of two usable faces.
        photos: distinct photos.
        no_face: photos without a usable face, whatever the reason.
        reasons: how many photos by status.
        auc: area under the ROC curve, with interval.
        accuracy: mean over the folds, each with the threshold that is best on the others; NaN without folds.
        threshold: mean of those thresholds.
        tpr_at_far: false acceptance rate -> true acceptance rate, with interval, and the threshold there.
        mean_same: mean similarity of pairs of one person.
        mean_different: of pairs of two.
        groups: one mapping per group: group, pairs, auc, and rates at the threshold.
        curve: (false acceptance, true acceptance) of the ROC curve.
    """

    model_id: str
    pairs: int
    scored: int
    photos: int
    no_face: int
    reasons: dict[str, int]
    auc: tuple[float, float, float]
    accuracy: tuple[float, float, float]
    threshold: float
    tpr_at_far: dict[float, tuple[float, float, float, float]]
    mean_same: float
    mean_different: float
    groups: list[dict[str, Any]]
    curve: list[tuple[float, float]] = dataclasses.field(repr=False)

    def flat(self) -> dict[str, Any]:
        """One mapping for JSON and tables: auc, auc_low, auc_high, accuracy, …, tpr_at_far_1e-2, no_face, groups."""
        out: dict[str, Any] = {"model_id": self.model_id, "pairs": self.pairs, "scored": self.scored}
        out |= {"photos": self.photos, "no_face": self.no_face, "reasons": self.reasons}
        for name in ("auc", "accuracy"):
            out |= dict(zip((name, f"{name}_low", f"{name}_high"), getattr(self, name), strict=True))
        out |= {"threshold": self.threshold, "mean_same": self.mean_same, "mean_different": self.mean_different}
        for far, values in self.tpr_at_far.items():
            name = f"tpr_at_far_1e{round(log10(far))}"
            out |= dict(zip((name, f"{name}_low", f"{name}_high", f"{name}_threshold"), values, strict=True))
        return out | {"groups": self.groups}


def evaluate(
    pairs: pl.DataFrame,
    root: Path,
    *,
    settings: Faces | None = None,
    threads: int = 0,
    seed: int = 7,
    progress: Progress = SILENT,
) -> Report:
    """Embed the photos of labelled pairs and judge the similarities.

    Args:
        pairs: see `engine.faces.pairs`.
        root: folder the photos' paths start from; photos outside it are not read.
        settings: section `faces`.
        threads: processor threads; 0 = all.
        seed: of the resampling.
        progress: where a bar is drawn.

    Raises:
        InputError: no pair of one person, or none of two, has two usable faces.
    """
    import numpy as np
    import polars as pl

    settings = settings or Faces()
    names = sorted({*pairs["a"].to_list(), *pairs["b"].to_list()})
    # The photos are the user's test set, not the workspace's: keyed by path, kept nowhere.
    frames = analyse(
        {name: root / name for name in names},
        mode="customer", settings=settings, threads=threads, root=root, progress=progress,
    )  # fmt: skip
    faces = pl.concat(list(frames))
    usable = faces.filter(pl.col("status") == "ok")
    place = {name: i for i, name in enumerate(usable["sha256"])}
    vectors = usable["embedding"].to_numpy()
    if settings.centre and len(vectors):
        vectors = likeness.without(vectors, likeness.common(vectors))
    a, b = (np.array([place.get(name, -1) for name in pairs[c]]) for c in ("a", "b"))
    found = (a >= 0) & (b >= 0)
    score = np.einsum("ij,ij->i", vectors[a[found]], vectors[b[found]]) if len(vectors) else np.zeros(0)
    counts = faces["status"].value_counts().sort("status")
    return judge(
        score,
        pairs.filter(pl.Series(found)),
        seed=seed,
        known={
            "model_id": faces["model_id"][0],
            "pairs": len(pairs),
            "photos": len(names),
            "no_face": len(names) - len(usable),
            "reasons": {status: count for status, count in counts.iter_rows() if status != "ok"},
        },
    )


def judge(score: np.ndarray, pairs: pl.DataFrame, *, known: dict[str, Any], seed: int = 7) -> Report:
    """Judge similarities against labels.

    Args:
        score: (n,) similarity of each pair.
        pairs: (n,) same, and optionally person_a, person_b, fold, group.
        known: the fields of `Report` that do not follow from these.
        seed: of the resampling.

    Raises:
        InputError: all labels are alike.

    Source: Huang et al. 2007, Labeled Faces in the Wild (folds); resampling by person because pairs that share a
    person are not independent (weights of a pair: the product of how often its persons were drawn).
    """
    import numpy as np

    same = pairs["same"].to_numpy().astype(bool)
    if not same.any() or same.all():
        raise InputError(
            f"{len(same)} pairs have two usable faces, {int(same.sum())} of these are of one person.",
            fix="Pairs of one person and pairs of two are needed.",
        )
    weights = _resampled(pairs, seed)
    one = np.ones(len(score))
    order = np.argsort(-score, kind="stable")

    def bounds(measure) -> tuple[float, float]:
        values = np.array([measure(w) for w in weights])
        low, high = np.nanquantile(values, (0.025, 0.975))
        return float(low), float(high)

    rates = {}
    for far in FARS:
        threshold = _threshold_at(score, same, far)
        rates[far] = (*_with(lambda w, f=far: _tpr(score, same, w, order, f), one, bounds), threshold)
    accuracy, threshold = _by_folds(score, same, _folds(pairs, seed))
    return Report(
        **known,
        scored=len(score),
        auc=_with(lambda w: _auc(score, same, w, order), one, bounds),
        accuracy=accuracy,
        threshold=threshold,
        tpr_at_far=rates,
        mean_same=float(score[same].mean()),
        mean_different=float(score[~same].mean()),
        groups=_groups(score, same, pairs, threshold),
        curve=_curve(score, same, order),
    )


def _with(measure, one: np.ndarray, bounds) -> tuple[float, float, float]:
    return (float(measure(one)), *bounds(measure))


def _auc(score: np.ndarray, same: np.ndarray, weight: np.ndarray, order: np.ndarray) -> float:
    """Probability that a pair of one person is more alike than a pair of two, ties counted half."""
    import numpy as np

    yes, no = np.where(same, weight, 0)[order], np.where(same, 0, weight)[order]
    ends = np.r_[np.flatnonzero(np.diff(score[order])), len(score) - 1]
    tpr, fpr = np.r_[0, np.cumsum(yes)[ends]], np.r_[0, np.cumsum(no)[ends]]
    if tpr[-1] == 0 or fpr[-1] == 0:
        return float("nan")
    return float(np.trapezoid(tpr, fpr) / (tpr[-1] * fpr[-1]))


def _tpr(score: np.ndarray, same: np.ndarray, weight: np.ndarray, order: np.ndarray, far: float) -> float:
    """Share of one-person pairs accepted by the lowest threshold that accepts at most `far` of the others."""
    import numpy as np

    yes, no = np.where(same, weight, 0)[order], np.where(same, 0, weight)[order]
    ends = np.r_[np.flatnonzero(np.diff(score[order])), len(score) - 1]
    accepted, wrong = np.cumsum(yes)[ends], np.cumsum(no)[ends]
    if accepted[-1] == 0 or wrong[-1] == 0:
        return float("nan")
    fits = wrong <= far * wrong[-1]
    return float(accepted[fits].max(initial=0) / accepted[-1])


def _threshold_at(score: np.ndarray, same: np.ndarray, far: float) -> float:
    """The similarity that exactly floor(far x n) pairs of two persons lie above."""
    import numpy as np

    others = np.sort(score[~same])[::-1]
    return float(others[int(np.floor(far * len(others)))])


def _by_folds(score: np.ndarray, same: np.ndarray, folds: list[tuple[np.ndarray, np.ndarray]]):
    import numpy as np

    accuracies, thresholds = [], []
    for test, train in folds:
        if not (test.any() and same[train].any() and (~same[train]).any()):
            continue
        best = _best_threshold(score[train], same[train])
        thresholds.append(best)
        accuracies.append(float(((score[test] > best) == same[test]).mean()))
    if not accuracies:
        return (float("nan"),) * 3, float("nan")
    mean = float(np.mean(accuracies))
    half = 1.96 * float(np.std(accuracies, ddof=1)) / len(accuracies) ** 0.5 if len(accuracies) > 1 else float("nan")
    return (mean, mean - half, min(mean + half, 1.0)), float(np.mean(thresholds))


def _best_threshold(score: np.ndarray, same: np.ndarray) -> float:
    """The threshold with the highest mean of the two accuracies, midway between neighbours."""
    import numpy as np

    order = np.argsort(-score, kind="stable")
    ranked = score[order]
    gain = np.cumsum(np.where(same[order], 1 / same.sum(), -1 / (~same).sum()))
    ends = np.r_[np.flatnonzero(np.diff(ranked)), len(ranked) - 1]
    at = ends[np.argmax(gain[ends])]
    return float((ranked[at] + ranked[at + 1]) / 2) if at + 1 < len(ranked) else float(ranked[at]) - 1e-6


def _folds(pairs: pl.DataFrame, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Test and train pairs of each fold: the file's own, else of persons (nobody in both), else of pairs."""
    import numpy as np

    n = len(pairs)
    if "fold" in pairs.columns:
        fold = pairs["fold"].cast(str).to_numpy()
        return [(fold == f, fold != f) for f in sorted(set(fold))] if len(set(fold)) > 1 else []
    if "person_a" not in pairs.columns or "person_b" not in pairs.columns:
        fold = np.random.default_rng(seed).permutation(n) % FOLDS
        return [(fold == f, fold != f) for f in range(min(FOLDS, n))]
    persons = sorted({*pairs["person_a"].to_list(), *pairs["person_b"].to_list()})
    count = min(FOLDS, len(persons) // 2)  # a fold of one person has no pair of two
    if count < 2:
        return []
    rank = sorted(persons, key=lambda p: hashlib.sha256(f"{seed}:{p}".encode()).digest())
    of = {person: i % count for i, person in enumerate(rank)}
    first, second = (np.array([of[p] for p in pairs[c]]) for c in ("person_a", "person_b"))
    return [((first == f) & (second == f), (first != f) & (second != f)) for f in range(count)]


def _resampled(pairs: pl.DataFrame, seed: int) -> list[np.ndarray]:
    """Weights of the pairs in each of the resamples."""
    import numpy as np

    draw = np.random.default_rng(seed)
    if "person_a" not in pairs.columns or "person_b" not in pairs.columns:
        n = len(pairs)
        return [np.bincount(draw.integers(0, n, n), minlength=n).astype(np.float64) for _ in range(RESAMPLES)]
    persons = np.unique(np.concatenate([pairs["person_a"].to_numpy(), pairs["person_b"].to_numpy()]))
    a, b = (np.searchsorted(persons, pairs[c].to_numpy()) for c in ("person_a", "person_b"))
    out = []
    for _ in range(RESAMPLES):
        times = np.bincount(draw.integers(0, len(persons), len(persons)), minlength=len(persons)).astype(np.float64)
        out.append(np.where(a == b, times[a], times[a] * times[b]))
    return out


def _groups(score: np.ndarray, same: np.ndarray, pairs: pl.DataFrame, threshold: float) -> list[dict[str, Any]]:
    import numpy as np

    if "group" not in pairs.columns:
        return []
    rows, group = [], pairs["group"].to_numpy()
    for name in sorted(set(group)):
        part = group == name
        s, y = score[part], same[part]
        rows.append(
            {
                "group": str(name),
                "pairs": int(part.sum()),
                "auc": _auc(s, y, np.ones(len(s)), np.argsort(-s, kind="stable")),
                "accepted_same": float((s[y] > threshold).mean()) if y.any() else None,
                "accepted_different": float((s[~y] > threshold).mean()) if (~y).any() else None,
            }
        )
    return rows


def _curve(score: np.ndarray, same: np.ndarray, order: np.ndarray) -> list[tuple[float, float]]:
    import numpy as np

    ends = np.r_[np.flatnonzero(np.diff(score[order])), len(score) - 1]
    true, false = np.cumsum(same[order])[ends] / same.sum(), np.cumsum(~same[order])[ends] / (~same).sum()
    at = np.unique(np.linspace(0, len(ends) - 1, CURVE_POINTS).astype(int))
    return [(0.0, 0.0), *((float(x), float(y)) for x, y in zip(false[at], true[at], strict=True))]

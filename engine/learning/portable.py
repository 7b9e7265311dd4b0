"""Trained base models and encoders as plain arrays: they are stored without pickle and score without scikit-learn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.compiled import compiled
from engine.learning.encoding import MISSING

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from sklearn.pipeline import Pipeline

TREES = ("roots", "feature", "threshold", "left", "right", "value", "baseline")


@dataclass(frozen=True)
class Part:
    """A base model.

    Args:
        kind: `linear` or `trees`.
        probability: the logistic function is applied to the sum.
        arrays: of a linear model coefficients [columns] and intercept [1]; of trees the first node of each tree
            [trees], and per node feature, threshold (left when not above), left and right child (-1 for a leaf) and
            value, and the baseline [1].
    """

    kind: str
    probability: bool
    arrays: Mapping[str, np.ndarray]

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Probability or value for each row of x [rows, columns]."""
        import numpy as np
        from scipy.special import expit

        a = self.arrays
        if self.kind == "linear":
            # Not a matrix product: its last digits would depend on the number of threads.
            total = (x * a["coefficients"]).sum(axis=1) + a["intercept"]
        else:
            total = np.full(len(x), a["baseline"][0])
            x = np.ascontiguousarray(x, dtype=np.float64)
            compiled(sum_trees)(x, *(a[name] for name in TREES[:-1]), total)
        return expit(total) if self.probability else total


def of(estimator: Any) -> Part:
    """The arrays of a fitted LogisticRegression, Ridge or HistGradientBoosting classifier or regressor.

    Boosting must have numeric columns without missing values, as the encoder gives them.
    """
    import numpy as np

    probability = hasattr(estimator, "predict_proba")
    if hasattr(estimator, "coef_"):
        arrays = {
            "coefficients": np.ravel(estimator.coef_).astype(np.float64),
            "intercept": np.atleast_1d(np.ravel(estimator.intercept_)).astype(np.float64),
        }
        return Part("linear", probability, arrays)
    trees = [step[0].nodes for step in estimator._predictors]
    roots = np.cumsum([0, *(len(t) for t in trees)])[:-1].astype(np.int64)
    columns: dict[str, list] = {name: [] for name in TREES[1:-1]}
    for root, nodes in zip(roots, trees, strict=True):
        leaf = nodes["is_leaf"] == 1
        columns["feature"].append(nodes["feature_idx"].astype(np.int64))
        columns["threshold"].append(nodes["num_threshold"])
        columns["left"].append(np.where(leaf, -1, nodes["left"].astype(np.int64) + root))
        columns["right"].append(np.where(leaf, -1, nodes["right"].astype(np.int64) + root))
        columns["value"].append(nodes["value"])
    kinds = {"feature": np.int64, "left": np.int64, "right": np.int64}
    arrays = {
        name: np.concatenate(parts).astype(kinds.get(name, np.float64))
        if parts
        else np.empty(0, kinds.get(name, float))
        for name, parts in columns.items()
    }
    baseline = np.ravel(estimator._baseline_prediction).astype(np.float64)
    return Part("trees", probability, {"roots": roots, **arrays, "baseline": baseline})


def sum_trees(x, roots, feature, threshold, left, right, value, out):
    """Add every tree's leaf value to out [rows]; plain Python that numba compiles."""
    for i in range(x.shape[0]):
        total = out[i]
        for t in range(roots.shape[0]):
            node = roots[t]
            while left[node] >= 0:
                node = left[node] if x[i, feature[node]] <= threshold[node] else right[node]
            total += value[node]
        out[i] = total


@dataclass(frozen=True)
class Coding:
    """What `engine.learning.encoding.encoder` learned, as lists that fit into JSON.

    Args:
        numeric: per column name, median and whether a column says where it was missing.
        categorical: per column name, the categories with a column of their own in order, and whether one follows for
            all the others.
        low, high, mean, scale: per column of the matrix: clipped to [low, high], then (value - mean) / scale.
    """

    numeric: list[tuple[str, float, bool]]
    categorical: list[tuple[str, list[str], bool]]
    low: list[float]
    high: list[float]
    mean: list[float]
    scale: list[float]

    @property
    def columns(self) -> list[str]:
        """Names of the columns it reads."""
        return [name for name, *_ in self.numeric] + [name for name, *_ in self.categorical]

    def places(self, name: str) -> list[int]:
        """Which columns of the matrix come from a column that it reads."""
        flagged = [column for column, _, gone in self.numeric if gone]
        made = [column for column, *_ in self.numeric] + flagged
        for column, kept, rest in self.categorical:
            made += [column] * (len(kept) + rest)
        return [place for place, column in enumerate(made) if column == name]

    def matrix(self, frame: pl.DataFrame) -> np.ndarray:
        """The encoded matrix, float64 [rows, columns]; columns absent from the frame count as missing."""
        import numpy as np
        import polars as pl

        numbers, flags, dummies = [], [], []
        for name, median, flagged in self.numeric:
            series = frame[name] if name in frame.columns else pl.Series([None] * frame.height, dtype=pl.Float64)
            series = series.to_physical() if series.dtype.is_temporal() else series
            values = series.cast(pl.Float64, strict=False).to_numpy()
            gone = np.isnan(values)
            numbers.append(np.where(gone, median, values))
            if flagged:
                flags.append(gone.astype(np.float64))
        for name, kept, rest in self.categorical:
            series = (
                frame[name].cast(pl.String) if name in frame.columns else pl.Series([None] * frame.height, dtype=str)
            )
            series = series.fill_null(MISSING)
            own = [(series == category).to_numpy().astype(np.float64) for category in kept]
            dummies += own
            if rest:
                dummies.append(1.0 - np.sum(own, axis=0) if own else np.ones(frame.height))
        x = np.stack([*numbers, *flags, *dummies], axis=1) if self.low else np.zeros((frame.height, 0))
        np.clip(x, self.low, self.high, out=x)
        return (x - np.asarray(self.mean)) / np.asarray(self.scale)


def coding(encoder: Pipeline, numeric: list[str], categorical: list[str]) -> Coding:
    """The `Coding` of a fitted `engine.learning.encoding.encoder`."""
    columns, clip, scale = (encoder.named_steps[name] for name in ("columns", "clip", "scale"))
    impute, onehot = columns.named_transformers_["number"], columns.named_transformers_["category"]
    flagged = set(impute.indicator_.features_.tolist()) if numeric else set()
    numbers = [(name, float(impute.statistics_[i]), i in flagged) for i, name in enumerate(numeric)]
    categories = []
    for i, name in enumerate(categorical):
        rare = onehot.infrequent_categories_[i]
        hidden = set() if rare is None else set(rare.tolist())
        categories.append((name, [c for c in onehot.categories_[i].tolist() if c not in hidden], rare is not None))
    return Coding(
        numbers, categories, clip.data_min_.tolist(), clip.data_max_.tolist(),
        (clip.data_min_ + scale.mean_ / clip.scale_).tolist(), (scale.scale_ / clip.scale_).tolist(),
    )  # fmt: skip

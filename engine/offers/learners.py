"""Uplift learners by name: scikit-uplift's over two bases, each one offer against no offer (METHODS section 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np

LEARNERS = ("t",)
BASES = ("logistic", "boosting")


def base(name: str, seed: int) -> Any:
    """An unfitted classifier: `logistic` or `boosting` (histogram gradient boosting)."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression

    if name == "logistic":
        return LogisticRegression(max_iter=2000)
    if name == "boosting":
        return HistGradientBoostingClassifier(max_depth=3, learning_rate=0.05, max_iter=100, random_state=seed)
    raise ConfigError(f"There is no base learner {name!r}.", fix=f"The base learners are {', '.join(BASES)}.")


def fit(learner: str, base_name: str, x: np.ndarray, treatment: np.ndarray, outcome: np.ndarray, *, seed: int) -> Any:
    """Train one uplift learner.

    Args:
        learner: one of `LEARNERS`; `t` = two models (Zhao, Fang and Simchi-Levi 2017).
        base_name: one of `BASES`.
        x: encoded features, float [rows, columns].
        treatment: 1 = offered, 0 = not [rows].
        outcome: 1 = accepted, 0 = not [rows].
        seed: of the base learner.

    Returns:
        A scikit-uplift model with `predict(x)`, the change in the probability of accepting [rows].

    Raises:
        ConfigError: no such learner or base.
    """
    from sklift.models import TwoModels

    if learner == "t":
        return TwoModels(base(base_name, seed), base(base_name, seed)).fit(x, outcome, treatment)
    raise ConfigError(f"There is no learner {learner!r}.", fix=f"The learners are {', '.join(LEARNERS)}.")

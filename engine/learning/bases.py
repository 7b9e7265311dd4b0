"""Base learners of every model: regularised linear ones and boosted trees, the same numbers on any machine."""

from __future__ import annotations

from typing import Any

from engine.errors import ConfigError

BASES = ("logistic", "boosting")
SMALL = 2_000_000  # numbers in the encoded rows
_BOOSTING = {"max_depth": 3, "learning_rate": 0.05, "max_iter": 100}


def steady(size: int) -> Any:
    """A context in which fitting gives the same numbers whatever the number of processors.

    Linear algebra runs on one thread, since its sums depend on how they are split; boosting's do not, but its threads
    cost more than they give on few rows, and much more on a busy machine.

    Args:
        size: numbers in the encoded rows.
    """
    from threadpoolctl import threadpool_limits

    return threadpool_limits({"blas": 1, "openmp": 1} if size < SMALL else {"blas": 1})


def classifier(base: str, seed: int) -> Any:
    """An unfitted classifier: `logistic` or `boosting`."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression

    _known(base)
    if base == "logistic":
        return LogisticRegression(max_iter=2000)
    return HistGradientBoostingClassifier(**_BOOSTING, random_state=seed)


def regressor(base: str, seed: int) -> Any:
    """An unfitted regressor: ridge for `logistic`, else `boosting`."""
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.linear_model import Ridge

    _known(base)
    if base == "logistic":
        return Ridge(alpha=1.0)
    return HistGradientBoostingRegressor(**_BOOSTING, random_state=seed)


def _known(base: str) -> None:
    if base not in BASES:
        raise ConfigError(f"There is no base learner {base!r}.", fix=f"The base learners are {', '.join(BASES)}.")

"""One uplift model per offer: compare by cross-validation, judge on rows held out, train the best on all."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.offers import encoding, learners, measures

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

KEYS = ("customer_id", "as_of", "treatment", "outcome")


@dataclass(frozen=True)
class Plan:
    """How learners are compared.

    Args:
        learners: names of `engine.offers.learners.LEARNERS`.
        bases: names of `engine.offers.learners.BASES`.
        test_share: share of the customers held out.
        min_rows_per_arm: fewer treated or control rows train no model.
        folds: of the cross-validation within the training rows.
        bootstrap: samples behind an interval.
        seed: of every random choice.
    """

    learners: tuple[str, ...] = ("t",)
    bases: tuple[str, ...] = ("logistic", "boosting")
    test_share: float = 0.3
    min_rows_per_arm: int = 50
    folds: int = 3
    bootstrap: int = 200
    seed: int = 7


@dataclass(frozen=True)
class OfferModel:
    """A trained model of what one offer changes.

    Args:
        offer_id: the offer.
        learner: uplift learner.
        base: base learner.
        numeric: numeric columns it reads.
        categorical: text columns it reads.
        encoder: fitted pipeline of `engine.offers.encoding`.
        model: fitted scikit-uplift model.
        model_id: hash of what it was trained on and how.
    """

    offer_id: str
    learner: str
    base: str
    numeric: tuple[str, ...]
    categorical: tuple[str, ...]
    encoder: Any
    model: Any
    model_id: str

    def predict(self, features: pl.DataFrame) -> np.ndarray:
        """Uplift in [-1, 1] for rows of features [rows]; columns absent or unseen values count as missing or rare."""
        import numpy as np

        x = self.encoder.transform(encoding.as_pandas(features, self.numeric, self.categorical))
        return np.clip(self.model.predict(x), -1.0, 1.0)


@dataclass(frozen=True)
class Trained:
    """What training one offer gave: a model or the reason why there is none, and rows of `offer_metrics`."""

    offer_id: str
    model: OfferModel | None
    reason: str
    metrics: list[dict[str, object]]


def shortfall(treatment: np.ndarray, outcome: np.ndarray, plan: Plan) -> str:
    """Why these rows train no model, in plain words; '' when they do."""
    for arm, name in ((1, "treated"), (0, "control")):
        rows = outcome[treatment == arm]
        if len(rows) < plan.min_rows_per_arm:
            return f"only {len(rows)} {name} customers in past campaigns, {plan.min_rows_per_arm} are needed"
        rare = min(int(rows.sum()), len(rows) - int(rows.sum()))
        if rare < 2 * plan.folds:
            what = "accepted" if rows.sum() * 2 < len(rows) else "refused"
            return f"only {rare} {name} customers {what}, {2 * plan.folds} are needed"
    return ""


def without_model(offer_id: str, why: str) -> Trained:
    """The result for an offer that cannot be judged; its one metric row says why."""
    return Trained(offer_id, None, why, [_metric(offer_id, "none", "none", f"no model: {why}", None)])


def train(rows: pl.DataFrame, offer_id: str, plan: Plan) -> Trained:
    """Train and judge the learners for one offer.

    Args:
        rows: customer_id, treatment (1 = this offer, 0 = no offer), outcome (1 = accepted), and features.
        offer_id: the offer.
        plan: what to compare.

    Returns:
        The learner and base with the best cross-validated Qini, trained on all rows; a metric row per pair with Qini
        on the held-out customers and its bootstrap interval. No model where the rows are too few (see `shortfall`).
    """
    import numpy as np

    treatment, outcome = rows["treatment"].to_numpy().astype(int), rows["outcome"].to_numpy().astype(int)
    why = shortfall(treatment, outcome, plan)
    if why:
        return without_model(offer_id, why)
    numeric, categorical = encoding.split_columns(rows, exclude=KEYS)
    frame = encoding.as_pandas(rows, numeric, categorical)
    inner, held = _split(rows, treatment, outcome, plan)
    pairs = [(learner, base) for learner in plan.learners for base in plan.bases]
    folds = _folds(rows, treatment, outcome, inner, plan)
    metrics, cross = [], {}
    for pair in pairs:
        scores = [
            measures.qini(
                outcome[b], _fit(pair, frame, a, treatment, outcome, numeric, categorical, plan)(b), treatment[b]
            )
            for a, b in folds
        ]
        cross[pair] = float(np.mean(scores))
    best = max(pairs, key=lambda p: (cross[p], -pairs.index(p)))
    for pair in pairs:
        score = _fit(pair, frame, inner, treatment, outcome, numeric, categorical, plan)(held)
        value = measures.qini(outcome[held], score, treatment[held])
        low, high = measures.qini_interval(outcome[held], score, treatment[held], draws=plan.bootstrap, seed=plan.seed)
        chosen = pair == best
        metrics.append(_metric(offer_id, *pair, f"{measures.QINI}, held out", value, low, high, chosen=chosen))
        metrics.append(_metric(offer_id, *pair, f"{measures.QINI}, cross-validated", cross[pair], chosen=chosen))
    encoder = encoding.encoder(numeric, categorical)
    x = encoder.fit_transform(frame)
    model = learners.fit(*best, x, treatment, outcome, seed=plan.seed)
    digest = hashlib.sha256(repr((offer_id, best, numeric, categorical, plan)).encode())
    for part in (np.ascontiguousarray(x), treatment, outcome):
        digest.update(part.tobytes())
    return Trained(
        offer_id,
        OfferModel(offer_id, *best, tuple(numeric), tuple(categorical), encoder, model, digest.hexdigest()[:16]),
        "",
        metrics,
    )


def _fit(pair, frame, rows, treatment, outcome, numeric, categorical, plan):
    """Train on `rows`; returns a function from row numbers to predicted uplift."""
    encoder = encoding.encoder(numeric, categorical)
    x = encoder.fit_transform(frame.iloc[rows])
    model = learners.fit(*pair, x, treatment[rows], outcome[rows], seed=plan.seed)
    return lambda other: model.predict(encoder.transform(frame.iloc[other]))


def _strata(rows: pl.DataFrame, treatment: np.ndarray, outcome: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Customer number of every row, and per customer the arm and outcome of their first row."""
    import numpy as np

    _, first, code = np.unique(rows["customer_id"].to_numpy().astype(str), return_index=True, return_inverse=True)
    return code, (2 * treatment + outcome)[first]


def _split(rows: pl.DataFrame, treatment: np.ndarray, outcome: np.ndarray, plan: Plan) -> tuple:
    """Row numbers for training and held out; all rows of a customer on one side."""
    import numpy as np
    from sklearn.model_selection import train_test_split

    code, strata = _strata(rows, treatment, outcome)
    kept, _ = train_test_split(
        np.arange(len(strata)), test_size=plan.test_share, random_state=plan.seed, stratify=strata
    )
    inside = np.isin(code, kept)
    return np.flatnonzero(inside), np.flatnonzero(~inside)


def _folds(rows: pl.DataFrame, treatment, outcome, inner: np.ndarray, plan: Plan) -> list[tuple]:
    """Cross-validation within the training rows, by customer, balanced by arm and outcome."""
    from sklearn.model_selection import StratifiedGroupKFold

    code, _ = _strata(rows, treatment, outcome)
    cut = StratifiedGroupKFold(plan.folds, shuffle=True, random_state=plan.seed)
    parts = cut.split(inner, (2 * treatment + outcome)[inner], groups=code[inner])
    return [(inner[a], inner[b]) for a, b in parts]


def _metric(offer_id, learner, base, metric, value, low=None, high=None, *, chosen=False) -> dict[str, object]:
    return {
        "offer_id": offer_id, "learner": learner, "base": base, "metric": metric,
        "value": value, "low": low, "high": high, "chosen": chosen,
    }  # fmt: skip

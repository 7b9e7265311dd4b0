"""One uplift model per offer: compare by cross-validation, judge on rows held out, train the best on all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from engine.learning import encoding, portable
from engine.offers import drivers, learners, measures, models, policy_value, support, wording

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

COSTLY = "x"  # it fits the most models: tried on the base on which the others did best
FOLD_ROWS = 60_000  # rows a learner is trained on in cross-validation


@dataclass(frozen=True)
class Plan:
    """How learners are compared.

    Args:
        learners: names of `engine.offers.learners.LEARNERS`.
        bases: names of `engine.learning.bases.BASES`.
        test_share: share of the customers held out.
        min_rows_per_arm: fewer treated or control rows train no model.
        folds: of the cross-validation within the training rows.
        bootstrap: samples behind an interval.
        level: one-sided level at which differences between customers must show to be used.
        seed: of every random choice.
        thorough: every measure for every learner on every base, with placebo and training gap; else all measures for
            the chosen one, and x on one base only.
    """

    learners: tuple[str, ...] = ("t",)
    bases: tuple[str, ...] = ("logistic", "boosting")
    test_share: float = 0.3
    min_rows_per_arm: int = 50
    folds: int = 3
    bootstrap: int = 200
    level: float = 0.01
    seed: int = 7
    thorough: bool = False


@dataclass(frozen=True)
class Trained:
    """What training one offer gave.

    Args:
        offer_id: the offer.
        model: trained on all rows, or None.
        judged: the same learner trained without the held-out rows, or None.
        held: customer_id of the held-out customers.
        reason: why there is no model, in plain words.
        metrics: rows of table `offer_metrics`.
        drivers: columns the model reads, the most important first.
        gaps: segments in which the offer, or nothing, was never given.
    """

    offer_id: str
    model: models.OfferModel | None
    judged: models.OfferModel | None
    held: np.ndarray | None
    reason: str
    metrics: list[dict[str, object]]
    drivers: list[str] = field(default_factory=list)
    gaps: list[support.Gap] = field(default_factory=list)

    @property
    def fitted(self) -> models.OfferModel:
        """The model of an offer that has one."""
        if self.model is None:
            raise ValueError(f"offer {self.offer_id} has no model: {self.reason}")
        return self.model


@dataclass(frozen=True)
class _Encoded:
    """Some rows as a matrix, and how others become one."""

    rows: np.ndarray
    x: np.ndarray
    coding: portable.Coding
    outcomes: dict[str, learners.Fitted] = field(default_factory=dict)  # learner t by base, where it was fitted


@dataclass(frozen=True)
class _Rows:
    """Training rows as arrays, and how a learner is fitted to some of them."""

    frame: pl.DataFrame
    offer_id: str
    plan: Plan
    treatment: np.ndarray
    outcome: np.ndarray
    numeric: list[str]
    categorical: list[str]

    def encode(self, rows: np.ndarray) -> _Encoded:
        """The rows numbered `rows` as numbers, once for all learners."""
        encoder, x = encoding.fitted(self.frame[rows], self.numeric, self.categorical)
        return _Encoded(rows, x, portable.coding(encoder, self.numeric, self.categorical))

    def fit(self, pair: tuple[str, str], on: _Encoded, treatment: np.ndarray | None = None) -> models.OfferModel:
        """Train learner and base on encoded rows; treatment: other labels than the true ones."""
        t = self.treatment if treatment is None else treatment
        known = on.outcomes if treatment is None else {}
        fitted = learners.fit(
            *pair, on.x, t[on.rows], self.outcome[on.rows], seed=self.plan.seed, outcomes=known.get(pair[1])
        )
        if pair[0] == "t":
            known[pair[1]] = fitted
        return models.OfferModel(self.offer_id, *pair, on.coding, fitted)

    def qini(self, score: np.ndarray, rows: np.ndarray) -> float:
        return measures.qini(self.outcome[rows], score, self.treatment[rows])


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
    return Trained(offer_id, None, None, None, why, [wording.row(offer_id, "none", "none", "no_model", why=why)])


def train(rows: pl.DataFrame, offer_id: str, plan: Plan, held_out: np.ndarray | None = None) -> Trained:
    """Train and judge the learners for one offer.

    The learner and base with the best cross-validated Qini are chosen; the held-out customers take no part in that. How
    far its scores tell effects apart is measured out of sample (best linear predictor): the model's differences between
    customers are scaled by that slope, at most 1, and by 0 where it is not above 0 at `plan.level`: everybody then has
    the mean effect.

    Args:
        rows: customer_id, treatment (1 = this offer, 0 = no offer), outcome (1 = accepted), and features.
        offer_id: the offer.
        plan: what to compare, and how.
        held_out: customer_id of those to hold out; None = draw them.

    Returns:
        Model and metrics; no model where the rows are too few (see `shortfall`).
    """
    import numpy as np

    treatment, outcome = rows["treatment"].to_numpy().astype(int), rows["outcome"].to_numpy().astype(int)
    why = shortfall(treatment, outcome, plan)
    numeric, categorical = encoding.split_columns(rows, exclude=encoding.KEYS)
    if not why and not numeric and not categorical:
        why = "nothing is known of the customers"
    if why:
        return without_model(offer_id, why)
    data = _Rows(rows, offer_id, plan, treatment, outcome, numeric, categorical)
    inner, held = split(rows, treatment, outcome, plan, held_out)
    if not _trainable(treatment, outcome, inner) or not _trainable(treatment, outcome, held):
        return without_model(offer_id, "too few different customers accepted or refused to hold some out")
    folds = [f for f in _folds(rows, treatment, outcome, inner, plan) if _trainable(treatment, outcome, f[0])]
    encodings = [data.encode(_thinned(a, plan.seed)) for a, _ in folds]
    cross: dict[tuple[str, str], float] = {}
    unseen: dict[tuple[str, str], np.ndarray] = {}

    def best_with(pairs: list[tuple[str, str]]) -> tuple[str, str]:
        """Cross-validate these pairs too; the best of all so far."""
        unseen.update((pair, np.full(len(rows), np.nan)) for pair in pairs)
        for (_, b), encoded in zip(folds, encodings, strict=True):
            other = encoded.coding.matrix(rows[b])
            for pair in pairs:
                unseen[pair][b] = data.fit(pair, encoded).fitted.predict(other)
        for pair in pairs:
            each = [value for _, b in folds if math.isfinite(value := data.qini(unseen[pair][b], b))]
            cross[pair] = float(np.mean(each)) if each else math.nan
        order = list(cross)
        return max(order, key=lambda p: (cross[p] if math.isfinite(cross[p]) else -math.inf, -order.index(p)))

    last = () if plan.thorough or len(plan.learners) == 1 else tuple(x for x in plan.learners if x == COSTLY)
    best = best_with([(learner, base) for learner in plan.learners if learner not in last for base in plan.bases])
    best = best_with([(learner, best[1]) for learner in last]) if last else best
    pairs = list(cross)
    for a, b in folds:
        if len(a) > FOLD_ROWS:  # how far scores are believed is asked of models as large as those in use
            unseen[best][b] = data.fit(best, data.encode(a)).raw(rows[b])
    metrics: list[dict[str, Any]] = []
    encoded = data.encode(inner)
    other = encoded.coding.matrix(rows[held])
    fitted = {}
    for pair in pairs:
        candidate = fitted[pair] = data.fit(pair, encoded)
        score = candidate.fitted.predict(other)
        unseen[pair][held] = score
        metrics += _judge(data, pair, candidate, score, encoded, held, chosen=pair == best)
        metrics.append(_metric(offer_id, pair, "qini_cross_validated", cross[pair], chosen=pair == best))
    qini = next(m for m in metrics if m["chosen"] and m["kind"] == "qini")
    if not (qini["low"] or 0.0) > 0:
        metrics.append(_metric(offer_id, ("all", "all"), "like_random"))
    mean, slope = _effect(data, unseen[best], np.arange(len(rows)))
    model = _calibrated(data.fit(best, data.encode(np.arange(len(rows)))), rows, mean, slope)
    # The judged model may not know how its scores fare on the held-out rows.
    judged = _calibrated(fitted[best], rows[inner], *_effect(data, unseen[best], inner))
    losses = drivers.importance(judged, rows[held], outcome[held], treatment[held], seed=plan.seed)
    metrics += [_metric(offer_id, best, "qini_lost", lost, parameter=c, chosen=True) for c, lost in losses]
    held_ids = np.unique(rows["customer_id"].to_numpy()[held])
    gaps = support.gaps(rows, categorical)
    return Trained(offer_id, model, judged, held_ids, "", metrics, [c for c, _ in losses], gaps)


def added_by(
    rows: pl.DataFrame, offer_id: str, plan: Plan, trained: Trained, columns: Sequence[str]
) -> dict[str, object]:
    """What some columns add: Qini of the chosen learner with them minus without, on the held-out customers.

    Args:
        rows, offer_id, plan: as for `train`.
        trained: its result, with a model.
        columns: those to leave out.

    Returns:
        A metric row with a bootstrap 95 % interval of the difference over the held-out rows.
    """
    treatment, outcome = rows["treatment"].to_numpy().astype(int), rows["outcome"].to_numpy().astype(int)
    inner, held = split(rows, treatment, outcome, plan, trained.held)
    numeric, categorical = encoding.split_columns(rows, exclude=(*encoding.KEYS, *columns))
    judged = trained.judged
    if judged is None:
        raise ValueError("columns add something to a model only")
    pair = (judged.learner, judged.base)
    if not numeric and not categorical:
        return _metric(offer_id, pair, "qini_added", chosen=True)
    data = _Rows(rows, offer_id, plan, treatment, outcome, numeric, categorical)
    both = [judged.raw(rows[held]), data.fit(pair, data.encode(inner)).raw(rows[held])]

    def difference(y: np.ndarray, _: np.ndarray, t: np.ndarray, weights: np.ndarray) -> np.ndarray:
        return measures.qini_measure(y, both[0], t, weights) - measures.qini_measure(y, both[1], t, weights)

    arrays = (outcome[held], both[0], treatment[held])
    low, high = measures.interval(difference, *arrays, draws=plan.bootstrap, seed=plan.seed)
    return _metric(offer_id, pair, "qini_added", measures.value(difference, *arrays), low, high, chosen=True)


def _effect(data: _Rows, score: np.ndarray, rows: np.ndarray) -> tuple[float, float]:
    """Mean effect, and the slope by which differences in score are believed."""
    import numpy as np
    from scipy.stats import norm

    rows = rows[~np.isnan(score[rows])]
    mean, slope, error = measures.best_linear_predictor(data.outcome[rows], score[rows], data.treatment[rows])
    if not slope > norm.ppf(1 - data.plan.level) * error:
        return mean, 0.0
    return mean, min(slope, 1.0)


def _calibrated(model: models.OfferModel, rows: pl.DataFrame, mean: float, slope: float) -> models.OfferModel:
    return replace(model, mean=mean, slope=slope, centre=float(model.raw(rows).mean()))


def _thinned(rows: np.ndarray, seed: int) -> np.ndarray:
    """At most `FOLD_ROWS` of some row numbers, drawn: more do not change which learner orders customers best."""
    import numpy as np

    if len(rows) <= FOLD_ROWS:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, FOLD_ROWS, replace=False))


def _trainable(treatment: np.ndarray, outcome: np.ndarray, rows: np.ndarray) -> bool:
    """Whether each arm has at least two of each outcome in these rows."""
    import numpy as np

    return bool((np.bincount((2 * treatment + outcome)[rows], minlength=4) >= 2).all())


def _judge(
    data: _Rows, pair: tuple[str, str], model: models.OfferModel, score: np.ndarray, inner: _Encoded,
    held: np.ndarray, *, chosen: bool,
) -> list[dict[str, object]]:  # fmt: skip
    """Metric rows of one learner on the held-out rows."""
    import numpy as np

    plan, outcome, treatment = data.plan, data.outcome[held], data.treatment[held]
    wanted: dict[tuple[str, str], measures.Measure] = {("qini", ""): measures.qini_measure}
    if chosen or plan.thorough:
        wanted["auuc", ""] = measures.auuc_measure
        wanted |= {("uplift_top", str(k)): measures.top_measure(k / 100) for k in (10, 20, 30)}
        wanted |= {("uplift_decile", str(d)): measures.decile_measure(d) for d in range(1, 11)}
    bands = measures.intervals(wanted, outcome, score, treatment, draws=plan.bootstrap, seed=plan.seed)
    found = []
    for (kind, parameter), measure in wanted.items():
        value = measures.value(measure, outcome, score, treatment)
        low, high = bands[kind, parameter]
        found.append(_metric(data.offer_id, pair, kind, value, low, high, parameter=parameter, chosen=chosen))
    if chosen or plan.thorough:
        _, slope, error = measures.best_linear_predictor(outcome, score, treatment)
        low, high = slope - 1.96 * error, slope + 1.96 * error
        found.append(_metric(data.offer_id, pair, "calibration_slope", slope, low, high, chosen=chosen))
    if plan.thorough:
        gap = data.qini(model.raw(data.frame[inner.rows]), inner.rows) - found[0]["value"]
        found.append(_metric(data.offer_id, pair, "qini_gap", gap, chosen=chosen))
        permuted = np.random.default_rng(plan.seed).permutation(data.treatment)
        score = data.fit(pair, inner, permuted).raw(data.frame[held])
        value = measures.qini(outcome, score, permuted[held])
        low, high = measures.interval(
            measures.qini_measure, outcome, score, permuted[held], draws=plan.bootstrap, seed=plan.seed
        )
        found.append(_metric(data.offer_id, pair, "qini_placebo", value, low, high, chosen=chosen))
    return found


def _strata(rows: pl.DataFrame, treatment: np.ndarray, outcome: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Customer number of every row, and per customer the arm and outcome of their first row."""
    import numpy as np

    _, first, code = np.unique(rows["customer_id"].to_numpy().astype(str), return_index=True, return_inverse=True)
    return code, (2 * treatment + outcome)[first]


def split(
    rows: pl.DataFrame, treatment: np.ndarray, outcome: np.ndarray, plan: Plan, held_out: np.ndarray | None = None
) -> tuple:
    """Row numbers for training and held out, balanced by arm and outcome; all rows of a customer on one side.

    Args:
        rows: with customer_id.
        treatment: number of each row's arm.
        outcome: 0 or 1.
        plan: share held out, and seed.
        held_out: customer_id of those to hold out; None = draw them.
    """
    import numpy as np
    from sklearn.model_selection import train_test_split

    if held_out is not None:
        inside = np.isin(rows["customer_id"].to_numpy().astype(str), held_out.astype(str))
        return np.flatnonzero(~inside), np.flatnonzero(inside)
    code, strata = _strata(rows, treatment, outcome)
    rare = np.bincount(strata)
    kept, other = train_test_split(
        np.arange(len(strata)),
        test_size=plan.test_share,
        random_state=plan.seed,
        stratify=strata if rare[rare > 0].min() > 1 else None,
    )
    if len(code) == len(strata):
        # One row each: in the order drawn, as the recipe of the known figures has it.
        place = np.argsort(code)
        return place[kept], place[other]
    inside = np.isin(code, kept)
    return np.flatnonzero(inside), np.flatnonzero(~inside)


def hold_out(rows: pl.DataFrame, arms: Sequence[str], plan: Plan) -> np.ndarray:
    """customer_id of the customers held out for all offers alike, balanced by arm and outcome.

    Args:
        rows: customer_id, offer_id (null = none), outcome.
        arms: offer_ids.
        plan: share and seed.
    """
    import numpy as np

    outcome = rows["outcome"].to_numpy().astype(int)
    _, held = split(rows, policy_value.arm_numbers(rows, arms), outcome, plan)
    return np.unique(rows["customer_id"].to_numpy()[held])


def _folds(
    rows: pl.DataFrame, treatment: np.ndarray, outcome: np.ndarray, inner: np.ndarray, plan: Plan
) -> list[tuple]:
    """Cross-validation within the training rows, by customer, balanced by arm and outcome."""
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    code, strata = _strata(rows, treatment, outcome)
    labels = (2 * treatment + outcome)[inner]
    if len(code) == len(strata):
        cut = StratifiedKFold(plan.folds, shuffle=True, random_state=plan.seed).split(inner, labels)
    else:
        cut = StratifiedGroupKFold(plan.folds, shuffle=True, random_state=plan.seed)
        cut = cut.split(inner, labels, groups=code[inner])
    return [(inner[a], inner[b]) for a, b in cut]


def _metric(
    offer_id: str, pair: tuple[str, str], kind: str, value: float | None = None, low: float | None = None,
    high: float | None = None, *, parameter: str = "", chosen: bool = False,
) -> dict[str, Any]:  # fmt: skip
    value, low, high = (None if n is None or not math.isfinite(n) else float(n) for n in (value, low, high))
    return wording.row(offer_id, *pair, kind, parameter=parameter, chosen=chosen, value=value, low=low, high=high)

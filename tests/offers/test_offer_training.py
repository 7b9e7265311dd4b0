"""Training: refusals in words, planted effects found, missing and unseen values scored."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from engine.errors import ConfigError
from engine.learning import encoding
from engine.offers import training

PLAN = training.Plan(bootstrap=50)


def rows(n: int = 1200, *, effect: float = 0.4, seed: int = 3) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 80, size=n).astype(float)
    treatment = rng.integers(2, size=n)
    chance = 0.15 + effect * treatment * (age < 45)
    return pl.DataFrame(
        {
            "customer_id": [f"c{i}" for i in range(n)],
            "treatment": treatment,
            "outcome": (rng.random(n) < chance).astype(int),
            "age": pl.Series(np.where(rng.random(n) < 0.1, np.nan, age), nan_to_null=True),
            "residence": rng.choice(["city", "village", None], size=n).tolist(),
            "constant": 1.0,
            "name": [f"name {i}" for i in range(n)],
            "empty": pl.Series([None] * n, dtype=pl.String),
        }
    )


def test_a_planted_effect_is_found_and_told_apart():
    trained = training.train(rows(), "o", PLAN)
    assert trained.reason == ""
    young, old = pl.DataFrame({"age": [25.0, 30.0]}), pl.DataFrame({"age": [70.0, 75.0]})
    assert trained.model.predict(young).min() > 0.2 > 0.15 > abs(trained.model.predict(old)).max()
    held = [m for m in trained.metrics if m["kind"] == "qini" and m["chosen"]]
    assert len(held) == 1 and held[0]["low"] > 0


def test_unseen_and_missing_values_are_scored():
    model = training.train(rows(), "o", PLAN).model
    strange = pl.DataFrame({"age": [None, 30.0], "residence": ["the moon", None]}, schema_overrides={"age": float})
    assert np.isfinite(model.predict(strange)).all()


def test_names_and_empty_columns_are_no_features():
    numeric, categorical = encoding.split_columns(rows(), exclude=encoding.KEYS)
    assert numeric == ["age", "constant"] and categorical == ["residence"]


def test_same_rows_same_model():
    first, again = (training.train(rows(), "o", PLAN) for _ in range(2))
    assert first.model.to_bytes() == again.model.to_bytes()
    assert first.metrics == again.metrics
    assert training.train(rows(seed=4), "o", PLAN).model.model_id != first.model.model_id


def test_without_differences_everybody_has_the_mean_effect():
    table = rows(1500, effect=0.0).with_columns(
        outcome=pl.when(pl.col("treatment") == 1).then(pl.col("outcome").shift(1, fill_value=0)).otherwise("outcome")
    )
    trained = training.train(table, "o", PLAN)
    assert trained.model.slope == 0 and np.ptp(trained.model.predict(table)) == 0
    assert "like_random" in [m["kind"] for m in trained.metrics]


def test_the_judged_model_never_saw_the_held_out_rows():
    table = rows()
    trained = training.train(table, "o", PLAN)
    held = table["customer_id"].is_in(trained.held.tolist())
    assert held.sum() == round(0.3 * table.height)
    turned = table.with_columns(outcome=pl.when(held).then(1 - pl.col("outcome")).otherwise("outcome"))
    other = training._Rows(turned, "o", PLAN, *_arrays(turned), *encoding.split_columns(turned, exclude=encoding.KEYS))
    pair = (trained.judged.learner, trained.judged.base)
    inner, _ = training.split(table, *_arrays(table), PLAN)
    assert (other.fit(pair, other.encode(inner)).raw(table) == trained.judged.raw(table)).all()


def _arrays(table):
    return table["treatment"].to_numpy(), table["outcome"].to_numpy()


def test_thorough_judges_every_learner_by_everything():
    plan = training.Plan(learners=("s", "t"), bases=("logistic",), bootstrap=20, thorough=True)
    metrics = pl.DataFrame(training.train(rows(), "o", plan).metrics, infer_schema_length=None)
    names = {
        learner: set(part.select("kind", "parameter").rows())
        for (learner,), part in metrics.group_by("learner")
        if learner != "all"
    }
    common = names["s"] & names["t"]
    assert len(common) == 19 and all(kind == "qini_lost" for kind, _ in names["s"] ^ names["t"])
    placebo = metrics.filter(pl.col("kind") == "qini_placebo")
    assert placebo["value"].abs().max() < 0.25


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda r: r.head(60), "only"),
        (lambda r: r.filter(pl.col("treatment") == 1), "only 0 control customers"),
        (lambda r: r.with_columns(outcome=pl.lit(1)), "only 0 treated customers refused"),
        (lambda r: r.with_columns(outcome=pl.lit(0)), "only 0 treated customers accepted"),
        (
            lambda r: r.with_columns(outcome=pl.col("outcome") * pl.col("treatment")),
            "only 0 control customers accepted",
        ),
        (lambda r: r.head(0), "only 0 treated customers"),
    ],
)
def test_too_little_is_refused_in_words(change, why):
    trained = training.train(change(rows()), "o", PLAN)
    assert trained.model is None and why in trained.reason
    assert trained.metrics[0]["kind"] == "no_model" and trained.metrics[0]["value"] is None


def test_a_customer_is_never_on_both_sides():
    twice = pl.concat([rows(300), rows(300)])
    treatment, outcome = twice["treatment"].to_numpy(), twice["outcome"].to_numpy()
    inner, held = training.split(twice, treatment, outcome, PLAN)
    ids = twice["customer_id"].to_numpy()
    assert not set(ids[inner]) & set(ids[held]) and len(inner) + len(held) == 600
    for a, b in training._folds(twice, treatment, outcome, inner, PLAN):
        assert not set(ids[a]) & set(ids[b])


def test_unknown_learner_or_base():
    with pytest.raises(ConfigError, match="There is no learner 'z'"):
        training.train(rows(), "o", training.Plan(learners=("z",)))
    with pytest.raises(ConfigError, match="There is no base learner 'z'"):
        training.train(rows(), "o", training.Plan(bases=("z",)))


def test_cross_validation_of_many_rows_trains_on_some(monkeypatch):
    rows_ = np.arange(0, 4000, 2)
    assert (training._thinned(rows_, 1) == rows_).all()
    monkeypatch.setattr(training, "FOLD_ROWS", 500)
    some = training._thinned(rows_, 1)
    assert len(some) == 500 == len(set(some)) and set(some) <= set(rows_) and (np.diff(some) > 0).all()
    assert training.train(rows(), "o", PLAN).model.slope > 0


def test_scores_are_believed_as_far_as_models_of_the_size_in_use_deserve(monkeypatch):
    """Where folds are thinned for choosing a learner, the slope is that of models trained on all of a fold."""
    table, plan = rows(3000, effect=0.2), training.Plan(bases=("boosting",), bootstrap=20)
    whole = training.train(table, "o", plan)
    monkeypatch.setattr(training, "FOLD_ROWS", 300)
    thinned = training.train(table, "o", plan)
    cross = [next(m["value"] for m in t.metrics if m["kind"] == "qini_cross_validated") for t in (whole, thinned)]
    assert cross[0] != cross[1]  # the folds were thinned
    assert 0 < thinned.model.slope == whole.model.slope < 1 and thinned.judged.slope == whole.judged.slope

"""Every learner in plain arrays against scikit-uplift's own predictions; the encoder against scikit-learn's."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score
from sklift.models import ClassTransformationReg, SoloModel, TwoModels

from engine.learning import bases, encoding, portable
from engine.offers import learners


def data(n: int = 900, seed: int = 1):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 4))
    treatment = (rng.random(n) < 0.35).astype(int)
    effect = 0.5 / (1 + np.exp(-3 * x[:, 0]))
    outcome = (rng.random(n) < 0.2 + treatment * effect).astype(int)
    return x, treatment, outcome, effect


@pytest.mark.parametrize("base", bases.BASES)
@pytest.mark.parametrize("learner", learners.LEARNERS)
def test_every_learner_finds_a_planted_effect(learner, base):
    x, treatment, outcome, _ = data(1500)
    fresh, *_, effect = data(1500, seed=2)
    found = learners.fit(learner, base, x, treatment, outcome, seed=3).predict(fresh)
    assert np.abs(found).max() <= 1
    # `s` over a linear base has one coefficient for the treatment: it orders by the slope of the logistic only.
    if (learner, base) != ("s", "logistic"):
        assert np.corrcoef(found, effect)[0, 1] > 0.6
    assert abs(found.mean() - effect.mean()) < 0.08


@pytest.mark.parametrize("base", bases.BASES)
@pytest.mark.parametrize(
    "learner", ["s", "s_interaction", "t", "t_ddr_control", "t_ddr_treatment", "transformed_outcome"]
)
def test_predictions_are_scikit_uplifts(learner, base):
    x, treatment, outcome, _ = data()
    make = lambda: bases.classifier(base, 3)  # noqa: E731
    model = {
        "s": lambda: SoloModel(make()),
        "s_interaction": lambda: SoloModel(make(), method="treatment_interaction"),
        "t": lambda: TwoModels(make(), make()),
        "t_ddr_control": lambda: TwoModels(make(), make(), method="ddr_control"),
        "t_ddr_treatment": lambda: TwoModels(make(), make(), method="ddr_treatment"),
        "transformed_outcome": lambda: ClassTransformationReg(
            bases.regressor(base, 3), propensity_val=treatment.mean()
        ),
    }[learner]()
    expected = np.clip(model.fit(x, outcome, treatment).predict(x), -1, 1)
    found = learners.fit(learner, base, x, treatment, outcome, seed=3).predict(x)
    assert np.abs(found - expected).max() < 1e-9


@pytest.mark.parametrize("base", bases.BASES)
def test_x_begins_with_the_models_of_t_where_they_are_given(base):
    """The same effects as with models of its own, and other ones with the models of other rows."""
    x, treatment, outcome, _ = data()
    fit = lambda learner, y=outcome, **more: learners.fit(learner, base, x, treatment, y, seed=3, **more)  # noqa: E731
    alone, given = fit("x").predict(x), fit("x", outcomes=fit("t")).predict(x)
    assert (alone == given).all()
    assert (fit("x", outcomes=fit("t", 1 - outcome)).predict(x) != alone).any()


@pytest.mark.parametrize("base", bases.BASES)
def test_a_part_predicts_what_its_estimator_does(base):
    x, _, outcome, effect = data()
    estimator = bases.classifier(base, 3).fit(x, outcome)
    assert np.abs(portable.of(estimator).predict(x) - estimator.predict_proba(x)[:, 1]).max() < 1e-12
    estimator = bases.regressor(base, 3).fit(x, effect)
    assert np.abs(portable.of(estimator).predict(x) - estimator.predict(x)).max() < 1e-12


def test_trees_compiled_and_plain_agree():
    x, _, outcome, _ = data(200)
    part = portable.of(bases.classifier("boosting", 3).fit(x, outcome))
    total = np.full(len(x), part.arrays["baseline"][0])
    portable.sum_trees(x, *(part.arrays[name] for name in portable.TREES[:-1]), total)
    assert np.abs(1 / (1 + np.exp(-total)) - part.predict(x)).max() < 1e-12


def test_class_transformation_is_right_with_unequal_arms():
    x, treatment, outcome, effect = data(20_000)
    found = learners.fit("class_transformation", "logistic", x, treatment, outcome, seed=3).predict(x)
    assert abs(found.mean() - effect.mean()) < 0.03
    assert roc_auc_score(effect > np.median(effect), found) > 0.95


def table(n: int, seed: int) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "age": pl.Series(np.where(rng.random(n) < 0.2, np.nan, rng.integers(18, 90, n)), nan_to_null=True),
            "height": rng.normal(size=n),
            "constant": np.full(n, 4.0),
            "residence": rng.choice(["a", "b", "c", None], n).tolist(),
            "street": [f"s{i % 60 if i > 40 else i}" for i in range(n)],
            "flag": rng.random(n) < 0.5,
        }
    )


def test_coding_is_what_scikit_learns_pipeline_does():
    train, other = table(400, 1), table(100, 2)
    numeric, categorical = encoding.split_columns(train)
    assert categorical == ["residence", "street"]
    other = other.with_columns(
        residence=pl.when(pl.col("age") > 60).then(pl.lit("never seen")).otherwise(pl.col("residence")),
        height=pl.col("height") * 10,
    )
    encoder = encoding.encoder(numeric, categorical).fit(encoding.as_pandas(train, numeric, categorical))
    coding = portable.coding(encoder, numeric, categorical)
    assert (coding.matrix(other.with_columns(constant=pl.lit(9.0))) == coding.matrix(other)).all()
    for frame in (train, other, other.drop("age", "street")):
        expected = encoder.transform(encoding.as_pandas(frame, numeric, categorical))
        assert np.abs(coding.matrix(frame) - expected).max() < 1e-9


@pytest.mark.parametrize(
    "columns", [["age", "height"], ["residence", "street"], ["street", "age", "residence", "flag"]]
)
def test_texts_counted_as_numbers_are_encoded_to_the_same_bits(columns):
    train, other = (table(400, seed).select(columns) for seed in (1, 2))
    train = train.with_columns(pl.col(pl.String).replace({"s3": "\u00e9t\u00e9", "s7": "\U0001f600", "s9": "Z"}))
    numeric, categorical = encoding.split_columns(train)
    plain = encoding.encoder(numeric, categorical)
    expected = plain.fit_transform(encoding.as_pandas(train, numeric, categorical))
    encoder, x = encoding.fitted(train, numeric, categorical)
    assert x.dtype == expected.dtype and x.tobytes() == expected.tobytes()
    assert portable.coding(encoder, numeric, categorical) == portable.coding(plain, numeric, categorical)
    again = [each.transform(encoding.as_pandas(other, numeric, categorical)) for each in (encoder, plain)]
    assert (again[0] == again[1]).all()


@pytest.mark.parametrize("columns", [["age", "height"], ["residence", "street"]])
def test_coding_of_one_kind_of_columns(columns):
    train = table(200, 1).select(columns)
    numeric, categorical = encoding.split_columns(train)
    encoder = encoding.encoder(numeric, categorical)
    expected = encoder.fit_transform(encoding.as_pandas(train, numeric, categorical))
    assert np.abs(portable.coding(encoder, numeric, categorical).matrix(train) - expected).max() < 1e-9

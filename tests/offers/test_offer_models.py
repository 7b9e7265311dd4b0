"""Models on disk: the same bytes, the same scores, and refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from engine.errors import ModelError
from engine.learning.bases import BASES
from engine.offers import drivers, measures, models, training

rng = np.random.default_rng(5)
ROWS = pl.DataFrame(
    {
        "customer_id": [f"c{i}" for i in range(500)],
        "treatment": rng.integers(2, size=500),
        "age": rng.integers(18, 80, size=500).astype(float),
        "residence": rng.choice(["a", "b", None], size=500).tolist(),
    }
).with_columns(
    outcome=pl.Series((rng.random(500) < 0.3).astype(int)) | (pl.col("treatment") * (pl.col("age") < 40)).cast(pl.Int64)
)


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("learner", ["t", "x", "class_transformation", "t_ddr_control"])
def test_a_stored_model_scores_as_before(tmp_path, learner, base):
    model = training.train(ROWS, "an offer/ü", training.Plan((learner,), (base,), bootstrap=20)).model
    path = models.save(model, tmp_path / "models")
    again = models.load(path)
    assert (again.predict(ROWS) == model.predict(ROWS)).all()
    assert again.model_id == model.model_id and model.model_id in path.name
    assert models.save(again, tmp_path / "models") == path


def test_batches_change_nothing(monkeypatch):
    model = training.train(ROWS, "o", training.Plan(("t",), ("boosting",), bootstrap=20)).model
    whole = model.raw(ROWS)
    monkeypatch.setattr(models, "BATCH", 37)
    assert np.abs(model.raw(ROWS) - whole).max() < 1e-12
    assert model.raw(ROWS.head(0)).shape == (0,)


@pytest.mark.parametrize("base", BASES)
def test_one_column_shuffled_or_usual_in_the_matrix_is_so_in_the_features(base):
    gaps = pl.when(pl.int_range(pl.len()) % 7 > 0).then("age")
    rows = ROWS.with_columns(gaps.alias("age"), flag=pl.col("age") > 50)
    model = replace(training.train(rows, "o", training.Plan(("t",), (base,), bootstrap=20)).model, slope=0.5)
    outcome, treatment = rows["outcome"].to_numpy(), rows["treatment"].to_numpy()
    draws = np.random.default_rng(3)
    whole, expected = measures.qini(outcome, model.raw(rows), treatment), {}
    for column in model.coding.columns:
        orders = [draws.permutation(rows.height) for _ in range(drivers.REPEATS)]
        shuffled = [model.raw(rows.with_columns(rows[column].gather(order))) for order in orders]
        expected[column] = float(np.mean([whole - measures.qini(outcome, score, treatment) for score in shuffled]))
    assert dict(drivers.importance(model, rows, outcome, treatment, seed=3)) == expected
    assert set(expected) == {"age", "flag", "residence"} and any(expected.values())
    usual = {"age": 40.0, "residence": "b"}
    row = model.coding.matrix(rows.head(1).with_columns(pl.lit(v).alias(c) for c, v in usual.items()))[0]
    parts = drivers._parts(model, rows, row, list(usual))
    for i, (column, value) in enumerate(usual.items()):
        other = model.predict(rows.with_columns(pl.lit(value).alias(column)))
        assert (parts[:, i] == model.predict(rows) - other).all() and parts[:, i].any()


def stored(tmp_path):
    return models.save(training.train(ROWS, "o", training.Plan(("t",), ("logistic",), bootstrap=20)).model, tmp_path)


def test_an_altered_or_foreign_file_is_refused(tmp_path):
    path = stored(tmp_path)
    renamed = path.with_name("o-0123456789abcdef.npz")
    renamed.write_bytes(path.read_bytes())
    with pytest.raises(ModelError, match="was altered"):
        models.load(renamed)
    path.write_bytes(b"nonsense")
    with pytest.raises(ModelError, match="is not an offer model"):
        models.load(path)
    with pytest.raises(ModelError, match="cannot be read"):
        models.load(tmp_path / "nothing.npz")


def test_pickles_inside_are_never_loaded(tmp_path):
    path = tmp_path / "o-0123456789abcdef.npz"
    np.savez(path, header=np.array([{"evil": 1}], dtype=object))
    with pytest.raises(ModelError, match="is not an offer model"):
        models.load(path)


def test_other_library_versions_are_refused(tmp_path, monkeypatch):
    real = models.version
    path = stored(tmp_path)
    monkeypatch.setattr(models, "version", lambda name: "0.0.1" if name == "scikit-learn" else real(name))
    with pytest.raises(ModelError, match="was trained with scikit-learn"):
        models.load(path)

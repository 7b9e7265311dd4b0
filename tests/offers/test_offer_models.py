"""Models on disk: the same bytes, the same scores, and refusals."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from engine.errors import ModelError
from engine.learning.bases import BASES
from engine.offers import models, training

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

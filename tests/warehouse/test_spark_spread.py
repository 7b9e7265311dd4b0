"""Jobs over rows (faces, scores, creatives) on Spark's workers give what they give in this process."""

from __future__ import annotations

import os
import stat
from collections import Counter
from functools import partial

import numpy as np
import polars as pl
import pytest

from engine.errors import BackendError, ConfigError, EngineError
from engine.faces import gallery
from engine.offers import models, training
from engine.pipeline import matches
from engine.warehouse.duckdb import DuckDBWarehouse
from tests.warehouse.jobs import doubled, fails_at, loads

pytestmark = pytest.mark.spark
ROWS = pl.DataFrame({"n": range(10), "pair": [[float(n), n / 7] for n in range(10)]}).with_columns(
    pl.col("pair").list.to_array(2).cast(pl.Array(pl.Float32, 2)), kind=pl.lit("a").cast(pl.Enum(["a", "b"]))
)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    from engine.warehouse.spark import SparkWarehouse

    folder = tmp_path_factory.mktemp("spread")
    store = SparkWarehouse(folder / "kindred.duckdb", master="local[2]", folder=str(folder / "tables"))
    yield store
    store.close()


def test_rows_come_back_in_their_order_and_their_types(store):
    found = pl.concat(list(store.map_rows(ROWS, doubled, size=3, name="rows")))
    pieces = [ROWS[start : start + 3] for start in range(0, 10, 3)]
    wanted = pl.concat([frame.drop("process") for piece in pieces for frame in doubled(piece, threads=1)])
    assert found.drop("process").equals(wanted)
    assert found.schema["pair"] == pl.Array(pl.Float32, 2) and found.schema["kind"] == pl.Enum(["a", "b"])
    assert os.getpid() not in found["process"]
    assert list(store.map_rows(ROWS.clear(), doubled, size=3, name="rows")) == []


def test_an_error_of_the_job_is_that_error_and_what_came_before_is_kept(store, monkeypatch):
    """As in this process: its words and its remedy, without a second attempt; other errors name the job."""
    monkeypatch.setattr("engine.warehouse.workers.PER_CORE", 1)
    jobs = {how: partial(fails_at, n=7, how=how) for how in (ConfigError, ZeroDivisionError)}
    kept = []
    with pytest.raises(EngineError, match=r"^row 7 cannot be done\.$"):
        kept.extend(store.map_rows(ROWS, jobs[ConfigError], size=1, name="rows"))
    assert pl.concat(kept).equals(ROWS.head(7))
    with pytest.raises(BackendError, match=r"^rows failed on Spark: .*row 7"):
        list(store.map_rows(ROWS, jobs[ZeroDivisionError], size=1, name="rows"))


def once(told: pl.DataFrame, what: str) -> bool:
    """Whether no process loaded any more of a kind after its first piece."""
    counts = told.group_by("process").agg(pl.col(what).min().alias("first"), pl.col(what).max().alias("last"))
    return counts.select((pl.col("first") >= 1) & (pl.col("first") == pl.col("last"))).to_series().all()


# ---- the stages --------------------------------------------------------------------------------------------------


def test_the_workers_faces_scores_and_creatives_are_there(both):
    """That the tables are the same is asked in test_spark_equal; here that the jobs had something to do."""
    one, other = both
    made = [{path.name: path.read_bytes() for path in space.ads.iterdir()} for space in both]
    assert made[0] == made[1] and len(made[0]) >= 10
    assert {stat.S_IMODE(path.stat().st_mode) for path in other.ads.iterdir()} == {0o600}
    with one.warehouse(read_only=True) as a, other.warehouse(read_only=True) as b:
        faces = a.read("faces"), b.read("faces")
        assert a.read("uplift").height
    assert faces[0].equals(faces[1]), "bit by bit: the same batches of the same size"
    assert (faces[1]["status"] == "ok").sum() > 10


def test_a_photo_that_a_worker_cannot_read_has_a_reason(both, store):
    space = both[1]
    with space.warehouse(read_only=True) as stored:
        photos = stored.read("inventory").select("sha256", "path").head(3)
    photos = pl.concat([photos, pl.DataFrame({"sha256": ["0" * 64], "path": ["gone.jpg"]})])
    settings = space.config.faces
    job = partial(
        matches.embedded, mode="inventory", settings=settings, root=space.faces,
        key=gallery.model_id(settings, "inventory"),
    )  # fmt: skip
    here = pl.concat(list(DuckDBWarehouse().map_rows(photos, job, size=2, name="faces", threads=1)))
    there = pl.concat(list(store.map_rows(photos, job, size=2, name="faces")))
    assert there.equals(here)
    assert there.row(-1, named=True)["status"] == "unreadable"
    assert "is missing" in there.row(-1, named=True)["reason"]


def test_what_a_worker_loads_it_keeps(both, store):
    space, settings = both[1], both[1].config.faces
    with space.warehouse(read_only=True) as stored:
        photos = stored.read("inventory").select("sha256", "path").head(12)
    job = partial(
        matches.embedded, mode="inventory", settings=settings, root=space.faces,
        key=gallery.model_id(settings, "inventory"),
    )  # fmt: skip
    told = pl.concat(list(store.map_rows(photos, partial(loads, job=job), size=1, name="faces")))
    assert told.height == 12 and Counter(told["process"]).most_common(1)[0][1] > 3
    assert once(told, "networks")


def test_uplift_is_scored_as_here_by_models_that_a_worker_loads_once(store):
    rng = np.random.default_rng(5)
    rows = pl.DataFrame(
        {
            "customer_id": [f"c{i}" for i in range(300)],
            "treatment": rng.integers(2, size=300),
            "age": rng.integers(18, 80, size=300).astype(float),
            "residence": rng.choice(["a", "b", None], size=300).tolist(),
        }
    ).with_columns(
        outcome=pl.Series(rng.random(300) < 0.3).cast(pl.Int64) | (pl.col("treatment") * (pl.col("age") < 40))
    )
    plan = training.Plan(("t",), ("boosting",), bootstrap=20, level=0.5)
    known = [training.train(rows, offer, plan).model for offer in ("o", "offer ü")]
    assert known[0].slope != 0, "customers differ"
    job = partial(models.scored, contents=[model.to_bytes() for model in known])
    found = pl.concat(list(store.map_rows(rows, job, size=25, name="scores")))
    assert found.columns == ["o", "offer ü"] and found.equals(next(job(rows)))
    told = pl.concat(list(store.map_rows(rows, partial(loads, job=job), size=25, name="scores")))
    assert told["rows"].sum() == 300 and Counter(told["process"]).most_common(1)[0][1] > 2
    assert once(told, "models")


def test_other_weights_on_a_worker_are_refused(both, store):
    settings = both[1].config.faces
    job = partial(matches.embedded, mode="customer", settings=settings, root=both[1].faces, key="others")
    with pytest.raises(EngineError, match=r"The weights are others where the run began, .* Install the same ones"):
        list(store.map_rows(pl.DataFrame({"sha256": ["0"], "path": ["a"]}), job, size=1, name="faces"))


def test_a_folder_of_ads_that_workers_do_not_share_is_said(tmp_path, both):
    from engine.ads import brands, creative, pool
    from engine.ads.render import Offer
    from tests.ads import ads_data

    brand = brands.load()
    wanted = creative.creative("c", brand, Offer("o", "A handset", "", "Get it"),
                               ads_data.portrait(tmp_path / "m.jpg", 1), (300, 250))  # fmt: skip

    def elsewhere(rows, job, **_):
        return job.func(rows, **{**job.keywords, "folder": both[1].exports})

    with pytest.raises(EngineError, match=r"1 creatives were rendered but do not lie in .*all machines share"):
        pool.render_all([wanted], brand, tmp_path / "ads", spread=elsewhere)

"""Evaluation against scikit-learn and counting by hand; files of pairs; real photos."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from engine.charts.faces import recognition
from engine.config import Faces
from engine.errors import InputError
from engine.faces import evaluate as ev
from engine.faces import pairs

KNOWN = {"model_id": "m", "pairs": 0, "photos": 0, "no_face": 0, "reasons": {}}


@given(st.lists(st.tuples(st.sampled_from([0.1, 0.2, 0.3, 0.5, 0.9]), st.booleans()), min_size=4, max_size=60))
def test_auc_and_rates_equal_counting(rows):
    score, same = np.array([r[0] for r in rows]), np.array([r[1] for r in rows])
    if same.all() or not same.any():
        return
    order = np.argsort(-score, kind="stable")
    one = np.ones(len(score))
    assert ev._auc(score, same, one, order) == pytest.approx(roc_auc_score(same, score))
    twice = np.where(np.arange(len(score)) % 2, 2.0, 1.0)
    assert ev._auc(score, same, twice, order) == pytest.approx(roc_auc_score(same, score, sample_weight=twice))
    for far in (0.0, 0.1, 0.5):
        options = [t for t in [*score, -1, 2] if (score[~same] > t).mean() <= far]
        assert ev._tpr(score, same, one, order, far) == pytest.approx(max((score[same] > t).mean() for t in options))


def people(n=12, photos=4, spread=0.6, seed=1):
    rng = np.random.default_rng(seed)
    centre = rng.normal(size=(n, 16))
    vectors = (centre[:, None] + spread * rng.normal(size=(n, photos, 16))).reshape(-1, 16)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    name = np.repeat([f"p{i}" for i in range(n)], photos)
    a, b = np.triu_indices(len(name), 1)
    frame = pl.DataFrame({"same": name[a] == name[b], "person_a": name[a], "person_b": name[b]})
    return (vectors[a] * vectors[b]).sum(axis=1), frame


def test_a_report_on_planted_persons():
    score, frame = people()
    report = ev.judge(score, frame, known=KNOWN)
    low, high = report.auc[1:]
    assert low <= report.auc[0] <= high and high - low > 0
    assert report.auc[0] == pytest.approx(roc_auc_score(frame["same"], score))
    assert 0.8 < report.accuracy[0] <= 1
    flat = report.flat()
    assert {"auc", "accuracy", "tpr_at_far_1e-2", "tpr_at_far_1e-3", "no_face"} <= set(flat)
    json.dumps(flat)
    chart = recognition(report.curve, auc=report.auc[0])
    assert chart.spec["layer"][-1]["data"]["values"][-1]["says"] == "false acceptance rate 100.0 %: 100.0 %"
    assert all(point["false_acceptance"] >= 1e-4 for point in chart.data) and f"{report.auc[0]:.4f}" in chart.title
    noise = ev.judge(np.random.default_rng(2).normal(size=len(score)), frame, known=KNOWN)
    assert noise.auc[1] < 0.5 < noise.auc[2]


def test_folds_of_persons_share_nobody():
    _, frame = people()
    folds = ev._folds(frame, seed=3)
    assert len(folds) == 6
    for test, train in folds:
        sides = [
            {*frame.filter(pl.Series(part))["person_a"], *frame.filter(pl.Series(part))["person_b"]}
            for part in (test, train)
        ]
        assert test.any() and not sides[0] & sides[1]


def test_the_threshold_of_a_fold_comes_from_the_others():
    """A fold whose pairs lie elsewhere is judged by the others' threshold, hence badly."""
    frame = pl.DataFrame({"same": [True, False] * 20, "fold": [0] * 20 + [1] * 20})
    score = np.array([0.9, 0.1] * 10 + [0.5, 0.45] * 10)
    report = ev.judge(score, frame, known=KNOWN)
    assert report.accuracy[0] == pytest.approx((1.0 + 0.5) / 2)


def test_groups_are_judged_apart():
    score, frame = people()
    frame = frame.with_columns(group=pl.Series(np.where(np.arange(len(frame)) % 2, "x", "y")))
    rows = {r["group"]: r for r in ev.judge(score, frame, known=KNOWN).groups}
    part = (frame["group"] == "x").to_numpy()
    assert rows["x"]["auc"] == pytest.approx(roc_auc_score(frame["same"].to_numpy()[part], score[part]))
    assert rows["x"]["pairs"] + rows["y"]["pairs"] == len(frame)


def test_one_kind_of_pairs_is_refused():
    score, frame = people()
    part = frame["same"].to_numpy()
    with pytest.raises(InputError, match="of one person"):
        ev.judge(score[part], frame.filter(pl.Series(part)), known=KNOWN)


def test_lfw_and_csv_say_the_same(tmp_path):
    lfw, table = tmp_path / "pairs.txt", tmp_path / "pairs.csv"
    lfw.write_text("2\t1\nAda\t1\t2\nAda\t1\tBo\t3\nBo\t2\t3\nAda\t2\tCy\t10\n")
    table.write_text(
        "a,b,same,fold\nAda/Ada_0001.jpg,Ada/Ada_0002.jpg,1,0\nAda/Ada_0001.jpg,Bo/Bo_0003.jpg,0,0\n"
        "Bo/Bo_0002.jpg,Bo/Bo_0003.jpg,same,1\nAda/Ada_0002.jpg,Cy/Cy_0010.jpg,different,1\n"
    )
    one, other = pairs.read(lfw), pairs.read(table)
    assert one.select("a", "b", "same").equals(other.select("a", "b", "same"))
    assert one["fold"].cast(str).to_list() == other["fold"].to_list() == ["0", "0", "1", "1"]
    single = tmp_path / "dev.txt"
    single.write_text("1\nAda\t1\t2\nAda\t1\tBo\t3\n")
    assert "fold" not in pairs.read(single).columns


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("hello world\n", "starts with"),
        ("1\nAda 1 2\n", "announces 2 pairs and holds 1"),
        ("1\nAda 1\nAda 1 Bo 2\n", "not a pair of one person"),
        ("a,b\nx,y\n", "no column 'same'"),
        ("a,b,same\nx,y,perhaps\n", "'perhaps'"),
        ("a,b,same\nx,,1\n", "a photo is missing"),
    ],
)
def test_bad_files_of_pairs_are_named(tmp_path, text, message):
    path = tmp_path / "pairs"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        pairs.read(path)


def test_missing_files_and_folders_without_persons(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        pairs.read(tmp_path / "none")
    (tmp_path / "x").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(InputError, match="cannot be read"):
        pairs.read(tmp_path / "x")
    with pytest.raises(InputError, match="0 persons"):
        pairs.by_folder(tmp_path)
    with pytest.raises(InputError, match="not a folder"):
        pairs.by_folder(tmp_path / "x")


@pytest.mark.real
def test_real_photos_by_folder(real_data):
    """Half of the persons: the published figure stands, and a photo that is not there is counted."""
    root = real_data / "faces10x10"
    every = pairs.by_folder(root)
    assert len(every) == 4950 and every["same"].sum() == 450
    few = every.filter(
        *(pl.col(c).str.contains("_000[1-5]") & pl.col(c).str.contains("^(Tony|Hugo|Colin)") for c in ("a", "b"))
    )
    few = pl.concat([few, few.head(1).with_columns(b=pl.lit("Tony_Blair/none.jpg"))])
    report = ev.evaluate(few, root, settings=Faces(max_yaw=1.0))
    assert report.auc[0] >= 0.998
    assert report.no_face == 1 and report.reasons == {"unreadable": 1} and report.scored == len(few) - 1

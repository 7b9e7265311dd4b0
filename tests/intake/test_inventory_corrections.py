"""Tables that say something about campaign photos that are there: merged, taken back, contradictions rejected."""

from __future__ import annotations

import json

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import attributes
from engine.errors import InputError
from engine.sources import takeback
from tests.intake.test_intake_import import KEY, bring, store, sums
from tests.trust.photo import jpeg

__all__ = ["bring", "store"]


@pytest.fixture
def models(bring, tmp_path):
    """Photos m1 to m3, of whom m1 is said to be a woman who smiles."""
    for n in (1, 2, 3):
        (tmp_path / f"m{n}.jpg").write_bytes(jpeg(n))
    return bring("inventory", "photo_id,path,sex,smile,max_uses\nm1,m1.jpg,w,yes,4\nm2,m2.jpg,,,\nm3,m3.jpg,,no,\n")


def said(store):
    table = store.read("inventory")
    return {photo: json.loads(text or "{}") for photo, text in table.select("photo_id", "attributes").iter_rows()}


def test_a_table_without_photos_corrects_what_is_said_of_them_and_can_be_taken_back(store, bring, models, tmp_path):
    before = store.read("inventory")
    reviewed = "photo_id,gender,age_band,hair,sex_looks,woman,age_looks,hair_looks,face,problem\n"
    done = bring("inventory", reviewed + "m1,m,30-44,,f,0.9,33,red,ok,\nm3,,,grey,,,,,ok,x\nm9,f,,,,,,,,\n")
    assert sums(done) == (3, 2, 0, 1)
    assert said(store) == {"m1": {"gender": "m", "age_band": "30-44", "smile": "yes"}, "m2": {},
                           "m3": {"hair": "grey", "smile": "no"}}  # fmt: skip
    assert store.read("inventory").drop("attributes").equals(before.drop("attributes"))
    assert store.read("rejects").select("row_number", "reason", "column_name").rows() == [
        (3, "unknown_photo", "photo_id")
    ]
    again = bring("inventory", "photo_id,gender\nm1,\n")
    assert said(store)["m1"] == {"age_band": "30-44", "smile": "yes"}
    with store.transaction():
        takeback.tables(store, "inventory", [again.source_id, done.source_id], KEY)
    assert store.read("inventory").equals(before)
    assert len(list((tmp_path / "faces").rglob("*.jpg"))) == 3


def test_taking_the_photos_back_takes_their_corrections_with_them(store, bring, models):
    bring("inventory", "photo_id,gender\nm1,m\n")
    with store.transaction():
        takeback.tables(store, "inventory", [models.source_id], KEY)
    assert store.count("inventory") == 0


def test_corrections_need_photos_to_correct(store, bring):
    with pytest.raises(InputError, match="no campaign photos yet") as told:
        bring("inventory", "photo_id,gender\nm1,m\n")
    assert "Import the photos first" in told.value.fix
    assert store.count("inventory") == store.count("sources") == 0


@pytest.mark.parametrize(
    ("header", "rows", "bad", "column"),
    [
        ("gender", "m1,f\nm2,m\nm1,m", {1, 3}, "gender"),
        ("gender", "m1,f\nm1,F\nm2,m", set(), ""),
        ("gender,sex", "m1,female,male\nm2,w,f", {1}, "sex"),
        ("age_band,age", "m1,30-44,45\nm2,30-44,44\nm3,60+,59", {1, 3}, "age"),
        ("age_band", "m1,44-30\nm2,about forty\nm3,60+", {1}, "age_band"),
    ],
)
def test_contradictions_are_rejected_with_row_column_and_remedy(store, bring, models, header, rows, bad, column):
    before = said(store)
    done = bring("inventory", f"photo_id,{header}\n{rows}\n")
    rejects = store.read("rejects")
    assert set(rejects["row_number"]) == bad and done.rows_rejected == len(bad)
    assert set(rejects["reason"]) <= {"contradicts"} and set(rejects["column_name"]) <= {column}
    names = [row.split(",")[0] for row in rows.split("\n")]
    assert all(said(store)[names[row - 1]] == before[names[row - 1]] for row in bad)


def test_photos_that_come_with_a_contradiction_are_not_brought(store, bring, tmp_path):
    for n in (1, 2):
        (tmp_path / f"m{n}.jpg").write_bytes(jpeg(n))
    bring("inventory", "photo_id,path,gender,sex\nm1,m1.jpg,f,m\nm2,m2.jpg,f,f\n")
    assert store.read("inventory")["photo_id"].to_list() == ["m2"]
    assert len(list((tmp_path / "faces").rglob("*.jpg"))) == 1


words = st.dictionaries(
    st.sampled_from(["gender", "sex", "age", "age_band", "hair"]), st.sampled_from(["f", "m", "30", None]), max_size=4
)


@given(words, words)
def test_a_correction_stands_in_place_of_what_means_the_same(before, change):
    """Against a plain rule: what is named, under either name, is as it is named last; all else stays."""
    before = {name: word for name, word in before.items() if word is not None}
    got = json.loads(attributes.corrected(json.dumps(before), json.dumps(change)))
    for group in (attributes.SEX, attributes.AGE, ("hair",)):
        source = change if set(group) & set(change) else before
        assert {n: got[n] for n in group if n in got} == {n: source[n] for n in group if source.get(n) is not None}
    assert json.loads(attributes.corrected(json.dumps(got), "{}")) == got


def test_a_summary_of_a_reviewed_table_names_no_column_that_was_passed_over(store, bring, models):
    done = bring("inventory", "photo_id,gender,problem\nm2,f,\n")
    assert "problem" not in json.dumps(done.details) and said(store)["m2"] == {"gender": "f"}
    assert store.read("sources").filter(pl.col("source_id") == done.source_id)["rows_kept"].to_list() == [1]

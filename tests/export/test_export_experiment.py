"""Delivery while an experiment runs: exactly the assigned arm's ad, none for no_ad, the preferred one for others."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl
import pytest

import engine
from engine.errors import InputError
from engine.export import export
from engine.usecases import experiment_design
from tests.ads import ads_data

ARMS = {"own_face": 0.25, "influencer_face": 0.25, "random_face": 0.25, "no_ad": 0.25}


@pytest.fixture
def space(tmp_path, monkeypatch):
    monkeypatch.setenv("KINDRED_KEYS", str(tmp_path / "keys"))
    space = ads_data.make(tmp_path / "ws", customers=24, preset={"ads__sizes": "300x250"})
    ads_data.run(space)
    with space.writing("test") as store:  # the last one is not eligible for all arms
        gone = (pl.col("customer_id") == "c023") & (pl.col("arm") == "own_face")
        status = pl.when(gone).then(pl.lit("no_photo")).otherwise("status").alias("status")
        store.write("matches", store.read("matches").with_columns(status))
    return space


def delivered(space, to, day: date, *, decided: bool = True) -> pl.DataFrame:
    """What is sent on a day; decided: after a run."""
    if decided:
        ads_data.run(space)
    export(space, "delivery", to, as_of=day)
    return pl.read_parquet(to / "delivery.parquet")


def test_everybody_gets_the_assigned_arm_and_nothing_else(space, tmp_path):
    experiment_design.design(space, "spring", arms=ARMS, horizon_days=10)
    assert experiment_design.assign(space, "spring").added == 23
    with space.warehouse(read_only=True) as store:
        drawn = dict(store.read("assignments").select("customer_id", "arm").iter_rows())
    assert set(drawn.values()) == set(ARMS)
    unseen = delivered(space, tmp_path / "not yet", date(2024, 6, 10), decided=False)
    assert set(unseen["customer_id"]) == {"c023"}  # nobody gets what was decided before the assignment
    rows = delivered(space, tmp_path / "during", date(2024, 6, 10))
    inside = rows.filter(pl.col("experiment_id").is_not_null())
    assert dict(inside.select("customer_id", "arm").iter_rows()) == {c: a for c, a in drawn.items() if a != "no_ad"}
    assert inside["customer_id"].is_unique().all() and set(inside["experiment_id"]) == {"spring"}
    assert inside["propensity"].unique().to_list() == [0.25] and set(inside["reason"]) == {"assigned"}
    outside = rows.filter(pl.col("experiment_id").is_null()).select(
        "customer_id", "arm", "reason", "propensity", "rank"
    )
    assert outside.rows() == [("c023", "influencer_face", "fallback", None, 1)]
    over = engine.open(space.path, run__today="2024-06-11")
    after = delivered(over, tmp_path / "after", date(2024, 6, 11))
    assert after["experiment_id"].null_count() == after.height == 24
    assert dict(after["reason"].value_counts().iter_rows()) == {"preferred": 23, "fallback": 1}


def test_an_ad_without_a_face_is_the_same_ad_without_a_face(tmp_path, monkeypatch):
    monkeypatch.setenv("KINDRED_KEYS", str(tmp_path / "keys"))
    space = ads_data.make(tmp_path / "ws", customers=4, preset={"ads__sizes": "300x250"})
    with pytest.raises(InputError, match=r"no ads are rendered for no_face.*ads\.arms"):
        experiment_design.design(space, "spring", arms={"own_face": 0.5, "no_face": 0.5})
    plain = ads_data.run(space)
    space = engine.open(space.path, ads__arms="own_face,influencer_face,random_face,no_face")
    ads = ads_data.run(space)
    faceless = ads.filter(pl.col("arm") == "no_face")
    assert faceless.height == 4 and ads.filter(pl.col("arm") != "no_face").equals(plain)
    assert all(text.startswith("Ad") and "Portrait" not in text for text in faceless["alt_text"])
    experiment_design.design(space, "spring", arms={"own_face": 0.5, "no_face": 0.5})
    experiment_design.assign(space, "spring")
    rows = delivered(space, tmp_path / "out", date(2024, 6, 2))
    with space.warehouse(read_only=True) as store:
        drawn = dict(store.read("assignments").select("customer_id", "arm").iter_rows())
    assert dict(rows.select("customer_id", "arm").iter_rows()) == drawn and "no_face" in drawn.values()


def test_a_withdrawn_consent_takes_the_ad_away_and_gives_no_other(space, tmp_path):
    experiment_design.design(space, "spring", arms={"own_face": 0.5, "random_face": 0.5}, horizon_days=30)
    experiment_design.assign(space, "spring")
    with space.writing("test") as store:
        drawn = store.read("assignments").filter(pl.col("arm") == "own_face")["customer_id"]
        ends = pl.when(pl.col("customer_id").is_in(drawn.implode()) & (pl.col("purpose") == "own_face"))
        store.write("consents", store.read("consents").with_columns(expires_at=ends.then(datetime(2024, 6, 5))))
    rows = delivered(space, tmp_path / "out", date(2024, 6, 8))
    assert len(drawn) and not set(rows["customer_id"]) & set(drawn)


def test_nobody_is_in_two_experiments_at_once(space, tmp_path):
    experiment_design.design(space, "spring", arms=ARMS, horizon_days=10)
    experiment_design.assign(space, "spring")
    experiment_design.design(space, "summer", arms={"influencer_face": 0.5, "random_face": 0.5}, horizon_days=10)
    funnel = experiment_design.assign(space, "summer").funnel
    lost = {line["gate"]: line["reasons"] for line in funnel}["in no other experiment"]
    assert lost == {"in_another_experiment": 23}
    rows = delivered(space, tmp_path / "out", date(2024, 6, 2)).filter(pl.col("experiment_id") == "summer")
    assert rows["customer_id"].to_list() == ["c023"]


def test_a_plan_drawn_anew_is_assigned_before_anything_is_sent(space, tmp_path):
    experiment_design.design(space, "spring", arms=ARMS)
    experiment_design.assign(space, "spring")
    experiment_design.design(space, "spring", salt="other")
    with pytest.raises(InputError, match=r"'spring' are not those of the plan.*experiment assign spring"):
        export(space, "delivery", tmp_path / "out")
    assert not (tmp_path / "out").exists()

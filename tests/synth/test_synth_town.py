"""The town's files are in the import forms, hold the planted truth, and come out the same every time."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from engine.errors import InputError
from engine.synth import acts, calls, campaigns, handsets, town
from engine.synth.people import befriend, populate

TEXT = dict.fromkeys(
    ("caller", "callee", "started_at", "caller_tac", "callee_tac", "caller_imei", "callee_imei"), pl.String
)


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("town") / "small"
    town.write(folder, customers=300, seed=3, photos=12)
    return folder


@pytest.fixture(scope="module")
def truth(small) -> dict:
    return json.loads((small / "truth" / "truth.json").read_text())


@pytest.fixture(scope="module")
def log(small) -> pl.DataFrame:
    return pl.read_csv(small / "logs" / "calls.csv", schema_overrides=TEXT)


def table(folder: Path, name: str) -> pl.DataFrame:
    return pl.read_csv(folder / f"{name}.csv", infer_schema_length=None)


def test_files_have_the_import_columns(small, log):
    assert tuple(log.columns) == calls.COLUMNS
    expected = {
        "customers": ["customer_id", "age", "residence", "gender", "tenure_months", "plan"],
        "devices": ["tac", "manufacturer", "model", "released"],
        "offers": [
            "offer_id",
            "manufacturer",
            "model",
            "headline",
            "body",
            "call_to_action",
            "value",
            "cost",
            "to_owners",
        ],
        "treatments": ["customer_id", "campaign_id", "offer_id", "sent_at", "propensity", "accepted"],
        "acts": ["customer_id", "act", "at"],
        "consents": ["customer_id", "purpose", "granted_at", "expires_at", "withdrawn_at"],
        "optouts": ["customer_id", "since"],
        "photos": ["customer_id", "path"],
        "inventory": ["photo_id", "path", "hair", "age_band", "gender"],
    }
    for name, columns in expected.items():
        assert table(small, name).columns == columns, name
    for name in ("photos", "inventory"):
        assert all((small / path).is_file() for path in table(small, name)["path"])


def test_the_dirt_is_what_the_truth_says(log, truth):
    """Counted again from the file alone."""
    planted = truth["log"]
    assert log.height == planted["rows"]
    both = log.filter(pl.col("caller").is_not_null())
    assert both.filter(pl.col("caller") == pl.col("callee")).height == planted["self_call"]
    assert log.filter((pl.col("kind") != "data") & pl.col("callee").is_null()).height == planted["missing_party"]
    assert log.filter(pl.col("duration_s") < -1).height == planted["negative_duration"]
    assert log.filter(pl.col("started_at").str.starts_with("1970")).height == planted["implausible_time"]
    assert (
        log.filter(~pl.col("started_at").str.contains(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$")).height
        == planted["bad_time"]
    )
    parts = [v for k, v in planted.items() if k != "rows"]
    assert sum(parts) == planted["rows"]


def test_second_legs_can_be_told_from_two_calls(log, truth):
    """An independent sweep (same two parties, durations within 1 s, starts within 30 s) finds them all."""
    clean = log.filter((pl.col("kind") == "call") & (pl.col("duration_s") > 0)).with_columns(
        pl.col("caller", "callee").str.replace("^00", "+"),
        at=pl.col("started_at").str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False),
    )
    clean = clean.drop_nulls(["at", "callee"]).unique(maintain_order=True).filter(pl.col("caller") != pl.col("callee"))
    pair = clean.with_columns(
        low=pl.min_horizontal("caller", "callee"), high=pl.max_horizontal("caller", "callee")
    ).sort("low", "high", "at")
    near = pair.filter(
        (pl.col("low") == pl.col("low").shift())
        & (pl.col("high") == pl.col("high").shift())
        & ((pl.col("at") - pl.col("at").shift()).dt.total_seconds() <= 30)
        & ((pl.col("duration_s") - pl.col("duration_s").shift()).abs() <= 1)
    )
    assert abs(near.height - truth["log"]["second_legs"]) <= 3  # a repeated row in the other form of its number may add


def test_numbers_are_written_in_two_forms_of_one_number(log):
    forms = log.select(pl.col("caller").str.slice(0, 2).alias("form"))["form"].value_counts()
    found = dict(forms.iter_rows())
    assert set(found) == {"+3", "00"}
    assert 0.005 < found["00"] / log.height < 0.04


def test_hubs_reach_more_people_than_anyone(log, truth):
    """More than 400 contacts in a month for each planted hub, far fewer for anybody else."""
    month = log.filter(pl.col("started_at").str.starts_with("2025-03") & (pl.col("kind") != "data"))
    month = month.with_columns(pl.col("caller", "callee").str.replace("^00", "+")).drop_nulls("callee")
    both = (
        pl.concat([month.select(me="caller", other="callee"), month.select(me="callee", other="caller")])
        .group_by("me")
        .agg(pl.col("other").n_unique())
    )
    contacts = dict(both.iter_rows())
    assert all(contacts[hub] > 400 for hub in truth["hubs"])
    assert max(n for party, n in contacts.items() if party not in truth["hubs"]) < 200


def test_treatments_follow_their_propensities_and_effects():
    """Acceptance by arm agrees with the planted effects to four standard errors."""
    rng = np.random.default_rng(5)
    n = 60_000
    age, place = rng.integers(15, 80, n), rng.integers(0, 6, n)
    owned, lead = (rng.choice(list(handsets.MAKERS), n) for _ in range(2))
    uplift = campaigns.true_uplift(age, place, owned, lead)
    given, propensity, accepted = campaigns.treat(rng, uplift)
    assert np.isclose((given < 0).mean(), campaigns.CONTROL, atol=0.01)
    assert np.isclose((1 / propensity).mean(), len(campaigns.OFFERS) + 1, rtol=0.02)
    for arm in range(-1, len(campaigns.OFFERS)):
        rows = given == arm
        expected = campaigns.BASE + (uplift[rows, arm].mean() if arm >= 0 else 0)
        error = np.sqrt(expected * (1 - expected) / rows.sum())
        assert abs(accepted[rows].mean() - expected) < 4 * error
    assert uplift.min() > -campaigns.BASE


def test_no_spread_means_one_effect_for_all():
    rng = np.random.default_rng(6)
    shape = (rng.integers(15, 80, 500), rng.integers(0, 6, 500), rng.choice(list(handsets.MAKERS), 500))
    flat = campaigns.true_uplift(*shape, shape[2], spread=0.0)
    varied = campaigns.true_uplift(*shape, shape[2])
    assert np.ptp(flat, axis=0).max() < 1e-12
    assert np.allclose(flat.mean(axis=0), varied.mean(axis=0))


def test_changes_follow_the_influencer_only_where_there_is_pull():
    """People whose influencer changed in the last 30 days change more often with pull, equally often without."""

    def ratio(pull: float) -> float:
        rng = np.random.default_rng(8)
        people = populate(rng, 24_000)
        ties = befriend(rng, people)
        leads = np.r_[ties.influencer, np.full(people.persons - people.n, -1)]
        phones = handsets.carry(rng, people.community, leads, calls.DAYS, pull=pull)
        first = phones.change_day[: people.n, 0]
        moved = phones.change_day[np.maximum(ties.influencer, 0), 0]
        exposed = (moved >= 30) & (moved < 60)
        later = (first >= 60) & (first < 90)
        still = first >= 60
        return later[exposed & still].mean() / later[~exposed & still].mean()

    assert ratio(handsets.PULL) > 3
    assert 0.7 < ratio(0.0) < 1.3


def test_bookings_follow_contacts_by_their_pull_and_never_without_one(monkeypatch):
    """After the contact with the largest pull booked, people book sooner than after the one with the smallest."""

    def after(pull: float) -> tuple[float, float]:
        monkeypatch.setattr(acts, "PULL", pull)
        rng = np.random.default_rng(9)
        ties = befriend(rng, populate(rng, 3000))
        day, who, service = acts.spread(rng, ties, calls.DAYS)
        assert len({*zip(who.tolist(), service.tolist(), strict=True)}) == len(day) and (np.diff(day) >= 0).all()
        booked = {(w, s): d for d, w, s in zip(day.tolist(), who.tolist(), service.tolist(), strict=True)}
        ends = []
        for end in (np.argmax, np.argmin):
            hit = exposed = 0
            for customer in range(len(ties.influencer)):
                mine = slice(ties.indptr[customer], ties.indptr[customer + 1])
                if mine.start == mine.stop:
                    continue
                contact = int(ties.contact[mine][end(ties.pull[mine])])
                for kind in range(len(acts.SERVICES)):
                    if (led := booked.get((contact, kind))) is not None and led < calls.DAYS - acts.RECENT_DAYS:
                        own = booked.get((customer, kind), calls.DAYS)
                        exposed += own > led
                        hit += led < own <= led + acts.RECENT_DAYS
            ends.append(hit / exposed)
        return ends[0], ends[1]

    most, least = after(acts.PULL)
    assert most > 3 * least
    most, least = after(0.0)
    assert 0.6 < most / least < 1.6


def test_the_planted_influencer_is_nobodys_definition():
    """Of what the town draws: neither the strength of ties nor whom one calls tells the truth, chance tells less."""
    rng = np.random.default_rng(1)
    ties = befriend(rng, populate(rng, 2000))
    rate = {(a, b): r for a, b, r in zip(ties.a.tolist(), ties.b.tolist(), ties.rate_ab.tolist(), strict=True)}
    rate |= {(b, a): r for a, b, r in zip(ties.a.tolist(), ties.b.tolist(), ties.rate_ba.tolist(), strict=True)}
    found: dict[str, list[float]] = {"strength": [], "calls": [], "random": []}
    for i, lead in enumerate(ties.influencer.tolist()):
        others = ties.contact[ties.indptr[i] : ties.indptr[i + 1]].tolist()
        if lead >= 0:
            found["strength"].append(max(others, key=lambda j: rate[i, j] + rate[j, i]) == lead)
            found["calls"].append(max(others, key=lambda j: rate[i, j]) == lead)
            found["random"].append(1 / len(others))
            assert ties.pull[ties.indptr[i] : ties.indptr[i + 1]].sum() == pytest.approx(1.0)
    strength, called, drawn = (float(np.mean(values)) for values in found.values())
    assert 0.1 < drawn < 0.25 and 2 * drawn < strength < called < 0.85


def test_everybody_has_at_most_one_influencer_who_is_a_contact(small):
    rng = np.random.default_rng(1)
    people = populate(rng, 2000)
    ties = befriend(rng, people)
    pairs = set(zip(ties.a.tolist(), ties.b.tolist(), strict=True))
    for customer, lead in enumerate(ties.influencer.tolist()):
        assert lead < 0 or (min(customer, lead), max(customer, lead)) in pairs
    assert (ties.influencer >= 0).mean() > 0.98
    assert table(small / "truth", "influencers")["customer_id"].is_unique().all()


def test_same_arguments_same_bytes(small, tmp_path):
    town.write(tmp_path / "again", customers=300, seed=3, photos=12)
    assert digest(tmp_path / "again") == digest(small)
    town.write(tmp_path / "other", customers=300, seed=4, photos=0)
    assert digest(tmp_path / "other")["logs/calls.csv"] != digest(small)["logs/calls.csv"]


def digest(folder: Path) -> dict[str, str]:
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"customers": 3}, "customers"),
        ({"customers": 10**9}, "customers"),
        ({"seed": -1}, "seed"),
        ({"photos": 500}, "photo"),
    ],
)
def test_bad_arguments_are_refused(tmp_path, arguments, word):
    with pytest.raises(InputError, match=word):
        town.write(tmp_path / "town", **{"customers": 100, "seed": 1, "photos": 0, **arguments})
    assert not (tmp_path / "town").exists()


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(InputError, match="not empty"):
        town.write(tmp_path, customers=50, seed=1, photos=0)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


def test_nothing_happens_twice_in_one_second(monkeypatch):
    rng = np.random.default_rng(5)
    people = populate(rng, 40)
    ties = befriend(rng, people)
    leads = np.r_[ties.influencer, np.full(people.persons - people.n, -1)]
    phones = handsets.carry(rng, people.community, leads, calls.DAYS)
    busy = replace(ties, rate_ab=ties.rate_ab * 400, rate_ba=ties.rate_ba * 400)
    events = calls.happen(rng, people, busy, phones)
    same = ["kind", "caller", "callee", "second", "duration_s"]  # the key of table events
    assert events.height > 100_000
    assert not events.select(pl.struct(same).is_duplicated().any()).item()

"""In a workspace: from an experiment to a policy, a delivery that explores, what comes back, and the next policy."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

import engine
from cli.main import app
from engine import config_file
from engine.errors import InputError, ModelError
from engine.experiment import register
from engine.export import export
from engine.faces.decide import decide
from engine.pipeline import choices, prepared
from engine.policy import explore, stored
from engine.policy.model import SINGLE, FacePolicy
from engine.trust import keys
from engine.usecases import erase, experiment_design, experiment_events, face_policy, imports, learning, next_steps
from tests.policy import persuaded, street
from tests.policy.persuaded import ARMS, STRONG, Town
from tests.policy.street import DAY, HORIZON

CUSTOMERS = 800
SENT = datetime(2025, 4, 2)
OVER = SENT + timedelta(days=HORIZON + 1)


def town() -> Town:
    """Few customers, of whom strong ties are much persuaded by the influencer's face and others by their own."""
    drawn = persuaded.town("none", CUSTOMERS, 3)
    chance, strong = drawn.chance.copy(), drawn.features["tie_share"].to_numpy() >= STRONG
    chance[:, 2] += 0.4 * ~strong
    chance[:, 3] += 0.4 * strong
    return replace(drawn, chance=chance)


@pytest.fixture(scope="module")
def of() -> Town:
    return town()


@pytest.fixture(scope="module")
def made(of, tmp_path_factory) -> Path:
    """Three stages of a workspace: with a finished experiment, with a policy, and after a delivery."""
    folder = tmp_path_factory.mktemp("street")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KINDRED_KEYS", str(folder / "keys"))
        space = street.make(folder / "tried", of)
        experiment_design.design(space, "spring", arms=dict.fromkeys(ARMS, 0.25), horizon_days=HORIZON)
        experiment_design.assign(space, "spring")
        with space.warehouse(read_only=True) as store:
            drawn = store.read("assignments")
        for target, path in street.answers(of, drawn, folder, after=DAY, seed=1).items():
            experiment_events.import_events(space, "spring", target, path)
        shutil.copytree(folder / "tried", folder / "learned")
        face_policy.train(engine.open(folder / "learned"))
        shutil.copytree(folder / "learned", folder / "sent")
        space = on(folder / "sent", SENT)
        street.decided(space)
        export(space, "delivery", folder / "delivery", "csv")
    return folder


@pytest.fixture
def tried(made, tmp_path, monkeypatch):
    monkeypatch.setenv("KINDRED_KEYS", str(made / "keys"))
    shutil.copytree(made / "tried", tmp_path / "w")
    return engine.open(tmp_path / "w")


@pytest.fixture
def learned(made, tmp_path, monkeypatch):
    """The workspace with a policy of which nobody has seen anything."""
    monkeypatch.setenv("KINDRED_KEYS", str(made / "keys"))
    shutil.copytree(made / "learned", tmp_path / "w")
    return engine.open(tmp_path / "w")


@pytest.fixture
def sent(made, tmp_path, monkeypatch):
    """The workspace whose policy was delivered, when all of its days are over."""
    monkeypatch.setenv("KINDRED_KEYS", str(made / "keys"))
    shutil.copytree(made / "sent", tmp_path / "w")
    return on(tmp_path / "w", OVER)


def on(folder: Path, day: datetime):
    """The workspace as it is opened on a day."""
    config_file.set_value(folder / "kindred.toml", "run.today", f"{day:%Y-%m-%d}")
    return engine.open(folder)


def table(space, name: str) -> pl.DataFrame:
    with space.warehouse(read_only=True) as store:
        return store.read(name)


def kindred(space, *args: object):
    return CliRunner().invoke(app, [*map(str, args), "-w", str(space.path)])


def came_back(of: Town, space, folder: Path) -> dict[str, Path]:
    shown = table(space, "rounds").filter(pl.col("arm").is_not_null())
    return street.answers(of, shown, folder, after=SENT, seed=2)


def test_a_policy_is_learned_from_an_experiment_and_shown(tried, of):
    done = kindred(tried, "faces", "policy", "train", "-o", "json")
    assert done.exit_code == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["supported"] and said["moves"][0]["feature"] == "tie_share"
    truth = of.chance.mean(axis=0)
    lines = {(line["rule"], line["arm"]): line for line in said["values"]}
    for arm, value in zip(ARMS, truth, strict=True):
        assert abs(lines["everybody", arm]["value"] - value) <= 3 * lines["everybody", arm]["se"]
    assert sum(said["shares"].values()) == pytest.approx(1) and sum(said["shown"].values()) == CUSTOMERS
    printed = kindred(tried, "faces", "policy", "show")
    assert printed.stdout.startswith(f"Policy {said['policy_id']}, learned from spring (800 customers)")
    assert "own_face for all" in printed.stdout and "no_ad" in printed.stderr
    assert json.loads(kindred(tried, "faces", "policy", "show", said["policy_id"][:6], "-o", "json").stdout) == said
    assert "no policy 'zz'" in kindred(tried, "faces", "policy", "show", "zz").stderr


def test_the_same_experiment_gives_the_same_policy_and_its_number_grows(learned):
    first, again = face_policy.show(learned), face_policy.train(learned)
    assert first.policy_id == again.policy_id and (first.number, again.number) == (1, 2)
    assert first.report == again.report and table(learned, "policies").height == 1


def test_most_of_the_possible_gain_reaches_customers_and_a_tenth_is_drawn_by_chances_that_are_logged(sent, of):
    chosen = table(sent, "face_choices").join(of.features.with_row_index("row"), on="customer_id").sort("row")
    arm = chosen["arm"].replace_strict({a: i for i, a in enumerate(ARMS)}, return_dtype=pl.Int64).to_numpy()
    policy = (chosen["reason"] == "policy").to_numpy()
    single, oracle = of.chance.mean(axis=0).max(), of.chance.max(axis=1).mean()
    worth = of.chance[np.arange(len(arm)), arm]
    assert worth[policy].mean() - single >= 0.8 * (oracle - single)
    drawn = chosen.filter(~pl.Series(policy))
    assert abs(drawn.height / CUSTOMERS - 0.1) < 4 * (0.09 / CUSTOMERS) ** 0.5
    assert set(drawn["reason"]) == {"explored"} and set(drawn["arm"]) == set(ARMS)
    assert set(chosen["propensity"].round(12)) == {0.025, 0.925} and set(chosen["arms"]) == {4}
    assert set(chosen.filter(pl.Series(policy))["propensity"].round(12)) == {0.925}


def test_what_was_handed_out_is_noted_once_with_its_chance_and_what_was_known(sent, made, tmp_path):
    delivered = pl.read_csv(made / "delivery" / "delivery.csv")
    noted = table(sent, "rounds").filter(pl.col("arm").is_not_null())
    both = noted.join(delivered, on=["customer_id", "arm"], suffix="_told")
    assert both.height == noted.height == delivered.height == CUSTOMERS
    assert (both["propensity"] - both["propensity_told"]).abs().max() < 1e-12 and set(noted["at"]) == {SENT}
    export(sent, "delivery", tmp_path / "again", "csv")
    assert table(sent, "rounds").filter(pl.col("arm").is_not_null()).equals(noted)


def test_who_is_held_out_of_deliveries_is_in_no_round(learned, tmp_path):
    config_file.set_value(learned.path / "kindred.toml", "sending.holdout", "0.5")
    space = on(learned.path, SENT)
    street.decided(space)
    export(space, "delivery", tmp_path / "half", "csv")
    noted = table(space, "rounds").filter(pl.col("arm").is_not_null())
    assert set(noted["customer_id"]) == set(pl.read_csv(tmp_path / "half" / "delivery.csv")["customer_id"])
    assert 0.35 < noted.height / CUSTOMERS < 0.65


def test_without_a_policy_and_with_one_that_is_not_used_faces_are_decided_as_before(tried, made):
    space = on(tried.path, SENT)
    before = street.decided(space)
    with space.warehouse(read_only=True) as store:
        context = prepared(space, store)
        people = store.query("faces/deciding", unknown_is_adult=False, unknown_offers=False)
        plain = decide(people, store.query("faces/open_arms", unknown_offers=False),
                       register.running(store, context.today), order=space.config.faces.order.split(","))  # fmt: skip
    assert before.equals(plain) and before["arms"].null_count() == before.height
    shutil.copytree(made / "learned", tried.path.parent / "other")
    space = on(tried.path.parent / "other", SENT)
    assert not street.decided(space).equals(before)
    config_file.set_value(space.path / "kindred.toml", "faces.use_policy", "false")
    assert street.decided(engine.open(space.path)).equals(before)


def test_whoever_takes_part_in_an_experiment_is_shown_its_arm_and_not_the_policys(learned):
    drawn = dict(table(learned, "assignments").select("customer_id", "arm").iter_rows())
    chosen = street.decided(learned)  # on the day of assignment: it still runs
    assert set(chosen["reason"]) == {"assigned"} and dict(chosen.select("customer_id", "arm").iter_rows()) == drawn
    assert chosen["policy_id"].null_count() == chosen.height


def test_what_came_back_is_noted_as_treatments_and_the_next_policy_learns_from_both(sent, of, tmp_path):
    files = came_back(of, sent, tmp_path)
    before = table(sent, "treatments")
    done = kindred(sent, "learn", "--exposures", files["exposures"], "--outcomes", files["outcomes"], "-o", "json")
    assert done.exit_code == 0, done.stderr
    said = json.loads(done.stdout)
    bought = pl.read_csv(files["outcomes"]).filter(pl.col("value") > 0).height
    assert (said["customers"], said["accepted"], said["treatments"]) == (CUSTOMERS, bought, CUSTOMERS)
    came = table(sent, "treatments").filter(pl.col("face_arm").is_not_null())
    noted = table(sent, "rounds").filter(pl.col("arm").is_not_null())
    assert (
        came.join(noted, on="customer_id")
        .select(same=(pl.col("face_arm") == pl.col("arm")) & (pl.col("face_propensity") == pl.col("propensity_right")))[
            "same"
        ]
        .all()
    )
    assert came["accepted"].sum() == bought and came["propensity"].null_count() == CUSTOMERS
    with sent.warehouse(read_only=True) as store:  # whom an offer persuades, chosen offers do not tell
        store.temp("handset_days", "offers/handset_days")
        past = choices.read_past(prepared(sent, store), store.read("offers")).rows
    assert past.height == before.height and set(past["campaign_id"]) == set(before["campaign_id"])
    found = face_policy.train(sent)
    assert [part["name"] for part in found.report["rounds"]] == [said["round"], "spring"]
    assert found.report["supported"] and found.number == 2
    again = learning.learn(sent, said["round"])
    assert again.treatments == 0
    imports.undo(sent, [said["source"]])
    assert table(sent, "treatments").equals(before)


def test_what_an_experiment_said_is_noted_too(sent):
    done = learning.learn(sent, "spring")
    came = table(sent, "treatments").filter(pl.col("campaign_id") == "spring")
    assert done.customers == came.height == CUSTOMERS and set(came["face_propensity"]) == {0.25}


@pytest.mark.parametrize(
    ("target", "row", "said"),
    [
        ("exposures", {"arm": "no_ad"}, "an arm that"),
        ("exposures", {"at": "2025-04-01 10:00:00"}, "before the ad was shown"),
        ("outcomes", {"at": "2025-04-02 10:00:00"}, "before the ad was shown"),  # the ad was seen a day later
        ("outcomes", {"customer_id": "0123456789abcdef" * 2}, "another key"),
    ],
)
def test_a_file_that_cannot_be_is_refused_by_one_line_and_nothing_is_noted(sent, of, tmp_path, target, row, said):
    files = came_back(of, sent, tmp_path)
    wrong = pl.read_csv(files[target]).head(3)
    changed = {name: pl.lit(value) for name, value in row.items()}
    if "customer_id" not in row:  # one row among good ones
        wrong = pl.concat([wrong[:2], wrong[2:].with_columns(**changed)])
    else:
        wrong = wrong.with_columns(**changed)
    wrong.write_csv(tmp_path / "wrong.csv")
    before = table(sent, "treatments")
    seen = ["--exposures", files["exposures"]] if target == "outcomes" else []
    done = kindred(sent, "learn", *seen, f"--{target}", tmp_path / "wrong.csv")
    assert done.exit_code == 1 and said in done.stderr and "wrong.csv" in done.stderr, done.stderr
    line = next(text for text in done.stderr.splitlines() if text.startswith("kindred: "))
    assert ("row 1" if "customer_id" in row else "row 3") in line
    assert (
        table(sent, "treatments").equals(before)
        and not table(sent, target).filter(pl.col("experiment_id") != "spring").height
    )


def test_a_row_of_somebody_who_was_not_drawn_is_refused(sent, of, tmp_path):
    files = came_back(of, sent, tmp_path)
    someone = pl.read_csv(files["exposures"])["customer_id"][4]
    with sent.writing("test") as store:
        drawn = pl.when((pl.col("customer_id") == someone) & (pl.col("round") != "spring")).then(None)
        store.write("rounds", store.read("rounds").with_columns(drawn.otherwise("propensity").alias("propensity")))
    done = kindred(sent, "learn", "--exposures", files["exposures"])
    assert done.exit_code == 1 and "row 5" in done.stderr and "drew no face" in done.stderr


def test_rounds_that_cannot_be_learned_from_are_refused(sent, of, tmp_path):
    with pytest.raises(InputError, match="no experiment and no delivered policy"):
        learning.learn(sent, "nobody")
    early = on(sent.path, SENT + timedelta(days=HORIZON - 2))
    with pytest.raises(InputError, match="not finished: its days are over on 2025-05-02"):
        learning.learn(early)
    with pytest.raises(InputError, match=r"no outcome of .* came back"):
        learning.learn(on(sent.path, OVER))
    with sent.writing("test") as store:
        store.write("faces", store.read("faces").with_columns(model_id=pl.lit("other/inventory-1")))
    files = came_back(of, sent, tmp_path)
    with pytest.raises(InputError, match="another model of faces"):
        learning.learn(sent, None, files)
    with pytest.raises(InputError, match=r"spring.*another model of faces"):
        face_policy.train(sent)
    with pytest.raises(ModelError, match=r"another model of faces.*use_policy"):
        street.decided(sent)


def test_nothing_is_learned_where_nothing_was_drawn(learned, tmp_path):
    config_file.set_value(learned.path / "kindred.toml", "faces.explore", "0.0")
    space = on(learned.path, SENT)
    chosen = street.decided(space)
    assert set(chosen["reason"]) == {"policy"} and chosen["propensity"].null_count() == chosen.height
    export(space, "delivery", tmp_path / "out", "csv")
    with pytest.raises(InputError, match=r"no face that .* was drawn at random"):
        learning.learn(on(space.path, OVER))


def test_experiments_that_cannot_be_learned_from_are_said(tried):
    experiment_design.design(on(tried.path, OVER), "late", arms={"own_face": 0.5, "no_face": 0.5})
    late = on(tried.path, OVER)
    with pytest.raises(InputError, match="nobody is assigned in 'late'"):
        face_policy.train(late, experiments=["late"])
    assert face_policy.train(late).report["left_out"] == {"late": "nobody is assigned in 'late'"}
    experiment_design.assign(late, "late")
    with pytest.raises(InputError, match="'late' is not finished"):
        face_policy.train(late, experiments=["late"])
    with pytest.raises(InputError, match="no arm 'hologram'"):
        face_policy.train(late, costs={"hologram": 1.0})
    with pytest.raises(InputError, match="no experiment 'autumn'"):
        face_policy.train(late, experiments=["autumn"])


def test_nobody_who_is_forgotten_is_in_a_round_or_in_what_was_learned(sent, of, tmp_path):
    learning.learn(sent, None, came_back(of, sent, tmp_path))
    one, other = "c000100", "c000200"
    erase.erase(sent, [one])
    (tmp_path / "out.csv").write_text(f"customer_id,since\n{other},2024-01-01\n")
    engine.import_table(sent, "optouts", tmp_path / "out.csv")
    space = engine.open(sent.path)
    gone = pl.col("customer_id").is_in([one, other]) | pl.col("subject_id").is_in([one, other])
    assert table(sent, "rounds").filter(gone).height == 0
    for name in ("treatments", "exposures", "outcomes", "readings"):
        assert table(space, name).filter(pl.col("customer_id").is_in([one, other])).height == 0
    text = table(space, "policies").write_json()
    assert one not in text and other not in text
    erase.purge(space, SENT.date(), everything=True)
    assert set(table(space, "rounds")["at"]) == {SENT}


def test_a_policy_that_shows_nothing_keeps_who_was_shown_nothing_in_its_round(tried, tmp_path):
    """Of arms that may be none, the chance of nothing is logged as well, and nobody is lost from the comparison."""
    about = {"metric": "conversion", "kind": "any", "direction": "higher", "horizon_days": "30",
             "faces_model": street.FACES_MODEL}  # fmt: skip
    space = on(tried.path, SENT)
    with space.writing("test") as store, store.transaction():
        stored.write(store, FacePolicy(SINGLE, ("no_ad", "own_face"), (0.2, 0.1), "no_ad", about=about), {})
    chosen = street.decided(space)
    assert chosen.filter(pl.col("arm") == "no_ad")["propensity"].round(12).unique().to_list() == [0.95]
    export(space, "delivery", tmp_path / "out", "csv")
    noted = table(space, "rounds").filter(pl.col("round") != "spring")
    assert dict(noted["arm"].value_counts().iter_rows()) == dict(chosen["arm"].value_counts().iter_rows())
    assert pl.read_csv(tmp_path / "out" / "delivery.csv").height == chosen.filter(pl.col("arm") == "own_face").height


def test_who_explores_hangs_on_the_key(learned):
    """Without it nobody can tell beforehand who is drawn."""
    space = on(learned.path, SENT)
    first, again = street.decided(space), street.decided(space)
    assert first.equals(again)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keys, "derived", lambda key, purpose: b"another" * 4)
        assert not street.decided(space).equals(first)


def test_arms_that_cannot_be_shown_are_not_drawn_and_their_chance_goes_to_the_others():
    policy = FacePolicy(SINGLE, ("a", "b", "c"), (1.0, 2.0, 3.0), "c")
    known = pl.DataFrame({"customer_id": ["x", "y", "z"]})
    can = pl.DataFrame({"customer_id": ["x", "x", "x", "y", "y", "q"], "arm": ["a", "b", "c", "a", "b", "a"]})
    bits = pl.Series([2**53 - 1] * 3)
    found = explore.choices(policy, known, can, 0.3, bits, bits)
    assert found.select("customer_id", "arm", "reason", "arms").rows() == [
        ("x", "c", "policy", 3), ("y", "b", "policy", 2),
    ]  # fmt: skip
    assert found["propensity"].to_list() == pytest.approx([0.8, 0.85])
    drawn = explore.choices(policy, known, can, 0.3, bits * 0, bits * 0)
    assert drawn["arm"].to_list() == ["a", "a"] and drawn["propensity"].to_list() == pytest.approx([0.1, 0.15])


def test_what_was_drawn_and_not_learned_from_comes_next(sent, made):
    tried = engine.open(made / "tried")
    for space, wanted in ((tried, "faces policy train"), (sent, "learn --exposures FILE --outcomes FILE")):
        said = [step.command for step in next_steps.steps(space)]
        assert f"kindred {wanted}" in said and len([text for text in said if "policy" in text or "learn" in text]) == 1


def test_a_stored_policy_that_was_changed_is_refused(learned):
    found = face_policy.show(learned)
    with pytest.raises(ModelError, match="it is not what was stored"):
        found._replace(policy_id="0" * 16).policy()
    with pytest.raises(ModelError, match="not a policy of faces"):
        found._replace(model="QUJD").policy()

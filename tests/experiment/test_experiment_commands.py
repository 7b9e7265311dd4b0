"""The commands from plan to decision on a small town with planted effects, and all that can be wrong with them."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import xlsxwriter
from typer.testing import CliRunner

import engine
from cli.main import app
from engine.export import export
from engine.usecases import erase, experiment_design

DAY = datetime(2025, 3, 1)
PEOPLE, BLOCK = 1200, 8
FACES = ("own_face", "influencer_face", "random_face")
TWO = ("--arm", "own_face=0.5", "--arm", "influencer_face=0.5")


def fill(folder: Path) -> None:
    """A workspace of 1,200 customers in rings of eight, some of whom fall out at every gate."""
    space = engine.create(folder, run__today="2025-03-01", ids__pseudonymise="none")
    ids = [f"p{i:04d}" for i in range(PEOPLE)]
    prior = np.random.default_rng(3).normal(10, 2, PEOPLE)
    first = np.arange(PEOPLE)
    second = first // BLOCK * BLOCK + (first + 1) % BLOCK
    bridges = first[::BLOCK][:-1]
    a = np.r_[np.minimum(first, second), bridges]
    b = np.r_[np.maximum(first, second), bridges + BLOCK]
    rows = []
    for i, person in enumerate(ids):
        for arm in FACES:
            subject = None if arm == "random_face" else person if arm == "own_face" else ids[second[i]]
            status = "no_photo" if arm == "own_face" and i % 40 == 3 else "matched"
            rows.append((person, arm, subject, "m", 0.4, (i % 100) / 100, None, status))
    names = ("customer_id", "arm", "subject_id", "photo_id", "similarity", "percentile", "flag", "status")
    purposes = ("own_face", "likeness_for_contacts", "offers")
    with space.writing("test") as store:
        store.write("parties", pl.DataFrame({"node": first, "party_id": ids, "is_customer": True, "opted_out": False}))
        store.write(
            "customers",
            pl.DataFrame(
                {"customer_id": ids, "age": 20 + first % 50, "residence": ["east", "west"] * (PEOPLE // 2)}
            ).with_columns(prior=prior),
        )
        store.write(
            "choices",
            pl.DataFrame({"customer_id": ids, "offer_id": "o", "expected_value": 1.0, "reason": ""}).with_columns(
                offer_id=pl.when(pl.int_range(pl.len()) % 50 != 7).then(pl.col("offer_id"))
            ),
        )
        store.write("matches", pl.DataFrame(rows, schema=names, orient="row"))
        store.write("optouts", pl.DataFrame({"customer_id": ids[:10], "since": DAY}))
        store.write("consents", pl.DataFrame([
            {"customer_id": person, "purpose": purpose, "granted_at": DAY - timedelta(days=9), "expires_at": None,
             "withdrawn_at": DAY - timedelta(days=1) if purpose == "own_face" and i % 60 == 11 else None}
            for i, person in enumerate(ids) for purpose in purposes
        ], schema_overrides={"expires_at": pl.Datetime("us"), "withdrawn_at": pl.Datetime("us")}))  # fmt: skip
        store.write("ties", pl.DataFrame({"a": a, "b": b, "weight": np.r_[np.full(PEOPLE, 5.0),
                                          np.full(len(bridges), 0.5)], "reciprocity": 1.0, "overlap": 0.1,
                                          "active_days": 9, "gated_because": None}).unique(["a", "b"]))  # fmt: skip


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("town") / "w"
        patch.setenv("KINDRED_KEYS", str(folder.parent / "keys"))
        fill(folder)
    return folder


@pytest.fixture
def kindred(tmp_path, filled, monkeypatch):
    """`kindred experiment ARGS…` on a copy of the town; data as JSON on request."""
    import shutil

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KINDRED_KEYS", str(filled.parent / "keys"))
    shutil.copytree(filled, tmp_path / "w")

    def call(*args: object, ok: bool = True):
        done = CliRunner().invoke(app, ["experiment", *(str(a) for a in args), "-w", "w", "-o", "json"])
        if ok:
            assert done.exit_code == 0, done.stderr
            return json.loads(done.stdout)
        assert done.exit_code == 1 and done.stdout == "" and "Traceback" not in done.stderr, done.output
        assert done.stderr.startswith("kindred: ") and len(done.stderr.strip().splitlines()) == 1
        return done.stderr

    return call


def assigned() -> pl.DataFrame:
    with engine.open(Path("w")).warehouse(read_only=True) as store:
        return store.read("assignments")


def outcomes(effect: float = 0.3, *, people: pl.DataFrame | None = None, file: str = "out.csv") -> Path:
    """Yes/no outcomes two days after assignment: 20 % plus the effect in own_face."""
    people = assigned() if people is None else people
    rate = 0.2 + effect * (people["arm"] == "own_face").to_numpy()
    yes = people.filter(pl.Series(np.random.default_rng(5).random(people.height) < rate))
    yes.select("customer_id", at=pl.lit("2025-03-03 12:00:00"), value=1).write_csv(file)
    return Path(file)


def test_the_whole_way_from_plan_to_decision(kindred):
    plan = kindred("design", "spring", *TWO, "--horizon", 14)
    assert plan["version"] == 1 and plan["arms"] == {"own_face": 0.5, "influencer_face": 0.5}
    power = kindred("power", "spring", "--covariate", "prior", "--plot", "p.svg")
    assert {r["unit"] for r in power} == {"customer", "cluster"} and "<svg" in Path("p.svg").read_text()
    assert "var(--" not in Path("p.svg").read_text()
    done = kindred("assign", "spring")
    people = assigned()
    assert done["added"] == people.height == sum(done["arms"].values())
    assert all(
        (int.from_bytes(hashlib.sha256(f"spring:1:{c}".encode()).digest()[:8]) < 2**63) == (arm == "own_face")
        for c, arm in people.select("customer_id", "arm").iter_rows()
    )
    people.select("customer_id", seen="assigned_at", arm="arm").write_csv(
        "seen.csv", datetime_format="%Y-%m-%d %H:%M:%S"
    )
    assert kindred("import", "exposures", "spring", "seen.csv", "--column", "at=seen")["rows_kept"] == people.height
    file = outcomes()
    assert kindred("import", "outcomes", "spring", file)["rows_rejected"] == 0
    again = kindred("import", "outcomes", "spring", file)
    assert again["rows_kept"] == 0 and again["rows_duplicate"] == again["rows_in"]
    found = kindred(
        "analyse", "spring", "--sequential", "--interference", "--covariate", "prior", "--by", "residence", "--by",
        "similarity", "--plot", "e.svg",
    )  # fmt: skip
    effect = found["effects"][0]
    assert (effect["arm"], effect["versus"]) == ("influencer_face", "own_face")
    assert effect["low"] < -0.3 < effect["high"]
    assert effect["always_valid_low"] < effect["low"] and effect["high"] < effect["always_valid_high"]
    assert found["decisions"][0].startswith("worse, -")
    assert ": influencer_face against own_face on conversion; " in found["decisions"][0]
    assert found["exposed"] == {"influencer_face": 1.0, "own_face": 1.0} and not found["sample_ratio"]["alarm"]
    assert [s["by"] for s in found["segments"]] == ["residence", "similarity"]
    assert {e["effect"] for e in found["spillover"][0]["estimates"]} == {"direct", "spillover", "total"}
    days = [line["day"] for line in found["over_time"]]
    assert days == sorted(set(days)) and (days[0], days[-1], len(days)) == (1, 14, 12)
    assert "<svg" in Path("e.svg").read_text()


def test_events_come_from_a_sheet_and_in_an_encoding(kindred):
    kindred("design", "spring", *TWO)
    kindred("assign", "spring")
    rows = assigned().select("customer_id", at=pl.lit("2025-03-03 12:00:00"), value=pl.lit(1)).head(9)
    with xlsxwriter.Workbook("both.xlsx") as book:
        book.add_worksheet("notes").write_row(0, 0, ["nothing", "here"])
        rows.write_excel(book, "sold")
    assert "sheet" in kindred("import", "outcomes", "spring", "both.xlsx", ok=False)
    assert kindred("import", "outcomes", "spring", "both.xlsx", "--sheet", "sold")["rows_kept"] == 9
    named = rows.rename({"at": "geöffnet"}).drop("value").write_csv()
    Path("seen.csv").write_bytes(named.encode("cp850"))
    said = ("seen.csv", "--column", "at=geöffnet", "--encoding")
    assert "geöffnet" in kindred("import", "exposures", "spring", *said, "cp1252", ok=False)
    assert kindred("import", "exposures", "spring", *said, "cp850")["rows_kept"] == 9


def test_the_funnel_counts_who_falls_out_where(kindred):
    kindred("design", "f", *TWO)
    funnel = kindred("assign", "f")["funnel"]
    everybody = np.arange(10, PEOPLE)  # the first ten opted out: nothing is known of them
    gates = (
        ("customers", everybody >= 0, {}),
        ("is an adult", everybody >= 0, "minor"),
        ("has an offer", everybody % 50 != 7, "no_offer"),
        ("takes offers", everybody >= 0, "no_consent"),
        ("in no other experiment", everybody >= 0, ""),
        ("own_face matched", (everybody % 40 != 3) & (everybody % 60 != 11), "no_photo"),
        ("own_face consented", everybody >= 0, "no_consent"),
        ("influencer_face matched", everybody < PEOPLE - 1, "not_looked_for"),  # after the first, who opted out
        ("influencer_face consented", everybody >= 0, "no_consent"),
    )
    inside = everybody >= 0
    for line, (gate, passes, reason) in zip(funnel, gates, strict=True):
        lost = int((inside & ~passes).sum())
        inside = inside & passes
        assert (line["gate"], line["left"], line["lost"]) == (gate, inside.sum(), lost)
        assert sum(line["reasons"].values()) == lost and (not lost or reason in line["reasons"])
    assert assigned().height == inside.sum()


def test_newcomers_join_and_nobody_moves(kindred):
    kindred("design", "n", *TWO, "--unit", "cluster", "--cluster-cap", 40)
    first = kindred("assign", "n")
    assert sum(line["chosen"] for line in first["clusters"]) == 1
    before = assigned()
    with engine.open(Path("w")).writing("test") as store:
        for table in ("customers", "choices", "matches", "consents"):
            like = store.read(table).filter(pl.col("customer_id") == before["customer_id"][0])
            store.append(table, pl.concat([like.with_columns(customer_id=pl.lit(f"new{n}")) for n in range(8)]))
    second = kindred("assign", "n")
    assert (second["kept"], second["added"]) == (before.height, 8)
    after = assigned()
    assert after.join(before, on=after.columns, how="semi").height == before.height
    assert after.group_by("cluster_id").agg(pl.col("arm").n_unique())["arm"].max() == 1


def test_another_plan_is_another_version_and_is_refused_once_begun(kindred):
    kindred("design", "v", *TWO)
    kindred("assign", "v")
    old = assigned()
    assert kindred("design", "v", "--horizon", 10)["version"] == 2
    assert kindred("design", "v", "--horizon", 10)["version"] == 2
    kindred("import", "outcomes", "v", outcomes())
    assert list(kindred("analyse", "v")["plans"]) == ["1", "2"]
    assert "has begun" in kindred("design", "v", "--unit", "cluster", ok=False)
    assert assigned().equals(old)
    assert "the plan has no metric" in kindred("import", "outcomes", "v", "out.csv", "--metric", "spend", ok=False)


def test_redrawing_before_the_start_needs_assigning_again(kindred):
    kindred("design", "r", *TWO)
    kindred("assign", "r")
    old = assigned()
    kindred("design", "r", "--salt", "other")
    assert "not those of the plan" in kindred("analyse", "r", ok=False)
    assert kindred("assign", "r")["kept"] == 0
    assert not assigned().equals(old) and assigned()["customer_id"].equals(old["customer_id"])


def test_guardrails_are_judged_in_their_own_direction(kindred):
    kindred("design", "g", *TWO, "--guardrail", "complaint:lower")
    kindred("assign", "g")
    file = outcomes(0.0)
    kindred("import", "outcomes", "g", file)
    kindred("import", "outcomes", "g", outcomes(0.4, file="bad.csv"), "--metric", "complaint")
    (line,) = kindred("analyse", "g")["guardrails"]
    assert line["verdict"] == "better" and "influencer_face against own_face on complaint" in line["decision"]


def test_simulation_on_the_own_graph(kindred):
    kindred("design", "s", *TWO, "--unit", "cluster", "--cluster-cap", 40)
    rows = kindred("simulate", "s", "--draws", 40, "--direct", 0.1, "--spillover", 0.1)
    customer, cluster = ({r["estimator"]: r for r in rows if r["unit"] == u} for u in ("customer", "cluster"))
    assert customer["difference"]["mean"] < cluster["difference"]["mean"]
    assert abs(cluster["exposure regression"]["bias"]) < abs(customer["difference"]["bias"])


def test_only_the_eligible_take_part_and_strata_are_even(kindred):
    old = kindred("design", "e", *TWO, "--eligible", "residence=east")
    assert old["eligible"] == ["residence=east"]
    funnel = {line["gate"]: line for line in kindred("assign", "e")["funnel"]}
    assert list(funnel["residence is east"]["reasons"]) == ["planned_out"]
    kindred("design", "b", *TWO, "--balance", "age_band", "--balance", "influence", "--eligible", "residence=west")
    done = kindred("assign", "b")
    drawn = done["drawn"]
    assert done["version"] == 2 and drawn["salt"].startswith("b:1/") and drawn["imbalance"] < 0.5 * drawn["usual"]
    people = assigned().filter(pl.col("experiment_id") == "b")
    assert all(int(c[1:]) % 2 for c in people["customer_id"]) and set(people["version"]) == {2}
    age = pl.col("customer_id").str.slice(1).cast(pl.Int64) % 50 + 20
    bands = people.select("arm", band=(age >= 30).cast(int) + (age >= 45) + (age >= 60))
    sizes = bands.group_by("band", "arm").len().pivot("arm", index="band", values="len")
    gap = (sizes["own_face"].cast(pl.Int64) - sizes["influencer_face"].cast(pl.Int64)).abs()
    assert (gap <= 0.12 * (sizes["own_face"] + sizes["influencer_face"])).all()
    assert kindred("assign", "b")["drawn"] is None and kindred("design", "b")["version"] == 2
    assert (
        "no column 'shoe'"
        in (kindred("design", "c", *TWO, "--eligible", "shoe=9"), kindred("assign", "c", ok=False))[1]
    )


def test_power_against_days_falls_relative_to_what_has_come_in(kindred):
    kindred("design", "p", *TWO, "--horizon", 30)
    rows = kindred("power", "p", "--base", 0.1, "--against", "days", "--plot", "p.svg")
    days = [r["days"] for r in rows if r["unit"] == "customer"]
    assert days[0] == 1 and days[-1] == 30 and len(days) == 12
    relative = [r["relative"] for r in rows if r["unit"] == "customer"]
    assert relative == sorted(relative, reverse=True)
    assert all(r["relative"] == pytest.approx(r["effect"] / r["base"]) for r in rows)
    assert [rows[0]["base"], rows[-1]["base"]] == pytest.approx([1 - 0.9 ** (1 / 30), 0.1])
    (last,) = [
        r
        for r in kindred("power", "p", "--base", 0.1)
        if r["unit"] == "customer" and r["customers"] == rows[0]["customers"]
    ]
    assert last["effect"] == pytest.approx([r for r in rows if r["unit"] == "customer"][-1]["effect"])
    by_cluster = [r["effect"] for r in rows if r["unit"] == "cluster"]
    assert all(c > r["effect"] for c, r in zip(by_cluster, [r for r in rows if r["unit"] == "customer"], strict=True))
    text = Path("p.svg").read_text()
    assert "days" in text and "by cluster" in text and f"{100 * relative[-1]:.1f} %" in text
    assert "between 0 and 1" in kindred("power", "p", "--base", 0.1, "--correlation", 2, ok=False)
    assert "customers or days" in kindred("power", "p", "--base", 0.1, "--against", "weeks", ok=False)


def test_a_ratio_of_two_outcomes(kindred):
    kindred("design", "r", *TWO, "--kind", "ratio", "--metric", "revenue/orders", "--guardrail", "orders:lower")
    kindred("assign", "r")
    people, rng = assigned(), np.random.default_rng(4)
    orders = rng.integers(1, 6, people.height)
    price = np.where(people["arm"] == "own_face", 12.0, 10.0) + rng.normal(0, 1, people.height)
    for name, value in (("orders", orders), ("revenue", orders * price)):
        people.select("customer_id", at=pl.lit("2025-03-03"), value=pl.Series(value)).write_csv(f"{name}.csv")
        kindred("import", "outcomes", "r", f"{name}.csv", "--metric", name)
    found = kindred("analyse", "r", "--interference", "--by", "residence")
    effect = found["effects"][0]
    assert effect["difference"] == pytest.approx(-2, abs=0.3) and "delta" in effect["method"]
    own = people["arm"] == "own_face"
    means = [(orders * price)[rows].sum() / orders[rows].sum() for rows in (~own.to_numpy(), own.to_numpy())]
    assert effect["difference"] == pytest.approx(means[0] - means[1])
    assert found["decisions"][0].startswith("worse") and found["guardrails"][0]["metric"] == "orders"
    assert abs(found["spillover"][0]["estimates"][0]["value"] + 2) < 0.4
    assert "the plan has no metric" in kindred("import", "outcomes", "r", "orders.csv", ok=False)


def test_ads_of_two_arms_are_counted(kindred):
    kindred("design", "t", *TWO)
    kindred("assign", "t")
    kindred("import", "outcomes", "t", outcomes())
    one = assigned()["customer_id"][0]
    Path("seen.csv").write_text(f"customer_id,at,arm\n{one},2025-03-02,own_face\n{one},2025-03-02,influencer_face\n")
    kindred("import", "exposures", "t", "seen.csv")
    odd = kindred("analyse", "t")["odd_rows"]
    assert odd["two_arms"] == 1 and odd["other_arm"] == 1


# ---- what can be wrong ------------------------------------------------------------------------------


def broken(kindred, name: str) -> str:
    lines = kindred("analyse", name, "--over-time", "--interference")["decisions"]
    assert lines and all(line.startswith("broken: ") for line in lines)
    return lines[0]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--arm", "own_face=0.5", "--arm", "influencer_face=0.6"), "add up to 1.1"),
        (("--arm", "own_face=1"), "two arms or more"),
        (("--arm", "own_face=x", "--arm", "no_ad=0.5"), "not NAME=NUMBER"),
        (("--arm", "own_face", "--arm", "no_ad=0.5"), "NAME=NUMBER"),
        (("--arm", "own_face=0.5", "--arm", "poster=0.5"), "no arm poster"),
        (("--unit", "village"), "customer or cluster"),
        (("--alpha", 2), "alpha is 2"),
    ],
)
def test_plans_that_make_no_sense_are_refused(kindred, options, words):
    assert words in kindred("design", "b", *options, ok=False)
    assert "no experiment 'b'" in kindred("assign", "b", ok=False)


def test_files_that_are_not_this_experiment_s_are_refused(kindred):
    kindred("design", "b", *TWO)
    kindred("assign", "b")
    Path("other.csv").write_text("customer_id,at,value\nzz,2025-03-02,1\n")
    Path("named.csv").write_text("experiment_id,customer_id,at,value\nother,p0100,2025-03-02,1\n")
    Path("short.csv").write_text("customer_id,value\np0100,1\n")
    Path("empty.csv").write_text("")
    for file, words in (
        ("other.csv", "not one row belongs"), ("named.csv", "another experiment"), ("short.csv", "lack at"),
        ("empty.csv", "empty"), ("gone.csv", "no such file"),
    ):  # fmt: skip
        assert words in kindred("import", "outcomes", "b", file, ok=False)
    assert "no column 'when'" in kindred("import", "outcomes", "b", "short.csv", "--column", "at=when", ok=False)
    assert "no outcome was imported" in broken(kindred, "b")


def test_rows_that_cannot_be_used_are_counted(kindred):
    kindred("design", "b", *TWO)
    kindred("assign", "b")
    Path("o.csv").write_text(
        "customer_id,at,value\np0100,2025-03-02,1\np0100,2025-03-02,1\nzz,2025-03-02,1\np0101,soon,1\n"
    )
    done = kindred("import", "outcomes", "b", "o.csv")
    assert (done["rows_in"], done["rows_kept"], done["rows_duplicate"], done["rows_rejected"]) == (4, 1, 1, 2)
    assert done["details"] == {"rejected_at_not_a_time": 1, "rejected_customer_id_not_in_experiment": 1}


def test_a_number_in_place_of_an_arm_or_a_value_is_not_kept(kindred):
    kindred("design", "b", *TWO)
    kindred("assign", "b")
    Path("e.csv").write_text("customer_id,at,arm\np0100,2025-03-02,own_face\np0101,2025-03-02,+36301234567\n")
    Path("o.csv").write_text("customer_id,at,value\np0100,2025-03-02,1\np0101,2025-03-02,36301234567\n")
    assert kindred("import", "exposures", "b", "e.csv")["rows_rejected"] == 1
    assert kindred("import", "outcomes", "b", "o.csv")["details"] == {"no_finite_value": 1}
    with engine.open(Path("w")).warehouse(read_only=True) as store:
        assert store.read("exposures")["arm"].to_list() == ["own_face"]
        assert store.read("outcomes")["value"].to_list() == [1.0, None]


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "", "many"])
def test_values_that_are_no_finite_numbers_break_the_decision(kindred, value):
    kindred("design", "b", *TWO)
    kindred("assign", "b")
    file = outcomes()
    with file.open("a") as open_file:
        open_file.write(f"{assigned()['customer_id'][0]},2025-03-04,{value}\n")
    assert kindred("import", "outcomes", "b", file)["details"]["no_finite_value"] == 1
    assert "missing or not finite" in broken(kindred, "b")


def test_outcomes_of_nobody_break_the_decision(kindred):
    kindred("design", "b", *TWO)
    kindred("assign", "b")
    assigned().select("customer_id", at=pl.lit("2025-03-02"), value=0).write_csv("zero.csv")
    kindred("import", "outcomes", "b", "zero.csv")
    assert "all customers have the same outcome" in broken(kindred, "b")


def test_a_planted_loss_of_one_arm_breaks_the_decision(kindred):
    kindred("design", "b", *TWO)
    kindred("assign", "b")
    kindred("import", "outcomes", "b", outcomes())
    with engine.open(Path("w")).writing("test") as store:
        store.execute_text("DELETE FROM assignments WHERE arm = 'own_face' AND customer_id < 'p0400'")
    assert "sizes do not fit" in broken(kindred, "b")


def test_one_cluster_is_refused_and_breaks_the_decision(kindred):
    kindred("design", "b", *TWO, "--unit", "cluster", "--cluster-cap", 100000)
    with engine.open(Path("w")).writing("test") as store:
        people = store.read("customers")["customer_id"].to_list()
        everybody = np.arange(len(people))
        a = np.r_[np.zeros(len(people) - 1), np.ones(len(people) - 2)].astype(int)
        b = np.r_[everybody[1:], everybody[2:]]
        tie = {"weight": 1.0, "reciprocity": 1.0, "overlap": None, "active_days": 9, "gated_because": None}
        store.write("ties", pl.DataFrame({"a": a, "b": b}).with_columns(**{k: pl.lit(v) for k, v in tie.items()}))
    with engine.open(Path("w")).writing("test") as store:
        lines = [("b", c, 1, "c0" if i % 2 else "c1", FACES[i % 2], DAY, "") for i, c in enumerate(people)]
        names = ("experiment_id", "customer_id", "version", "cluster_id", "arm", "assigned_at", "eligible_because")
        store.write("assignments", pl.DataFrame(lines, schema=names, orient="row"))
    kindred("import", "outcomes", "b", outcomes())
    assert "one cluster only" in broken(kindred, "b")


def test_what_is_not_there_yet_is_said(kindred):
    assert "no experiment" in kindred("analyse", "none", ok=False)
    kindred("design", "b", *TWO)
    assert "nobody is assigned" in kindred("analyse", "b", ok=False)
    assert "expected rate is not known" in kindred("power", "b", ok=False)
    assert "between 0 and 1" in kindred("power", "b", "--base", 3, ok=False)
    kindred("assign", "b")
    assert "no column 'shoe'" in kindred("analyse", "b", "--covariate", "shoe", ok=False)
    assert "no segmentation" in kindred("analyse", "b", "--by", "shoe", ok=False)
    with engine.open(Path("w")).writing("test") as store:
        store.execute_text("UPDATE plans SET plan = replace(plan, '0.05', '0.2')")
    assert "changed by hand" in kindred("analyse", "b", ok=False)


# ---- with the rest of the workspace -----------------------------------------------------------------


def test_whoever_is_erased_leaves_the_experiment(kindred):
    kindred("design", "e", *TWO)
    kindred("assign", "e")
    file = outcomes()
    kindred("import", "outcomes", "e", file)
    gone = pl.read_csv(file)["customer_id"][0]
    Path("seen.csv").write_text(f"customer_id,at\n{gone},2025-03-02\n")
    kindred("import", "exposures", "e", "seen.csv")
    receipt = erase.erase(engine.open(Path("w")), [gone])
    assert {receipt.rows[t] for t in ("assignments", "exposures", "outcomes")} == {1}
    assert gone not in assigned()["customer_id"]
    kindred("analyse", "e")


def test_exports_of_two_equal_experiments_are_the_same_bytes(kindred, filled, monkeypatch):
    import shutil

    shutil.copytree(filled, "again")
    texts = []
    for folder in ("w", "again"):
        space = engine.open(Path(folder))
        experiment_design.design(space, "x", arms={"own_face": 0.5, "no_ad": 0.5})
        experiment_design.assign(space, "x")
        export(space, "all", Path(f"{folder}-out"), "csv")
        texts.append({p.name: p.read_bytes() for p in sorted(Path(f"{folder}-out").rglob("*.csv"))})
    assert texts[0] == texts[1] and "assignments.csv" in texts[0]

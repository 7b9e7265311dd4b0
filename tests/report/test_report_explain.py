"""`kindred explain` and `kindred report` as a user calls them."""

from __future__ import annotations

import json
import re
import shutil
from datetime import datetime, time, timedelta

import polars as pl
import pytest
from tests_report_town import make
from typer.testing import CliRunner

import engine
from cli.main import app
from engine.errors import InputError
from engine.graph import learning
from engine.pipeline import edges
from engine.report.page import short_id
from engine.usecases import explain
from tests.ads import ads_data


@pytest.fixture
def run(small):
    def call(*args: str):
        return CliRunner().invoke(app, [*args, "-w", str(small.path)], catch_exceptions=False)

    return call


def test_the_chain_holds_what_the_tables_hold(small):
    found = explain.facts(small, "c0013")
    with small.warehouse(read_only=True) as store:
        ties = store.read("ties").filter((pl.col("a") == 13) | (pl.col("b") == 13))
        events = store.read("events").filter((pl.col("caller") == 13) | (pl.col("callee") == 13))
        uplift = store.read("uplift").filter(pl.col("customer_id") == "c0013")
        spells = store.read("handsets").filter(pl.col("customer_id") == "c0013")
        top = store.read("influencers").filter(pl.col("customer_id") == "c0013")
    assert found["contacts"] == ties.height
    counted = ties.filter(pl.col("gated_because").is_null())
    assert found["contacts_counted"] == counted.height
    assert sum(row["events"] for row in found["events"]) == events.height
    shares = {row["contact_id"]: row["tie_share"] for row in found["ties"] if row["gated_because"] is None}
    assert sum(shares.values()) == pytest.approx(1, abs=1e-4)
    for row in top.iter_rows(named=True):
        assert shares[row["contact_id"]] == pytest.approx(row["tie_share"], rel=1e-4)
    expected = {o: 50 * u - 2 for o, u in uplift.select("offer_id", "uplift").iter_rows()}
    assert {r["offer_id"]: r["expected_value"] for r in found["offers"]} == pytest.approx(expected, rel=1e-4)
    assert [row["spell"] for row in found["handsets"]] == spells["spell"].to_list()
    first = top.filter((pl.col("definition") == "auto") & (pl.col("rank") == 1))["contact_id"][0]
    assert first in found["words"][1]["what"]


def test_who_of_the_contacts_acted_lately_and_what_their_act_would_do(small, tmp_path):
    shutil.copytree(small.path, tmp_path / "w")
    space = engine.open(tmp_path / "w")
    before = explain.facts(space, "c0013")
    assert before["exposure"] == [] and not before["learned"]
    near = [row["contact_id"] for row in before["ties"] if row["gated_because"] is None]
    gated = [row["contact_id"] for row in before["ties"] if row["gated_because"]][:1]
    with space.writing("test") as store:
        last = edges.as_of(store, space.config.graph)
        days = {near[0]: [1, 5, 31], near[1]: [30], near[2]: [31, 0], **{key: [2] for key in gated}}
        rows = [
            (who, "pass", datetime.combine(last - timedelta(d), time(12))) for who, ago in days.items() for d in ago
        ]
        store.append("acts", pl.DataFrame(rows, schema=["customer_id", "act", "at"], orient="row"))
        verdict = learning.Verdict("learned", "better")
        store.write("learned", learning.table(None, verdict))
    found = explain.facts(space, "c0013")
    shares = {row["contact_id"]: row["tie_share"] for row in before["ties"]}
    assert [(r["contact_id"], r["act"]) for r in found["exposure"]] == [(near[0], "pass"), (near[1], "pass")]
    assert found["exposure"][0]["day"] == (last - timedelta(1)).isoformat()
    assert [r["tie_share"] for r in found["exposure"]] == pytest.approx([shares[near[0]], shares[near[1]]], rel=1e-4)
    words = " ".join(line["what"] for line in found["words"])
    first = next(r for r in found["influencers"] if r["definition"] == "auto" and r["rank"] == 1)
    assert "Contacts who acted in the last 30 days: 2, with " in words
    assert (
        f"odds to act are {first['score']:.2f} times as high" in words
        and "measured by past acts (definition learned): " in words
    )
    assert "Contacts who acted lately" in explain.page(space, found)


def test_the_page_escapes_names_and_stands_alone(small, run, tmp_path):
    done = run("explain", "c<img", "--to", str(tmp_path / "why.html"), "-o", "json")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["customer"]["customer_id"].startswith("c<img")
    html = (tmp_path / "why.html").read_text(encoding="utf-8")
    assert "<img src=x" not in html and "&lt;img src=x" in html
    assert 'src="http' not in html and 'href="http' not in html
    assert (tmp_path / "why.html").stat().st_mode & 0o077 == 0


def test_a_person_without_anything_is_explained_too(small):
    found = explain.facts(small, "c0459")
    said = [line["what"] for line in found["words"]]
    assert said[0].startswith("No customer:") and not any("offer has been" in line for line in said)
    assert not any("faces have been compared" in line for line in said), "nothing is made for somebody else's customer"
    assert explain.page(small, found).count("<section") == 9


def test_nobody_and_several(small):
    with pytest.raises(InputError, match="nobody with this id or number"):
        explain.facts(small, "zzz")
    with pytest.raises(InputError, match="several people's ids begin with 'c00'"):
        explain.facts(small, "c00")


def test_an_ad_is_shown_from_its_smallest_file(small, tmp_path):
    from PIL import Image

    Image.new("RGB", (300, 250), "red").save(small.ads / "a_300x250.jpg")
    Image.effect_noise((900, 900), 90).save(small.ads / "a_1080x1080.png")
    found = explain.facts(small, "c0013")
    found["matches"][0]["files"] = ["a_1080x1080.png", "a_300x250.jpg", "gone.jpg"]
    assert explain.page(small, found).count('src="data:image/jpeg;base64,') == 1


def test_terminal_and_csv(run):
    shown = run("explain", "c0013")
    assert shown.exit_code == 0
    for heading in ("Contacts", "Most influential contacts", "Handsets", "Offers", "Faces and ads"):
        assert heading in shown.stdout
    lines = run("explain", "c0013", "-o", "csv").stdout.splitlines()
    assert lines[0] == "step,what" and len(lines) > 5


def test_report_command_writes_both_files_and_says_what_is_missing(run, tmp_path):
    done = run("report", "loyalty", "--to", str(tmp_path / "l.html"), "--json", str(tmp_path / "l.json"), "-o", "json")
    assert done.exit_code == 0
    printed = json.loads(done.stdout)
    assert printed["bytes"] == (tmp_path / "l.html").stat().st_size
    assert printed["warnings"] and "handsets" in printed["warnings"][0]
    assert json.loads((tmp_path / "l.json").read_text())["loyalty"]["changes"] > 15


def test_report_command_refuses_what_it_does_not_know(run, tmp_path):
    done = run("report", "sales", "--to", str(tmp_path / "x.html"))
    assert done.exit_code == 1
    assert "no report 'sales'" in done.stderr and "influence" in done.stderr


def test_short_ids_keep_what_explain_needs():
    assert short_id("c0013") == "c0013"
    assert short_id("4b77da30c3dc72fb8b4acff213058c6e") == "4b77da30c3dc…"


def test_open_shows_the_page_that_was_written(run, tmp_path, monkeypatch):
    import typer

    opened = []
    monkeypatch.setattr(typer, "launch", opened.append)
    page, why = tmp_path / "faces.html", tmp_path / "why.html"
    assert run("report", "faces", "--to", str(page), "--open").exit_code == 0
    assert run("explain", "c0013", "--to", str(why), "--open", "-o", "json").exit_code == 0
    assert opened == [str(page), str(why)] and page.is_file() and why.is_file()


def test_minor_says_whose_age_it_is(tmp_path):
    people = {"anna": 40, "bela": 16, "cili": None, "dora": 17}
    shown = [
        ("anna", "influencer_face", "bela"), ("bela", "own_face", "bela"), ("bela", "influencer_face", "anna"),
        ("cili", "random_face", None), ("dora", "influencer_face", "cili"),
    ]  # fmt: skip
    rows = {
        "parties": [{"node": i, "party_id": p, "is_customer": True, "opted_out": False} for i, p in enumerate(people)],
        "customers": [{"customer_id": p, "age": age} for p, age in people.items()],
        "matches": [{"customer_id": c, "arm": a, "subject_id": s, "status": "minor"} for c, a, s in shown],
    }
    space = make(tmp_path / "w", tmp_path / "keys", rows, people__unknown_age_is_adult=False)

    def why(customer: str) -> list[str]:
        words = [line["what"] for line in explain.facts(space, customer)["words"]]
        return [text for text in words if "no match" in text]

    assert why("anna") == ["influencer face: no match (minor: the contact is under 18)."]
    assert [text.partition(": ")[2] for text in why("bela")] == ["no match (minor: the customer is under 18)."] * 2
    assert why("cili") == ["random face: no match (minor: the age of the customer is not known)."]
    with space.warehouse() as store:
        store.execute_text("UPDATE customers SET age = 18 WHERE customer_id = 'dora'")
    assert "the age of the contact is not known" in why("dora")[0]
    with space.warehouse() as store:
        store.execute_text("UPDATE customers SET age = 18")
    assert why("dora")[0].endswith("no match (minor).")  # of age by now; a run computes it anew


def test_photos_stand_beside_the_ad_as_long_as_their_people_agree(tmp_path):
    space = ads_data.make(tmp_path / "w")
    ads_data.run(space)
    with space.writing("test") as store:
        ids = store.read("choices")["customer_id"]
        parties = pl.DataFrame({"node": range(len(ids)), "party_id": ids, "is_customer": True, "opted_out": False})
        store.write("parties", parties.cast({"node": pl.Int32}))
        rows = []
        for number, who in enumerate(("c000", "c001")):  # c001 is the contact whose face c000 is shown
            photo = ads_data.portrait(space.faces / f"{who}.jpg", number + 7)
            rows.append({"customer_id": who, "sha256": photo.sha256, "path": f"{who}.jpg"})
        store.write("photos", pl.DataFrame(rows))
        usable = store.read("faces").head(2).with_columns(sha256=pl.Series([row["sha256"] for row in rows]))
        store.append("faces", usable)
        line = {"experiment_id": "spring", "customer_id": "c000", "version": 1, "cluster_id": None, "arm": "own_face",
                "assigned_at": datetime(2024, 5, 31), "eligible_because": "all"}  # fmt: skip
        store.write("assignments", pl.DataFrame([line]))

    def seen() -> list[tuple[str, str]]:
        found = explain.facts(space, "c000")
        assert "Experiment spring: assigned to own face on 2024-05-31." in [row["what"] for row in found["words"]]
        html = explain.page(space, found)
        return re.findall(r'<figcaption>(\w+)</figcaption><img src="data:image/jpeg;base64,([^"]{40})', html)

    shown = [whose for whose, _ in seen()]
    assert shown == ["Contact", "Model", "Ad", "Customer", "Model", "Ad", "Model", "Ad"]
    with space.writing("test") as store:
        consents = store.read("consents")
        taken = (pl.col("customer_id") == "c001") & (pl.col("purpose") == "likeness_for_contacts")
        store.write("consents", consents.filter(~taken))
    left = [whose for whose, _ in seen()]
    assert "Contact" not in left and "Customer" in left and left.count("Model") >= 1
    (space.faces / "c000.jpg").write_bytes(b"no picture")
    assert "Customer" not in [whose for whose, _ in seen()]

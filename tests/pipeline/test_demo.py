"""The project's main end-to-end test: an invented town goes in, ads come out, and the planted truth is found."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

import polars as pl
import pytest

from engine import workspace
from engine.errors import ConfigError, InputError, WorkspaceError
from engine.tables import TABLES
from engine.usecases import demo

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("demo") / "out"


@pytest.fixture(scope="module")
def result(folder) -> demo.DemoResult:
    return demo.run(folder, seed=7, quick=True)


def test_every_table_has_rows(result):
    empty = [name for name, rows in result.counts.items() if rows == 0]
    assert empty == ["estimates"]  # the town says sex and age of every model
    assert set(result.counts) <= set(TABLES)


def test_the_records_are_cleaned_exactly(result):
    """Every planted duplicate and bad row is counted as what it is, and nothing else is."""
    records = result.recovered["records"]
    for name in ("rows", "events", "duplicate", "rejected"):
        assert records[name] == records[f"planted_{name}"], name


def test_influencers_call_centres_and_handsets_are_found(result):
    found = result.recovered
    first, drawn = found["influencers"]["first"], found["influencers"]["random"]
    # Each definition can be wrong: the truth is nobody's formula, but closest to whom one calls.
    assert 0.1 < drawn < 0.3 and min(first.values()) > 0.8 * drawn
    assert 2 * drawn < first["strongest"] < first["outgoing"] < 0.9
    assert first["auto"] >= first["strongest"] and found["influencers"]["among_3"]["auto"] > 0.8
    assert found["influencers"]["because"].startswith("Influence is measured by ")
    assert found["call_centres"] == {"planted": 3, "found": 3, "wrong": 0}
    assert found["handset_changes"]["share"] > 0.9
    assert found["handset_changes"]["wrong"] <= 0.05 * found["handset_changes"]["planted"]


def test_faces_are_found_and_look_alikes_matched(result):
    faces, alike = result.recovered["faces"], result.recovered["look_alikes"]
    assert faces["usable"] >= 0.95 - faces["without_a_face"] / faces["photos"]
    assert alike["own_face"]["planted"] >= 4
    assert alike["own_face"]["found"] >= 0.8
    assert alike["influencer_face"]["planted"] >= 4
    assert alike["influencer_face"]["found"] < 0.5  # or the photo would name the influencer


def test_who_may_be_the_same_person_is_who_was_planted_as_that_and_a_page_shows_both_faces(result, monkeypatch):
    """Drawn faces look alike to FaceNet: the bar is measured on them."""
    monkeypatch.setenv("KINDRED_KEYS", result.paths["keys"])
    with workspace.open_(Path(result.paths["workspace"])).warehouse(read_only=True) as store:
        own = store.read("matches").filter(pl.col("arm") == "own_face", pl.col("status") == "matched")
    planted = result.recovered["look_alikes"]["own_face"]["planted"]
    flagged = own["flag"].is_not_null().sum()
    assert planted - 1 <= flagged <= planted + 2 and flagged < len(own) / 2
    page = Path(result.paths["faces"]).read_text(encoding="utf-8")
    assert page.count("own_face") > len(own) / 2 and 'class="shown"' in page


def test_the_offers_made_are_worth_more_than_random_ones(result):
    policy = result.recovered["policy"]
    assert policy["random_offer"] < policy["value"] <= policy["oracle"]


def test_the_result_is_plain_json_and_its_paths_exist(result):
    assert json.loads(json.dumps(asdict(result))) == asdict(result)
    assert {"workspace", "export", "gallery", "truth", "keys"} <= set(result.paths)
    assert all(Path(path).exists() for path in result.paths.values())
    assert result.seconds["total"] >= max(v for k, v in result.seconds.items() if k != "total")


def test_no_phone_number_of_the_town_is_in_the_exports(result):
    """Pseudonyms everywhere: not one of the numbers stands in any exported table or file name."""
    town = Path(result.paths["truth"]).parent
    numbers = pl.read_csv(town / "customers.csv", schema_overrides={"customer_id": pl.String})["customer_id"]
    bare = [number.removeprefix("+").encode() for number in numbers[:50]]
    files = [p for p in Path(result.paths["export"]).rglob("*") if p.is_file()]
    assert files
    for path in files:
        if path.suffix == ".parquet":
            text = pl.read_parquet(path).write_ndjson().encode()
        elif path.suffix in (".html", ".jsonl", ".json", ".csv"):
            text = path.read_bytes()
        else:
            text = path.name.encode()
        assert not any(number in text for number in bare), path


def test_the_demo_replaces_an_earlier_demo_and_leaves_the_environment(folder, result, monkeypatch):
    """Run again in its folder: the same tables, byte for byte; the user's keys are not touched."""
    before = {p.name: p.read_bytes() for p in tables(result)}
    monkeypatch.setenv("KINDRED_KEYS", "elsewhere")
    again = demo.run(folder, seed=7, quick=True)
    assert os.environ["KINDRED_KEYS"] == "elsewhere"
    assert {p.name: p.read_bytes() for p in tables(again)} == before
    assert again.recovered == result.recovered


def tables(result: demo.DemoResult) -> list[Path]:
    return sorted((Path(result.paths["export"]) / "tables").rglob("*.parquet"))


def test_a_folder_with_something_else_is_refused(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(WorkspaceError, match="no demo made"):
        demo.run(tmp_path, quick=True)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_too_few_customers_are_refused(tmp_path):
    with pytest.raises(InputError, match="too few"):
        demo.run(tmp_path / "new", customers=10)
    assert not (tmp_path / "new").exists()


def test_a_town_too_small_for_an_experiment_says_so(result):
    trial = result.recovered["experiment"]
    assert trial["customers"] < demo.TRIAL_CUSTOMERS and trial["planted"] > 0.3
    assert trial["found"] is None


def test_the_simulated_experiment_finds_what_was_planted(result, monkeypatch):
    """On the people of the quick town; the page tells that it is simulated."""
    from engine.usecases import reporting

    monkeypatch.setattr(demo, "TRIAL_CUSTOMERS", 10)
    monkeypatch.setenv("KINDRED_KEYS", result.paths["keys"])
    space = workspace.open_(Path(result.paths["workspace"]))
    trial = demo._experiment(space, Path(result.paths["truth"]).parent, 7)
    assert trial["low"] < trial["planted"] < trial["high"]
    told = reporting.facts(space, "experiment")["experiments"]
    assert [(x["name"], x["plan"]["metric"], x["status"]) for x in told] == [
        ("simulated", "simulated_sale", "answered")
    ]


def test_it_computes_as_it_is_told(tmp_path):
    """--engine and its like are settings of the workspace it makes; a wrong one is refused before anything is made."""
    with pytest.raises(ConfigError, match=r"warehouse\.engine"):
        demo.run(tmp_path / "new", settings={"warehouse__engine": "nonsense"})
    assert not (tmp_path / "new").exists()
    with demo._keys_in(tmp_path / "keys"):
        made = demo._workspace(tmp_path, 7, "2025-06-01", {"warehouse__engine": "spark", "run__threads": 1})
    assert (made.config.warehouse.engine, made.config.run.threads) == ("spark", 1)

"""The pages in headless Chromium: they open, filter, search, drill down and download; nothing comes from elsewhere."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from engine.faces import judgements
from tests.browsers import chromium, node_modules

SCRIPT = Path(__file__).with_name("browser.mjs")


@pytest.fixture(scope="module")
def seen(internal, tmp_path_factory) -> dict:
    """What Chromium saw."""
    modules = node_modules()
    internal.page()
    done = subprocess.run(
        ["node", str(SCRIPT), str(modules), chromium(), internal.url],
        capture_output=True, text=True, check=False, timeout=500,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def test_nothing_fails_and_nothing_comes_from_elsewhere(seen):
    assert seen["errors"] == []
    assert seen["elsewhere"] == []


def test_pictures_meanings_and_files_come(seen):
    assert seen["drawn"] >= 1
    assert seen["meaning"].endswith(".")
    assert seen["file"].startswith("internal-offers-")
    assert seen["lines"] > 1


def test_a_segment_stays_and_a_search_leads_to_the_customer(seen):
    assert seen["filtered"] == "?own.gender=woman"
    assert seen["kept"] == "customers?own.gender=woman"
    assert "customers" in seen["women"]
    assert "Expected value" in seen["sorted"]
    assert seen["customer"] == "Why c0013?"


def test_a_graph_zooms_and_moves_and_a_click_leads_to_the_person(seen):
    whole, zoomed, pushed, dragged, again = seen["moves"]
    assert len({whole, zoomed, pushed, dragged}) == 4
    assert again == whole
    assert "community?id=" in seen["stayed"]  # a drag is no click
    assert seen["people"] > 2
    assert re.search(r"^c.*: .*, most influential for \d+$", seen["told"])
    assert "customer" in seen["legend"]
    assert seen["ties"][0] == seen["ties"][1] > 0
    assert seen["clicked"].startswith("c")
    assert sorted(seen["ego"]) == ["customer", "most influential"]


def test_two_runs_are_compared(seen):
    assert re.search(r"Another offer\s*40\s*0 had none", seen["changed"])
    assert seen["offers"] == 40


def test_faces_are_judged_and_saved_as_evaluate_reads_them(seen):
    name, head, *lines = seen["judgements"]
    assert (name, head) == ("judgements.csv", ",".join(judgements.COLUMNS))
    assert [line.rsplit(",", 1)[1] for line in lines] == ["left", "right", "right"]
    assert all(re.match(r"a0+\d+,p\d+,p\d+,", line) for line in lines)  # as the tables name them
    assert seen["judged"].startswith("3 of ")


def test_no_page_is_too_wide_and_axe_finds_nothing_serious(seen):
    for look in seen["looks"]:
        assert look["overflow"] <= 0, look
        assert look["axe"] == [], look

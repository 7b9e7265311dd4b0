"""The page in headless Chromium: no errors, no requests, drawn pictures, working tables, no serious axe finding."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from engine.usecases import explain, reporting
from tests.browsers import chromium, node_modules

SCRIPT = Path(__file__).with_name("browser.mjs")


@pytest.fixture(scope="module")
def seen(small, empty_space, tmp_path_factory) -> dict:
    """What Chromium saw of the internal and the public page at two widths, of the empty one and of one customer's."""
    modules = node_modules()
    folder = tmp_path_factory.mktemp("browser")
    reporting.report(small, "all", folder / "all.html", internal=True)
    reporting.report(small, "all", folder / "public.html")
    reporting.report(empty_space, "influence", folder / "empty.html")
    reporting.write(folder / "person.html", explain.page(small, explain.facts(small, "c0013")))
    done = subprocess.run(
        ["node", str(SCRIPT), str(modules), chromium(),
         *(str(folder / f"{name}.html") for name in ("all", "empty", "person", "public"))],
        capture_output=True, text=True, check=False, timeout=400,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def test_pages_load_without_errors_or_requests(seen):
    for page in seen["pages"]:
        assert page["errors"] == [], page["name"]
        assert page["requests"] == [], page["name"]


def test_pictures_are_drawn(seen):
    full = seen["pages"][0]
    assert full["pictures"] >= 25
    assert full["empty_pictures"] == []


def test_names_in_pictures_are_whole_and_apart(seen):
    for page in seen["pages"]:
        assert page["faults"] == [], page["name"]


def test_the_opening_is_one_screen(seen):
    wide = [page["opening"] for page in seen["pages"] if page["name"] in ("full, 1280", "public, 1280, dark")]
    assert len(wide) == 2 and all(0 < bottom <= 800 for bottom in wide)


def test_axe_finds_nothing_serious(seen):
    for page in seen["pages"]:
        serious = [v for v in page["axe"] if v["impact"] in ("serious", "critical")]
        assert serious == [], f"{page['name']}: {serious}"


def test_nothing_is_wider_than_the_screen(seen):
    for page in seen["pages"]:
        assert page["overflow"] <= 0, page["name"]


def test_tables_sort_and_search_by_keyboard(seen):
    table = seen["table"]
    assert table["down"] == sorted(table["down"], reverse=True)
    assert table["up"] == sorted(table["up"])
    assert table["aria"] == ["descending", "ascending"]
    assert 0 < table["found"] < table["rows"]
    assert table["status"] == f"{table['found']} of {table['rows']} rows"


def test_every_picture_has_its_figures_to_download(seen):
    assert seen["pages"][0]["without_download"] == []


def test_a_download_holds_the_figures(seen):
    name, text = seen["download"]["name"], seen["download"]["text"]
    assert name.endswith(".csv")
    assert text.splitlines()[0].split(",")[:3] == ["low", "high", "n"]

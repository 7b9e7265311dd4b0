"""The site builds without a warning, loads nothing from a network, and has everything that the code has."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from cli import command
from engine.config import Config
from engine.tables import TABLES
from tests.docs import pages


def build(source: Path, to: Path) -> subprocess.CompletedProcess[str]:
    """What `make docs` does, into another folder."""
    words = ["-q", "-W", "--keep-going", "-b", "html", "-d", to / "doctrees", source, to / "site"]
    return subprocess.run(
        [sys.executable, "-m", "sphinx", *words], cwd=pages.ROOT, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built site."""
    folder = tmp_path_factory.mktemp("docs")
    done = build(pages.ROOT / "docs", folder)
    assert done.returncode == 0, done.stderr
    return folder / "site"


def test_every_command_setting_and_column_has_its_place(site):
    commands = (site / "reference" / "commands.html").read_text(encoding="utf-8")
    for words in pages.every_command():
        assert f">{words}<" in commands, words
    settings = (site / "reference" / "settings.html").read_text(encoding="utf-8")
    for section in fields(Config):
        for entry in fields(section.default_factory):
            assert f'<span class="pre">{entry.name}</span>' in settings, entry.name
    tables = (site / "reference" / "tables.html").read_text(encoding="utf-8")
    for table in TABLES.values():
        for name in (*table.keys, *table.names):
            assert f'<span class="pre">{name}</span>' in tables, name
    python = (site / "reference" / "python.html").read_text(encoding="utf-8")
    for name in ("create", "open", "import_logs", "import_table", "run", "export_to", "influencers"):
        assert f'id="engine.{name}"' in python, name


def test_nothing_is_loaded_from_a_network(site):
    outside = re.compile(r"<(script|img|iframe)[^>]+src=.https?:|<link[^>]+href=.https?:|@import|url\(.?https?:")
    loading = [p for p in site.rglob("*") if p.suffix in (".html", ".css") and outside.search(p.read_text("utf-8"))]
    assert loading == []


def test_a_broken_link_is_seen(tmp_path):
    source = tmp_path / "docs"
    source.mkdir()
    (source / "_static").mkdir()
    for name in ("conf.py", "generated.py"):
        text = (pages.ROOT / "docs" / name).read_text(encoding="utf-8")
        (source / name).write_text(text.replace("Path(__file__).parents[1]", f"Path({str(pages.ROOT)!r})"), "utf-8")
    (source / "index.md").write_text("# Words\n\n[nowhere](nowhere.md)\n", encoding="utf-8")
    done = build(source, tmp_path)
    assert done.returncode != 0 and "nowhere.md" in done.stderr


def test_exit_codes_are_those_of_the_code():
    text = (pages.ROOT / "docs" / "reference" / "exit-codes.md").read_text(encoding="utf-8")
    named = [int(code) for code in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)]
    known = [command.DONE, command.KNOWN_ERROR, command.WRONG_USAGE, command.ROWS_REJECTED]
    assert named == [*known, 130]


def test_methods_have_every_section_that_the_code_cites():
    text = (pages.ROOT / "docs" / "methods.md").read_text(encoding="utf-8")
    there = set(re.findall(r"^## (\d)\. ", text, re.MULTILINE))
    cited: set[str] = set()
    for path in (pages.ROOT / "engine").rglob("*.py"):
        for found in re.findall(r"METHODS(?:'s?)? (?:sections? )?([\d, and]+)", path.read_text(encoding="utf-8")):
            cited |= set(re.findall(r"\d", found))
    assert cited and cited <= there


def test_the_front_page_is_short():
    assert len((pages.ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150

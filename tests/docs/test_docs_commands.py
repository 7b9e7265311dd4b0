"""Commands in the documentation do what the pages say: the tutorial word for word, the how-tos in its workspace."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from engine.config import Config
from tests.docs import pages

# In this order, each in the tutorial's workspace.
HOWTOS = (
    "howto/mapping", "howto/crm", "howto/wrong-import", "howto/looking", "howto/spreadsheet", "howto/nightly",
    "howto/experiment", "howto/sending", "howto/privacy", "troubleshooting",
)  # fmt: skip
# What takes long and is tested elsewhere: fewer models and draws, on one thread of a busy machine.
QUICK = {
    "KINDRED_OFFERS_BASES": "logistic", "KINDRED_OFFERS_BOOTSTRAP": "20", "KINDRED_REPORT_RESAMPLES": "20",
    "KINDRED_RUN_THREADS": "1",
}  # fmt: skip


def play(text: str) -> str:
    """Write the files and run the commands of a page, where this process stands; all that was printed."""
    said = []
    for block in pages.blocks(text):
        if block.note == "file":
            Path(block.said).write_text("\n".join([*block.lines, ""]), encoding="utf-8")
        elif block.kind == "sh" and block.note != "not run":
            said += [_do(line) for line in block.lines if line]
    return "\n".join(said)


def _do(line: str) -> str:
    words = shlex.split(line, comments=True)
    if words[0] == "cd":
        os.chdir(words[1])
        return ""
    if words[0] != "kindred":
        return subprocess.run(line, shell=True, check=True, capture_output=True, text=True).stdout  # noqa: S602 - our own pages
    words, target = (words[:-2], words[-1]) if words[-2] == ">" else (words, None)
    done = CliRunner().invoke(app, words[1:])
    assert done.exit_code == 0, f"{line}\n{done.output}"
    if target is not None:
        Path(target).write_text(done.stdout, encoding="utf-8")
    return done.output


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """The folder in which the tutorial was followed, and all that it printed."""
    folder, before = tmp_path_factory.mktemp("newcomer"), os.getcwd()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KINDRED_KEYS", str(folder / "keys"))
        for name, value in QUICK.items():
            patch.setenv(name, value)
        os.chdir(folder)
        try:
            said = play((pages.ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8"))
        finally:
            os.chdir(before)
    return folder, said


def test_the_tutorial_gives_what_it_says(played):
    folder, said = played
    assert said.count("71853 rows = 69975 kept + 1853 duplicate + 25 rejected") >= 2
    assert 'timezone = "UTC"  # check' in said and '# not read: "VOL_MB"' in said
    assert len((folder / "rejects" / "rejects.csv").read_text().splitlines()) == 26
    for page in ("data.html", "report.html", "ads/gallery.html"):
        assert (folder / page).stat().st_size > 10_000
    terms = (folder / "report.html").read_text(encoding="utf-8").partition("Terms on this page")[2]
    assert all(f"<dt>{name}</dt><dd>" in terms for name in ("uplift", "hub", "lift")) and "<dt>AUUC" not in terms


@pytest.mark.parametrize("page", HOWTOS)
def test_howto(page, played, monkeypatch):
    folder, _ = played
    for name, value in {**QUICK, "KINDRED_KEYS": str(folder / "keys")}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(folder / "spring")
    text = (pages.ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    assert play(text).strip()


def test_the_notebook_runs_in_the_tutorials_workspace(played, monkeypatch):
    """After the how-to of experiments, whose experiment it reads."""
    folder, _ = played
    for name, value in {**QUICK, "KINDRED_KEYS": str(folder / "keys")}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(folder / "spring")
    page = pages.ROOT / "docs" / "howto" / "notebook.md"
    got: dict[str, Any] = {}
    for block in pages.blocks(page.read_text(encoding="utf-8")):
        exec(compile("\n".join(block.lines), str(page), "exec"), got)  # noqa: S102 - our own page
    assert got["by_offer"]["len"].sum() > 100 and got["first"]["rank"].unique().to_list() == [1]
    assert got["changed"]["kind"].to_list() == ["influencer", "offer", "face", "ad"] and got["causes"]
    assert got["other_offers"].height == got["changed"].filter(kind="offer")["changed"].item()
    assert got["seen"].rows_duplicate == got["seen"].rows_in, "they are imported already"
    assert got["offers"]["mode"] == "public" and "personalised" in got["rules"]["learner"].to_list()
    assert got["effects"].height == 1 and got["worth"].height > 2 and got["policy"].reason


def test_a_page_whose_command_fails_is_seen(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AssertionError, match="kindred status"):
        play("```sh\nkindred status\n```\n")


@pytest.mark.parametrize("page", pages.PAGES, ids=lambda path: path.stem)
def test_commands_and_settings_that_are_named_exist(page):
    text = page.read_text(encoding="utf-8")
    unknown = {said: missing for said in pages.commands_named(text) if (missing := pages.unknown_in(said))}
    assert unknown == {}
    known = {s.name: {f.name for f in fields(s.default_factory)} for s in fields(Config)}
    named = pages.settings_named(text, set(known))
    assert {f"{section}.{name}" for section, name in named if name not in known[section]} == set()


@pytest.mark.parametrize("page", pages.PAGES, ids=lambda path: path.stem)
def test_files_that_are_named_exist(page):
    named = re.findall(r"`((?:engine|cli|sql|tests|docs)/[\w./-]+)`", page.read_text(encoding="utf-8"))
    assert [name for name in named if not (pages.ROOT / name).exists()] == []


@pytest.mark.parametrize("said", ["import customer x.csv", "run --unless ads", "graph bottom --n 3"])
def test_a_command_that_is_not_there_is_seen(said):
    assert pages.unknown_in(said)

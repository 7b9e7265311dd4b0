"""The screen that report `all` opens with says what its chapters and the summary say, and what is lacking."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.report.opening import OFFERS, opening
from engine.report.summary import HEADINGS, summary
from engine.usecases import reporting
from engine.usecases import summary as campaign

COUNT = st.one_of(st.none(), st.integers(0, 10**6))


def the_screen(html: str) -> str:
    """Text of the opening, without marks."""
    part = html[html.index('<section class="opening"') : html.index('<div class="layout">')]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", part)))


@given(counts=st.lists(COUNT, max_size=12), none=COUNT)
def test_the_largest_offers_are_listed_and_the_others_counted(counts, none):
    rows = [{"offer_id": f"o{i}", "n": n} for i, n in enumerate(counts)] + [{"offer_id": "no offer", "n": none}]
    found = opening({"offers": {"given": rows}, "faces": {}})
    listed = [rows[int(path.rpartition(".")[2])] for path in found["given"]]
    assert listed.pop()["offer_id"] == "no offer" and len(listed) + found["further"] == len(counts)
    assert len(listed) <= OFFERS
    left = [row["n"] or 0 for row in rows[:-1] if row not in listed]
    assert not left or min(row["n"] or 0 for row in listed) >= max(left)
    assert found["worth"] is None and found["verdict"] is None


def test_the_page_opens_with_what_the_summary_says(small, tmp_path):
    reporting.report(small, "all", tmp_path / "all.html")
    screen = the_screen((tmp_path / "all.html").read_text("utf-8"))
    said = campaign.summary(small)["sections"]
    for heading in HEADINGS.values():
        assert heading in screen
    told = reporting.facts(small, "all")
    assert told["said"] == said and "said" not in reporting.facts(small, "offers")
    beats = told["offers"]["beats"]
    assert f"({beats['best']})" in screen and f"{beats['value']:.2f}" in screen
    for line in (*said["experiments"][:3], *said["data"][:3]):
        assert line.replace("`", "").split(":")[0] in screen
    assert said["next"] and "report all" not in "".join(said["next"]), "no step for whoever reads it"
    for step in said["next"]:
        assert step.split("`")[1] in screen


@pytest.mark.parametrize(
    ("there", "command"),
    [
        ((), "kindred import offers FILE"),
        (("list",), "kindred import treatments FILE"),
        (("list", "campaigns"), "kindred report offers"),
    ],
)
def test_what_is_lacking_is_said_with_its_command(there, command):
    facts = {
        "mode": "public", "offers": {name: [1] for name in there}, "faces": {}, "experiments": [], "coverage": {},
        "warnings": [],
    }  # fmt: skip
    assert command in summary(facts, warnings=[], steps=[])["money"][0]
    late = {**facts, "warnings": [{"text": "Not computed yet: choices."}]}
    expected = "kindred run --until choices" if len(there) == 2 else command
    assert expected in summary(late, warnings=[], steps=[])["money"][0]


def test_an_empty_workspace_opens_with_what_to_import(empty_space, tmp_path):
    reporting.report(empty_space, "all", tmp_path / "all.html")
    screen = the_screen((tmp_path / "all.html").read_text("utf-8"))
    for command in ("import offers FILE", "experiment design NAME", "import logs FILE", "kindred run"):
        assert command in screen
    assert "None" not in screen and "withheld" not in screen

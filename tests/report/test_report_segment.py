"""`kindred report --segment`: figures of these customers; what is not cut says so; the public cuts by one column."""

from __future__ import annotations

import json
import re
from collections import Counter

import polars as pl
import pytest
from typer.testing import CliRunner

from cli.main import app


@pytest.fixture
def report(small, tmp_path):
    """Runs the command; returns its result, the page's text and the figures."""

    def call(*args: str):
        page, figures = tmp_path / "s.html", tmp_path / "s.json"
        given = ["report", "all", "--to", str(page), "--json", str(figures), *args, "-w", str(small.path)]
        done = CliRunner().invoke(app, given, catch_exceptions=False)
        if done.exit_code:
            return done, "", {}
        return done, page.read_text("utf-8"), json.loads(figures.read_text("utf-8"))

    return call


def test_figures_are_those_of_the_segment_and_the_page_says_whose(report, small):
    done, html, facts = report("--internal", "--segment", "residence=Győr", "--segment", "gender=woman")
    assert done.exit_code == 0, done.stderr
    assert "residence is Győr" in html and "gender is woman" in html and " and " in html
    with small.warehouse(read_only=True) as store:
        people = store.read("customers").filter((pl.col("residence") == "Győr") & (pl.col("gender") == "woman"))
        chosen = store.read("choices").join(people, on="customer_id", how="semi")
        matched = store.read("matches").join(people, on="customer_id", how="semi")
    assert {row["offer_id"]: row["n"] for row in facts["offers"]["given"] if row["n"]} == dict(
        Counter(offer or "no offer" for offer in chosen["offer_id"])
    )
    counts = Counter(matched.select("arm", "status").iter_rows())
    assert {(row["arm"], row["status"]): row["n"] for row in facts["faces"]["matches"]} == dict(counts)
    assert facts["segment"] == [{"column": "gender", "word": "woman"}, {"column": "residence", "word": "Győr"}]
    parts = re.split(r'<section class="part" id="', html)[1:]
    uncut = {part.partition('"')[0] for part in parts if "a segment does not cut it" in part}
    assert {"coverage", "health", "communities", "validation", "loyalty", "waiting"} <= uncut
    assert not uncut & {"offers", "given", "likeness", "groups"}
    assert "diffusion" not in facts and 'class="opening"' in html


def test_in_public_one_column_cuts_and_small_groups_stay_withheld(report):
    done, html, facts = report("--segment", "gender=woman")
    assert done.exit_code == 0, done.stderr
    assert "gender is woman" in html and facts["mode"] == "public"
    shown = [row["n"] for row in facts["offers"]["given"] if row["n"] is not None]
    assert shown and min(shown) >= 15 and all(n % facts["suppression"]["base"] == 0 for n in shown)
    done, *_ = report("--segment", "gender=woman", "--segment", "residence=Győr")
    assert done.exit_code == 1 and "one column" in done.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("residence", "COLUMN=WORD"),
        ("nothing=1", "Columns to cut by: "),
        ("gender=nobody", "Words: man, woman"),
        ("residence=<script>alert(1)</script>", "too few customers"),
        ("community=1", "no segment by 'community'"),
    ],
)
def test_what_cannot_be_cut_by_is_refused_with_what_can(report, text, said):
    done, *_ = report("--segment", text)
    assert done.exit_code == 1 and said in done.stderr


def test_the_data_report_has_no_segment(small, tmp_path):
    to = tmp_path / "d.html"
    given = ["report", "data", "--to", str(to), "--segment", "gender=woman", "-w", str(small.path)]
    done = CliRunner().invoke(app, given)
    assert done.exit_code == 1 and "tells of everybody" in done.stderr and not to.exists()
